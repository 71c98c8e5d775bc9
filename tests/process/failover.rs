//! A Redis master ends under load and a replica takes its place. What the master had taken and
//! the replica had not is made good: every answered click is counted, and none twice.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::program::DEADLINE;
use crate::redis::{RedisCluster, RedisServer, WatchedRedis};
use crate::redis_keys::record;
use crate::steady::{Steady, clicks_at};

/// How many links there are.
const LINKS: usize = 12;
/// How many clicks are enough for each part of a test: every link has some of them.
const CLICKS: u64 = 250;

#[tokio::test]
async fn a_dead_master_of_a_cluster_fails_no_known_redirect_and_loses_no_click() {
    let mut cluster = RedisCluster::start_with_replicas();
    let steady = Steady::begin(&cluster.url(), LINKS, |_| true).await;
    cluster.wait_until_copied();
    let slot = cluster.slot(&format!("{{{}}}", steady.codes[0]));
    let master = cluster.master_of(slot);
    let replica = cluster.replica_of(master);

    let load = steady.load();
    load.answers(CLICKS).await;
    let taken = cut_off(cluster.node(master), &[cluster.node(replica)], &load, &steady).await;
    cluster.kill(master);
    let copied = copied(cluster.node(replica), &steady).await;
    assert!(copied < taken, "nothing was lost: {taken} at the master, {copied} at its replica");
    cluster.wait_for_promotion(replica);
    load.answers(CLICKS).await;

    let tally = load.stop().await;
    tally.assert_nothing_failed();
    steady.assert_exact(&tally).await;
}

#[tokio::test]
async fn parts_that_were_out_of_reach_before_their_replica_took_over_lose_no_click_and_leave_nothing_waiting()
{
    let mut cluster = RedisCluster::start_with_replicas();
    for node in cluster.nodes() {
        assert!(node.ask("CONFIG SET cluster-require-full-coverage no").starts_with("+OK"));
    }
    let identity = cluster.master_of(cluster.slot("ens:{store}:identity"));
    // Some links are elsewhere, so that the others are a part that is held back.
    let steady = Steady::begin(&cluster.url(), LINKS, |_| true).await;
    let masters = steady.codes.iter().map(|code| cluster.master_of(cluster.slot(&record(code))));
    let master = masters.into_iter().find(|master| *master != identity).expect("a link of another master");
    let replica = cluster.replica_of(master);
    cluster.wait_until_copied();

    let load = steady.load();
    load.answers(CLICKS).await;
    let taken = cut_off(cluster.node(master), &[cluster.node(replica)], &load, &steady).await;
    cluster.node(master).pause();
    let began = Instant::now();
    while !steady.log().contains("parts of the store are out of reach") {
        assert!(began.elapsed() < DEADLINE, "nothing is held back: {}", steady.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    load.answers(CLICKS).await;
    cluster.kill(master);
    let copied = copied(cluster.node(replica), &steady).await;
    assert!(copied < taken, "nothing was lost: {taken} at the master, {copied} at its replica");
    cluster.wait_for_promotion(replica);
    load.answers(CLICKS).await;

    let tally = load.stop().await;
    tally.assert_nothing_failed();
    steady.nothing_waits().await;
    for wrong in ["store_rolled_back", "store_foreign", "passed_over", "flushing_behind"] {
        assert!(!steady.log().contains(wrong), "{wrong}: {}", steady.log());
    }
    steady.assert_exact(&tally).await;
}

#[tokio::test]
async fn a_dead_master_that_sentinels_watch_loses_no_click() {
    let mut watched = WatchedRedis::start(2);
    let steady = Steady::begin(&watched.url(), LINKS, |_| true).await;
    watched.wait_until_copied();

    let load = steady.load();
    load.answers(CLICKS).await;
    let replicas = [watched.server(1), watched.server(2)];
    let taken = cut_off(watched.server(0), &replicas, &load, &steady).await;
    watched.kill(0);
    for replica in [1, 2] {
        let copied = copied(watched.server(replica), &steady).await;
        assert!(copied < taken, "nothing was lost: {taken} at the master, {copied} at a replica");
    }
    let promoted = watched.wait_for_other_master(0);
    grows(watched.server(promoted), &steady).await;
    load.answers(CLICKS).await;

    let tally = load.stop().await;
    tally.assert_nothing_failed();
    steady.assert_exact(&tally).await;
}

#[tokio::test]
async fn a_master_that_comes_back_after_its_replica_took_over_is_written_to_no_more() {
    let watched = WatchedRedis::start(1);
    let steady = Steady::begin(&watched.url(), LINKS, |_| true).await;
    watched.wait_until_copied();

    let load = steady.load();
    load.answers(CLICKS).await;
    let (old, new) = (watched.server(0), watched.server(1));
    let taken = cut_off(old, &[new], &load, &steady).await;
    old.pause();
    let copied = copied(new, &steady).await;
    assert!(copied < taken, "nothing was lost: {taken} at the master, {copied} at its replica");
    assert_eq!(watched.wait_for_other_master(0), 1);
    grows(new, &steady).await;

    // For some seconds it believes that it is the master still.
    old.resume();
    let role = || old.info("role").expect("it answers");
    assert_eq!(role(), "master");
    // What had been sent to it before is read before this question.
    let had = clicks_at(old, &steady.codes);
    let before = load.tally().answered();
    let started = Instant::now();
    loop {
        let has = clicks_at(old, &steady.codes);
        if role() != "master" {
            break;
        }
        assert_eq!(has, had, "somebody wrote to a master that is none");
        assert!(started.elapsed() < DEADLINE, "the Sentinels do not tell it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(load.tally().answered() > before + CLICKS, "it had time enough to be written to");

    let tally = load.stop().await;
    tally.assert_nothing_failed();
    steady.assert_exact(&tally).await;
}

#[tokio::test]
async fn who_asked_nothing_while_the_master_was_replaced_asks_the_new_one() {
    let watched = WatchedRedis::start(1);
    let steady = Steady::begin(&watched.url(), LINKS, |_| true).await;
    watched.wait_until_copied();
    let (old, new) = (watched.server(0), watched.server(1));
    old.pause();
    assert_eq!(watched.wait_for_other_master(0), 1);
    old.resume();
    assert_eq!(old.info("role").as_deref(), Some("master"), "it believes so still");

    let load = steady.load();
    load.answers(CLICKS).await;
    grows(new, &steady).await;
    assert_eq!(clicks_at(old, &steady.codes), 0, "somebody wrote to a master that is none");
    assert_eq!(old.info("role").as_deref(), Some("master"), "it could have been written to");
    let tally = load.stop().await;
    steady.assert_exact(&tally).await;
}

/// Lets clicks be settled at a master only: its replicas stand still, and what is on the way to
/// them is dropped. Returns how many clicks the master has then.
async fn cut_off(master: &RedisServer, replicas: &[&RedisServer], load: &Load, steady: &Steady) -> u64 {
    for replica in replicas {
        replica.pause();
    }
    assert_eq!(master.ask("CLIENT KILL TYPE replica").lines().next(), Some(&*format!(":{}", replicas.len())));
    let had = clicks_at(master, &steady.codes);
    load.answers(CLICKS / 2).await;
    let started = Instant::now();
    loop {
        let has = clicks_at(master, &steady.codes);
        if has > had {
            return has;
        }
        assert!(started.elapsed() < DEADLINE, "the master takes nothing");
    }
}

/// Lets a replica go on whose master is silent, and returns how many clicks came to it.
async fn copied(replica: &RedisServer, steady: &Steady) -> u64 {
    replica.resume();
    let started = Instant::now();
    while replica.info("master_link_status").is_some_and(|status| status == "up") {
        assert!(started.elapsed() < DEADLINE, "the replica does not notice");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    clicks_at(replica, &steady.codes)
}

/// Waits until a server takes clicks.
async fn grows(server: &RedisServer, steady: &Steady) {
    let had = clicks_at(server, &steady.codes);
    let started = Instant::now();
    while clicks_at(server, &steady.codes) == had {
        assert!(started.elapsed() < DEADLINE, "the new master takes nothing");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("the new master takes clicks {:?} after the Sentinels named it", started.elapsed());
}
