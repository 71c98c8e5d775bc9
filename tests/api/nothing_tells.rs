//! Nothing beside the numbers tells who shared or opened a link: no time finer than an hour, and nothing that is deleted.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store};

on_every_store!(
    a_share_is_told_by_the_hour_and_counted_at_the_next_full_one,
    lists_keep_the_order_in_which_links_were_made_within_an_hour,
    a_deleted_link_leaves_no_name_of_its_page_or_campaign,
);

async fn a_share_is_told_by_the_hour_and_counted_at_the_next_full_one(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    service.set_time("2026-11-21T12:34:56.789Z");
    let share = json!({ "url": "https://example.com/", "channel": "whatsapp" });
    let made = service.link_of(&service.publishable, share.clone()).await;
    assert_eq!(made["created_at"], "2026-11-21T12:00:00Z");
    let read = service.get(&format!("/api/v1/links/{}", code(&made))).await;
    assert_eq!(read["created_at"], "2026-11-21T12:00:00Z");
    let shares = async || {
        let stats = service.get("/api/v1/stats?group_by=channel&from=2026-11-21&to=2026-11-21").await;
        let groups = stats["groups"].as_array().expect("groups").clone();
        groups.iter().map(|group| group["shares"].as_u64().expect("a number")).sum::<u64>()
    };
    let export = async || {
        let days =
            service.api(Method::GET, "/api/v1/stats?group_by=day&from=2026-11-21&format=csv").send().await;
        days.expect("an answer").text().await.expect("text")
    };
    let nothing = export().await;
    assert_eq!(shares().await, 0);
    for time in ["2026-11-21T12:40:00Z", "2026-11-21T12:59:59.999Z"] {
        service.set_time(time);
        service.link_of(&service.publishable, share.clone()).await;
        assert_eq!((shares().await, export().await), (0, nothing.clone()), "{time}");
    }
    service.set_time("2026-11-21T13:00:00Z");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while shares().await != 3 {
        assert!(std::time::Instant::now() < deadline, "{} shares", shares().await);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Views are told by the hour, too, and never finer than a second.
    service.set_time("2026-11-21T13:21:43.210987Z");
    let view = service.api(Method::POST, "/api/v1/views").json(&json!({})).send().await.expect("an answer");
    let view: Value = view.json().await.expect("JSON");
    assert_eq!(view["created_at"], "2026-11-21T13:00:00Z", "{view}");
    let expires = view["expires_at"].as_str().expect("a time");
    assert!(!expires.contains('.') && expires.ends_with('Z'), "{expires}");
}

async fn lists_keep_the_order_in_which_links_were_made_within_an_hour(backend: Backend) {
    let service = Service::start(backend).await;
    let mut made = Vec::new();
    for _ in 0..12 {
        made.push(service.code().await);
    }
    made.reverse();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = service.get(&format!("/api/v1/links?limit=5{cursor}")).await;
        listed.extend(list["links"].as_array().expect("links").iter().map(code));
        let Some(next) = list["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed, made);
    let ids = async || {
        let views = service.get("/api/v1/views").await;
        let views = views["views"].as_array().expect("views").clone();
        views.iter().map(|view| view["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let mut newest = Vec::new();
    for _ in 0..8 {
        let view = service.api(Method::POST, "/api/v1/views").json(&json!({})).send().await.expect("one");
        let view: Value = view.json().await.expect("JSON");
        newest.insert(0, view["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(ids().await, newest);
}

async fn a_deleted_link_leaves_no_name_of_its_page_or_campaign(backend: Backend) {
    let mut service = Service::start(backend).await;
    let secret = json!({
        "url": "https://example.com/zebra-page", "channel": "sms", "campaign": "okapi-campaign", "title": "Quokka"
    });
    let kept = service.link(json!({ "url": "https://example.com/kept", "channel": "sms" })).await;
    let made = service.link(secret.clone()).await;
    for visitor in 1..8 {
        service.click(&code(&made), &format!("192.0.2.{visitor}")).await;
        service.click(&code(&kept), &format!("192.0.2.{visitor}")).await;
    }
    service.settled().await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    // Once more while its day is open.
    service.click(&code(&made), "192.0.2.1").await;
    service.settled().await;
    let child = json!({ "url": "https://example.com/kept", "channel": "sms", "parent": code(&made) });
    let child = service.link(child).await;
    assert!(holds(&mut service, "zebra-page") && holds(&mut service, "okapi-campaign"));
    let gone = service.api(Method::DELETE, &format!("/api/v1/links/{}", code(&made))).send().await;
    assert_eq!(gone.expect("an answer").status(), StatusCode::NO_CONTENT);
    for name in ["zebra-page", "okapi-campaign", "Quokka", &code(&made)] {
        assert!(!holds(&mut service, name), "{name} is still there when the answer comes");
    }
    assert!(holds(&mut service, "example.com/kept"));
    assert_eq!(service.get(&format!("/api/v1/links/{}", code(&child))).await["parent"], Value::Null);
}

/// Whether the store has a text anywhere: in its files, or in a key or a value.
fn holds(service: &mut Service, text: &str) -> bool {
    if std::fs::exists(service.dir().join("entrenous.db")).expect("a folder") {
        let files = ["entrenous.db", "entrenous.db-wal"].map(|name| service.dir().join(name));
        let has = |file: &std::path::PathBuf| {
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        return files.iter().any(has);
    }
    let url = service.redis().url();
    let mut connection =
        ::redis::Client::open(url).expect("an address").get_connection().expect("a connection");
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut connection).expect("keys");
    keys.into_iter().any(|key| {
        let kind: String = ::redis::cmd("TYPE").arg(&key).query(&mut connection).expect("a type");
        let command = match kind.as_str() {
            "string" => ::redis::cmd("GET").arg(&key).take(),
            "hash" => ::redis::cmd("HGETALL").arg(&key).take(),
            "set" => ::redis::cmd("SMEMBERS").arg(&key).take(),
            "zset" => ::redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).take(),
            _ => return key.contains(text),
        };
        let value: ::redis::Value = command.query(&mut connection).expect("a value");
        key.contains(text) || printed(&value).contains(text)
    })
}

/// All texts of a value.
fn printed(value: &::redis::Value) -> String {
    match value {
        ::redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned() + "\n",
        ::redis::Value::SimpleString(text) => text.clone() + "\n",
        ::redis::Value::Array(all) | ::redis::Value::Set(all) => all.iter().map(printed).collect(),
        ::redis::Value::Map(pairs) => {
            pairs.iter().map(|(key, value)| printed(key) + &printed(value)).collect()
        }
        _ => String::new(),
    }
}

#[tokio::test]
async fn while_somebody_reads_the_file_a_deletion_says_that_they_hold_it() {
    let service = Service::start(Backend::Sqlite).await;
    let made = service.code().await;
    let reader = rusqlite::Connection::open(service.dir().join("entrenous.db")).expect("the file");
    reader.execute_batch("BEGIN; SELECT count(*) FROM links;").expect("a reader");
    let delete = |code: &str| service.api(Method::DELETE, &format!("/api/v1/links/{code}")).send();
    let gone = delete(&made).await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::ACCEPTED);
    let gone: Value = gone.json().await.expect("JSON");
    assert_eq!(gone["code"], made);
    assert!(gone["detail"].as_str().expect("a text").contains("reader"), "{gone}");
    let read = service.api(Method::GET, &format!("/api/v1/links/{made}")).send().await;
    assert_eq!(read.expect("an answer").status(), StatusCode::NOT_FOUND, "it is deleted all the same");
    reader.execute_batch("COMMIT").expect("the end");
    let other = service.code().await;
    assert_eq!(delete(&other).await.expect("an answer").status(), StatusCode::NO_CONTENT);
}
