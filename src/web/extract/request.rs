//! Facts about a request: who asks, from where, with which answer to the question of consent.
//! Headers enter here and go no further.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, COOKIE, DNT, FORWARDED, HOST, HeaderName, HeaderValue, ORIGIN, USER_AGENT,
    X_FORWARDED_FOR,
};
use ipnet::IpNet;
use url::Url;

use crate::domain::consent::{Choice, State};
use crate::domain::destination::is_loopback;
use crate::domain::request::Signals;
use crate::domain::site::{KeyHash, KeyKind, Site, SiteId};
use crate::domain::visitor::Network;
use crate::service::links::Idempotency;
use crate::web::AppState;
use crate::web::extract::rate_limit::Caller;
use crate::web::extract::user_agent_cache;
use crate::web::response::problem::Problem;

static SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
static PURPOSE: HeaderName = HeaderName::from_static("purpose");
static X_PURPOSE: HeaderName = HeaderName::from_static("x-purpose");
static X_MOZ: HeaderName = HeaderName::from_static("x-moz");
static SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A header's text; none where it is missing or not ASCII.
pub(crate) fn header<'a>(head: &'a RequestHead, name: &HeaderName) -> Option<&'a str> {
    ascii(head.headers().get(name)?)
}

/// As [`HeaderValue::to_str`] does, but many bytes at a time.
fn ascii(value: &HeaderValue) -> Option<&str> {
    str::from_utf8(value.as_bytes()).ok().filter(|text| text.is_ascii())
}

/// The network that a request comes from. `X-Forwarded-For` is read from its end, past proxies
/// that the settings trust; what an untrusted peer says of itself is not read at all.
pub(crate) fn network(head: &RequestHead, trusted: &[IpNet]) -> Network {
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

/// Whether a request carries forwarded-for headers that are not believed, because the settings do not name the peer.
pub(crate) fn is_forwarded_unasked(head: &RequestHead, trusted: &[IpNet]) -> bool {
    let headers = head.headers();
    let says = [&X_FORWARDED_FOR, &FORWARDED, &X_REAL_IP].into_iter().any(|name| headers.contains_key(name));
    says && !head.peer_addr.is_some_and(|peer| {
        let peer = peer.ip().to_canonical();
        trusted.iter().any(|network| network.contains(&peer))
    })
}

/// One address of a forwarded-for list; some proxies add the port, or put IPv6 in brackets.
fn hop(bytes: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.trim_start_matches('[').trim_end_matches(']').parse().or_else(|_| with_port()).ok()
}

/// What decides the kind of a request for a link.
pub(crate) fn signals(head: &RequestHead) -> Signals<'_> {
    let bytes = |name| head.headers().get(name).map(HeaderValue::as_bytes);
    Signals {
        head: head.method == Method::HEAD,
        agent: user_agent_cache::judge(user_agent(head)),
        purposes: [&SEC_PURPOSE, &PURPOSE, &X_PURPOSE, &X_MOZ].map(|name| header(head, name)),
        fetch_mode: bytes(&SEC_FETCH_MODE),
        fetch_dest: bytes(&SEC_FETCH_DEST),
        objects: objects(head),
    }
}

/// The user agent, whatever bytes it has.
pub(crate) fn user_agent(head: &RequestHead) -> &[u8] {
    head.headers().get(&USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default()
}

/// Where the person stands with a site's question of consent.
pub(crate) fn consent_state(head: &RequestHead, app: &AppState, site: &SiteId) -> State {
    State::of(objects(head), choice(head, app, site))
}

fn objects(head: &RequestHead) -> bool {
    let values = [&SEC_GPC, &DNT].into_iter().flat_map(|name| head.headers().get_all(name));
    values.map(HeaderValue::as_bytes).any(|value| value.trim_ascii() == b"1")
}

/// What the person has answered a site.
pub(crate) fn choice(head: &RequestHead, app: &AppState, site: &SiteId) -> Option<Choice> {
    let of_site =
        |pair| consent_cookie(pair, app)?.strip_prefix(site.as_str().as_bytes())?.strip_prefix(b"=");
    Choice::from_cookies(cookies(head).filter_map(of_site))
}

/// Of a consent cookie, its site and its value with what stands between them.
fn consent_cookie<'a>(pair: &'a [u8], app: &AppState) -> Option<&'a [u8]> {
    pair.strip_prefix(app.consent_cookie_prefix().as_bytes())
}

/// The sites whose questions the browser has answered, `most` of them.
pub(crate) fn answered_sites(head: &RequestHead, app: &AppState, most: usize) -> Vec<SiteId> {
    let site = |pair| {
        let (id, _) = str::from_utf8(consent_cookie(pair, app)?).ok()?.split_once('=')?;
        SiteId::parse(id)
    };
    let mut sites = Vec::new();
    for site in cookies(head).filter_map(site) {
        if sites.len() < most && !sites.contains(&site) {
            sites.push(site);
        }
    }
    sites
}

/// Every cookie as `name=value`. In bytes: those of others need not be text.
fn cookies(head: &RequestHead) -> impl Iterator<Item = &[u8]> {
    let lines = head.headers().get_all(&COOKIE).map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii)
}

/// Whether the client wants a page rather than JSON.
pub(crate) fn wants_page(head: &RequestHead) -> bool {
    !head.uri.path().starts_with("/api/")
        && header(head, &ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// The site that the request's key belongs to, and what the key may do. A secret key that a browser sends stands in a page,
/// where anybody can read it: it is refused, so that nobody publishes such a page.
pub(crate) async fn key_holder(request: &HttpRequest, app: &AppState) -> Result<KeyHolder, Problem> {
    let hash = key(request.head()).ok_or(Problem::NoKey)?;
    let (site, kind) = app.sites.by_key(&hash).await?.ok_or(Problem::UnknownKey)?;
    if kind == KeyKind::Secret && request.headers().contains_key(ORIGIN) {
        return Err(Problem::SecretKeyInPage);
    }
    Ok(KeyHolder { site, kind, hash, network: network(request.head(), app.trusted_proxies()) })
}

/// The hash of the request's key.
fn key(head: &RequestHead) -> Option<KeyHash> {
    let bearer = header(head, &AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let key = bearer.or_else(|| header(head, &X_API_KEY).map(str::trim));
    key.filter(|key| !key.is_empty()).map(KeyHash::of)
}

/// Who sent a key.
pub(crate) struct KeyHolder {
    /// The key's site.
    pub(crate) site: Site,
    /// What the key may do.
    pub(crate) kind: KeyKind,
    hash: KeyHash,
    network: Network,
}

impl KeyHolder {
    /// Who sent a claim that this site was given, with a key that has ended or from a page that may not call any more.
    pub(crate) fn of_claim(request: &HttpRequest, app: &AppState, site: Site) -> Self {
        let hash = key(request.head()).unwrap_or_else(|| KeyHash::of(""));
        let network = network(request.head(), app.trusted_proxies());
        Self { site, kind: KeyKind::Publishable, hash, network }
    }

    /// Returns the caller as the limits know them.
    pub(crate) fn caller(&self) -> Caller<'_> {
        Caller { kind: self.kind, key: &self.hash, network: &self.network }
    }

    /// What makes a request of this key that is sent again the same request.
    pub(crate) fn idempotency(&self, key: String, fingerprint: [u8; 16], place: usize) -> Idempotency {
        Idempotency { key, sender: self.hash.clone(), place, fingerprint }
    }

    /// The site, if the key is its secret key.
    pub(crate) fn with_secret(self) -> Result<Site, Problem> {
        match self.kind {
            KeyKind::Secret => Ok(self.site),
            KeyKind::Publishable => Err(Problem::SecretKeyNeeded),
        }
    }
}

/// The origin of the page that made a browser send this; one that is no text is nobody's.
pub(crate) fn origin(head: &RequestHead) -> Option<&str> {
    head.headers().get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default())
}

/// Whether the browser says that a page of another origin made it send this.
pub(crate) fn says_foreign(head: &RequestHead) -> bool {
    header(head, &SEC_FETCH_SITE).is_some_and(|site| matches!(site, "cross-site" | "same-site"))
}

/// Refuses a form that a page of another origin made the browser send. A client that names no
/// origin is no browser and needs no page to send what it likes.
pub(crate) fn refuse_foreign_form(head: &RequestHead, public_url: &Url) -> Result<(), Problem> {
    // Whatever else the request says: a browser that tells this has not been made to by a page.
    if says_foreign(head) {
        return Err(Problem::ForeignOrigin);
    }
    match origin(head) {
        None => Ok(()),
        Some(origin) if origin == public_url.origin().ascii_serialization() => Ok(()),
        // The service may also be open under another name than its public one; a foreign page
        // cannot make a browser send a Host that is not the one it connects to. It can be one that somebody on the way
        // has put into an unprotected connection to the same name: so the scheme has to be that of the public address.
        Some(origin) => {
            let own = origin.split_once("://").is_some_and(|(scheme, authority)| {
                scheme == public_url.scheme() && Some(authority) == header(head, &HOST)
            });
            if own { Ok(()) } else { Err(Problem::ForeignOrigin) }
        }
    }
}

/// Whether a request is for this machine by every name that it gives for its host. One that gives none comes from no
/// browser.
pub(crate) fn is_for_local_host(head: &RequestHead) -> bool {
    let is_local = |authority: &str| {
        let url = Url::parse(&format!("http://{authority}/")).ok();
        url.is_some_and(|url| {
            url.host().is_some_and(|host| is_loopback(&host))
                && url.username().is_empty()
                && url.path() == "/"
        })
    };
    let mut named = head.headers().get_all(&HOST).map(|host| host.to_str().unwrap_or_default());
    named.all(is_local) && head.uri.authority().is_none_or(|authority| is_local(authority.as_str()))
}
