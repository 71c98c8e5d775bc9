//! Lineage for the marketer: shares by generation, and what came of each channel's shares.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::error::Problem;
use super::links::answer;
use super::request::secret_site;
use super::stats::{Range, publication};
use super::{AppState, body};
use crate::domain::day::Day;
use crate::domain::lineage::{Lineage, lineage};
use crate::domain::site::SiteId;
use crate::domain::stats::{Group, Grouping, site_stats};

/// `GET /api/v1/stats/lineage`.
pub(super) async fn of_key(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(request.head(), &app).await?;
    let query = body::query(&request, &["from", "to"])?;
    let range = Range::of(&query, Day::of(app.clock.now())).map_err(Problem::invalid)?;
    let rows = app.store.site_counts(&site.id, range.first, range.last).await?;
    let channels = site_stats(&rows, Grouping::Channel, publication(&app));
    let Lineage { generations, channels } = of_site(&app, &site.id, range, &channels).await?;
    let Range { first, last } = range;
    Ok(answer(200, &json!({ "generations": generations, "channels": channels, "from": first, "to": last })))
}

/// The lineage of a site's links; `channels` are its statistics by channel.
pub(super) async fn of_site(
    app: &AppState,
    site: &SiteId,
    range: Range,
    channels: &[Group],
) -> Result<Lineage, Problem> {
    let shares = app.store.site_shares(site, range.first, range.last).await?;
    Ok(lineage(&shares, channels))
}
