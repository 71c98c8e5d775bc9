//! For the operator: alive, ready, metrics.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::service::health::Fault;
use crate::service::metrics::Metrics;
use crate::web::AppState;
use crate::web::extract::request::header;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> HttpResponse {
    text(StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz`: visitors can come, also while the store is away. `GET /readyz?all`: the whole job can be done.
pub(super) async fn readyz(request: HttpRequest, app: web::Data<AppState>) -> HttpResponse {
    let all = request.query_string().split('&').any(|part| part == "all" || part.starts_with("all="));
    if all {
        app.prober.look().await;
    }
    let keeps_visitors_away = |(fault, _): &(&str, String)| all || *fault == Fault::JournalStalled.name();
    let faults = app.health.reasons().into_iter().filter(keeps_visitors_away);
    let draining = app.health.is_draining().then(|| ("draining", "the service is about to end".to_owned()));
    let reasons: Vec<_> = draining.into_iter().chain(faults).collect();
    // Nothing is wrong with that by itself: it tells what the pages for visitors say.
    let told = all.then(|| app.store.key_place().name());
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if header(request.head(), &ACCEPT).is_some_and(|accept| accept.contains("application/json")) {
        let word = if reasons.is_empty() { "ok" } else { "failing" };
        let reasons: Vec<_> =
            reasons.iter().map(|(fault, reason)| json!({ "fault": fault, "reason": reason })).collect();
        HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(match told {
            Some(place) => json!({ "status": word, "reasons": reasons, "day_key": place }),
            None => json!({ "status": word, "reasons": reasons }),
        })
    } else {
        let mut lines: Vec<_> = reasons.iter().map(|(fault, reason)| format!("{fault}: {reason}")).collect();
        if lines.is_empty() {
            lines.push("ready".to_owned());
        }
        lines.extend(told.map(|place| format!("day_key: {place}")));
        text(status, lines.join("\n") + "\n")
    }
}

/// `GET /metrics`, on the operator's own listener: Prometheus text; the same lines as OpenMetrics for who asks for that.
pub(super) async fn metrics(request: HttpRequest, metrics: web::Data<Metrics>) -> HttpResponse {
    let text = metrics.encode().expect("writing to a String does not fail");
    let open =
        header(request.head(), &ACCEPT).is_some_and(|accept| accept.contains("application/openmetrics-text"));
    HttpResponse::Ok()
        .content_type(if open {
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        } else {
            "text/plain; version=0.0.4; charset=utf-8"
        })
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}

fn text(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
