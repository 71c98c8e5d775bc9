//! What a site's links tell the analytics of their destination.

use std::collections::BTreeMap;

use entrenous::domain::channel::ChannelName;
use entrenous::domain::utm::Utm;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::service::{Backend, Service, WHATSAPP, code, on_every_store};

on_every_store!(
    a_channel_is_told_in_the_words_of_the_site_or_in_its_own,
    what_is_not_there_is_left_out_and_what_the_destination_says_itself_stays,
    no_campaign_and_no_template_breaks_an_address_or_adds_a_parameter,
    whoever_is_forwarded_gets_one_address_whatever_they_answer_or_ask_for,
    another_campaign_is_told_at_once,
);

/// A rule as the command line takes it.
fn rule(all: &str, channels: &[(&str, &str)]) -> Utm {
    let of_channel = |(name, templates): &(&str, &str)| {
        (ChannelName::parse(name).expect("a channel"), templates.parse().expect("templates"))
    };
    Utm::of(all.parse().expect("templates"), channels.iter().map(of_channel).collect())
}

/// Makes a link and returns its code.
async fn link(service: &Service, key: &str, body: Value) -> String {
    code(&service.link_of(key, body).await)
}

/// Where a request is forwarded to.
async fn location(request: RequestBuilder) -> String {
    let answer = request.send().await.expect("an answer");
    let location = answer.headers().get("location").unwrap_or_else(|| panic!("{answer:?} forwards"));
    location.to_str().expect("text").to_owned()
}

/// Where somebody who refused is forwarded to.
async fn led(service: &Service, code: &str) -> String {
    location(service.visit(code).header("cookie", service.denied())).await
}

async fn a_channel_is_told_in_the_words_of_the_site_or_in_its_own(backend: Backend) {
    let service = Service::start(backend).await;
    let utm = rule("source=press,campaign={campaign}-{channel}", &[("email", "medium=newsletter,campaign=")]);
    let (_, own) = service.site("own words", |site| site.utm = utm).await;
    let (_, plain) = service.site("plain", |site| site.utm = true.into()).await;
    let (_, silent) = service.site("silent", |_| {}).await;
    for (key, channel, expected) in [
        (&own, "whatsapp", "?utm_source=press&utm_medium=share&utm_campaign=spring-whatsapp"),
        (&own, "email", "?utm_source=press&utm_medium=newsletter"),
        (&plain, "whatsapp", "?utm_source=whatsapp&utm_medium=share&utm_campaign=spring"),
        (&plain, "email", "?utm_source=email&utm_medium=share&utm_campaign=spring"),
        (&silent, "whatsapp", ""),
    ] {
        let body = json!({ "url": "https://example.com/a", "channel": channel, "campaign": "spring" });
        let code = link(&service, key, body).await;
        assert_eq!(led(&service, &code).await, format!("https://example.com/a{expected}"), "{channel}");
        // The page in the statistics is the page, whatever its analytics are told.
        let links = service.request(Method::GET, &format!("/api/v1/links/{code}")).bearer_auth(key).send();
        let read: Value = links.await.expect("an answer").json().await.expect("JSON");
        assert_eq!(read["url"], "https://example.com/a");
    }
}

async fn what_is_not_there_is_left_out_and_what_the_destination_says_itself_stays(backend: Backend) {
    let service = Service::start(backend).await;
    let utm = rule("source={channel} of {campaign},medium=", &[]);
    let (_, key) = service.site("press", |site| site.utm = utm).await;
    for (url, campaign, expected) in [
        ("https://example.com/", None, "https://example.com/"),
        ("https://example.com/?", Some("x"), "https://example.com/?utm_source=sms+of+x&utm_campaign=x"),
        (
            "https://example.com/?utm_campaign=mine&a=%2f#b?c",
            Some("x"),
            "https://example.com/?utm_campaign=mine&a=%2f&utm_source=sms+of+x#b?c",
        ),
        (
            "https://example.com/?utm_source=&utm%5Fcampaign=mine",
            Some("x"),
            "https://example.com/?utm_source=&utm%5Fcampaign=mine",
        ),
    ] {
        let body = json!({ "url": url, "channel": "sms", "campaign": campaign });
        let code = link(&service, &key, body).await;
        assert_eq!(led(&service, &code).await, expected, "{url}");
    }
}

async fn no_campaign_and_no_template_breaks_an_address_or_adds_a_parameter(backend: Backend) {
    let service = Service::start(backend).await;
    let words = "a&b=c#d?e=f;g%26h=i+j/../k\"<'>\\😀 {channel}";
    let (_, key) = service.site("press", |site| site.utm = rule(&format!("source={words}"), &[])).await;
    for campaign in [
        "&utm_source=evil",
        "x&a=b",
        "x#top",
        "?x",
        "%26a%3Db%0d%0aLocation:%20https://evil.example",
        "x;a=b",
        "{channel}",
        "{campaign}{{}}",
        "+ +",
        "\"><script>alert(1)</script>",
        "\u{202e}été 😀",
        &"😀".repeat(100),
    ] {
        let body =
            json!({ "url": "https://example.com/p?own=1#part", "channel": "sms", "campaign": campaign });
        let code = link(&service, &key, body).await;
        let led = led(&service, &code).await;
        assert!(led.is_ascii() && led.starts_with("https://example.com/p?own=1&utm_source="), "{led}");
        let url = url::Url::parse(&led).expect("an address");
        assert_eq!((url.path(), url.fragment()), ("/p", Some("part")), "{led}");
        let told: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let source = words.replace("{channel}", "sms");
        let expected =
            [("own", "1"), ("utm_source", &source), ("utm_medium", "share"), ("utm_campaign", campaign)];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{led}");
    }
}

async fn whoever_is_forwarded_gets_one_address_whatever_they_answer_or_ask_for(backend: Backend) {
    let service = Service::start(backend).await;
    let utm = rule("source=press,campaign=", &[]);
    let (_, key) = service
        .site("press", |site| {
            site.utm = utm;
            site.forward_query = true;
        })
        .await;
    let code = link(&service, &key, json!({ "url": "https://example.com/", "channel": "sms" })).await;
    let expected = "https://example.com/?utm_source=press&utm_medium=share";
    for cookie in [service.granted(), service.denied()] {
        assert_eq!(location(service.visit(&code).header("cookie", &cookie)).await, expected);
        let other = service.visit(&format!("{code}?utm_source=other&utm_medium=&x=1"));
        let forwarded = "utm_source=other&utm_medium=&x=1";
        assert_eq!(location(other.header("cookie", &cookie)).await, format!("{expected}&{forwarded}"));
    }
    for choice in ["allow", "refuse", "later"] {
        let form = service.request(Method::POST, &format!("/{code}/consent")).form(&[("choice", choice)]);
        assert_eq!(location(form).await, expected, "{choice}");
    }
    assert_eq!(location(service.fetch(&code, WHATSAPP)).await, expected);
    assert_eq!(location(service.request(Method::HEAD, &format!("/{code}"))).await, expected);
}

async fn another_campaign_is_told_at_once(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, key) = service
        .site("press", |site| site.utm = Utm::of("medium=".parse().expect("templates"), BTreeMap::new()))
        .await;
    let body = json!({ "url": "https://example.com/", "channel": "sms", "campaign": "spring" });
    let code = link(&service, &key, body).await;
    for (change, expected) in [
        (json!({}), "?utm_source=sms&utm_campaign=spring"),
        (json!({ "campaign": "summer & co" }), "?utm_source=sms&utm_campaign=summer+%26+co"),
        (json!({ "campaign": null }), "?utm_source=sms"),
        (json!({ "url": "https://example.com/?utm_source=mine" }), "?utm_source=mine"),
    ] {
        let changed = service.request(Method::PATCH, &format!("/api/v1/links/{code}")).bearer_auth(&key);
        let changed = changed.json(&change).send().await.expect("an answer");
        assert_eq!(changed.status(), 200, "{change}");
        assert_eq!(led(&service, &code).await, format!("https://example.com/{expected}"), "{change}");
    }
}
