//! A click: a visitor opens a link, is counted or not, and is forwarded.

use std::time::Instant;

use actix_http::Request;
use actix_web::dev::RequestHead;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::Problem;
use super::visit::{Onward, click, code, live_target, onward};
use super::{AppState, answer, consent, request, waiting};
use crate::domain::code::Code;
use crate::domain::consent::{Decision, decide};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::request::RequestKind;
use crate::service::recorder::{Recording, WorkerRecorder};

/// The pattern of the route in logs and metrics.
const ROUTE: &str = "/{code}";

/// The code that a path consists of, if it is one: then the request is a click.
pub(super) fn code_in(path: &str) -> Option<Code> {
    path.strip_prefix('/').and_then(|rest| Code::parse(rest).ok())
}

/// The whole way of a click.
pub(super) async fn answer(
    request: Request,
    code: Code,
    app: &AppState,
    recorder: &WorkerRecorder,
) -> HttpResponse {
    let started = Instant::now();
    let found = match redirect(request.head(), &code, app, recorder).await {
        Ok(found) => found,
        Err(problem) => Found::Answer(answer::problem(request.head(), &problem)),
    };
    // Many clicks wait for the journal at once: without their headers, which another request can use.
    drop((request, code));
    let answer = found.answer().await;
    answer::tell(app, ROUTE, answer.status(), started);
    answer
}

/// A click whose code came through the router, because its path is written in another way.
pub(super) async fn routed(
    request: HttpRequest,
    app: web::Data<AppState>,
    recorder: web::ThinData<WorkerRecorder>,
) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    let found = redirect(request.head(), &code, &app, &recorder).await?;
    Ok(found.answer().await)
}

/// `GET /{code}` and `HEAD /{code}`.
async fn redirect(
    head: &RequestHead,
    code: &Code,
    app: &AppState,
    recorder: &WorkerRecorder,
) -> Result<Found, Problem> {
    let now = app.clock.now();
    let target = match live_target(head, code, app, now).await {
        // Boxed, so that every other click has no place for it.
        Err(problem) if problem.is_for_now() && Box::pin(waiting::came(head, code, app)).await => {
            live_target(head, code, app, now).await?
        }
        found => found?,
    };
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let entry = match RequestKind::classify(&request::signals(head, app)) {
        RequestKind::Head | RequestKind::Robot => None,
        RequestKind::Prefetch => return Ok(Found::Answer(ask_again())),
        RequestKind::Preview(family) => Some(EntryKind::Unfurl(family)),
        RequestKind::Person(state) => match decide(state, app.policy(&target.site)) {
            Decision::Ask => return consent::ask(head, code, &target).map(Found::Answer),
            Decision::Forward => None,
            Decision::CountBare => Some(EntryKind::AggregateClick),
            Decision::CountClick => Some(click(head, app, code, now).await),
        },
    };
    let recording = entry.map(|entry| recorder.record(&target.site.id, code, Day::of(now), entry));
    Ok(Found::Onward(onward(head, &target), recording))
}

/// What a visit comes to.
enum Found {
    /// It ends here.
    Answer(HttpResponse),
    /// It goes on, when its count is recorded.
    Onward(Onward, Option<Recording>),
}

impl Found {
    async fn answer(self) -> HttpResponse {
        match self {
            Self::Answer(answer) => answer,
            Self::Onward(onward, recording) => {
                if let Some(recording) = recording {
                    recording.await;
                }
                onward.forward(StatusCode::FOUND)
            }
        }
    }
}

/// The answer to a prefetch: the browser asks again when the person really goes there.
fn ask_again() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "0"))
        .finish()
}
