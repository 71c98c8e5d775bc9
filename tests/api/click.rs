//! The rules of a click, in their order.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::service::{Backend, FIREFOX, Service, WHATSAPP, on_every_store, totals};

on_every_store!(
    an_unknown_code_is_404_and_a_deleted_one_too,
    an_expired_or_disabled_link_is_410_and_a_taken_down_one_451,
    head_forwards_and_is_not_counted_and_other_methods_are_405,
    a_prefetch_is_told_to_ask_again,
    a_preview_bot_counts_one_unfurl_and_another_robot_nothing,
    an_objection_beats_a_grant_and_nothing_is_asked,
    the_cookie_decides_before_the_policy_does,
    ask_shows_a_page_and_its_three_answers_all_forward,
    skip_forwards_and_stores_nothing,
    aggregate_counts_in_a_series_of_its_own,
    the_answer_has_exactly_the_documented_headers,
    the_visitors_query_ends_here_unless_the_site_forwards_it,
    utm_parameters_come_where_the_destination_sets_none,
);

const NOTHING: [Option<u64>; 4] = [Some(0); 4];

fn status(response: Result<Response, reqwest::Error>) -> StatusCode {
    response.expect("an answer").status()
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().expect("text")
}

async fn an_unknown_code_is_404_and_a_deleted_one_too(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{code}")).send().await;
    assert_eq!(status(deleted), StatusCode::NO_CONTENT);
    for unknown in
        [code.as_str(), "nothing1", "a.b", "%00", "a%2Fb", "%ff", "nothing1.", "nothing1/", &"a".repeat(65)]
    {
        let browser = service.visit(unknown).send().await.expect("an answer");
        assert_eq!(browser.status(), StatusCode::NOT_FOUND, "{unknown}");
        assert!(browser.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
        let other = service.request(Method::GET, &format!("/{unknown}")).send().await.expect("an answer");
        assert_eq!(other.status(), StatusCode::NOT_FOUND, "{unknown}");
        assert_eq!(other.headers()["content-type"], "application/problem+json");
        // Rule 1 comes before rule 2.
        assert_eq!(
            status(service.request(Method::POST, &format!("/{unknown}")).send().await),
            StatusCode::NOT_FOUND
        );
    }
}

async fn an_expired_or_disabled_link_is_410_and_a_taken_down_one_451(backend: Backend) {
    let service = Service::start(backend).await;
    let expiring = service
        .link(json!({ "url": "https://example.com/", "channel": "sms", "expires_at": service.in_seconds(60), "slug": "expiring" }))
        .await;
    assert_eq!(expiring["expires_at"], "2026-11-21T12:01:00Z");
    assert_eq!(service.click("expiring", "192.0.2.1").await.status(), StatusCode::FOUND);
    service.set_time("2026-11-21T12:01:00Z");
    assert_eq!(status(service.visit("expiring").send().await), StatusCode::GONE);

    let code = service.code().await;
    let path = format!("/api/v1/links/{code}");
    let disabled = service.api(Method::PATCH, &path).json(&json!({ "disabled": true })).send().await;
    assert_eq!(status(disabled), StatusCode::OK);
    let gone = service.visit(&code).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::GONE);
    assert!(gone.text().await.expect("text").contains("<html"));
    let enabled = service.api(Method::PATCH, &path).json(&json!({ "disabled": false })).send().await;
    assert_eq!(status(enabled), StatusCode::OK);
    assert_eq!(service.click(&code, "192.0.2.1").await.status(), StatusCode::FOUND);

    let change = entrenous::domain::link::LinkChange { taken_down: Some(true), ..Default::default() };
    let parsed = entrenous::domain::code::Code::parse(&code).expect("a code");
    let today = entrenous::domain::day::Day::of(service.now());
    service.store().await.change_link(&parsed, change, today).await.expect("changed").expect("a link");
    // Another process did that: it holds here within a second.
    let changed = Instant::now();
    let answer = loop {
        let answer = service.request(Method::GET, &format!("/{code}")).send().await.expect("an answer");
        if answer.status() == StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS {
            break answer;
        }
        assert!(changed.elapsed() < Duration::from_secs(1), "still {}", answer.status());
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let problem: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!((&problem["code"], &problem["status"]), (&json!("taken_down"), &json!(451)));
}

async fn head_forwards_and_is_not_counted_and_other_methods_are_405(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for cookie in [service.granted(), "a=b".to_owned()] {
        let head = service
            .request(Method::HEAD, &format!("/{code}"))
            .header("user-agent", FIREFOX)
            .header("cookie", cookie);
        let head = head.send().await.expect("an answer");
        assert_eq!((head.status(), location(&head)), (StatusCode::FOUND, "https://example.com/"));
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = service
            .request(method.clone(), &format!("/{code}"))
            .header("cookie", service.granted())
            .send()
            .await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
    }
    assert_eq!(totals(&service.stats(&code).await), NOTHING);
}

async fn a_prefetch_is_told_to_ask_again(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
    ] {
        for agent in [FIREFOX, WHATSAPP] {
            let request = service.fetch(&code, agent).header("cookie", service.granted());
            let answer = request.header(name, value).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}: {value}");
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
    }
    assert_eq!(totals(&service.stats(&code).await), NOTHING);
}

async fn a_preview_bot_counts_one_unfurl_and_another_robot_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for agent in
        [WHATSAPP, "curl/8.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"]
    {
        let answer =
            service.fetch(&code, agent).header("cookie", service.granted()).send().await.expect("an answer");
        assert_eq!(
            (answer.status(), location(&answer)),
            (StatusCode::FOUND, "https://example.com/"),
            "{agent}"
        );
    }
    // A browser's objection is not about bots.
    let bot = service.fetch(&code, WHATSAPP).header("sec-gpc", "1").send().await;
    assert_eq!(status(bot), StatusCode::FOUND);
    assert_eq!(totals(&service.stats(&code).await), [Some(2), Some(0), Some(0), Some(0)]);
}

async fn an_objection_beats_a_grant_and_nothing_is_asked(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for objection in ["sec-gpc", "dnt"] {
        for cookie in [service.granted(), "x=y".to_owned()] {
            let answer = service.visit(&code).header("cookie", &cookie).header(objection, "1").send().await;
            assert_eq!(status(answer), StatusCode::FOUND, "{objection} {cookie}");
        }
    }
    let not_objecting =
        service.visit(&code).header("cookie", service.granted()).header("dnt", "0").send().await;
    assert_eq!(status(not_objecting), StatusCode::FOUND);
    assert_eq!(totals(&service.stats(&code).await), [Some(0), Some(1), Some(1), Some(0)]);
}

async fn the_cookie_decides_before_the_policy_does(backend: Backend) {
    for policy in ["ask", "skip", "aggregate"] {
        let service = Service::start_with(backend, &[("consent.unknown", policy)]).await;
        let code = service.code().await;
        for cookie in [service.denied(), format!("other=1; {}; more=2", service.granted())] {
            let answer = service.visit(&code).header("cookie", &cookie).send().await;
            assert_eq!(status(answer), StatusCode::FOUND, "{policy} {cookie}");
        }
        assert_eq!(totals(&service.stats(&code).await), [Some(0), Some(1), Some(1), Some(0)], "{policy}");
    }
}

async fn ask_shows_a_page_and_its_three_answers_all_forward(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let page = service.visit(&code).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers().get("set-cookie").is_none());
    // A browser keeps it for *Back*, and asks again whenever somebody opens the link.
    assert_eq!(page.headers()["cache-control"], "private, no-cache");
    let text = page.text().await.expect("text");
    for part in [
        "test counts one click",
        "example.com",
        "Allow and continue",
        "Refuse and continue",
        "Continue without choosing",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("<script"));
    let cookie = |answer| Some(format!("consent-{}={answer}", service.site_id("test")));
    for (choice, cookie) in [("allow", cookie("g1")), ("refuse", cookie("d1")), ("later", None)] {
        let form = [("choice", choice)];
        let request =
            service.request(Method::POST, &format!("/{code}/consent")).header("user-agent", FIREFOX);
        let answer = request.header("origin", &service.base).form(&form).send().await.expect("an answer");
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "https://example.com/"));
        let set = answer.headers().get("set-cookie").map(|value| value.to_str().expect("text"));
        assert_eq!(set.map(|set| set.split(';').next().expect("a pair")), cookie.as_deref());
        if let Some(set) = set {
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15724800"] {
                assert!(set.contains(attribute), "{set}");
            }
        }
    }
    let wrong =
        service.request(Method::POST, &format!("/{code}/consent")).form(&[("choice", "maybe")]).send().await;
    assert_eq!(status(wrong), StatusCode::UNPROCESSABLE_ENTITY);
    let foreign =
        service.request(Method::POST, &format!("/{code}/consent")).header("origin", "https://evil.example");
    let foreign = foreign.form(&[("choice", "allow")]).send().await.expect("an answer");
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert!(foreign.headers().get("set-cookie").is_none());
    assert_eq!(totals(&service.stats(&code).await), [Some(0), Some(1), Some(1), Some(0)]);
}

async fn skip_forwards_and_stores_nothing(backend: Backend) {
    let service = Service::start_with(backend, &[("consent.unknown", "skip")]).await;
    let code = service.code().await;
    assert_eq!(status(service.visit(&code).send().await), StatusCode::FOUND);
    assert_eq!(totals(&service.stats(&code).await), NOTHING);
}

async fn aggregate_counts_in_a_series_of_its_own(backend: Backend) {
    let service = Service::start(backend).await;
    let aggregate = |site: &mut entrenous::domain::site::Site| {
        site.consent = Some(entrenous::domain::consent::Policy::Aggregate);
    };
    let (_, secret) = service.site("aggregating", aggregate).await;
    let link = service.link_of(&secret, json!({ "url": "https://example.com/", "channel": "sms" })).await;
    let code = crate::service::code(&link);
    for _ in 0..3 {
        assert_eq!(status(service.visit(&code).send().await), StatusCode::FOUND);
    }
    service.settled().await;
    let stats = service
        .request(Method::GET, &format!("/api/v1/links/{code}/stats"))
        .bearer_auth(&secret)
        .send()
        .await;
    let stats = stats.expect("an answer").json().await.expect("JSON");
    assert_eq!(totals(&stats), [Some(0), Some(0), Some(0), Some(3)]);
}

async fn the_answer_has_exactly_the_documented_headers(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let answer = service.click(&code, "192.0.2.1").await;
    let headers = answer.headers();
    assert_eq!(headers["location"], "https://example.com/");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
    let mut names: Vec<_> = headers.keys().map(reqwest::header::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "cache-control",
            "content-length",
            "date",
            "location",
            "referrer-policy",
            "x-content-type-options",
            "x-robots-tag"
        ]
    );
}

async fn the_visitors_query_ends_here_unless_the_site_forwards_it(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let answer = service.visit(&format!("{code}?fbclid=abc")).header("cookie", service.denied()).send().await;
    assert_eq!(location(&answer.expect("an answer")), "https://example.com/");
    let (_, secret) = service.site("forwarding", |site| site.forward_query = true).await;
    let link = service.link_of(&secret, json!({ "url": "https://example.com/?a=1", "channel": "sms" })).await;
    let code = crate::service::code(&link);
    let answer =
        service.visit(&format!("{code}?fbclid=a%0d%0ab&a=2")).header("cookie", service.denied()).send().await;
    assert_eq!(location(&answer.expect("an answer")), "https://example.com/?a=1&fbclid=a%0d%0ab&a=2");
}

async fn utm_parameters_come_where_the_destination_sets_none(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service.site("telling", |site| site.utm = true.into()).await;
    let body = json!({ "url": "https://example.com/?utm_medium=mine", "channel": "email", "campaign": "spring & co" });
    let code = crate::service::code(&service.link_of(&secret, body).await);
    let answer = service.visit(&code).header("cookie", service.denied()).send().await.expect("an answer");
    assert_eq!(
        location(&answer),
        "https://example.com/?utm_medium=mine&utm_source=email&utm_campaign=spring+%26+co"
    );
}
