//! The question of consent, its answers, and the cookie that remembers them.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::Problem;
use super::views::{ConsentPage, PrivacyPage};
use super::visit::{click, code, live_target, onward};
use super::{AppState, body, pages, request, waiting};
use crate::domain::code::Code;
use crate::domain::consent::{Choice, State};
use crate::domain::day::Day;
use crate::domain::request::RequestKind;
use crate::domain::target::Target;
use crate::service::links::InvalidParam;
use crate::service::recorder::WorkerRecorder;

/// An answer is remembered six months (of 30.4 days) and not renewed.
const REMEMBERED: Duration = Duration::days(182);

/// The question, in the place of a redirect.
pub(super) fn ask(head: &RequestHead, code: &Code, target: &Target) -> Result<HttpResponse, Problem> {
    let query = Some(waiting::own_query(head));
    let query = query.filter(|query| target.site.forward_query && !query.is_empty());
    pages::page(&ConsentPage {
        page: pages::of(head),
        code: code.to_string(),
        host: target.host(),
        query: query.map(str::to_owned),
    })
}

/// `POST /{code}/consent`: `choice` is `allow`, `refuse` or `later`. All three forward.
pub(super) async fn answer(
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
        _ => return Err(wrong_choice("must be allow, refuse or later")),
    };
    // A browser's objection outweighs the answer, as it does on every later visit, and a robot that
    // fills forms in is nobody.
    let counts = match RequestKind::classify(&request::signals(head, &app)) {
        RequestKind::Person(state) => state != State::DeniedBySignal,
        RequestKind::Head | RequestKind::Prefetch | RequestKind::Preview(_) | RequestKind::Robot => false,
    };
    if choice == Some(Choice::Granted) && counts {
        let entry = click(head, &app, &code, now).await;
        recorder.record(&target.site.id, &code, Day::of(now), entry).await;
    }
    let mut answer = onward(head, &target).forward(StatusCode::SEE_OTHER);
    if let Some(choice) = choice {
        set_cookie(&mut answer, &cookie(&app, Some(choice)));
    }
    Ok(answer)
}

/// `GET /privacy`: what is stored, and where this browser stands.
pub(super) async fn privacy(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    pages::page(&PrivacyPage {
        page: pages::of(request.head()),
        answer: request::consent_state(request.head(), &app),
        min_count: app.settings.stats.min_count,
        key_in_store: app.settings.store.url.is_shared() && app.settings.store.ephemeral_url.is_none(),
        retention_months: app.settings.retention.months.into(),
    })
}

/// `POST /privacy/consent`: `choice` is `allow`, `refuse` or `forget`.
pub(super) async fn change(
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
        _ => return Err(wrong_choice("must be allow, refuse or forget")),
    };
    let mut answer = pages::see_other(&pages::of(request.head()).link("/privacy"));
    set_cookie(&mut answer, &cookie(&app, choice));
    Ok(answer)
}

fn wrong_choice(reason: &str) -> Problem {
    Problem::invalid(vec![InvalidParam::new("choice", reason)])
}

/// The consent cookie; without a choice, the one that takes it away.
fn cookie(app: &AppState, choice: Option<Choice>) -> Cookie<'static> {
    let cookie = Cookie::build(app.consent_cookie(), choice.map_or("", Choice::cookie_value))
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
