//! The last hand on every answer: problems become pages for browsers, and the operator learns the
//! route's pattern, the status and the duration. Never the path, the query or a header.

use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};
use askama::Template;

use crate::web::AppState;
use crate::web::extract::locale;
use crate::web::extract::request::wants_page;
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::response::templates::{ErrorPage, WaitingPage};
use crate::web::visitor::pending;

/// Answers, and tells of it.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let started = Instant::now();
    let app = request.app_data::<web::Data<AppState>>().cloned();
    let response = next.call(request).await?;
    if let Some(app) = &app {
        let route = response.request().match_pattern().unwrap_or_default();
        tell(app, &route, response.status(), started);
    }
    let found = response.response().extensions().get::<Problem>().cloned();
    match found {
        Some(found) if wants_page(response.request().head()) => {
            let page = page(response.request().head(), &found);
            Ok(response.into_response(page).map_into_right_body())
        }
        _ => Ok(response.map_into_left_body()),
    }
}

/// A problem as its client wants it.
pub(crate) fn problem(head: &RequestHead, problem: &Problem) -> HttpResponse {
    if wants_page(head) { page(head, problem) } else { problem.error_response() }
}

/// Tells the operator of an answer.
pub(crate) fn tell(app: &AppState, route: &str, status: StatusCode, started: Instant) {
    app.metrics.answered(route, status.as_u16());
    tracing::debug!(
        route,
        status = status.as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
        "answered"
    );
}

/// A problem as a page.
fn page(head: &RequestHead, problem: &Problem) -> HttpResponse {
    let answer = problem.error_response();
    let error = || ErrorPage {
        page: html::of(head),
        status: problem.status_code().as_u16(),
        code: problem.code(),
        invalid_params: problem.invalid_params().to_vec(),
        advice: problem.advice(),
    };
    let waiting = pending::page(head, problem);
    let Ok(text) = waiting.as_ref().map_or_else(|| error().render(), WaitingPage::render) else {
        return answer;
    };
    let mut page = html::html(problem.status_code(), text, locale::wanted(head));
    if let Some(waiting) = waiting {
        html::look_again(&mut page, &waiting.address());
    }
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}
