//! Lineage for the marketer: shares by generation, and what came of each channel's shares.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::domain::site::{Site, SiteId};
use crate::stats::lineage::{Lineage, lineage};
use crate::stats::publication::{Audience, Publication};
use crate::stats::report::{Filter, Group, Grouping, Period, Question};
use crate::web::AppState;
use crate::web::api::links::answer;
use crate::web::extract::body;
use crate::web::extract::query::period;
use crate::web::extract::request::secret_site;
use crate::web::response::problem::Problem;

/// `GET /api/v1/stats/lineage`.
pub(crate) async fn of_key(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    document(&app, &site, &body::query(&request, &["from", "to"])?).await
}

/// A site's lineage as a document.
pub(crate) async fn document(
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
pub(crate) async fn of_site(
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
