//! For the operator: alive, ready, metrics.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use super::AppState;
use super::error::Problem;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> HttpResponse {
    text("ok\n")
}

/// `GET /readyz`: the store answers too.
pub(super) async fn readyz(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    app.store.ping().await?;
    Ok(text("ready\n"))
}

/// `GET /metrics`: OpenMetrics text, which Prometheus reads.
pub(super) async fn metrics(app: web::Data<AppState>) -> HttpResponse {
    let text = app.metrics.encode().expect("writing to a String does not fail");
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}

fn text(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
