//! What a marketer does: read, filter, drill down, change a link, in the language of their browser or another. With JavaScript
//! switched off, but for what is weighed.

use reqwest::Method;
use serde_json::json;

use crate::audit::{Axe, loaded, sound, weigh};
use crate::browser::{Browser, DESKTOP, PHONE, PHONE_FRENCH, Scripts};
use crate::campaign::Campaign;
use crate::destination::Destination;
use crate::service::{Backend, Service, code};

const MONTH: [(&str, &str); 2] = [("stats.min_count", "5"), ("server.public_url", "http://go.example")];

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
    browser.shows("UTC days").await;

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
    browser.shows("Évolution").await;
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
    browser.shows("The link has been changed").await;
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
async fn the_numbers_of_a_page_are_downloaded_and_are_those_of_the_call_beside_them() {
    let campaign = Campaign::run(&MONTH).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, DESKTOP, Scripts::Off).await;
    let home = campaign.service.base.replace("127.0.0.1", "localhost");
    let view = "/stats?period=7d&campaign=advent-2026";
    sign_in(&browser, &home, view, &campaign.secret).await;
    // The first of the page is that of its days.
    browser.press("Download").await;
    let call = browser.find("details[open] code").await.text().await.expect("a call");
    let call = call.strip_prefix("GET http://go.example").expect("an address of the service");
    for (format, file) in
        [("CSV", "day-2026-12-13-2026-12-19.csv"), ("JSON", "day-2026-12-13-2026-12-19.json")]
    {
        browser.press(format).await;
        let of_call =
            campaign.service.request(Method::GET, &format!("{call}&format={}", format.to_lowercase()));
        let of_call = of_call.bearer_auth(&campaign.secret).send().await.expect("an answer");
        assert_eq!(of_call.status(), 200, "{call}");
        let of_call = of_call.text().await.expect("a text");
        assert!(of_call.contains("2026-12-19") && !of_call.contains("2026-12-12"), "{of_call}");
        assert_eq!(browser.downloaded(file).await, of_call);
    }
    browser.is_at(&format!("{home}{view}")).await;
}

#[tokio::test]
async fn the_longest_lists_weigh_no_more_than_any_page() {
    const LINKS: usize = 600;
    let settings = [("stats.min_count", "5"), ("limits.create_per_minute", "0")];
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    let link = |number: usize| {
        let page = "a-headline-that-is-as-long-as-headlines-are-at-papers-that-like-them-long";
        json!({
            "url": format!("https://courier.example/{}/{page}-{number}", number % 7),
            "channel": "whatsapp",
            "campaign": format!("letter number {number} of the year"),
        })
    };
    for first in (0..LINKS).step_by(100) {
        let links: Vec<_> = (first..first + 100).map(link).collect();
        let made = service.api(Method::POST, "/api/v1/links/bulk").json(&json!({ "links": links }));
        assert_eq!(made.send().await.expect("an answer").status(), 200);
    }
    // What is shown ends with the day before.
    service.set_time(&service.in_seconds(24 * 3_600));
    service.days_closed().await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE, Scripts::On).await;
    weigh(&browser).await;
    let home = service.base.replace("127.0.0.1", "localhost");
    sign_in(&browser, &home, "/stats", &service.secret).await;
    browser.shows("Top links").await;
    for (list, name) in
        [("pages", "stats-many-pages"), ("campaigns", "stats-many-campaigns"), ("links", "stats-many-links")]
    {
        loaded(&browser).await;
        browser.goto(&format!("{home}/stats?list={list}")).await;
        let rows = browser.script("return document.querySelectorAll('table.groups tbody tr').length").await;
        assert_eq!(rows, 501, "500 {list}, and the others as one");
        sound(&browser, &Axe::read(), &home, name, 200).await;
    }
}
