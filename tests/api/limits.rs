//! What one key, one address and one connection may do, and whose address it is.

use std::io::Write;
use std::net::TcpStream;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::raw;
use crate::service::{Backend, FIREFOX, Service, on_every_store, problem, totals};

on_every_store!(
    a_secret_key_has_a_limit_of_its_own_only,
    one_address_with_the_key_of_a_page_silences_nobody,
    unknown_codes_are_limited_and_known_ones_never,
    behind_a_trusted_proxy_every_visitor_is_one,
    whoever_is_no_trusted_proxy_has_one_address_whatever_it_says,
    what_is_no_address_counts_as_the_last_proxy,
    an_ipv6_network_of_64_bits_is_one_visitor,
);

fn minimal() -> Value {
    json!({ "url": "https://example.com/", "channel": "copy" })
}

fn create(service: &Service, key: &str, address: &str) -> RequestBuilder {
    let request = service.request(Method::POST, "/api/v1/links").bearer_auth(key).json(&minimal());
    request.header("x-forwarded-for", address)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.expect("an answer").status().as_u16()
}

async fn a_secret_key_has_a_limit_of_its_own_only(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.create_per_minute", "1")]).await;
    for address in [1, 1, 1, 2, 3, 4, 5, 6, 7, 8] {
        assert_eq!(status(create(&service, &service.secret, &format!("192.0.2.{address}"))).await, 201);
    }
    let over = create(&service, &service.secret, "192.0.2.9").send().await.expect("an answer");
    assert!(over.headers().contains_key("retry-after"));
    problem(over, 429, "too_many_requests").await;
    // The site's other key, and everything but making links, go on.
    assert_eq!(status(create(&service, &service.publishable, "192.0.2.1")).await, 201);
    service.get("/api/v1/links").await;
    // A bulk counts its links: 1 + 9 are ten, and 11 are never let through.
    let (_, other) = service.site("other", |_| {}).await;
    let bulk = |count: usize| {
        let body = json!({ "links": vec![minimal(); count] });
        let request = service.request(Method::POST, "/api/v1/links/bulk").bearer_auth(&other).json(&body);
        status(request.header("x-forwarded-for", "192.0.2.99"))
    };
    let statuses = [bulk(11).await, bulk(9).await, bulk(2).await, bulk(1).await, bulk(1).await];
    assert_eq!(statuses, [429, 200, 429, 200, 429]);
}

async fn one_address_with_the_key_of_a_page_silences_nobody(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.create_per_minute", "3")]).await;
    let (publishable, secret) = service.site("other", |_| {}).await;
    // What is not valid counts for the address, and never for the key.
    let invalid = json!({ "url": "javascript:alert(1)", "channel": "copy" });
    let send = |body: &Value, address: &str| {
        let request = service.request(Method::POST, "/api/v1/links").bearer_auth(&publishable).json(body);
        status(request.header("x-forwarded-for", address))
    };
    for address in 1..=100 {
        assert_eq!(send(&invalid, &format!("198.51.100.{address}")).await, 422);
    }
    for expected in [422, 422, 422, 429, 429] {
        assert_eq!(send(&invalid, "192.0.2.1").await, expected);
    }
    assert_eq!(send(&minimal(), "192.0.2.1").await, 429);
    // Twenty times as much passes for the key: 60 links of 20 readers.
    for address in 101..=120 {
        for _ in 0..3 {
            assert_eq!(send(&minimal(), &format!("198.51.100.{address}")).await, 201, "{address}");
        }
    }
    let over = create(&service, &publishable, "198.51.100.121").send().await.expect("an answer");
    assert!(over.headers().contains_key("retry-after"));
    problem(over, 429, "too_many_requests").await;
    assert_eq!(status(create(&service, &secret, "192.0.2.1")).await, 201);
    assert_eq!(status(create(&service, &service.publishable, "198.51.100.121")).await, 201);
    // Whoever has no key makes nothing, and uses nobody's limit up.
    for _ in 0..10 {
        assert_eq!(status(create(&service, "ens_pk_guess", "192.0.2.3")).await, 401);
    }
    assert_eq!(status(create(&service, &service.publishable, "192.0.2.3")).await, 201);
}

async fn unknown_codes_are_limited_and_known_ones_never(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.miss_per_minute", "4")]).await;
    let code = service.code().await;
    let ask = |path: String, address: &str| {
        service.visit(&path).header("x-forwarded-for", address).header("cookie", service.denied())
    };
    // Somebody has opened it: it is in memory. Of what is not, nothing is looked up for who is over the limit.
    assert_eq!(status(ask(code.clone(), "192.0.2.3")).await, 302);
    for path in ["nothing1", "nothing2+", "a.b", "nothing1"] {
        assert_eq!(status(ask(path.to_owned(), "192.0.2.1")).await, 404);
    }
    for path in ["nothing1", "nothing9", "nothing2+", "%00"] {
        assert_eq!(status(ask(path.to_owned(), "192.0.2.1")).await, 429, "{path}");
    }
    let answer = service.request(Method::POST, "/nothing3/consent").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(status(answer.form(&[("choice", "later")])).await, 429);
    for _ in 0..20 {
        assert_eq!(status(ask(code.clone(), "192.0.2.1")).await, 302);
        let asked = service.visit(&code).header("x-forwarded-for", "192.0.2.1");
        assert_eq!(status(asked).await, 200, "the question");
        // Memory is for people on their way: nobody else learns what it has.
        assert_eq!(status(ask(format!("{code}+"), "192.0.2.1")).await, 429);
        let head = service.request(Method::HEAD, &format!("/{code}")).header("x-forwarded-for", "192.0.2.1");
        assert_eq!(status(head).await, 429);
    }
    assert_eq!(status(ask("nothing1".to_owned(), "192.0.2.2")).await, 404);
    assert_eq!(status(service.api(Method::GET, "/api/v1/links/nothing1")).await, 404);
}

/// The visitors of a new link after clicks with these lines of `X-Forwarded-For`.
async fn visitors(service: &Service, clicks: &[&[&[u8]]]) -> u64 {
    let code = service.code().await;
    for lines in clicks {
        let request = service.visit(&code).header("cookie", service.granted());
        let request = lines.iter().fold(request, |request, line| request.header("x-forwarded-for", *line));
        assert_eq!(status(request).await, 302);
    }
    let [_, counted, visitors, _] = totals(&service.stats(&code).await);
    assert_eq!(counted, Some(clicks.len() as u64), "every click counts, wherever it comes from");
    visitors.expect("a number")
}

async fn behind_a_trusted_proxy_every_visitor_is_one(backend: Backend) {
    let trusted = [("server.trusted_proxies", "127.0.0.1,10.0.0.0/8,2001:db8:ffff::/48")];
    let service = Service::start_with(backend, &trusted).await;
    assert_eq!(visitors(&service, &[&[b"192.0.2.1"], &[b"192.0.2.2"], &[b" 192.0.2.1 "]]).await, 2);
    // Some proxies add the port, which changes with every connection.
    assert_eq!(
        visitors(&service, &[&[b"192.0.2.1:5000"], &[b"192.0.2.1:6000"], &[b"[2001:db8::1]:70"]]).await,
        2
    );
    // Through several known proxies, in one line or in several, the visitor is the last unknown.
    let through: &[&[&[u8]]] = &[
        &[b"192.0.2.1, 10.0.0.2"],
        &[b"192.0.2.1,10.0.0.2,10.9.9.9"],
        &[b"192.0.2.1", b"10.0.0.2", b"10.0.0.3, 2001:db8:ffff::7"],
        // What the visitor put before that is not read, and cannot hide it.
        &[b"198.51.100.7, 192.0.2.1, 10.0.0.2"],
        &[b"198.51.100.8", b"10.0.0.1, 192.0.2.1"],
        &[b"garbage, , 192.0.2.1"],
        &[b"\xff\xfe", b"192.0.2.1"],
        &[b"\xff\xfe, 192.0.2.1, 10.0.0.2"],
        &[b"198.51.100.9", b"\xff, 192.0.2.1"],
        &[b"::ffff:192.0.2.1"],
    ];
    assert_eq!(visitors(&service, through).await, 1);
    // Only proxies: the farthest of them.
    assert_eq!(visitors(&service, &[&[b"10.0.0.1, 10.0.0.2"], &[b"10.0.0.1"], &[b"10.0.0.2"]]).await, 2);
}

async fn whoever_is_no_trusted_proxy_has_one_address_whatever_it_says(backend: Backend) {
    for trusted in ["", "10.0.0.0/8"] {
        let service = Service::start_with(backend, &[("server.trusted_proxies", trusted)]).await;
        let forged: &[&[&[u8]]] = &[
            &[],
            &[b"192.0.2.1"],
            &[b"192.0.2.2, 10.0.0.1"],
            &[b"127.0.0.1"],
            &[b"2001:db8::1", b"192.0.2.3"],
            &[b"\xff"],
        ];
        assert_eq!(visitors(&service, forged).await, 1, "'{trusted}'");
        // Other headers of that kind are never believed.
        let code = service.code().await;
        for name in
            ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "client-ip", "x-client-ip"]
        {
            for value in ["192.0.2.1", "for=192.0.2.2"] {
                let request = service.visit(&code).header("cookie", service.granted()).header(name, value);
                assert_eq!(status(request).await, 302);
            }
        }
        assert_eq!(totals(&service.stats(&code).await), [0, 12, 1, 0].map(Some));
    }
}

async fn what_is_no_address_counts_as_the_last_proxy(backend: Backend) {
    let service = Service::start(backend).await;
    let long = b"1.".repeat(2_000);
    let garbage: &[&[&[u8]]] = &[
        &[],
        &[b""],
        &[b"garbage"],
        &[b",,,"],
        &[b"999.1.1.1"],
        &[b"192.0.2.1 192.0.2.2"],
        &[b"192.0.2.1, unknown"],
        &[b"192.0.2.1, _hidden"],
        &[b"for=192.0.2.1"],
        &[b"192.0.2.0/24"],
        &[b"0x7f.0.0.1"],
        &[b"fe80::1%eth0"],
        &[b"\xff\xfe"],
        &[b"192.0.2.1", b"\xff"],
        &[b"198.51.100.3", b"\xc3\xa9"],
        &[b"192.0.2.1,"],
        &[&long],
        &[b"127.0.0.1"],
    ];
    assert_eq!(visitors(&service, garbage).await, 1);
}

async fn an_ipv6_network_of_64_bits_is_one_visitor(backend: Backend) {
    let service = Service::start(backend).await;
    let one: &[&[&[u8]]] = &[
        &[b"2001:db8:1:2::1"],
        &[b"2001:db8:1:2:ffff:ffff:ffff:ffff"],
        &[b"2001:0DB8:0001:0002:0000::9"],
        &[b"[2001:db8:1:2::5]"],
    ];
    assert_eq!(visitors(&service, one).await, 1);
    assert_eq!(
        visitors(&service, &[&[b"2001:db8:1:2::1"], &[b"2001:db8:1:3::1"], &[b"2001:db8:2:2::1"]]).await,
        3
    );
    assert_eq!(visitors(&service, &[&[b"192.0.2.1"], &[b"192.0.2.2"], &[b"::ffff:192.0.2.2"]]).await, 2);
    // A limit is one for the /56 that a household has.
    let service = Service::start_with(backend, &[("limits.miss_per_minute", "1")]).await;
    for (address, expected) in [("2001:db8::1", 404), ("2001:db8:0:ff::2", 429), ("2001:db8:0:100::1", 404)] {
        let miss = service.visit("nothing1").header("x-forwarded-for", address);
        assert_eq!(status(miss).await, expected, "{address}");
    }
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_given_up_wherever_one_is_read() {
    let service = Service::start_with(Backend::Sqlite, &[("server.request_timeout_seconds", "1")]).await;
    service.site("default", |_| {}).await;
    let code = service.code().await;
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    for (method, path, media_type, page) in [
        ("POST", "/api/v1/links", json, false),
        ("POST", "/api/v1/links/bulk", json, false),
        ("POST", "/api/v1/codes", json, false),
        ("PATCH", &format!("/api/v1/links/{code}"), json, false),
        ("POST", "/privacy/consent", form, true),
        ("POST", &format!("/{code}/consent"), form, true),
        ("POST", "/stats/sign-in", form, true),
        ("POST", "/try", form, true),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\nAccept: text/html\r\n\
             User-Agent: {FIREFOX}\r\nContent-Type: {media_type}\r\nContent-Length: 500\r\n\r\nchoice=",
            service.secret
        );
        let answer = raw::exchange(service.address(), request.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 408, "{path}: {}", answer.text());
        let media_type = if page { "text/html; charset=utf-8" } else { "application/problem+json" };
        assert_eq!(answer.headers("content-type"), [media_type], "{path}");
    }
    // And so is a head.
    let mut stream = TcpStream::connect(service.address()).expect("a connection");
    stream
        .write_all(format!("GET /{code} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").as_bytes())
        .expect("sent");
    let answer = raw::read(&mut stream);
    assert!(answer.is_none_or(|answer| answer.status == 408));
    let answer = service.visit(&code).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}
