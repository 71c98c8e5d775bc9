//! Links by hand: a form that makes one link for each of several channels at once, and the page of such a kit.
//!
//! The form has a name of its own, so sending it twice makes nothing twice; the page of the kit has the links' codes in its
//! address, so loading it again makes nothing at all.

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError, web};
use url::form_urlencoded;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::link::{Link, LinkState, Text};
use crate::domain::site::{KeyKind, Site};
use crate::domain::visitor::Network;
use crate::service::links::bulk;
use crate::service::links::bulk::KitDraft;
use crate::web::AppState;
use crate::web::dashboard::bulk_templates::{KitField, KitFormPage, KitLink, KitPage};
use crate::web::extract::address::{PathSegment, QueryString};
use crate::web::extract::form::{FormFields, FromForm, OwnerForm};
use crate::web::extract::owner::Owner;
use crate::web::extract::rate_limit::Caller;
use crate::web::extract::sender::{SenderDevice, SenderNetwork};
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;
use crate::web::response::templates::ChannelChoice;

/// What is chosen where nobody has chosen yet.
const USUAL: [&str; 4] = ["copy", "email", "sms", "whatsapp"];
/// The longest name of a form; one that is longer was not written here.
const MAX_FORM: usize = 64;
/// The most links of one kit; more channels than a form can have.
const MAX_LINKS: usize = 100;

/// A filled-in form, as it came.
#[derive(Default)]
pub(crate) struct TypedKit {
    form: String,
    url: String,
    title: String,
    campaign: String,
    expires: String,
    channels: Vec<String>,
}

impl FromForm for TypedKit {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self::new(fields.pairs()))
    }
}

impl TypedKit {
    fn new<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            let value = value.trim().to_owned();
            match name {
                "form" if value.len() <= MAX_FORM => typed.form = value,
                "url" => typed.url = value,
                "title" => typed.title = value,
                "campaign" => typed.campaign = value,
                "expires" => typed.expires = value,
                "channel" => typed.channels.push(value),
                _ => {}
            }
        }
        typed
    }

    fn draft(&self) -> KitDraft {
        KitDraft {
            form: self.form.clone(),
            url: self.url.clone(),
            title: self.title.clone(),
            campaign: self.campaign.clone(),
            last_day: self.expires.clone(),
            channels: self.channels.clone(),
        }
    }

    /// The form with what was typed; beside each field what is wrong with it.
    fn page(&self, page: &Page, app: &AppState, problem: Option<&Problem>) -> KitFormPage {
        let wrong = problem.map_or(&[][..], Problem::invalid_params);
        let reason = |name: &str| {
            let of_it = wrong.iter().filter(|param| param.name == name);
            let reasons: Vec<_> = of_it.map(|param| page.language.reason(&param.reason)).collect();
            (!reasons.is_empty()).then(|| reasons.join("; "))
        };
        let field = |name: &str, message: &'static str, value: &str| KitField {
            value: value.to_owned(),
            error: reason(name).map(|reason| page.say(message).text("reason", reason).to_string()),
        };
        let choice = |name: &ChannelName| ChannelChoice {
            id: name.to_string(),
            label: page.channel(name.as_str(), &app.channel_label(name)),
            chosen: self.channels.iter().any(|chosen| chosen == name.as_str()),
        };
        let last_day = reason("expires_at").map(|_| {
            let day: Result<Day, _> = self.expires.parse();
            page.say(if day.is_ok() { "kit-wrong-past" } else { "link-wrong-day" }).to_string()
        });
        let channels = reason("channel").map(|reason| match self.channels.as_slice() {
            [] => page.say("kit-wrong-none").to_string(),
            _ => page.say("kit-wrong-channels").text("reason", reason).to_string(),
        });
        KitFormPage {
            form: if self.form.is_empty() { nanoid::nanoid!() } else { self.form.clone() },
            url: field("url", "link-wrong-url", &self.url),
            title: field("title", "kit-wrong-title", &self.title),
            campaign: field("campaign", "kit-wrong-campaign", &self.campaign),
            expires: KitField { value: self.expires.clone(), error: last_day },
            today: Day::of(app.clock.now()).to_string(),
            channels: app.channels.iter().map(|(name, _)| choice(name)).collect(),
            channels_error: channels,
            problem: problem.filter(|_| wrong.is_empty()).map(Problem::code),
            page: page.clone(),
        }
    }
}

/// `GET /stats/new`. An address may bring some of the answers along.
pub(crate) async fn form(
    owner: Owner,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let query: Vec<_> = query.pairs().collect();
    let query = query.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    // A form's name is its own: of an address, many may be filled in.
    let mut typed = TypedKit::new(query.filter(|(name, _)| *name != "form"));
    if typed.channels.is_empty() {
        typed.channels = USUAL.map(str::to_owned).into();
    }
    html::page(&typed.page(&owner.page, &app, None))
}

/// `POST /stats/new`: makes the links, and leads to their page.
pub(crate) async fn make(
    OwnerForm { owner, form: typed }: OwnerForm<TypedKit>,
    SenderNetwork(network): SenderNetwork,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let problem = match make_typed(&network, &app, &owner.site, &typed).await {
        Ok(links) => {
            let here = here(links.iter().map(|link| &link.code));
            return Ok(html::see_other(&owner.page.link(here)));
        }
        Err(problem) => problem,
    };
    let mut answer = html::page(&typed.page(&owner.page, &app, Some(&problem)))?;
    *answer.status_mut() = problem.status_code();
    if let Some(wait) = problem.error_response().headers().get(RETRY_AFTER) {
        answer.headers_mut().insert(RETRY_AFTER, wait.clone());
    }
    Ok(answer)
}

async fn make_typed(
    network: &Network,
    app: &AppState,
    site: &Site,
    typed: &TypedKit,
) -> Result<Vec<Link>, Problem> {
    // As many as programs with the site's key may make.
    if let Some(key) = site.keys.iter().find(|key| key.kind == KeyKind::Secret) {
        let client = Caller { kind: KeyKind::Secret, key: &key.hash, network };
        app.limits.attempt(&client, typed.channels.len())?;
    }
    Ok(bulk::make(&app.links, site, typed.draft(), app.clock.now()).await?)
}

/// The address of a kit: the codes of its links with a point between them, which no code has.
fn here<'a>(codes: impl Iterator<Item = &'a Code>) -> String {
    format!("/stats/kit/{}", codes.map(Code::as_str).collect::<Vec<_>>().join("."))
}

/// The links of the kit that an address names, as far as they are the site's; and how many are gone.
pub(crate) async fn links_of(
    codes: &PathSegment,
    app: &AppState,
    site: &Site,
) -> Result<(Vec<Link>, u64), Problem> {
    let mut names: Vec<_> = Vec::new();
    for name in codes.as_str().split('.') {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > MAX_LINKS {
            return Err(Problem::NotFound);
        }
    }
    let mut links = Vec::with_capacity(names.len());
    for name in &names {
        let code = Code::parse(name).map_err(|_| Problem::NotFound)?;
        links.extend(app.links.of_site(&site.id, &code).await?);
    }
    let gone = (names.len() - links.len()) as u64;
    if links.is_empty() { Err(Problem::NotFound) } else { Ok((links, gone)) }
}

/// `GET /stats/kit/{codes}`.
pub(crate) async fn show(
    signed_in: SignedIn,
    codes: PathSegment,
    SenderDevice(device): SenderDevice,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (links, gone) = links_of(&codes, &app, &signed_in.site).await?;
    let page = signed_in.page.with_script();
    let now = app.clock.now();
    let link = |link: &Link| KitLink {
        code: link.code.to_string(),
        short_url: app.links.short_url(&link.code),
        channel: page.channel(link.channel.as_str(), &app.channel_label(&link.channel)),
        share_url: app.links.share_url(link, device),
        forwards: link.state(now) == LinkState::Live,
    };
    let first = &links[0];
    let shown = KitPage {
        address: here(links.iter().map(|link| &link.code)),
        destination: first.url.to_string(),
        campaign: first.campaign.as_ref().map(|campaign| campaign.as_str().to_owned()),
        created: Day::of(first.created_at).to_string(),
        last_day: first.expires_at.map(|end| Day::last_before(end).to_string()),
        gone,
        another: another(&links),
        links: links.iter().map(link).collect(),
        page,
    };
    html::page(&shown)
}

/// The form, filled in for another kit of the same page and campaign.
fn another(links: &[Link]) -> String {
    let first = &links[0];
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
    let mut query = form_urlencoded::Serializer::new(String::from("/stats/new?"));
    query.append_pair("url", first.url.as_str());
    for (name, value) in [("title", text(&first.title)), ("campaign", text(&first.campaign))] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    for link in links {
        query.append_pair("channel", link.channel.as_str());
    }
    query.finish()
}
