//! The last hand on every answer: problems become pages for browsers, and the operator learns the
//! route's pattern, the status and the duration. Never the path, the query or a header.

use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};
use askama::Template;

use super::error::Problem;
use super::request::wants_page;
use super::views::ErrorPage;
use super::{AppState, pages};
use crate::service::metrics::Answer;

/// Answers, and tells of it.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let started = Instant::now();
    let app = request.app_data::<web::Data<AppState>>().cloned();
    let response = next.call(request).await?;
    let route = response.request().match_pattern();
    let status = response.status().as_u16();
    if let Some(app) = &app {
        let labels = Answer { route: route.clone().unwrap_or_default(), status };
        app.metrics.answers.get_or_create(&labels).inc();
    }
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    tracing::debug!(route, status, milliseconds, "answered");
    let problem = response.response().extensions().get::<Problem>().cloned();
    match problem {
        Some(problem) if wants_page(response.request()) => {
            Ok(response.into_response(page(&problem)).map_into_right_body())
        }
        _ => Ok(response.map_into_left_body()),
    }
}

/// A problem as a page.
fn page(problem: &Problem) -> HttpResponse {
    let answer = problem.error_response();
    let rendered = ErrorPage {
        page: pages::common(),
        status: problem.status_code().as_u16(),
        title: problem.title(),
        explanation: problem.detail(),
        advice: problem.advice(),
    }
    .render();
    let Ok(text) = rendered else { return answer };
    let mut page = pages::html(problem.status_code(), text);
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = answer.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}
