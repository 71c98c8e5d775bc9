//! `/stats/public/{site}`: a site's numbers for anybody, where its owner wants it.

use actix_web::{HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::stats::view::Viewer;
use crate::web::AppState;
use crate::web::dashboard::overview::Reader;
use crate::web::dashboard::overview::page::Shared;
use crate::web::dashboard::public_cache;
use crate::web::extract::address::QueryString;
use crate::web::extract::published::PublicSite;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

/// The whole address of a public site's numbers.
pub(crate) fn address(app: &AppState, site: &Site) -> String {
    own_address(&app.public_url, &path(site))
}

fn path(site: &Site) -> String {
    format!("/stats/public/{}", utf8_percent_encode(&site.name, NON_ALPHANUMERIC))
}

/// `GET /stats/public/{site}`: one that is not public is one that is not there.
pub(crate) async fn show(
    PublicSite(site): PublicSite,
    page: Page,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (path, shared) = (path(&site), Some(Shared::Public));
    let reader = Reader { site: &site, page, viewer: &Viewer::Public, path: &path, shared, missed: None };
    public_cache::show(query.as_str(), &app, reader).await
}
