//! A Redis Cluster of three masters: every promise, one after the other on the same servers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use entrenous::store::{Store, StoreUrl, open_to_serve};

use crate::conformance::{
    self, ToOne, ToTwo, every_promise, every_promise_of_closing, every_promise_of_closing_to_two,
    every_promise_to_instances, every_promise_to_two,
};
use crate::redis_servers::RedisCluster;

/// One that loses nothing, so that no stage of a closing has to last. What opens it is on the heap: a test that has it in
/// itself for each promise would need more than a thread's stack.
fn open(cluster: &RedisCluster) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>> {
    Box::pin(async {
        let url = StoreUrl::parse(&cluster.url()).expect("an address");
        open_to_serve(&url, None, Duration::ZERO).await.expect("a store")
    })
}

/// Empties all masters, so that each promise begins with no data.
fn flush(cluster: &RedisCluster) {
    let url = cluster.url();
    for master in url.strip_prefix("redis+cluster://").expect("a cluster's address").split(',') {
        let client = redis::Client::open(format!("redis://{master}")).expect("a master's address");
        let mut connection = client.get_connection().expect("a master");
        redis::cmd("FLUSHALL").exec(&mut connection).expect("flushed");
    }
}

/// One test for all: a cluster takes seconds to come up, and its servers end with the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_holds_on_a_cluster() {
    let cluster = RedisCluster::start();
    // Each in a function of its own: all of them in one would need more than a thread's stack.
    macro_rules! to_one_store {
        ($($part:ident::$promise:ident,)*) => { $(
            let promise: ToOne = |store| Box::pin(conformance::$part::$promise(store));
            println!("{}", stringify!($promise));
            promise(open(&cluster).await).await;
            flush(&cluster);
        )* };
    }
    macro_rules! to_two_stores {
        ($($part:ident::$promise:ident,)*) => { $(
            let promise: ToTwo = |one, other| Box::pin(conformance::$part::$promise(one, other));
            println!("{}", stringify!($promise));
            promise(open(&cluster).await, open(&cluster).await).await;
            flush(&cluster);
        )* };
    }
    // The last name that was printed is the promise that did not hold.
    every_promise!(to_one_store);
    every_promise_of_closing!(to_one_store);
    every_promise_to_two!(to_two_stores);
    every_promise_to_instances!(to_two_stores);
    every_promise_of_closing_to_two!(to_two_stores);
}
