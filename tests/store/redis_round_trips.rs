//! How often making a link waits for a Redis that is far away.

use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, OnceName, Store, StoreError, StoreUrl, open};

use crate::fixtures::{Journal, click, code, day, link, once, stored_link, stored_site};
use crate::redis_servers::RedisServer;
use crate::slow_proxy::SlowProxy;

const LATENCY: Duration = Duration::from_millis(5);

async fn start() -> (RedisServer, SlowProxy, Arc<dyn Store>) {
    let server = RedisServer::start();
    let proxy = SlowProxy::start(server.port(), LATENCY);
    let store = open(&StoreUrl::parse(&proxy.redis_url()).expect("an address"), None).await.expect("a store");
    (server, proxy, store)
}

/// What is answered, and how many round trips that took.
async fn counting<T>(proxy: &SlowProxy, ask: impl Future<Output = T>) -> (T, usize) {
    let before = proxy.round_trips();
    let answer = ask.await;
    (answer, proxy.round_trips() - before)
}

#[tokio::test]
async fn a_link_costs_one_round_trip_and_at_most_two() {
    let (_server, proxy, store) = start().await;
    let site = stored_site(&*store, "press").await;
    // The server learns the scripts with the first calls.
    store.insert_link(&link(&site, "first"), &[once(1)]).await.expect("a link");
    store.site_by_key(&site.keys[0].hash).await.expect("an answer");

    let (made, trips) = counting(&proxy, store.insert_link(&link(&site, "plain"), &[])).await;
    assert_eq!((made.expect("a link"), trips), (Inserted::Created, 1));
    let named = link(&site, "named");
    let (made, trips) = counting(&proxy, store.insert_link(&named, &[once(2), once(3)])).await;
    assert_eq!((made.expect("a link"), trips), (Inserted::Created, 1));
    let (made, trips) = counting(&proxy, store.insert_link(&link(&site, "again"), &[once(3)])).await;
    assert_eq!((made.expect("a link"), trips), (Inserted::Existing(named), 2));
    let (made, trips) = counting(&proxy, store.insert_link(&link(&site, "plain"), &[])).await;
    assert!(matches!(made, Err(StoreError::Conflict)), "{made:?}");
    assert_eq!(trips, 1);
    let (found, trips) = counting(&proxy, store.site_by_key(&site.keys[0].hash)).await;
    assert_eq!((found.expect("an answer"), trips), (Some(site), 1));
}

#[tokio::test]
async fn a_hundred_links_cost_about_as_many_round_trips_as_one() {
    let (_server, proxy, store) = start().await;
    let site = stored_site(&*store, "press").await;
    let new = |number: u8| (link(&site, &format!("link{number}")), vec![once(number)]);
    let links: Vec<(Link, Vec<OnceName>)> = (0..100).map(new).collect();
    // The first call of all teaches the server the script, too.
    let (made, trips) = counting(&proxy, store.insert_links(&links)).await;
    assert!(made.into_iter().all(|made| matches!(made, Ok(Inserted::Created))));
    assert!(trips <= 3, "{trips} round trips");
    let more: Vec<(Link, Vec<OnceName>)> = (100..200).map(new).collect();
    let (made, trips) = counting(&proxy, store.insert_links(&more)).await;
    assert!(made.into_iter().all(|made| matches!(made, Ok(Inserted::Created))));
    assert_eq!(trips, 1);
    assert_eq!(store.link(&code("link150")).await.expect("an answer").as_ref(), Some(&more[50].0));
}

#[tokio::test]
async fn counts_of_many_links_cost_as_many_round_trips_as_those_of_one() {
    let (_server, proxy, store) = start().await;
    let site = stored_site(&*store, "press").await;
    let mut links = Vec::new();
    for number in 0..200 {
        links.push(stored_link(&*store, &site, &format!("link{number}")).await);
    }
    let mut journal = Journal::new("j");
    journal.settle(&*store, &links[0], day(20), [click(1)]).await;
    let one = journal.entries(&links[0], day(20), [click(2)]);
    let (settled, of_one) = counting(&proxy, store.settle(&journal.id, &one)).await;
    assert_eq!(settled.expect("settled").counted, 1);
    let many: Vec<_> = links.iter().map(|link| journal.entry(link, day(20), click(3))).collect();
    let (settled, of_many) = counting(&proxy, store.settle(&journal.id, &many)).await;
    assert_eq!(settled.expect("settled").counted, 200);
    assert!(of_many <= of_one && of_one <= 4, "{of_one} and {of_many} round trips");
}
