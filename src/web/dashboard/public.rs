//! `/stats/public/{site}`: a site's numbers for anybody, where its owner wants it.

use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::stats::view::Viewer;
use crate::web::AppState;
use crate::web::dashboard::overview::Reader;
use crate::web::dashboard::overview::page::Shared;
use crate::web::dashboard::public_cache;
use crate::web::extract::miss_limit;
use crate::web::response::html;
use crate::web::response::problem::Problem;

/// The whole address of a public site's numbers.
pub(crate) fn address(app: &AppState, site: &Site) -> String {
    own_address(&app.public_url, &path(site))
}

fn path(site: &Site) -> String {
    format!("/stats/public/{}", utf8_percent_encode(&site.name, NON_ALPHANUMERIC))
}

/// `GET /stats/public/{site}`: one that is not public is one that is not there.
pub(crate) async fn show(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    // The router leaves some characters encoded that a name may have.
    let name = percent_decode_str(request.match_info().query("site")).decode_utf8_lossy();
    let read = async || Ok(app.sites.by_name(&name).await?.filter(|site| site.public));
    let site = miss_limit::look_up(request.head(), &app, read).await?;
    let (page, path) = (html::of(request.head()), path(&site));
    let shared = Some(Shared::Public);
    let reader = Reader { site: &site, page, viewer: &Viewer::Public, path: &path, shared, missed: None };
    public_cache::show(request.head(), &app, reader).await
}
