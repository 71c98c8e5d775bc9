//! What a crash between two steps of the Redis store leaves, and that the next call makes it good.
//! The steps are those of `store/redis/link_creation.rs`; what they leave is written here by hand.

use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, LinkFilter, Store, StoreError, StoreUrl, open, open_to_serve};

use crate::fixtures::{
    EVERY_HOUR, Journal, click, clicks, code, counted, day, k, link, link_up, listed, once, stored_link,
    stored_site,
};
use crate::redis_keys::{of_partition, partition, record, tag};
use crate::redis_servers::RedisServer;

async fn start() -> (RedisServer, Arc<dyn Store>, redis::Connection) {
    let server = RedisServer::start();
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let client = redis::Client::open(server.url()).expect("an address");
    let raw = client.get_connection().expect("a connection");
    (server, store, raw)
}

/// Makes the link again what it was before its last step.
fn undo_the_last_step(raw: &mut redis::Connection, link: &Link, milliseconds: u64) {
    let key = record(link.code.as_str());
    let value: String = redis::cmd("GET").arg(&key).query(raw).expect("the link");
    let pending = format!("?12345678{value}");
    redis::cmd("SET").arg(&key).arg(pending).arg("PX").arg(milliseconds).exec(raw).expect("pending");
}

#[tokio::test]
async fn a_link_that_has_its_name_but_was_not_finished_is_finished_by_the_next_call() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (first, second) = (link(&site, "first"), link(&site, "second"));
    store.insert_link(&first, &[once(1)]).await.expect("a link");
    undo_the_last_step(&mut raw, &first, 10_000);
    assert_eq!(store.link(&first.code).await.expect("an answer"), None);

    let again = store.insert_link(&second, &[once(1)]).await.expect("the first link");
    assert_eq!(again, Inserted::Existing(first.clone()));
    assert_eq!(store.link(&first.code).await.expect("an answer"), Some(first));
    assert_eq!(store.link(&second.code).await.expect("an answer"), None);
    let left: i64 = redis::cmd("TTL").arg(record("first")).query(&mut raw).expect("no expiry");
    assert_eq!(left, -1);
}

#[tokio::test]
async fn a_name_whose_link_never_came_or_is_gone_is_taken_over() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (first, second) = (link(&site, "first"), link(&site, "second"));
    store.insert_link(&first, &[once(1)]).await.expect("a link");
    redis::cmd("DEL").arg(record("first")).exec(&mut raw).expect("half a deletion");

    assert_eq!(store.insert_link(&second, &[once(1)]).await.expect("a link"), Inserted::Created);
    let again = store.insert_link(&first, &[once(1)]).await.expect("the second link");
    assert_eq!(again, Inserted::Existing(second.clone()));
    let found = listed(&*store, &site.id, &LinkFilter::default(), 10).await;
    assert_eq!(found, [second]);
}

#[tokio::test]
async fn a_code_that_was_taken_for_a_link_that_never_came_is_free_again_soon() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let first = link(&site, "first");
    store.insert_link(&first, &[]).await.expect("a link");
    undo_the_last_step(&mut raw, &first, 10_000);
    assert!(matches!(store.insert_link(&first, &[]).await, Err(StoreError::Conflict)));
    assert!(!store.delete_link(&first.code).await.expect("an answer").was_there());

    redis::cmd("PEXPIRE").arg(record("first")).arg(1).exec(&mut raw).expect("time passes");
    loop {
        match store.insert_link(&first, &[]).await {
            Err(StoreError::Conflict) => tokio::task::yield_now().await,
            other => break assert_eq!(other.expect("a link"), Inserted::Created),
        }
    }
    assert_eq!(store.link(&code("first")).await.expect("an answer"), Some(first));
}

/// All keys of a partition, as they are.
fn partition_of(raw: &mut redis::Connection, code: &str) -> Vec<(String, Vec<u8>)> {
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("*{{{}}}*", tag(partition(code)))).query(raw).expect("keys");
    let dump = |key: String| {
        let value = redis::cmd("DUMP").arg(&key).query(raw).expect("a value");
        (key, value)
    };
    keys.into_iter().map(dump).collect()
}

#[tokio::test]
async fn counts_that_a_failover_lost_are_missed_before_newer_ones_are_added_and_settled_again() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (lost, spared) =
        (stored_link(&*store, &site, "lost").await, stored_link(&*store, &site, "spared").await);
    assert_ne!(partition("lost"), partition("spared"), "for this test they must differ");
    let mut journal = Journal::new("j");
    let mut entries = journal.entries(&lost, day(20), (0..6).map(click));
    entries.extend(journal.entries(&spared, day(20), (0..4).map(click)));
    link_up(&*store, &mut entries);
    let (of_lost, of_spared) = entries.split_at(6);
    store.settle(&journal.id, &of_lost[..2]).await.expect("settled");
    let before = partition_of(&mut raw, "lost");
    store.settle(&journal.id, &of_lost[2..4]).await.expect("settled");
    // What a replica has that becomes the master without the last writes.
    for (key, value) in before {
        redis::cmd("RESTORE").arg(key).arg(0).arg(value).arg("REPLACE").exec(&mut raw).expect("lost");
    }

    let newer = [&of_lost[4..], of_spared].concat();
    let answer = store.settle(&journal.id, &newer).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 2 })), "{answer:?}");
    assert_eq!(counted(&*store, &lost, day(20)).await, clicks(2, 2));
    assert_eq!(counted(&*store, &spared, day(20)).await, clicks(4, 4), "its partition has lost nothing");
    // All over again, from the oldest entry that there is.
    let settled = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!((settled.counted, settled.passed_over), (4, 6));
    assert_eq!(counted(&*store, &lost, day(20)).await, clicks(6, 6));
    assert_eq!(counted(&*store, &spared, day(20)).await, clicks(4, 4));
}

#[tokio::test]
async fn cells_that_a_crash_in_the_middle_of_a_deletion_left_are_not_those_of_a_later_link() {
    let (server, _, mut raw) = start().await;
    // One for which no stage of a closing has to last.
    let url = StoreUrl::parse(&server.url()).expect("an address");
    let store = open_to_serve(&url, None, Duration::ZERO).await.expect("a store");
    let site = stored_site(&*store, "press").await;
    let first = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &first, day(20), (0..7).map(click)).await;
    store.close_day(&site.id, day(20), k(5)).await.expect("closed");
    let sheet = format!("ens:x:{{{}}}:{}", site.id.as_str(), day(20).number());
    let cells: Vec<u8> = redis::cmd("DUMP").arg(&sheet).query(&mut raw).expect("cells");
    assert!(store.delete_link(&first.code).await.expect("an answer").was_there());
    // As if somebody had closed the day in between, and the rest of the deletion had not come to be.
    redis::cmd("RESTORE").arg(&sheet).arg(0).arg(cells).arg("REPLACE").exec(&mut raw).expect("left");

    let second = stored_link(&*store, &site, "abc").await;
    journal.settle(&*store, &second, day(21), (0..2).map(click)).await;
    assert_eq!(counted(&*store, &second, day(20)).await, clicks(0, 0));
    assert_eq!(counted(&*store, &second, day(21)).await, clicks(2, 2));
    let rows = store.day_rows(&site.id, day(20), EVERY_HOUR).await.expect("a day").rows;
    let sum: u64 = rows.iter().map(|row| row.counts.all().clicks).sum();
    assert_eq!(sum, 0);
}

#[tokio::test]
async fn the_code_of_a_deleted_link_is_kept_without_end_and_beside_what_ends() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "Spring").await;
    assert!(store.delete_link(&link.code).await.expect("an answer").was_there());
    let mut left = |kind: &str| -> (String, i64) {
        let key = of_partition(kind, partition("Spring"));
        let of_type = redis::cmd("TYPE").arg(&key).query(&mut raw).expect("a type");
        (of_type, redis::cmd("TTL").arg(&key).query(&mut raw).expect("seconds"))
    };
    assert_eq!(left("e"), ("hash".to_owned(), -1), "whose the code is");
    let (of_type, seconds) = left("g");
    assert_eq!(of_type, "zset", "that the link was deleted");
    assert!((1..=86_400).contains(&seconds), "{seconds}");
}
