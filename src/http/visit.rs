//! What every visit to a link has in common: where it leads, the click's tag, the way on.

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use super::error::Problem;
use super::{AppState, request, waiting};
use crate::domain::code::Code;
use crate::domain::entry::EntryKind;
use crate::domain::link::LinkState;
use crate::domain::target::Target;
use crate::service::cache::Cached;

/// Where a code leads, if it leads somewhere at `now`.
pub(super) async fn live_target(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
    now: Timestamp,
) -> Result<Cached<Target>, Problem> {
    let target = app.links.resolve(code).await?.ok_or_else(|| unknown(head, code, app))?;
    match target.state(now) {
        LinkState::Live => Ok(target),
        LinkState::Expired => Err(Problem::expired()),
        LinkState::Disabled => Err(Problem::disabled()),
        LinkState::TakenDown => Err(Problem::taken_down()),
    }
}

/// The code in a route's pattern.
pub(super) fn code(request: &HttpRequest, app: &AppState) -> Result<Code, Problem> {
    Code::parse(request.match_info().query("code")).map_err(|_| miss(request.head(), app))
}

/// The answer to a code of which there is no link: a miss of its sender, unless it was given out and
/// the visitor may be faster than the share.
pub(super) fn unknown(head: &RequestHead, code: &Code, app: &AppState) -> Problem {
    if !app.reservations.may_have(code) {
        miss(head, app)
    } else if waiting::is_over(head) {
        Problem::not_found()
    } else {
        Problem::not_here_yet()
    }
}

/// The answer to what cannot be a link, which is a miss of its sender.
pub(super) fn miss(head: &RequestHead, app: &AppState) -> Problem {
    let network = request::network(head, app.trusted_proxies());
    app.limits.miss(&network).err().unwrap_or_else(Problem::not_found)
}

/// A click with its tag: here the address and the user agent end.
pub(super) async fn click(head: &RequestHead, app: &AppState, code: &Code, now: Timestamp) -> EntryKind {
    let network = request::network(head, app.trusted_proxies());
    let tagger = app.day_keys.tagger(now).await;
    EntryKind::Click(tagger.tag(code, &network, request::user_agent(head)))
}

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// The way on from here, which is all that is kept of a request while its count is written.
pub(super) struct Onward {
    location: HeaderValue,
}

/// Where the visitor goes on to.
pub(super) fn onward(head: &RequestHead, target: &Target) -> Onward {
    Onward::to(&target.location(waiting::own_query(head)))
}

impl Onward {
    /// On to an address that is plain ASCII.
    pub(super) fn to(address: &str) -> Self {
        Self { location: HeaderValue::from_str(address).expect("the address is plain ASCII") }
    }

    /// Sends the visitor on. Nothing remembers the redirect, and the destination learns nothing of
    /// where its visitor comes from but what its own site wants to tell it.
    pub(super) fn forward(self, status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::new(status);
        let headers = answer.headers_mut();
        headers.insert(LOCATION, self.location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex, nofollow"));
        answer
    }
}
