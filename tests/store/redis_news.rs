//! What a Redis tells when it cannot tell everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::store::{Invalidation, Store, StoreUrl};
use redis::{Client, cmd};

use crate::conformance::news::Listener;
use crate::fixtures::{stored_link, stored_site};
use crate::redis_servers::RedisServer;

const DEADLINE: Duration = Duration::from_secs(10);
/// So often in five seconds, also on a busy machine. Four times a second is meant, as a change has to
/// be seen within one.
const OFTEN: usize = 8;

async fn open(url: &str) -> Arc<dyn Store> {
    entrenous::store::open(&StoreUrl::parse(url).expect("an address"), None).await.expect("a store")
}

/// The address for a user who may do everything but what these rules take away.
fn url_of(server: &RedisServer, rules: &[&str]) -> String {
    let mut connection = Client::open(server.url()).and_then(|client| client.get_connection()).unwrap();
    let mut user = cmd("ACL");
    user.arg("SETUSER").arg("some").arg("on").arg(">secret").arg("~*").arg("&*").arg("+@all").arg(rules);
    user.exec(&mut connection).unwrap();
    server.url().replace("redis://", "redis://some:secret@")
}

#[tokio::test]
async fn after_the_connection_broke_anything_may_have_changed() {
    let server = RedisServer::start();
    let store = open(&server.url()).await;
    let mut listener = Listener::to(&store).await;
    let mut connection = Client::open(server.url()).and_then(|client| client.get_connection()).unwrap();
    for _ in 0..3 {
        listener.forget();
        let killed: u32 = cmd("CLIENT").arg("KILL").arg("TYPE").arg("PUBSUB").query(&mut connection).unwrap();
        assert_eq!(killed, 1);
        listener.hears(DEADLINE, |news| *news == Invalidation::Everything).await;
    }
}

#[tokio::test]
async fn who_hears_nothing_is_told_so_often() {
    for rules in [&["resetchannels"][..], &["-publish"], &["-subscribe"]] {
        let server = RedisServer::start();
        let store = open(&url_of(&server, rules)).await;
        let mut listener = Listener::begin(&store);
        listener.hears(DEADLINE, |news| *news == Invalidation::Unannounced).await;
        let started = Instant::now();
        for _ in 0..OFTEN {
            listener.hears(DEADLINE, |news| *news == Invalidation::Unannounced).await;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{rules:?}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn while_redis_is_away_nothing_is_told() {
    let server = RedisServer::start();
    let store = open(&server.url()).await;
    let site = stored_site(&*store, "press").await;
    let mut listener = Listener::to(&store).await;
    server.pause();
    // What was told before it was paused arrives, and then it finds out and tries again.
    tokio::time::sleep(Duration::from_secs(1)).await;
    listener.forget();
    tokio::time::sleep(Duration::from_secs(3)).await;
    listener.nothing();
    server.resume();
    listener.hears(DEADLINE, |news| *news == Invalidation::Everything).await;
    let link = stored_link(&*store, &site, "abc").await;
    listener.hears(DEADLINE, |news| *news == Invalidation::Link(link.code.clone())).await;
}
