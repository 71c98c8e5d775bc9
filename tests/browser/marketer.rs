//! What a marketer does: read, filter, drill down, change a link, in the language of their browser or another. With JavaScript
//! switched off.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;

use crate::browser::{Browser, DESKTOP, PHONE, PHONE_FRENCH, Scripts};
use crate::campaign::Campaign;
use crate::destination::Destination;
use crate::service::{Backend, Service, code};

const MONTH: [(&str, &str); 2] = [("stats.min_count", "5"), ("server.public_url", "https://go.example")];

async fn sign_in(browser: &Browser, home: &str, path: &str, secret: &str) {
    browser.goto(&format!("{home}{path}")).await;
    browser.write("#key", secret).await;
    browser.press(browser.reads("Sign in", "Se connecter")).await;
}

#[tokio::test]
async fn a_marketer_drills_down_from_the_overview_to_a_link() {
    let campaign = Campaign::run(&MONTH).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::Off).await;
    let home = campaign.service.base.replace("127.0.0.1", "localhost");
    sign_in(&browser, &home, "/stats", &campaign.secret).await;
    browser.shows("in days of UTC").await;

    browser.press("7 days").await;
    browser.is_at(&format!("{home}/stats?period=7d")).await;
    browser.press("WhatsApp").await;
    browser.is_at(&format!("{home}/stats?period=7d&channel=whatsapp")).await;
    assert_eq!(browser.find("h1").await.text().await.expect("a channel"), "WhatsApp");
    browser.press("advent-2026").await;
    browser.is_at(&format!("{home}/stats?period=7d&channel=whatsapp&campaign=advent-2026")).await;
    browser.shows("Campaign: advent-2026").await;
    browser.press(&format!("/{}", campaign.code)).await;
    browser.is_at(&format!("{home}/stats/{}?period=7d", campaign.code)).await;
    browser.shows("Change this link").await;
    browser.press("← The Courier").await;
    browser.is_at(&format!("{home}/stats?period=7d")).await;

    // A view can be kept as it is, and any days can be asked for.
    let kept = format!("{home}/stats?from=2026-12-01&to=2026-12-10&campaign=advent-2026");
    browser.goto(&kept).await;
    browser.shows("1 December 2026 to 10 December 2026").await;
    browser.press("Show").await;
    browser.shows("1 December 2026 to 10 December 2026").await;
    assert_eq!(browser.find("h1").await.text().await.expect("a campaign"), "advent-2026");
}

#[tokio::test]
async fn a_chosen_language_stays_while_one_goes_on() {
    let service = Service::start(Backend::Sqlite).await;
    let code = code(&service.link(json!({ "url": "https://news.example/", "channel": "copy" })).await);
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE_FRENCH, Scripts::Off).await;
    let home = service.base.clone();
    browser.goto(&format!("{home}/{code}+")).await;
    browser.shows("Lien copié").await;
    browser.press("English").await;
    browser.is_at(&format!("{home}/{code}+?lang=en")).await;
    browser.shows("Copied link").await;
    browser.press("Stats").await;
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.is_at(&format!("{home}/stats?lang=en")).await;
    browser.press("7 days").await;
    browser.shows("Over time").await;
    browser.press("Français").await;
    browser.is_at(&format!("{home}/stats?period=7d&lang=fr")).await;
    browser.shows("Au fil du temps").await;
    let answer = service.request(Method::GET, "/privacy").header("accept-language", "fr-CH, en;q=0.5");
    let answer = answer.header("accept", "text/html").send().await.expect("an answer");
    let header = |name: &str| answer.headers()[name].to_str().expect("a text").to_owned();
    assert_eq!([header("content-language"), header("vary")], ["fr", "accept-language"]);
}

#[tokio::test]
async fn a_link_is_changed_only_after_what_changes_was_shown() {
    let service = Service::start(Backend::Sqlite).await;
    let code = code(&service.link(json!({ "url": "https://news.example/old", "channel": "qr" })).await);
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE, Scripts::Off).await;
    let page = format!("{}/stats/{code}", service.base);
    let path = format!("/api/v1/links/{code}");
    sign_in(&browser, &service.base, &format!("/stats/{code}"), &service.secret).await;
    browser.shows("Change this link").await;
    browser.press("Review the change").await;
    browser.shows("Nothing was changed").await;

    browser.write("#url", "https://news.example/new").await;
    browser.press("Review the change").await;
    browser.shows("Change this link?").await;
    browser.shows("https://news.example/old").await;
    assert_eq!(service.get(&path).await["url"], "https://news.example/old", "not before it is confirmed");
    browser.press("Leave it as it is").await;
    browser.is_at(&page).await;

    browser.write("#url", "https://news.example/new").await;
    browser.press("Review the change").await;
    browser.press("Change the link").await;
    browser.shows("The link is changed").await;
    assert_eq!(service.get(&path).await["url"], "https://news.example/new");

    browser.press("Switch off").await;
    browser.shows("It can be switched on again").await;
    browser.press("Change the link").await;
    browser.shows("Switched off").await;
    assert_eq!(service.get(&path).await["disabled"], true);

    browser.write("#url", "https://elsewhere:x@news.example/").await;
    browser.press("Review the change").await;
    browser.shows("must not contain a user name or password").await;
}

#[tokio::test]
async fn no_page_of_a_month_weighs_more_than_100_kib() {
    let campaign = Campaign::run(&MONTH).await;
    let service = &campaign.service;
    let form = [("secret_key", campaign.secret.as_str())];
    let signed_in =
        service.request(Method::POST, "/stats/sign-in").form(&form).send().await.expect("an answer");
    assert_eq!(signed_in.status(), 303);
    let cookie = signed_in.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    let cookie = cookie.split(';').next().expect("a first part");
    let style = weight(include_str!("../../static/style.css"));
    let link = format!("/stats/{}?period=90d", campaign.code);
    for path in ["/stats", "/stats?period=90d", "/stats?period=12m", "/stats?list=links", &link, "/privacy"] {
        let request =
            service.request(Method::GET, path).header("cookie", cookie).header("accept", "text/html");
        let page = request.send().await.expect("an answer");
        assert_eq!(page.status(), 200, "{path}");
        let page = page.text().await.expect("a text");
        let weight = weight(&page) + style;
        assert!(page.contains("</html>") && weight < 100 << 10, "{path}: {weight} bytes");
    }
}

/// Its bytes, compressed.
fn weight(text: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it").len()
}
