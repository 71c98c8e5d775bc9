//! What a browser is told about calls from other sites' pages.

use std::time::{Duration, Instant};

use entrenous::domain::site::{OriginRule, Site};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::service::{Backend, Service, on_every_store, problem};

on_every_store!(
    a_preflight_from_a_page_of_some_site_is_allowed_and_kept_for_two_hours,
    a_preflight_from_any_other_page_is_refused_without_a_word,
    a_preflight_elsewhere_is_none,
    a_page_of_the_keys_site_reads_every_answer_and_another_page_none,
    where_any_origin_is_allowed_each_is_named_exactly,
    an_origin_that_a_site_begins_or_ends_to_allow_is_known_within_a_second,
);

const PAGE: &str = "https://page.example";
const CALLS: [&str; 3] = ["/api/v1/codes", "/api/v1/links", "/api/v1/links/bulk"];
/// Within this, a change takes effect.
const SOON: Duration = Duration::from_secs(1);
/// An answer and the pause behind it take no longer on a machine that has time for them.
const QUICK: Duration = Duration::from_millis(30);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// What a browser asks before it lets a page of `origin` call.
fn preflight(service: &Service, path: &str, origin: &str) -> RequestBuilder {
    let request = service.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type")
}

/// A header's values, as one text.
fn header(answer: &Response, name: &str) -> Option<String> {
    let values: Vec<_> = answer.headers().get_all(name).iter().map(|value| value.to_str()).collect();
    let values: Result<Vec<_>, _> = values.into_iter().collect();
    Some(values.expect("text").join(", ")).filter(|text| !text.is_empty())
}

/// The CORS headers of an answer, which must be an answer for one origin only.
fn allowed(answer: &Response) -> Option<String> {
    assert!(header(answer, "access-control-allow-credentials").is_none(), "{answer:?}");
    assert!(header(answer, "vary").is_some_and(|vary| vary.contains("Origin")), "{answer:?}");
    let allowed = header(answer, "access-control-allow-origin");
    assert_ne!(allowed.as_deref(), Some("*"), "{answer:?}");
    allowed
}

fn minimal() -> Value {
    json!({ "url": "https://example.com/", "channel": "copy" })
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn a_preflight_from_a_page_of_some_site_is_allowed_and_kept_for_two_hours(backend: Backend) {
    let service = Service::start(backend).await;
    for path in CALLS {
        let answer = sent(preflight(&service, path, PAGE)).await;
        assert_eq!(answer.status().as_u16(), 204, "{path}");
        assert_eq!(allowed(&answer).as_deref(), Some(PAGE), "{path}");
        for (name, value) in [
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", "authorization, x-api-key, content-type, idempotency-key"),
            ("access-control-max-age", "7200"),
        ] {
            assert_eq!(header(&answer, name).as_deref(), Some(value), "{path}");
        }
        assert!(answer.headers().get("set-cookie").is_none());
        assert!(answer.bytes().await.expect("a body").is_empty());
    }
}

async fn a_preflight_from_any_other_page_is_refused_without_a_word(backend: Backend) {
    let service = Service::start(backend).await;
    for path in CALLS {
        for origin in [
            "https://evil.example",
            "http://page.example",
            "https://page.example:8443",
            "https://sub.page.example",
            "https://page.example.evil.example",
            "https://page.example/",
            "HTTPS://PAGE.EXAMPLE",
            "null",
            "*",
            "",
        ] {
            let answer = sent(preflight(&service, path, origin)).await;
            assert_eq!(allowed(&answer), None, "{origin}");
            let named = answer.headers().keys().find(|name| name.as_str().starts_with("access-control"));
            assert_eq!(named, None, "{origin}");
            problem(answer, 403, "foreign_origin").await;
        }
        let bytes = service.request(Method::OPTIONS, path).header("origin", &b"https://page.example\xff"[..]);
        let answer = sent(bytes.header("access-control-request-method", "POST")).await;
        assert_eq!(allowed(&answer), None);
        problem(answer, 403, "foreign_origin").await;
    }
}

async fn a_preflight_elsewhere_is_none(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for path in [
        "/api/v1/stats",
        "/privacy/consent",
        "/stats/sign-in",
        &format!("/api/v1/links/{code}"),
        &format!("/{code}"),
    ] {
        let answer = sent(preflight(&service, path, PAGE)).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{path}");
        problem(answer, 405, "method_not_allowed").await;
    }
    // And OPTIONS without what makes it a preflight is a method like any other.
    for path in CALLS {
        let bare = service.request(Method::OPTIONS, path);
        problem(sent(bare).await, 405, "method_not_allowed").await;
        let half = service.request(Method::OPTIONS, path).header("origin", PAGE);
        let answer = sent(half).await;
        assert_eq!(allowed(&answer), None);
        problem(answer, 405, "method_not_allowed").await;
    }
}

async fn a_page_of_the_keys_site_reads_every_answer_and_another_page_none(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.create_per_minute", "8")]).await;
    let (other, _) =
        service.site("other", |site| site.origins = vec![origin_rule("https://other.example")]).await;
    let (key, secret) = (&service.publishable, &service.secret);
    let call = |path: &str, key: &str, origin: &str, body: &Value| {
        service.request(Method::POST, path).bearer_auth(key).header("origin", origin).json(body)
    };
    let links = "/api/v1/links";
    for (request, status) in [
        (call("/api/v1/codes", key, PAGE, &json!({})), 200),
        (call("/api/v1/codes", key, PAGE, &json!({ "count": 99 })), 422),
        (call(links, key, PAGE, &minimal()), 201),
        (call(links, key, PAGE, &minimal()).header("idempotency-key", "7"), 201),
        (call(links, key, PAGE, &minimal()).header("idempotency-key", "7"), 200),
        (call(links, key, PAGE, &json!({ "url": "javascript:alert(1)", "channel": "copy" })), 422),
        (call("/api/v1/links/bulk", key, PAGE, &json!({ "links": [minimal()] })), 200),
        (call(links, key, PAGE, &json!({ "url": "https://example.com/", "channel": "x" })), 422),
        (call(links, secret, PAGE, &minimal()), 201),
        (service.request(Method::POST, links).bearer_auth(key).header("origin", PAGE).body("{}"), 415),
        (call(links, key, PAGE, &json!({})).body("{"), 400),
        (call("/api/v1/links/bulk", key, PAGE, &json!({ "links": vec![minimal(); 9] })), 429),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(allowed(&answer).as_deref(), Some(PAGE), "{status}");
        assert_eq!(header(&answer, "access-control-expose-headers").as_deref(), Some("retry-after"));
    }
    for (request, status) in [
        (call(links, key, "https://evil.example", &minimal()), 403),
        // A page of another site, which may call with its own key only.
        (call(links, key, "https://other.example", &minimal()), 403),
        (call("/api/v1/codes", &other, PAGE, &json!({})), 403),
        (call(links, "ens_pk_guess", PAGE, &minimal()), 401),
        (service.request(Method::POST, links).header("origin", PAGE).json(&minimal()), 401),
        // A secret key belongs to a server, which may send what it likes; a page learns nothing of it.
        (call("/api/v1/codes", secret, "https://evil.example", &json!({})), 200),
        (service.api(Method::GET, links).header("origin", PAGE), 200),
        (service.api(Method::POST, "/api/v1/codes").json(&json!({})), 200),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(allowed(&answer), None, "{status}");
    }
}

fn origin_rule(text: &str) -> OriginRule {
    OriginRule::parse(text).expect("an origin")
}

async fn where_any_origin_is_allowed_each_is_named_exactly(backend: Backend) {
    let service = Service::start(backend).await;
    let (key, _) = service.site("open", |site| site.origins = vec![OriginRule::any()]).await;
    let first = preflight(&service, CALLS[0], "https://a.example");
    until(first, Some("https://a.example")).await;
    for origin in ["https://b.example:8443", "http://localhost:3000", "null"] {
        let answer = sent(preflight(&service, CALLS[0], origin)).await;
        assert_eq!(allowed(&answer).as_deref(), Some(origin));
        let call = service.request(Method::POST, CALLS[0]).bearer_auth(&key).header("origin", origin);
        let answer = sent(call.json(&json!({}))).await;
        assert_eq!((answer.status().as_u16(), allowed(&answer).as_deref()), (200, Some(origin)));
    }
    // What is no origin is none of them.
    for nothing in [&b""[..], b"https://a.example\xff"] {
        let call = service.request(Method::POST, CALLS[0]).bearer_auth(&key).header("origin", nothing);
        let answer = sent(call.json(&json!({}))).await;
        assert_eq!(allowed(&answer), None);
        problem(answer, 403, "foreign_origin").await;
    }
}

async fn an_origin_that_a_site_begins_or_ends_to_allow_is_known_within_a_second(backend: Backend) {
    let service = Service::start(backend).await;
    let fresh = || preflight(&service, CALLS[1], "https://fresh.example");
    assert_eq!(allowed(&sent(fresh()).await), None);
    service.site("fresh", |site| site.origins = vec![origin_rule("https://fresh.example")]).await;
    until(fresh(), Some("https://fresh.example")).await;

    let store = service.store().await;
    let old = store.sites().await.expect("sites").into_iter().find(|site| site.name == "fresh");
    let old = old.expect("the site");
    let new = Site { origins: Vec::new(), ..old.clone() };
    assert!(store.replace_site(&old, &new).await.expect("replaced"));
    until(fresh(), None).await;
}

/// Asks until the answer allows this origin, or none, which it has to within a second. Of an answer
/// that a busy machine makes late, only so much counts as a quick one takes at most.
async fn until(request: RequestBuilder, expected: Option<&str>) {
    let mut counted = Duration::ZERO;
    loop {
        let began = Instant::now();
        let found = allowed(&sent(request.try_clone().expect("no body")).await);
        if found.as_deref() == expected {
            return;
        }
        assert!(counted < SOON, "{found:?} and not {expected:?} after a second");
        tokio::time::sleep(PAUSE).await;
        counted += began.elapsed().min(QUICK);
    }
}

#[tokio::test]
async fn preflights_are_answered_from_memory_and_while_the_store_is_away() {
    let mut service = Service::start(Backend::Redis).await;
    assert_eq!(sent(preflight(&service, CALLS[0], PAGE)).await.status().as_u16(), 204);
    // All sites are read by this command, and by no other call here.
    let reads = |service: &mut Service| {
        let calls = service.redis().ask("INFO commandstats");
        let line = calls.lines().find_map(|line| line.strip_prefix("cmdstat_hvals:calls=")).expect("some");
        line.split(',').next().expect("a number").parse::<u32>().expect("a number")
    };
    let before = reads(&mut service);
    for _ in 0..100 {
        assert_eq!(sent(preflight(&service, CALLS[0], PAGE)).await.status().as_u16(), 204);
        assert_eq!(sent(preflight(&service, CALLS[0], "https://evil.example")).await.status().as_u16(), 403);
    }
    // Now and then it may have been said that something has changed.
    let again = reads(&mut service) - before;
    assert!(again <= 3, "{again} reads for 200 preflights");
    service.redis().kill();
    for path in CALLS {
        assert_eq!(sent(preflight(&service, path, PAGE)).await.status().as_u16(), 204);
        assert_eq!(sent(preflight(&service, path, "https://evil.example")).await.status().as_u16(), 403);
    }
}
