//! What a crash between two steps of the Redis store leaves, and that the next call makes it good.
//! The steps are those of `store/redis/insertion.rs`; what they leave is written here by hand.

use std::sync::Arc;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, LinkFilter, Store, StoreError, StoreUrl, open};

use crate::fixtures::{code, link, once, stored_site};
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
