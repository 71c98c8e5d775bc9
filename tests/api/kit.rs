//! Links by hand: one form, one link for each chosen channel, and nothing twice.

use std::io::{Cursor, Read};

use entrenous::domain::person::Role;
use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::access::{PASSWORD, Person, add};
use crate::qr::Picture;
use crate::service::{Backend, Service, on_every_store};
use crate::stats::{answer, signed_in};

on_every_store!(
    one_form_makes_one_link_for_each_channel,
    the_same_form_sent_again_or_twenty_times_at_once_makes_nothing_twice,
    a_form_that_was_changed_is_another_one,
    a_wrong_form_makes_nothing_and_keeps_what_was_typed,
    a_kit_is_seen_by_its_own_site_only,
);

const PAGE: &str = "https://example.com/an-article";

/// A form with these channels; later fields take the place of earlier ones.
fn fields<'a>(channels: &[&'a str], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form: Vec<_> = [("form", "f1"), ("url", PAGE)]
        .into_iter()
        .filter(|(name, _)| !others.iter().any(|(other, _)| other == name))
        .collect();
    form.extend(others);
    form.extend(channels.iter().map(|channel| ("channel", *channel)));
    form
}

/// A form, sent from a page of the browser's own session.
async fn send(service: &Service, browser: &Client, form: &[(&str, &str)]) -> RequestBuilder {
    let (_, _, page) = answer(get(service, browser, "/stats/new")).await;
    let token = page.split_once("name=\"form_token\" value=\"").map_or("", |(_, rest)| rest);
    let token = token.split('"').next().unwrap_or_default();
    let form: Vec<_> = form.iter().copied().chain([("form_token", token)]).collect();
    browser.post(format!("{}/stats/new", service.base)).header("accept", "text/html").form(&form)
}

fn get(service: &Service, browser: &Client, path: &str) -> RequestBuilder {
    browser.get(format!("{}{path}", service.base)).header("accept", "text/html")
}

/// Sends a form that makes a kit and returns the kit's address.
async fn made(service: &Service, browser: &Client, form: &[(&str, &str)]) -> String {
    let (status, location, text) = answer(send(service, browser, form).await).await;
    assert_eq!(status, 303, "{text}");
    location.expect("an address")
}

/// Every link of the site, as its API lists them.
async fn links(service: &Service) -> Vec<Value> {
    service.get("/api/v1/links?limit=100").await["links"].as_array().expect("links").clone()
}

async fn one_form_makes_one_link_for_each_channel(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let (status, _, form) = answer(get(&service, &browser, "/stats/new?url=https://a.example/%22")).await;
    assert_eq!(status, 200);
    for part in ["name=\"form\"", "value=\"https://a.example/&#34;\"", "value=\"whatsapp\" checked"] {
        assert!(form.contains(part), "{part} in {form}");
    }
    let others = [("title", "Night trains"), ("campaign", "Advent & more"), ("expires", "2026-12-24")];
    let here = made(&service, &browser, &fields(&["whatsapp", "email", "whatsapp", "qr"], &others)).await;
    let mut channels: Vec<_> = links(&service).await;
    channels.sort_by_key(|link| link["channel"].to_string());
    let names: Vec<_> = channels.iter().map(|link| link["channel"].as_str().expect("a channel")).collect();
    assert_eq!(names, ["email", "qr", "whatsapp"]);
    for link in &channels {
        assert_eq!(link["url"], PAGE);
        assert_eq!((&link["title"], &link["campaign"]), (&json!("Night trains"), &json!("Advent & more")));
        assert_eq!(link["expires_at"], "2026-12-25T00:00:00Z");
    }
    // The page can be loaded again and again, by whoever may see it.
    for _ in 0..2 {
        let (status, _, text) = answer(get(&service, &browser, &here)).await;
        assert_eq!(status, 200);
        for link in &channels {
            let short_url = link["short_url"].as_str().expect("an address");
            assert!(text.contains(&format!("readonly value=\"{short_url}\"")), "{text}");
        }
        assert!(text.contains("Send with WhatsApp") && text.contains("24 December 2026"), "{text}");
    }
    assert_eq!(links(&service).await.len(), 3);
}

async fn the_same_form_sent_again_or_twenty_times_at_once_makes_nothing_twice(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let form = fields(&["sms", "copy"], &[]);
    let first = made(&service, &browser, &form).await;
    assert_eq!(made(&service, &browser, &form).await, first);
    let form = fields(&["sms", "copy"], &[("form", "f2")]);
    let kits = join_all((0..20).map(|_| made(&service, &browser, &form))).await;
    assert!(kits.iter().all(|kit| *kit == kits[0] && *kit != first), "{kits:?}");
    assert_eq!(links(&service).await.len(), 4);
}

async fn a_form_that_was_changed_is_another_one(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let first = made(&service, &browser, &fields(&["sms"], &[])).await;
    for other in [("url", "https://example.com/other"), ("campaign", "b"), ("expires", "2026-12-01")] {
        assert_ne!(made(&service, &browser, &fields(&["sms"], &[other])).await, first, "{other:?}");
    }
    // With a channel more, the links of the others are the same.
    let more = made(&service, &browser, &fields(&["sms", "email"], &[])).await;
    let first = first.trim_start_matches("/stats/kit/").to_owned();
    assert!(more.ends_with(&first), "{more} and {first}");
    assert_eq!(links(&service).await.len(), 5);
}

async fn a_wrong_form_makes_nothing_and_keeps_what_was_typed(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let long = "x".repeat(201);
    let others = [
        ("url", "ftp://example.com/<b>"),
        ("title", long.as_str()),
        ("campaign", "spring"),
        ("expires", "2026-11-20"),
    ];
    let (status, _, text) = answer(send(&service, &browser, &fields(&["sms", "qr"], &others)).await).await;
    assert_eq!(status, 422);
    for part in [
        "id=\"url-error\"",
        "id=\"title-error\"",
        "id=\"expires-error\">That day is over.",
        "value=\"ftp://example.com/&#60;b&#62;\"",
        "value=\"spring\"",
        "value=\"2026-11-20\"",
        "value=\"sms\" checked",
        "name=\"form\" value=\"f1\"",
        "3 fields",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("campaign-error") && !text.contains("value=\"email\" checked"), "{text}");
    for (channels, others, wrong) in [
        (&[][..], &[][..], "id=\"channels-error\">Choose at least one channel."),
        (&["sms", "pigeon"], &[], "id=\"channels-error\">One channel is not known; it must be one of "),
        (&["sms"], &[("expires", "tomorrow")], "id=\"expires-error\">A day is written as 2026-11-21."),
        (&[], &[("expires", "tomorrow")], "channels-error"),
        (&["sms"], &[("url", "")], "url-error"),
    ] {
        let (status, _, text) = answer(send(&service, &browser, &fields(channels, others)).await).await;
        assert_eq!(status, 422, "{channels:?} {others:?}");
        assert!(text.contains(wrong), "{wrong} in {text}");
    }
    assert_eq!(links(&service).await, Vec::<Value>::new());
}

async fn a_kit_is_seen_by_its_own_site_only(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let here = made(&service, &browser, &fields(&["sms", "copy"], &[])).await;
    let stranger = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    for path in ["/stats/new", &here, &format!("{here}/links.csv"), &format!("{here}/qr.zip")] {
        let (status, location, _) = answer(get(&service, &stranger, path)).await;
        assert_eq!(status, 303, "{path}");
        assert!(location.is_some_and(|to| to.starts_with("/stats/sign-in?next=")), "{path}");
    }
    let (status, _, _) = answer(send(&service, &stranger, &fields(&["sms"], &[("form", "f9")])).await).await;
    assert_eq!(status, 303);
    let foreign = send(&service, &browser, &fields(&["sms"], &[("form", "f9")])).await;
    let (status, _, _) = answer(foreign.header("origin", "https://evil.example")).await;
    assert_eq!(status, 403);
    add(&service, "Rea", Role::Reader).await;
    let reader = Person::named(&service, "Rea", PASSWORD).await;
    assert_eq!(reader.page("/stats/new").await.0, 403);
    assert_eq!(reader.send("/stats/new", &fields(&["sms"], &[("form", "f9")])).await.0, 403);
    assert_eq!(reader.page(&here).await.0, 200);
    assert_eq!(links(&service).await.len(), 2);

    let (_, secret) = service.site("other", |_| {}).await;
    let body = json!({ "url": PAGE, "channel": "sms", "slug": "theirs" });
    service.link_of(&secret, body).await;
    for path in ["/stats/kit/theirs", "/stats/kit/nothing.here", "/stats/kit/...", "/stats/kit/a%2Fb"] {
        let (status, _, _) = answer(get(&service, &browser, path)).await;
        assert_eq!(status, 404, "{path}");
    }
    // Of a link that is gone, the others stay.
    let codes = here.trim_start_matches("/stats/kit/").to_owned();
    let (gone, left) = codes.split_once('.').expect("two codes");
    let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{gone}")).send().await;
    assert_eq!(deleted.expect("an answer").status(), 204);
    let (status, _, text) = answer(get(&service, &browser, &here)).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("One link is ready") && text.contains("One link that was here no longer exists"),
        "{text}"
    );
    assert!(text.contains(left) && !text.contains(&format!("/{gone}/")), "{text}");
}

#[tokio::test]
async fn a_kit_can_be_downloaded_as_csv_and_its_qr_codes_as_a_zip() {
    let service = Service::start(Backend::Sqlite).await;
    let browser = signed_in(&service).await;
    let others = [("title", "=1+1"), ("campaign", "a, \"b\"")];
    let here = made(&service, &browser, &fields(&["sms", "copy"], &others)).await;
    let response = get(&service, &browser, &format!("{here}/links.csv")).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"links.csv\"");
    let text = response.text().await.expect("text");
    let mut rows = text.split_terminator("\r\n");
    assert_eq!(rows.next(), Some("channel,short_url,url,campaign,title,expires_at,share_url,code"), "{text}");
    let mut all = links(&service).await;
    all.sort_by_key(|link| link["channel"].to_string());
    for (row, link) in rows.by_ref().zip(&all) {
        let [channel, short_url, code] =
            ["channel", "short_url", "code"].map(|name| link[name].as_str().expect("a text"));
        let share_url = link["share_url"].as_str().unwrap_or_default();
        assert_eq!(row, format!("{channel},{short_url},{PAGE},\"a, \"\"b\"\"\",'=1+1,,{share_url},{code}"));
    }
    assert_eq!(rows.next(), None);

    let response = get(&service, &browser, &format!("{here}/qr.zip")).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/zip");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"qr-codes.zip\"");
    let mut zip = ZipArchive::new(Cursor::new(response.bytes().await.expect("bytes"))).expect("a ZIP");
    assert_eq!(zip.len(), 4);
    for link in &all {
        let [channel, short_url, code] =
            ["channel", "short_url", "code"].map(|name| link[name].as_str().expect("a text"));
        let mut read = |kind: &str| {
            let mut bytes = Vec::new();
            let name = format!("{channel}-{code}.{kind}");
            zip.by_name(&name).expect("a file").read_to_end(&mut bytes).expect("its bytes");
            bytes
        };
        assert_eq!(Picture::of_png(&read("png")).read(), (short_url.to_owned(), 'm'));
        let svg = String::from_utf8(read("svg")).expect("UTF-8");
        assert_eq!(Picture::of_svg(&svg, 4).read(), (short_url.to_owned(), 'm'));
    }
}

#[tokio::test]
async fn the_form_keeps_to_the_limit_of_the_sites_key_and_says_so() {
    let service = Service::start_with(Backend::Sqlite, &[("limits.create_per_minute", "1")]).await;
    let browser = signed_in(&service).await;
    // A secret key makes ten times as many, and has made nine.
    let links_of_a_server = vec![json!({ "url": "https://example.com/", "channel": "qr" }); 7];
    let bulk = service.api(Method::POST, "/api/v1/links/bulk").json(&json!({ "links": links_of_a_server }));
    assert_eq!(bulk.send().await.expect("an answer").status(), 200);
    made(&service, &browser, &fields(&["sms", "copy"], &[])).await;
    let form = fields(&["sms", "email"], &[("form", "f2"), ("campaign", "kept")]);
    let response = send(&service, &browser, &form).await.send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    let text = response.text().await.expect("text");
    assert!(text.contains("too many requests within a minute") && text.contains("value=\"kept\""), "{text}");
    assert_eq!(links(&service).await.len(), 9);
}

#[tokio::test]
async fn a_form_that_the_store_could_not_take_is_sent_again_and_makes_nothing_twice() {
    let mut service = Service::start(Backend::PersistentRedis).await;
    let browser = signed_in(&service).await;
    let form = fields(&["sms", "copy", "email"], &[("campaign", "kept")]);
    service.redis().kill();
    let (status, _, _) = answer(send(&service, &browser, &form).await).await;
    assert_eq!(status, 503);
    service.redis().restart();
    // The connection comes back by itself.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let here = loop {
        let (status, location, _) = answer(send(&service, &browser, &form).await).await;
        match location {
            Some(here) if status == 303 => break here,
            _ => assert!(std::time::Instant::now() < deadline, "still {status}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(made(&service, &browser, &form).await, here);
    assert_eq!(links(&service).await.len(), 3);
}
