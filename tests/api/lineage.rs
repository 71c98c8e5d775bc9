//! Lineage: which links come of which, where a site wants to know.

use std::time::{Duration, Instant};

use entrenous::domain::code::Code;
use entrenous::domain::site::Site;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Client, Method, StatusCode, redirect};
use serde_json::{Value, json};

use crate::service::{Backend, FIREFOX, Service, code, on_every_store, refused, wrong_names};

on_every_store!(
    a_forwarded_address_names_its_link_only_where_the_site_wants_it,
    the_parameter_replaces_another_one_and_stands_before_a_forged_one,
    every_way_on_has_the_parameter_after_a_yes,
    switching_it_on_or_off_holds_at_once,
    a_share_is_one_generation_after_its_parent,
    shares_are_told_by_generation_and_by_the_channel_they_came_through,
    of_other_sites_and_other_days_nothing_is_told,
    a_deleted_parent_takes_only_its_channel_with_it,
    without_lineage_there_is_what_there_is,
    the_call_has_its_key_and_its_days,
    the_page_has_the_table_only_with_lineage,
    clicks_per_share_is_the_published_one,
);

/// A service on which everything of the test's site has a lineage.
async fn start(backend: Backend) -> Service {
    let mut service = Service::start(backend).await;
    let (publishable, secret) = service.site("telling", |site| site.lineage = true).await;
    (service.publishable, service.secret) = (publishable, secret);
    service
}

/// Shares a page by this channel, perhaps from where another link led; returns the code.
async fn share(service: &Service, channel: &str, parent: Option<&str>) -> String {
    let body = json!({ "url": "https://example.com/", "channel": channel, "parent": parent });
    code(&service.link(body).await)
}

/// Where somebody who has consented is forwarded to.
async fn location(service: &Service, path: &str) -> String {
    let answer = service.visit(path).header("cookie", service.granted()).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FOUND);
    answer.headers()["location"].to_str().expect("text").to_owned()
}

async fn lineage(service: &Service, query: &str) -> Value {
    service.get(&format!("/api/v1/stats/lineage{query}")).await
}

async fn a_forwarded_address_names_its_link_only_where_the_site_wants_it(backend: Backend) {
    let service = Service::start(backend).await;
    let quiet = service.code().await;
    assert_eq!(location(&service, &quiet).await, "https://example.com/");
    let (_, secret) = service.site("telling", |site| site.lineage = true).await;
    let link = |url: &str| service.link_of(&secret, json!({ "url": url, "channel": "sms" }));
    for (url, before, after) in [
        ("https://example.com/a", "https://example.com/a?ens=", ""),
        ("https://example.com/a?q=a%20b+c&flag#part", "https://example.com/a?q=a%20b+c&flag&ens=", "#part"),
    ] {
        let code = code(&link(url).await);
        assert_eq!(location(&service, &code).await, format!("{before}{code}{after}"));
    }
}

async fn the_parameter_replaces_another_one_and_stands_before_a_forged_one(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service
        .site("telling", |site| {
            site.lineage = true;
            site.forward_query = true;
        })
        .await;
    let body = json!({ "url": "https://example.com/?ens=older&a=1", "channel": "sms", "slug": "abc" });
    service.link_of(&secret, body).await;
    assert_eq!(location(&service, "abc").await, "https://example.com/?a=1&ens=abc");
    assert_eq!(
        location(&service, "abc?ens=forged&b=2").await,
        "https://example.com/?a=1&ens=abc&ens=forged&b=2"
    );
}

async fn every_way_on_has_the_parameter_after_a_yes(backend: Backend) {
    let service = start(backend).await;
    let code = share(&service, "email", None).await;
    let expected = format!("https://example.com/?ens={code}");
    assert_eq!(service.click(&code, "192.0.2.1").await.headers()["location"], expected.as_str());
    for (choice, expected) in
        [("allow", &*expected), ("refuse", "https://example.com/"), ("later", "https://example.com/")]
    {
        let form = service.request(Method::POST, &format!("/{code}/consent")).header("user-agent", FIREFOX);
        let answer = form.form(&[("choice", choice)]).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], expected, "{choice}");
    }
    // What the page of the link says and what is listed is the destination itself.
    let link = service.get(&format!("/api/v1/links/{code}")).await;
    assert_eq!(link["url"], "https://example.com/");
}

async fn switching_it_on_or_off_holds_at_once(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for lineage in [true, false, true] {
        let store = service.store().await;
        let site = Sites::new(store.clone()).by_name("test").await.expect("sites");
        let old = site.expect("the site");
        let new = Site { lineage, ..old.clone() };
        assert!(store.replace_site(&old, &new).await.expect("replaced"));
        let expected = if lineage {
            format!("https://example.com/?ens={code}")
        } else {
            "https://example.com/".to_owned()
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while location(&service, &code).await != expected {
            assert!(Instant::now() < deadline, "it never became {expected}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn a_share_is_one_generation_after_its_parent(backend: Backend) {
    let service = start(backend).await;
    let mut descent = vec![share(&service, "email", None).await];
    for _ in 0..3 {
        let parent = descent.last().expect("a first one").clone();
        descent.push(share(&service, "sms", Some(&parent)).await);
    }
    let store = service.store().await;
    for (expected, code) in (0..).zip(&descent) {
        let link = store.link(&Code::parse(code).expect("a code")).await.expect("an answer").expect("a link");
        assert_eq!(link.generation, expected);
    }
    // A second child of the first is of the second generation all the same.
    share(&service, "copy", Some(&descent[0])).await;
    let expected = json!([
        { "generation": 0, "shares": 1 },
        { "generation": 1, "shares": 2 },
        { "generation": 2, "shares": 1 },
        { "generation": 3, "shares": 1 },
    ]);
    assert_eq!(lineage(&service, "").await["generations"], expected);
    // The same share again makes no other.
    let again =
        json!({ "url": "https://example.com/", "channel": "sms", "parent": descent[0], "external_id": "1" });
    for (status, link) in [(StatusCode::CREATED, &again), (StatusCode::OK, &again)] {
        let made = service.api(Method::POST, "/api/v1/links").json(link).send().await.expect("an answer");
        assert_eq!(made.status(), status);
    }
    assert_eq!(lineage(&service, "").await["generations"][1]["shares"], 3);
}

async fn shares_are_told_by_generation_and_by_the_channel_they_came_through(backend: Backend) {
    let service = start(backend).await;
    let email = share(&service, "email", None).await;
    let sms = share(&service, "sms", Some(&email)).await;
    for (channel, parent) in [
        ("sms", Some(&email)),
        ("email", Some(&email)),
        ("copy", Some(&sms)),
        ("viber", None),
        ("email", None),
    ] {
        share(&service, channel, parent.map(String::as_str)).await;
    }
    let row = |key: &str, shares: u64, reshares: u64| json!({ "key": key, "shares": shares, "reshares": reshares, "clicks_per_share": 0.0 });
    assert_eq!(
        lineage(&service, "?from=2026-11-21&to=2026-11-21").await,
        json!({
            "generations": [
                { "generation": 0, "shares": 3 },
                { "generation": 1, "shares": 3 },
                { "generation": 2, "shares": 1 },
            ],
            "channels": [row("email", 3, 3), row("sms", 2, 1), row("copy", 1, 0), row("viber", 1, 0)],
            "from": "2026-11-21",
            "to": "2026-11-21",
        })
    );
}

async fn clicks_per_share_is_the_published_one(backend: Backend) {
    let mut service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    (_, service.secret) = service.site("telling", |site| site.lineage = true).await;
    let (seen, quiet) = (share(&service, "email", None).await, share(&service, "sms", None).await);
    service.crowd(&seen, 30, 1).await;
    service.crowd(&quiet, 4, 1).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let channels = &lineage(&service, "").await["channels"];
    assert_eq!(channels[0], json!({ "key": "email", "shares": 1, "reshares": 0, "clicks_per_share": 30.0 }));
    assert_eq!(channels[1], json!({ "key": "sms", "shares": 1, "reshares": 0, "clicks_per_share": null }));
}

async fn of_other_sites_and_other_days_nothing_is_told(backend: Backend) {
    let service = start(backend).await;
    let (_, other) = service.site("other", |site| site.lineage = true).await;
    let foreign = json!({ "url": "https://example.com/", "channel": "viber" });
    let foreign = code(&service.link_of(&other, foreign).await);
    let email = share(&service, "email", None).await;
    let request = service.api(Method::POST, "/api/v1/links");
    let request =
        request.json(&json!({ "url": "https://example.com/", "channel": "sms", "parent": foreign }));
    assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["parent"]);
    service.set_time("2026-11-22T12:00:00Z");
    share(&service, "sms", Some(&email)).await;

    let whole = lineage(&service, "?from=2026-11-21").await;
    assert_eq!(whole["channels"].as_array().map(Vec::len), Some(2), "{whole}");
    // The parent is of another day: its channel's reshares are told, and no share of it.
    let today = lineage(&service, "?from=2026-11-22&to=2026-11-22").await;
    assert_eq!(today["generations"], json!([{ "generation": 1, "shares": 1 }]));
    assert_eq!(
        today["channels"][0],
        json!({ "key": "email", "shares": 0, "reshares": 1, "clicks_per_share": null })
    );
    assert_eq!(today["channels"].as_array().map(Vec::len), Some(2), "{today}");
    let none = lineage(&service, "?from=2026-11-23&to=2026-11-23").await;
    assert_eq!((&none["generations"], &none["channels"]), (&json!([]), &json!([])));
}

async fn a_deleted_parent_takes_only_its_channel_with_it(backend: Backend) {
    let service = start(backend).await;
    let email = share(&service, "email", None).await;
    let sms = share(&service, "sms", Some(&email)).await;
    share(&service, "copy", Some(&sms)).await;
    let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{sms}")).send().await;
    assert_eq!(deleted.expect("an answer").status(), StatusCode::NO_CONTENT);
    let left = lineage(&service, "").await;
    assert_eq!(
        left["generations"],
        json!([{ "generation": 0, "shares": 1 }, { "generation": 2, "shares": 1 }])
    );
    let reshares: Vec<_> =
        left["channels"].as_array().expect("channels").iter().map(|c| (&c["key"], &c["reshares"])).collect();
    assert_eq!(reshares, [(&json!("copy"), &json!(0)), (&json!("email"), &json!(0))]);
}

async fn without_lineage_there_is_what_there_is(backend: Backend) {
    let service = Service::start(backend).await;
    let none = lineage(&service, "").await;
    assert_eq!((&none["generations"], &none["channels"]), (&json!([]), &json!([])));
    let parent = service.code().await;
    share(&service, "sms", Some(&parent)).await;
    let some = lineage(&service, "").await;
    assert_eq!(
        some["generations"],
        json!([{ "generation": 0, "shares": 1 }, { "generation": 1, "shares": 1 }])
    );
    assert_eq!(some["channels"][0]["key"], "whatsapp");
    assert_eq!(some["channels"][0]["reshares"], 1);
}

async fn the_call_has_its_key_and_its_days(backend: Backend) {
    let service = start(backend).await;
    let path = "/api/v1/stats/lineage";
    refused(service.request(Method::GET, path), 401, "no_key").await;
    let publishable = service.request(Method::GET, path).bearer_auth(&service.publishable);
    refused(publishable, 403, "secret_key_needed").await;
    refused(service.api(Method::POST, path), 405, "method_not_allowed").await;
    for (query, names) in [
        ("from=2026-11-22&to=2026-11-21", &["from"][..]),
        ("from=tomorrow&to=", &["from", "to"]),
        ("group_by=channel", &["group_by"]),
    ] {
        let request = service.api(Method::GET, &format!("{path}?{query}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), names, "{query}");
    }
    let month = lineage(&service, "").await;
    assert_eq!((&month["from"], &month["to"]), (&json!("2026-10-23"), &json!("2026-11-21")));
    let head = service.api(Method::HEAD, path).send().await.expect("an answer");
    assert_eq!(
        (head.status(), &head.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().expect("text"))
    );
}

async fn the_page_has_the_table_only_with_lineage(backend: Backend) {
    let service = start(backend).await;
    let (_, quiet) = service.site("quiet", |_| {}).await;
    for key in [&service.secret, &quiet] {
        let first = json!({ "url": "https://example.com/", "channel": "email" });
        let first = code(&service.link_of(key, first).await);
        let second = json!({ "url": "https://example.com/", "channel": "sms", "parent": first });
        service.link_of(key, second).await;
    }
    for (key, shown) in [(&service.secret, true), (&quiet, false)] {
        let browser = Client::builder().redirect(redirect::Policy::none()).cookie_store(true).build();
        let browser = browser.expect("a client");
        let form = [("secret_key", key.as_str())];
        browser.post(format!("{}/stats/sign-in", service.base)).form(&form).send().await.expect("signed in");
        let answer = browser.get(format!("{}/stats", service.base)).send().await.expect("an answer");
        let page = answer.text().await.expect("text");
        assert!(page.contains("E-mail"), "{page}");
        assert_eq!(page.contains("Shares from shares"), shown, "{page}");
        if shown {
            let row = "<th scope=\"row\">E-mail</th><td>1</td><td>1</td>";
            assert!(page.contains("First shares") && page.contains(row), "{page}");
        }
    }
}
