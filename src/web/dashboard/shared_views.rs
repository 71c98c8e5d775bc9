//! `/stats/views`: an owner shares parts of the site's numbers by addresses that end, makes them public, and lets links
//! have badges.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::domain::day::Day;
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::i18n::without_scheme;
use crate::service::accounts::shared_views::{ViewDraft, ViewError, ViewRuleError};
use crate::service::links::InvalidParam;
use crate::stats::view::{Scope, USUAL_DAYS, View};
use crate::web::AppState;
use crate::web::dashboard::access_templates::{SharedViewsPage, ViewForm, ViewRow};
use crate::web::dashboard::people::in_words;
use crate::web::dashboard::{public, shared_view};
use crate::web::extract::address::QueryString;
use crate::web::extract::form::{FormFields, FromForm, OwnerForm};
use crate::web::extract::owner::Owner;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/views";

/// A view to be shared, as it was entered, or what is wrong with it.
pub(crate) struct NewView {
    draft: Result<ViewDraft, Vec<InvalidParam>>,
    entered: ViewForm,
}

impl FromForm for NewView {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let text = |name: &str| fields.text(name).to_owned();
        let entered = ViewForm { scope: text("scope"), of: text("of"), until: text("until"), error: None };
        Ok(Self { draft: draft(fields), entered })
    }
}

/// A view that is listed.
pub(crate) struct ChosenView(String);

impl FromForm for ChosenView {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self(fields.text("view").to_owned()))
    }
}

/// What is switched on or off.
pub(crate) struct Publicity {
    public: Option<bool>,
    badges: Option<bool>,
}

impl FromForm for Publicity {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let switch = |name: &str| match fields.text(name) {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        Ok(Self { public: switch("public"), badges: switch("badges") })
    }
}

/// `GET /stats/views`.
pub(crate) async fn list(
    owner: Owner,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    // A page or a campaign may be named by whoever leads here, to be shared.
    let query = query.fields();
    let named = ["page", "campaign"].into_iter().find_map(|scope| Some((scope, query.get(scope)?)));
    let (scope, of) = named.map_or(("site", String::new()), |(scope, of)| (scope, of.clone()));
    let draft = ViewForm { scope: scope.to_owned(), of, until: usual_end(&app), error: None };
    page(&app, &owner, draft, None).await
}

/// `POST /stats/views`: `scope`, `of`, `until`, and `password` or nothing.
pub(crate) async fn share(
    OwnerForm { owner, form: NewView { draft, entered } }: OwnerForm<NewView>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let shared = match draft {
        Ok(draft) => app.views.share(&owner.site, draft, now).await,
        Err(wrong) => Err(ViewError::Invalid(wrong)),
    };
    match shared {
        Ok((_, token)) => {
            let made = Some(shared_view::address(&app, token.reveal()));
            let draft = ViewForm { scope: "site".to_owned(), until: usual_end(&app), ..ViewForm::default() };
            page(&app, &owner, draft, made).await
        }
        Err(ViewError::Invalid(wrong)) => {
            let error = Some(in_words(&wrong, &owner.page));
            let mut answer = page(&app, &owner, ViewForm { error, ..entered }, None).await?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /stats/views/revoke`: `view`.
pub(crate) async fn revoke(
    OwnerForm { owner, form: ChosenView(view) }: OwnerForm<ChosenView>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    // One that is not there any more is revoked.
    app.views.revoke(&owner.site.id, &view, app.clock.now()).await?;
    Ok(html::see_other(&owner.page.link(PATH)))
}

/// `POST /stats/views/publicity`: `public` or `badges`, `on` or `off`.
pub(crate) async fn publish(
    OwnerForm { owner, form: Publicity { public, badges } }: OwnerForm<Publicity>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let change = move |site: &mut Site| {
        site.public = public.unwrap_or(site.public);
        site.badges = badges.unwrap_or(site.badges);
    };
    app.links.change_site(&owner.site.name, change).await?;
    Ok(html::see_other(&owner.page.link(PATH)))
}

/// What the form asks for. The last day is one on which the view is still open.
fn draft(form: &FormFields) -> Result<ViewDraft, Vec<InvalidParam>> {
    let mut wrong = Vec::new();
    let last_day = form.text("until").parse::<Day>();
    let last_day = last_day.map_err(|error| wrong.push(InvalidParam::new("expires_at", error))).ok();
    let expires_at = last_day.map(|day| day.plus(1).start());
    let of = form.text("of").to_owned();
    let (page, campaign) = match form.text("scope") {
        "site" => (None, None),
        "page" => (Some(of), None),
        "campaign" => (None, Some(of)),
        _ => {
            wrong.push(InvalidParam::new("part", ViewRuleError::Unknown));
            (None, None)
        }
    };
    let password = form.password("password").map(str::to_owned);
    if wrong.is_empty() { Ok(ViewDraft { page, campaign, expires_at, password }) } else { Err(wrong) }
}

async fn page(
    app: &AppState,
    signed_in: &SignedIn,
    draft: ViewForm,
    made: Option<String>,
) -> Result<HttpResponse, Problem> {
    let site = app.sites.get(&signed_in.site.id).await?.ok_or(Problem::NotFound)?;
    let page = &signed_in.page;
    let row = |view: &View| ViewRow {
        id: view.id(),
        shows: part(&view.scope, page).unwrap_or_else(|| page.say("views-site").to_string()),
        ends: page.day(Day::last_before(view.expires_at).to_string()),
        locked: view.password.is_some(),
    };
    let views = app.views.of_site(&site.id, app.clock.now()).await?;
    let page = if made.is_some() { page.clone().with_script() } else { page.clone() };
    html::page(&SharedViewsPage {
        page,
        site: site.name.clone(),
        views: views.iter().map(row).collect(),
        made,
        draft,
        public: site.public.then(|| public::address(app, &site)),
        badges: site.badges,
        badge_example: own_address(&app.public_url, "/CODE/badge.svg"),
        min_count: site.min_count.on(Day::of(app.clock.now())).get(),
    })
}

fn usual_end(app: &AppState) -> String {
    Day::of(app.clock.now()).plus(i32::try_from(USUAL_DAYS).expect("a month")).to_string()
}

/// A part of a site's numbers in words; nothing for the whole.
pub(crate) fn part(scope: &Scope, page: &Page) -> Option<String> {
    match scope {
        Scope::Site => None,
        Scope::Page(of) => {
            Some(page.say("views-of-page").text("name", without_scheme(of.as_str())).to_string())
        }
        Scope::Campaign(campaign) => {
            Some(page.say("views-of-campaign").text("name", campaign.as_str()).to_string())
        }
    }
}
