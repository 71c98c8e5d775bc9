//! Reading counts: of a link by day, of a site by page, channel, campaign and day.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::day::Day;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::LinkChange;
use entrenous::domain::site::Site;
use entrenous::stats::counts::Counts;
use entrenous::store::Store;
use jiff::SignedDuration;

use crate::fixtures::{
    Journal, UNFURL, by_day, channel, click, clicks, code, day, insert, link, noon, stored_link, stored_site,
    text, url,
};
use crate::site_counts::SiteCountsOf;

type Row = (String, String, Option<String>, Day);

/// A site's rows by what they stand for, each of which may come once; rows of nothing are left out.
async fn rows(store: &dyn Store, site: &Site, first: i32, last: i32) -> BTreeMap<Row, Counts> {
    let mut rows = BTreeMap::new();
    for row in store.site_counts(&site.id, day(first), day(last)).await.expect("counts").rows {
        let campaign = row.campaign.map(|campaign| campaign.as_str().to_owned());
        let page = row.page.expect("nothing is closed here");
        let key = (page.to_string(), row.channel.to_string(), campaign, row.day);
        let earlier = rows.insert(key.clone(), row.counts.all());
        assert_eq!(earlier, None, "{key:?} comes twice");
    }
    rows.retain(|_, counts| *counts != Counts::default());
    rows
}

fn row(page: &str, channel: &str, campaign: Option<&str>, number: i32) -> Row {
    let page = format!("https://example.com/{page}");
    (page, channel.to_owned(), campaign.map(str::to_owned), day(number))
}

fn shares(shares: u64) -> Counts {
    Counts { shares, ..Counts::default() }
}

pub(crate) async fn a_links_counts_are_those_of_the_days_asked_for(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (link, other) = (stored_link(&*store, &site, "abc").await, stored_link(&*store, &site, "o").await);
    let mut journal = Journal::new("j");
    for number in [10, 11, 13, 20] {
        journal.settle(&*store, &link, day(number), (0..10).map(click)).await;
    }
    // Days on which only another link was clicked are none of this one's.
    for number in [11, 12, 15] {
        journal.settle(&*store, &other, day(number), [click(1)]).await;
    }
    for ((first, last), expected) in [
        ((1, 30), &[10, 11, 13, 20][..]),
        ((10, 20), &[10, 11, 13, 20]),
        ((11, 19), &[11, 13]),
        ((13, 13), &[13]),
        ((12, 12), &[]),
        ((14, 16), &[]),
        ((21, 30), &[]),
        ((13, 11), &[]),
    ] {
        let days = by_day(&*store, &link, day(first), day(last)).await;
        let expected: BTreeMap<_, _> = expected.iter().map(|n| (day(*n), clicks(10, 10))).collect();
        assert_eq!(days, expected, "{first} to {last}");
    }
    assert!(store.link_counts(&code("unknown"), day(1), day(30)).await.unwrap().days.is_empty());
}

pub(crate) async fn a_site_has_a_row_for_each_page_channel_campaign_and_day(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let kinds = [
        ("a1", "a", "sms", None),
        ("a2", "a", "sms", None),
        ("a3", "a", "sms", Some("spring")),
        ("a4", "a", "email", None),
        ("b1", "b", "sms", None),
    ];
    for (number, (named, page, by, campaign)) in kinds.into_iter().enumerate() {
        let mut link = link(&site, named);
        link.url = url(&format!("https://example.com/{page}"));
        link.channel = channel(by);
        link.campaign = campaign.and_then(text);
        insert(&*store, &link).await;
        let number = u32::try_from(number).unwrap();
        journal.settle(&*store, &link, day(20), (0..=number).map(click)).await;
        journal.settle(&*store, &link, day(21), [UNFURL, EntryKind::Open]).await;
    }
    let on_the_20th = |shares, number| Counts { shares, ..clicks(number, number) };
    let on_the_21st = |number| Counts { unfurls: number, opens: number, ..Counts::default() };
    let expected = BTreeMap::from([
        // Two links of one kind share a row: 1 + 2 clicks, each with its own visitors.
        (row("a", "sms", None, 20), on_the_20th(2, 3)),
        (row("a", "sms", Some("spring"), 20), on_the_20th(1, 3)),
        (row("a", "email", None, 20), on_the_20th(1, 4)),
        (row("b", "sms", None, 20), on_the_20th(1, 5)),
        (row("a", "sms", None, 21), on_the_21st(2)),
        (row("a", "sms", Some("spring"), 21), on_the_21st(1)),
        (row("a", "email", None, 21), on_the_21st(1)),
        (row("b", "sms", None, 21), on_the_21st(1)),
    ]);
    assert_eq!(rows(&*store, &site, 1, 30).await, expected);
}

pub(crate) async fn a_share_counts_on_the_day_its_link_was_made(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let midnight = day(21).start();
    for (named, hours) in [("a", -1), ("b", -5), ("c", 0), ("d", 23), ("e", 24)] {
        let mut link = link(&site, named);
        link.created_at = midnight + SignedDuration::from_hours(hours);
        insert(&*store, &link).await;
    }
    let on = |number| row("page", "sms", None, number);
    let all = BTreeMap::from([(on(20), shares(2)), (on(21), shares(2)), (on(22), shares(1))]);
    assert_eq!(rows(&*store, &site, 20, 22).await, all);
    assert_eq!(rows(&*store, &site, 21, 21).await, BTreeMap::from([(on(21), shares(2))]));
    assert_eq!(rows(&*store, &site, 23, 30).await, BTreeMap::new());
}

pub(crate) async fn a_changed_links_counts_follow_it_from_the_next_day_on(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (moved, other) = (stored_link(&*store, &site, "moved").await, stored_link(&*store, &site, "o").await);
    let mut journal = Journal::new("j");
    journal.settle(&*store, &moved, day(21), [click(1), click(2)]).await;
    journal.settle(&*store, &other, day(21), [click(1)]).await;
    let change = LinkChange {
        url: Some(url("https://example.com/new").into()),
        campaign: Some(text("spring")),
        ..LinkChange::default()
    };
    store.change_link(&moved.code, change, day(21)).await.unwrap();
    journal.settle(&*store, &moved, day(21), [click(2)]).await;
    journal.settle(&*store, &moved, day(22), [click(1)]).await;
    let expected = BTreeMap::from([
        (row("page", "sms", None, 20), shares(2)),
        (row("page", "sms", None, 21), clicks(4, 3)),
        (row("new", "sms", Some("spring"), 22), clicks(1, 1)),
    ]);
    assert_eq!(rows(&*store, &site, 1, 30).await, expected);
}

pub(crate) async fn a_deleted_link_leaves_the_statistics(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (gone, kept) = (stored_link(&*store, &site, "gone").await, stored_link(&*store, &site, "kept").await);
    let mut journal = Journal::new("j");
    for link in [&gone, &kept] {
        journal.settle(&*store, link, day(20), [click(1)]).await;
        journal.settle(&*store, link, day(21), [EntryKind::Open]).await;
    }
    store.delete_link(&gone.code).await.unwrap();
    let expected = BTreeMap::from([
        (row("page", "sms", None, 20), Counts { shares: 1, ..clicks(1, 1) }),
        (row("page", "sms", None, 21), Counts { opens: 1, ..Counts::default() }),
    ]);
    assert_eq!(rows(&*store, &site, 1, 30).await, expected);
    store.delete_link(&kept.code).await.unwrap();
    assert_eq!(rows(&*store, &site, 1, 30).await, BTreeMap::new());
}

pub(crate) async fn a_sites_statistics_are_its_own_and_of_the_days_asked_for(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let (ours, theirs) = (stored_link(&*store, &press, "o").await, stored_link(&*store, &radio, "t").await);
    let mut journal = Journal::new("j");
    for number in 18..=24 {
        journal.settle(&*store, &ours, day(number), [click(1)]).await;
        journal.settle(&*store, &theirs, day(number), [click(1), click(2)]).await;
    }
    assert_eq!(ours.created_at, noon(20));
    let on = |number| row("page", "sms", None, number);
    let expected = |shares, number| Counts { shares, ..clicks(number, number) };
    let of = |number| BTreeMap::from([(on(20), expected(1, number)), (on(21), expected(0, number))]);
    assert_eq!(rows(&*store, &press, 20, 21).await, of(1));
    assert_eq!(rows(&*store, &radio, 20, 21).await, of(2));
    assert_eq!(rows(&*store, &press, 25, 30).await, BTreeMap::new());
}
