//! A click: a visitor opens a link, is counted or not, and is forwarded.

use std::time::Instant;

use actix_http::Request;
use actix_web::dev::RequestHead;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;

use crate::domain::code::Code;
use crate::domain::consent::{Decision, State, decide};
use crate::domain::entry::EntryKind;
use crate::domain::request::RequestKind;
use crate::domain::target::Target;
use crate::service::ingest::recorder::{Recording, WorkerRecorder};
use crate::service::links::cache::Cached;
use crate::web::AppState;
use crate::web::extract::request;
use crate::web::response::finish;
use crate::web::response::problem::Problem;
use crate::web::visitor::visit::{
    Onward, bare_click, click, code, counted_network, known_target, known_target_anew, live_target, onward,
    record,
};
use crate::web::visitor::{consent, pending};

/// The pattern of the route in logs and metrics.
const ROUTE: &str = "/{code}";

/// The whole way of a click.
pub(crate) async fn answer(
    request: Request,
    code: Code,
    app: &AppState,
    recorder: &WorkerRecorder,
) -> HttpResponse {
    let started = Instant::now();
    let found = match redirect(request.head(), &code, app, recorder).await {
        Ok(found) => found,
        Err(problem) => Found::Answer(finish::problem(request.head(), &problem)),
    };
    // Many clicks wait for the journal at once: without their headers, which another request can use.
    drop((request, code));
    let answer = found.answer().await;
    finish::tell(app, ROUTE, answer.status(), started);
    answer
}

/// A click whose code came through the router, because its path is written in another way.
pub(crate) async fn routed(
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
    let kind = RequestKind::classify(&request::signals(head));
    let is_get = head.method == Method::GET;
    // Only what may become a click is answered from memory, so that nobody else learns from the time whether one came before.
    if is_get && kind == RequestKind::Person {
        let target = known_target(head, code, app, now).await?;
        let state = State::of(false, request::choice(head, app, &target.site.id));
        return follow(head, app, recorder, target, state, now).await;
    }
    let target = match live_target(head, code, app, now).await {
        // Boxed, so that every other click has no place for it.
        Err(problem) if problem.is_for_now() && Box::pin(pending::came(head, code, app)).await => {
            live_target(head, code, app, now).await?
        }
        found => found?,
    };
    if !is_get && head.method != Method::HEAD {
        return Err(Problem::MethodNotAllowed("GET, HEAD"));
    }
    let recording = match kind {
        RequestKind::Prefetch => return Ok(Found::Answer(ask_again())),
        RequestKind::Preview(family) => {
            counted_network(head, app, now).map(|_| record(recorder, &target, now, EntryKind::Unfurl(family)))
        }
        RequestKind::Head
        | RequestKind::Robot
        | RequestKind::Embedded
        | RequestKind::Objector
        | RequestKind::Person => None,
    };
    Ok(Found::Onward(onward(head, &target, false), recording))
}

/// What becomes of a person's visit, who stands so with the question of consent.
async fn follow(
    head: &RequestHead,
    app: &AppState,
    recorder: &WorkerRecorder,
    target: Cached<Target>,
    state: State,
    now: Timestamp,
) -> Result<Found, Problem> {
    let decision = decide(state, app.policy(&target.site));
    let unrecorded = |target: &Target| Ok(Found::Onward(onward(head, target, false), None));
    match decision {
        Decision::Ask => {
            let target = seen_anew(app, target, now).await?;
            consent::ask(head, &target).map(Found::Answer)
        }
        // Where everybody who says nothing comes this way, it has to be a short one.
        Decision::Forward if state == State::Unknown => unrecorded(&target),
        Decision::Forward => unrecorded(&*seen_anew(app, target, now).await?),
        Decision::CountBare | Decision::CountClick => {
            let recording = match counted_network(head, app, now) {
                Some(network) if decision == Decision::CountClick => {
                    let entry = click(head, app, &target, &network, now).await;
                    Some(record(recorder, &target, now, entry))
                }
                Some(_) => Some(record(recorder, &target, now, bare_click(head, app, now))),
                None => None,
            };
            Ok(Found::Onward(onward(head, &target, state == State::Granted), recording))
        }
    }
}

/// The same target as the store says now, where memory had it: what is not counted takes as long as if it had not.
async fn seen_anew(
    app: &AppState,
    target: Cached<Target>,
    now: Timestamp,
) -> Result<Cached<Target>, Problem> {
    if target.is_from_memory() {
        // In a place of its own, so that every click that is counted has no room for it.
        Box::pin(known_target_anew(&target.key.code, app, now)).await
    } else {
        Ok(target)
    }
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
