//! What a store knows of journals and of itself: how far each journal is in it, and that it is the one that it was.

use std::sync::Arc;

use entrenous::store::{Settled, Store, StoreError};
use futures_util::future::{join, join_all};

use crate::fixtures::{
    Journal, click, clicks, counted, day, insert, link, link_up, stored_link, stored_site,
};

pub(crate) async fn a_store_is_the_one_that_it_was_and_stays_it_when_it_is_adopted(store: Arc<dyn Store>) {
    let identity = store.identity();
    assert_eq!(identity.as_str().len(), 16, "{identity}");
    store.verify(&store.identity()).await.expect("nothing has happened to it");
    assert_eq!(store.adopt().await.expect("adopted"), identity);
    assert_eq!(store.identity(), identity);
    store.verify(&store.identity()).await.expect("nothing has happened to it");
}

pub(crate) async fn every_link_is_in_a_partition(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    for number in 0..1_000 {
        let link = link(&site, &format!("link{number}"));
        let partition = store.partition(&link.key());
        assert!(partition < store.partitions(), "{partition}");
        assert_eq!(store.partition(&link.key()), partition);
    }
}

pub(crate) async fn what_became_of_each_entry_is_told(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (kept, gone) = (stored_link(&*store, &site, "kept").await, stored_link(&*store, &site, "gone").await);
    let mut journal = Journal::new("j");
    let first = journal.entries(&kept, day(20), (0..3).map(click));
    let settled = store.settle(&journal.id, &first).await.unwrap();
    assert_eq!(settled, Settled { counted: 3, ..Settled::default() });
    assert!(store.delete_link(&gone.code).await.unwrap().was_there());
    let of_gone = journal.entries(&gone, day(20), (0..2).map(click));
    let more = journal.entries(&kept, day(20), [click(3)]);
    let settled = store.settle(&journal.id, &[&first[..], &of_gone, &more].concat()).await.unwrap();
    assert_eq!(settled, Settled { counted: 1, passed_over: 3, gone: 2, deleted: 2, ..Settled::default() });
    let settled = store.settle(&journal.id, &[first, of_gone, more].concat()).await.unwrap();
    assert_eq!(settled, Settled { passed_over: 6, ..Settled::default() });
}

pub(crate) async fn entries_behind_others_that_are_missing_are_refused(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let mut entries = journal.entries(&link, day(20), (0..6).map(click));
    link_up(&*store, &mut entries);
    store.settle(&journal.id, &entries[..2]).await.unwrap();
    let answer = store.settle(&journal.id, &entries[4..]).await;
    assert!(matches!(answer, Err(StoreError::Behind { checkpoint: 2 })), "{answer:?}");
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(2, 2));
    store.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(6, 6));
}

pub(crate) async fn what_is_confirmed_of_a_journal_is_known_and_never_less(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let (mut journal, other) = (Journal::new("j"), Journal::new("other"));
    let mut entries = journal.entries(&link, day(20), (0..4).map(click));
    link_up(&*store, &mut entries);
    assert_eq!(store.checkpoint(&journal.id).await.unwrap(), 0);
    store.settle(&journal.id, &entries).await.unwrap();
    store.confirm(&journal.id, 4, day(20), false).await.unwrap();
    assert_eq!(store.checkpoint(&journal.id).await.unwrap(), 4);
    store.confirm(&journal.id, 2, day(20), false).await.unwrap();
    assert_eq!(store.checkpoint(&journal.id).await.unwrap(), 4);
    assert_eq!(store.checkpoint(&other.id).await.unwrap(), 0);
    // Another run reads the journal again, which is known to the end and then goes on.
    store.confirm(&journal.id, 4, day(21), true).await.unwrap();
    assert_eq!(store.checkpoint(&journal.id).await.unwrap(), 4);
    let settled = store.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(settled, Settled { passed_over: 4, ..Settled::default() });
    let mut more = journal.entries(&link, day(20), [click(9)]);
    more[0].previous = 4;
    store.settle(&journal.id, &more).await.unwrap();
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(5, 5));
}

pub(crate) async fn what_is_confirmed_is_known_of_links_that_nobody_opened(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    journal.last = 99;
    let opened = stored_link(&*store, &site, "opened").await;
    journal.settle(&*store, &opened, day(20), [click(1)]).await;
    store.confirm(&journal.id, 100, day(20), false).await.unwrap();
    for number in 0..50 {
        let link = stored_link(&*store, &site, &format!("link{number}")).await;
        let mut entries = journal.entries(&link, day(20), [click(1)]);
        entries[0].previous = 100;
        store.settle(&journal.id, &entries).await.unwrap();
        assert_eq!(counted(&*store, &link, day(20)).await, clicks(1, 1));
    }
}

pub(crate) async fn a_journal_is_forgotten_when_its_time_is_over(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let (mut old, mut new) = (Journal::new("old"), Journal::new("new"));
    old.settle(&*store, &link, day(19), [click(1)]).await;
    new.settle(&*store, &link, day(19), [click(2), click(3)]).await;
    store.confirm(&old.id, 1, day(19), true).await.unwrap();
    store.confirm(&new.id, 2, day(20), false).await.unwrap();
    store.forget_counts_before(day(20)).await.unwrap();
    assert_eq!(store.checkpoint(&old.id).await.unwrap(), 0);
    assert_eq!(store.checkpoint(&new.id).await.unwrap(), 2);
}

pub(crate) async fn where_nothing_is_damaged_nothing_is_set_aside(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    Journal::new("j").settle(&*store, &link, day(20), [click(1)]).await;
    assert_eq!(store.retry_set_aside().await.unwrap(), []);
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(1, 1));
}

pub(crate) async fn clicks_of_a_deleted_link_never_count_for_the_one_that_is_made_anew(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let first = stored_link(&*store, &site, "abc").await;
    let settled = journal.entries(&first, day(20), (0..3).map(click));
    store.settle(&journal.id, &settled).await.unwrap();
    let under_way = journal.entries(&first, day(20), (3..5).map(click));
    assert!(store.delete_link(&first.code).await.unwrap().was_there());
    let second = link(&site, "abc");
    insert(&*store, &second).await;
    assert_ne!(second.key(), first.key());
    let new = journal.entries(&second, day(20), (0..2).map(click));
    let outcome = store.settle(&journal.id, &[settled, under_way, new].concat()).await.unwrap();
    assert_eq!(outcome, Settled { counted: 2, passed_over: 3, gone: 2, deleted: 2, ..Settled::default() });
    assert_eq!(counted(&*store, &second, day(20)).await, clicks(2, 2));
}

pub(crate) async fn a_link_that_is_deleted_and_made_anew_while_others_settle_has_its_own_clicks_only(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut present = stored_link(&*store, &site, "abc").await;
    for _ in 0..20 {
        let old = journal.entries(&present, day(20), (0..10).map(click));
        let next = link(&site, "abc");
        let settling = join_all(old.chunks(2).map(|some| store.settle(&journal.id, some)));
        let remaking = async {
            assert!(store.delete_link(&present.code).await.unwrap().was_there());
            insert(&*store, &next).await;
        };
        let (settled, ()) = join(settling, remaking).await;
        assert!(settled.iter().all(Result::is_ok), "{settled:?}");
        assert_eq!(counted(&*store, &next, day(20)).await, clicks(0, 0));
        present = next;
        let new = journal.entries(&present, day(20), (0..3).map(click));
        store.settle(&journal.id, &new).await.unwrap();
        assert_eq!(counted(&*store, &present, day(20)).await, clicks(3, 3));
    }
}
