//! Machines whose clocks are wrong, for ever or for a moment.

use std::path::PathBuf;
use std::time::Instant;

use entrenous::clock::Clock;
use entrenous::domain::day::Day;
use reqwest::Client;
use serde_json::Value;

use crate::past_days::PastDays;
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service};
use crate::redis::RedisServer;
use crate::redis::moved_clock::set;

/// Fourteen months, when the counts of the tests are older than the thirteen that they are kept.
const MONTHS: &str = "+425d";

/// On Redis each stage of a closing lasts for so long.
const KEEPING: [&str; 2] = ["--set", "journal.keep_seconds=1"];

fn clock(home: &Home) -> PathBuf {
    let file = home.path().join("clock");
    set(&file, "+0d");
    file
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < DEADLINE, "{what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Clicks and visitors of a site's last month, and of tomorrow: where today was closed because the clock was ahead, what comes
/// counts there.
async fn totals(service: &Service, key: &str, today: Day) -> [u64; 2] {
    let url = format!(
        "{}/api/v1/stats?group_by=channel&from={}&to={}",
        service.base,
        today.plus(-29),
        today.plus(1)
    );
    let request = Client::new().get(url).bearer_auth(key).send();
    let stats: Value = request.await.expect("an answer").json().await.expect("JSON");
    let channels = stats["groups"].as_array().expect("groups");
    ["clicks", "visitors"].map(|name| channels.iter().filter_map(|channel| channel[name].as_u64()).sum())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_months_ahead_for_a_moment_erases_nothing_on_sqlite() {
    let home = Home::new();
    let store = format!("sqlite:{}", home.path().join("data/entrenous.db").display());
    months_ahead_for_a_moment(&home, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_months_ahead_for_a_moment_erases_nothing_on_redis() {
    let redis = RedisServer::start();
    months_ahead_for_a_moment(&Home::new(), &redis.url()).await;
}

async fn months_ahead_for_a_moment(home: &Home, store: &str) {
    let site = ["site", "create", "press", "--destination", "*", "--min-count", "1", "--json"];
    let made = home.run(&[&site[..], &["--store", store]].concat());
    let keys: Value = serde_json::from_str(&made.text).expect("JSON");
    let key = keys["secret_key"].as_str().expect("a key");
    let today = Day::of(Clock::system().now());
    let past = PastDays { links: 30, pages: 6, days: 4 };
    past.fill(store, today).await;
    let (clicks, _) = past.clicks_and_unfurls();

    let file = clock(home);
    let service =
        home.serve_with_clock(&file, &[&BEHIND_A_PROXY[..], &["--store", store], &KEEPING].concat());
    let midnight = u64::try_from(today.start().as_second()).expect("after 1970");
    service.until("closed_before_timestamp_seconds", midnight).await;
    service.click("l1", "192.0.2.1").await.expect("an answer");
    until("the click is in the store", async || totals(&service, key, today).await[0] == clicks + 1).await;

    set(&file, MONTHS);
    until("the jump is told", async || service.log().contains("clock_jumped")).await;
    assert!(service.log().contains("425 days ahead"), "{}", service.log());
    let is_shared = store.starts_with("redis");
    if !is_shared {
        // A store in the process has no other clock: its days are closed at once, as far as that one goes.
        service.until("closed_before_timestamp_seconds", midnight + 424 * 86_400).await;
    }
    let (before, _) = service.counted(key, "l1").await;
    service.click("l1", "192.0.2.2").await.expect("an answer");
    service.counted_at_least(key, "l1", before + 1).await;
    set(&file, "+0d");
    if !is_shared {
        until("the day is today again", async || {
            service.metric("closed_before_timestamp_seconds").await == midnight
        })
        .await;
    }
    service.click("l1", "192.0.2.3").await.expect("an answer");
    // The click of that moment is of a day to come on SQLite, and of today by the clock of Redis.
    let expected = clicks + if is_shared { 3 } else { 2 };
    until("every click of the past days and since is there", async || {
        totals(&service, key, today).await == [expected; 2]
    })
    .await;
    service.terminate();
    assert_eq!(service.end(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_a_day_ahead_counts_on_the_days_of_its_redis_and_says_so() {
    let redis = RedisServer::start();
    let url = redis.url();
    let (home, other) = (Home::new(), Home::new());
    let right = home.serve(&[&BEHIND_A_PROXY[..], &["--store", &url]].concat());
    let key = right.printed_key("ens_sk_").expect("a key");
    let code = right.code(&key).await;
    let file = clock(&other);
    set(&file, "+1d");
    let wrong = other.serve_with_clock(&file, &[&BEHIND_A_PROXY[..], &["--store", &url]].concat());
    for service in [&right, &wrong] {
        service.click(&code, "192.0.2.1").await.expect("an answer");
    }
    right.counted_at_least(&key, &code, 2).await;
    // One day for both, so one visitor.
    assert_eq!(right.counted(&key, &code).await, (2, 1));
    until("the difference is told", async || wrong.log().contains("clock_differs")).await;
    let log = wrong.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("clock_differs")).collect();
    assert!(told.len() == 1 && told[0].contains("24 hours ahead of the store's"), "{told:?}");
    assert!(!right.log().contains("clock_differs"));
}
