//! The open day of a protected site: what of it is shown, when, and what becomes of that.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service, on_every_store};

on_every_store!(
    a_number_changes_at_full_hours_and_when_many_networks_have_come,
    a_number_is_of_many_people_also_when_a_link_is_deleted,
    opens_are_shown_when_many_more_were_counted,
    the_numbers_end_with_their_day,
);

async fn start(backend: Backend) -> Service {
    Service::start_with(backend, &[("stats.min_count", "5")]).await
}

/// What the API tells of today.
async fn today(service: &Service) -> Value {
    service.get("/api/v1/stats?group_by=channel").await["today"].clone()
}

async fn a_number_changes_at_full_hours_and_when_many_networks_have_come(backend: Backend) {
    let service = start(backend).await;
    let code = service.code().await;
    // At least 20 networks are needed, and 19 are never enough.
    service.crowd(&code, 19, 3).await;
    service.set_time("2026-11-21T13:00:00Z");
    assert_eq!(today(&service).await, Value::Null);
    service.crowd(&code, 80, 1).await;
    service.set_time("2026-11-21T13:59:59Z");
    assert_eq!(today(&service).await, Value::Null, "the hour is not over");
    service.set_time("2026-11-21T14:00:00Z");
    let shown = today(&service).await;
    assert_eq!((&shown["until"], &shown["visitors"]), (&json!("2026-11-21T14:00:00Z"), &json!(80)));
    assert!(shown["clicks"].as_u64().is_some_and(|clicks| clicks.abs_diff(80 + 57) < 5), "{shown}");
    // The next number takes as many again.
    service.crowd(&code, 19, 1).await;
    service.set_time("2026-11-21T15:00:00Z");
    for _ in 0..3 {
        assert_eq!(today(&service).await, shown);
    }
    assert_eq!(service.get("/api/v1/stats?group_by=link").await["today"], shown, "it is of the site");
}

async fn a_number_is_of_many_people_also_when_a_link_is_deleted(backend: Backend) {
    let service = start(backend).await;
    let (own, other) = (service.code().await, service.code().await);
    service.crowd(&own, 100, 1).await;
    service.click(&other, "203.0.113.9").await;
    service.settled().await;
    let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{own}")).send().await;
    assert_eq!(deleted.expect("an answer").status(), StatusCode::NO_CONTENT);
    service.set_time("2026-11-21T13:00:00Z");
    assert_eq!(today(&service).await, Value::Null, "one visitor is left");
}

async fn opens_are_shown_when_many_more_were_counted(backend: Backend) {
    let service =
        Service::start_with(backend, &[("stats.min_count", "5"), ("consent.unknown", "aggregate")]).await;
    let code = service.code().await;
    let open = async |times: usize| {
        for _ in 0..times {
            let request = service.visit(&code).header("x-forwarded-for", "198.18.0.1");
            assert_eq!(request.send().await.expect("an answer").status(), StatusCode::FOUND);
        }
        service.settled().await;
    };
    open(39).await;
    service.set_time("2026-11-21T13:00:00Z");
    assert_eq!(today(&service).await, Value::Null);
    // At most 79 are asked for.
    open(41).await;
    service.set_time("2026-11-21T14:00:00Z");
    let shown = today(&service).await;
    let expected = json!({ "until": null, "clicks": null, "visitors": null,
        "opens_until": "2026-11-21T14:00:00Z", "opens": 80 });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown[name], value, "{shown}");
    }
}

async fn the_numbers_end_with_their_day(backend: Backend) {
    let service = start(backend).await;
    let code = service.code().await;
    service.crowd(&code, 80, 1).await;
    service.set_time("2026-11-21T13:00:00Z");
    assert_ne!(today(&service).await, Value::Null);
    service.set_time("2026-11-22T00:30:00Z");
    service.days_closed().await;
    assert_eq!(today(&service).await, Value::Null);
    service.crowd(&code, 80, 1).await;
    service.set_time("2026-11-22T01:00:00Z");
    assert_eq!(today(&service).await["visitors"], 80);
}

/// Its networks are in the process only.
#[tokio::test]
async fn on_sqlite_the_numbers_begin_anew_with_the_process() {
    let mut service = start(Backend::Sqlite).await;
    let code = service.code().await;
    service.crowd(&code, 80, 1).await;
    service.set_time("2026-11-21T13:00:00Z");
    assert_ne!(today(&service).await, Value::Null);
    service.restart().await;
    assert_eq!(today(&service).await, Value::Null);
    service.crowd(&code, 19, 1).await;
    service.set_time("2026-11-21T14:00:00Z");
    assert_eq!(today(&service).await, Value::Null, "nobody knows who came before");
    service.crowd(&code, 90, 1).await;
    service.set_time("2026-11-21T15:00:00Z");
    assert_ne!(today(&service).await, Value::Null);
}

#[tokio::test]
async fn instances_on_one_redis_show_the_same_numbers_also_after_a_restart() {
    let mut service = start(Backend::Redis).await;
    let other = service.beside().await;
    let code = service.code().await;
    // Neither has seen enough by itself.
    service.crowd(&code, 19, 1).await;
    for person in 19..80 {
        other.click(&code, &format!("198.18.{person}.1")).await;
    }
    other.settled().await;
    service.set_time("2026-11-21T13:00:00Z");
    let (one, another) = tokio::join!(today(&service), today(&other));
    assert_eq!(one, another);
    assert_eq!(one["visitors"], 80);
    service.restart().await;
    assert_eq!(today(&service).await, one);
    service.set_time("2026-11-21T14:00:00Z");
    assert_eq!(today(&other).await, one);
    assert_eq!(today(&service).await, one);
}
