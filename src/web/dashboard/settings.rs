//! `/stats/settings`: an owner changes what the site's links may do, and replaces its keys.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::domain::consent::{Policy, PolicyError};
use crate::domain::day::Day;
use crate::domain::destination::HostRule;
use crate::domain::min_count::{MinCount, MinCountError};
use crate::domain::rule::CodedError;
use crate::domain::session::Holder;
use crate::domain::site::{KeyKind, OriginRule, Site};
use crate::domain::stripping::{ParameterName, Stripping};
use crate::domain::utm::Utm;
use crate::service::health::Fault;
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::dashboard::access_templates::{SiteForm, SitePage};
use crate::web::dashboard::sign_in::{renew_within, set_cookie};
use crate::web::extract::address::QueryString;
use crate::web::extract::form::{FormFields, FromForm, OwnerForm};
use crate::web::extract::owner::Owner;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/settings";

/// The whole form of the page.
pub(crate) struct SettingsForm {
    typed: SiteForm,
    consent: Option<Policy>,
    min_count: MinCount,
    /// Identifies the settings that the page showed.
    seen: String,
}

impl FromForm for SettingsForm {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let typed = typed(fields);
        let (consent, min_count) = (policy(&typed.consent)?, min_count(&typed.min_count)?);
        Ok(Self { typed, consent, min_count, seen: fields.text("seen").to_owned() })
    }
}

/// A key to be replaced.
pub(crate) struct ChosenKey {
    kind: KeyKind,
    /// The message with what the new key is.
    message: &'static str,
}

impl FromForm for ChosenKey {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let (kind, message) = match fields.text("kind") {
            "publishable" => (KeyKind::Publishable, "site-key-new-publishable"),
            "secret" => (KeyKind::Secret, "site-key-new-secret"),
            _ => return Err(Problem::BadRequest),
        };
        Ok(Self { kind, message })
    }
}

/// `GET /stats/settings`.
pub(crate) async fn show(
    owner: Owner,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let saved = query.as_str().starts_with("saved");
    page(&app, owner.page.clone(), &owner.site, Shown { saved, ..Shown::default() })
}

/// `POST /stats/settings`: the whole form.
pub(crate) async fn change(
    OwnerForm { owner, form }: OwnerForm<SettingsForm>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (site, page, today) = (&owner.site, &owner.page, Day::of(app.clock.now()));
    let SettingsForm { typed, consent, min_count, seen } = form;
    let refuse = |status: StatusCode, wrong: Vec<(&'static str, String)>| {
        let refused = Some(SiteForm { wrong, ..typed.clone() });
        let mut answer = self::page(&app, page.clone(), site, Shown { refused, ..Shown::default() })?;
        *answer.status_mut() = status;
        Ok(answer)
    };
    if seen != site.revision.to_string() {
        return refuse(StatusCode::CONFLICT, vec![("", page.say("site-changed").to_string())]);
    }
    match settings(&typed, consent, min_count, &app, page) {
        Ok(settings) => {
            app.links.change_site(&site.name, move |site| settings.put_into(site, today)).await?;
            Ok(html::see_other(&page.link(format!("{PATH}?saved"))))
        }
        Err(wrong) => refuse(StatusCode::UNPROCESSABLE_ENTITY, wrong),
    }
}

/// `POST /stats/settings/key`: `kind` is that of the key to be replaced. The new one is shown once.
pub(crate) async fn replace_key(
    OwnerForm { owner, form: ChosenKey { kind, message } }: OwnerForm<ChosenKey>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = &owner.site;
    let key = app.sites.rotate_key(&site.name, kind).await?.ok_or(Problem::NotFound)?;
    let shown = Shown { key: Some((message, key.reveal().to_owned())), ..Shown::default() };
    if kind == KeyKind::Secret && matches!(owner.session.holder, Holder::Key(_)) {
        // Their session has ended with the old key. Where no other can begin now, they sign in with the new one.
        if let Ok((page, cookie)) = renew_within(&app, &owner, Holder::Key(key.hash())).await {
            let mut answer = self::page(&app, page, site, shown)?;
            set_cookie(&mut answer, &cookie);
            return Ok(answer);
        }
    }
    page(&app, owner.page.clone(), site, shown)
}

/// What the page shows besides the settings.
#[derive(Default)]
struct Shown {
    saved: bool,
    /// The message with what the new key is, and the key.
    key: Option<(&'static str, String)>,
    /// A form that was not taken, in the place of the settings.
    refused: Option<SiteForm>,
}

fn page(app: &AppState, page: Page, site: &Site, shown: Shown) -> Result<HttpResponse, Problem> {
    let Shown { saved, key, refused } = shown;
    let today = Day::of(app.clock.now());
    let [now, tomorrow] = [today, today.plus(1)].map(|day| site.min_count.on(day));
    html::page(&SitePage {
        page: page.at(PATH),
        site: site.name.clone(),
        unknown_proxy: app.health.has(Fault::UntrustedForwarder),
        one_network: app.health.has(Fault::OneNetwork),
        saved,
        key,
        form: refused.unwrap_or_else(|| written(site)),
        seen: site.revision.to_string(),
        usual: app.settings.consent.unknown,
        min_count: (now, Some(tomorrow).filter(|tomorrow| *tomorrow != now)),
    })
}

/// The settings of a site as the form has them.
fn written(site: &Site) -> SiteForm {
    fn lines(rules: &[impl ToString]) -> String {
        rules.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
    SiteForm {
        destinations: lines(&site.destinations),
        origins: lines(&site.origins),
        consent: site.consent.map_or("", Policy::as_str).to_owned(),
        min_count: site.min_count.chosen().to_string(),
        utm: site.utm.lines().join("\n"),
        strip: lines(&site.stripping.also),
        keep: lines(&site.stripping.except),
        forward_query: site.forward_query,
        lineage: site.lineage,
        wrong: Vec::new(),
    }
}

/// A form as it came.
fn typed(fields: &FormFields) -> SiteForm {
    let text = |name: &str| fields.text(name).to_owned();
    SiteForm {
        destinations: text("destinations"),
        origins: text("origins"),
        consent: text("consent"),
        min_count: text("min_count"),
        utm: text("utm"),
        strip: text("strip"),
        keep: text("keep"),
        forward_query: fields.text("forward_query") == "on",
        lineage: fields.text("lineage") == "on",
        wrong: Vec::new(),
    }
}

/// What an owner may change.
struct Settings {
    destinations: Vec<HostRule>,
    origins: Vec<OriginRule>,
    consent: Option<Policy>,
    min_count: MinCount,
    utm: Utm,
    stripping: Stripping,
    forward_query: bool,
    lineage: bool,
}

impl Settings {
    fn put_into(&self, site: &mut Site, today: Day) {
        site.destinations.clone_from(&self.destinations);
        site.origins.clone_from(&self.origins);
        site.consent = self.consent;
        site.min_count.choose(self.min_count, today);
        site.utm = self.utm.clone();
        site.stripping = self.stripping.clone();
        site.forward_query = self.forward_query;
        site.lineage = self.lineage;
    }
}

/// What a form asks for, or the fields that are wrong, each with why.
fn settings(
    form: &SiteForm,
    consent: Option<Policy>,
    min_count: MinCount,
    app: &AppState,
    page: &Page,
) -> Result<Settings, Vec<(&'static str, String)>> {
    let mut wrong = Vec::new();
    let mut refuse = |field: &'static str, why: String| wrong.push((field, why));
    let no_rule = |message: &str, text: &str| page.say(message).text("text", text).to_string();

    let destinations =
        each_line(&form.destinations, |line| HostRule::parse(line).ok()).unwrap_or_else(|line| {
            refuse("destinations", no_rule("site-wrong-destination", line));
            Vec::new()
        });
    if form.destinations.is_empty() {
        refuse("destinations", page.say("site-wrong-none").to_string());
    }
    let origins = each_line(&form.origins, |line| OriginRule::parse(line).ok()).unwrap_or_else(|line| {
        refuse("origins", no_rule("site-wrong-origin", line));
        Vec::new()
    });
    let utm = Utm::from_lines(&form.utm, &app.channels).unwrap_or_else(|error| {
        refuse(
            "utm",
            page.say("site-wrong-utm").text("reason", page.language.reason(error.reason())).to_string(),
        );
        Utm::default()
    });
    let mut names = |field: &'static str, text: &str| {
        let names = each_line(text, |line| line.parse::<ParameterName>().ok());
        names.map_err(|line| refuse(field, no_rule("site-wrong-parameter", line))).unwrap_or_default()
    };
    let stripping = Stripping { also: names("strip", &form.strip), except: names("keep", &form.keep) };
    let SiteForm { forward_query, lineage, .. } = *form;
    let settings =
        Settings { destinations, origins, consent, min_count, utm, stripping, forward_query, lineage };
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}

/// The policy of a choice, which is one of those on the page; nothing is the service's own.
fn policy(chosen: &str) -> Result<Option<Policy>, Problem> {
    if chosen.is_empty() {
        return Ok(None);
    }
    let policy: Result<Policy, PolicyError> = chosen.parse();
    policy.map(Some).map_err(|error| Problem::invalid(vec![InvalidParam::new("consent", error)]))
}

/// The k of a choice, which is one of those on the page.
fn min_count(chosen: &str) -> Result<MinCount, Problem> {
    let k: Result<MinCount, MinCountError> = chosen.parse();
    k.map_err(|error| Problem::invalid(vec![InvalidParam::new("min_count", error)]))
}

/// What stands in the lines of a text, or the first line that is none.
fn each_line<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, &str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| parse(line).ok_or(line)).collect()
}
