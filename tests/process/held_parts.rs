//! A master of a Cluster without replicas that does not answer for a while: counts of the other parts of the store go on, and
//! afterwards every click is counted once and nothing is taken for lost.

use crate::redis::RedisCluster;
use crate::redis_keys::record;
use crate::steady::Steady;

/// How many links have their counts at the master that stands still.
const LINKS: usize = 3;
/// The master stands still so often, so that the service tries again and again what it held back.
const TIMES: u32 = 3;

#[tokio::test]
async fn a_master_that_stands_still_again_and_again_holds_up_its_own_counts_and_none_is_lost() {
    let mut cluster = RedisCluster::start();
    for node in cluster.nodes() {
        assert!(node.ask("CONFIG SET cluster-require-full-coverage no").starts_with("+OK"));
    }
    let identity = cluster.master_of(cluster.slot("ens:{store}:identity"));
    let still = (0..3).find(|number| *number != identity).expect("there are three");
    let master = |code: &str| cluster.master_of(cluster.slot(&record(code)));
    let steady = Steady::begin(&cluster.url(), LINKS, |code| master(code) == still).await;

    let load = steady.load();
    for _ in 0..TIMES {
        load.answers(200).await;
        cluster.node(still).pause();
        // Longer than any call of the store waits.
        load.answers(1_000).await;
        cluster.node(still).resume();
    }
    assert!(steady.log().contains("parts of the store are out of reach"), "{}", steady.log());
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    for wrong in ["store_rolled_back", "store_foreign", "passed_over"] {
        assert!(!steady.log().contains(wrong), "{wrong}: {}", steady.log());
    }
    steady.assert_exact(&tally).await;
}
