//! A click: a visitor opens a link, is counted or not, and is forwarded.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use actix_web::http::{Method, header::HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;

use super::error::Problem;
use super::{AppState, consent, request};
use crate::domain::code::Code;
use crate::domain::consent::{Decision, decide};
use crate::domain::day::Day;
use crate::domain::destination::Utm;
use crate::domain::entry::EntryKind;
use crate::domain::link::{Link, LinkState, Text};
use crate::domain::request::RequestKind;
use crate::domain::site::Site;
use crate::service::recorder::WorkerRecorder;

/// `GET /{code}` and `HEAD /{code}`.
pub(super) async fn redirect(
    request: HttpRequest,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let (link, site) = live_link(&request, &app, now).await?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let entry = match RequestKind::classify(&request::signals(&request, &app)) {
        RequestKind::Head | RequestKind::Robot => None,
        RequestKind::Prefetch => return Ok(ask_again()),
        RequestKind::Preview => Some(EntryKind::Unfurl),
        RequestKind::Person(state) => match decide(state, app.policy(&site)) {
            Decision::Ask => return consent::ask(&request, &app, &link, &site),
            Decision::Forward => None,
            Decision::CountBare => Some(EntryKind::AggregateClick),
            Decision::CountClick => Some(click(&request, &app, &link, now).await),
        },
    };
    if let Some(entry) = entry {
        recorder.record(&link.site, &link.code, Day::of(now), entry).await;
    }
    Ok(forward(&request, &link, &site, StatusCode::FOUND))
}

/// The link of a request, if it forwards, and its site.
pub(super) async fn live_link(
    request: &HttpRequest,
    app: &AppState,
    now: Timestamp,
) -> Result<(Link, Site), Problem> {
    let (link, site) = known_link(request, app).await?;
    match link.state(now) {
        LinkState::Live => Ok((link, site)),
        LinkState::Expired => Err(Problem::expired()),
        LinkState::Disabled => Err(Problem::disabled()),
        LinkState::TakenDown => Err(Problem::taken_down()),
    }
}

/// The link that a request's path names, whatever its state, and its site. A code that does not
/// exist is a miss of its sender.
pub(super) async fn known_link(request: &HttpRequest, app: &AppState) -> Result<(Link, Site), Problem> {
    let code = Code::parse(request.match_info().query("code"));
    let link = match code {
        Ok(code) => app.links.resolve(&code).await?,
        Err(_) => None,
    };
    let Some(link) = link else {
        app.limits.miss(&request::network(request, app.trusted_proxies()))?;
        return Err(Problem::not_found());
    };
    let site = app.sites.get(&link.site).await?.ok_or_else(Problem::not_found)?;
    Ok((link, site))
}

/// A click with its tag: here the address and the user agent end.
pub(super) async fn click(request: &HttpRequest, app: &AppState, link: &Link, now: Timestamp) -> EntryKind {
    let network = request::network(request, app.trusted_proxies());
    let tagger = app.day_keys.tagger(now).await;
    EntryKind::Click(tagger.tag(&link.code, &network, request::user_agent(request)))
}

/// Sends the visitor on. Nothing remembers the redirect, and the destination learns nothing of
/// where its visitor comes from but what its own site wants to tell it.
pub(super) fn forward(request: &HttpRequest, link: &Link, site: &Site, status: StatusCode) -> HttpResponse {
    let utm = Utm { channel: &link.channel, campaign: link.campaign.as_ref().map(Text::as_str) };
    let query = site.forward_query.then(|| request.query_string());
    let location = link.url.forward(site.utm.then_some(&utm), query);
    HttpResponse::build(status)
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((HeaderName::from_static("x-robots-tag"), "noindex, nofollow"))
        .finish()
}

/// The answer to a prefetch: the browser asks again when the person really goes there.
fn ask_again() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "0"))
        .finish()
}
