//! Signing in to the statistics and out again. With JavaScript switched off.

use serde_json::json;

use crate::browser::{Browser, DESKTOP, PHONE_DARK, Scripts};
use crate::destination::Destination;
use crate::service::{Backend, Service, code};

#[tokio::test]
async fn a_wrong_key_says_so_and_the_right_one_leads_to_the_page_that_was_asked_for() {
    let service = Service::start(Backend::Sqlite).await;
    let code = code(&service.link(json!({ "url": "https://news.example/", "channel": "qr" })).await);
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE_DARK, Scripts::Off).await;
    let stats = format!("{}/stats/{code}", service.base);
    browser.goto(&stats).await;
    browser.write("#key", "ens_sk_wrong").await;
    browser.press("Sign in").await;
    browser.shows("No site has this key.").await;
    assert_eq!(browser.find("#key").await.prop("value").await.expect("a field").as_deref(), Some(""));
    browser.write("#key", &service.publishable).await;
    browser.press("Sign in").await;
    browser.shows("This is the publishable key.").await;
    assert!(browser.cookies().await.is_empty(), "no session without the key");
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.is_at(&stats).await;
    browser.shows("How to read these numbers").await;
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let service = Service::start(Backend::Sqlite).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::Off).await;
    browser.goto(&format!("{}/stats", service.base)).await;
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.shows("No shares yet").await;
    let cookies = browser.cookies().await;
    assert!(cookies.len() == 1 && cookies[0].starts_with("session="), "{cookies:?}");
    browser.press("Sign out").await;
    browser.shows("Sign in to the stats").await;
    assert!(browser.cookies().await.is_empty());
    browser.goto(&format!("{}/stats", service.base)).await;
    browser.shows("Sign in to the stats").await;
}
