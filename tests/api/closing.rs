//! Days that are closed, as those see it who read the statistics: also with clicks that come late.

use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::visitor::Tag;
use entrenous::store::{JournalId, Numbered};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store};

on_every_store!(
    late_clicks_join_their_day_and_none_is_lost,
    what_another_instance_settles_late_is_closed_within_a_minute,
    what_is_too_small_moves_up_and_nothing_is_lost_but_its_address,
    days_of_being_off_are_closed_at_the_next_start,
);

const THE_DAY: &str = "2026-11-20";

async fn start(backend: Backend) -> Service {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    service.go_back_to("2026-11-20T12:00:00Z").await;
    service
}

async fn link(service: &Service, page: &str, channel: &str) -> String {
    code(&service.link(json!({ "url": format!("https://example.com/{page}"), "channel": channel })).await)
}

/// One click each of visitors who come from these addresses.
async fn clicks(service: &Service, code: &str, visitors: std::ops::Range<u8>) {
    for visitor in visitors {
        service.click(code, &format!("192.0.2.{visitor}")).await;
    }
    service.settled().await;
}

/// What is published of a link for the day: clicks and visitors, and whether it is open.
async fn of_link(service: &Service, code: &str) -> [Value; 3] {
    let stats = service.get(&format!("/api/v1/links/{code}/stats?from={THE_DAY}&to={THE_DAY}")).await;
    let day = &stats["series"][0];
    [day["clicks"].clone(), day["visitors"].clone(), day["open"].clone()]
}

/// What is published of the site's groups from one day to another: keys and clicks.
async fn groups(service: &Service, by: &str, from: &str, to: &str) -> Vec<(Value, Value)> {
    let stats = service.get(&format!("/api/v1/stats?group_by={by}&from={from}&to={to}")).await;
    let groups = stats["groups"].as_array().expect("groups");
    groups.iter().map(|group| (group["key"].clone(), group["clicks"].clone())).collect()
}

async fn late_clicks_join_their_day_and_none_is_lost(backend: Backend) {
    let service = start(backend).await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    let closed = |number: u64| [json!(number), json!(number), Value::Null];
    assert_eq!(of_link(&service, &link).await, closed(7));

    let late = async |visitors: std::ops::Range<u8>| {
        service.go_back_to("2026-11-20T23:00:00Z").await;
        clicks(&service, &link, visitors).await;
        service.set_time("2026-11-21T12:00:00Z");
        service.days_closed().await;
    };
    // Three join the seven that are there.
    late(20..23).await;
    assert_eq!(of_link(&service, &link).await, closed(10));
    assert_eq!(groups(&service, "day", THE_DAY, THE_DAY).await, [(json!(THE_DAY), json!(10))]);
}

/// On Redis this takes a quarter of an hour, until what is small has left: the store's own tests play that.
#[tokio::test]
async fn late_clicks_that_are_too_few_wait_for_the_next_day() {
    let service = start(Backend::Sqlite).await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    // Three of a link that nobody has opened wait for the next day's of their channel.
    let other = self::link(&service, "b", "sms").await;
    service.go_back_to("2026-11-20T23:30:00Z").await;
    clicks(&service, &other, 30..33).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    assert_eq!(of_link(&service, &other).await, [Value::Null, Value::Null, Value::Null]);
    clicks(&service, &link, 40..42).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let days = groups(&service, "day", THE_DAY, "2026-11-22").await;
    assert_eq!(days, [(json!(THE_DAY), json!(7)), (json!("2026-11-21"), json!(5))]);
    let channels = groups(&service, "channel", THE_DAY, "2026-11-22").await;
    assert_eq!(channels, [(json!("sms"), json!(7 + 3 + 2))]);
}

async fn what_another_instance_settles_late_is_closed_within_a_minute(backend: Backend) {
    let service = start(backend).await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    let closings = service.metric("days_closed_total").await;
    let store = service.store().await;
    let stored = store.link(&Code::parse(&link).expect("a code")).await.expect("an answer").expect("a link");
    let entries: Vec<_> = (1..=6)
        .map(|number| {
            let kind = EntryKind::Click(Tag::from_bytes([u8::try_from(number).expect("a few"); 16]), None);
            let day: Day = THE_DAY.parse().expect("a day");
            let entry = Entry { site: stored.site.clone(), link: stored.key(), day, kind };
            Numbered { number, previous: 0, network: None, entry }
        })
        .collect();
    store.settle(&JournalId::new("anotherinstances"), &entries).await.expect("settled");
    assert_eq!(of_link(&service, &link).await, [json!(7), json!(7), Value::Null]);
    service.set_time("2026-11-21T12:01:00Z");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while service.metric("days_closed_total").await == closings {
        assert!(std::time::Instant::now() < deadline, "what came late was not closed");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(of_link(&service, &link).await, [json!(13), json!(13), Value::Null]);
}

async fn what_is_too_small_moves_up_and_nothing_is_lost_but_its_address(backend: Backend) {
    let service = start(backend).await;
    let (big, small) = (link(&service, "a", "sms").await, link(&service, "a", "sms").await);
    let (third, other) = (link(&service, "a", "sms").await, link(&service, "b", "sms").await);
    let mail = link(&service, "b", "email").await;
    for (code, visitors) in [(&big, 1..7), (&small, 1..4), (&third, 4..7), (&other, 1..5), (&mail, 1..3)] {
        clicks(&service, code, visitors).await;
    }
    service.set_time("2026-11-21T12:00:00Z");
    service.days_closed().await;
    let null = [Value::Null, Value::Null, Value::Null];
    assert_eq!(of_link(&service, &big).await, [json!(6), json!(6), Value::Null]);
    for code in [&small, &third, &other, &mail] {
        assert_eq!(of_link(&service, code).await, null);
    }
    let pages = [(json!("https://example.com/a"), json!(12)), (json!("https://example.com/b"), Value::Null)];
    assert_eq!(groups(&service, "page", THE_DAY, THE_DAY).await, pages);
    // The four of the other page wait, with nobody of their channel, and so do the two of another
    // channel.
    let channels = [(json!("sms"), json!(12)), (json!("email"), Value::Null)];
    assert_eq!(groups(&service, "channel", THE_DAY, THE_DAY).await, channels);
    // The next day they are joined by one of theirs.
    clicks(&service, &other, 1..2).await;
    clicks(&service, &mail, 1..4).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let channels = [(json!("sms"), json!(17)), (json!("email"), json!(5))];
    assert_eq!(groups(&service, "channel", THE_DAY, "2026-11-21").await, channels);
    assert_eq!(groups(&service, "page", THE_DAY, "2026-11-21").await, pages);
    let days = [(json!(THE_DAY), json!(12)), (json!("2026-11-21"), json!(10))];
    assert_eq!(groups(&service, "day", THE_DAY, "2026-11-21").await, days);
}

async fn days_of_being_off_are_closed_at_the_next_start(backend: Backend) {
    let mut service = start(backend).await;
    let link = link(&service, "a", "sms").await;
    clicks(&service, &link, 1..8).await;
    service.set_time("2026-11-21T12:00:00Z");
    clicks(&service, &link, 1..4).await;
    service.stop().await;
    service.set_time("2026-12-24T12:00:00Z");
    service.restart().await;
    service.days_closed().await;
    assert_eq!(of_link(&service, &link).await, [json!(7), json!(7), Value::Null]);
    let stats = service.get(&format!("/api/v1/links/{link}/stats?from={THE_DAY}&to=2026-12-24")).await;
    let series = stats["series"].as_array().expect("a series");
    let open: Vec<_> = series.iter().filter(|day| day["open"] == true).map(|day| &day["day"]).collect();
    assert_eq!(open, [&json!("2026-12-24")]);
}
