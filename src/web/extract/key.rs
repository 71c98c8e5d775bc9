//! Authority for calls of the API: a handler takes what the caller must have shown, and cannot be called without it.

use actix_web::dev::Payload;
use actix_web::http::header::{EntityTag, Header, IF_MATCH, IfMatch};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::code::Code;
use crate::domain::device::Device;
use crate::domain::link::Link;
use crate::domain::reserved::Claim;
use crate::domain::site::{KeyKind, Site};
use crate::web::AppState;
use crate::web::extract::request::{KeyHolder, key_holder, origin};
use crate::web::extract::{body, state};
use crate::web::response::problem::Problem;

/// Marks a request whose page may read the response.
pub(crate) struct Readable;

/// The site whose secret key the caller has.
pub(crate) struct SecretKey(pub(crate) Site);

impl SecretKey {
    async fn read(request: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self(key_holder(request, state(request)).await?.with_secret()?))
    }
}

impl FromRequest for SecretKey {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::read(&request).await })
    }
}

/// A link of the site whose secret key the caller has.
pub(crate) struct OwnLink {
    pub(crate) site: Site,
    pub(crate) link: Link,
}

impl OwnLink {
    async fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let SecretKey(site) = SecretKey::read(request).await?;
        let code = Code::parse(request.match_info().query("code")).map_err(|_| Problem::NotFound)?;
        let link = state(request).links.of_site(&site.id, &code).await?.ok_or(Problem::NotFound)?;
        Ok(Self { site, link })
    }
}

impl FromRequest for OwnLink {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::read(&request).await })
    }
}

/// An [`OwnLink`] that is as the caller's `If-Match` expects it, where there is one (RFC 9110, 13.1.1).
pub(crate) struct ExpectedLink(pub(crate) OwnLink);

impl FromRequest for ExpectedLink {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let own = OwnLink::read(&request).await?;
            if is_expected(&request, &entity_tag(&own.link, state(&request))) {
                Ok(Self(own))
            } else {
                Err(Problem::PreconditionFailed)
            }
        })
    }
}

fn is_expected(request: &HttpRequest, current: &EntityTag) -> bool {
    if !request.headers().contains_key(IF_MATCH) {
        return true;
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => true,
        Ok(IfMatch::Items(expected)) => expected.iter().any(|tag| tag.strong_eq(current)),
        Err(_) => false,
    }
}

/// Returns the strong tag of a link as the API shows it: it changes with everything that the link has.
pub(crate) fn entity_tag(link: &Link, app: &AppState) -> EntityTag {
    let shown = (link, app.links.short_url(&link.code), app.links.share_url(link, Device::Phone));
    let text = serde_json::to_vec(&shown).expect("a link can be written as JSON");
    EntityTag::new_strong(base16ct::lower::encode_string(&Sha256::digest(text)[..16]))
}

/// A caller who may make links, with the JSON document that they sent.
///
/// Any key may make links; from a page in a browser only a publishable one, and only where the site allows that page's
/// origin. A page that may call may read the response.
///
/// A claim says by itself which site was given it, and for which page. So a code that was given out can be claimed also
/// when the publishable key was replaced meanwhile, or the page's origin taken off the list.
pub(crate) struct AnyKey {
    pub(crate) holder: KeyHolder,
    pub(crate) body: Value,
}

impl FromRequest for AnyKey {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let payload = payload.await.map_err(|_| Problem::BadRequest)?;
            Self::read(&request, payload).await
        })
    }
}

impl AnyKey {
    async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, Problem> {
        let app = state(request);
        let origin = origin(request.head());
        let let_page_read = || {
            request.extensions_mut().insert(Readable);
        };
        let is_allowed = |site: &Site| origin.is_none_or(|origin| site.allows_origin(origin));
        match key_holder(request, app).await {
            Ok(holder) if holder.kind == KeyKind::Secret || is_allowed(&holder.site) => {
                if origin.is_some() {
                    let_page_read();
                }
                Ok(Self { holder, body: body::json_object(request, payload).await? })
            }
            Err(problem) if problem != Problem::UnknownKey => Err(problem),
            refused => {
                let body = body::json_object(request, payload).await;
                let claim = body.as_ref().ok().and_then(|body| body.get("claim")?.as_str());
                let claim = claim.and_then(|claim| app.reservations.claimed(claim, app.clock.now()).ok());
                let is_of_page = |claim: &Claim| {
                    origin.is_none_or(|origin| app.reservations.has_judged_origin(claim, origin))
                };
                let site = match claim.filter(is_of_page) {
                    Some(claim) => app.sites.get(&claim.site).await?,
                    None => None,
                };
                let refusal = || refused.as_ref().err().cloned().unwrap_or(Problem::ForeignOrigin);
                let site = site.ok_or_else(refusal)?;
                if refused.as_ref().is_ok_and(|holder| holder.site.id != site.id) {
                    return Err(refusal());
                }
                let_page_read();
                Ok(Self { holder: KeyHolder::of_claim(request, app, site), body: body? })
            }
        }
    }
}
