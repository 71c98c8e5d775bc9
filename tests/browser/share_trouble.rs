//! The share buttons while the service is slow, loses what it is told, or is away.

use std::time::{Duration, Instant};

use entrenous::domain::site::KeyKind;
use entrenous::service::accounts::sites::Sites;
use serde_json::{Value, json};

use crate::browser::{Browser, DESKTOP, PHONE, Scripts};
use crate::gate::Trouble;
use crate::magazine::{ARTICLE, Magazine};
use crate::share::held;

#[tokio::test]
async fn how_soon_the_app_opens_does_not_depend_on_the_service() {
    let magazine = Magazine::start().await;
    for delay in [Duration::ZERO, Duration::from_secs(2)] {
        magazine.gate.trouble(Trouble::Delay(delay));
        for look in [DESKTOP, PHONE] {
            let browser = magazine.ready_reader(look).await;
            browser.listen().await;
            let before = magazine.links().await.len();
            let tapped = Instant::now();
            browser.tap("whatsapp").await;
            let address = browser.opened().await;
            let opened = tapped.elapsed();
            let shared = browser.shared().await;
            let code = shared[0]["code"].as_str().expect("a code");
            assert!(address.contains(code), "{address}");
            if !delay.is_zero() {
                assert!(magazine.links().await.len() == before, "the app waited for the claim");
            }
            println!("{}: {delay:?} of delay, the app opened after {opened:?}", look.name);
            held(&magazine, code).await;
        }
    }
}

#[tokio::test]
async fn a_tap_without_codes_makes_the_link_then_or_shares_the_page_when_that_takes_too_long() {
    let magazine = Magazine::start().await;
    for (trouble, has_link) in [(Trouble::NoCodes, true), (Trouble::Delay(Duration::from_secs(6)), false)] {
        magazine.gate.trouble(trouble);
        let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
        browser.has_buttons().await;
        browser.listen().await;
        let tapped = Instant::now();
        browser.tap("whatsapp").await;
        let address = browser.opened().await;
        let opened = tapped.elapsed();
        let shared = browser.shared().await;
        assert_eq!(shared.len(), 1, "{shared:?}");
        assert_eq!(shared[0]["code"].is_string(), has_link, "{trouble:?}: {shared:?} after {opened:?}");
        let url = shared[0]["url"].as_str().expect("an address");
        assert!(address.ends_with(&url.replace(':', "%3A").replace('/', "%2F")), "{address} has not {url}");
        assert!(opened < Duration::from_secs(6), "{opened:?}: it waited for the service");
        if let Some(code) = shared[0]["code"].as_str() {
            assert_eq!(magazine.links().await, [magazine.link(code).await.expect("a link")]);
        }
        println!("{trouble:?}: the app opened after {opened:?}");
    }
}

#[tokio::test]
async fn while_the_service_is_away_the_address_of_the_page_is_shared() {
    let magazine = Magazine::start().await;
    magazine.gate.trouble(Trouble::Down);
    let page = magazine.address(ARTICLE);
    let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
    browser.has_buttons().await;
    browser.listen().await;
    browser.tap("whatsapp").await;
    let address = browser.opened().await;
    let encoded = page.replace(':', "%3A").replace('/', "%2F");
    assert!(address.starts_with("https://wa.me/?text=") && address.ends_with(&encoded), "{address}");
    browser.tap("email").await;
    let address = browser.sent_to("mailto:").await;
    assert!(address.ends_with(&encoded), "{address}");
    browser.tap("copy").await;
    browser.until("three shares", "return shared.length === 3").await;
    assert_eq!(browser.clipboard().await, page);
    shared_without_a_link(&magazine, &browser, &page).await;
}

#[tokio::test]
async fn a_code_that_was_reserved_before_the_service_went_away_is_claimed_when_it_is_back() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    magazine.gate.trouble(Trouble::Down);
    browser.listen().await;
    browser.tap("whatsapp").await;
    let address = browser.opened().await;
    let shared = browser.shared().await;
    let code = shared[0]["code"].as_str().expect("a code").to_owned();
    assert!(address.contains(&code), "{address}");
    let deadline = Instant::now() + Duration::from_secs(20);
    // A browser asks first whether it may.
    while magazine.gate.asked("OPTIONS /api/v1/links").len() < 2 {
        assert!(Instant::now() < deadline, "nothing is tried again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(magazine.link(&code).await.is_none());
    magazine.gate.trouble(Trouble::None);
    held(&magazine, &code).await;
    assert_eq!(magazine.links().await.len(), 1);
}

#[tokio::test]
async fn a_claim_that_gets_lost_on_its_way_there_or_back_is_sent_again_and_is_one_share() {
    for trouble in [Trouble::LostClaims(2), Trouble::LostAnswers(2)] {
        let magazine = Magazine::start().await;
        let browser = magazine.ready_reader(PHONE).await;
        magazine.gate.trouble(trouble);
        browser.listen().await;
        browser.tap("copy").await;
        let shared = browser.shared().await;
        let link = held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while magazine.gate.links().len() < 3 {
            assert!(Instant::now() < deadline, "{trouble:?}: nothing is tried again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let claims = magazine.gate.links();
        assert!(claims.iter().all(|claim| *claim == claims[0]), "{claims:#?}");
        assert_eq!(magazine.links().await, [link], "{trouble:?}");
    }
}

#[tokio::test]
async fn a_claim_that_waits_to_be_sent_again_is_sent_when_the_page_is_left() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    // What would be tried again after a second is never tried again by itself.
    browser.script("window.setTimeout = () => 0; return 0").await;
    magazine.gate.trouble(Trouble::LostClaims(1));
    browser.tap("copy").await;
    let shared = browser.shared().await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while magazine.gate.links().is_empty() {
        assert!(Instant::now() < deadline, "nothing is claimed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let failed = "return performance.getEntriesByType('resource')
        .some(entry => entry.name.endsWith('/api/v1/links') && entry.responseStatus === 0)";
    browser.until("the loss", failed).await;
    browser.goto(&magazine.address("")).await;
    held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
}

#[tokio::test]
async fn a_link_does_not_fail_for_what_only_adorns_it() {
    let magazine = Magazine::start().await;
    magazine.change("<entrenous-share ", &format!("<entrenous-share campaign=\"{}\" ", "x".repeat(101)));
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    browser.tap("copy").await;
    let link = held(&magazine, browser.shared().await[0]["code"].as_str().expect("a code")).await;
    assert_eq!((&link["channel"], &link["campaign"]), (&json!("copy"), &Value::Null), "{link}");
}

#[tokio::test]
async fn a_page_that_may_not_be_shared_is_shared_by_its_own_address_and_never_by_a_dead_link() {
    let magazine = Magazine::start().await;
    let own = "ftp://courier.example/a";
    magazine.change("<entrenous-share ", &format!("<entrenous-share url=\"{own}\" "));
    let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
    browser.has_buttons().await;
    browser.listen().await;
    browser.tap("copy").await;
    browser.until("a share", "return shared.length === 1").await;
    assert_eq!(browser.clipboard().await, own);
    browser.tap("email").await;
    let address = browser.sent_to("mailto:").await;
    assert!(address.ends_with("ftp%3A%2F%2Fcourier.example%2Fa"), "{address}");
    shared_without_a_link(&magazine, &browser, own).await;
}

#[tokio::test]
async fn an_address_over_the_limit_is_put_into_messages_as_it_is_and_never_as_a_dead_link() {
    let magazine = Magazine::start().await;
    let own = format!("{}?q={}", magazine.address(ARTICLE), "a".repeat(4_096));
    magazine.change("<entrenous-share ", &format!("<entrenous-share url=\"{own}\" "));
    // The service has judged the address before it is tapped on.
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    browser.tap("copy").await;
    browser.until("a share", "return shared.length === 1").await;
    assert_eq!(browser.clipboard().await, own);
    browser.tap("email").await;
    let address = browser.sent_to("mailto:").await;
    assert!(address.ends_with(&"a".repeat(4_096)) && !address.contains(&magazine.gate.base), "{address}");
    shared_without_a_link(&magazine, &browser, &own).await;
}

#[tokio::test]
async fn what_was_reserved_is_claimed_after_the_key_was_replaced() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    let sites = Sites::new(magazine.service.store().await);
    sites.rotate_key("The Courier", KeyKind::Publishable).await.expect("changed").expect("the site");
    browser.listen().await;
    browser.tap("copy").await;
    let shared = browser.shared().await;
    held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
}

#[tokio::test]
async fn nine_shares_in_a_row_use_up_the_codes_and_go_on() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    let more = "for (let n = 0; n < 9; n++) {
        const more = share.cloneNode();
        share.after(more);
        more.shadowRoot.querySelector('[part~=copy]').click();
    }
    return 0";
    browser.in_buttons(more).await;
    browser.until("nine shares", "return shared.length === 9").await;
    let shared = browser.shared().await;
    for shared in &shared {
        held(&magazine, shared["code"].as_str().expect("a code")).await;
    }
    assert_eq!(magazine.links().await.len(), 9);
}

/// Asserts that everything was shared by the page's own address, and that no link was made.
async fn shared_without_a_link(magazine: &Magazine, browser: &Browser, page: &str) {
    for shared in browser.shared().await {
        assert_eq!((&shared["code"], &shared["url"]), (&Value::Null, &json!(page)), "{shared}");
    }
    assert_eq!(magazine.links().await, Vec::<Value>::new());
}
