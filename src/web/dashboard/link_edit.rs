//! Changing a link from its page: what would change is shown first, and done when it is confirmed.
//!
//! Nothing is kept between the two: the second form carries what the first one did, and is checked in the same way.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::Timestamp;

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::rule::CodedError;
use crate::domain::site::Site;
use crate::service::links::{DraftChange, LinkError};
use crate::web::AppState;
use crate::web::dashboard::link;
use crate::web::dashboard::link::{ChangeForm, Wrong, own_link};
use crate::web::extract::address::{PathSegment, QueryString};
use crate::web::extract::form::{FormFields, FromForm, OwnerForm};
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::{Page, on_page};
use crate::web::response::problem::Problem;

/// `POST /stats/{code}/change` : what would be changed, before it is.
#[derive(Debug, Template)]
#[template(path = "link_change.html", whitespace = "minimize")]
struct ChangePage {
    page: Page,
    code: String,
    short_url: String,
    rows: Vec<Row>,
    /// What the form of the confirmation carries.
    fields: Vec<(&'static str, String)>,
}

on_page!(ChangePage);

impl ChangePage {
    fn change(&self) -> String {
        format!("/stats/{}/change", self.code)
    }

    fn back(&self) -> String {
        format!("/stats/{}", self.code)
    }
}

/// Something that changes: the messages with what it is and what it means.
#[derive(Debug)]
struct Row {
    name: &'static str,
    now: String,
    then: String,
    means: &'static str,
}

/// `POST /stats/{code}/change`.
pub(crate) async fn change(
    OwnerForm { owner, form: asked }: OwnerForm<AskedChange>,
    code: PathSegment,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let link = own_link(&owner.site, code.as_str(), &app).await?;
    let signed_in = owner.into_signed_in().at(&format!("/stats/{}", link.code));
    let (site, page, query) = (&signed_in.site, &signed_in.page, query.as_str());
    let (draft, rows) = match asked.check(&link, site, &app, page) {
        Ok(checked) => checked,
        Err(wrong) => return refused(query, &app, &signed_in, &link, &asked, wrong).await,
    };
    if rows.is_empty() {
        let shown = ChangeForm::of(&link);
        let page = link::page(query, &app, &signed_in, &link, Some(shown), Some("link-unchanged")).await?;
        return html::page(&page);
    }
    if !asked.is_sure {
        let (page, code, short_url) = (page.clone(), link.code.to_string(), app.links.short_url(&link.code));
        return html::page(&ChangePage { page, code, short_url, rows, fields: asked.fields() });
    }
    match app.links.change(site, &link.code, draft, app.clock.now()).await {
        Ok(Some(_)) => Ok(html::see_other(&page.link(format!("/stats/{}?done=changed", link.code)))),
        Ok(None) => Err(Problem::NotFound),
        Err(LinkError::Invalid(wrong)) => {
            let reasons: Vec<_> = wrong.iter().map(|param| page.language.reason(&param.reason)).collect();
            let why = page.say("link-wrong-url").text("reason", reasons.join(", ")).to_string();
            let wrong = Wrong { field: "url", why };
            refused(query, &app, &signed_in, &link, &asked, wrong).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The link's page with the form as it was sent, and why it was refused.
async fn refused(
    query: &str,
    app: &AppState,
    signed_in: &SignedIn,
    link: &Link,
    asked: &AskedChange,
    wrong: Wrong,
) -> Result<HttpResponse, Problem> {
    let form = ChangeForm {
        url: asked.url.clone(),
        expires: asked.expires.clone(),
        wrong: Some(wrong),
        ..ChangeForm::of(link)
    };
    let page = link::page(query, app, signed_in, link, Some(form), None).await?;
    let mut answer = html::page(&page)?;
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(answer)
}

/// What the form asks for, as it came.
pub(crate) struct AskedChange {
    url: String,
    /// The last day, or nothing.
    expires: String,
    /// `on`, `off` or nothing.
    switch: String,
    /// Whether the change is confirmed.
    is_sure: bool,
}

impl FromForm for AskedChange {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let text = |name: &str| fields.text(name).to_owned();
        let is_sure = fields.text("sure") == "yes";
        Ok(Self { url: text("url"), expires: text("expires"), switch: text("switch"), is_sure })
    }
}

impl AskedChange {
    fn fields(self) -> Vec<(&'static str, String)> {
        vec![("url", self.url), ("expires", self.expires), ("switch", self.switch)]
    }

    /// What changes, or why it cannot.
    fn check(
        &self,
        link: &Link,
        site: &Site,
        app: &AppState,
        page: &Page,
    ) -> Result<(DraftChange, Vec<Row>), Wrong> {
        let (mut draft, mut rows) = (DraftChange::default(), Vec::new());
        // What does not change is not judged again.
        let is_same = app.links.is_destination_of(link, &self.url);
        let url = if is_same { Ok(link.url.clone()) } else { app.links.destination(site, &self.url) };
        let url = url.map_err(|error| {
            let reason = page.language.reason(error.reason());
            Wrong { field: "url", why: page.say("link-wrong-url").text("reason", reason).to_string() }
        })?;
        if url != link.url {
            draft.url = Some(url.to_string());
            let (now, then) = (link.url.to_string(), url.to_string());
            rows.push(Row { name: "link-change-url", now, then, means: "link-confirm-url" });
        }
        let now = link.expires_at.map(Day::last_before);
        let then = self.last_day(app.clock.now(), now, page)?;
        if then != now {
            draft.expires_at = Some(then.map(|day| day.plus(1).start()));
            let words = |day: Option<Day>| match day {
                Some(day) => page.day(day.to_string()),
                None => page.say("link-confirm-never").to_string(),
            };
            let (now, then) = (words(now), words(then));
            let means =
                if draft.expires_at == Some(None) { "link-confirm-forever" } else { "link-confirm-expires" };
            rows.push(Row { name: "receipt-expires", now, then, means });
        }
        let disabled = match self.switch.as_str() {
            "off" => true,
            "on" => false,
            _ => link.disabled,
        };
        if disabled != link.disabled {
            draft.disabled = Some(disabled);
            let words = |disabled: bool| {
                page.say(if disabled { "link-confirm-no" } else { "link-confirm-yes" }).to_string()
            };
            let means = if disabled { "link-confirm-off" } else { "link-confirm-on" };
            let (now, then) = (words(link.disabled), words(disabled));
            rows.push(Row { name: "link-confirm-forwards", now, then, means });
        }
        Ok((draft, rows))
    }

    /// The last day that is asked for. One that is over is none, unless the link has it already.
    fn last_day(&self, now: Timestamp, has: Option<Day>, page: &Page) -> Result<Option<Day>, Wrong> {
        if self.expires.is_empty() {
            return Ok(None);
        }
        let wrong = |id: &str| Wrong { field: "expires", why: page.say(id).to_string() };
        let day: Day = self.expires.parse().map_err(|_| wrong("link-wrong-day"))?;
        let past = day < Day::of(now) && has != Some(day);
        if past { Err(wrong("link-wrong-past")) } else { Ok(Some(day)) }
    }
}
