//! Slots of a Redis Cluster move to another master while visitors come: no redirect fails, and
//! every click is counted once.

use crate::redis::RedisCluster;
use crate::redis_keys::record;
use crate::steady::Steady;

/// How many links move with their slots.
const LINKS: usize = 5;
/// How many slots move, from the lowest on.
const SLOTS: u16 = 1_000;

#[tokio::test]
async fn slots_that_move_under_load_fail_no_redirect_and_lose_no_click() {
    let cluster = RedisCluster::start();
    let from = cluster.master_of(0);
    let to = cluster.master_of(16_383);
    assert_eq!(cluster.master_of(SLOTS), from);
    let slot = |code: &str| cluster.slot(&record(code));
    let steady = Steady::begin(&cluster.url(), LINKS, |code| slot(code) < SLOTS).await;

    let load = steady.load();
    load.answers(2 * steady.codes.len() as u64).await;
    for (from, to) in [(from, to), (to, from)] {
        let before = load.tally().answered();
        cluster.reshard(from, to, SLOTS);
        assert!(load.tally().answered() > before + 100, "visitors came meanwhile");
        for code in steady.codes.iter().filter(|code| slot(code) < SLOTS) {
            assert_eq!(cluster.master_of(slot(code)), to, "{code}");
        }
        load.answers(100).await;
    }

    let tally = load.stop().await;
    tally.assert_nothing_failed();
    steady.assert_exact(&tally).await;
}
