//! `/`: on a service that only this machine can reach, the page to try everything on; elsewhere a
//! few words.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::device::Device;
use crate::domain::link::Link;
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::service::accounts::sites::TRIAL_SITE;
use crate::service::links::{Draft, InvalidParam, LinkError};
use crate::web::AppState;
use crate::web::extract::{body, request};
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;
use crate::web::response::templates::{Buttons, ChannelChoice, MadeLink, Trial, TryPage};

const EXAMPLE: &str = "https://example.com/an-article";
const FIRST_CHANNEL: &str = "whatsapp";

/// `GET /`.
pub(crate) async fn show(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let page = html::of(request.head());
    let site = trial_site(&request, &app).await?;
    let trial = site.map(|site| trial(&app, &site, &page, EXAMPLE, FIRST_CHANNEL));
    html::page(&TryPage { page, trial, buttons: buttons(&app) })
}

/// `POST /try`: makes a link of the trial's site.
pub(crate) async fn share(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let site = trial_site(&request, &app).await?.ok_or(Problem::NotFound)?;
    let form = body::form(&request, payload).await?;
    let text = |name: &str| form.get(name).map(|value| value.trim().to_owned()).unwrap_or_default();
    let (url, channel) = (text("url"), text("channel"));
    let page = html::of(request.head());
    let mut trial = trial(&app, &site, &page, &url, &channel);
    match app.links.create(&site, Draft { url, channel, ..Draft::default() }, app.clock.now()).await {
        Ok((link, _)) => {
            let device = Device::of(request::user_agent(request.head()));
            trial.made = Some(made(&link, device, &app, &page));
        }
        Err(LinkError::Invalid(wrong)) => {
            let id = |param: &InvalidParam| {
                if param.name == "url" { "try-wrong-url" } else { "try-wrong-channel" }
            };
            let say = |param: &InvalidParam| {
                page.say(id(param)).text("reason", page.language.reason(&param.reason)).to_string()
            };
            trial.error = Some(wrong.iter().map(say).collect::<Vec<_>>().join(" "));
        }
        Err(error) => return Err(error.into()),
    }
    let refused = trial.error.is_some();
    let mut answer = html::page(&TryPage { page, trial: Some(trial), buttons: buttons(&app) })?;
    if refused {
        *answer.status_mut() = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// The site to try things out with, where this visitor may: the service and the visitor are on one
/// machine, no proxy stands between them, and the first start made the site for it.
async fn trial_site(request: &HttpRequest, app: &AppState) -> Result<Option<Site>, Problem> {
    let direct = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !request.headers().contains_key("x-forwarded-for")
        && !request.headers().contains_key("forwarded");
    if !(app.settings.is_local() && direct) {
        return Ok(None);
    }
    Ok(app.sites.by_name(TRIAL_SITE).await?)
}

fn buttons(app: &AppState) -> Buttons {
    Buttons {
        script: own_address(&app.public_url, "/share.js"),
        fixed_script: own_address(&app.public_url, &format!("/static/{}", app.component.file())),
        integrity: app.component.integrity(),
        own_channels: app.component.own_channels().map(in_single_quotes),
    }
}

/// Makes a text the value of an HTML attribute in single quotes, which JSON seldom has.
fn in_single_quotes(text: &str) -> String {
    text.replace('&', "&amp;").replace('\'', "&#39;")
}

fn trial(app: &AppState, site: &Site, page: &Page, url: &str, chosen: &str) -> Trial {
    let choice = |name: &ChannelName| ChannelChoice {
        id: name.to_string(),
        label: page.channel(name.as_str(), &app.channel_label(name)),
        chosen: name.as_str() == chosen,
    };
    Trial {
        url: url.to_owned(),
        channels: app.channels.iter().map(|(name, _)| choice(name)).collect(),
        error: None,
        made: None,
        is_exact: site.min_count.on(Day::of(app.clock.now())).is_exact(),
    }
}

fn made(link: &Link, device: Device, app: &AppState, page: &Page) -> MadeLink {
    MadeLink {
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        share_url: app.links.share_url(link, device),
        channel: page.channel(link.channel.as_str(), &app.channel_label(&link.channel)),
    }
}
