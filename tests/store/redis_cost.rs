//! What counting costs a Redis: the server's own processor time for each link and day, in a batch of different links.

use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, OnceName, Store, StoreUrl, open_to_serve};
use redis::{Connection, cmd};

use crate::fixtures::{Journal, click, day, link, stored_site};
use crate::redis_servers::RedisServer;

const LINKS: usize = 10_000;

/// Seconds of the processor that the server has used.
fn used(raw: &mut Connection) -> f64 {
    let info: String = cmd("INFO").arg("cpu").query(raw).expect("what it used");
    let of = |name: &str| -> f64 {
        let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_start_matches(':').trim().parse().expect("seconds")
    };
    of("used_cpu_user") + of("used_cpu_sys")
}

/// Microseconds of the server for each entry.
async fn cost(
    store: &dyn Store,
    raw: &mut Connection,
    journal: &mut Journal,
    links: &[Link],
    on: i32,
) -> f64 {
    let visitors = 0_u32..;
    let entries: Vec<_> = links
        .iter()
        .cycle()
        .take(LINKS)
        .zip(visitors)
        .map(|(link, visitor)| journal.entry(link, day(on), click(visitor)))
        .collect();
    let before = used(raw);
    let settled = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!(settled.counted, LINKS as u64);
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let each = (used(raw) - before) * 1e6 / LINKS as f64;
    each
}

/// Prints figures; run it with an optimised build and nothing beside it.
#[tokio::test]
#[ignore = "it measures, and asserts only that links cost no more than a few times what clicks of one cost"]
async fn a_link_and_day_costs_a_few_microseconds_of_the_server() {
    let server = RedisServer::start();
    let url = StoreUrl::parse(&server.url()).expect("an address");
    let store: Arc<dyn Store> = open_to_serve(&url, None, Duration::ZERO).await.expect("a store");
    let mut raw =
        redis::Client::open(server.url()).expect("an address").get_connection().expect("a connection");
    // As in the file that Redis is installed with.
    cmd("CONFIG").arg("SET").arg("hash-max-listpack-entries").arg(128).exec(&mut raw).expect("set");
    let site = stored_site(&*store, "press").await;
    let links: Vec<(Link, Vec<OnceName>)> =
        (0..LINKS).map(|number| (link(&site, &format!("link{number:05}")), Vec::new())).collect();
    for some in links.chunks(500) {
        let made = store.insert_links(some).await;
        assert!(made.into_iter().all(|made| matches!(made, Ok(Inserted::Created))));
    }
    let links: Vec<Link> = links.into_iter().map(|(link, _)| link).collect();
    let mut journal = Journal::new("j");
    cost(&*store, &mut raw, &mut journal, &links[..10], 19).await;
    let (mut new, mut known, mut few) = (f64::MAX, f64::MAX, f64::MAX);
    for on in 20..25 {
        new = new.min(cost(&*store, &mut raw, &mut journal, &links, on).await);
        known = known.min(cost(&*store, &mut raw, &mut journal, &links, on).await);
        few = few.min(cost(&*store, &mut raw, &mut journal, &links[..1_000], on + 10).await);
    }
    println!(
        "µs of the server's processor for each of {LINKS} entries: of links that are new on the day {new:.1},"
    );
    println!("of links that were counted on it {known:.1}, of a thousand links {few:.1}");
    assert!(new < 10.0 * few, "{new} and {few}");
}
