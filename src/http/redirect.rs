//! A click: a visitor opens a link, is counted or not, and is forwarded.

use std::time::Instant;

use actix_web::dev::RequestHead;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::Problem;
use super::visit::{click, code, forward, live_target};
use super::{AppState, answer, consent, request};
use crate::domain::code::Code;
use crate::domain::consent::{Decision, decide};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::request::RequestKind;
use crate::service::recorder::WorkerRecorder;

/// The pattern of the route in logs and metrics.
const ROUTE: &str = "/{code}";

/// The code that a path consists of, if it is one: then the request is a click.
pub(super) fn code_in(path: &str) -> Option<Code> {
    path.strip_prefix('/').and_then(|rest| Code::parse(rest).ok())
}

/// The whole way of a click.
pub(super) async fn answer(
    head: &RequestHead,
    code: Code,
    app: &AppState,
    recorder: &WorkerRecorder,
) -> HttpResponse {
    let started = Instant::now();
    let answer = redirect(head, code, app, recorder).await;
    let answer = answer.unwrap_or_else(|problem| answer::problem(head, &problem));
    answer::tell(app, ROUTE, answer.status(), started);
    answer
}

/// A click whose code came through the router, because its path is written in another way.
pub(super) async fn routed(
    request: HttpRequest,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> Result<HttpResponse, Problem> {
    redirect(request.head(), code(&request, &app)?, &app, &recorder).await
}

/// `GET /{code}` and `HEAD /{code}`.
async fn redirect(
    head: &RequestHead,
    code: Code,
    app: &AppState,
    recorder: &WorkerRecorder,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let target = live_target(head, &code, app, now).await?;
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let entry = match RequestKind::classify(&request::signals(head, app)) {
        RequestKind::Head | RequestKind::Robot => None,
        RequestKind::Prefetch => return Ok(ask_again()),
        RequestKind::Preview => Some(EntryKind::Unfurl),
        RequestKind::Person(state) => match decide(state, app.policy(&target.site)) {
            Decision::Ask => return consent::ask(head, &code, &target),
            Decision::Forward => None,
            Decision::CountBare => Some(EntryKind::AggregateClick),
            Decision::CountClick => Some(click(head, app, &code, now).await),
        },
    };
    if let Some(entry) = entry {
        recorder.record(&target.site.id, &code, Day::of(now), entry).await;
    }
    Ok(forward(head, &target, StatusCode::FOUND))
}

/// The answer to a prefetch: the browser asks again when the person really goes there.
fn ask_again() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "0"))
        .finish()
}
