//! Unfurls by family of app: counted with the total, once each, and gone with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family;
use entrenous::domain::family::Family::{Slack, Telegram, WhatsApp};
use entrenous::stats::counts::Counts;
use entrenous::store::Store;
use futures_util::future::join_all;

use crate::fixtures::{
    Journal, UNFURL, by_day, channel, click, counted, day, insert, link, stored_link, stored_site,
};
use crate::site_counts::SiteCountsOf;

const SLACK: EntryKind = EntryKind::Unfurl(Slack);
const TELEGRAM: EntryKind = EntryKind::Unfurl(Telegram);

/// Counts of so many unfurls, of which these are known.
fn unfurls<const N: usize>(unfurls: u64, known: [(Family, u64); N]) -> Counts {
    Counts { unfurls, known_unfurls: BTreeMap::from(known), ..Counts::default() }
}

pub(crate) async fn each_familys_unfurls_are_counted_beside_the_total(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (link, other) = (stored_link(&*store, &site, "abc").await, stored_link(&*store, &site, "o").await);
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [SLACK, UNFURL, click(1), TELEGRAM, SLACK]).await;
    journal.settle(&*store, &other, day(20), [TELEGRAM]).await;
    // A family that comes later joins those that are there.
    journal.settle(&*store, &link, day(20), [EntryKind::Unfurl(WhatsApp), SLACK]).await;
    let known = [(Slack, 3), (Telegram, 1), (WhatsApp, 1)];
    let expected = Counts { clicks: 1, visitors: 1, ..unfurls(6, known) };
    assert_eq!(counted(&*store, &link, day(20)).await, expected);
    assert_eq!(counted(&*store, &other, day(20)).await, unfurls(1, [(Telegram, 1)]));
    // Every family there is, a number of times of its own, of which only one has no name.
    let all = Family::all().zip(1..).flat_map(|(family, times)| vec![EntryKind::Unfurl(family); times]);
    journal.settle(&*store, &link, day(21), all).await;
    let found = counted(&*store, &link, day(21)).await;
    assert_eq!(found.unfurls_by_app(), Family::all().zip(1..).collect());
    assert_eq!(found.unfurls, found.unfurls_by_app().values().sum::<u64>());
}

pub(crate) async fn settling_again_counts_no_familys_unfurl_twice(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links = [stored_link(&*store, &site, "a").await, stored_link(&*store, &site, "b").await];
    let mut journal = Journal::new("j");
    let kinds = [SLACK, UNFURL, TELEGRAM, SLACK, EntryKind::Open];
    let entries: Vec<_> = (0..40)
        .map(|n: usize| journal.entry(&links[n % 2], day(20 + i32::from(n.is_multiple_of(3))), kinds[n % 5]))
        .collect();
    for stretch in [0..10, 0..10, 5..12, 0..20, 11..19, 19..40, 0..40, 39..40, 0..1] {
        store.settle(&journal.id, &entries[stretch]).await.unwrap();
    }
    for (parity, link) in links.iter().enumerate() {
        for third in [false, true] {
            let ours = (0..40).filter(|n| n % 2 == parity && (n % 3 == 0) == third);
            let of = |kinds: &[usize]| ours.clone().filter(|n| kinds.contains(&(n % 5))).count() as u64;
            let known = [(Slack, of(&[0, 3])), (Telegram, of(&[2]))];
            let expected = Counts { opens: of(&[4]), ..unfurls(of(&[0, 1, 2, 3]), known) };
            let found = counted(&*store, link, day(20 + i32::from(third))).await;
            assert_eq!(found, expected, "{} {third}", link.code);
        }
    }
}

pub(crate) async fn concurrent_journals_add_up_for_each_family(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut stretches = Vec::new();
    for number in 0..10 {
        let mut journal = Journal::new(&format!("j{number}"));
        let entries = journal.entries(&link, day(20), [SLACK, TELEGRAM, SLACK, UNFURL]);
        stretches.push((journal.id, entries));
    }
    let all = stretches.iter().chain(&stretches);
    let outcomes = join_all(all.map(|(journal, entries)| store.settle(journal, entries))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(counted(&*store, &link, day(20)).await, unfurls(40, [(Slack, 20), (Telegram, 10)]));
}

pub(crate) async fn a_sites_rows_tell_its_unfurls_apart(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    for (named, site, by) in
        [("a", &press, "sms"), ("b", &press, "sms"), ("c", &press, "email"), ("d", &radio, "sms")]
    {
        let mut link = link(site, named);
        link.channel = channel(by);
        insert(&*store, &link).await;
        journal.settle(&*store, &link, day(21), [SLACK, UNFURL]).await;
        journal.settle(&*store, &link, day(22), [TELEGRAM]).await;
    }
    let rows = store.site_counts(&press.id, day(21), day(21)).await.unwrap().rows;
    let found: BTreeMap<_, _> =
        rows.into_iter().map(|row| (row.channel.to_string(), row.counts.all())).collect();
    let expected = [("email", unfurls(2, [(Slack, 1)])), ("sms", unfurls(4, [(Slack, 2)]))];
    assert_eq!(found, expected.map(|(channel, counts)| (channel.to_owned(), counts)).into());
}

pub(crate) async fn they_go_with_the_counts_of_their_day_and_no_other(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for number in [19, 20, 21] {
        journal.settle(&*store, &link, day(number), [SLACK, SLACK]).await;
    }
    store.forget_counts_before(day(21)).await.unwrap();
    let days = by_day(&*store, &link, day(1), day(30)).await;
    assert_eq!(days, BTreeMap::from([(day(21), unfurls(2, [(Slack, 2)]))]));
    // What comes late begins at nothing.
    journal.settle(&*store, &link, day(20), [SLACK, UNFURL]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, unfurls(2, [(Slack, 1)]));
    store.forget_visitors_before(day(30)).await.unwrap();
    assert_eq!(counted(&*store, &link, day(21)).await, unfurls(2, [(Slack, 2)]));
}

pub(crate) async fn they_go_with_their_link(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (gone, kept) = (stored_link(&*store, &site, "gone").await, stored_link(&*store, &site, "kept").await);
    let mut journal = Journal::new("j");
    for link in [&gone, &kept] {
        for number in [3, 19, 20] {
            journal.settle(&*store, link, day(number), [SLACK]).await;
        }
    }
    assert!(store.delete_link(&gone.code).await.unwrap().was_there());
    assert_eq!(store.link_counts(&kept.code, day(1), day(30)).await.unwrap().days.len(), 3);
    let again = stored_link(&*store, &site, "gone").await;
    assert!(store.link_counts(&again.code, day(1), day(30)).await.unwrap().days.is_empty());
    journal.settle(&*store, &again, day(20), [SLACK, TELEGRAM]).await;
    assert_eq!(counted(&*store, &again, day(20)).await, unfurls(2, [(Slack, 1), (Telegram, 1)]));
    let known: u64 = store
        .site_counts(&site.id, day(1), day(30))
        .await
        .unwrap()
        .rows
        .iter()
        .flat_map(|row| row.counts.open.known_unfurls.values())
        .sum();
    assert_eq!(known, 5);
}
