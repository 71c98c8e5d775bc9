//! The whole of it, as somebody does it who has just started the service: share, open, consent,
//! stats. With JavaScript switched off.

use reqwest::Method;

use crate::browser::{Browser, DESKTOP, Look, PHONE_DARK, Scripts};
use crate::destination::Destination;
use crate::service::Service;

const ARTICLE: &str = "http://news.example/an-article";

#[tokio::test]
async fn one_click_goes_from_the_first_page_to_its_number_on_a_desktop() {
    main_job(DESKTOP, "1", "1").await;
}

#[tokio::test]
async fn one_click_goes_from_the_first_page_to_its_number_on_a_phone() {
    main_job(PHONE_DARK, "1", "1").await;
}

#[tokio::test]
async fn where_numbers_are_rounded_one_click_is_too_few_to_show() {
    main_job(DESKTOP, "5", "too few to show").await;
}

async fn main_job(look: Look, min_count: &str, number: &str) {
    let service = Service::first_start_with_min_count(min_count).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, look, Scripts::Off).await;
    let home = service.base.replace("127.0.0.1", "localhost");

    browser.goto(&home).await;
    browser.write("#url", ARTICLE).await;
    browser.click(browser.find("input[value=sms]").await).await;
    browser.press("Create the link").await;
    browser.shows("Here is the link, created for the channel SMS").await;
    let short_url = browser.find(".short").await.text().await.expect("the link");
    assert!(short_url.starts_with(&home), "{short_url}");

    browser.press("Open the link").await;
    browser.to_new_tab().await;
    browser.is_at(&short_url).await;
    browser.shows("This link leads to").await;
    assert_eq!(browser.find("h1").await.text().await.expect("a host"), "news.example");
    assert_eq!(service.metric("entries_recorded_total").await, 0, "nothing before an answer");
    assert!(browser.cookies().await.is_empty());
    assert!(destination.requests().is_empty(), "nobody is told before the answer");

    browser.press("Allow and continue").await;
    browser.is_at(ARTICLE).await;
    browser.shows("You have arrived").await;
    assert_eq!(browser.cookies().await, [service.consent("default", "g1")]);
    let arrivals = destination.requests();
    assert!(arrivals[0].starts_with("get /an-article http/1.1"), "{arrivals:?}");
    let told = ["referer:", "origin:", "cookie:"];
    assert!(!told.iter().any(|header| arrivals[0].contains(header)), "the destination learns: {arrivals:?}");
    service.settled().await;
    // Where numbers are rounded, what is shown ends with the day before.
    if min_count != "1" {
        service.set_time(&service.in_seconds(24 * 3_600));
        service.days_closed().await;
    }

    let code = short_url.rsplit('/').next().expect("a code");
    browser.goto(&format!("{home}/stats/{code}")).await;
    browser.shows("Sign in to the stats").await;
    browser.write("#key", &service.secret).await;
    browser.press("Sign in").await;
    browser.is_at(&format!("{home}/stats/{code}")).await;
    for place in [3, 4] {
        let figure = browser.find(&format!(".funnel li:nth-child({place}) b")).await;
        assert_eq!(figure.text().await.expect("a number"), number);
    }
    browser.press("← default").await;
    browser.shows("Top links").await;
    let clicks = browser.find(".funnel li:nth-child(3) b").await.text().await;
    assert_eq!(clicks.expect("a number"), number);

    // The second time nothing is asked, and it counts once more.
    browser.goto(&short_url).await;
    browser.is_at(ARTICLE).await;
    assert_eq!(service.metric("entries_recorded_total").await, 2);
    assert_eq!(
        service.request(Method::GET, &format!("/{code}+")).send().await.expect("a page").status(),
        200
    );
}
