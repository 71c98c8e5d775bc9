//! Addresses that programs look for at every web server: what robots, browsers and researchers of security may know.

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::{HttpResponse, web};
use jiff::{SignedDuration, Timestamp};

use crate::domain::day::Day;
use crate::domain::own_address::own_address;
use crate::i18n::Language;
use crate::web::AppState;
use crate::web::response::problem::Problem;

/// How long these may be kept.
const FOR_A_DAY: &str = "public, max-age=86400";
/// The path of the contact for security (RFC 9116).
const SECURITY: &str = "/.well-known/security.txt";
/// How many days ahead the contact for security is said to hold: RFC 9116 asks for less than a year.
const CONTACT_DAYS: i64 = 90;
/// When what is said of Global Privacy Control was last changed.
const GPC_SINCE: &str = "2026-11-30";
/// The icon of the pages, as a picture of 32 × 32 pixels.
const ICON: &[u8] = include_bytes!("../../../static/favicon.ico");

/// `GET /robots.txt` (RFC 9309). Short addresses stay open: apps fetch previews there, and answers to them say that they are
/// not to be listed.
pub(crate) async fn robots() -> HttpResponse {
    file("text/plain; charset=utf-8", "User-agent: *\nDisallow: /api/\nDisallow: /share/\nDisallow: /stats\n")
}

/// `GET /.well-known/gpc.json`: this service heeds Global Privacy Control (<https://www.w3.org/TR/gpc/>).
pub(crate) async fn gpc() -> HttpResponse {
    file("application/json", format!("{{\"gpc\":true,\"lastUpdate\":\"{GPC_SINCE}\"}}\n"))
}

/// `GET /.well-known/traffic-advice`: no prefetching proxy is to open links ahead of a person
/// (<https://buettner.github.io/private-prefetch-proxy/traffic-advice.html>).
pub(crate) async fn traffic_advice() -> HttpResponse {
    let advice = "[{\"user_agent\":\"prefetch-proxy\",\"disallow\":true}]\n";
    file("application/trafficadvice+json", advice)
}

/// `GET /.well-known/security.txt` (RFC 9116), where the settings name a contact. It ends some months after each day on
/// which somebody asks.
pub(crate) async fn security(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let contact = app.settings.security.contact.as_ref().ok_or(Problem::NotFound)?;
    let expires = expires(app.clock.now());
    let languages: Vec<_> = Language::ALL.into_iter().map(Language::tag).collect();
    let canonical = own_address(&app.public_url, SECURITY);
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: {}\nCanonical: {canonical}\n",
        languages.join(", ")
    );
    Ok(file("text/plain; charset=utf-8", text))
}

/// The same for everybody who asks on one day.
fn expires(now: Timestamp) -> Timestamp {
    let start = Day::of(now).start();
    start.checked_add(SignedDuration::from_hours(24 * CONTACT_DAYS)).unwrap_or(start)
}

/// `GET /favicon.ico`.
pub(crate) async fn icon() -> HttpResponse {
    file("image/vnd.microsoft.icon", ICON)
}

fn file(media_type: &'static str, body: impl actix_web::body::MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, FOR_A_DAY))
        .insert_header((ROBOTS, NOT_LISTED))
        .body(body)
}

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
const NOT_LISTED: HeaderValue = HeaderValue::from_static("noindex, nofollow");
