//! The API for statistics: a link's days as JSON or CSV, a site's groups as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::error::Problem;
use super::links::{answer, own_link};
use super::request::{header, secret_site};
use super::{AppState, body};
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::link::Link;
use crate::domain::stats::{self, Grouping, LinkStats, Publication, SeriesDay, Totals};
use crate::service::links::InvalidParam;

/// How many days are shown where nobody says.
const DEFAULT_DAYS: i32 = 30;
/// The longest range in days: counts are kept at most 25 months.
const MAX_DAYS: i32 = 800;

/// Days from first to last, both included.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) first: Day,
    pub(super) last: Day,
}

impl Range {
    /// The last `days` days up to today.
    pub(super) fn last_days(days: i32, today: Day) -> Self {
        Self { first: today.plus(1 - days), last: today }
    }

    /// The range of `from` and `to`; the last 30 days where they are not given.
    pub(super) fn of(query: &BTreeMap<String, String>, today: Day) -> Result<Self, Vec<InvalidParam>> {
        let mut wrong = Vec::new();
        let mut day = |name: &str| {
            let day: Option<Result<Day, _>> = query.get(name).map(|text| text.parse());
            day.transpose().unwrap_or_else(|error| {
                wrong.push(InvalidParam::new(name, error.to_string()));
                None
            })
        };
        let (from, to) = (day("from"), day("to"));
        let last = to.unwrap_or_else(|| from.map_or(today, |from| from.max(today)));
        let first = from.unwrap_or_else(|| last.plus(1 - DEFAULT_DAYS));
        if first > last {
            wrong.push(InvalidParam::new("from", "must not be after to"));
        } else if last.number() - first.number() >= MAX_DAYS {
            wrong.push(InvalidParam::new("from", "must be at most 800 days before to"));
        }
        if wrong.is_empty() { Ok(Self { first, last }) } else { Err(wrong) }
    }
}

/// How numbers are published now.
pub(super) fn publication(app: &AppState) -> Publication {
    Publication { min_count: app.settings.stats.min_count, today: Day::of(app.clock.now()) }
}

/// What may be published of a link.
pub(super) async fn of_link(app: &AppState, code: &Code, range: Range) -> Result<LinkStats, Problem> {
    let counts = app.store.link_counts(code, range.first, range.last).await?;
    Ok(stats::link_stats(&counts, range.first, range.last, publication(app)))
}

/// `GET /api/v1/links/{code}/stats`.
pub(super) async fn link(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (_, link) = own_link(&request, &app).await?;
    let query = body::query(&request, &["from", "to", "format"])?;
    let range = Range::of(&query, Day::of(app.clock.now())).map_err(Problem::invalid)?;
    let csv = match query.get("format").map(String::as_str) {
        Some("csv") => true,
        Some("json") => false,
        Some(_) => return Err(Problem::invalid(vec![InvalidParam::new("format", "must be json or csv")])),
        None => header(request.head(), &ACCEPT).is_some_and(|accept| accept.contains("text/csv")),
    };
    export(&app, &link, range, csv).await
}

/// A link's statistics as a document to download.
pub(super) async fn export(
    app: &AppState,
    link: &Link,
    range: Range,
    csv: bool,
) -> Result<HttpResponse, Problem> {
    let LinkStats { totals, series, min_count } = of_link(app, &link.code, range).await?;
    if !csv {
        let body = json!({ "code": link.code, "totals": totals, "series": series, "min_count": min_count });
        return Ok(answer(200, &body));
    }
    let name = format!("attachment; filename=\"{}.csv\"", link.code);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(in_columns(&totals, &series, min_count).expect("writing to a String does not fail")))
}

/// A row for each day, with a column for each family of apps that fetched a preview on any of them.
fn in_columns(totals: &Totals, series: &[SeriesDay], min_count: u64) -> Result<String, std::fmt::Error> {
    let mut text = String::from("day,clicks,visitors,unfurls");
    let mut families: Vec<Family> = totals.unfurls_by_app.keys().copied().collect();
    families.sort_by_key(|family| *family == Family::Other);
    for family in &families {
        write!(text, ",unfurls_{family}")?;
    }
    text.push_str("\r\n");
    let number = |number: Option<u64>| number.map_or_else(|| format!("<{min_count}"), |n| n.to_string());
    for day in series {
        let unfurls: u64 = day.unfurls_by_app.values().sum();
        write!(text, "{},{},{},{unfurls}", day.day, number(day.clicks), number(day.visitors))?;
        for family in &families {
            write!(text, ",{}", day.unfurls_by_app.get(family).unwrap_or(&0))?;
        }
        text.push_str("\r\n");
    }
    Ok(text)
}

/// `GET /api/v1/stats`.
pub(super) async fn site(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(request.head(), &app).await?;
    let query = body::query(&request, &["group_by", "from", "to"])?;
    let mut wrong = Vec::new();
    let by = match query.get("group_by").map(|by| by.parse::<Grouping>()) {
        Some(Ok(by)) => Some(by),
        Some(Err(error)) => {
            wrong.push(InvalidParam::new("group_by", error.to_string()));
            None
        }
        None => {
            wrong.push(InvalidParam::new("group_by", "is missing: channel, page, campaign or day"));
            None
        }
    };
    let range = Range::of(&query, Day::of(app.clock.now())).map_err(|more| wrong.extend(more)).ok();
    let (Some(by), Some(Range { first, last })) = (by, range) else { return Err(Problem::invalid(wrong)) };
    let rows = app.store.site_counts(&site.id, first, last).await?;
    let rule = publication(&app);
    let groups = stats::site_stats(&rows, by, rule);
    let min_count = rule.min_count;
    Ok(answer(200, &json!({ "groups": groups, "from": first, "to": last, "min_count": min_count })))
}
