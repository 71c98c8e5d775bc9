//! Days that are closed, as those see it who read the statistics: also with clicks that come late.

use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::entry::Numbered;
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::identity::JournalId;
use entrenous::domain::visitor::Tag;
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store};

on_every_store!(
    late_clicks_count_on_the_first_day_that_is_open_and_none_is_lost,
    late_clicks_are_no_number_of_a_protected_site_by_themselves,
    what_another_instance_settles_late_is_closed_within_a_minute,
    days_of_being_off_are_closed_at_the_next_start,
    weeks_of_being_off_are_closed_at_the_next_start,
    many_sites_are_closed_at_once,
);

const THE_DAY: &str = "2026-11-20";

async fn start(backend: Backend, min_count: &str) -> Service {
    let service = Service::start_with(backend, &[("stats.min_count", min_count)]).await;
    service.go_back_to("2026-11-20T12:00:00Z").await;
    service
}

async fn link(service: &Service, page: &str, channel: &str) -> String {
    code(&service.link(json!({ "url": format!("https://example.com/{page}"), "channel": channel })).await)
}

/// One click each of visitors who come from these addresses of one network.
async fn clicks(service: &Service, code: &str, visitors: std::ops::Range<u8>) {
    for visitor in visitors {
        service.click(code, &format!("192.0.2.{visitor}")).await;
    }
    service.settled().await;
}

/// What is published of a link for a day: clicks and visitors, and whether it is open.
async fn of_link(service: &Service, code: &str, day: &str) -> [Value; 3] {
    let stats = service.get(&format!("/api/v1/links/{code}/stats?from={day}&to={day}")).await;
    let day = &stats["series"][0];
    [day["clicks"].clone(), day["visitors"].clone(), day["open"].clone()]
}

fn closed(number: u64) -> [Value; 3] {
    [json!(number), json!(number), Value::Null]
}

fn open(number: u64) -> [Value; 3] {
    [json!(number), json!(number), json!(true)]
}

async fn late_clicks_count_on_the_first_day_that_is_open_and_none_is_lost(backend: Backend) {
    let service = start(backend, "1").await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(7));
    service.go_back_to("2026-11-20T23:00:00Z").await;
    clicks(&service, &link, 20..23).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(7), "a closed day never changes");
    assert_eq!(of_link(&service, &link, "2026-11-21").await, open(3));
    clicks(&service, &link, 40..42).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, "2026-11-21").await, closed(5));
    let stats = service.get(&format!("/api/v1/stats?group_by=link&from={THE_DAY}&to=2026-11-22")).await;
    assert_eq!(stats["groups"][0]["clicks"], 12);
}

async fn late_clicks_are_no_number_of_a_protected_site_by_themselves(backend: Backend) {
    let service = start(backend, "5").await;
    let link = link(&service, "a", "sms").await;
    service.crowd(&link, 30, 1).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(30));
    service.go_back_to("2026-11-20T23:00:00Z").await;
    service.crowd(&link, 60, 1).await;
    service.set_time("2026-11-23T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(30), "a closed day never changes");
    let stats = service.get("/api/v1/stats?group_by=channel&from=2026-11-16&to=2026-11-22").await;
    assert_eq!(
        stats["groups"][0]["clicks"], 30,
        "nobody knows from how many networks the others are: {stats}"
    );
}

async fn what_another_instance_settles_late_is_closed_within_a_minute(backend: Backend) {
    let service = start(backend, "1").await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let closings = service.metric("days_closed_total").await;
    let store = service.store().await;
    let stored = store.link(&Code::parse(&link).expect("a code")).await.expect("an answer").expect("a link");
    // It was cut off on the 21st, of which nobody else has anything.
    let entries: Vec<_> = (1..=6)
        .map(|number| {
            let kind = EntryKind::Click(Tag::from_bytes([u8::try_from(number).expect("a few"); 16]), None);
            let day: Day = "2026-11-21".parse().expect("a day");
            let entry = Entry { site: stored.site.clone(), link: stored.key(), day, kind };
            Numbered { number, previous: 0, network: None, entry }
        })
        .collect();
    store.settle(&JournalId::new("anotherinstances"), &entries).await.expect("settled");
    service.set_time("2026-11-22T12:01:00Z");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while service.metric("days_closed_total").await == closings {
        assert!(std::time::Instant::now() < deadline, "what came late was not closed");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(of_link(&service, &link, "2026-11-21").await, closed(6));
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(7));
}

async fn days_of_being_off_are_closed_at_the_next_start(backend: Backend) {
    let mut service = start(backend, "1").await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    clicks(&service, &link, 1..4).await;
    service.stop().await;
    service.set_time("2026-12-24T12:00:00Z");
    service.restart().await;
    service.days_closed().await;
    assert_eq!(of_link(&service, &link, THE_DAY).await, closed(7));
    let stats = service.get(&format!("/api/v1/links/{link}/stats?from={THE_DAY}&to=2026-12-24")).await;
    let series = stats["series"].as_array().expect("a series");
    let open: Vec<_> = series.iter().filter(|day| day["open"] == true).map(|day| &day["day"]).collect();
    assert_eq!(open, [&json!("2026-12-24")]);
}

async fn weeks_of_being_off_are_closed_at_the_next_start(backend: Backend) {
    let mut service = start(backend, "5").await;
    let link = link(&service, "a", "sms").await;
    // Five people are never enough for a day of their own, and those of three days are for a week of their page.
    service.crowd(&link, 5, 1).await;
    for day in ["2026-11-21", "2026-11-22"] {
        service.set_time(&format!("{day}T12:00:00Z"));
        service.days_closed().await;
        service.crowd(&link, 5, 1).await;
    }
    service.set_time("2026-11-23T12:00:00Z");
    service.days_closed().await;
    service.crowd(&link, 5, 1).await;
    service.stop().await;
    service.set_time("2026-12-24T12:00:00Z");
    service.restart().await;
    service.days_closed().await;
    let stats = service.get("/api/v1/stats?group_by=page&from=2026-11-16&to=2026-12-20").await;
    assert_eq!(stats["groups"][0]["clicks"], 15, "{stats}");
    let weeks: Vec<_> =
        stats["weeks"].as_array().expect("weeks").iter().map(|week| &week["clicks"]).collect();
    let nothing = Value::Null;
    assert_eq!(weeks[..2], [&json!(15), &nothing], "the five of the second week are nowhere any more");
    assert_eq!(of_link(&service, &link, THE_DAY).await, [Value::Null, Value::Null, Value::Null]);
}

async fn many_sites_are_closed_at_once(backend: Backend) {
    const SITES: usize = 30;
    let service = start(backend, "1").await;
    let mut links = Vec::new();
    for number in 0..SITES {
        let (_, secret) = service.site(&format!("site {number}"), |_| {}).await;
        let body = json!({ "url": "https://example.com/a", "channel": "sms" });
        links.push((code(&service.link_of(&secret, body).await), secret));
    }
    for (link, _) in &links {
        let cookie = service.granted();
        let request = service.visit(link).header("cookie", cookie).header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.send().await.expect("an answer").status(), 302);
    }
    service.settled().await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    for (link, secret) in links {
        let path = format!("/api/v1/links/{link}/stats?from={THE_DAY}&to={THE_DAY}");
        let answer = service.request(reqwest::Method::GET, &path).bearer_auth(secret).send().await;
        let stats: Value = answer.expect("an answer").json().await.expect("JSON");
        assert_eq!((&stats["series"][0]["clicks"], &stats["series"][0]["open"]), (&json!(1), &Value::Null));
    }
}
