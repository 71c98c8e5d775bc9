//! What every visit to a link has in common: the link and its state, the click's tag, the way on.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use super::error::Problem;
use super::{AppState, request};
use crate::domain::code::Code;
use crate::domain::destination::Utm;
use crate::domain::entry::EntryKind;
use crate::domain::link::{Link, LinkState, Text};
use crate::domain::site::Site;

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
