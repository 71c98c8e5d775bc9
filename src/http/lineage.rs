//! Lineage for the marketer: shares by generation, and what came of each channel's shares.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::error::Problem;
use super::links::answer;
use super::question::period;
use super::request::secret_site;
use super::stats::publication;
use super::{AppState, body};
use crate::domain::day::Day;
use crate::domain::lineage::{Lineage, lineage};
use crate::domain::report::{Filter, Group, Grouping, Period, Question};
use crate::domain::site::SiteId;

/// `GET /api/v1/stats/lineage`.
pub(super) async fn of_key(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    document(&app, &site.id, &body::query(&request, &["from", "to"])?).await
}

/// A site's lineage as a document.
pub(super) async fn document(
    app: &AppState,
    site: &SiteId,
    query: &BTreeMap<String, String>,
) -> Result<HttpResponse, Problem> {
    let period = period(query, Day::of(app.clock.now())).map_err(Problem::invalid)?;
    let tables = vec![(Grouping::Channel, usize::MAX)];
    let question = Question { period, filter: Filter::default(), tables, compared: false };
    let mut report = app.reports.report(site, question, publication(app)).await?;
    let channels = report.tables.pop().map(|table| table.groups).unwrap_or_default();
    let Lineage { generations, channels } = of_site(app, site, period, &channels).await?;
    let Period { first, last } = period;
    Ok(answer(200, &json!({ "generations": generations, "channels": channels, "from": first, "to": last })))
}

/// The lineage of a site's links; `channels` are its statistics by channel.
pub(super) async fn of_site(
    app: &AppState,
    site: &SiteId,
    period: Period,
    channels: &[Group],
) -> Result<Lineage, Problem> {
    let shares = app.store.site_shares(site, period.first, period.last, app.reports.shares_before()).await?;
    Ok(lineage(&shares, channels))
}
