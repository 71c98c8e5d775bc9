//! A clock that is months ahead for a moment: nothing is deleted for its age, and no click is lost or counted twice.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::access::Person;
use crate::service::{Backend, Service, on_every_store, totals};

on_every_store!(
    a_clock_that_is_months_ahead_for_a_moment_erases_no_day,
    who_may_see_numbers_may_again_when_the_clock_is_right,
    counts_go_when_their_time_is_over_by_a_steady_clock,
);

/// Fourteen months after the tests' present, when the counts of the tests are older than the thirteen that they are kept.
const MONTHS_AHEAD: [&str; 3] = ["2028-01-24T12:00:00Z", "2028-01-25T12:00:00Z", "2028-01-26T12:00:00Z"];
const PERIOD: &str = "from=2026-11-21&to=2026-11-25";

/// Lets time pass, an hour at each look, until this holds.
async fn waits_for(service: &Service, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        service.set_time(&service.in_seconds(3_600));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn of_period(service: &Service, code: &str) -> Value {
    service.settled().await;
    service.get(&format!("/api/v1/links/{code}/stats?{PERIOD}")).await
}

/// Four days of clicks: on the first day one, on the second two, and so on.
async fn four_days(service: &Service) -> String {
    let code = service.code().await;
    for (day, visitors) in ["21", "22", "23", "24"].into_iter().zip(1..) {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        service.days_closed().await;
        for visitor in 0..visitors {
            service.click(&code, &format!("192.0.2.{visitor}")).await;
        }
        service.settled().await;
    }
    code
}

async fn a_clock_that_is_months_ahead_for_a_moment_erases_no_day(backend: Backend) {
    let service = Service::start(backend).await;
    let code = four_days(&service).await;
    let before = of_period(&service, &code).await;
    assert_eq!(totals(&before), [Some(0), Some(10), Some(10), Some(0)]);

    for time in MONTHS_AHEAD {
        service.jump_to(time);
        service.days_closed().await;
        // Whoever comes meanwhile is counted on the day that the clock says.
        service.click(&code, "192.0.2.99").await;
        service.settled().await;
    }
    service.jump_to("2026-11-24T12:00:20Z");
    service.days_closed().await;
    assert_eq!(of_period(&service, &code).await["series"], before["series"]);

    // The day that was closed before its time stays closed, and what comes counts on the next one.
    for visitor in 0..3 {
        service.click(&code, &format!("198.51.100.{visitor}")).await;
    }
    assert_eq!(totals(&of_period(&service, &code).await), [Some(0), Some(13), Some(13), Some(0)]);
    service.set_time("2026-11-25T12:00:00Z");
    service.days_closed().await;
    service.click(&code, "192.0.2.1").await;
    let after = of_period(&service, &code).await;
    let days: Vec<_> =
        after["series"].as_array().expect("a series").iter().map(|day| &day["clicks"]).collect();
    assert_eq!(days, [1, 2, 3, 4, 4]);
    assert_eq!(totals(&after), [Some(0), Some(14), Some(14), Some(0)]);
}

async fn who_may_see_numbers_may_again_when_the_clock_is_right(backend: Backend) {
    let service = Service::start(backend).await;
    let person = Person::with_key(&service).await;
    let view = service.api(Method::POST, "/api/v1/views").json(&json!({})).send().await.expect("an answer");
    let view: Value = view.json().await.expect("JSON");
    let url = view["url"].as_str().expect("an address");
    let path = &url[url.find("/stats/shared/").expect("a path of the views")..];
    let sees = async || {
        let response = service.request(Method::GET, path).header("accept", "text/html").send().await;
        (person.page("/stats").await.0, response.expect("an answer").status().as_u16())
    };
    let store = service.store().await;
    let kept = async || {
        (store.all_sessions().await.expect("sessions").len(), store.all_views().await.expect("views").len())
    };
    assert_eq!((sees().await, kept().await), ((200, 200), (1, 1)));
    for time in MONTHS_AHEAD {
        service.jump_to(time);
        service.days_closed().await;
        assert_eq!(sees().await, (303, 404), "what is over opens nothing");
    }
    assert_eq!(Person::new(&service).sign_in("", &service.secret).await.status(), 303);
    // Signing in ends nobody's session for its age either.
    service.jump_to("2026-11-21T12:00:20Z");
    assert_eq!((sees().await, kept().await), ((200, 200), (2, 1)));
    // The other session is of a later time, and goes when that is over.
    service.set_time("2029-11-21T12:00:00Z");
    assert_eq!(sees().await, (303, 404));
    waits_for(&service, "what is over is kept for ever", async || kept().await == (0, 0)).await;
}

async fn counts_go_when_their_time_is_over_by_a_steady_clock(backend: Backend) {
    let service = Service::start(backend).await;
    let code = four_days(&service).await;
    // They are old, but the clock has just jumped.
    service.jump_to("2027-12-23T12:00:00Z");
    service.days_closed().await;
    service.set_time("2027-12-23T12:59:00Z");
    let clicks = async || totals(&of_period(&service, &code).await)[1];
    assert_eq!(clicks().await, Some(10));
    waits_for(&service, "the first two days are kept for ever", async || clicks().await == Some(7)).await;
    waits_for(&service, "all of them are kept for ever", async || clicks().await == Some(0)).await;
}
