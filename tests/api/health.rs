//! What the service says of itself to a load balancer, to an alarm and to owners.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::access::Person;
use crate::service::{Backend, Service, on_every_store};
use crate::statuses::header;

on_every_store!(
    a_service_that_is_well_says_so_as_text_and_as_json,
    a_journal_folder_that_cannot_be_written_is_told_and_no_visitor_is_sent_away,
    headers_of_a_proxy_that_is_not_named_are_told_to_the_alarm_and_to_owners,
    a_busy_day_from_a_few_networks_is_told_until_there_are_enough,
);

/// Within this, whatever a test waits for has happened.
const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// What `/readyz?all` says.
async fn all(service: &Service) -> (u16, Value) {
    let request = service.request(Method::GET, "/readyz?all").header("accept", "application/json");
    let answer = request.send().await.expect("an answer");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// What `/readyz` says.
async fn ready(service: &Service) -> u16 {
    service.request(Method::GET, "/readyz").send().await.expect("an answer").status().as_u16()
}

/// Waits until `/readyz?all` has a fault, or has it no longer; returns its reason.
async fn until(service: &Service, fault: &str, lasts: bool) -> String {
    let began = Instant::now();
    loop {
        let (status, body) = all(service).await;
        let reasons = body["reasons"].as_array().expect("reasons");
        assert_eq!(
            (status, body["status"] == "ok"),
            if reasons.is_empty() { (200, true) } else { (503, false) }
        );
        let found = reasons.iter().find(|reason| reason["fault"] == fault);
        if found.is_some() == lasts {
            return found
                .map(|found| found["reason"].as_str().expect("a text").to_owned())
                .unwrap_or_default();
        }
        assert!(began.elapsed() < DEADLINE, "{fault}: not {lasts} in time; {body}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn a_service_that_is_well_says_so_as_text_and_as_json(backend: Backend) {
    let service = Service::start(backend).await;
    // Where the day key is, is no fault, and is told to whoever asks for all.
    let place = if backend == Backend::Sqlite { "process" } else { "memory" };
    let all_is_ready = format!("ready\nday_key: {place}\n");
    for (path, text) in
        [("/readyz", "ready\n"), ("/readyz?all", &all_is_ready), ("/readyz?x&all=1", &all_is_ready)]
    {
        let answer = service.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert!(header(&answer, "content-type").starts_with("text/plain"));
        assert_eq!(answer.text().await.expect("text"), text);
    }
    let well = serde_json::json!({ "status": "ok", "reasons": [], "day_key": place });
    assert_eq!(all(&service).await, (200, well));
}

#[tokio::test]
async fn without_its_redis_visitors_are_taken_and_the_alarm_has_the_reason() {
    let mut service = Service::start(Backend::PersistentRedis).await;
    let code = service.code().await;
    service.click(&code, "192.0.2.1").await;
    for paused in [false, true] {
        if paused {
            service.redis().pause();
        } else {
            service.redis().kill();
        }
        let reason = until(&service, "store_unavailable", true).await;
        assert!(reason.contains("store.url"), "{reason}");
        assert_eq!(ready(&service).await, 200);
        service.click(&code, "192.0.2.1").await;
        let text = service.request(Method::GET, "/readyz?all").send().await.expect("an answer").text().await;
        let text = text.expect("text");
        assert!(text.lines().any(|line| line.starts_with("store_unavailable: store.url")), "{text}");
        if paused {
            service.redis().resume();
        } else {
            service.redis().restart();
        }
        until(&service, "store_unavailable", false).await;
    }
    assert_eq!(service.stats(&code).await["totals"]["clicks"], 3);
}

#[tokio::test]
async fn while_the_sqlite_file_is_locked_visitors_are_taken_and_the_alarm_has_the_reason() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    service.click(&code, "192.0.2.1").await;
    let other = rusqlite::Connection::open(service.dir().join("entrenous.db")).expect("the file");
    other.busy_timeout(DEADLINE).expect("a limit");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let began = Instant::now();
    let reason = until(&service, "store_unavailable", true).await;
    assert!(reason.contains("store.url"), "{reason}");
    println!("known after {:?}", began.elapsed());
    assert_eq!(ready(&service).await, 200);
    service.click(&code, "192.0.2.1").await;
    other.execute_batch("COMMIT").expect("the lock's end");
    until(&service, "store_unavailable", false).await;
    assert_eq!(service.stats(&code).await["totals"]["clicks"], 2);
}

#[tokio::test]
async fn a_redis_that_can_be_read_and_not_written_is_told() {
    let mut service = Service::start(Backend::Redis).await;
    // As after a failover that this server does not know of yet.
    assert!(service.redis().ask("REPLICAOF 127.0.0.1 1").starts_with("+OK"));
    let reason = until(&service, "store_unavailable", true).await;
    assert!(reason.contains("READONLY"), "{reason}");
    assert_eq!(ready(&service).await, 200);
    assert!(service.redis().ask("REPLICAOF NO ONE").starts_with("+OK"));
    until(&service, "store_unavailable", false).await;
}

#[tokio::test]
async fn without_the_redis_of_the_day_keys_the_alarm_has_its_setting() {
    let mut ephemeral = crate::redis::RedisServer::start();
    let url = ephemeral.url();
    let service = Service::start_with(Backend::Redis, &[("store.ephemeral_url", &url)]).await;
    assert_eq!(all(&service).await.0, 200);
    ephemeral.kill();
    let reason = until(&service, "ephemeral_store_unavailable", true).await;
    assert!(reason.contains("store.ephemeral_url"), "{reason}");
    assert_eq!(ready(&service).await, 200);
    ephemeral.restart();
    until(&service, "ephemeral_store_unavailable", false).await;
}

#[tokio::test]
async fn one_dead_master_of_a_cluster_is_told() {
    let mut cluster = crate::redis::RedisCluster::start();
    let url = cluster.url();
    let service = Service::start_with(Backend::Sqlite, &[("store.url", &url)]).await;
    assert_eq!(all(&service).await.0, 200);
    // The Cluster's other parts stay as they are.
    for node in cluster.nodes() {
        assert!(node.ask("CONFIG SET cluster-require-full-coverage no").starts_with("+OK"));
    }
    cluster.kill(1);
    until(&service, "store_unavailable", true).await;
    assert_eq!(ready(&service).await, 200);
}

#[tokio::test]
async fn however_often_it_is_asked_the_store_is_tried_once_a_second() {
    let mut service = Service::start(Backend::Redis).await;
    assert_eq!(all(&service).await.0, 200);
    service.redis().ask("CONFIG RESETSTAT");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        for (status, _) in join_all((0..20).map(|_| all(&service))).await {
            assert_eq!(status, 200);
        }
    }
    // Only a look deletes a key while nothing else happens.
    let stats = service.redis().ask("INFO commandstats");
    let of_del = stats.lines().find_map(|line| line.strip_prefix("cmdstat_del:calls=")).expect("some");
    let looks: u64 = of_del.split(',').next().expect("a number").parse().expect("a number");
    println!("{looks} looks in {:?}", began.elapsed());
    assert!((1..=1 + began.elapsed().as_secs()).contains(&looks), "{looks} looks");
}

async fn a_journal_folder_that_cannot_be_written_is_told_and_no_visitor_is_sent_away(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let journal = service.dir().join("journal");
    // What is in the way of the file that is written to try it.
    std::fs::create_dir(journal.join("probe")).expect("a folder");
    let reason = until(&service, "journal_unwritable", true).await;
    assert!(reason.contains("journal.dir") && reason.contains(&*journal.to_string_lossy()), "{reason}");
    assert_eq!(ready(&service).await, 200);
    service.click(&code, "192.0.2.1").await;
    std::fs::remove_dir(journal.join("probe")).expect("removed");
    until(&service, "journal_unwritable", false).await;
}

async fn headers_of_a_proxy_that_is_not_named_are_told_to_the_alarm_and_to_owners(backend: Backend) {
    let service = Service::start_with(backend, &[("server.trusted_proxies", "192.0.2.0/24")]).await;
    let owner = Person::with_key(&service).await;
    let code = service.code().await;
    let bare = |name: &str, value: &str| {
        service.visit(&code).header("cookie", service.granted()).header(name.to_owned(), value.to_owned())
    };
    // Nearly as many as needed: somebody may write what they like into their own requests.
    for number in 0..100 {
        let name = ["x-forwarded-for", "forwarded", "x-real-ip"][number % 3];
        let request = if number < 70 { bare(name, "203.0.113.7") } else { bare("x-other", "203.0.113.7") };
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 302);
    }
    assert_eq!(all(&service).await.0, 200);
    for number in 0..200 {
        let name = ["x-forwarded-for", "forwarded", "x-real-ip"][number % 3];
        assert_eq!(bare(name, "203.0.113.7").send().await.expect("an answer").status().as_u16(), 302);
    }
    let reason = until(&service, "untrusted_forwarder", true).await;
    assert!(reason.contains("server.trusted_proxies") && !reason.contains("203.0.113"), "{reason}");
    assert!(!reason.contains("127.0.0.1"), "{reason}");
    assert_eq!(ready(&service).await, 200);
    for (path, words) in [
        ("/stats/settings", "Visitors come through a proxy that this service does not know."),
        ("/stats/settings?lang=fr", "Les visiteurs passent par un proxy que ce service ne connaît pas."),
    ] {
        let (status, page) = owner.page(path).await;
        assert_eq!(status, 200);
        assert!(page.contains(words) && page.contains("server.trusted_proxies"), "{page}");
    }
}

async fn a_busy_day_from_a_few_networks_is_told_until_there_are_enough(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    let code = service.code().await;
    for number in 0..500 {
        service.click(&code, &format!("203.0.113.{}", number % 200)).await;
    }
    let reason = until(&service, "one_network", true).await;
    assert!(reason.contains("server.trusted_proxies") && !reason.contains("203.0.113"), "{reason}");
    assert_eq!(ready(&service).await, 200);
    for (path, words) in [
        ("/stats/settings", "Today’s clicks come from a few networks only."),
        ("/stats/settings?lang=fr", "Les clics d’aujourd’hui ne viennent que de quelques réseaux."),
    ] {
        let (_, page) = owner.page(path).await;
        assert!(page.contains(words), "{page}");
    }
    // Four networks of somebody who watches, and a visitor's: nothing changes.
    for network in 0..4 {
        service.click(&code, &format!("198.51.{network}.1")).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    until(&service, "one_network", true).await;
    for network in 4..9 {
        service.click(&code, &format!("198.51.{network}.1")).await;
    }
    until(&service, "one_network", false).await;
}
