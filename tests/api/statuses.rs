//! Every status code of the contract, with the headers and the body that go with it.

use std::time::{Duration, Instant};

use entrenous::domain::site::KeyKind;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::raw;
use crate::service::{Backend, Service, code, on_every_store, problem, refused, wrong_names};

on_every_store!(
    head_answers_as_get_does_without_a_body,
    what_is_not_json_is_400_and_what_is_not_sent_as_json_415,
    a_key_comes_in_two_headers_and_an_unknown_or_ended_one_is_401,
    a_publishable_key_only_makes_links_and_only_from_its_pages,
    nothing_is_404_and_another_method_is_405_with_those_allowed,
    a_body_over_64_kib_is_413,
    a_problem_is_a_page_for_browsers_and_json_below_api,
    too_many_requests_are_told_when_to_come_back,
);

fn create(service: &Service) -> RequestBuilder {
    service.api(Method::POST, "/api/v1/links")
}

fn minimal() -> Value {
    json!({ "url": "https://example.com/", "channel": "copy" })
}

pub(crate) fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("a header {name}"));
    value.to_str().expect("text").to_owned()
}

async fn what_is_not_json_is_400_and_what_is_not_sent_as_json_415(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let calls = [
        (Method::POST, "/api/v1/links".to_owned()),
        (Method::POST, "/api/v1/links/bulk".to_owned()),
        (Method::POST, "/api/v1/codes".to_owned()),
        (Method::PATCH, format!("/api/v1/links/{code}")),
    ];
    for (method, path) in calls {
        let call =
            |media_type: &'static str| service.api(method.clone(), &path).header("content-type", media_type);
        for body in ["", "{", "{\"url\": }", "url=https://example.com/", "{}{}", "\u{feff}{}"] {
            refused(call("application/json").body(body), 400, "not_json").await;
        }
        refused(call("application/json").body(b"{\"url\":\"\xff\"}".to_vec()), 400, "not_json").await;
        for body in ["null", "[]", "7", "\"text\""] {
            let problem =
                refused(call("Application/JSON; charset=utf-8").body(body), 422, "invalid_params").await;
            assert_eq!(problem["invalid_params"].as_array().map(Vec::len), Some(1));
        }
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"]
        {
            refused(call(media_type).body("{}"), 415, "wrong_media_type").await;
        }
        refused(service.api(method.clone(), &path).body("{}"), 415, "wrong_media_type").await;
    }
    for path in ["/privacy/consent", &format!("/{code}/consent"), "/stats/sign-in"] {
        refused(service.request(Method::POST, path).json(&json!({})), 415, "wrong_media_type").await;
    }
}

async fn a_key_comes_in_two_headers_and_an_unknown_or_ended_one_is_401(backend: Backend) {
    let service = Service::start(backend).await;
    let list = || service.request(Method::GET, "/api/v1/links");
    let ended = service.secret.clone();
    for (name, value) in [
        ("authorization", format!("Bearer {ended}")),
        ("authorization", format!("bearer  {ended} ")),
        ("x-api-key", ended.clone()),
    ] {
        let answer = list().header(name, value).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }
    for (request, code) in [
        (list(), "no_key"),
        (list().header("authorization", "Basic YTpi"), "no_key"),
        (list().header("authorization", "Bearer"), "no_key"),
        (list().header("authorization", "Bearer "), "no_key"),
        (list().header("x-api-key", ""), "no_key"),
        (list().header("x-api-key", "ens_sk_x"), "unknown_key"),
        (list().header("x-api-key", &ended[..ended.len() - 1]), "unknown_key"),
        (list().header("x-api-key", ended.to_uppercase()), "unknown_key"),
        (list().bearer_auth("ens_sk_00000000000000000000000000000000"), "unknown_key"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(header(&answer, "www-authenticate"), "Bearer");
        problem(answer, 401, code).await;
    }
    let rotated = Sites::new(service.store().await).rotate_key("test", KeyKind::Secret).await;
    let fresh = rotated.expect("rotated").expect("a site");
    refused(list().bearer_auth(&ended), 401, "unknown_key").await;
    let answer = list().bearer_auth(fresh.reveal()).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    // The other key goes on.
    service.link_of(&service.publishable, minimal()).await;
}

async fn a_publishable_key_only_makes_links_and_only_from_its_pages(backend: Backend) {
    let service = Service::start(backend).await;
    let link = code(&service.link_of(&service.publishable, minimal()).await);
    for (method, path) in [
        (Method::GET, "/api/v1/links".to_owned()),
        (Method::GET, format!("/api/v1/links/{link}")),
        (Method::PATCH, format!("/api/v1/links/{link}")),
        (Method::DELETE, format!("/api/v1/links/{link}")),
        (Method::GET, format!("/api/v1/links/{link}/stats")),
        (Method::GET, "/api/v1/stats?group_by=channel".to_owned()),
    ] {
        let request = service.request(method, &path).bearer_auth(&service.publishable).json(&json!({}));
        refused(request, 403, "secret_key_needed").await;
    }
    for path in ["/api/v1/links", "/api/v1/links/bulk"] {
        let body = if path.ends_with("bulk") { json!({ "links": [minimal()] }) } else { minimal() };
        let from = |key: &str, origin: &str| {
            service.request(Method::POST, path).bearer_auth(key).header("origin", origin).json(&body)
        };
        for origin in [
            "https://evil.example",
            "http://page.example",
            "https://page.example:8443",
            "https://sub.page.example",
            "null",
            "",
        ] {
            refused(from(&service.publishable, origin), 403, "foreign_origin").await;
            refused(from(&service.secret, origin), 403, "secret_key_in_page").await;
        }
        let request = service.request(Method::POST, path).bearer_auth(&service.publishable).json(&body);
        refused(request.header("origin", &b"https://page.example\xff"[..]), 403, "foreign_origin").await;
        let own = from(&service.publishable, "https://page.example").send().await.expect("an answer");
        assert!(own.status().is_success());
    }
    for path in [format!("/{link}/consent"), "/privacy/consent".to_owned(), "/stats/sign-in".to_owned()] {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let request = service.request(Method::POST, &path).header("origin", origin);
            let answer = request.form(&[("choice", "allow")]).send().await.expect("an answer");
            assert!(answer.headers().get("set-cookie").is_none(), "{path}");
            problem(answer, 403, "foreign_origin").await;
        }
    }
}

async fn nothing_is_404_and_another_method_is_405_with_those_allowed(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/links",
        "/api/v1/links/",
        "/api/v1/links/a/b/c",
        "/api/v1/links/nothing1",
        "/api/v1/links/a.b",
        "/api/v1/links/nothing1/stats",
        "/static/nothing.css",
        "/static/",
        "/nothing1",
        "/nothing1+",
        "/a/b/c",
        "/privacy/",
        "/healthz/x",
        "/metrics",
        "/.well-known/security.txt",
        "/.well-known/nothing",
    ] {
        refused(service.api(Method::GET, path), 404, "not_found").await;
    }
    refused(
        service.request(Method::POST, "/nothing1/consent").form(&[("choice", "allow")]),
        404,
        "not_found",
    )
    .await;
    let link = format!("/api/v1/links/{code}");
    for (path, allowed, wrong) in [
        ("/", "GET", &[Method::POST, Method::PUT][..]),
        ("/try", "POST", &[Method::GET]),
        ("/healthz", "GET", &[Method::POST]),
        ("/readyz", "GET", &[Method::DELETE]),
        ("/robots.txt", "GET", &[Method::POST]),
        ("/favicon.ico", "GET", &[Method::POST]),
        ("/.well-known/gpc.json", "GET", &[Method::POST]),
        ("/.well-known/traffic-advice", "GET", &[Method::POST]),
        ("/.well-known/security.txt", "GET", &[Method::POST]),
        ("/static/style.css", "GET", &[Method::POST]),
        ("/share/whatsapp", "GET", &[Method::POST, Method::PUT]),
        ("/share/copy/nothing1", "GET", &[Method::POST]),
        ("/privacy", "GET", &[Method::POST]),
        ("/privacy/consent", "POST", &[Method::GET, Method::PUT]),
        ("/api/v1/links", "GET, POST", &[Method::PUT, Method::DELETE, Method::PATCH]),
        ("/api/v1/links/bulk", "POST", &[Method::GET, Method::PATCH]),
        ("/api/v1/codes", "POST", &[Method::GET, Method::DELETE, Method::OPTIONS]),
        (&link, "GET, PATCH, DELETE", &[Method::POST, Method::PUT]),
        (&format!("{link}/stats"), "GET", &[Method::POST, Method::DELETE]),
        ("/api/v1/stats", "GET", &[Method::POST]),
        ("/stats", "GET", &[Method::POST]),
        ("/stats/sign-in", "GET, POST", &[Method::PUT]),
        ("/stats/sign-out", "POST", &[Method::GET]),
        ("/stats/people", "GET, POST", &[Method::PUT, Method::DELETE]),
        ("/stats/people/remove", "POST", &[Method::GET]),
        ("/stats/sessions", "GET", &[Method::POST]),
        ("/stats/sessions/end", "POST", &[Method::GET]),
        ("/stats/views", "GET, POST", &[Method::PUT]),
        ("/stats/shared/nothing1", "GET, POST", &[Method::PUT]),
        ("/stats/public/test", "GET", &[Method::POST]),
        ("/api/v1/views", "GET, POST", &[Method::PUT]),
        ("/api/v1/views/0", "DELETE", &[Method::GET, Method::POST]),
        (&format!("/{code}/badge.svg"), "GET", &[Method::POST]),
        ("/stats/new", "GET, POST", &[Method::PUT]),
        (&format!("/stats/kit/{code}"), "GET", &[Method::POST]),
        (&format!("/stats/kit/{code}/links.csv"), "GET", &[Method::POST]),
        (&format!("/stats/kit/{code}/qr.zip"), "GET", &[Method::POST]),
        ("/stats/live", "GET", &[Method::POST]),
        (&format!("/stats/{code}"), "GET", &[Method::POST]),
        (&format!("/{code}+"), "GET", &[Method::POST]),
        (&format!("/{code}/consent"), "GET, POST", &[Method::PUT]),
        (&format!("/{code}"), "GET, HEAD", &[Method::POST, Method::PATCH, Method::DELETE]),
    ] {
        for method in wrong {
            let answer = service.request(method.clone(), path).send().await.expect("an answer");
            let allow = answer.headers().get("allow").cloned();
            problem(answer, 405, "method_not_allowed").await;
            let allow = allow.unwrap_or_else(|| panic!("an Allow header of {path}"));
            let methods: Vec<_> = allow.to_str().expect("text").split(", ").collect();
            assert!(allowed.split(", ").all(|method| methods.contains(&method)), "{path}: {methods:?}");
            assert!(!methods.contains(&method.as_str()), "{path}: {methods:?}");
        }
    }
}

async fn a_body_over_64_kib_is_413(backend: Backend) {
    let service = Service::start(backend).await;
    let key = &service.secret;
    let code = service.code().await;
    let json = |length: usize| {
        let body = minimal().to_string();
        format!("{}{body}", " ".repeat(length - body.len()))
    };
    let form = |length: usize| format!("choice=later&pad={}", "a".repeat(length - 17));
    for (path, media_type, good, over) in [
        ("/api/v1/links", "application/json", json(64 << 10), json((64 << 10) + 1)),
        (
            &format!("/{code}/consent"),
            "application/x-www-form-urlencoded",
            form(64 << 10),
            form((64 << 10) + 1),
        ),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\nContent-Type: {media_type}\r\n"
        );
        for (body, expected) in [(&good, [201, 303]), (&over, [413; 2])] {
            let counted = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let answer = raw::exchange(service.address(), counted.as_bytes()).expect("an answer");
            assert!(expected.contains(&answer.status), "{path} {}: {}", body.len(), answer.text());
            if answer.status == 413 {
                assert_eq!(answer.headers("content-type"), ["application/problem+json"]);
                let problem: Value = serde_json::from_slice(&answer.body).expect("JSON");
                assert_eq!(problem["code"], "too_large");
            }
        }
    }
}

async fn a_problem_is_a_page_for_browsers_and_json_below_api(backend: Backend) {
    let service = Service::start(backend).await;
    service.link(json!({ "url": "https://example.com/", "channel": "sms", "slug": "down" })).await;
    service.take_down("down").await;
    service.link(json!({ "url": "https://example.com/", "channel": "sms", "slug": "off" })).await;
    let off = service.api(Method::PATCH, "/api/v1/links/off").json(&json!({ "disabled": true })).send().await;
    assert_eq!(off.expect("an answer").status().as_u16(), 200);
    let code = service.code().await;
    let (get, post) = (Method::GET, Method::POST);
    for (method, path, status, title) in [
        (&get, "/nothing1", 404, "Not found"),
        (&get, "/a/b/c/d", 404, "Not found"),
        (&get, "/static/x", 404, "Not found"),
        (&post, "/privacy", 405, "Method not allowed"),
        (&get, "/off", 410, "This link is switched off"),
        (&post, "/off/consent", 410, "This link is switched off"),
        (&get, "/down", 451, "This link was taken down"),
        (&get, "/down+", 451, "This link was taken down"),
        (&post, "/down/consent", 451, "This link was taken down"),
        (&post, "/privacy/consent", 422, "Some parameters are not valid"),
        (&post, &format!("/{code}/consent"), 422, "Some parameters are not valid"),
    ] {
        let ask = |accept: &'static str| {
            let request = service.request(method.clone(), path).header("accept", accept);
            if *method == post { request.form(&[("choice", "perhaps")]) } else { request }
        };
        let page = ask("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8").send().await.expect("an answer");
        assert_eq!(page.status().as_u16(), status, "{path}");
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(header(&page, "cache-control"), "no-store", "{path}");
        assert!(header(&page, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(page.headers().contains_key("allow"), status == 405, "{path}");
        let text = page.text().await.expect("text");
        assert!(text.contains(title) && text.contains(&format!("Error {status}")), "{path}: {text}");
        for accept in ["*/*", "application/json"] {
            let answer = ask(accept).send().await.expect("an answer");
            let found: Value = answer.json().await.expect("JSON");
            assert_eq!((&found["status"], &found["title"]), (&json!(status), &json!(title)), "{path}");
        }
    }
    let api = service.request(get, "/api/v1/links").header("accept", "text/html");
    refused(api, 401, "no_key").await;
    // The owner still sees a link that was taken down, and cannot give it back.
    assert_eq!(service.get("/api/v1/links/down").await["code"], "down");
    let enabled = service.api(Method::PATCH, "/api/v1/links/down").json(&json!({ "disabled": false }));
    assert_eq!(enabled.send().await.expect("an answer").status().as_u16(), 200);
    refused(service.request(Method::GET, "/down"), 451, "taken_down").await;
}

async fn too_many_requests_are_told_when_to_come_back(backend: Backend) {
    let limits = [("limits.create_per_minute", "2"), ("limits.miss_per_minute", "2")];
    let service = Service::start_with(backend, &limits).await;
    for _ in 0..2 {
        service.link_of(&service.publishable, minimal()).await;
        refused(service.request(Method::GET, "/nothing1"), 404, "not_found").await;
    }
    let create = service.request(Method::POST, "/api/v1/links").bearer_auth(&service.publishable);
    for request in [create.json(&minimal()), service.request(Method::GET, "/nothing1")] {
        let answer = request.send().await.expect("an answer");
        let seconds = |name: &str| header(&answer, name).parse::<u64>().expect("a number");
        assert!((1..=60).contains(&seconds("retry-after")));
        assert_eq!(seconds("ratelimit-limit"), 2);
        assert_eq!(seconds("ratelimit-remaining"), 0);
        assert_eq!(seconds("ratelimit-reset"), seconds("retry-after"));
        problem(answer, 429, "too_many_requests").await;
    }
    let page = service.visit("nothing1").send().await.expect("an answer");
    assert_eq!(page.status().as_u16(), 429);
    assert!(header(&page, "retry-after").parse::<u64>().is_ok());
    assert!(page.text().await.expect("text").contains("Too many requests"));
}

#[tokio::test]
async fn without_its_redis_the_service_says_503_and_goes_on_when_it_is_back() {
    let mut service = Service::start(Backend::PersistentRedis).await;
    service.link(minimal()).await;
    for paused in [false, true] {
        if paused {
            service.redis().pause();
        } else {
            service.redis().kill();
        }
        unavailable(&service).await;
        if paused {
            service.redis().resume();
        } else {
            service.redis().restart();
        }
        back(&service).await;
    }
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(3));
}

/// What needs the store answers 503 soon, and always in the same words; what needs none goes on.
async fn unavailable(service: &Service) {
    let mut bodies = Vec::new();
    for request in [create(service).json(&minimal()), service.api(Method::GET, "/api/v1/links")] {
        let started = Instant::now();
        let answer = request.send().await.expect("an answer");
        assert!(started.elapsed() < Duration::from_secs(8), "503 took {:?}", started.elapsed());
        assert!(header(&answer, "retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        bodies.push(problem(answer, 503, "unavailable").await);
    }
    assert_eq!(bodies[0], bodies[1], "the body of a 5xx is a constant");
    for path in ["/healthz", "/readyz", "/privacy", "/robots.txt"] {
        let answer = service.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
    }
    let page = service.request(Method::GET, "/nothing1").header("accept", "text/html").send().await;
    let page = page.expect("an answer").text().await.expect("text");
    assert!(page.contains("Error 503"), "{page}");
}

/// Waits until links are made again.
async fn back(service: &Service) {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let answer = create(service).json(&minimal()).send().await.expect("an answer");
        match answer.status().as_u16() {
            201 => break,
            503 => assert!(Instant::now() < deadline, "not back in time"),
            other => panic!("{other}: {}", answer.text().await.expect("text")),
        }
    }
    let ready = service.request(Method::GET, "/readyz").send().await.expect("an answer");
    assert_eq!(ready.status().as_u16(), 200);
}

#[tokio::test]
async fn while_another_process_locks_the_sqlite_file_creation_says_503_and_reading_goes_on() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    let other = rusqlite::Connection::open(service.dir().join("entrenous.db")).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let started = Instant::now();
    let answer = create(&service).json(&minimal()).send().await.expect("an answer");
    assert!(started.elapsed() < Duration::from_secs(9), "503 took {:?}", started.elapsed());
    assert_eq!(header(&answer, "retry-after"), "1");
    problem(answer, 503, "unavailable").await;
    service.click(&code, "192.0.2.1").await;
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(1));
    other.execute_batch("COMMIT").expect("the lock's end");
    back(&service).await;
    assert_eq!(service.stats(&code).await["totals"]["clicks"], 1);
}

#[tokio::test]
async fn a_422_names_each_parameter_of_a_query() {
    let service = Service::start(Backend::Sqlite).await;
    let request = service.api(Method::GET, "/api/v1/stats?group_by=hour&from=x&to=y");
    assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["group_by", "from", "to"]);
}

async fn head_answers_as_get_does_without_a_body(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for path in
        ["/", "/healthz", "/readyz", "/robots.txt", "/privacy", "/static/style.css", &format!("/{code}+")]
    {
        let answer = service.request(Method::HEAD, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers().contains_key("content-type"), "{path}");
        assert!(answer.bytes().await.expect("a body").is_empty(), "{path}");
    }
}
