//! The marketer's page of one link.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::link;
use crate::domain::link::{Link, Text};
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::i18n::without_scheme;
use crate::service::reports::live::Subject;
use crate::stats::publication::{Audience, Number};
use crate::stats::report::{Filter, Report};
use crate::web::AppState;
use crate::web::dashboard::chart;
use crate::web::dashboard::chart::Series;
use crate::web::dashboard::live;
use crate::web::dashboard::overview::page::{AppRow, Downloads, Figure, HowToRead, Picker, Total};
use crate::web::dashboard::overview::rows::{Rows, app as app_name};
use crate::web::dashboard::scope::View;
use crate::web::extract::address::{PathSegment, QueryString};
use crate::web::extract::query::in_address;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::documents;
use crate::web::response::export::Format;
use crate::web::response::html;
use crate::web::response::page::{Page, on_page};
use crate::web::response::problem::Problem;
use crate::web::response::templates::LinkState;

/// `/stats/{code}` : one link.
#[derive(Debug, Template)]
#[template(path = "link.html", whitespace = "minimize")]
pub(crate) struct LinkPage {
    page: Page,
    /// The site's name, and the same period of all of it.
    site: String,
    whole: String,
    code: String,
    short_url: String,
    destination: String,
    /// The same period of all that leads there.
    of_page: String,
    /// Its channel, and the same period of all of that.
    channel: String,
    of_channel: String,
    /// Its campaign, and the same period of all of that.
    campaign: Option<(String, String)>,
    /// The days on which it was made, and on which it stops to forward, ISO.
    created: String,
    expires: Option<String>,
    state: LinkState,
    /// How many shares came before it, and the one it came of with its page; of a site that wants to know.
    lineage: Option<(u64, Option<(String, String)>)>,
    /// The message with what was just done.
    done: Option<&'static str>,
    picker: Picker,
    totals: Vec<Total>,
    bare: Option<Number>,
    reading: HowToRead,
    series: Series,
    apps: Vec<AppRow>,
    /// The apps that its channel does not lead to, as a sentence names them.
    beyond: String,
    /// What may be changed of it; for who may.
    form: Option<ChangeForm>,
    downloads: Option<Downloads>,
}

on_page!(LinkPage);

/// What may be changed of a link, as it stands in the form.
#[derive(Clone, Debug)]
pub(crate) struct ChangeForm {
    pub(crate) url: String,
    /// The last day on which it forwards, ISO; empty without one.
    pub(crate) expires: String,
    pub(crate) disabled: bool,
    pub(crate) taken_down: bool,
    /// What of it was refused, and why.
    pub(crate) wrong: Option<Wrong>,
}

/// A field that was refused, and why.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl ChangeForm {
    /// Whether this field was refused.
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.as_ref().is_some_and(|wrong| wrong.field == field)
    }

    /// The form with what the link has.
    pub(crate) fn of(link: &Link) -> Self {
        Self {
            url: link.url.to_string(),
            expires: link.expires_at.map(|end| Day::last_before(end).to_string()).unwrap_or_default(),
            disabled: link.disabled,
            taken_down: link.taken_down,
            wrong: None,
        }
    }
}

impl LinkPage {
    /// Its address without the scheme.
    fn name(&self) -> &str {
        without_scheme(&self.short_url)
    }

    fn receipt(&self) -> String {
        format!("/{}+", self.code)
    }

    fn change(&self) -> String {
        format!("/stats/{}/change", self.code)
    }

    fn chart(&self) -> String {
        chart::draw(chart::Kind::Consented, &self.series, self.page.language)
    }

    fn bare_chart(&self) -> String {
        chart::draw(chart::Kind::Bare, &self.series, self.page.language)
    }
}

/// `GET /stats/{code}`, `/stats/{code}.csv` and `/stats/{code}.json`.
pub(crate) async fn show(
    signed_in: SignedIn,
    name: PathSegment,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let name = name.as_str();
    let (code, kind) = name.split_once('.').map_or((name, None), |(code, kind)| (code, Some(kind)));
    let link = own_link(&signed_in.site, code, &app).await?;
    if let Some(kind) = kind {
        let format = match kind {
            "csv" => Format::Csv,
            "json" => Format::Json,
            _ => return Err(Problem::NotFound),
        };
        return documents::of_link(&app, &signed_in.site, &link, &query.fields(), format).await;
    }
    let done = query.as_str().split('&').any(|part| part == "done=changed").then_some("link-changed");
    let form = signed_in.viewer.may_manage().then(|| ChangeForm::of(&link));
    html::page(&page(query.as_str(), &app, &signed_in, &link, form, done).await?)
}

/// The link of this code, if it is the site's.
pub(crate) async fn own_link(site: &Site, code: &str, app: &AppState) -> Result<Link, Problem> {
    let code = Code::parse(code).map_err(|_| Problem::NotFound)?;
    app.links.of_site(&site.id, &code).await?.ok_or(Problem::NotFound)
}

/// The page of a link.
pub(crate) async fn page(
    query: &str,
    app: &AppState,
    signed_in: &SignedIn,
    link: &Link,
    form: Option<ChangeForm>,
    done: Option<&'static str>,
) -> Result<LinkPage, Problem> {
    let site = &signed_in.site;
    let now = app.clock.now();
    let path = format!("/stats/{}", link.code);
    let rule = app.reports.rule(site, Audience::SignedIn);
    let (view, wrong) = View::of(&path, query, &rule);
    let view = view.only(Filter::default());
    let live = live::address(app, &Subject::Link(link.clone().into()), view.period).await?;
    let page = signed_in.page.clone().with_live(live);
    let report = app.reports.of_link(link, view.period, true, &rule).await?;
    let bounds = Filter::default();
    let made = Day::of(link.created_at);
    let rows = Rows { app, site, page: &page, view: &view, report: &report, rule: &rule, bounds: &bounds };
    let site_view = View { path: "/stats".to_owned(), ..view.clone() };
    let campaign = link.campaign.as_ref().map(Text::as_str);
    let of_campaign = |name: &str| {
        let filter = Filter { campaign: Some(Some(name.into())), ..Filter::default() };
        (name.to_owned(), site_view.only(filter).address())
    };
    let of_page = Filter { page: Some(link.page().as_str().into()), ..Filter::default() };
    let of_channel = Filter { channel: Some(link.channel.clone()), ..Filter::default() };
    let parent =
        |code: &Code| (format!("/{code}"), View { path: format!("/stats/{code}"), ..view.clone() }.address());
    let lineage = (u64::from(link.generation), link.parent.as_ref().map(parent));
    Ok(LinkPage {
        site: site.name.clone(),
        whole: site_view.address(),
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        destination: link.url.to_string(),
        of_page: site_view.only(of_page).address(),
        channel: page.channel(link.channel.as_str(), &app.channel_label(&link.channel)),
        of_channel: site_view.only(of_channel).address(),
        campaign: campaign.map(of_campaign),
        created: made.to_string(),
        expires: link.expires_at.map(|end| Day::last_before(end).to_string()),
        state: match link.state(now) {
            link::LinkState::Live => LinkState::Active,
            link::LinkState::Expired => LinkState::Expired,
            link::LinkState::Disabled | link::LinkState::TakenDown => LinkState::Disabled,
        },
        lineage: site.lineage.then_some(lineage),
        done,
        picker: rows.picker(wrong),
        totals: totals(&rows),
        bare: rows.bare(),
        reading: rows.reading_of_link(),
        series: rows.series(Some(made)),
        apps: rows.apps(),
        beyond: beyond(&report, link, &page),
        form,
        downloads: Some(downloads(link, &view, app)),
        page: page.clone(),
    })
}

/// The numbers of one link: it is one share, and has no clicks per share of its own.
fn totals(rows: &Rows<'_>) -> Vec<Total> {
    let mut totals = rows.totals();
    totals.truncate(4);
    let hints = [("stats-share", "stats-share-hint"), ("stats-unfurls", "stats-unfurls-hint")];
    for (total, (name, hint)) in totals.iter_mut().zip(hints) {
        (total.name, total.hint) = (name, hint);
    }
    totals[0].figure = Figure::Count(Number::Shown(1));
    totals[0].change = None;
    totals[3].hint = "stats-visitors-of-link-hint";
    totals
}

/// The apps in which it was unfurled and to which its channel does not lead: `Slack, Discord and X`.
fn beyond(report: &Report, link: &Link, page: &Page) -> String {
    let families = report.totals.unfurls_by_app.keys().filter(|family| family.is_beyond(&link.channel));
    let names: Vec<_> = families.map(|family| app_name(*family, page)).collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => {
            page.say("stats-and").text("before", before.join(", ")).text("last", last).to_string()
        }
        few => few.concat(),
    }
}

fn downloads(link: &Link, view: &View, app: &AppState) -> Downloads {
    let days = in_address(view.period, &Filter::default());
    let code = &link.code;
    Downloads {
        name: code.to_string(),
        csv: Some(format!("/stats/{code}.csv?{days}")),
        json: format!("/stats/{code}.json?{days}"),
        call: format!("GET {}", own_address(&app.public_url, &format!("/api/v1/links/{code}/stats?{days}"))),
    }
}
