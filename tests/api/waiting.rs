//! The visitor who is faster than the share.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, FIREFOX, Service, WHATSAPP, code, on_every_store, problem};

on_every_store!(
    a_visitor_before_the_claim_waits_on_a_page_that_looks_again_four_times,
    who_is_no_person_with_a_browser_is_told_when_to_come_back,
    a_preview_that_is_faster_than_the_claim_waits_for_it_and_is_counted,
    a_claim_is_seen_at_once_by_who_has_waited,
    waiting_is_no_miss_and_guessing_is_one,
    a_destination_is_told_nothing_of_the_waiting,
);

/// A claim and its code, given to a site's key.
async fn reserve(service: &Service, key: &str) -> (String, String) {
    let request =
        service.request(Method::POST, "/api/v1/codes").bearer_auth(key).json(&json!({ "count": 1 }));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = answer.json().await.expect("JSON");
    (body["codes"][0]["claim"].as_str().expect("a claim").to_owned(), code(&body["codes"][0]))
}

fn share(claim: &str) -> Value {
    json!({ "url": "https://example.com/", "channel": "whatsapp", "claim": claim })
}

async fn answer(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Where a page that waits looks next; none where it does not.
fn next_look(answer: &Response) -> Option<String> {
    let refresh = answer.headers().get("refresh")?.to_str().expect("ASCII");
    refresh.strip_prefix("2;url=").map(str::to_owned)
}

async fn a_visitor_before_the_claim_waits_on_a_page_that_looks_again_four_times(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, code) = reserve(&service, &service.publishable).await;
    let mut path = format!("{code}?fbclid=x&wait=3");
    for look in 1..=4 {
        let waiting = answer(service.visit(&path)).await;
        assert_eq!(waiting.status(), StatusCode::NOT_FOUND);
        assert_eq!(waiting.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(waiting.headers()["cache-control"], "no-store");
        assert_eq!(waiting.headers()["x-robots-tag"], "noindex, nofollow");
        assert!(waiting.headers().get("set-cookie").is_none());
        // Nothing of the query but what the page itself put there.
        let next = format!("/{code}?wait={look}");
        assert_eq!(next_look(&waiting), Some(next.clone()));
        let page = waiting.text().await.expect("text");
        assert!(page.contains(&format!("href=\"{next}\"")), "for who has switched that off: {page}");
        assert!(!page.contains("<script") && !page.contains("fbclid"), "{page}");
        next[1..].clone_into(&mut path);
    }
    let over = answer(service.visit(&path)).await;
    assert_eq!(over.status(), StatusCode::NOT_FOUND);
    assert_eq!(next_look(&over), None);
    let page = over.text().await.expect("text");
    assert!(page.contains("Not found"), "{page}");
    // No other number makes it wait for longer, or say anything else.
    for odd in ["wait=5", "wait=0", "wait=-1", "wait=256", "wait=x", "wait=", "wait=%31", "wait=1&a=b"] {
        let waiting = answer(service.visit(&format!("{code}?{odd}"))).await;
        assert_eq!(next_look(&waiting), Some(format!("/{code}?wait=1")), "{odd}");
    }
}

async fn who_is_no_person_with_a_browser_is_told_when_to_come_back(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, code) = reserve(&service, &service.publishable).await;
    let api = service.request(Method::GET, &format!("/{code}")).header("user-agent", FIREFOX);
    for request in [api, service.fetch(&code, WHATSAPP), service.fetch(&code, "curl/8.0")] {
        let answer = answer(request).await;
        assert_eq!(answer.headers()["retry-after"], "1");
        problem(answer, 404, "not_here_yet").await;
    }
    for agent in [WHATSAPP, "curl/8.0", "Mozilla/5.0 (compatible; Googlebot/2.1)"] {
        let page = answer(service.fetch(&code, agent).header("accept", "text/html")).await;
        assert_eq!((page.status(), next_look(&page)), (StatusCode::NOT_FOUND, None));
        let page = page.text().await.expect("text");
        assert!(page.contains("Error 404"), "{page}");
    }
    let head = answer(service.request(Method::HEAD, &format!("/{code}")).header("user-agent", FIREFOX)).await;
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
    // Other addresses of the link say the same, and do not send anybody elsewhere.
    let receipt = answer(service.visit(&format!("{code}+"))).await;
    assert_eq!((receipt.status(), next_look(&receipt)), (StatusCode::NOT_FOUND, None));
    let consent = service.request(Method::POST, &format!("/{code}/consent")).form(&[("choice", "allow")]);
    problem(answer(consent).await, 404, "not_here_yet").await;
    let link = service.api(Method::GET, &format!("/api/v1/links/{code}"));
    problem(answer(link).await, 404, "not_found").await;
}

async fn a_preview_that_is_faster_than_the_claim_waits_for_it_and_is_counted(backend: Backend) {
    let service = Service::start(backend).await;
    let (claim, code) = reserve(&service, &service.publishable).await;
    let preview = tokio::spawn(answer(service.fetch(&code, WHATSAPP)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!preview.is_finished(), "it waits");
    service.link_of(&service.publishable, share(&claim)).await;
    let forwarded = preview.await.expect("an answer");
    assert_eq!(forwarded.status(), StatusCode::FOUND);
    assert_eq!(forwarded.headers()["location"], "https://example.com/");
    service.settled().await;
    assert_eq!(service.stats(&code).await["totals"]["unfurls"], 1);
}

async fn a_claim_is_seen_at_once_by_who_has_waited(backend: Backend) {
    let service = Service::start(backend).await;
    for look in 0..20 {
        let (claim, code) = reserve(&service, &service.publishable).await;
        let path = if look % 2 == 0 { code.clone() } else { format!("{code}?wait=1") };
        let waiting = answer(service.visit(&path)).await;
        assert_eq!(waiting.status(), StatusCode::NOT_FOUND);
        service.link_of(&service.publishable, share(&claim)).await;
        let forwarded = answer(service.visit(&path).header("cookie", service.denied())).await;
        assert_eq!(forwarded.status(), StatusCode::FOUND);
        assert_eq!(forwarded.headers()["location"], "https://example.com/");
    }
}

async fn waiting_is_no_miss_and_guessing_is_one(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.miss_per_minute", "1")]).await;
    let (_, code) = reserve(&service, &service.publishable).await;
    let ask = |path: &str| service.visit(path).header("x-forwarded-for", "192.0.2.1");
    for path in [code.clone(), format!("{code}?wait=4"), format!("{code}+"), code.clone()] {
        assert_eq!(answer(ask(&path)).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // A character of the check is another: a code that nobody has given out.
    let last = if code.ends_with('2') { '3' } else { '2' };
    let forged = format!("{}{last}", &code[..9]);
    let page = answer(ask(&forged)).await;
    assert_eq!((page.status(), next_look(&page)), (StatusCode::NOT_FOUND, None));
    assert_eq!(answer(ask(&forged)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer(ask(&code)).await.status(), StatusCode::NOT_FOUND);
}

async fn a_destination_is_told_nothing_of_the_waiting(backend: Backend) {
    let service = Service::start(backend).await;
    let (key, _) = service.site("forwards", |site| site.forward_query = true).await;
    let (claim, code) = reserve(&service, &key).await;
    service.link_of(&key, share(&claim)).await;
    for (query, location) in [
        ("wait=1", "https://example.com/"),
        ("wait=4", "https://example.com/"),
        ("wait=5", "https://example.com/?wait=5"),
        ("wait=1&a=b", "https://example.com/?wait=1&a=b"),
        ("a=b", "https://example.com/?a=b"),
    ] {
        let request = service.visit(&format!("{code}?{query}"));
        let forwarded = answer(request.header("cookie", service.denied())).await;
        assert_eq!(forwarded.headers()["location"], location, "{query}");
        let asked = answer(service.visit(&format!("{code}?{query}"))).await.text().await.expect("text");
        assert_eq!(asked.contains(&format!("/{code}/consent?")), location.contains('?'), "{query}: {asked}");
    }
}
