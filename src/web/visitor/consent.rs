//! The question of consent, its answers, and the cookie that remembers them.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::domain::consent::Choice;
use crate::domain::day::Day;
use crate::domain::request::RequestKind;
use crate::domain::rule::FieldError;
use crate::domain::site::{Site, SiteId};
use crate::domain::target::Target;
use crate::service::ingest::recorder::WorkerRecorder;
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::extract::miss_limit::miss;
use crate::web::extract::{body, request};
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::response::templates::{ConsentPage, PrivacyPage, Publisher};
use crate::web::visitor::pending;
use crate::web::visitor::visit::{click, code, counted_network, live_target, onward, record};

/// An answer is remembered six months (of 30.4 days) and not renewed.
const REMEMBERED: Duration = Duration::days(182);

/// How many answers one request can forget at most: each of them adds a header to the response.
const MOST_FORGOTTEN: usize = 50;

/// The question, in the place of a redirect.
///
/// A browser may keep it for *Back*: from the destination, which three answers lead to, the person comes to the question
/// again, and does not open the link once more. Whoever opens the link itself is asked or forwarded anew.
pub(crate) fn ask(head: &RequestHead, target: &Target) -> Result<HttpResponse, Problem> {
    let page = html::of(head);
    let question = html::page(&ConsentPage {
        code: target.key.code.to_string(),
        publisher: target.site.name.clone(),
        host: target.host(),
        query: target.passed_on(pending::own_query(head)).map(str::to_owned),
        privacy: page.link(privacy_path(&target.site)),
        lineage: target.site.lineage,
        page,
    })?;
    let mut answer = html::leading_anywhere(question);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(answer)
}

/// `GET /{code}/consent`: where a browser asks again after a lost connection, or a person loads the page again.
pub(crate) async fn back_to_link(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    let query = request.head().uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(html::see_other(&format!("/{code}{query}")))
}

/// Where a person stands with a site, and can change that.
pub(crate) fn privacy_path(site: &Site) -> String {
    format!("/privacy?site={}", site.id)
}

/// `POST /{code}/consent`: `choice` is `allow`, `refuse` or `later`. All three forward.
pub(crate) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let head = request.head();
    let code = code(&request, &app)?;
    let target = live_target(head, &code, &app, now).await?;
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let form = body::form(&request, payload).await?;
    let choice = match form.get("choice").map(String::as_str) {
        Some("allow") => Some(Choice::Granted),
        Some("refuse") => Some(Choice::Denied),
        Some("later") => None,
        _ => return Err(invalid("choice", FieldError::NotOneOf("allow, refuse, later"))),
    };
    // A browser's objection outweighs the answer, as it does on every later visit, and a robot that
    // fills forms in is nobody.
    let is_person = RequestKind::classify(&request::signals(head)) == RequestKind::Person;
    let has_consented = choice == Some(Choice::Granted) && is_person;
    if has_consented && let Some(network) = counted_network(head, &app, now) {
        let entry = click(head, &app, &target, &network, now).await;
        record(&recorder, &target, now, entry).await;
    }
    let mut answer = onward(head, &target, has_consented).forward(StatusCode::SEE_OTHER);
    if let Some(choice) = choice {
        set_cookie(&mut answer, &cookie(&app, &target.site.id, Some(choice)));
    }
    Ok(answer)
}

/// `GET /privacy`: what is stored; with `site`, where this browser stands with that publisher.
pub(crate) async fn privacy(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let head = request.head();
    let site = match site_in(&request) {
        Some(asked) => Some(site_called(head, &app, &asked).await?),
        None => None,
    };
    let page = html::of(head);
    html::page(&PrivacyPage {
        publisher: site.as_ref().map(|site| Publisher {
            name: site.name.clone(),
            form: page.link(format!("/privacy/consent?site={}", site.id)),
            answer: request::consent_state(head, &app, &site.id),
            lineage: site.lineage,
        }),
        has_answers: !request::answered_sites(head, &app, 1).is_empty(),
        page,
        min_count: site.as_ref().map(|site| site.min_count.on(Day::of(app.clock.now())).get()),
        key_place: app.store.key_place(),
        retention_months: app.settings.retention.months.into(),
    })
}

/// `POST /privacy/consent`: `choice` is `allow`, `refuse` or `forget`.
pub(crate) async fn change(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let form = body::form(&request, payload).await?;
    let choice = match form.get("choice").map(String::as_str) {
        Some("allow") => Some(Choice::Granted),
        Some("refuse") => Some(Choice::Denied),
        Some("forget") => None,
        _ => return Err(invalid("choice", FieldError::NotOneOf("allow, refuse, forget"))),
    };
    let (head, page) = (request.head(), html::of(request.head()));
    let Some(asked) = form.get("site").cloned().or_else(|| site_in(&request)) else {
        if choice.is_some() {
            return Err(invalid("site", FieldError::Missing));
        }
        let mut answer = html::see_other(&page.link("/privacy"));
        for site in request::answered_sites(head, &app, MOST_FORGOTTEN) {
            set_cookie(&mut answer, &cookie(&app, &site, None));
        }
        return Ok(answer);
    };
    let site = site_called(head, &app, &asked).await?;
    let mut answer = html::see_other(&page.link(privacy_path(&site)));
    set_cookie(&mut answer, &cookie(&app, &site.id, choice));
    Ok(answer)
}

/// What an address calls a site.
fn site_in(request: &HttpRequest) -> Option<String> {
    let mut parameters = form_urlencoded::parse(request.query_string().as_bytes());
    parameters.find_map(|(name, value)| (name == "site").then(|| value.into_owned()))
}

/// The site of this identifier or name.
async fn site_called(head: &RequestHead, app: &AppState, asked: &str) -> Result<Site, Problem> {
    if let Some(id) = SiteId::parse(asked)
        && let Some(site) = app.sites.get(&id).await?
    {
        return Ok(site);
    }
    app.sites.by_name(asked).await?.ok_or_else(|| miss(head, app))
}

fn invalid(name: &str, rule: FieldError) -> Problem {
    Problem::invalid(vec![InvalidParam::new(name, rule)])
}

/// The consent cookie of a site; without a choice, the one that takes it away.
fn cookie(app: &AppState, site: &SiteId, choice: Option<Choice>) -> Cookie<'static> {
    let name = format!("{}{site}", app.consent_cookie_prefix());
    let cookie = Cookie::build(name, choice.map_or("", Choice::cookie_value))
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .max_age(if choice.is_some() { REMEMBERED } else { Duration::ZERO });
    cookie.finish()
}

fn set_cookie(answer: &mut HttpResponse, cookie: &Cookie<'static>) {
    answer.add_cookie(cookie).expect("the cookie's name and value are plain ASCII");
}
