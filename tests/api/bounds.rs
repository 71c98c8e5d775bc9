//! What is asked for again and again costs the service little, and nobody else their turn.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;

use crate::service::{Backend, Service, on_every_store, problem, refused};

on_every_store!(
    a_public_page_is_made_once_a_second_whoever_asks,
    over_the_limit_of_misses_the_store_is_not_asked,
    names_of_people_of_other_sites_are_not_told,
    a_stream_ends_with_its_session_and_a_session_has_so_many,
);

async fn a_public_page_is_made_once_a_second_whoever_asks(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service.site("open", |site| site.public = true).await;
    let page = async |query: &str| {
        let request = service.request(Method::GET, &format!("/stats/public/open{query}"));
        let answer = request.header("accept", "text/html").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        let policy = answer.headers()["content-security-policy"].clone();
        assert!(policy.to_str().expect("text").contains("default-src 'none'"));
        answer.text().await.expect("text")
    };
    let today = "https://example.com/new-page-of-today";
    let began = Instant::now();
    let before = page("").await;
    service.link_of(&secret, json!({ "url": today, "channel": "sms" })).await;
    let pages = join_all((0..50).map(|_| page(""))).await;
    // As long as a second has not passed, all are the one that was made first.
    if began.elapsed() < Duration::from_secs(1) {
        assert!(pages.iter().all(|again| *again == before));
    }
    // What means nothing is on nobody's page, and another language is another page.
    let tracked = page("?utm_source=zq9-reader&x=%22%3E%3Cscript").await;
    assert!(!tracked.contains("zq9-reader"), "{tracked}");
    assert!(page("?lang=fr").await.contains("lang=\"fr\""));
    assert!(page("").await.contains("lang=\"en\""));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !page("").await.contains("new-page-of-today") {
        assert!(Instant::now() < deadline, "the page stays old");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn over_the_limit_of_misses_the_store_is_not_asked(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.miss_per_minute", "5")]).await;
    let (known, unknown) = (service.code().await, service.code().await);
    let from = |path: &str, address: &str| {
        service.request(Method::GET, path).header("x-forwarded-for", address.to_owned())
    };
    // What is there costs nothing, also where it has to be looked for.
    for _ in 0..10 {
        let answer = from(&format!("/{known}"), "192.0.2.1").send().await.expect("an answer");
        assert_ne!(answer.status().as_u16(), 429);
    }
    // A person's visit brings a link to memory.
    service.click(&known, "192.0.2.3").await;
    for number in 0..5 {
        refused(from(&format!("/nothing{number}"), "192.0.2.1"), 404, "not_found").await;
    }
    // Over the limit, nobody learns what is there and what is not: the store is not asked. Nor does anybody but a person
    // on the way to a link learn what is in memory.
    for path in [
        &format!("/{known}"),
        &format!("/{unknown}"),
        "/nothing9",
        &format!("/{unknown}+"),
        "/stats/shared/nothing1",
        "/stats/public/x",
    ] {
        refused(from(path, "192.0.2.1"), 429, "too_many_requests").await;
    }
    service.click(&known, "192.0.2.1").await;
    let refusing =
        service.visit(&known).header("x-forwarded-for", "192.0.2.1").header("cookie", service.denied());
    assert_eq!(refusing.send().await.expect("an answer").status(), StatusCode::FOUND);
    let other = from(&format!("/{unknown}"), "192.0.2.2").send().await.expect("an answer");
    assert_ne!(other.status().as_u16(), 429, "others are not held back");
}

fn sign_in(service: &Service, name: &str, password: &str, address: &str) -> RequestBuilder {
    let request =
        service.request(Method::POST, "/stats/sign-in").header("x-forwarded-for", address.to_owned());
    request.form(&[("name", name), ("secret", password)])
}

const PASSWORD: &str = "correct horse battery";

/// Adds a person by the command line's way.
async fn person(service: &Service, site: &str, name: &str, password: &str) {
    use entrenous::domain::person::Role;
    use entrenous::service::accounts::passwords::Passwords;
    use entrenous::service::accounts::people::People;
    use entrenous::service::accounts::sites::Sites;
    let store = service.store().await;
    let site = Sites::new(store.clone()).by_name(site).await.expect("an answer").expect("a site");
    let people = People::new(store, std::sync::Arc::new(Passwords::default()));
    people.add(&site.id, name, Role::Owner, Some(password)).await.expect("added");
}

fn cookies(answer: &Response) -> Vec<String> {
    let all = answer.headers().get_all("set-cookie").iter();
    all.map(|cookie| cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned()).collect()
}

#[tokio::test]
async fn who_signed_in_from_this_browser_before_does_not_wait_behind_strangers() {
    let service = Service::start(Backend::Sqlite).await;
    person(&service, "test", "Ada", PASSWORD).await;
    let first = sign_in(&service, "ada", PASSWORD, "192.0.2.1").send().await.expect("an answer");
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    let known = cookies(&first).into_iter().find(|cookie| cookie.starts_with("known=")).expect("a cookie");
    // Strangers try the name, from as many addresses as they like: one behind the other, and slower each time.
    let strangers: Vec<_> = (0..30)
        .map(|number| {
            let attempt = sign_in(&service, "ADA", "a wrong password", &format!("198.51.100.{number}"));
            tokio::spawn(async move {
                // They end when the test does.
                while let Some(again) = attempt.try_clone() {
                    let _ = again.send().await;
                }
            })
        })
        .collect();
    // Now and then it is the turn of whoever asks, too.
    let waits = async |cookie: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let attempt = sign_in(&service, "ada", PASSWORD, "203.0.113.1").header("cookie", cookie);
            let answer = attempt.send().await.expect("an answer");
            if answer.status().as_u16() == 429 {
                problem(answer, 429, "too_many_requests").await;
                return;
            }
            assert!(Instant::now() < deadline, "strangers are never too many");
        }
    };
    waits("").await;
    let again = sign_in(&service, "Ada", PASSWORD, "192.0.2.1").header("cookie", &known).send().await;
    assert_eq!(again.expect("an answer").status(), StatusCode::SEE_OTHER);
    // A cookie of another name, or a made-up one, is worth nothing.
    for cookie in ["", &known.replace("known=", "known=x"), "known=a.b"] {
        waits(cookie).await;
    }
    for stranger in strangers {
        stranger.abort();
    }
}

#[tokio::test]
async fn attempts_are_limited_by_the_network_of_a_household() {
    let service = Service::start_with(Backend::Sqlite, &[("limits.sign_in_per_minute", "3")]).await;
    for number in 0..3 {
        let attempt = sign_in(&service, "nobody", "x", &format!("2001:db8:0:12{number:02x}::1"));
        assert_eq!(attempt.send().await.expect("an answer").status().as_u16(), 401);
    }
    refused(sign_in(&service, "nobody", "x", "2001:db8:0:12ff::1"), 429, "too_many_requests").await;
    let other = sign_in(&service, "nobody", "x", "2001:db8:0:1300::1").send().await;
    assert_eq!(other.expect("an answer").status().as_u16(), 401);
}

async fn names_of_people_of_other_sites_are_not_told(backend: Backend) {
    let service = Service::start(backend).await;
    service.site("other", |_| {}).await;
    person(&service, "other", "Grace", PASSWORD).await;
    // The same name is free here, and each signs in to their own site.
    person(&service, "test", "grace", "another good password").await;
    for (password, site, not) in [(PASSWORD, "other", "test"), ("another good password", "test", "other")] {
        let entered = sign_in(&service, "GRACE", password, "192.0.2.1").send().await.expect("an answer");
        assert_eq!(entered.status(), StatusCode::SEE_OTHER);
        let cookie =
            cookies(&entered).into_iter().find(|cookie| cookie.starts_with("session=")).expect("one");
        let page = service.request(Method::GET, "/stats/people").header("cookie", cookie).send().await;
        let page = page.expect("an answer").text().await.expect("text");
        assert!(
            page.contains(&format!("People of {site} ")) && !page.contains(&format!("People of {not} ")),
            "{page}"
        );
    }
    let wrong = sign_in(&service, "grace", "neither of the two", "192.0.2.1").send().await;
    assert_eq!(wrong.expect("an answer").status().as_u16(), 401);
}

async fn a_stream_ends_with_its_session_and_a_session_has_so_many(backend: Backend) {
    let service = Service::start(backend).await;
    let enter = async || {
        let form = [("secret_key", service.secret.as_str())];
        let entered = service.request(Method::POST, "/stats/sign-in").form(&form).send().await;
        cookies(&entered.expect("an answer")).remove(0)
    };
    let (cookie, other) = (enter().await, enter().await);
    let open = async |cookie: &str| {
        let request = service.request(Method::GET, "/stats/live").header("cookie", cookie.to_owned());
        request.send().await.expect("an answer")
    };
    let mut streams = Vec::new();
    loop {
        let stream = open(&cookie).await;
        if stream.status() != StatusCode::OK {
            problem(stream, 503, "unavailable").await;
            break;
        }
        streams.push(stream);
        assert!(streams.len() <= 20, "a session has a limit");
    }
    assert_eq!(open(&other).await.status(), StatusCode::OK, "another session has places of its own");
    let out = service.request(Method::POST, "/stats/sign-out").header("cookie", &cookie).send().await;
    assert_eq!(out.expect("an answer").status(), StatusCode::SEE_OTHER);
    for stream in streams {
        let ended = tokio::time::timeout(Duration::from_secs(20), stream.bytes()).await;
        ended.expect("the stream ends with its session").expect("a clean end");
    }
    assert_eq!(open(&cookie).await.status(), StatusCode::NO_CONTENT);
}
