//! Where the day key may be written down, and who is told.

use std::time::Instant;

use reqwest::Client;
use serde_json::Value;

use crate::program::{DEADLINE, Home, PAUSE, Service};
use crate::redis::RedisServer;

/// What `/readyz?all` says of the day key, and the reasons that it gives.
async fn told(service: &Service) -> (String, String) {
    let request =
        Client::new().get(format!("{}/readyz?all", service.base)).header("accept", "application/json");
    let all: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    (all["day_key"].as_str().expect("a place").to_owned(), all["reasons"].to_string())
}

async fn until_told(service: &Service, place: &str) -> String {
    let started = Instant::now();
    loop {
        let (there, reasons) = told(service).await;
        if there == place {
            return reasons;
        }
        assert!(started.elapsed() < DEADLINE, "{place}: {there}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// What visitors read, in a language.
async fn privacy(service: &Service, language: &str) -> String {
    let request = Client::new().get(format!("{}/privacy", service.base)).header("accept-language", language);
    request.send().await.expect("an answer").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_for_day_keys_that_writes_to_its_disk_is_refused_with_what_to_do() {
    let (store, home) = (RedisServer::start(), Home::new());
    for options in [["--save", "", "--appendonly", "yes"], ["--save", "3600 1", "--appendonly", "no"]] {
        let keys = RedisServer::start_with(&options, None);
        let setting = format!("store.ephemeral_url={}", keys.url());
        let ended =
            home.run(&["serve", "--listen", "127.0.0.1:0", "--store", &store.url(), "--set", &setting]);
        assert_eq!(ended.code, Some(1), "{}", ended.errors);
        for part in ["store.ephemeral_url", "disk", "set save to \"\"", "appendonly to no"] {
            assert!(ended.errors.contains(part), "{part}: {}", ended.errors);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_and_operators_are_told_where_the_day_key_is_in_this_configuration() {
    let home = Home::new();
    let service = home.serve(&[]);
    assert_eq!(told(&service).await.0, "process");
    assert!(privacy(&service, "en").await.contains("It is never written to a disk"));
    drop(service);

    let (redis, home) =
        (RedisServer::start_with(&["--save", "3600 1", "--appendonly", "no"], None), Home::new());
    let service = home.serve(&["--store", &redis.url()]);
    assert_eq!(told(&service).await, ("disk".to_owned(), "[]".to_owned()));
    assert!(service.log().contains("store.ephemeral_url"), "{}", service.log());
    let (english, french) = (privacy(&service, "en").await, privacy(&service, "fr").await);
    assert!(
        !english.contains("It is never written to a disk") && english.contains("also writes it to its disk"),
        "{english}"
    );
    assert!(french.contains("l’écrit aussi sur son disque"), "{french}");
    // It is asked again while the service runs.
    assert!(redis.ask("CONFIG SET save \"\"").starts_with("+OK"));
    until_told(&service, "memory").await;
    assert!(privacy(&service, "en").await.contains("writes nothing to a disk"));
    drop(service);

    let made = redis.ask("ACL SETUSER shy on >secret ~* &* +@all -config");
    assert!(made.starts_with("+OK"), "{made}");
    let home = Home::new();
    let service = home.serve(&["--store", &format!("redis://shy:secret@127.0.0.1:{}", redis.port())]);
    assert_eq!(told(&service).await.0, "unknown");
    assert!(service.log().contains("not known whether it writes the day key"), "{}", service.log());
    assert!(privacy(&service, "en").await.contains("does not say whether it writes to a disk"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_for_day_keys_that_begins_to_write_to_its_disk_is_a_fault() {
    let (store, keys, home) = (RedisServer::start(), RedisServer::start(), Home::new());
    let setting = format!("store.ephemeral_url={}", keys.url());
    let service = home.serve(&["--store", &store.url(), "--set", &setting]);
    assert_eq!(told(&service).await, ("memory".to_owned(), "[]".to_owned()));
    assert!(keys.ask("CONFIG SET appendonly yes").starts_with("+OK"));
    let reasons = until_told(&service, "disk").await;
    assert!(reasons.contains("store_unsuitable") && reasons.contains("store.ephemeral_url"), "{reasons}");
}
