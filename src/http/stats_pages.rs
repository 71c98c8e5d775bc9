//! The marketer's pages: a site at a glance, and one link.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::error::Problem;
use super::export::Format;
use super::question::{DEFAULT_DAYS, in_address, period};
use super::sign_in::signed_in;
use super::stats::{export_link, publication};
use super::views::{
    AppRow, Count, DayRow, GroupRow, LineageRows, LinkRow, LinkState, Preset, ReshareRow, StatsHomePage,
    StatsLinkPage, Totals, Virality,
};
use super::{AppState, lineage, pages};
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::lineage::{Lineage, Resharing};
use crate::domain::link::{self, Link, Text};
use crate::domain::publication::Number;
use crate::domain::report::{Filter, Group, Grouping, Period, Question, Report, SeriesDay};
use crate::domain::site::Site;
use crate::store::LinkFilter;

/// How many links the overview shows.
const NEWEST: usize = 20;
/// How many pages, campaigns and generations the overview shows.
const TOP: usize = 10;

/// `GET /stats`.
pub(super) async fn home(
    request: HttpRequest,
    session: Session,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = match signed_in(&request, &session, &app).await? {
        Ok(site) => site,
        Err(sign_in) => return Ok(sign_in),
    };
    let rule = publication(&app);
    let period = Period::last_days(DEFAULT_DAYS, rule.today);
    let Period { first, last } = period;
    let tables = vec![(Grouping::Channel, usize::MAX), (Grouping::Page, TOP), (Grouping::Campaign, TOP)];
    let question = Question { period, filter: Filter::default(), tables, compared: false };
    let report = app.reports.report(&site.id, question, rule).await?;
    let totals = &report.totals;
    let links = app.store.links(&site.id, &LinkFilter::default(), None, NEWEST).await?;
    let groups = |by| report.table(by).map_or(&[][..], |table| &table.groups);
    let channels = groups(Grouping::Channel);
    let lineage =
        if site.lineage { Some(lineage::of_site(&app, &site.id, period, channels).await?) } else { None };
    let reshares = |channel: &Resharing| ReshareRow {
        channel: app.channel_label(&channel.key),
        shares: channel.shares,
        reshares: channel.reshares,
        virality: Virality(channel.virality),
    };
    let count = |number: Number| Count::published(number.value(), false, rule.min_count);
    let exact = |number: Number| number.value().unwrap_or(0);
    let row = |key: String, group: &Group| GroupRow {
        key,
        shares: exact(group.numbers.shares),
        unfurls: exact(group.numbers.unfurls),
        clicks: count(group.numbers.clicks),
        visitors: count(group.numbers.visitors),
        virality: Virality(group.numbers.funnel.virality),
    };
    let keyed = |group: &Group| group.key.as_ref().map(|key| row(key.clone(), group));
    let channel = |group: &Group| {
        let key = group.key.as_deref().unwrap_or_default();
        row(ChannelName::parse(key).map_or_else(|_| key.to_owned(), |name| app.channel_label(&name)), group)
    };
    pages::page(&StatsHomePage {
        page: pages::common(),
        site: site.name,
        public_url: app.public_url.as_str().trim_end_matches('/').to_owned(),
        from: first.to_string(),
        to: last.to_string(),
        days: first.to(last).count() as u64,
        min_count: rule.min_count,
        totals: Totals {
            shares: exact(totals.shares),
            unfurls: exact(totals.unfurls),
            clicks: count(totals.clicks),
            visitors: count(totals.visitors),
            aggregate_clicks: Some(totals.aggregate_clicks)
                .filter(|number| number.says_something())
                .map(count),
            virality: Virality(totals.funnel.virality),
        },
        channels: channels.iter().map(channel).collect(),
        pages: groups(Grouping::Page).iter().filter_map(keyed).collect(),
        campaigns: groups(Grouping::Campaign).iter().filter_map(keyed).collect(),
        lineage: lineage.map(|Lineage { generations, channels }| LineageRows {
            generations: generations.into_iter().take(TOP).collect(),
            channels: channels.iter().map(reshares).collect(),
        }),
        links: links.iter().map(|link| link_row(link, &app)).collect(),
    })
}

fn link_row(link: &Link, app: &AppState) -> LinkRow {
    LinkRow {
        code: link.code.to_string(),
        channel: app.channel_label(&link.channel),
        destination: link.url.to_string(),
        campaign: campaign(link),
        created: Day::of(link.created_at).to_string(),
    }
}

fn campaign(link: &Link) -> Option<String> {
    link.campaign.as_ref().map(|campaign| Text::as_str(campaign).to_owned())
}

/// `GET /stats/{code}`, `/stats/{code}.csv` and `/stats/{code}.json`.
pub(super) async fn link(
    request: HttpRequest,
    session: Session,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = match signed_in(&request, &session, &app).await? {
        Ok(site) => site,
        Err(sign_in) => return Ok(sign_in),
    };
    let name = request.match_info().query("code");
    let (code, kind) = name.split_once('.').map_or((name, None), |(code, kind)| (code, Some(kind)));
    let link = own_link(&site, code, &app).await?;
    let query: BTreeMap<_, _> =
        form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let today = Day::of(app.clock.now());
    let range = period(&query, today);
    match kind {
        Some("csv" | "json") => {
            let format = if kind == Some("csv") { Format::Csv } else { Format::Json };
            export_link(&app, &link, range.map_err(Problem::invalid)?, format).await
        }
        Some(_) => Err(Problem::not_found()),
        None => {
            let error = range.as_ref().err().map(|wrong| {
                let wrong: Vec<_> =
                    wrong.iter().map(|param| format!("{} {}", param.name, param.reason)).collect();
                format!("Shown are the last 30 days: {}.", wrong.join(", "))
            });
            let range = range.unwrap_or_else(|_| Period::last_days(DEFAULT_DAYS, today));
            link_page(&app, &link, range, error).await
        }
    }
}

async fn own_link(site: &Site, code: &str, app: &AppState) -> Result<Link, Problem> {
    let code = Code::parse(code).map_err(|_| Problem::not_found())?;
    app.links.of_site(&site.id, &code).await?.ok_or_else(Problem::not_found)
}

async fn link_page(
    app: &AppState,
    link: &Link,
    range: Period,
    error: Option<String>,
) -> Result<HttpResponse, Problem> {
    let report = app.reports.of_link(link, range, false, publication(app)).await?;
    let Report { totals, series, min_count, .. } = report;
    let (from, to, code) = (range.first.to_string(), range.last.to_string(), link.code.to_string());
    let today = Day::of(app.clock.now());
    let all_open = series.iter().all(|day| day.open);
    let total = |number: Number| Count::published(number.value(), all_open, min_count);
    let made = Day::of(link.created_at);
    let row = |day: &SeriesDay| {
        let count = |number: Number| match number.value() {
            // Everybody can see that nobody opened a link that did not exist yet.
            None if day.day < made => Count::Exact(0),
            number => Count::published(number, day.open, min_count),
        };
        DayRow {
            day: day.day.to_string(),
            clicks: count(day.clicks),
            visitors: count(day.visitors),
            aggregate_clicks: totals.aggregate_clicks.value().map(|_| count(day.aggregate_clicks)),
            open: day.open,
        }
    };
    let preset = |days: i32| {
        let period = Period::last_days(days, today);
        Preset {
            label: if days == 1 { "Today".to_owned() } else { format!("{days} days") },
            url: format!("/stats/{code}?from={}&to={}", period.first, period.last),
            current: (period.first, period.last) == (range.first, range.last),
        }
    };
    pages::page(&StatsLinkPage {
        page: pages::common(),
        short_url: app.links.short_url(&link.code),
        destination: link.url.to_string(),
        channel: app.channel_label(&link.channel),
        campaign: campaign(link),
        created: made.to_string(),
        expires: link.expires_at.map(|end| Day::of(end).to_string()),
        state: match link.state(app.clock.now()) {
            link::LinkState::Live => LinkState::Active,
            link::LinkState::Expired => LinkState::Expired,
            link::LinkState::Disabled | link::LinkState::TakenDown => LinkState::Disabled,
        },
        period_error: error,
        presets: [1, 7, 30, 90].map(preset).into(),
        min_count,
        unfurls: totals.unfurls.value().unwrap_or(0),
        apps: app_rows(&totals.unfurls_by_app),
        beyond: beyond(&totals.unfurls_by_app, &link.channel),
        clicks: total(totals.clicks),
        visitors: total(totals.visitors),
        aggregate_clicks: Some(totals.aggregate_clicks).filter(|number| number.says_something()).map(total),
        days: series.iter().map(row).collect(),
        csv_url: format!("/stats/{code}.csv?{}", in_address(range, &Filter::default())),
        json_url: format!("/stats/{code}.json?{}", in_address(range, &Filter::default())),
        from,
        to,
        code,
    })
}

/// The apps that a link was unfurled in, most unfurls first; last those that nobody can tell.
fn app_rows(unfurls_by_app: &BTreeMap<Family, u64>) -> Vec<AppRow> {
    let mut apps: Vec<_> = unfurls_by_app.iter().collect();
    apps.sort_by_key(|(family, unfurls)| (**family == Family::Other, Reverse(*unfurls)));
    apps.into_iter().map(|(family, unfurls)| AppRow { app: family.label(), unfurls: *unfurls }).collect()
}

/// The apps that its channel does not lead to.
fn beyond(unfurls_by_app: &BTreeMap<Family, u64>, channel: &ChannelName) -> Vec<&'static str> {
    unfurls_by_app.keys().filter(|family| family.is_beyond(channel)).map(|family| family.label()).collect()
}
