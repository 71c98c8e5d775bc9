//! Facts about a request: who asks, from where, with which answer to the question of consent.
//! Headers enter here and go no further.

use std::net::{IpAddr, SocketAddr};

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, COOKIE, DNT, HOST, HeaderName, HeaderValue, ORIGIN, USER_AGENT, X_FORWARDED_FOR,
};
use ipnet::IpNet;
use url::Url;

use super::error::Problem;
use super::{AppState, agents};
use crate::domain::consent::{Choice, State};
use crate::domain::request::Signals;
use crate::domain::site::{KeyHash, KeyKind, Site};
use crate::domain::visitor::Network;

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
static PURPOSE: HeaderName = HeaderName::from_static("purpose");
static X_PURPOSE: HeaderName = HeaderName::from_static("x-purpose");
static X_MOZ: HeaderName = HeaderName::from_static("x-moz");
static SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A header's text; none where it is missing or not ASCII.
pub(super) fn header<'a>(head: &'a RequestHead, name: &HeaderName) -> Option<&'a str> {
    ascii(head.headers().get(name)?)
}

/// As [`HeaderValue::to_str`] does, but many bytes at a time.
fn ascii(value: &HeaderValue) -> Option<&str> {
    str::from_utf8(value.as_bytes()).ok().filter(|text| text.is_ascii())
}

/// The network that a request comes from. `X-Forwarded-For` is read from its end, past proxies
/// that the settings trust; what an untrusted peer says of itself is not read at all.
pub(super) fn network(head: &RequestHead, trusted: &[IpNet]) -> Network {
    let unspecified = IpAddr::from([0, 0, 0, 0]);
    let mut address = head.peer_addr.map_or(unspecified, |peer| peer.ip().to_canonical());
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&address) {
        return Network::of(address);
    }
    // In bytes: a line that is no text as a whole must not make the line before it the last one,
    // which the visitor may have written.
    let forwarded = head.headers().get_all(&X_FORWARDED_FOR).map(HeaderValue::as_bytes);
    let lines: Vec<&[u8]> = forwarded.collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    while is_trusted(&address) {
        let Some(before) = hops.next().and_then(hop) else { break };
        address = before.to_canonical();
    }
    Network::of(address)
}

/// One address of a forwarded-for list; some proxies add the port, or put IPv6 in brackets.
fn hop(bytes: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.trim_start_matches('[').trim_end_matches(']').parse().or_else(|_| with_port()).ok()
}

/// What decides the kind of a request for a link.
pub(super) fn signals<'a>(head: &'a RequestHead, app: &AppState) -> Signals<'a> {
    Signals {
        head: head.method == Method::HEAD,
        agent: agents::judge(user_agent(head)),
        purposes: [&SEC_PURPOSE, &PURPOSE, &X_PURPOSE, &X_MOZ].map(|name| header(head, name)),
        objects: objects(head),
        choice: choice(head, app),
    }
}

/// The user agent; of one that is not ASCII, nothing.
pub(super) fn user_agent(head: &RequestHead) -> &str {
    header(head, &USER_AGENT).unwrap_or_default()
}

/// Where the person stands with the question of consent.
pub(super) fn consent_state(head: &RequestHead, app: &AppState) -> State {
    State::of(objects(head), choice(head, app))
}

fn objects(head: &RequestHead) -> bool {
    [&SEC_GPC, &DNT].iter().any(|name| header(head, name).is_some_and(|value| value.trim() == "1"))
}

fn choice(head: &RequestHead, app: &AppState) -> Option<Choice> {
    let name = app.consent_cookie().as_bytes();
    let value = |pair: &[u8]| {
        let value = pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")?;
        Some(str::from_utf8(value).ok().and_then(Choice::from_cookie))
    };
    // The first one of the name decides. In bytes: other cookies need not be text.
    let lines = head.headers().get_all(&COOKIE).map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b';')).find_map(value)?
}

/// Whether the client wants a page rather than JSON.
pub(super) fn wants_page(head: &RequestHead) -> bool {
    !head.uri.path().starts_with("/api/")
        && header(head, &ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// The site that the request's key belongs to, and what the key may do.
pub(super) async fn key_holder(head: &RequestHead, app: &AppState) -> Result<KeyHolder, Problem> {
    let bearer = header(head, &AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let key = bearer.or_else(|| header(head, &X_API_KEY).map(str::trim));
    let hash = KeyHash::of(key.filter(|key| !key.is_empty()).ok_or_else(Problem::no_key)?);
    let (site, kind) = app.sites.by_key(&hash).await?.ok_or_else(Problem::unknown_key)?;
    Ok(KeyHolder { site, kind, hash })
}

/// Who sent a key.
pub(super) struct KeyHolder {
    /// The key's site.
    pub(super) site: Site,
    /// What the key may do.
    pub(super) kind: KeyKind,
    /// The key's hash.
    pub(super) hash: KeyHash,
}

impl KeyHolder {
    /// The site, if the key is its secret key.
    pub(super) fn with_secret(self) -> Result<Site, Problem> {
        match self.kind {
            KeyKind::Secret => Ok(self.site),
            KeyKind::Publishable => Err(Problem::secret_key_needed()),
        }
    }
}

/// The site of the request's secret key.
pub(super) async fn secret_site(head: &RequestHead, app: &AppState) -> Result<Site, Problem> {
    key_holder(head, app).await?.with_secret()
}

/// The origin of the page that made a browser send this; one that is no text is nobody's.
pub(super) fn origin(head: &RequestHead) -> Option<&str> {
    head.headers().get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default())
}

/// Whether the browser says that a page of another origin made it send this.
pub(super) fn says_foreign(head: &RequestHead) -> bool {
    header(head, &SEC_FETCH_SITE).is_some_and(|site| matches!(site, "cross-site" | "same-site"))
}

/// Refuses a form that a page of another origin made the browser send. A client that names no
/// origin is no browser and needs no page to send what it likes.
pub(super) fn refuse_foreign_form(head: &RequestHead, public_url: &Url) -> Result<(), Problem> {
    if header(head, &SEC_FETCH_SITE) == Some("same-origin") {
        return Ok(());
    }
    match origin(head) {
        None if says_foreign(head) => Err(Problem::foreign_origin()),
        None => Ok(()),
        Some(origin) if origin == public_url.origin().ascii_serialization() => Ok(()),
        // The service may also be open under another name than its public one; a foreign page
        // cannot make a browser send a Host that is not the one it connects to.
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            let own = authority.is_some() && authority == header(head, &HOST);
            if own { Ok(()) } else { Err(Problem::foreign_origin()) }
        }
    }
}
