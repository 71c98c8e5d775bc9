//! A click: a visitor opens a link, is counted or not, and is forwarded.

use std::time::Instant;

use actix_web::guard::GuardContext;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::Problem;
use super::visit::{click, forward, live_target};
use super::{AppState, answer, consent, request};
use crate::domain::code::Code;
use crate::domain::consent::{Decision, decide};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::request::RequestKind;
use crate::service::recorder::WorkerRecorder;

/// The pattern of the route in logs and metrics.
const ROUTE: &str = "/{code}";

/// Whether a path is a code and nothing else; such a request comes here before any pattern is tried.
pub(super) fn names_a_code(request: &GuardContext<'_>) -> bool {
    request.head().uri.path().strip_prefix('/').is_some_and(Code::is_well_formed)
}

/// A click's whole way: it passes no layer that others pass.
pub(super) async fn answer(
    request: HttpRequest,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> HttpResponse {
    let started = Instant::now();
    let answer = redirect(request.clone(), app.clone(), recorder).await;
    let answer = answer.unwrap_or_else(|problem| answer::problem(&request, &problem));
    answer::tell(&app, ROUTE, answer.status(), started);
    answer
}

/// `GET /{code}` and `HEAD /{code}`.
pub(super) async fn redirect(
    request: HttpRequest,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let (code, target) = live_target(&request, &app, now).await?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let entry = match RequestKind::classify(&request::signals(&request, &app)) {
        RequestKind::Head | RequestKind::Robot => None,
        RequestKind::Prefetch => return Ok(ask_again()),
        RequestKind::Preview => Some(EntryKind::Unfurl),
        RequestKind::Person(state) => match decide(state, app.policy(&target.site)) {
            Decision::Ask => return consent::ask(&request, &code, &target),
            Decision::Forward => None,
            Decision::CountBare => Some(EntryKind::AggregateClick),
            Decision::CountClick => Some(click(&request, &app, &code, now).await),
        },
    };
    if let Some(entry) = entry {
        recorder.record(&target.site.id, &code, Day::of(now), entry).await;
    }
    Ok(forward(&request, &target, StatusCode::FOUND))
}

/// The answer to a prefetch: the browser asks again when the person really goes there.
fn ask_again() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "0"))
        .finish()
}
