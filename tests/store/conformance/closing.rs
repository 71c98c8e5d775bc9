//! Closing days into cells: where each count goes, that none is lost, and that none is left below
//! k.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::counts::Counts;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::{Slack, Telegram};
use entrenous::store::Store;
use futures_util::future::join_all;

use super::cells::{K, Kind, TODAY, cell, cells, close, kind, made, try_close};
use crate::fixtures::{
    Journal, UNFURL, click, clicks, counted, day, insert, link, stored_link, stored_site, url,
};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn each_count_becomes_a_cell_where_it_stands_for_k_visitors(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    for (named, kind, visitors) in [
        ("big", ("a", "sms", None), 5),
        ("a1", ("a", "sms", None), 2),
        ("a2", ("a", "sms", None), 3),
        ("spring", ("a", "sms", Some("spring")), 4),
        ("b", ("b", "sms", None), 1),
        ("mail", ("a", "email", None), 4),
    ] {
        let link = made(&*store, &site, named, kind).await;
        // Each of them comes twice.
        journal.settle(&*store, &link, day(20), (0..visitors).chain(0..visitors).map(click)).await;
        links.push(link);
    }
    store.forget_visitors_before(day(TODAY)).await.unwrap();
    close(&*store, K).await;
    let expected = BTreeMap::from([
        // The link's own, and that of the two that make five together.
        (kind("sms", Some("a"), None, 20), clicks(20, 10)),
        // The campaign's four, and the one of another page. The four of another channel wait.
        (kind("sms", None, None, 20), clicks(10, 5)),
    ]);
    assert_eq!(cells(&*store, &site).await, expected);
    assert_eq!(cell(&*store, &links[0], 20).await, clicks(10, 5));
    for link in &links[1..] {
        assert_eq!(counted(&*store, link, day(20)).await, Counts::default(), "{}", link.code);
    }
}

pub(crate) async fn what_waits_joins_the_next_days_cell_of_its_channel(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (sms, mail) = (
        made(&*store, &site, "s", ("a", "sms", None)).await,
        made(&*store, &site, "m", ("a", "email", None)).await,
    );
    let mut journal = Journal::new("j");
    journal.settle(&*store, &sms, day(19), [click(1), click(1), click(2)]).await;
    journal.settle(&*store, &mail, day(19), (0..4).map(click)).await;
    journal.settle(&*store, &sms, day(20), [click(1), click(2)]).await;
    journal.settle(&*store, &sms, day(21), [click(1)]).await;
    close(&*store, K).await;
    let expected = BTreeMap::from([(kind("sms", None, None, 21), clicks(6, 5))]);
    assert_eq!(cells(&*store, &site).await, expected);
    // A channel that has enough of its own takes what waits along.
    journal.settle(&*store, &mail, day(21), (0..2).map(click)).await;
    close(&*store, K).await;
    let mut expected = expected;
    expected.insert(kind("email", None, None, 21), clicks(6, 6));
    assert_eq!(cells(&*store, &site).await, expected);
}

pub(crate) async fn closing_again_changes_nothing(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    for (site, named) in [(&press, "p"), (&radio, "r")] {
        let link = stored_link(&*store, site, named).await;
        for (on, visitors) in [(19, 7), (20, 3), (21, 3), (TODAY, 9)] {
            journal.settle(&*store, &link, day(on), (0..visitors).map(click)).await;
        }
    }
    let days = store.days_to_close(day(TODAY), K).await.unwrap();
    let mut found: Vec<_> = days.iter().map(|(day, _)| *day).collect();
    found.dedup();
    assert_eq!(found, [day(19), day(20), day(21)], "the oldest first, and not today");
    assert_eq!(days.len(), 6);
    close(&*store, K).await;
    let state = async || {
        let of_press = store.site_counts(&press.id, day(1), day(30)).await.unwrap();
        (of_press, store.site_counts(&radio.id, day(1), day(30)).await.unwrap())
    };
    let before = state().await;
    for _ in 0..2 {
        close(&*store, K).await;
        for (on, site) in &days {
            store.close_day(site, *on, K).await.unwrap();
        }
        assert_eq!(state().await, before);
    }
}

pub(crate) async fn days_without_counts_are_closed_by_a_note_and_others_by_themselves(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1)]).await;
    let closed = async || {
        let of_link = store.link_counts(&link.code, day(1), day(30)).await.unwrap().closed;
        assert_eq!(store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed, of_link);
        [19, 20, 21, TODAY].map(|on| of_link.has(day(on), K))
    };
    assert_eq!(closed().await, [false; 4]);
    store.close_day(&site.id, day(20), K).await.unwrap();
    assert_eq!(closed().await, [false, true, false, false]);
    store.note_closed_before(day(TODAY)).await.unwrap();
    assert_eq!(closed().await, [true, true, true, false]);
    // A clock that goes back, or an instance that is late, opens nothing.
    store.note_closed_before(day(20)).await.unwrap();
    assert_eq!(closed().await, [true, true, true, false]);
}

pub(crate) async fn each_series_is_closed_for_itself(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (one, other) = (
        made(&*store, &site, "one", ("a", "sms", None)).await,
        made(&*store, &site, "other", ("b", "sms", None)).await,
    );
    let mut journal = Journal::new("j");
    let unasked = |number| std::iter::repeat_n(EntryKind::AggregateClick, number);
    journal.settle(&*store, &one, day(20), (0..7).map(click).chain(unasked(2))).await;
    journal.settle(&*store, &other, day(20), (0..3).map(click).chain(unasked(6))).await;
    close(&*store, K).await;
    assert_eq!(cell(&*store, &one, 20).await, clicks(7, 7));
    assert_eq!(cell(&*store, &other, 20).await, Counts { aggregate_clicks: 6, ..Counts::default() });
    journal.settle(&*store, &other, day(21), unasked(4)).await;
    journal.settle(&*store, &other, day(21), [click(1)]).await;
    close(&*store, K).await;
    let waited = cells(&*store, &site).await.remove(&kind("sms", None, None, 21));
    assert_eq!(waited, Some(Counts { aggregate_clicks: 6, ..Counts::default() }));
}

pub(crate) async fn unfurls_stay_with_their_link_exactly(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (big, small) = (
        made(&*store, &site, "big", ("a", "sms", None)).await,
        made(&*store, &site, "small", ("a", "sms", None)).await,
    );
    let mut journal = Journal::new("j");
    let slack = EntryKind::Unfurl(Slack);
    journal.settle(&*store, &big, day(20), (0..6).map(click).chain([slack, slack, UNFURL])).await;
    journal.settle(&*store, &small, day(20), [click(1), EntryKind::Unfurl(Telegram)]).await;
    close(&*store, K).await;
    let unfurls = |unfurls, known: &[_]| Counts {
        unfurls,
        known_unfurls: known.iter().copied().collect(),
        ..Counts::default()
    };
    let expected = Counts { clicks: 6, visitors: 6, ..unfurls(3, &[(Slack, 2)]) };
    assert_eq!(cell(&*store, &big, 20).await, expected);
    assert_eq!(cell(&*store, &small, 20).await, unfurls(1, &[(Telegram, 1)]));
    // Late ones join them.
    journal.settle(&*store, &small, day(20), [slack, UNFURL]).await;
    close(&*store, K).await;
    assert_eq!(cell(&*store, &small, 20).await, unfurls(3, &[(Slack, 1), (Telegram, 1)]));
    let row = cells(&*store, &site).await.remove(&kind("sms", Some("a"), None, 20)).expect("a row");
    assert_eq!(row, Counts { clicks: 6, visitors: 6, ..unfurls(6, &[(Slack, 3), (Telegram, 1)]) });
}

pub(crate) async fn many_links_are_closed_without_a_loss_while_others_settle_and_read(store: Arc<dyn Store>) {
    const LINKS: u32 = 1_300;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    for number in 0..LINKS {
        let mut link = link(&site, &format!("l{number}"));
        link.url = url(&format!("https://example.com/{}", number % 700));
        links.push(link);
    }
    for some in links.chunks(100) {
        join_all(some.iter().map(|link| insert(&*store, link))).await;
    }
    let entries: Vec<_> = links
        .iter()
        .zip(0_u32..)
        .flat_map(|(link, number)| (0..=number % 3).map(move |visitor| (link, visitor)))
        .map(|(link, visitor)| journal.entry(link, day(20), click(visitor)))
        .collect();
    let whole = entries.len() as u64;
    assert_eq!(store.settle(&journal.id, &entries).await.unwrap().counted, whole);

    // With k = 1 nothing moves up, so that whoever reads in the middle of it sees every click once.
    let reading = async {
        loop {
            let counts = store.site_counts(&site.id, day(20), day(20)).await.unwrap();
            let clicks: u64 = counts.rows.iter().map(|row| row.counts.all().clicks).sum();
            assert!(clicks >= whole, "{clicks} of {whole}");
            if counts.closed.has(day(20), 1) {
                break;
            }
        }
    };
    let late: Vec<_> = links[..40].iter().map(|link| journal.entry(link, day(20), click(9))).collect();
    let settling = async {
        for some in late.chunks(4) {
            store.settle(&journal.id, some).await.unwrap();
        }
    };
    let (closing, (), ()) = tokio::join!(store.close_day(&site.id, day(20), 1), reading, settling);
    closing.unwrap();
    close(&*store, 1).await;
    let found = cells(&*store, &site).await;
    let sum = |counts: &BTreeMap<Kind, Counts>| counts.values().map(|cell| cell.clicks).sum::<u64>();
    assert_eq!((found.len(), sum(&found)), (700, whole + 40));
    // Then everything that is too small for four moves up, nothing is lost, and no cell is smaller.
    close(&*store, 4).await;
    let found = cells(&*store, &site).await;
    assert!(found.values().all(|cell| cell.visitors >= 4));
    assert_eq!(sum(&found), whole + 40);
}

pub(crate) async fn random_histories_become_what_the_rule_makes_of_them(store: Arc<dyn Store>) {
    for seed in 0..6 {
        super::histories::holds(&*store, seed).await;
    }
}

pub(crate) async fn two_instances_may_close_the_same_days_at_once(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let mut journal = Journal::new("j");
    let mut whole = 0;
    for number in 0..60 {
        let link = made(&*one, &site, &format!("l{number}"), (["a", "b"][number % 2], "sms", None)).await;
        for on in [19, 20, 21] {
            let visitors = 1 + u32::try_from(number).unwrap() % 9;
            journal.settle(&*one, &link, day(on), (0..visitors).map(click)).await;
            whole += u64::from(visitors);
        }
    }
    one.forget_visitors_before(day(TODAY)).await.unwrap();
    let calls = (0..3).flat_map(|_| [try_close(&*one, K), try_close(&*other, K)]);
    for closed in join_all(calls).await {
        closed.expect("closed");
    }
    close(&*other, K).await;
    let found = cells(&*one, &site).await;
    assert_eq!(found.values().map(|cell| cell.clicks).sum::<u64>(), whole);
    assert!(found.values().all(|cell| cell.visitors >= K));
}
