//! What all pages have in common: their headers, and the files that they load.

use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::AppState;
use super::asset::{Asset, FOR_EVER};
use super::error::Problem;
use super::views::Page;

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_str!("../../static/style.css"), "text/css; charset=utf-8"));
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_str!("../../static/icon.svg"), "image/svg+xml"));

/// Forms may lead anywhere, because the answer to the consent form forwards to the destination and
/// browsers hold redirects against `form-action` too.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

/// The style sheet's address, which changes with its text so that it can be cached for ever.
static STYLE_URL: LazyLock<String> = LazyLock::new(|| format!("/static/style.css?v={}", STYLE.hash()));

/// What every page needs.
pub(super) fn common() -> Page {
    Page { style_url: &STYLE_URL }
}

/// Answers with a page. A page's own forms need its origin to be told; nobody else learns a thing.
pub(super) fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    Ok(html(actix_web::http::StatusCode::OK, template.render()?))
}

/// Answers with the text of a page.
pub(super) fn html(status: actix_web::http::StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, SECURITY_POLICY))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .body(text)
}

/// Sends a browser on to another page of the service after a form.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// `GET /static/{file}`.
pub(super) async fn file(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    match request.match_info().query("file") {
        "style.css" => Ok(STYLE.answer(&request, FOR_EVER)),
        "icon.svg" => Ok(ICON.answer(&request, "public, max-age=86400")),
        name if name == app.component.file() => Ok(app.component.answer_for_ever(&request)),
        _ => Err(Problem::not_found()),
    }
}
