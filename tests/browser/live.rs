//! An open page keeps itself current, and one without scripts is as good as its last loading.

use std::time::{Duration, Instant};

use crate::browser::{Browser, DESKTOP, PHONE_DARK, Scripts};
use crate::destination::Destination;
use crate::service::{Backend, Service};

/// A burst of clicks is seen within this.
const SOON: Duration = Duration::from_secs(2);
const CLICKS: &str = ".funnel li:nth-child(3) b";

/// Opens a page as somebody who has just signed in.
async fn open(service: &Service, browser: &Browser, page: &str) {
    browser.goto(&format!("{}{page}", service.base)).await;
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.is_at(&format!("{}{page}", service.base)).await;
}

/// The number of clicks that the page shows.
async fn clicks(browser: &Browser) -> String {
    browser.find(CLICKS).await.text().await.unwrap_or_default()
}

/// Waits until the page shows so many clicks, which it has to within two seconds of `began`.
async fn shows_soon(browser: &Browser, expected: &str, began: Instant) {
    while clicks(browser).await != expected {
        let text = clicks(browser).await;
        assert!(began.elapsed() < SOON, "{text} and not {expected} after {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{expected} after {:?}", began.elapsed());
}

async fn burst(service: &Service, code: &str, visitors: std::ops::Range<u32>) {
    for visitor in visitors {
        service.click(code, &format!("192.0.2.{visitor}")).await;
    }
}

#[tokio::test]
async fn a_burst_of_clicks_is_seen_within_two_seconds() {
    let service = Service::start(Backend::Redis).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::On).await;
    let code = service.code().await;
    open(&service, &browser, &format!("/stats/{code}")).await;
    browser.press("The numbers as a table").await;
    browser
        .script("document.querySelector('summary').focus(); window.here = 'the same page'; return 0")
        .await;
    for (visitors, expected) in [(0..20, "20"), (20..60, "60")] {
        burst(&service, &code, visitors).await;
        shows_soon(&browser, expected, Instant::now()).await;
    }
    // Neither where the reader was nor what they had opened has changed.
    let state = "return [window.here, document.querySelector('details').open,
        document.activeElement.localName, document.querySelector('tbody tr td:nth-of-type(3)').textContent]";
    assert_eq!(browser.script(state).await, serde_json::json!(["the same page", true, "summary", "60"]));
    browser.goto(&format!("{}/stats", service.base)).await;
    assert_eq!(clicks(&browser).await, "60");
    burst(&service, &code, 60..80).await;
    shows_soon(&browser, "80", Instant::now()).await;
}

#[tokio::test]
async fn whoever_comes_today_stays_unseen_on_a_protected_sites_page() {
    let service = Service::start_with(Backend::Sqlite, &[("stats.min_count", "5")]).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE_DARK, Scripts::On).await;
    let code = service.code().await;
    open(&service, &browser, &format!("/stats/{code}")).await;
    let before = clicks(&browser).await;
    service.crowd(&code, 80, 1).await;
    let loaded =
        "return performance.getEntriesByType('resource').filter(e => e.initiatorType === 'fetch').length";
    let began = Instant::now();
    while began.elapsed() < SOON {
        assert_eq!(clicks(&browser).await, before);
        assert_eq!(browser.script(loaded).await, 0, "the page was told of a visit");
    }
    browser.goto(&format!("{}/stats/{code}", service.base)).await;
    assert_eq!(clicks(&browser).await, before, "nor is it seen when the page is loaded again");
}

#[tokio::test]
async fn a_page_that_was_out_of_sight_catches_up_and_holds_no_connection_meanwhile() {
    let service = Service::start(Backend::Sqlite).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::On).await;
    let code = service.code().await;
    open(&service, &browser, &format!("/stats/{code}")).await;
    let look = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});
             document.dispatchEvent(new Event('visibilitychange')); return 0"
        )
    };
    browser.script(&look(true)).await;
    burst(&service, &code, 0..20).await;
    service.settled().await;
    let began = Instant::now();
    while began.elapsed() < SOON {
        assert_eq!(clicks(&browser).await, "0");
    }
    browser.script(&look(false)).await;
    shows_soon(&browser, "20", Instant::now()).await;
}

#[tokio::test]
async fn without_scripts_the_page_shows_the_burst_when_it_is_loaded_again() {
    let service = Service::start(Backend::Sqlite).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::Off).await;
    let code = service.code().await;
    open(&service, &browser, &format!("/stats/{code}")).await;
    burst(&service, &code, 0..20).await;
    service.settled().await;
    assert_eq!(clicks(&browser).await, "0");
    browser.goto(&format!("{}/stats/{code}", service.base)).await;
    assert_eq!(clicks(&browser).await, "20");
}
