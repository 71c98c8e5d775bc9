//! What all pages have in common: their headers, and the files that they load.

use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use sha2::{Digest, Sha256};

use super::AppState;
use super::error::Problem;
use super::redirect::known_link;
use super::request;
use super::views::{self, ReceiptPage};
use crate::domain::day::Day;
use crate::domain::link::{LinkState, Text};

const STYLE: &str = include_str!("../../static/style.css");
const ICON: &str = include_str!("../../static/icon.svg");

/// Forms may lead anywhere, because the answer to the consent form forwards to the destination and
/// browsers hold redirects against `form-action` too.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

/// The style sheet's address, which changes with its text so that it can be cached for ever.
pub(super) static STYLE_URL: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(STYLE.as_bytes());
    let version: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("/static/style.css?v={version}")
});

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
pub(super) async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (text, media_type, lifetime) = match name.as_str() {
        "style.css" => (STYLE, "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        "icon.svg" => (ICON, "image/svg+xml", "public, max-age=86400"),
        _ => return Err(Problem::not_found()),
    };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, lifetime))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text))
}

/// `GET /{code}+`: where a link leads and what a click on it would store. Nothing is counted.
pub(super) async fn receipt(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (link, site) = known_link(&request, &app).await?;
    let state = match link.state(app.clock.now()) {
        LinkState::Live => views::LinkState::Active,
        LinkState::Expired => views::LinkState::Expired,
        LinkState::Disabled => views::LinkState::Disabled,
        LinkState::TakenDown => return Err(Problem::taken_down()),
    };
    page(&ReceiptPage {
        page: app.page(),
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        destination: link.url.to_string(),
        host: link.url.host(),
        channel: app.channel_label(&link.channel),
        campaign: link.campaign.as_ref().map(|campaign| Text::as_str(campaign).to_owned()),
        created: Day::of(link.created_at).to_string(),
        expires: link.expires_at.map(|end| Day::of(end).to_string()),
        state,
        policy: app.policy(&site),
        answer: request::consent_state(&request, &app),
    })
}
