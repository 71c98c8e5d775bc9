//! The API for statistics: a link's days, a site's groups, and a site's lineage.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};

use crate::web::AppState;
use crate::web::extract::body::{FromQuery, Query};
use crate::web::extract::client::Client;
use crate::web::extract::key::{OwnLink, SecretKey};
use crate::web::extract::then::Then;
use crate::web::response::documents;
use crate::web::response::export::Format;
use crate::web::response::problem::Problem;

/// The parameters of a link's statistics.
pub(crate) struct OfLink(BTreeMap<String, String>);

impl FromQuery for OfLink {
    const NAMES: &'static [&'static str] = &["from", "to", "format"];

    fn from_query(given: BTreeMap<String, String>) -> Self {
        Self(given)
    }
}

/// `GET /api/v1/links/{code}/stats`.
pub(crate) async fn link(
    Then(OwnLink { site, link }, Query(OfLink(query))): Then<OwnLink, Query<OfLink>>,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let format = Format::of(&query, client.head()).map_err(|wrong| Problem::invalid(vec![wrong]))?;
    documents::of_link(&app, &site, &link, &query, format).await
}

/// The parameters of a site's statistics.
pub(crate) struct OfSite(BTreeMap<String, String>);

impl FromQuery for OfSite {
    const NAMES: &'static [&'static str] =
        &["group_by", "limit", "format", "from", "to", "channel", "page", "campaign", "link"];

    fn from_query(given: BTreeMap<String, String>) -> Self {
        Self(given)
    }
}

/// `GET /api/v1/stats`.
pub(crate) async fn site(
    Then(SecretKey(site), Query(OfSite(query))): Then<SecretKey, Query<OfSite>>,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let format = Format::of(&query, client.head());
    documents::of_site(&app, &site, &query, format).await
}

/// The parameters of a site's lineage.
pub(crate) struct OfLineage(BTreeMap<String, String>);

impl FromQuery for OfLineage {
    const NAMES: &'static [&'static str] = &["from", "to"];

    fn from_query(given: BTreeMap<String, String>) -> Self {
        Self(given)
    }
}

/// `GET /api/v1/stats/lineage`.
pub(crate) async fn lineage(
    Then(SecretKey(site), Query(OfLineage(query))): Then<SecretKey, Query<OfLineage>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    documents::lineage(&app, &site, &query).await
}
