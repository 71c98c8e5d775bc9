//! The API for statistics: a link's days, a site's groups, and a site's lineage.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::web::AppState;
use crate::web::api::links::own_link;
use crate::web::extract::body;
use crate::web::extract::query::{FILTERS, PERIOD};
use crate::web::extract::request::secret_site;
use crate::web::response::documents;
use crate::web::response::export::Format;
use crate::web::response::problem::Problem;

/// `GET /api/v1/links/{code}/stats`.
pub(crate) async fn link(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (site, link) = own_link(&request, &app).await?;
    let query = body::query(&request, &["from", "to", "format"])?;
    let format = Format::of(&query, request.head()).map_err(|wrong| Problem::invalid(vec![wrong]))?;
    documents::of_link(&app, &site, &link, &query, format).await
}

/// `GET /api/v1/stats`.
pub(crate) async fn site(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let known: Vec<&str> = ["group_by", "limit", "format"].into_iter().chain(PERIOD).chain(FILTERS).collect();
    let query = body::query(&request, &known)?;
    let format = Format::of(&query, request.head());
    documents::of_site(&app, &site, &query, format).await
}

/// `GET /api/v1/stats/lineage`.
pub(crate) async fn lineage(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    documents::lineage(&app, &site, &body::query(&request, &PERIOD)?).await
}
