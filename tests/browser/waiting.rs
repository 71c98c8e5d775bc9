//! Somebody who opens a link before its claim has arrived, with JavaScript switched off.

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Browser, PHONE, Scripts};
use crate::destination::Destination;
use crate::service::{Backend, Service};

const ARTICLE: &str = "http://news.example/an-article";

/// A service, and what it gives a page that will share something.
async fn with_reserved_code() -> (Service, Value) {
    let service = Service::start(Backend::Sqlite).await;
    let call = service.request(Method::POST, "/api/v1/codes").bearer_auth(&service.publishable);
    let answer = call.json(&json!({ "count": 1 })).send().await.expect("an answer");
    let mut batch: Value = answer.json().await.expect("JSON");
    (service, batch["codes"][0].take())
}

#[tokio::test]
async fn a_visitor_who_is_faster_than_the_claim_is_asked_as_soon_as_it_is_there_and_arrives() {
    let (service, reserved) = with_reserved_code().await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE, Scripts::Off).await;
    browser.goto(&format!("{}/{}", service.base, reserved["code"].as_str().expect("a code"))).await;
    browser.shows("This link is on its way").await;
    let share = json!({ "url": ARTICLE, "channel": "whatsapp", "claim": reserved["claim"] });
    service.link_of(&service.publishable, share).await;
    browser.shows("This link leads to").await;
    browser.press("Continue without choosing").await;
    browser.is_at(ARTICLE).await;
}

#[tokio::test]
async fn a_visitor_of_a_code_that_nobody_claims_is_told_so_in_the_end() {
    let (service, reserved) = with_reserved_code().await;
    let browser = Browser::open(&Destination::start().await, PHONE, Scripts::Off).await;
    let link = format!("{}/{}", service.base, reserved["code"].as_str().expect("a code"));
    browser.goto(&link).await;
    browser.shows("This link is on its way").await;
    browser.press("Check again now").await;
    browser.is_at(&format!("{link}?wait=4")).await;
    browser.shows("Not found").await;
}
