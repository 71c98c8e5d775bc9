//! A Redis that is no longer the one that it was: emptied, replaced, put back to an earlier state, or a part of it. And
//! that its bookkeeping neither grows nor tells.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::domain::identity::JournalId;
use entrenous::domain::link::Link;
use entrenous::store::{Settled, Store, StoreError, StoreUrl, open, open_to_serve};
use redis::{Connection, cmd};
use tempfile::TempDir;

use crate::fixtures::{Journal, click, clicks, counted, day, link_up, stored_link, stored_site};
use crate::redis_keys::{PARTITIONS, of_partition, part, partition};
use crate::redis_servers::RedisServer;

fn url(server: &RedisServer) -> StoreUrl {
    StoreUrl::parse(&server.url()).expect("an address")
}

async fn handle(server: &RedisServer) -> Arc<dyn Store> {
    open(&url(server), None).await.expect("a store")
}

/// One that takes what it confirmed for safe at once.
async fn handle_that_keeps_nothing(server: &RedisServer) -> Arc<dyn Store> {
    open_to_serve(&url(server), None, Duration::ZERO).await.expect("a store")
}

fn raw(server: &RedisServer) -> Connection {
    let client = redis::Client::open(server.url()).expect("an address");
    client.get_connection().expect("a connection")
}

fn is_foreign<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Foreign(_)))
}

/// Verifies so often that every partition was looked at.
async fn verify_all(store: &dyn Store) -> Result<(), StoreError> {
    for _ in 0..16 {
        store.verify(&store.identity()).await?;
    }
    Ok(())
}

/// What is answered when the connection that broke has been made anew.
async fn when_it_answers<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match ask().await {
            Err(StoreError::Unavailable(reason)) => assert!(Instant::now() < deadline, "{reason}"),
            answer => return answer,
        }
    }
}

#[tokio::test]
async fn a_store_that_is_emptied_between_two_settles_is_foreign_until_it_is_adopted() {
    let server = RedisServer::start();
    let (store, mut raw) = (handle(&server).await, raw(&server));
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let mut entries = journal.entries(&link, day(20), (0..4).map(click));
    link_up(&*store, &mut entries);
    store.settle(&journal.id, &entries[..2]).await.expect("settled");
    let before = store.identity();

    cmd("FLUSHALL").exec(&mut raw).expect("emptied");
    let answer = store.settle(&journal.id, &entries[2..]).await;
    assert!(is_foreign(&answer), "{answer:?}");
    let answer = store.verify(&store.identity()).await;
    assert!(is_foreign(&answer), "{answer:?}");
    let keys: i64 = cmd("DBSIZE").query(&mut raw).expect("a number");
    assert_eq!(keys, 0, "nothing is written to a store that is not the right one");
    let answer = store.confirm(&journal.id, 4, day(20), false).await;
    assert!(is_foreign(&answer), "{answer:?}");

    let adopted = store.adopt().await.expect("adopted");
    assert_ne!(adopted, before);
    assert_eq!(store.identity(), adopted);
    verify_all(&*store).await.expect("it is the right one now");
    assert_eq!(handle(&server).await.identity(), adopted);
    let answer = store.settle(&journal.id, &entries[2..]).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 0 })), "{answer:?}");
}

#[tokio::test]
async fn another_store_at_the_same_address_is_foreign() {
    let mut server = RedisServer::start();
    let store = handle(&server).await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1)]).await;
    // It keeps nothing on disk, so this is another one; and somebody else uses it already.
    server.restart();
    let other = handle(&server).await;
    assert_ne!(other.identity(), store.identity());
    let entries = journal.entries(&link, day(20), [click(2)]);
    for answer in [store.settle(&journal.id, &entries).await.map(drop), verify_all(&*store).await] {
        let Err(StoreError::Foreign(reason)) = answer else { panic!("{answer:?}") };
        assert!(reason.contains("store.url") && reason.contains(other.identity().as_str()), "{reason}");
    }
    verify_all(&*other).await.expect("it is the right one for whoever has begun with it");
    assert_eq!(other.checkpoint(&journal.id).await.expect("an answer"), 0);
    let told: Vec<String> = cmd("KEYS").arg("ens:[cvzb]*").query(&mut raw(&server)).expect("keys");
    assert_eq!(told, Vec::<String>::new(), "nothing is announced to a store that is not the right one");
}

#[tokio::test]
async fn a_part_that_was_emptied_or_is_another_stores_is_found() {
    let server = RedisServer::start();
    let (store, mut raw) = (handle(&server).await, raw(&server));
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let key = of_partition("p", partition("abc"));
    for broken in [false, true] {
        if broken {
            cmd("HSET").arg(&key).arg("store").arg("anotherstoresid1").exec(&mut raw).expect("changed");
        } else {
            cmd("DEL").arg(&key).exec(&mut raw).expect("emptied");
        }
        let entries = journal.entries(&link, day(20), [click(1)]);
        let answer = store.settle(&journal.id, &entries).await;
        assert!(is_foreign(&answer), "{answer:?}");
        let answer = verify_all(&*store).await;
        assert!(is_foreign(&answer), "{answer:?}");
        // Whoever opens it meanwhile repairs nothing in silence.
        let answer = verify_all(&*handle(&server).await).await;
        assert!(is_foreign(&answer), "{answer:?}");
        store.adopt().await.expect("adopted");
        verify_all(&*store).await.expect("it is whole again");
        store.settle(&journal.id, &entries).await.expect("settled");
    }
    assert_eq!(counted(&*store, &link, day(20)).await.clicks, 2);
}

#[tokio::test]
async fn whoever_opens_an_empty_store_goes_on_with_the_identity_of_one_that_was_killed() {
    let server = RedisServer::start();
    let mut raw = raw(&server);
    // It has drawn an identity, and written it into some partitions.
    cmd("SET").arg("ens:{store}:identity").arg("new:abcdefghijklmnop").exec(&mut raw).expect("drawn");
    for number in 0..20 {
        let key = of_partition("p", number);
        cmd("HSET").arg(key).arg("store").arg("abcdefghijklmnop").exec(&mut raw).expect("written");
    }
    let (one, other) = tokio::join!(handle(&server), handle(&server));
    for store in [one, other] {
        assert_eq!(store.identity().as_str(), "abcdefghijklmnop");
        verify_all(&*store).await.expect("every partition has it");
    }
    let kept: String = cmd("GET").arg("ens:{store}:identity").query(&mut raw).expect("an identity");
    assert_eq!(kept, "abcdefghijklmnop");
}

/// Puts the file that a server reads at its start in a place of its own, or back.
fn copy_dump(dir: &Path, from: &str, to: &str) {
    std::fs::copy(dir.join(from), dir.join(to)).expect("a dump");
}

#[tokio::test]
async fn an_older_dump_that_is_put_back_is_behind_also_where_nobody_clicks() {
    let dir = TempDir::new().expect("a folder");
    let mut server = RedisServer::start_with(&["--save", "", "--appendonly", "no"], Some(dir.path()));
    let store = handle_that_keeps_nothing(&server).await;
    let site = stored_site(&*store, "press").await;
    let (busy, quiet) =
        (stored_link(&*store, &site, "busy").await, stored_link(&*store, &site, "quiet").await);
    assert_ne!(partition("busy"), partition("quiet"), "for this test they must differ");
    let mut journal = Journal::new("j");
    let mut entries = Vec::new();
    for visitor in 0..6 {
        entries.extend(journal.entries(&busy, day(20), [click(visitor)]));
        entries.extend(journal.entries(&quiet, day(20), [click(visitor)]));
    }
    link_up(&*store, &mut entries);
    store.settle(&journal.id, &entries[..4]).await.expect("settled");
    store.confirm(&journal.id, 4, day(20), false).await.expect("confirmed");
    assert!(server.ask("SAVE").starts_with("+OK"));
    copy_dump(dir.path(), "dump.rdb", "older.rdb");
    store.settle(&journal.id, &entries[4..8]).await.expect("settled");
    store.confirm(&journal.id, 8, day(20), false).await.expect("confirmed");
    store.verify(&store.identity()).await.expect("nothing has happened to it");

    copy_dump(dir.path(), "older.rdb", "dump.rdb");
    server.restart();
    // Who looks at it without settling anything learns it,
    let answer = when_it_answers(|| verify_all(&*store)).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 4 })), "{answer:?}");
    // as does who settles more,
    let answer = store.settle(&journal.id, &entries[8..]).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 3 | 4 })), "{answer:?}");
    assert_eq!(store.checkpoint(&journal.id).await.expect("an answer"), 4);
    // and who has something to confirm, which would hide it from then on.
    let answer = store.confirm(&journal.id, 12, day(20), false).await;
    assert!(matches!(answer, Err(StoreError::Behind { .. })), "{answer:?}");

    // What the journal has still is settled again.
    let settled = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!(settled, Settled { counted: 8, passed_over: 4, ..Settled::default() });
    for link in [&busy, &quiet] {
        assert_eq!(counted(&*store, link, day(20)).await, clicks(6, 6));
    }
}

/// The journals that have a checkpoint in each partition, and what that is.
fn checkpoints(raw: &mut Connection) -> Vec<BTreeSet<(String, String)>> {
    let of_one = |number| {
        let key = of_partition("p", number);
        let fields: Vec<(String, String)> = cmd("HGETALL").arg(key).query(raw).expect("a partition");
        fields.into_iter().filter(|(field, _)| field != "store").collect()
    };
    (0..PARTITIONS).map(of_one).collect()
}

fn alike(raw: &mut Connection) -> BTreeSet<(String, String)> {
    let mut all = checkpoints(raw);
    let first = all.pop().expect("there are some");
    assert!(all.iter().all(|other| *other == first), "they tell where something was counted");
    first
}

/// A settled and a quiet link.
async fn two_links(store: &dyn Store) -> (Link, Link) {
    let site = stored_site(store, "press").await;
    (stored_link(store, &site, "opened").await, stored_link(store, &site, "quiet").await)
}

/// Lets a day pass since a journal ended.
fn ended_a_day_ago(raw: &mut Connection, journal: &Journal) {
    let key = "ens:{store}:journals";
    let noted: String = cmd("HGET").arg(key).arg(journal.id.as_str()).query(raw).expect("what is noted");
    let mut words: Vec<i64> = noted.split(' ').map(|word| word.parse().expect("a number")).collect();
    words[2] -= 86_401;
    let noted = words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    cmd("HSET").arg(key).arg(journal.id.as_str()).arg(noted).exec(raw).expect("written");
}

#[tokio::test]
async fn a_checkpoint_that_a_copy_of_the_journal_made_the_store_drop_is_known_again() {
    let server = RedisServer::start();
    let (store, mut raw) = (handle_that_keeps_nothing(&server).await, raw(&server));
    let (opened, _) = two_links(&*store).await;
    let mut journal = Journal::new("one");
    journal.settle(&*store, &opened, day(20), (0..3).map(click)).await;
    // A process that had a copy of these three calls the journal ended, a day ago, and its own process goes on.
    store.confirm(&journal.id, 3, day(20), true).await.expect("confirmed");
    ended_a_day_ago(&mut raw, &journal);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !alike(&mut raw).is_empty() {
        assert!(Instant::now() < deadline, "they are never dropped");
        store.forget_counts_before(day(1)).await.expect("forgotten");
    }
    let mut next = journal.entry(&opened, day(20), click(4));
    next.previous = 3;
    let settled = store.settle(&journal.id, &[next]).await.expect("settled");
    assert_eq!((settled.counted, settled.passed_over), (1, 0));
    assert_eq!(counted(&*store, &opened, day(20)).await.clicks, 4);
}

#[tokio::test]
async fn checkpoints_are_in_all_partitions_alike_and_gone_when_their_journal_has_ended() {
    let server = RedisServer::start();
    let (store, mut raw) = (handle_that_keeps_nothing(&server).await, raw(&server));
    let (opened, _) = two_links(&*store).await;
    let (mut one, mut other) = (Journal::new("one"), Journal::new("other"));
    one.settle(&*store, &opened, day(20), (0..3).map(click)).await;
    other.settle(&*store, &opened, day(20), (0..5).map(click)).await;
    store.confirm(&one.id, 3, day(20), false).await.expect("confirmed");
    store.confirm(&other.id, 5, day(20), false).await.expect("confirmed");
    let both = [(&one, "3"), (&other, "5")]
        .map(|(journal, number)| (journal.id.as_str().to_owned(), number.to_owned()));
    assert_eq!(alike(&mut raw), both.clone().into());
    // Nothing else tells of a journal.
    let key = part("opened", opened.site.as_str(), day(20).number());
    let fields: Vec<String> = cmd("HKEYS").arg(key).query(&mut raw).expect("fields");
    assert_eq!(fields, [opened.key().to_string()]);

    store.confirm(&one.id, 3, day(20), true).await.expect("confirmed");
    // Whoever says so may have had a copy: a day by the server's clock has to pass.
    store.forget_counts_before(day(1)).await.expect("forgotten");
    assert_eq!(alike(&mut raw).len(), 2);
    ended_a_day_ago(&mut raw, &one);
    let deadline = Instant::now() + Duration::from_secs(10);
    while alike(&mut raw).len() > 1 {
        assert!(Instant::now() < deadline, "they are never dropped");
        store.forget_counts_before(day(1)).await.expect("forgotten");
    }
    assert_eq!(alike(&mut raw), BTreeSet::from([both[1].clone()]));
    assert_eq!(store.checkpoint(&one.id).await.expect("an answer"), 3, "it is known when it turns up again");
    // One that turns up again and has ended again is dropped again.
    store.confirm(&one.id, 3, day(20), true).await.expect("confirmed");
    ended_a_day_ago(&mut raw, &one);
    let deadline = Instant::now() + Duration::from_secs(10);
    while alike(&mut raw).len() > 1 {
        assert!(Instant::now() < deadline, "they are not dropped by whoever opens the store");
        handle_that_keeps_nothing(&server).await;
    }
    store.forget_counts_before(day(21)).await.expect("forgotten");
    assert_eq!(alike(&mut raw), BTreeSet::new());
    assert_eq!(store.checkpoint(&other.id).await.expect("an answer"), 0);
    let left: i64 = cmd("EXISTS").arg("ens:{store}:journals").query(&mut raw).expect("an answer");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_journal_that_was_never_confirmed_leaves_nothing_when_its_time_is_over() {
    let server = RedisServer::start();
    let (store, mut raw) = (handle(&server).await, raw(&server));
    let (opened, quiet) = two_links(&*store).await;
    for run in 0..5 {
        let mut journal = Journal { id: JournalId::random(), last: 0 };
        journal.settle(&*store, &opened, day(20), [click(run)]).await;
        journal.settle(&*store, &quiet, day(19), [click(run)]).await;
    }
    store.forget_counts_before(day(20)).await.expect("forgotten");
    assert!(checkpoints(&mut raw).iter().any(|there| there.len() == 5));
    store.forget_counts_before(day(21)).await.expect("forgotten");
    assert_eq!(alike(&mut raw), BTreeSet::new());
}
