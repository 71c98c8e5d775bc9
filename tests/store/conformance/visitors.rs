//! Visitors: how many different people there were, for one link on one day.

use std::sync::Arc;

use entrenous::store::Store;

use crate::fixtures::{Journal, click, clicks, counted, day, stored_link, stored_site};

pub(crate) async fn up_to_a_hundred_visitors_are_counted_exactly(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for visitor in 0..100 {
        // Each comes twice, and an earlier one comes back.
        let visit = [click(visitor), click(visitor / 2), click(visitor)];
        journal.settle(&*store, &link, day(20), visit).await;
        let expected = u64::from(visitor) + 1;
        assert_eq!(counted(&*store, &link, day(20)).await, clicks(3 * expected, expected));
    }
}

pub(crate) async fn the_511th_visitor_is_still_counted_exactly(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..500).map(click)).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(500, 500));
    journal.settle(&*store, &link, day(20), (400..511).map(click)).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(611, 511));
}

pub(crate) async fn five_thousand_visitors_are_counted_within_two_percent(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for stretch in 1..=50_u32 {
        let present = 100 * stretch;
        // A hundred new ones, and some that were there before.
        let visits = (present - 100..present).chain((0..present).step_by(10)).map(click);
        journal.settle(&*store, &link, day(20), visits).await;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let counted = counted(&*store, &link, day(20)).await.visitors as f64;
        let error = (counted - f64::from(present)).abs() / f64::from(present);
        assert!(error <= 0.02, "{counted} of {present}");
    }
}

pub(crate) async fn a_visitor_counts_once_a_day_and_again_the_next(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for number in [20, 21, 20, 21, 21] {
        journal.settle(&*store, &link, day(number), [click(1)]).await;
    }
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(2, 1));
    assert_eq!(counted(&*store, &link, day(21)).await, clicks(3, 1));
}

pub(crate) async fn a_visitor_of_two_links_counts_for_each(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (one, other) = (stored_link(&*store, &site, "one").await, stored_link(&*store, &site, "other").await);
    let mut journal = Journal::new("j");
    let entries: Vec<_> =
        [&one, &other, &one].into_iter().map(|link| journal.entry(link, day(20), click(1))).collect();
    store.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*store, &one, day(20)).await, clicks(2, 1));
    assert_eq!(counted(&*store, &other, day(20)).await, clicks(1, 1));
}

pub(crate) async fn settling_again_adds_no_visitor(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), (0..2_000).map(click));
    store.settle(&journal.id, &entries).await.unwrap();
    let settled = counted(&*store, &link, day(20)).await;
    assert_eq!(settled.clicks, 2_000);
    for stretch in entries.chunks(700) {
        store.settle(&journal.id, stretch).await.unwrap();
    }
    store.forget_visitors_before(day(21)).await.unwrap();
    store.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*store, &link, day(20)).await, settled);
}

pub(crate) async fn of_a_days_sets_with_different_keys_the_largest_one_counts(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (one, many) = (stored_link(&*store, &site, "one").await, stored_link(&*store, &site, "many").await);
    let mut journal = Journal::new("j");
    // One person, who has another tag after each loss of the day's key.
    for key in 0..6 {
        journal.settle(&*store, &one, day(20), [click(key)]).await;
        store.forget_visitors_before(day(21)).await.unwrap();
    }
    assert_eq!(counted(&*store, &one, day(20)).await, clicks(6, 1));
    // A hundred of them come again, and fifty for the first time.
    journal.settle(&*store, &many, day(20), (0..300).map(click)).await;
    store.forget_visitors_before(day(21)).await.unwrap();
    journal.settle(&*store, &many, day(20), (1_000..1_150).map(click)).await;
    assert_eq!(counted(&*store, &many, day(20)).await, clicks(450, 300));
    // A set of more than all before, a sketch by now.
    store.forget_visitors_before(day(21)).await.unwrap();
    journal.settle(&*store, &many, day(20), (2_000..2_600).map(click)).await;
    let largest = counted(&*store, &many, day(20)).await;
    assert_eq!(largest.clicks, 1_050);
    assert!(largest.visitors.abs_diff(600) <= 12, "{}", largest.visitors);
    store.forget_visitors_before(day(21)).await.unwrap();
    journal.settle(&*store, &many, day(20), (3_000..3_100).map(click)).await;
    assert_eq!(counted(&*store, &many, day(20)).await, clicks(1_150, largest.visitors));
}
