//! Settling: every journal entry counts once.

use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::entry::Numbered;
use entrenous::stats::counts::Counts;
use entrenous::store::Store;
use futures_util::future::join_all;

use crate::fixtures::{Journal, UNFURL, by_day, click, clicks, counted, day, link, stored_link, stored_site};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn clicks_unfurls_and_unasked_clicks_are_counted_each_for_itself(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let (unfurl, unasked) = (UNFURL, EntryKind::Open);
    let kinds = [click(1), unfurl, click(2), unasked, unasked, click(1), unfurl, unasked, unasked];
    journal.settle(&*store, &link, day(20), kinds).await;
    journal.settle(&*store, &link, day(20), [unfurl]).await;
    let expected = Counts { unfurls: 3, opens: 4, ..clicks(3, 2) };
    assert_eq!(counted(&*store, &link, day(20)).await, expected);
}

pub(crate) async fn settling_again_in_whatever_groups_changes_nothing(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links = [stored_link(&*store, &site, "a").await, stored_link(&*store, &site, "b").await];
    let mut journal = Journal::new("j");
    let entries: Vec<_> = (0..30)
        .map(|n| {
            let kind = if n % 5 == 0 { UNFURL } else { click(n % 7) };
            journal.entry(&links[n as usize % 2], day(20), kind)
        })
        .collect();
    // Each stretch begins somewhere in what was settled before.
    for stretch in [0..10, 0..10, 5..12, 0..20, 11..19, 19..30, 0..30, 29..30, 0..1] {
        store.settle(&journal.id, &entries[stretch]).await.unwrap();
    }
    for (parity, link) in links.iter().enumerate() {
        let ours: Vec<_> = (0..30_u32).filter(|n| *n as usize % 2 == parity).collect();
        let unfurls = ours.iter().filter(|n| *n % 5 == 0).count() as u64;
        let expected = Counts { unfurls, ..clicks(ours.len() as u64 - unfurls, 7) };
        assert_eq!(counted(&*store, link, day(20)).await, expected, "{}", link.code);
    }
}

pub(crate) async fn numbers_may_have_gaps_and_go_up_to_their_limit(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let mut entries = journal.entries(&link, day(20), (0..4).map(click));
    let highest = (1 << 53) - 1;
    for (entry, number) in entries.iter_mut().zip([7, 5_000_000_000, highest - 1, highest]) {
        entry.number = number;
    }
    for stretch in [0..1, 0..2, 1..3, 0..4, 0..4] {
        store.settle(&journal.id, &entries[stretch]).await.unwrap();
    }
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(4, 4));
}

pub(crate) async fn journals_do_not_know_of_each_other(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let (mut one, mut other) = (Journal::new("one"), Journal::new("other"));
    let ones = one.entries(&link, day(20), [click(1), click(2), click(3)]);
    let others = other.entries(&link, day(20), [click(3), click(2)]);
    for _ in 0..2 {
        store.settle(&one.id, &ones).await.unwrap();
        store.settle(&other.id, &others).await.unwrap();
    }
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(5, 3));
}

pub(crate) async fn concurrent_journals_add_up(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut stretches = Vec::new();
    for number in 0..10 {
        let mut journal = Journal::new(&format!("j{number}"));
        let entries = journal.entries(&link, day(20), (0..20).map(click));
        stretches.push((journal.id, entries));
    }
    let outcomes = join_all(stretches.iter().map(|(journal, entries)| store.settle(journal, entries))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(200, 20));
}

pub(crate) async fn one_stretch_settled_many_times_at_once_counts_once(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), (0..20).map(click));
    let outcomes = join_all((0..10).map(|_| store.settle(&journal.id, &entries))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(20, 20));
}

pub(crate) async fn entries_of_links_that_are_gone_count_nothing_and_hold_up_no_others(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let kept = stored_link(&*store, &site, "kept").await;
    let gone = stored_link(&*store, &site, "gone").await;
    let never = link(&site, "never");
    let mut journal = Journal::new("j");
    let entries: Vec<_> = [&gone, &kept, &never, &kept, &gone]
        .into_iter()
        .zip(0..)
        .map(|(link, visitor)| journal.entry(link, day(20), click(visitor)))
        .collect();
    store.delete_link(&gone.code).await.unwrap();
    store.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*store, &kept, day(20)).await, clicks(2, 2));
    for link in [&gone, &never] {
        assert_eq!(store.link(&link.code).await.unwrap(), None);
        assert!(store.link_counts(&link.code, day(1), day(30)).await.unwrap().days.is_empty());
    }
    assert_eq!(store.site_counts(&site.id, day(20), day(20)).await.unwrap().rows.len(), 1);
}

pub(crate) async fn days_may_come_in_any_order(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries: Vec<Numbered> =
        [21, 20, 22, 20, 21, 3].into_iter().map(|n| journal.entry(&link, day(n), click(1))).collect();
    store.settle(&journal.id, &entries).await.unwrap();
    let days = by_day(&*store, &link, day(1), day(30)).await;
    let expected = [(3, 1), (20, 2), (21, 2), (22, 1)].map(|(n, count)| (day(n), clicks(count, 1)));
    assert_eq!(days.into_iter().collect::<Vec<_>>(), expected);
}

pub(crate) async fn nothing_to_settle_is_no_error(store: Arc<dyn Store>) {
    store.settle(&Journal::new("j").id, &[]).await.expect("nothing to do");
}
