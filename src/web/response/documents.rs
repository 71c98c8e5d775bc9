//! Statistics as documents (CSV or JSON). The API and the dashboard's downloads respond with the same ones.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::rule::FieldError;
use crate::domain::site::Site;
use crate::service::links::InvalidParam;
use crate::stats::lineage::Lineage;
use crate::stats::publication::Audience;
use crate::stats::report::{Filter, Grouping, Period, Question};
use crate::stats::today;
use crate::web::AppState;
use crate::web::extract::query::{filter, period};
use crate::web::response::export;
use crate::web::response::export::Format;
use crate::web::response::json::json;
use crate::web::response::problem::Problem;

/// The most groups that a document has.
const MAX_GROUPS: usize = 100_000;
/// How many links a document has where the query does not say.
const DEFAULT_LINKS: usize = 1_000;

/// Returns a link's statistics.
pub(crate) async fn of_link(
    app: &AppState,
    site: &Site,
    link: &Link,
    query: &BTreeMap<String, String>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let rule = app.reports.rule(site, Audience::SignedIn);
    let period = period(query, rule.last_day()).map_err(Problem::invalid)?;
    let report = app.reports.of_link(link, period, false, &rule).await?;
    Ok(export::of_link(&link.code, report, format))
}

/// Returns a site's statistics in groups, for a caller who may read all of the site.
pub(crate) async fn of_site(
    app: &AppState,
    site: &Site,
    query: &BTreeMap<String, String>,
    format: Result<Format, InvalidParam>,
) -> Result<HttpResponse, Problem> {
    let rule = app.reports.rule(site, Audience::SignedIn);
    let mut wrong = Vec::new();
    let by = match query.get("group_by").map(|by| by.parse::<Grouping>()) {
        Some(Ok(by)) => Some(by),
        Some(Err(error)) => {
            wrong.push(InvalidParam::new("group_by", error));
            None
        }
        None => {
            wrong.push(InvalidParam::new("group_by", FieldError::Missing));
            None
        }
    };
    let period = period(query, rule.last_day()).map_err(|more| wrong.extend(more)).ok();
    let filter = filter(query).map_err(|more| wrong.extend(more)).ok();
    let limit = limit(query, by).map_err(|more| wrong.push(more)).ok();
    let format = format.map_err(|more| wrong.push(more)).ok();
    let (Some(by), Some(period), Some(filter), Some(limit), Some(format)) =
        (by, period, filter, limit, format)
    else {
        return Err(Problem::invalid(wrong));
    };
    let tables = if by == Grouping::Day { Vec::new() } else { vec![(by, limit)] };
    let question = Question { period, filter, tables, compared: false };
    let is_whole = question.filter == Filter::default();
    let report = app.reports.report(&site.id, question, &rule).await?;
    let today = if is_whole { app.today.of_site(site).await? } else { today::Numbers::default() };
    Ok(export::of_site(by, report, &today, format))
}

fn limit(query: &BTreeMap<String, String>, by: Option<Grouping>) -> Result<usize, InvalidParam> {
    match query.get("limit") {
        Some(limit) => {
            let number = limit.parse().ok().filter(|limit| (1..=MAX_GROUPS).contains(limit));
            number.ok_or_else(|| InvalidParam::new("limit", FieldError::OutOfRange(1, MAX_GROUPS)))
        }
        None if by == Some(Grouping::Link) => Ok(DEFAULT_LINKS),
        None => Ok(usize::MAX),
    }
}

/// A site's lineage in a period.
#[derive(Serialize)]
struct LineageBody {
    #[serde(flatten)]
    lineage: Lineage,
    from: Day,
    to: Day,
}

/// Returns a site's lineage.
pub(crate) async fn lineage(
    app: &AppState,
    site: &Site,
    query: &BTreeMap<String, String>,
) -> Result<HttpResponse, Problem> {
    let rule = app.reports.rule(site, Audience::SignedIn);
    let period = period(query, rule.last_day()).map_err(Problem::invalid)?;
    let tables = vec![(Grouping::Channel, usize::MAX)];
    let question = Question { period, filter: Filter::default(), tables, compared: false };
    let mut report = app.reports.report(&site.id, question, &rule).await?;
    let channels = report.tables.pop().map(|table| table.groups).unwrap_or_default();
    let lineage = app.reports.lineage(&site.id, period, &channels, &rule).await?;
    let Period { first: from, last: to } = period;
    Ok(json(StatusCode::OK, &LineageBody { lineage, from, to }))
}
