//! Lineage for the marketer: shares by generation, and what came of each channel's shares.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::error::Problem;
use super::links::answer;
use super::question::period;
use super::request::secret_site;
use super::{AppState, body};
use crate::domain::lineage::{Lineage, lineage};
use crate::domain::publication::{Audience, Publication};
use crate::domain::report::{Filter, Group, Grouping, Period, Question};
use crate::domain::site::{Site, SiteId};

/// `GET /api/v1/stats/lineage`.
pub(super) async fn of_key(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    document(&app, &site, &body::query(&request, &["from", "to"])?).await
}

/// A site's lineage as a document.
pub(super) async fn document(
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
    let Lineage { generations, channels } = of_site(app, &site.id, period, &channels, &rule).await?;
    let Period { first, last } = period;
    Ok(answer(200, &json!({ "generations": generations, "channels": channels, "from": first, "to": last })))
}

/// The lineage of a site's links; `channels` are its statistics by channel.
pub(super) async fn of_site(
    app: &AppState,
    site: &SiteId,
    period: Period,
    channels: &[Group],
    rule: &Publication,
) -> Result<Lineage, Problem> {
    let before = app.reports.shares_before(rule);
    let shares = app.store.site_shares(site, period.first, period.last, before).await?;
    Ok(lineage(&shares, channels))
}
