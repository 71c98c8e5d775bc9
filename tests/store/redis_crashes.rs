//! What a crash between two steps of the Redis store leaves, and that the next call makes it good.
//! The steps are those of `store/redis/insertion.rs`; what they leave is written here by hand.

use std::sync::Arc;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, LinkFilter, Numbered, Store, StoreError, StoreUrl, open};

use crate::fixtures::{Journal, click, clicks, code, counted, day, link, once, stored_link, stored_site};
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
    let key = format!("ens:l:{{{}}}", link.code);
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
    let left: i64 = redis::cmd("TTL").arg("ens:l:{first}").query(&mut raw).expect("no expiry");
    assert_eq!(left, -1);
}

#[tokio::test]
async fn a_name_whose_link_never_came_or_is_gone_is_taken_over() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (first, second) = (link(&site, "first"), link(&site, "second"));
    store.insert_link(&first, &[once(1)]).await.expect("a link");
    redis::cmd("DEL").arg("ens:l:{first}").exec(&mut raw).expect("half a deletion");

    assert_eq!(store.insert_link(&second, &[once(1)]).await.expect("a link"), Inserted::Created);
    let again = store.insert_link(&first, &[once(1)]).await.expect("the second link");
    assert_eq!(again, Inserted::Existing(second.clone()));
    let listed = store.links(&site.id, &LinkFilter::default(), None, 10).await.expect("a list");
    assert_eq!(listed, [second]);
}

#[tokio::test]
async fn a_code_that_was_taken_for_a_link_that_never_came_is_free_again_soon() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let first = link(&site, "first");
    store.insert_link(&first, &[]).await.expect("a link");
    undo_the_last_step(&mut raw, &first, 10_000);
    assert!(matches!(store.insert_link(&first, &[]).await, Err(StoreError::Conflict)));
    assert!(!store.delete_link(&first.code).await.expect("an answer"));

    redis::cmd("PEXPIRE").arg("ens:l:{first}").arg(1).exec(&mut raw).expect("time passes");
    loop {
        match store.insert_link(&first, &[]).await {
            Err(StoreError::Conflict) => tokio::task::yield_now().await,
            other => break assert_eq!(other.expect("a link"), Inserted::Created),
        }
    }
    assert_eq!(store.link(&code("first")).await.expect("an answer"), Some(first));
}

/// Notes with each entry which one came before it, as a pass over the journal does.
fn link_up(entries: &mut [Numbered]) {
    let mut last = 0;
    for entry in entries {
        entry.previous = std::mem::replace(&mut last, entry.number);
    }
}

#[tokio::test]
async fn counts_that_a_failover_lost_are_missed_before_newer_ones_are_added_and_settled_again() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (lost, spared) =
        (stored_link(&*store, &site, "lost").await, stored_link(&*store, &site, "spared").await);
    let mut journal = Journal::new("j");
    let mut entries = journal.entries(&lost, day(20), (0..6).map(click));
    link_up(&mut entries);
    let mut others = journal.entries(&spared, day(20), (0..4).map(click));
    link_up(&mut others);
    store.settle(&journal.id, &entries[..2]).await.expect("settled");
    let keys = ["ens:c:{lost}".to_owned(), format!("ens:v:{{lost}}:{}", day(20).number())];
    let before = keys
        .each_ref()
        .map(|key| -> Vec<u8> { redis::cmd("DUMP").arg(key).query(&mut raw).expect("a value") });
    store.settle(&journal.id, &entries[2..4]).await.expect("settled");
    // What a replica has that becomes the master without the last writes.
    for (key, value) in keys.iter().zip(before) {
        redis::cmd("RESTORE").arg(key).arg(0).arg(value).arg("REPLACE").exec(&mut raw).expect("lost");
    }

    let newer = [&entries[4..], &others[..]].concat();
    let answer = store.settle(&journal.id, &newer).await;
    assert!(matches!(answer, Err(StoreError::Behind)), "{answer:?}");
    assert_eq!(counted(&*store, &lost, day(20)).await, clicks(2, 2));
    // All over again, from the oldest entry that there is.
    store.settle(&journal.id, &entries).await.expect("settled");
    store.settle(&journal.id, &newer).await.expect("settled");
    assert_eq!(counted(&*store, &lost, day(20)).await, clicks(6, 6));
    assert_eq!(counted(&*store, &spared, day(20)).await, clicks(4, 4));
}

#[tokio::test]
async fn entries_of_a_deleted_link_that_are_settled_again_do_not_count_for_a_later_one_of_its_code() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let first = stored_link(&*store, &site, "abc").await;
    let old = journal.entries(&first, day(20), (0..3).map(click));
    store.settle(&journal.id, &old).await.expect("settled");
    assert!(store.delete_link(&first.code).await.expect("an answer"));
    let left: i64 = redis::cmd("TTL").arg("ens:c:{abc}").query(&mut raw).expect("the marks");
    assert!((1..=3_600).contains(&left), "its marks end after {left} seconds");

    let second = stored_link(&*store, &site, "abc").await;
    let new = journal.entries(&second, day(20), (0..2).map(click));
    store.settle(&journal.id, &[old, new].concat()).await.expect("settled");
    assert_eq!(counted(&*store, &second, day(20)).await, clicks(2, 2));
    let left: i64 = redis::cmd("TTL").arg("ens:c:{abc}").query(&mut raw).expect("the counts");
    assert_eq!(left, -1, "counts do not end");
}
