//! What every visit to a link has in common: where it leads, the click's tag, the way on.

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::link::LinkState;
use crate::domain::target::Target;
use crate::domain::visitor::Network;
use crate::service::ingest::recorder::{Recording, WorkerRecorder};
use crate::service::links::cache::Cached;
use crate::store::StoreError;
use crate::web::AppState;
use crate::web::extract::miss_limit::miss;
use crate::web::extract::{miss_limit, request};
use crate::web::response::problem::Problem;
use crate::web::visitor::pending;

/// Where a code leads, if it leads somewhere at `now`, as the store says.
pub(crate) async fn live_target(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
    now: Timestamp,
) -> Result<Cached<Target>, Problem> {
    live(resolve_anew(head, code, app).await?, now)
}

/// The same for a person who may be counted: what memory has is believed.
pub(crate) async fn known_target(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
    now: Timestamp,
) -> Result<Cached<Target>, Problem> {
    live(resolve(head, code, app).await?, now)
}

/// The same as the store says now, of a link that memory had: to look for that again is nobody's miss.
pub(crate) async fn known_target_anew(
    code: &Code,
    app: &AppState,
    now: Timestamp,
) -> Result<Cached<Target>, Problem> {
    live(app.links.resolve_anew(code).await?.ok_or(Problem::NotFound)?, now)
}

fn live(target: Cached<Target>, now: Timestamp) -> Result<Cached<Target>, Problem> {
    match target.state(now) {
        LinkState::Live => Ok(target),
        LinkState::Expired => Err(Problem::Expired),
        LinkState::Disabled => Err(Problem::Disabled),
        LinkState::TakenDown => Err(Problem::TakenDown),
    }
}

/// The code in a route's pattern.
pub(crate) fn code(request: &HttpRequest, app: &AppState) -> Result<Code, Problem> {
    Code::parse(request.match_info().query("code")).map_err(|_| miss(request.head(), app))
}

/// Returns where a code leads. A link in memory is found whoever asks; a client that has no misses left gets no other.
pub(crate) async fn resolve(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
) -> Result<Cached<Target>, Problem> {
    if let Some(target) = app.links.resolve_in_memory(code).await? {
        return Ok(target);
    }
    Box::pin(look_up(head, app, code, async || app.links.resolve(code).await)).await
}

/// The same as the store says now, and whoever asks: nothing of it tells whether the link is in memory.
pub(crate) async fn resolve_anew(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
) -> Result<Cached<Target>, Problem> {
    Box::pin(look_up(head, app, code, async || app.links.resolve_anew(code).await)).await
}

/// Looks for the link of a code as [`miss_limit::look_up`] does. A code that was given out is looked for whoever asks, and
/// costs no miss: its visitor may be faster than the share.
pub(crate) async fn look_up<T>(
    head: &RequestHead,
    app: &AppState,
    code: &Code,
    read: impl AsyncFnOnce() -> Result<Option<T>, StoreError>,
) -> Result<T, Problem> {
    if app.reservations.may_have(code) {
        let not_yet = || if pending::is_over(head) { Problem::NotFound } else { Problem::NotHereYet };
        return read().await?.ok_or_else(not_yet);
    }
    miss_limit::look_up(head, app, read).await
}

/// The network that a request is counted for; `None` where it has been counted too often in this minute, so that nothing
/// of the request counts.
pub(crate) fn counted_network(head: &RequestHead, app: &AppState, now: Timestamp) -> Option<Network> {
    let network = request::network(head, app.trusted_proxies());
    if app.count_limit.takes(&network, now) {
        Some(network)
    } else {
        app.metrics.over_limit.inc();
        None
    }
}

/// Begins to record what a request adds to a link's counts.
pub(crate) fn record(
    recorder: &WorkerRecorder,
    target: &Target,
    now: Timestamp,
    entry: EntryKind,
) -> Recording {
    recorder.record(&target.site.id, &target.key, Day::of(now), entry)
}

/// A click with its tag and its network's bucket: here the address and the user agent end.
pub(crate) async fn click(
    head: &RequestHead,
    app: &AppState,
    target: &Target,
    network: &Network,
    now: Timestamp,
) -> EntryKind {
    let forwarded = request::is_forwarded_unasked(head, app.trusted_proxies());
    app.plausibility.note(Day::of(now), network, forwarded);
    let tagger = app.day_keys.tagger(now).await;
    let (tag, bucket) = tagger.click(&target.site.id, &target.key, network, request::user_agent(head));
    EntryKind::Click(tag, bucket)
}

/// A click of somebody who was not asked: nothing of where it comes from becomes a part of it.
pub(crate) fn bare_click(head: &RequestHead, app: &AppState, now: Timestamp) -> EntryKind {
    app.plausibility.note_headers(Day::of(now), request::is_forwarded_unasked(head, app.trusted_proxies()));
    EntryKind::Open
}

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// The way on from here, which is all that is kept of a request while its count is written.
pub(crate) struct Onward {
    location: HeaderValue,
}

/// Where a visitor goes on to, who `has_consented` or not.
pub(crate) fn onward(head: &RequestHead, target: &Target, has_consented: bool) -> Onward {
    Onward::to(&target.location(pending::own_query(head), has_consented))
}

impl Onward {
    /// On to an address that is plain ASCII.
    pub(crate) fn to(address: &str) -> Self {
        Self { location: HeaderValue::from_str(address).expect("the address is plain ASCII") }
    }

    /// Sends the visitor on. Nothing remembers the redirect, and the destination learns nothing of
    /// where its visitor comes from but what its own site wants to tell it.
    pub(crate) fn forward(self, status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::new(status);
        let headers = answer.headers_mut();
        headers.insert(LOCATION, self.location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex, nofollow"));
        answer
    }
}
