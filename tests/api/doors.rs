//! What holds at every door: of every answer, of every form, of every host, and of the addresses that programs look for.

use std::collections::BTreeSet;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::raw::exchange;
use crate::service::{Backend, FIREFOX, Service, on_every_store, problem, refused};

/// Where the routes are.
const ROUTES: &str = include_str!("../../src/web/routes.rs");
const PUBLIC: (&str, &str) = ("server.public_url", "https://go.example");

on_every_store!(
    every_answer_has_what_holds_everywhere,
    two_cookies_of_one_name_are_none,
    a_form_of_another_scheme_or_from_across_sites_is_foreign,
);

/// Every route with its methods, as the source has them.
fn routes() -> Vec<(String, Vec<Method>)> {
    let mut prefix = "";
    let mut found = Vec::new();
    let mut rest = ROUTES;
    // The text of each route begins a call of `at`, on one line or on several.
    while let Some(next) =
        ["fn operators_routes", "fn api(", "fn pages_of_statistics", "at(", "web::resource("]
            .iter()
            .filter_map(|mark| rest.find(mark).map(|place| (place, *mark)))
            .min()
    {
        let (place, mark) = next;
        rest = &rest[place + mark.len()..];
        match mark {
            "fn operators_routes" => prefix = "operator",
            "fn api(" => prefix = "/api/v1",
            "fn pages_of_statistics" => prefix = "/stats",
            _ => {
                let mut texts = rest.split('"');
                let before = texts.next().unwrap_or_default();
                let path = texts.next().unwrap_or_default();
                let is_route = before.trim().is_empty() && prefix != "operator";
                if is_route {
                    let methods = if mark == "at(" { texts.nth(1).unwrap_or_default() } else { "GET, HEAD" };
                    let methods = methods.split(", ").map(|method| method.parse().expect("a method"));
                    found.push((format!("{prefix}{path}"), methods.collect()));
                }
            }
        }
    }
    found
}

/// The route's pattern with values in the place of its parameters.
fn filled(pattern: &str, code: &str) -> String {
    let values = [
        ("{code}", code),
        ("{codes}", code),
        ("{channel}", "copy"),
        ("{file}", "style.css"),
        ("{name}", "days.csv"),
        ("{token}", "nothing1"),
        ("{site}", "test"),
        ("{id}", "nothing1"),
    ];
    let path = values.iter().fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{pattern} has a parameter that this test does not know");
    path
}

#[test]
fn the_routes_are_found_in_their_source() {
    let routes = routes();
    let paths: BTreeSet<_> = routes.iter().map(|(path, _)| path.as_str()).collect();
    for path in [
        "/",
        "/{code}",
        "/{code}+",
        "/{code}/consent",
        "/robots.txt",
        "/api/v1/links/{code}",
        "/stats/sign-in",
    ] {
        assert!(paths.contains(path), "{path} in {paths:?}");
    }
    assert!(routes.len() > 45 && !paths.contains("/metrics"), "{}: {paths:?}", routes.len());
}

async fn every_answer_has_what_holds_everywhere(backend: Backend) {
    for https in [false, true] {
        let settings = [PUBLIC];
        let service = Service::start_with(backend, if https { &settings } else { &[] }).await;
        let code = service.code().await;
        let mut routes = routes();
        for nothing in ["/nothing1", "/a/b/c", "/.env", "/metrics", "/api/v1/nothing", "/stats/a/b/c/d"] {
            routes.push((nothing.to_owned(), vec![Method::GET, Method::POST]));
        }
        let mut seen = 0;
        for (pattern, methods) in routes {
            if methods.contains(&Method::DELETE) {
                continue; // The link is needed by the others; its answer is that of a link that is not there.
            }
            let path = filled(&pattern, &code);
            for method in methods.into_iter().chain([Method::PUT]) {
                for accept in ["text/html", "*/*"] {
                    let request = service
                        .request(method.clone(), &path)
                        .header("accept", accept)
                        .header("user-agent", FIREFOX);
                    let answer = request.send().await.expect("an answer");
                    holds_everywhere(&answer, https, &format!("{method} {path}"));
                    if method != Method::HEAD && pattern != "/stats/live" {
                        let text = answer.text().await.expect("text");
                        loads_nothing_from_elsewhere(&text, &path);
                    }
                    seen += 1;
                }
            }
        }
        assert!(seen > 200, "{seen}");
        let missing = service.api(Method::DELETE, "/api/v1/links/nothing1").send().await;
        holds_everywhere(&missing.expect("an answer"), https, "DELETE");
        // Also of what is refused before any route.
        let chunked = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = exchange(service.address(), chunked.as_bytes()).expect("an answer");
        assert_eq!((answer.status, answer.headers("x-content-type-options")), (411, vec!["nosniff"]));
    }
}

fn holds_everywhere(answer: &Response, https: bool, what: &str) {
    let headers = answer.headers();
    assert_eq!(headers.get("x-content-type-options").expect("nosniff"), "nosniff", "{what}");
    let strict = headers.get("strict-transport-security").map(|value| value.to_str().expect("text"));
    assert_eq!(strict, https.then_some("max-age=31536000"), "{what}");
    for cookie in headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{what}: {cookie}");
        assert!(cookie.contains("Path=/;") || cookie.ends_with("Path=/"), "{what}: {cookie}");
        assert!(!cookie.contains("Domain="), "{what}: {cookie}");
        assert_eq!(cookie.starts_with("__Host-") && cookie.contains("Secure"), https, "{what}: {cookie}");
    }
    let is_page = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        let policy = headers.get("content-security-policy").expect("a policy").to_str().expect("text");
        assert!(policy.starts_with("default-src 'none';"), "{what}: {policy}");
        assert!(!policy.contains('*'), "{what}: {policy}");
        let wide = policy.contains("form-action 'self' http: https:");
        let narrow = policy.contains("form-action 'self';") || policy.contains("form-action 'none';");
        // The question alone: its form leads to the destination.
        assert!(wide || narrow, "{what}: {policy}");
        let url = answer.url().path();
        let could_ask = url.matches('/').count() == 1 && !url.ends_with('+') && url.len() == 9;
        assert!(narrow || could_ask, "{what}: {policy}");
    }
}

/// What a page loads by itself is the service's own.
fn loads_nothing_from_elsewhere(text: &str, path: &str) {
    for attribute in ["src=\"", "<link rel=\"stylesheet\" href=\"", "<link rel=\"icon\" href=\"", "action=\""]
    {
        for rest in text.split(attribute).skip(1) {
            let address = rest.split('"').next().unwrap_or_default();
            let own = address.starts_with('/') && !address.starts_with("//");
            // The page to try everything on shows, as text, what a publisher puts on a page.
            let shown =
                ["http://localhost:", "https://go.example/"].iter().any(|base| address.starts_with(base));
            assert!(own || shown || !text.contains("<!doctype html>"), "{path} loads {address}");
        }
    }
}

async fn two_cookies_of_one_name_are_none(backend: Backend) {
    let service = Service::start(backend).await;
    let sign_in = async || {
        let form = [("secret_key", service.secret.as_str())];
        let answer = service.request(Method::POST, "/stats/sign-in").form(&form).send().await;
        let cookie = answer.expect("an answer").headers()["set-cookie"].to_str().expect("text").to_owned();
        cookie.split(';').next().expect("a pair").to_owned()
    };
    let (own, planted) = (sign_in().await, sign_in().await);
    let status = async |cookies: &[&str]| {
        let request = service.request(Method::GET, "/stats").header("accept", "text/html");
        let request = cookies.iter().fold(request, |request, cookie| request.header("cookie", *cookie));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status(&[&own]).await, 200);
    assert_eq!(status(&[&format!("a=b; {own}; c=d")]).await, 200);
    for planted in [&*planted, "session=", "session=nothing", &own] {
        assert_eq!(status(&[&format!("{own}; {planted}")]).await, 303, "{planted}");
        assert_eq!(status(&[&format!("{planted}; {own}")]).await, 303, "{planted}");
        assert_eq!(status(&[planted, &own]).await, 303, "{planted}");
    }
}

async fn a_form_of_another_scheme_or_from_across_sites_is_foreign(backend: Backend) {
    let service = Service::start_with(backend, &[PUBLIC]).await;
    let code = service.code().await;
    let site = service.site_id("test").to_string();
    let forms = [
        ("/privacy/consent".to_owned(), [("choice", "allow"), ("site", site.as_str())]),
        (format!("/{code}/consent"), [("choice", "later"), ("x", "")]),
        ("/stats/sign-in".to_owned(), [("secret_key", service.secret.as_str()), ("x", "")]),
        ("/stats/sign-out".to_owned(), [("x", ""), ("y", "")]),
    ];
    for (path, form) in &forms {
        let send = |headers: &[(&str, &str)]| {
            let request = service.request(Method::POST, path).header("host", "go.example").form(form);
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        let own = ("origin", "https://go.example");
        let across = ("sec-fetch-site", "cross-site");
        for foreign in [
            &[("origin", "http://go.example")][..],
            &[("origin", "http://go.example"), ("sec-fetch-site", "same-origin")],
            &[across],
            &[own, across],
            &[own, ("sec-fetch-site", "same-site")],
            &[("origin", "https://go.example:8443")],
            &[("origin", "null")],
        ] {
            refused(send(foreign), 403, "foreign_origin").await;
        }
        for good in [&[][..], &[own], &[own, ("sec-fetch-site", "same-origin")]] {
            let status = send(good).send().await.expect("an answer").status();
            assert_eq!(status, StatusCode::SEE_OTHER, "{path} {good:?}");
        }
    }
}

#[tokio::test]
async fn where_the_public_address_is_local_no_other_host_is_served() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    let ask = async |path: &str, host: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {FIREFOX}\r\n\r\n");
        exchange(service.address(), request.as_bytes()).expect("an answer").status
    };
    let paths =
        ["/", &format!("/{code}"), "/stats/sign-in", "/api/v1/links", "/privacy", "/nothing1", "/metrics"];
    for path in paths {
        for host in
            ["localhost", "127.0.0.1:8080", "app.localhost:3000", "[::1]:8080", "LOCALHOST", "127.8.9.1"]
        {
            assert_ne!(ask(path, host).await, 421, "{path} of {host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "a@localhost",
            "\u{e9}",
        ] {
            assert_eq!(ask(path, host).await, 421, "{path} of {host}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(path, "10.1.2.3").await, 200, "a container's health is asked for by any name");
    }
    let absolute = "GET http://evil.example/stats/sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(exchange(service.address(), absolute.as_bytes()).expect("an answer").status, 421);
    let answer = service.request(Method::GET, "/stats").header("host", "evil.example").send().await;
    problem(answer.expect("an answer"), 421, "misdirected").await;
    // By a public address, a proxy may call the service by any name.
    let public = Service::start_with(Backend::Sqlite, &[PUBLIC]).await;
    let answer = public.request(Method::GET, "/stats/sign-in").header("host", "10.1.2.3:8080").send().await;
    assert_eq!(answer.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_or_none() {
    let service = Service::start(Backend::Sqlite).await;
    for request in [service.request(Method::GET, "/metrics"), service.api(Method::GET, "/metrics")] {
        refused(request, 404, "not_found").await;
    }
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let service = Service::start_with(Backend::Sqlite, &[("metrics.listen", &listen)]).await;
    refused(service.request(Method::GET, "/metrics"), 404, "not_found").await;
    let code = service.code().await;
    for number in 0..9 {
        service.click(&code, &format!("192.0.2.{number}")).await;
    }
    let asked = service.visit(&code).send().await.expect("an answer");
    assert_eq!(asked.status().as_u16(), 200);
    service.settled().await;
    let client = Client::new();
    let metrics =
        async |path: &str| client.get(format!("http://{listen}{path}")).send().await.expect("an answer");
    let before = metrics("/metrics").await;
    assert!(before.headers()["content-type"].to_str().expect("text").starts_with("text/plain"));
    let before = before.text().await.expect("text");
    for told in ["entries_recorded_total 0", "entries_settled_total 0", "visitor_answers_total 10"] {
        assert!(before.contains(&format!("entrenous_{told}\n")), "{told} in {before}");
    }
    assert!(!before.contains("{code}") && !before.contains("/privacy"), "{before}");
    // One who refuses changes nothing that is told.
    let refusal = service.request(Method::POST, &format!("/{code}/consent")).form(&[("choice", "refuse")]);
    assert_eq!(refusal.send().await.expect("an answer").status().as_u16(), 303);
    assert_eq!(metrics("/metrics").await.text().await.expect("text"), before);
    service.click(&code, "192.0.2.9").await;
    let after = metrics("/metrics").await.text().await.expect("text");
    assert!(after.contains("entrenous_entries_recorded_total 10\n"), "{after}");
    for nothing in ["/", "/stats", "/healthz", &format!("/{code}")] {
        assert_eq!(metrics(nothing).await.status().as_u16(), 404, "{nothing}");
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test]
async fn the_addresses_that_programs_look_for_are_there() {
    let settings = [("security.contact", "security@courier.example"), PUBLIC];
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    let file = async |path: &str, media_type: &str| {
        let answer = service.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("text")),
            (200, media_type),
            "{path}"
        );
        assert_eq!(answer.headers()["cache-control"], "public, max-age=86400", "{path}");
        answer.bytes().await.expect("a body").to_vec()
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");

    let robots = text(file("/robots.txt", "text/plain; charset=utf-8").await);
    assert!(robots.starts_with("User-agent: *\n") && robots.contains("\nDisallow: /stats\n"), "{robots}");
    assert!(!robots.contains("Disallow: /\n"), "apps fetch previews of short addresses: {robots}");

    let gpc: Value =
        serde_json::from_slice(&file("/.well-known/gpc.json", "application/json").await).expect("JSON");
    assert_eq!((&gpc["gpc"], gpc["lastUpdate"].as_str().map(str::len)), (&json!(true), Some(10)));

    let advice = file("/.well-known/traffic-advice", "application/trafficadvice+json").await;
    let advice: Value = serde_json::from_slice(&advice).expect("JSON");
    assert_eq!(advice, json!([{ "user_agent": "prefetch-proxy", "disallow": true }]));

    let security = text(file("/.well-known/security.txt", "text/plain; charset=utf-8").await);
    let lines: Vec<_> = security.lines().collect();
    assert_eq!(
        lines,
        [
            "Contact: mailto:security@courier.example",
            "Expires: 2027-02-19T00:00:00Z",
            "Preferred-Languages: en, fr",
            "Canonical: https://go.example/.well-known/security.txt"
        ]
    );
    service.set_time("2027-03-01T09:00:00Z");
    let later = text(file("/.well-known/security.txt", "text/plain; charset=utf-8").await);
    assert!(later.contains("Expires: 2027-05-30T00:00:00Z"), "it rolls on: {later}");

    let icon = file("/favicon.ico", "image/vnd.microsoft.icon").await;
    let length = u32::from_le_bytes(icon[14..18].try_into().expect("four bytes"));
    let start = u32::from_le_bytes(icon[18..22].try_into().expect("four bytes"));
    assert_eq!(icon[..6], [0, 0, 1, 0, 1, 0], "one picture of an icon");
    assert_eq!(usize::try_from(start + length).expect("small"), icon.len());
    assert_eq!(icon[22..30], *b"\x89PNG\r\n\x1a\n");

    let without = Service::start(Backend::Sqlite).await;
    refused(without.request(Method::GET, "/.well-known/security.txt"), 404, "not_found").await;
}
