//! The marketer's pages of a site: at a glance, and the same for one channel, page or campaign.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::domain::code::Code;
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::service::reports::live::Subject;
use crate::stats::publication::{Audience, Number};
use crate::stats::report::{Filter, Grouping, Question};
use crate::stats::today::Latest;
use crate::stats::view::Viewer;
use crate::store::LinkFilter;
use crate::web::AppState;
use crate::web::dashboard::live;
use crate::web::dashboard::scope::{View, address};
use crate::web::extract::address::QueryString;
use crate::web::extract::query;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

pub(crate) mod page;
pub(crate) mod rows;

use page::{OverviewPage, Search, Shared};
use rows::Rows;

/// How many channels, and how many of anything else, the page shows.
const CHANNELS: usize = 50;
const TOP: usize = 10;
/// How many a whole list shows.
const ALL: usize = 500;
/// The parameter with the code or the address of a link that somebody looks for.
const FIND: &str = "find";
/// How long the page waits for days that are not in memory before it says that they are being read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who reads, and what they may see.
pub(crate) struct Reader<'a> {
    pub(crate) site: &'a Site,
    pub(crate) page: Page,
    pub(crate) viewer: &'a Viewer,
    /// Where the page is: `/stats`, or a shared view's address.
    pub(crate) path: &'a str,
    /// What is said of a page that is shown to others; nothing to the signed-in.
    pub(in crate::web) shared: Option<Shared>,
    /// The code or the address of a link that the signed-in looked for in vain.
    pub(crate) missed: Option<String>,
}

/// `GET /stats`; with `find`, the way to the page of the link that has this code or address.
pub(crate) async fn home(
    signed_in: SignedIn,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let SignedIn { site, viewer, page, .. } = signed_in;
    let page = page.without(FIND);
    let sought = query.pairs().find_map(|(name, text)| (name == FIND).then(|| text.trim().to_owned()));
    if let Some(code) = sought.as_deref().and_then(code_of)
        && app.links.of_site(&site.id, &code).await?.is_some()
    {
        let rule = app.reports.rule(&site, Audience::SignedIn);
        let (view, _) = View::of("/stats", query.as_str(), &rule);
        let of_link = view.of_group(Grouping::Link, Some(code.as_str()), "/stats");
        return Ok(html::see_other(&of_link.unwrap_or(view).address()));
    }
    let missed = sought.filter(|text| !text.is_empty());
    let status = if missed.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let reader = Reader { site: &site, page, viewer: &viewer, path: "/stats", shared: None, missed };
    let mut answer = show(query.as_str(), &app, reader).await?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// The code of a link, of which somebody has the code or the address; also that of its receipt.
fn code_of(text: &str) -> Option<Code> {
    let path =
        text.split_once("://").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let code = path.rsplit('/').find(|part| !part.is_empty())?;
    Code::parse(code.trim_end_matches('+')).ok()
}

/// The page for a reader.
pub(crate) async fn show(query: &str, app: &AppState, reader: Reader<'_>) -> Result<HttpResponse, Problem> {
    let Reader { site: whole_site, page, viewer, path, shared, missed } = reader;
    let Site { id: site, name, lineage: wants_lineage, .. } = whole_site;
    let (signed_in, bounds) = (viewer.is_signed_in(), viewer.scope().filter());
    let rule = app.reports.rule(whole_site, viewer.audience());
    let (mut view, wrong) = View::of(path, query, &rule);
    view.filter = beside(view.filter, &bounds);
    let filter = within(&view.filter, &bounds);
    // Links have pages for the signed-in only.
    view.list = view.list.filter(|by| signed_in || *by != Grouping::Link);
    let question = question(&view, filter, signed_in);
    // Asked for before the numbers, it misses no change of them. Where nobody signs in, nothing is told.
    // Nor is a page that says that nothing was found: its address would look again.
    let live = if signed_in && missed.is_none() {
        let subject = Subject::Site(site.clone(), view.filter.clone(), viewer.audience());
        live::address(app, &subject, view.period).await?
    } else {
        None
    };
    let report = match app.reports.report_soon(site, question, &rule, PATIENCE).await? {
        Ok(report) => report,
        Err(reading) => return html::reading(page, view.address(), reading),
    };
    let page = page.with_live(live);
    let of_today = if signed_in { of_today(app, whole_site, &view.filter).await? } else { Latest::default() };
    let nothing = ![report.totals.shares, report.totals.clicks].into_iter().any(Number::says_something);
    let empty =
        signed_in && nothing && app.store.links(site, &LinkFilter::default(), None, 1).await?.is_empty();
    let lineage = if signed_in && *wants_lineage && view.filter == Filter::default() {
        Some(app.reports.lineage(site, report.period, report.groups(Grouping::Channel), &rule).await?)
    } else {
        None
    };
    let has_clicks_per_share = signed_in || report.min_count.is_exact();
    let rows = Rows {
        app,
        site: whole_site,
        page: &page,
        view: &view,
        report: &report,
        rule: &rule,
        bounds: &bounds,
    };
    html::page(&OverviewPage {
        site: name.clone(),
        shared,
        has_clicks_per_share,
        is_part: view.filter != Filter::default() || view.list.is_some(),
        subject: rows.subject(),
        filters: rows.filters(),
        whole: rows.everything(),
        picker: rows.picker(wrong),
        totals: rows.totals().into_iter().take(if has_clicks_per_share { 5 } else { 4 }).collect(),
        today: rows.today(&of_today),
        bare: rows.bare(),
        reading: rows.reading(),
        series: rows.series(None),
        channels: rows.channels(has_clicks_per_share),
        tables: rows.tables(signed_in.then_some("/stats")),
        apps: rows.apps(),
        of_apps: rows.of_apps(),
        lineage: lineage.map(|lineage| rows.lineage(&lineage)),
        search: signed_in.then(|| Search { hidden: view.parameters(true), missed }),
        share: page.is_of_owner().then(|| to_share(&view, &page)).flatten(),
        empty,
        public_url: own_address(&app.public_url, ""),
        downloads: rows.downloads(Grouping::Day),
        page: page.clone(),
    })
}

/// What is shown of the open day, of the whole site or of one channel; of nothing else is there anything.
async fn of_today(app: &AppState, site: &Site, filter: &Filter) -> Result<Latest, Problem> {
    let Filter { channel, page: None, campaign: None, link: None } = filter else {
        return Ok(Latest::default());
    };
    let numbers = app.today.of_site(site).await?;
    Ok(match channel {
        Some(channel) => numbers.channels.get(channel).copied().unwrap_or_default(),
        None => numbers.site,
    })
}

/// Where an owner shares this view, if it is one that can be shared: a page's or a campaign's.
fn to_share(view: &View, page: &Page) -> Option<String> {
    match &view.filter {
        Filter { channel: None, page: Some(_), campaign: None, link: None }
        | Filter { channel: None, page: None, campaign: Some(Some(_)), link: None } => {
            Some(page.link(address("/stats/views", &query::parameters(&view.filter))))
        }
        _ => None,
    }
}

/// What is asked for a view.
fn question(view: &View, filter: Filter, signed_in: bool) -> Question {
    let by = match view.list {
        Some(list) => vec![(list, ALL)],
        None => [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link]
            .map(|by| (by, if by == Grouping::Channel { CHANNELS } else { TOP }))
            .into(),
    };
    let told = |(by, _): &(Grouping, usize)| match by {
        Grouping::Channel => filter.channel.is_none(),
        Grouping::Page => filter.page.is_none(),
        Grouping::Campaign => filter.campaign.is_none(),
        Grouping::Link => signed_in,
        Grouping::Day => true,
    };
    let tables = by.into_iter().filter(told).collect();
    Question { period: view.period, filter, tables, compared: true }
}

/// A filter without what the bounds say already.
fn beside(filter: Filter, bounds: &Filter) -> Filter {
    Filter {
        channel: filter.channel.filter(|_| bounds.channel.is_none()),
        page: filter.page.filter(|_| bounds.page.is_none()),
        campaign: filter.campaign.filter(|_| bounds.campaign.is_none()),
        link: filter.link.filter(|_| bounds.link.is_none()),
    }
}

/// A filter that shows nothing beyond these bounds.
fn within(filter: &Filter, bounds: &Filter) -> Filter {
    let (bounds, filter) = (bounds.clone(), filter.clone());
    Filter {
        channel: bounds.channel.or(filter.channel),
        page: bounds.page.or(filter.page),
        campaign: bounds.campaign.or(filter.campaign),
        link: bounds.link.or(filter.link),
    }
}
