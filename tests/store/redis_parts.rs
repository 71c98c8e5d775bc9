//! A Redis Cluster of which one master is dead and has no replica: the other two serve on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::domain::link::Link;
use entrenous::store::{Settled, Store, StoreError, StoreUrl};

use crate::fixtures::{Journal, click, clicks, counted, day, link_up, stored_link, stored_site};
use crate::redis_keys::{PARTITIONS, of_partition, part};
use crate::redis_servers::RedisCluster;

const DEADLINE: Duration = Duration::from_mins(1);
const LINKS: usize = 60;

/// A Cluster that serves what it can.
async fn start() -> (RedisCluster, Arc<dyn Store>) {
    let mut cluster = RedisCluster::start();
    for node in cluster.nodes() {
        assert!(node.ask("CONFIG SET cluster-require-full-coverage no").starts_with("+OK"));
    }
    let url = StoreUrl::parse(&cluster.url()).expect("an address");
    let store = entrenous::store::open(&url, None).await.expect("a store");
    (cluster, store)
}

/// Settles until nothing is held up but these partitions and what is announced.
async fn settle_all_but(
    store: &dyn Store,
    journal: &Journal,
    entries: &[entrenous::domain::entry::Numbered],
    away: &BTreeSet<usize>,
) -> Settled {
    let started = Instant::now();
    loop {
        match store.settle(&journal.id, entries).await {
            Ok(settled) if settled.held.iter().all(|(part, _)| away.contains(part)) => return settled,
            // For a moment the living nodes refuse everything, and the driver asks the dead one.
            Ok(_) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
        assert!(started.elapsed() < DEADLINE, "the living partitions do not get on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cluster_with_a_dead_master_the_other_partitions_count_on_and_nothing_is_lost_or_counted_twice()
{
    let (mut cluster, store) = start().await;
    let site = stored_site(&*store, "press").await;
    let mut links: Vec<Link> = Vec::new();
    for number in 0..LINKS {
        links.push(stored_link(&*store, &site, &format!("link{number}")).await);
    }
    // Not the one that has the store's identity.
    let identity = cluster.master_of(cluster.slot("ens:{store}:identity"));
    let dead = (0..3).find(|number| *number != identity).expect("there are three");
    let mut away: BTreeSet<usize> = (0..PARTITIONS)
        .filter(|number| cluster.master_of(cluster.slot(&of_partition("p", *number))) == dead)
        .map(|number| number as usize)
        .collect();
    let of_dead = |link: &Link| away.contains(&store.partition(&link.key()));
    let of_dead: Vec<bool> = links.iter().map(of_dead).collect();
    let held_links = of_dead.iter().filter(|of_dead| **of_dead).count();
    assert!((1..LINKS).contains(&held_links), "{held_links} of {LINKS}");

    let mut journal = Journal::new("j");
    let mut entries = Vec::new();
    for visitor in 0..6 {
        for link in &links {
            entries.extend(journal.entries(link, day(20), [click(visitor)]));
        }
    }
    link_up(&*store, &mut entries);
    let (before, after) = entries.split_at(2 * LINKS);
    assert_eq!(store.settle(&journal.id, before).await.expect("settled").counted, 2 * LINKS as u64);
    assert!(cluster.node(dead).ask("SAVE").starts_with("+OK"));
    cluster.kill(dead);

    // What is announced of the site may be there, too.
    away.insert(store.partitions());
    settle_all_but(&*store, &journal, after, &away).await;
    let settled = settle_all_but(&*store, &journal, after, &away).await;
    let held: BTreeMap<usize, String> = settled.held.into_iter().collect();
    for (link, of_dead) in links.iter().zip(&of_dead) {
        let part = store.partition(&link.key());
        assert_eq!(held.contains_key(&part), *of_dead, "{}", link.code);
        if !of_dead {
            assert_eq!(counted_of(&cluster, link), 6, "{}", link.code);
        }
    }
    assert_eq!(settled.passed_over, 4 * (LINKS - held_links) as u64);
    assert!(held.values().all(|reason| !reason.is_empty()), "{held:?}");
    // Nothing is confirmed that is not everywhere.
    let confirmed = store.confirm(&journal.id, journal.last, day(20), false).await;
    assert!(matches!(confirmed, Err(StoreError::Unavailable(_))), "{confirmed:?}");
    assert_eq!(store.checkpoint(&journal.id).await.expect("an answer"), 0);

    cluster.nodes()[dead].restart();
    let settled = settle_all_but(&*store, &journal, after, &BTreeSet::new()).await;
    assert_eq!(settled.counted + settled.passed_over, 4 * LINKS as u64);
    for link in &links {
        assert_eq!(counted(&*store, link, day(20)).await, clicks(6, 6), "{}", link.code);
    }
    let settled = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!(settled, Settled { passed_over: 6 * LINKS as u64, ..Settled::default() });
    store.confirm(&journal.id, journal.last, day(20), false).await.expect("confirmed");
    assert_eq!(store.checkpoint(&journal.id).await.expect("an answer"), journal.last);
    store.verify(&store.identity()).await.expect("it is the store that it was");
}

/// The clicks in a link's counts, asked of the node that has them: readers of the service look in more than one place.
fn counted_of(cluster: &RedisCluster, link: &Link) -> u64 {
    let key = part(link.code.as_str(), link.site.as_str(), day(20).number());
    let node = cluster.node(cluster.master_of(cluster.slot(&key)));
    let mut raw = redis::Client::open(node.url()).expect("an address").get_connection().expect("a node");
    let record: Vec<u8> =
        redis::cmd("HGET").arg(&key).arg(link.key().to_string()).query(&mut raw).expect("a record");
    let clicks = record.get(1..5).expect("clicks").try_into().expect("four bytes");
    u32::from_le_bytes(clicks).into()
}
