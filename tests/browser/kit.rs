//! Links by hand: with a keyboard and without scripts, and with the copy buttons that scripts add.

use serde_json::json;

use crate::browser::{Browser, DESKTOP, PHONE_DARK, Scripts};
use crate::destination::Destination;
use crate::service::{Backend, Service};

const ARTICLE: &str = "https://news.example/an-article";

/// Opens the form as somebody who has just signed in.
async fn open(service: &Service, browser: &Browser) {
    browser.goto(&format!("{}/stats", service.base)).await;
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.press("New links").await;
    browser.shows("one link for each channel").await;
}

async fn count(service: &Service) -> usize {
    service.get("/api/v1/links").await["links"].as_array().expect("links").len()
}

#[tokio::test]
async fn without_scripts_a_form_makes_a_kit_once_and_its_page_can_be_loaded_again() {
    let service = Service::start(Backend::Sqlite).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE_DARK, Scripts::Off).await;
    open(&service, &browser).await;
    browser.write("#url", "news.example").await;
    browser.write("#title", "An article").await;
    browser.click(browser.find("input[value=sms]").await).await;
    browser.press("Create the links").await;
    browser.shows("Nothing was created yet: one field below needs a correction.").await;
    for (field, value) in [("#url", "news.example"), ("#title", "An article")] {
        assert_eq!(browser.find(field).await.prop("value").await.expect("a field").as_deref(), Some(value));
    }
    assert_eq!(count(&service).await, 0);
    browser.write("#url", ARTICLE).await;
    browser.press("Create the links").await;
    // SMS was chosen before the first try, and is not since.
    browser.shows("3 links are ready").await;
    assert_eq!(count(&service).await, 3);
    let here = browser.url().await;
    browser.goto(&here).await;
    browser.shows("3 links are ready").await;
    assert_eq!(count(&service).await, 3);
    assert!(browser.client.find(fantoccini::Locator::Css("button[data-copy]:not([hidden])")).await.is_err());
}

#[tokio::test]
async fn with_scripts_addresses_are_copied_by_a_button_and_select_themselves() {
    let service = Service::start(Backend::Sqlite).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::On).await;
    open(&service, &browser).await;
    browser.write("#url", ARTICLE).await;
    browser.press("Create the links").await;
    browser.shows("4 links are ready").await;
    let links = service.get("/api/v1/links").await;
    for link in links["links"].as_array().expect("links") {
        let code = link["code"].as_str().expect("a code");
        browser.click(browser.find(&format!("[data-copy=a-{code}]")).await).await;
        browser.shows("Copied").await;
        assert_eq!(browser.clipboard().await, link["short_url"].as_str().expect("an address"));
        let selected = format!(
            "const field = document.getElementById('a-{code}'); field.blur(); field.focus();
             return field.value.slice(field.selectionStart, field.selectionEnd)"
        );
        assert_eq!(browser.script(&selected).await, json!(link["short_url"]));
    }
}
