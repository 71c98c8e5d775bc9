//! Visitors across restarts in the middle of a day: on SQLite the day key and the sets are new then, and on Redis they
//! are the same.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::service::{Backend, Service, on_every_store, totals};

on_every_store!(
    one_person_and_five_restarts_are_one_visitor,
    of_the_sets_of_a_day_the_largest_one_counts,
    a_restart_after_a_day_was_closed_counts_nothing_of_it_again,
);

async fn one_person_and_five_restarts_are_one_visitor(backend: Backend) {
    let mut service = Service::start(backend).await;
    let code = service.code().await;
    for _ in 0..5 {
        service.click(&code, "192.0.2.1").await;
        later(&mut service).await;
    }
    service.click(&code, "192.0.2.1").await;
    assert_eq!(visitors(&service, &code, 6).await, 1);
}

/// Starts the service again, a second later.
async fn later(service: &mut Service) {
    service.set_time(&service.in_seconds(1));
    service.restart().await;
}

/// How many visitors were counted, when so many clicks are.
async fn visitors(service: &Service, code: &str, clicks: u64) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let [_, counted, visitors, _] = totals(&service.get(&format!("/api/v1/links/{code}/stats")).await)
            .map(|number| number.expect("a number"));
        if counted == clicks {
            return visitors;
        }
        assert!(counted < clicks && Instant::now() < deadline, "{counted} of {clicks} clicks");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn visits(service: &Service, code: &str, visitors: std::ops::Range<u32>) {
    for visitor in visitors {
        service.click(code, &format!("198.51.{}.{}", visitor / 250, visitor % 250)).await;
    }
}

async fn of_the_sets_of_a_day_the_largest_one_counts(backend: Backend) {
    let mut service = Service::start(backend).await;
    let code = service.code().await;
    visits(&service, &code, 0..300).await;
    later(&mut service).await;
    // A hundred of them again, and fifty new ones.
    visits(&service, &code, 200..350).await;
    // Redis knows those who were there before.
    let known = if backend == Backend::Sqlite { 300 } else { 350 };
    assert_eq!(visitors(&service, &code, 450).await, known);
    visits(&service, &code, 350..560).await;
    let known = if backend == Backend::Sqlite { 360 } else { 560 };
    // Beyond 511 the number is an estimate.
    let counted = visitors(&service, &code, 660).await;
    assert!(counted.abs_diff(known) <= known / 50, "{counted}");
}

async fn a_restart_after_a_day_was_closed_counts_nothing_of_it_again(backend: Backend) {
    let mut service = Service::start(backend).await;
    let code = service.code().await;
    visits(&service, &code, 0..3).await;
    assert_eq!(visitors(&service, &code, 3).await, 3);
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    later(&mut service).await;
    service.days_closed().await;
    visits(&service, &code, 0..2).await;
    assert_eq!(visitors(&service, &code, 5).await, 5);
    let stats = service.get(&format!("/api/v1/links/{code}/stats")).await;
    let series: Vec<_> = stats["series"].as_array().expect("a series").iter().rev().take(2).collect();
    let of_day = |day: &Value| ["clicks", "visitors"].map(|name| day[name].as_u64().expect("a number"));
    assert_eq!([of_day(series[1]), of_day(series[0])], [[3, 3], [2, 2]]);
}
