//! Redis: every promise on a server of its own.

use std::sync::Arc;
use std::time::Duration;

use entrenous::store::{Store, StoreUrl, open_to_serve};

use crate::conformance::{
    self, every_promise, every_promise_of_closing, every_promise_of_closing_to_two,
    every_promise_to_instances, every_promise_to_two,
};
use crate::redis_servers::RedisServer;

/// One that loses nothing, so that no stage of a closing has to last.
async fn open(server: &RedisServer) -> Arc<dyn Store> {
    let url = StoreUrl::parse(&server.url()).expect("an address");
    open_to_serve(&url, None, Duration::ZERO).await.expect("a store")
}

macro_rules! to_one_store {
    ($($part:ident::$promise:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let server = RedisServer::start();
            conformance::$part::$promise(open(&server).await).await;
        }
    )* };
}
every_promise!(to_one_store);
every_promise_of_closing!(to_one_store);

macro_rules! to_two_stores {
    ($($part:ident::$promise:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let server = RedisServer::start();
            conformance::$part::$promise(open(&server).await, open(&server).await).await;
        }
    )* };
}
every_promise_to_two!(to_two_stores);
every_promise_to_instances!(to_two_stores);
every_promise_of_closing_to_two!(to_two_stores);
