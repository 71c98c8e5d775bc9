//! What every visit to a link has in common: where it leads, the click's tag, the way on.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use super::error::Problem;
use super::{AppState, request};
use crate::domain::code::Code;
use crate::domain::entry::EntryKind;
use crate::domain::link::LinkState;
use crate::domain::target::Target;
use crate::service::cache::Cached;

/// The code of a request and where it leads, if it leads somewhere at `now`.
pub(super) async fn live_target(
    request: &HttpRequest,
    app: &AppState,
    now: Timestamp,
) -> Result<(Code, Cached<Target>), Problem> {
    let code = code(request, app)?;
    let target = app.links.resolve(&code).await?.ok_or_else(|| miss(request, app))?;
    match target.state(now) {
        LinkState::Live => Ok((code, target)),
        LinkState::Expired => Err(Problem::expired()),
        LinkState::Disabled => Err(Problem::disabled()),
        LinkState::TakenDown => Err(Problem::taken_down()),
    }
}

/// The code that a request's path names: in its route's pattern, or alone.
pub(super) fn code(request: &HttpRequest, app: &AppState) -> Result<Code, Problem> {
    let named = request.match_info().get("code").or_else(|| request.path().strip_prefix('/'));
    Code::parse(named.unwrap_or_default()).map_err(|_| miss(request, app))
}

/// The answer to a code that does not exist, which is a miss of its sender.
pub(super) fn miss(request: &HttpRequest, app: &AppState) -> Problem {
    let network = request::network(request, app.trusted_proxies());
    app.limits.miss(&network).err().unwrap_or_else(Problem::not_found)
}

/// A click with its tag: here the address and the user agent end.
pub(super) async fn click(request: &HttpRequest, app: &AppState, code: &Code, now: Timestamp) -> EntryKind {
    let network = request::network(request, app.trusted_proxies());
    let tagger = app.day_keys.tagger(now).await;
    EntryKind::Click(tagger.tag(code, &network, request::user_agent(request)))
}

/// Sends the visitor on. Nothing remembers the redirect, and the destination learns nothing of
/// where its visitor comes from but what its own site wants to tell it.
pub(super) fn forward(request: &HttpRequest, target: &Target, status: StatusCode) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((LOCATION, target.location(request.query_string()).as_ref()))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .insert_header((
            HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex, nofollow"),
        ))
        .finish()
}
