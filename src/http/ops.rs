//! For the operator: alive, ready, metrics.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, web};

use super::AppState;
use super::error::Problem;
use super::request::header;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> HttpResponse {
    text("ok\n")
}

/// `GET /readyz`: the store answers too.
pub(super) async fn readyz(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    app.store.ping().await?;
    Ok(text("ready\n"))
}

/// `GET /metrics`: Prometheus text; the same lines as OpenMetrics for who asks for that.
pub(super) async fn metrics(request: HttpRequest, app: web::Data<AppState>) -> HttpResponse {
    let text = app.metrics.encode().expect("writing to a String does not fail");
    let open =
        header(request.head(), &ACCEPT).is_some_and(|accept| accept.contains("application/openmetrics-text"));
    HttpResponse::Ok()
        .content_type(if open {
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        } else {
            "text/plain; version=0.0.4; charset=utf-8"
        })
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}

fn text(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
