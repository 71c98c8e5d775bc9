//! Sharing by a plain link: `GET /share/{channel}` mints and goes on to the channel's app. For pages
//! without JavaScript and for e-mails.
//!
//! Only a person who follows the link mints. Robots, previews, prefetches and `HEAD` are sent to the
//! page itself, and what a page loads without anybody's doing is refused. Two taps are one share.
//!
//! A reader can do nothing about an address that a publisher's template got a little wrong. So what
//! mail programs add is passed over, a title is cut to what fits, and a parent that has gone is left
//! out; a wrong key, channel, destination or campaign is refused.

use std::collections::BTreeMap;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;
use url::form_urlencoded;

use crate::domain::channel::{ChannelName, Message};
use crate::domain::code::Code;
use crate::domain::destination::Destination;
use crate::domain::device::Device;
use crate::domain::link::MAX_TITLE;
use crate::domain::request::RequestKind;
use crate::domain::site::{KeyHash, KeyKind, Site};
use crate::domain::visitor::Network;
use crate::service::links::{Draft, InvalidParam};
use crate::web::AppState;
use crate::web::extract::miss_limit::miss;
use crate::web::extract::rate_limit::Caller;
use crate::web::extract::request;
use crate::web::extract::request::header;
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::response::templates::SharePage;
use crate::web::visitor::visit::{Onward, code, live_target};

/// The parameters; all others are somebody else's.
const KNOWN: [&str; 6] = ["key", "url", "title", "text", "campaign", "parent"];
/// The longest words in front of an address, in characters.
const MAX_WORDS: usize = 500;

/// So many shares ask the store at once; the others wait their turn.
pub(crate) const AT_ONCE: usize = 64;

static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// `GET /share/{channel}?key=…&url=…`, with `title`, `text` (words in the place of the title in the
/// message), `campaign` and `parent` where there are any.
pub(crate) async fn share(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let head = request.head();
    let asked = Asked::of(&request);
    let _turn = turn(&app).await?;
    let (site, key) = publisher(asked.get("key"), &app).await?;
    let (channel, destination) = asked.check(&request, &site, &app)?;
    if !RequestKind::classify(&request::signals(head)).is_of_a_person() {
        return Ok(Onward::to(destination.as_str()).forward(StatusCode::FOUND));
    }
    refuse_unfollowed(head)?;
    let (network, user_agent) = (request::network(head, app.trusted_proxies()), request::user_agent(head));
    let tap = (&network, user_agent, &channel, &asked.0);
    let minting = mint(app.clone(), site, key, network.clone(), asked.draft(&channel));
    let code = app.taps.once(&tap, app.clock.now(), minting).await?;
    let message = Message {
        url: &app.links.short_url(&code),
        title: &asked.line("title", MAX_TITLE),
        words: &asked.line("text", MAX_WORDS),
    };
    Ok(match app.channels.share_url(&channel, Device::of(user_agent), &message) {
        Some(address) => Onward::to(&address).forward(StatusCode::FOUND),
        // To an address of its own, so that a page which is loaded again mints nothing.
        None => Onward::to(&format!("/share/{channel}/{code}")).forward(StatusCode::SEE_OTHER),
    })
}

/// `GET /share/{channel}/{code}`: the short address to copy, where there is no app's to go to.
pub(crate) async fn show(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    live_target(request.head(), &code, &app, app.clock.now()).await?;
    let of_channel = |name: &ChannelName| name.as_str() == request.match_info().query("channel");
    let link = app.links.read(&code).await?.filter(|link| of_channel(&link.channel));
    let link = link.ok_or_else(|| miss(request.head(), &app))?;
    html::page(&SharePage {
        page: html::of(request.head()),
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        destination: link.url.to_string(),
        host: link.url.host(),
    })
}

/// What a link to here asks for.
#[derive(Hash)]
struct Asked(BTreeMap<String, String>);

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let all = form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
        Self(all.filter(|(name, _)| KNOWN.contains(&name.as_str())).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A parameter as one line of at most so many characters.
    fn line(&self, name: &str, longest: usize) -> String {
        let words = self.get(name).split(|c: char| c.is_whitespace() || c.is_control());
        let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        line.chars().take(longest).collect::<String>().trim_end().to_owned()
    }

    /// The channel of the path and the destination.
    fn check(
        &self,
        request: &HttpRequest,
        site: &Site,
        app: &AppState,
    ) -> Result<(ChannelName, Destination), Problem> {
        let mut wrong = Vec::new();
        let channel = app.links.channel(request.match_info().query("channel"));
        let channel = channel.map_err(|error| wrong.push(InvalidParam::new("channel", error)));
        let url = app.links.destination(site, self.get("url")).map(|url| url.stripped(&site.stripping));
        let url = url.map_err(|error| wrong.push(InvalidParam::new("url", error)));
        match (channel, url) {
            (Ok(channel), Ok(url)) => Ok((channel, url)),
            _ => Err(Problem::invalid(wrong)),
        }
    }

    fn draft(&self, channel: &ChannelName) -> Draft {
        Draft {
            url: self.get("url").to_owned(),
            channel: channel.to_string(),
            campaign: self.0.get("campaign").cloned(),
            title: Some(self.line("title", MAX_TITLE)),
            parent: self.0.get("parent").cloned(),
            leaves_wrong_parent_out: true,
            is_share: true,
            ..Draft::default()
        }
    }
}

/// Waits for a turn, for as long as a request may take. A store has little time for each answer: of
/// a thousand questions at once, the last would fail only because of the others.
async fn turn(app: &AppState) -> Result<SemaphorePermit<'_>, Problem> {
    let turn = timeout(app.settings.request_timeout(), app.share_turns.acquire()).await;
    turn.ok().and_then(Result::ok).ok_or(Problem::Unavailable)
}

/// The site of a publishable key.
async fn publisher(key: &str, app: &AppState) -> Result<(Site, KeyHash), Problem> {
    if key.is_empty() {
        return Err(Problem::NoKey);
    }
    let hash = KeyHash::of(key);
    match app.sites.by_key(&hash).await? {
        Some((site, KeyKind::Publishable)) => Ok((site, hash)),
        Some((_, KeyKind::Secret)) => Err(Problem::SecretKeyInAddress),
        None => Err(Problem::UnknownKey),
    }
}

/// Refuses what no person follows: an image, a script or a frame would make a share of each view of
/// its page. A browser that says nothing of it is believed.
fn refuse_unfollowed(head: &RequestHead) -> Result<(), Problem> {
    let is = |name, value| header(head, name).is_none_or(|found| found == value);
    let followed = is(&SEC_FETCH_MODE, "navigate") && is(&SEC_FETCH_DEST, "document");
    if followed { Ok(()) } else { Err(Problem::NotFollowed) }
}

/// Makes the link of a tap that is the first one.
async fn mint(
    app: web::Data<AppState>,
    site: Site,
    key: KeyHash,
    network: Network,
    draft: Draft,
) -> Result<Code, Problem> {
    let client = Caller { kind: KeyKind::Publishable, key: &key, network: &network };
    app.limits.attempt(&client, 1)?;
    let admission = || Ok(app.limits.create(&client)?);
    let (link, _) = app.links.create_admitted(&site, draft, app.clock.now(), &admission).await?;
    Ok(link.code)
}
