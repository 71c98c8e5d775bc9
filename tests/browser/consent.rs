//! The question of consent, its receipt and the page on privacy. With JavaScript switched off where
//! nothing is measured.

use serde_json::json;

use crate::browser::{Browser, DESKTOP, PHONE, SMALL_PHONE, Scripts};
use crate::destination::Destination;
use crate::service::{Backend, Service, code, totals};

const ARTICLE: &str = "http://news.example/an-article";
const LABELS: [&str; 3] = ["Allow and continue", "Refuse and continue", "Continue without choosing"];
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

/// A service with one link, and its address.
async fn with_link() -> (Service, String, Destination) {
    let service = Service::start(Backend::Sqlite).await;
    let code = code(&service.link(json!({ "url": ARTICLE, "channel": "email" })).await);
    (service, code, Destination::start().await)
}

#[tokio::test]
async fn refusing_arrives_and_counts_nothing_then_and_later() {
    let (service, code, destination) = with_link().await;
    let browser = Browser::open(&destination, PHONE, Scripts::Off).await;
    let link = format!("{}/{code}", service.base);
    browser.goto(&link).await;
    browser.press("Refuse and continue").await;
    browser.is_at(ARTICLE).await;
    assert_eq!(browser.cookies().await, [service.consent("test", "d1")]);
    browser.goto(&link).await;
    browser.is_at(ARTICLE).await;
    assert_eq!(destination.requests().len(), 2);
    assert_eq!(service.metric("entries_recorded_total").await, 0);
    assert_eq!(totals(&service.stats(&code).await), [Some(0); 4]);
}

#[tokio::test]
async fn not_choosing_arrives_counts_nothing_and_is_asked_again() {
    let (service, code, destination) = with_link().await;
    let browser = Browser::open(&destination, PHONE, Scripts::Off).await;
    let link = format!("{}/{code}", service.base);
    for _ in 0..2 {
        browser.goto(&link).await;
        browser.shows("This link leads to").await;
        browser.press("Continue without choosing").await;
        browser.is_at(ARTICLE).await;
        assert!(browser.cookies().await.is_empty());
    }
    assert_eq!(service.metric("entries_recorded_total").await, 0);
}

#[tokio::test]
async fn back_from_the_destination_shows_the_question_again_and_counts_nothing() {
    for (label, clicks) in LABELS.into_iter().zip([1, 0, 0]) {
        let (service, code, destination) = with_link().await;
        let browser = Browser::open(&destination, DESKTOP, Scripts::On).await;
        let link = format!("{}/{code}", service.base);
        browser.goto(&link).await;
        browser.press(label).await;
        browser.is_at(ARTICLE).await;
        for _ in 0..2 {
            browser.client.back().await.expect("the way back");
            browser.is_at(&link).await;
            browser.shows("This link leads to").await;
            browser.client.forward().await.expect("the way forward");
            browser.is_at(ARTICLE).await;
        }
        assert_eq!(totals(&service.stats(&code).await)[1], Some(clicks), "{label}");
        // Opening the link itself is a click again, where it was allowed.
        if clicks > 0 {
            browser.goto(&link).await;
            browser.is_at(ARTICLE).await;
            assert_eq!(totals(&service.stats(&code).await)[1], Some(2));
        }
    }
}

#[tokio::test]
async fn the_three_answers_are_equal_in_size_and_in_every_style() {
    let (service, code, destination) = with_link().await;
    for look in [DESKTOP, SMALL_PHONE] {
        let browser = Browser::open(&destination, look, Scripts::On).await;
        browser.goto(&format!("{}/{code}", service.base)).await;
        let styles = browser
            .script(
                "return [...document.querySelectorAll('button')].map(button => {
                    const style = getComputedStyle(button);
                    return [...style].map(name => name + ': ' + style.getPropertyValue(name)).join('; ');
                })",
            )
            .await;
        let styles = styles.as_array().expect("styles");
        assert_eq!(styles.len(), 3);
        assert!(styles.iter().all(|style| style == &styles[0]), "{styles:#?}");
        let mut sizes = Vec::new();
        for place in 1..=3 {
            let button = browser.find(&format!("button:nth-child({place})")).await;
            assert_eq!(button.text().await.expect("a label"), LABELS[place - 1]);
            let (left, _, width, height) = button.rectangle().await.expect("a box");
            assert!(height >= 44.0 && width >= 44.0, "{width} × {height}");
            sizes.push((left.to_bits(), width.to_bits(), height.to_bits()));
        }
        assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
    }
}

#[tokio::test]
async fn the_keyboard_alone_reaches_the_answers_in_order_and_gives_one() {
    let (service, code, destination) = with_link().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::On).await;
    browser.goto(&format!("{}/{code}", service.base)).await;
    for label in LABELS {
        browser.key(TAB).await;
        let focus = browser
            .script(
                "const at = document.activeElement, style = getComputedStyle(at);
                 return [at.textContent, style.outlineStyle, parseFloat(style.outlineWidth) >= 2]",
            )
            .await;
        assert_eq!(focus, json!([label, "solid", true]));
    }
    browser.key(ENTER).await;
    browser.is_at(ARTICLE).await;
    assert!(browser.cookies().await.is_empty(), "the third answer is remembered nowhere");
}

#[tokio::test]
async fn the_privacy_page_changes_and_forgets_the_answer() {
    let (service, code, destination) = with_link().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::Off).await;
    let (link, privacy) = (
        format!("{}/{code}", service.base),
        format!("{}/privacy?site={}", service.base, service.site_id("test")),
    );
    browser.goto(&link).await;
    browser.press("Allow and continue").await;
    browser.is_at(ARTICLE).await;
    browser.goto(&privacy).await;
    browser.shows("Allowed.").await;
    browser.press("Refuse").await;
    browser.shows("Refused.").await;
    assert_eq!(browser.cookies().await, [service.consent("test", "d1")]);
    browser.press("Forget my answer").await;
    browser.shows("No answer yet.").await;
    assert!(browser.cookies().await.is_empty());
    browser.goto(&link).await;
    browser.shows("This link leads to").await;
    browser.goto(&privacy).await;
    browser.press("Allow").await;
    browser.shows("Allowed.").await;
    assert_eq!(browser.cookies().await, [service.consent("test", "g1")]);
}

#[tokio::test]
async fn the_receipt_says_where_a_link_leads_and_counts_nothing() {
    let (service, code, destination) = with_link().await;
    let browser = Browser::open(&destination, PHONE, Scripts::Off).await;
    browser.goto(&format!("{}/{code}+", service.base)).await;
    browser.shows(ARTICLE).await;
    browser.shows("Nothing before you answer.").await;
    assert!(destination.requests().is_empty());
    assert_eq!(service.metric("entries_recorded_total").await, 0);
    browser.press("Continue to news.example").await;
    browser.press("Allow and continue").await;
    browser.is_at(ARTICLE).await;
    browser.goto(&format!("{}/{code}+", service.base)).await;
    browser.shows("One click on this link today").await;
    assert_eq!(totals(&service.stats(&code).await), [Some(0), Some(1), Some(1), Some(0)]);
}
