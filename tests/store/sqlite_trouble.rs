//! A SQLite file that is damaged, deleted, moved, replaced or put back while a process has it open.

use std::fs;

use entrenous::store::StoreError;
use rusqlite::Connection;

use crate::fixtures::{Journal, click, clicks, counted, day, link, stored_link, stored_site};
use crate::sqlite::Data;

/// Copies a store that is at rest: its file, without what is in its write-ahead log.
fn copy_of(data: &Data) -> Vec<u8> {
    Connection::open(data.path())
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    fs::read(data.path()).unwrap()
}

#[tokio::test]
async fn a_damaged_row_holds_up_only_its_own_counts_and_they_come_back_when_it_is_repaired() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let (bad, good) = (stored_link(&*store, &site, "bad").await, stored_link(&*store, &site, "good").await);
    let mut journal = Journal::new("j");
    journal.settle(&*store, &bad, day(20), [click(1)]).await;
    let raw = Connection::open(data.path()).unwrap();
    raw.execute_batch("UPDATE counts SET visitors = -1").unwrap();
    drop(store);

    let store = data.open().await;
    let entries = [journal.entry(&bad, day(20), click(2)), journal.entry(&good, day(20), click(3))];
    let settled = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!((settled.counted, settled.set_aside.len()), (1, 1));
    assert!(settled.set_aside[0].name.contains("bad"), "{}", settled.set_aside[0].name);
    assert_eq!(counted(&*store, &good, day(20)).await, clicks(1, 1));
    assert_eq!(store.retry_set_aside().await.expect("tried").len(), 1, "it is damaged still");
    let again = store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!((again.passed_over, again.counted), (2, 0));

    raw.execute_batch("UPDATE counts SET visitors = 1 WHERE visitors = -1").unwrap();
    assert_eq!(store.retry_set_aside().await.expect("tried"), []);
    assert_eq!(counted(&*store, &bad, day(20)).await.clicks, 2);
    assert_eq!(store.retry_set_aside().await.expect("tried"), [], "it counts once");
    assert_eq!(counted(&*store, &bad, day(20)).await.clicks, 2);
}

#[tokio::test]
async fn what_is_settled_into_a_file_that_is_gone_from_its_place_is_not_called_settled() {
    for takes_away in [
        |data: &Data| fs::remove_file(data.path()).unwrap(),
        |data: &Data| fs::rename(data.path(), data.path().with_extension("moved")).unwrap(),
    ] {
        let data = Data::new();
        let store = data.open().await;
        let site = stored_site(&*store, "press").await;
        let link = stored_link(&*store, &site, "abc").await;
        let mut journal = Journal::new("j");
        takes_away(&data);
        let entries = [journal.entry(&link, day(20), click(1))];
        let answer = store.settle(&journal.id, &entries).await;
        assert!(matches!(answer, Err(StoreError::Foreign(_))), "{answer:?}");
        assert!(matches!(store.verify(&store.identity()).await, Err(StoreError::Foreign(_))));
    }
}

#[tokio::test]
async fn no_link_is_confirmed_that_a_restart_would_not_find() {
    for ending in ["", "-wal", "-shm"] {
        let data = Data::new();
        let store = data.open().await;
        let site = stored_site(&*store, "press").await;
        stored_link(&*store, &site, "before").await;
        let path = format!("{}{ending}", data.path().display());
        fs::rename(&path, format!("{path}.moved")).unwrap();
        let link = link(&site, "after");
        let answer = store.insert_link(&link, &[]).await;
        if ending.is_empty() {
            assert!(matches!(answer, Err(StoreError::Foreign(_))), "{answer:?}");
        } else {
            answer.expect("the log has been copied into the file");
            assert!(matches!(store.verify(&store.identity()).await, Err(StoreError::Foreign(_))));
            // As a process that was killed leaves it.
            let copy = data.path().with_extension("copy");
            fs::copy(data.path(), &copy).unwrap();
            let found = Connection::open(copy)
                .unwrap()
                .query_row("SELECT count(*) FROM links", [], |row| row.get::<_, i64>(0))
                .unwrap();
            assert_eq!(found, 2, "{ending}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_moved_back_is_the_store_again_and_has_counted_once() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let aside = data.path().with_extension("moved");
    fs::rename(data.path(), &aside).unwrap();
    let entries = [journal.entry(&link, day(20), click(1))];
    assert!(store.settle(&journal.id, &entries).await.is_err());
    fs::rename(&aside, data.path()).unwrap();
    store.verify(&store.identity()).await.expect("the same store");
    store.settle(&journal.id, &entries).await.expect("settled");
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(1, 1));
}

#[tokio::test]
async fn another_store_in_its_place_is_foreign_until_it_is_adopted() {
    let (data, other) = (Data::new(), Data::new());
    let store = data.open().await;
    let identity = other.open().await.identity();
    assert_ne!(store.identity(), identity);
    fs::write(data.path().with_extension("new"), copy_of(&other)).unwrap();
    fs::rename(data.path().with_extension("new"), data.path()).unwrap();
    assert!(matches!(store.verify(&store.identity()).await, Err(StoreError::Foreign(_))));
    assert_eq!(store.adopt().await.expect("adopted"), identity);
    store.verify(&store.identity()).await.expect("the right store now");
    stored_site(&*store, "press").await;
}

#[tokio::test]
async fn a_backup_that_is_put_back_lacks_what_was_confirmed_since() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1)]).await;
    let backup = copy_of(&data);
    let since = journal.entries(&link, day(20), [click(2), click(3)]);
    store.settle(&journal.id, &since).await.expect("settled");
    fs::write(data.path().with_extension("new"), backup).unwrap();
    fs::rename(data.path().with_extension("new"), data.path()).unwrap();

    store.verify(&store.identity()).await.expect("the same store, put back");
    assert_eq!(store.checkpoint(&journal.id).await.expect("a checkpoint"), 1);
    let mut next = journal.entry(&link, day(20), click(4));
    next.previous = 3;
    let answer = store.settle(&journal.id, &[next]).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 1 })), "{answer:?}");
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(1, 1), "nothing was added");
    store.settle(&journal.id, &since).await.expect("settled again");
    assert_eq!(counted(&*store, &link, day(20)).await.clicks, 3);
}
