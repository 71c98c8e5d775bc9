//! The receipt of a link: where it leads and what a click on it would store. Nothing is counted.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::day::Day;
use crate::domain::link::{LinkState, Text};
use crate::web::AppState;
use crate::web::extract::request;
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::response::templates;
use crate::web::response::templates::ReceiptPage;
use crate::web::visitor::consent::privacy_path;
use crate::web::visitor::visit::{code, look_up};

/// `GET /{code}+`.
pub(crate) async fn show(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    let link = look_up(request.head(), &app, &code, async || app.links.read(&code).await).await?;
    let site = app.sites.get(&link.site).await?.ok_or(Problem::NotFound)?;
    let state = match link.state(app.clock.now()) {
        LinkState::Live => templates::LinkState::Active,
        LinkState::Expired => templates::LinkState::Expired,
        LinkState::Disabled => templates::LinkState::Disabled,
        LinkState::TakenDown => return Err(Problem::TakenDown),
    };
    let page = html::of(request.head());
    html::page(&ReceiptPage {
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        destination: link.url.to_string(),
        host: link.url.host(),
        channel: page.channel(link.channel.as_str(), &app.channel_label(&link.channel)),
        campaign: link.campaign.as_ref().map(|campaign| Text::as_str(campaign).to_owned()),
        created: Day::of(link.created_at).to_string(),
        expires: link.expires_at.map(|end| Day::of(end).to_string()),
        state,
        policy: app.policy(&site),
        answer: request::consent_state(request.head(), &app, &site.id),
        publisher: site.name.clone(),
        privacy: page.link(privacy_path(&site)),
        lineage: site.lineage,
        page,
    })
}
