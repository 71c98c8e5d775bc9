//! A master that Sentinels watch: every promise, one after the other on the same servers, and how
//! it is found.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use entrenous::store::{Store, StoreError, StoreUrl, open_to_serve};

use crate::conformance::{
    self, ToOne, ToTwo, every_promise, every_promise_of_closing, every_promise_of_closing_to_two,
    every_promise_to_instances, every_promise_to_two,
};
use crate::redis_servers::WatchedRedis;

async fn try_open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    open_to_serve(&StoreUrl::parse(url).expect("an address"), None, Duration::ZERO).await
}

/// One that loses nothing, so that no stage of a closing has to last. What opens it is on the heap: a test that has it in
/// itself for each promise would need more than a thread's stack.
fn open(watched: &WatchedRedis) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>> {
    Box::pin(async { try_open(&watched.url()).await.expect("a store") })
}

/// One test for all: the Sentinels take seconds to find each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_holds_on_a_master_that_sentinels_watch() {
    let watched = WatchedRedis::start(0);
    let flush = || assert!(watched.server(0).ask("FLUSHALL").starts_with("+OK"));
    // Each in a function of its own: all of them in one would need more than a thread's stack.
    macro_rules! to_one_store {
        ($($part:ident::$promise:ident,)*) => { $(
            let promise: ToOne = |store| Box::pin(conformance::$part::$promise(store));
            println!("{}", stringify!($promise));
            promise(open(&watched).await).await;
            flush();
        )* };
    }
    macro_rules! to_two_stores {
        ($($part:ident::$promise:ident,)*) => { $(
            let promise: ToTwo = |one, other| Box::pin(conformance::$part::$promise(one, other));
            println!("{}", stringify!($promise));
            promise(open(&watched).await, open(&watched).await).await;
            flush();
        )* };
    }
    // The last name that was printed is the promise that did not hold.
    every_promise!(to_one_store);
    every_promise_of_closing!(to_one_store);
    every_promise_to_two!(to_two_stores);
    every_promise_to_instances!(to_two_stores);
    every_promise_of_closing_to_two!(to_two_stores);
}

#[tokio::test]
async fn a_database_is_chosen_and_a_password_given_to_servers_and_sentinels() {
    let watched = WatchedRedis::start(0);
    for process in watched.all() {
        assert!(process.ask("ACL SETUSER default >s3cret").starts_with("+OK"));
    }
    let url = watched.url().replace("://", "://:s3cret@");
    let proposal = [7; 64];
    let store = try_open(&format!("{url}/2")).await.expect("a store");
    assert_eq!(store.agree_session_secret(proposal).await.expect("an answer"), proposal);
    let keys = watched.server(0).ask("AUTH s3cret\r\nSELECT 2\r\nEXISTS ens:session");
    assert!(keys.ends_with(":1\r\n"), "{keys}");

    for wrong in [watched.url(), url.replace("s3cret", "secret")] {
        let error = try_open(&wrong).await.err().expect("no store");
        assert!(matches!(error, StoreError::Unsuitable(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn it_is_found_while_one_sentinel_answers_and_its_absence_is_explained() {
    let mut watched = WatchedRedis::start(0);
    let reason = async |url: &str| match try_open(url).await.err() {
        Some(StoreError::Unavailable(reason)) => reason.to_string(),
        other => panic!("{other:?}"),
    };
    let unknown = watched.url().replace("/main", "/other");
    assert!(reason(&unknown).await.contains("no Sentinel knows a master of this name"));

    watched.kill_sentinel(0);
    watched.kill_sentinel(1);
    let store = open(&watched).await;
    watched.kill_sentinel(2);
    store.probe().await.expect("who was found is known still");
    assert!(reason(&watched.url()).await.contains("refused"));
}
