//! What a store tells of a day that is open, to show its numbers: totals by channel, and the networks that came last.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::channel::ChannelName;
use entrenous::domain::day::Day;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::networks::{Bucket, Networks};
use entrenous::domain::site::Site;
use entrenous::stats::counts::Amount;
use entrenous::store::Store;
use futures_util::future::join_all;

use super::cells::{TODAY, close, k, made};
use crate::fixtures::{Journal, UNFURL, channel, click, crowd, crowd_of, day, stored_site};

/// The totals of a day; a channel of nothing is as good as none.
async fn totals(store: &dyn Store, site: &Site, on: i32) -> BTreeMap<ChannelName, Amount> {
    let mut totals = store.open_totals(&site.id, day(on)).await.expect("totals");
    totals.retain(|_, amount| !amount.is_nothing());
    totals
}

fn amount(clicks: u64, visitors: u64, opens: u64) -> Amount {
    Amount { clicks, visitors, opens }
}

pub(crate) async fn open_totals_are_those_of_a_sites_day_by_channel(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    for (site, named, by) in
        [(&press, "s1", "sms"), (&press, "s2", "sms"), (&press, "m", "email"), (&radio, "r", "sms")]
    {
        let link = made(&*store, site, named, ("a", by, None)).await;
        let kinds = [click(1), click(1), click(2), UNFURL, EntryKind::Open];
        journal.settle(&*store, &link, day(20), kinds).await;
        journal.settle(&*store, &link, day(21), [click(1)]).await;
    }
    let gone = made(&*store, &press, "gone", ("a", "sms", None)).await;
    journal.settle(&*store, &gone, day(20), [click(7)]).await;
    store.delete_link(&gone.code).await.unwrap();
    let expected = BTreeMap::from([(channel("email"), amount(3, 2, 1)), (channel("sms"), amount(6, 4, 2))]);
    assert_eq!(totals(&*store, &press, 20).await, expected);
    assert_eq!(totals(&*store, &radio, 21).await, BTreeMap::from([(channel("sms"), amount(1, 1, 0))]));
    assert_eq!(totals(&*store, &radio, 19).await, BTreeMap::new());
}

pub(crate) async fn what_is_closed_is_not_among_the_open_totals(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let link = made(&*store, &site, "abc", ("a", "sms", None)).await;
    journal.come(&*store, &link, day(21), crowd(0..30)).await;
    close(&*store, TODAY, k(5)).await;
    assert_eq!(totals(&*store, &site, 21).await, BTreeMap::new());
    journal.settle(&*store, &link, day(21), [click(1)]).await;
    assert_eq!(totals(&*store, &site, TODAY).await, BTreeMap::from([(channel("sms"), amount(1, 1, 0))]));
}

/// Whether exactly these networks came since they were taken last.
async fn takes(store: &dyn Store, site: &Site, on: Day, expected: &[(&str, &[u8])]) -> bool {
    let mut found = store.take_recent_networks(&site.id, on).await.expect("networks");
    found.retain(|_, networks| networks.count() > 0);
    let expected: BTreeMap<ChannelName, Networks> = expected
        .iter()
        .map(|(by, buckets)| (channel(by), buckets.iter().copied().map(Bucket::new).collect()))
        .collect();
    found == expected
}

pub(crate) async fn networks_are_those_that_came_since_they_were_taken_last(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    let (one, other, mail, foreign) = (
        made(&*store, &press, "one", ("a", "sms", None)).await,
        made(&*store, &press, "other", ("b", "sms", None)).await,
        made(&*store, &press, "m", ("a", "email", None)).await,
        made(&*store, &radio, "r", ("a", "sms", None)).await,
    );
    assert!(takes(&*store, &press, day(20), &[]).await);
    let entries = journal.visits(&one, day(20), crowd(0..3));
    store.settle(&journal.id, &entries).await.unwrap();
    journal.come(&*store, &other, day(20), crowd_of(2..9, 5)).await;
    journal.come(&*store, &mail, day(20), [(1, 77), (2, 77)]).await;
    journal.come(&*store, &one, day(21), [(1, 9)]).await;
    journal.come(&*store, &foreign, day(20), [(1, 1)]).await;
    // Somebody whose network nobody knows, and somebody who was not asked, are of none.
    journal.settle(&*store, &one, day(20), [click(200), EntryKind::Open]).await;
    assert!(takes(&*store, &press, day(20), &[("email", &[77]), ("sms", &[0, 1, 2, 3, 4])]).await);
    assert!(takes(&*store, &press, day(20), &[]).await, "they are forgotten with that");
    // Those that were counted before are passed over, and whoever comes again has come again.
    store.settle(&journal.id, &entries).await.unwrap();
    assert!(takes(&*store, &press, day(20), &[]).await);
    journal.come(&*store, &one, day(20), [(1, 1)]).await;
    assert!(takes(&*store, &press, day(20), &[("sms", &[1])]).await);
    assert!(takes(&*store, &press, day(21), &[("sms", &[9])]).await);
    assert!(takes(&*store, &radio, day(20), &[("sms", &[1])]).await);
    // What is taken is still there for the closing.
    journal.come(&*store, &one, day(20), crowd(100..110)).await;
    assert!(
        takes(&*store, &press, day(20), &[("sms", &[100, 101, 102, 103, 104, 105, 106, 107, 108, 109])])
            .await
    );
    close(&*store, TODAY, k(5)).await;
    let cell = super::cells::cell(&*store, &one, 20).await;
    assert!(cell.visitors >= 10, "{cell:?}");
}

pub(crate) async fn networks_that_came_through_any_instance_are_taken_once(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let link = made(&*one, &site, "abc", ("a", "sms", None)).await;
    let (mut ours, mut theirs) = (Journal::new("ours"), Journal::new("theirs"));
    // Networks are kept beside the day keys, until the day ends by the store's own clock.
    let today = Day::of(entrenous::clock::Clock::system().now());
    ours.come(&*one, &link, today, crowd(0..3)).await;
    theirs.come(&*other, &link, today, crowd(2..5)).await;
    assert!(takes(&*other, &site, today, &[("sms", &[0, 1, 2, 3, 4])]).await);
    assert!(takes(&*one, &site, today, &[]).await);
}

pub(crate) async fn of_two_notes_of_a_day_at_once_one_holds(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let site = stored_site(&*one, "press").await;
    let today = Day::of(entrenous::clock::Clock::system().now());
    assert_eq!(one.today_note(&site.id, today).await.unwrap(), None);
    let handles = [&one, &other];
    let swaps = join_all((0..20_usize).map(|number| {
        let note = number.to_string();
        let (store, id) = (handles[number % 2], &site.id);
        async move { store.swap_today_note(id, today, None, &note).await.unwrap() }
    }));
    let held: Vec<usize> =
        swaps.await.into_iter().enumerate().filter_map(|(n, held)| held.then_some(n)).collect();
    assert_eq!(held.len(), 1, "{held:?}");
    let first = held[0].to_string();
    assert_eq!(other.today_note(&site.id, today).await.unwrap().as_ref(), Some(&first));
    assert!(!one.swap_today_note(&site.id, today, Some("another"), "x").await.unwrap());
    assert!(!one.swap_today_note(&site.id, today, None, "x").await.unwrap());
    assert!(one.swap_today_note(&site.id, today, Some(&first), "{\"second\":1}").await.unwrap());
    assert_eq!(other.today_note(&site.id, today).await.unwrap().as_deref(), Some("{\"second\":1}"));
    assert_eq!(one.today_note(&site.id, today.plus(1)).await.unwrap(), None, "each day has its own");
}
