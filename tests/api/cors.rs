//! What a browser is told about calls from other sites' pages.

use entrenous::domain::site::OriginRule;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::service::{Backend, Service, on_every_store, problem};

on_every_store!(
    a_preflight_from_a_page_of_some_site_is_allowed_and_kept_for_two_hours,
    a_preflight_from_whatever_page_is_allowed_because_it_brings_no_key,
    a_preflight_elsewhere_is_none,
    a_page_of_the_keys_site_reads_every_answer_and_another_page_none,
    where_any_origin_is_allowed_each_is_named_exactly,
);

const PAGE: &str = "https://page.example";
const CALLS: [&str; 3] = ["/api/v1/codes", "/api/v1/links", "/api/v1/links/bulk"];
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
            ("access-control-allow-methods", "GET, POST, PATCH, DELETE"),
            ("access-control-allow-headers", "authorization, x-api-key, content-type, idempotency-key"),
            ("access-control-max-age", "7200"),
        ] {
            assert_eq!(header(&answer, name).as_deref(), Some(value), "{path}");
        }
        assert!(answer.headers().get("set-cookie").is_none());
        assert!(answer.bytes().await.expect("a body").is_empty());
    }
}

async fn a_preflight_from_whatever_page_is_allowed_because_it_brings_no_key(backend: Backend) {
    let service = Service::start(backend).await;
    for path in ["/api/v1/codes", "/api/v1/links", "/api/v1/links/bulk", "/api/v1/links/abc", "/api/v1/stats"]
    {
        for origin in ["https://evil.example", "http://page.example", "https://page.example:8443", "null"] {
            let answer = sent(preflight(&service, path, origin)).await;
            assert_eq!(
                (answer.status().as_u16(), allowed(&answer).as_deref()),
                (204, Some(origin)),
                "{path}"
            );
        }
        // What is no origin is nobody's.
        let bytes = service.request(Method::OPTIONS, path).header("origin", &b"https://page.example\xff"[..]);
        let answer = sent(bytes.header("access-control-request-method", "POST")).await;
        assert_eq!(allowed(&answer), None);
    }
}

async fn a_preflight_elsewhere_is_none(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for path in ["/privacy/consent", "/stats/sign-in", &format!("/{code}")] {
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
        (service.request(Method::POST, links).bearer_auth(key).header("origin", PAGE).body("{}"), 415),
        (call(links, key, PAGE, &json!({})).body("{"), 400),
        (call("/api/v1/links/bulk", key, PAGE, &json!({ "links": vec![minimal(); 9] })), 429),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(allowed(&answer).as_deref(), Some(PAGE), "{status}");
        assert_eq!(header(&answer, "access-control-expose-headers").as_deref(), Some("retry-after"));
    }
    // A page that may not call reads why: its origin, its key, or that the key is one that no page may have.
    let with_secret = |method: Method, path: &str, origin: &str| {
        service.api(method, path).header("origin", origin).json(&minimal())
    };
    let code = service.code().await;
    let of_link = format!("/api/v1/links/{code}");
    for (request, origin, status, reason) in [
        (call(links, key, "https://evil.example", &minimal()), "https://evil.example", 403, "foreign_origin"),
        (
            call(links, key, "https://other.example", &minimal()),
            "https://other.example",
            403,
            "foreign_origin",
        ),
        (call("/api/v1/codes", &other, PAGE, &json!({})), PAGE, 403, "foreign_origin"),
        (call(links, "ens_pk_guess", PAGE, &minimal()), PAGE, 401, "unknown_key"),
        (service.request(Method::POST, links).header("origin", PAGE).json(&minimal()), PAGE, 401, "no_key"),
        (call(links, secret, PAGE, &minimal()), PAGE, 403, "secret_key_in_page"),
        (
            call("/api/v1/codes", secret, "https://evil.example", &json!({})),
            "https://evil.example",
            403,
            "secret_key_in_page",
        ),
        (with_secret(Method::GET, links, PAGE), PAGE, 403, "secret_key_in_page"),
        (with_secret(Method::PATCH, &of_link, "null"), "null", 403, "secret_key_in_page"),
        (with_secret(Method::DELETE, &of_link, PAGE), PAGE, 403, "secret_key_in_page"),
        (with_secret(Method::GET, "/api/v1/stats?group_by=page", PAGE), PAGE, 403, "secret_key_in_page"),
        (
            service.request(Method::GET, &of_link).bearer_auth(key).header("origin", PAGE),
            PAGE,
            403,
            "secret_key_needed",
        ),
    ] {
        let answer = sent(request).await;
        assert_eq!(allowed(&answer).as_deref(), Some(origin), "{reason}");
        problem(answer, status, reason).await;
    }
    // A server names no origin, and no page reads what it is answered.
    for request in
        [service.api(Method::GET, links), service.api(Method::POST, "/api/v1/codes").json(&json!({}))]
    {
        let answer = sent(request).await;
        assert_eq!((answer.status().as_u16(), allowed(&answer)), (200, None));
    }
    // What the key's site does not allow is told to no page but for that.
    let answer = sent(call(links, key, "https://evil.example", &json!({ "url": "" }))).await;
    assert_eq!(answer.status().as_u16(), 403);
}

fn origin_rule(text: &str) -> OriginRule {
    OriginRule::parse(text).expect("an origin")
}

async fn where_any_origin_is_allowed_each_is_named_exactly(backend: Backend) {
    let service = Service::start(backend).await;
    let (key, _) = service.site("open", |site| site.origins = vec![OriginRule::any()]).await;
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

#[tokio::test]
async fn preflights_ask_no_store() {
    let mut service = Service::start(Backend::Redis).await;
    service.redis().kill();
    for path in CALLS {
        assert_eq!(sent(preflight(&service, path, PAGE)).await.status().as_u16(), 204);
    }
}
