//! Open pages are told that their numbers have changed, and nothing else.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::json;

use crate::events::{Events, live_address};
use crate::service::{Backend, Service, WHATSAPP, code, on_every_store, refused};
use crate::stats::{answer, signed_in};

on_every_store!(
    a_burst_is_told_within_two_seconds_to_whoever_has_the_page_open,
    of_a_protected_site_only_shares_are_told_at_the_full_hour,
    of_visits_alone_a_protected_site_tells_nothing,
    who_comes_back_is_told_what_was_missed_and_nothing_else,
    only_the_sites_own_numbers_are_told_and_only_to_whoever_is_signed_in,
);

/// A change has to be told within this; a busy machine gets some more.
const SOON: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the stream that a page asks for.
async fn open(service: &Service, browser: &Client, page: &str) -> Events {
    let request = browser.get(format!("{}{page}", service.base)).header("accept", "text/html");
    let (status, _, text) = answer(request).await;
    assert_eq!(status, 200, "{page}");
    Events::open(browser, &format!("{}{}", service.base, live_address(&text))).await
}

async fn a_burst_is_told_within_two_seconds_to_whoever_has_the_page_open(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let (code, other) = (service.code().await, service.code().await);
    let mut site = open(&service, &browser, "/stats").await;
    let mut link = open(&service, &browser, &format!("/stats/{code}")).await;
    let mut quiet = open(&service, &browser, &format!("/stats/{other}")).await;
    for visitor in 0..50 {
        service.click(&code, &format!("192.0.2.{visitor}")).await;
    }
    let clicked = Instant::now();
    site.changed().await.expect("a change");
    link.changed().await.expect("a change");
    let took = clicked.elapsed();
    println!("the burst was told after {took:?}");
    assert!(took < SOON, "{took:?}");
    service.fetch(&code, WHATSAPP).send().await.expect("an answer");
    assert!(site.tells_within(PATIENCE).await && link.tells_within(PATIENCE).await, "an unfurl is told");
    service.code().await;
    assert!(site.tells_within(PATIENCE).await, "a share is told");
    assert!(!quiet.tells_within(SOON).await, "the other link's numbers are what they were");
}

async fn of_a_protected_site_only_shares_are_told_at_the_full_hour(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    let browser = signed_in(&service).await;
    let code = service.code().await;
    service.set_time("2026-11-21T12:59:59Z");
    let mut site = open(&service, &browser, "/stats").await;
    // However many come, and whatever is made: nothing is told before the hour is over.
    service.crowd(&code, 80, 1).await;
    service.fetch(&code, WHATSAPP).send().await.expect("an answer");
    service.code().await;
    service.settled().await;
    assert!(!site.tells_within(SOON).await, "the hour is not over");
    service.set_time("2026-11-21T13:00:00Z");
    assert!(site.tells_within(PATIENCE).await, "a share is told");
    service.crowd(&code, 90, 1).await;
    service.code().await;
    assert!(!site.tells_within(2 * SOON).await, "and nothing until the next hour");
}

async fn of_visits_alone_a_protected_site_tells_nothing(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    let browser = signed_in(&service).await;
    let code = service.code().await;
    // The link itself is a share of the hour before.
    service.set_time("2026-11-21T13:59:59Z");
    let mut streams =
        [open(&service, &browser, "/stats").await, open(&service, &browser, &format!("/stats/{code}")).await];
    service.crowd(&code, 80, 2).await;
    service.fetch(&code, WHATSAPP).send().await.expect("an answer");
    service.settled().await;
    service.set_time("2026-11-21T14:00:00Z");
    for stream in &mut streams {
        assert!(!stream.tells_within(3 * SOON).await, "visits of today are told to nobody");
    }
}

async fn who_comes_back_is_told_what_was_missed_and_nothing_else(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let code = service.code().await;
    let page = browser.get(format!("{}/stats/{code}", service.base)).header("accept", "text/html");
    let address = format!("{}{}", service.base, live_address(&answer(page).await.2));
    // What happens between the page and its stream is not lost.
    service.click(&code, "192.0.2.1").await;
    service.settled().await;
    let mut stream = Events::open(&browser, &address).await;
    let known = stream.changed().await.expect("a change");
    drop(stream);
    let again = || browser.get(&address).header("last-event-id", &known).send();
    let mut stream = Events::of(again().await.expect("an answer")).await;
    assert!(!stream.tells_within(SOON).await, "nothing was missed");
    drop(stream);
    service.click(&code, "192.0.2.2").await;
    service.settled().await;
    let mut stream = Events::of(again().await.expect("an answer")).await;
    assert_ne!(stream.changed().await.expect("a change"), known);
}

async fn only_the_sites_own_numbers_are_told_and_only_to_whoever_is_signed_in(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let own = service.code().await;
    let (_, secret) = service.site("other", |_| {}).await;
    let theirs =
        code(&service.link_of(&secret, json!({ "url": "https://example.com/", "channel": "sms" })).await);
    for path in ["/stats/live".to_owned(), format!("/stats/live?link={own}")] {
        let stranger = service.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(stranger.status(), 204, "{path}");
    }
    for wrong in [&theirs, "nothing", "a/b", ""] {
        let path = format!("{}/stats/live?link={wrong}", service.base);
        refused(browser.get(path), 404, "not_found").await;
    }
    let mut stream = Events::open(&browser, &format!("{}/stats/live", service.base)).await;
    stream.changed().await.expect("what there is now, to who has seen nothing");
    service.click(&theirs, "192.0.2.1").await;
    service.settled().await;
    assert!(!stream.tells_within(SOON).await, "other sites' numbers are not told");
    let page = browser.get(format!("{}/stats/{own}?from=2026-11-01&to=2026-11-19", service.base));
    assert!(!answer(page).await.2.contains("data-live"), "what is past changes no more");
}
