//! Days that are closed, and what changes them: clicks that come late, changes of links, the end of
//! the retention time, another k.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::counts::Counts;
use entrenous::domain::link::LinkChange;
use entrenous::store::Store;

use super::cells::{K, TODAY, cell, cells, close, kind, made};
use crate::fixtures::{Journal, UNFURL, click, clicks, counted, day, stored_link, stored_site, text, url};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn late_clicks_join_the_cell_that_is_there(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (one, other) = (
        made(&*store, &site, "one", ("a", "sms", None)).await,
        made(&*store, &site, "other", ("a", "sms", None)).await,
    );
    let far = made(&*store, &site, "far", ("b", "sms", None)).await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &one, day(20), (0..7).map(click)).await;
    close(&*store, K).await;
    let version = async || {
        let counts = store.site_counts(&site.id, day(20), day(20)).await.unwrap();
        counts.closed.days[&day(20)].version
    };
    let (of_page, of_channel) = (kind("sms", Some("a"), None, 20), kind("sms", None, None, 20));
    // One visitor joins the link's cell.
    let before = version().await;
    journal.settle(&*store, &one, day(20), [click(10), click(10)]).await;
    assert_eq!(cell(&*store, &one, 20).await, clicks(7, 7), "not before they are closed");
    close(&*store, K).await;
    assert_eq!(cell(&*store, &one, 20).await, clicks(9, 8));
    assert!(version().await > before, "whoever keeps a day's cells sees that they changed");
    // Three of a link without one wait, since neither their page nor their channel has one.
    journal.settle(&*store, &other, day(20), (20..23).map(click)).await;
    close(&*store, K).await;
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([(of_page.clone(), clicks(9, 8))]));
    // Two more make a cell of their channel, and whoever comes then joins that.
    journal.settle(&*store, &other, day(20), (30..32).map(click)).await;
    close(&*store, K).await;
    let expected = [(of_page.clone(), clicks(9, 8)), (of_channel.clone(), clicks(5, 5))];
    assert_eq!(cells(&*store, &site).await, BTreeMap::from(expected));
    journal.settle(&*store, &far, day(20), [click(40)]).await;
    close(&*store, K).await;
    let expected = [(of_page.clone(), clicks(9, 8)), (of_channel.clone(), clicks(6, 6))];
    assert_eq!(cells(&*store, &site).await, BTreeMap::from(expected));
    // Three and two of two links make a cell of their page, which the next one joins.
    let third = made(&*store, &site, "third", ("a", "sms", None)).await;
    journal.settle(&*store, &other, day(20), (50..53).map(click)).await;
    journal.settle(&*store, &third, day(20), (50..52).map(click)).await;
    close(&*store, K).await;
    let expected = [(of_page.clone(), clicks(14, 13)), (of_channel.clone(), clicks(6, 6))];
    assert_eq!(cells(&*store, &site).await, BTreeMap::from(expected));
    journal.settle(&*store, &third, day(20), [click(60)]).await;
    close(&*store, K).await;
    let expected = [(of_page, clicks(15, 14)), (of_channel, clicks(6, 6))];
    assert_eq!(cells(&*store, &site).await, BTreeMap::from(expected));
    assert_eq!(cell(&*store, &one, 20).await, clicks(9, 8));
}

pub(crate) async fn late_clicks_draw_nothing_of_a_later_day_to_theirs(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("a", "sms", None)).await;
    let mut journal = Journal::new("j");
    for (on, visitors) in [(19, 0..5), (20, 0..3)] {
        journal.settle(&*store, &link, day(on), visitors.map(click)).await;
    }
    close(&*store, K).await;
    let (link_19, channel_20) = (kind("sms", Some("a"), None, 19), kind("sms", None, None, 20));
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([(link_19.clone(), clicks(5, 5))]));
    // Two of the 18th and the three of the 20th are five, but not of the 18th.
    journal.settle(&*store, &link, day(18), [click(1), click(2)]).await;
    journal.settle(&*store, &link, day(19), [click(11)]).await;
    close(&*store, K).await;
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([(link_19.clone(), clicks(6, 6))]));
    // They join the next cell of their channel, with what is older.
    journal.settle(&*store, &link, day(20), [click(11)]).await;
    close(&*store, K).await;
    let expected = BTreeMap::from([(link_19, clicks(6, 6)), (channel_20, clicks(6, 6))]);
    assert_eq!(cells(&*store, &site).await, expected);
}

pub(crate) async fn what_was_closed_is_not_written_back_by_later_clicks(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    // Though nothing has been forgotten, and the store knows these visitors.
    journal.settle(&*store, &link, day(20), (0..7).map(click)).await;
    close(&*store, K).await;
    journal.settle(&*store, &link, day(20), (0..8).chain(0..8).map(click)).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(23, 15), "each counts as a visitor once more");
    close(&*store, K).await;
    assert_eq!(cell(&*store, &link, 20).await, clicks(23, 15));
    // A sketch, too.
    journal.settle(&*store, &link, day(21), (0..600).map(click)).await;
    let many = counted(&*store, &link, day(21)).await;
    close(&*store, K).await;
    assert_eq!(cell(&*store, &link, 21).await, many);
    journal.settle(&*store, &link, day(21), (0..5).map(click)).await;
    close(&*store, K).await;
    assert_eq!(cell(&*store, &link, 21).await, clicks(605, many.visitors + 5));
}

pub(crate) async fn a_closed_day_keeps_the_page_and_the_campaign_that_it_was_closed_under(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("old", "sms", None)).await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..6).map(click)).await;
    close(&*store, K).await;
    let change = LinkChange {
        url: Some(url("https://example.com/new").into()),
        campaign: Some(text("spring")),
        ..LinkChange::default()
    };
    store.change_link(&link.code, change).await.unwrap();
    let old = (kind("sms", Some("old"), None, 20), clicks(6, 6));
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([old.clone()]));
    // What comes late is of the page that it leads to now.
    journal.settle(&*store, &link, day(20), (10..17).map(click)).await;
    close(&*store, K).await;
    let new = (kind("sms", Some("new"), Some("spring"), 20), clicks(7, 7));
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([old, new]));
    assert_eq!(cell(&*store, &link, 20).await, clicks(13, 13));
}

pub(crate) async fn a_deleted_link_takes_its_cells_along_and_leaves_what_moved_up(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (gone, kept) = (
        made(&*store, &site, "gone", ("a", "sms", None)).await,
        made(&*store, &site, "kept", ("a", "sms", None)).await,
    );
    let mut journal = Journal::new("j");
    for link in [&gone, &kept] {
        journal.settle(&*store, link, day(19), (0..6).map(click).chain([UNFURL])).await;
        journal.settle(&*store, link, day(20), (0..3).map(click)).await;
    }
    close(&*store, K).await;
    let before = store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed;
    assert!(store.delete_link(&gone.code).await.unwrap().was_there());
    let of_page = |on| kind("sms", Some("a"), None, on);
    let expected =
        BTreeMap::from([(of_page(19), Counts { unfurls: 1, ..clicks(6, 6) }), (of_page(20), clicks(6, 6))]);
    assert_eq!(cells(&*store, &site).await, expected);
    let after = store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed;
    assert!(after.days[&day(19)].version > before.days[&day(19)].version);
    // A later link of its code begins at nothing.
    let again = made(&*store, &site, "gone", ("a", "sms", None)).await;
    assert!(store.link_counts(&again.code, day(1), day(30)).await.unwrap().days.is_empty());
}

pub(crate) async fn cells_and_what_waits_go_when_their_time_is_over(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (sms, mail) = (
        made(&*store, &site, "s", ("a", "sms", None)).await,
        made(&*store, &site, "m", ("a", "email", None)).await,
    );
    let mut journal = Journal::new("j");
    for on in [18, 19, 20] {
        journal.settle(&*store, &sms, day(on), (0..6).map(click).chain([UNFURL])).await;
    }
    journal.settle(&*store, &mail, day(19), (0..4).map(click)).await;
    close(&*store, K).await;
    store.forget_counts_before(day(20)).await.unwrap();
    let of_page = kind("sms", Some("a"), None, 20);
    let left = Counts { unfurls: 1, ..clicks(6, 6) };
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([(of_page.clone(), left.clone())]));
    let days = store.link_counts(&sms.code, day(1), day(30)).await.unwrap().days;
    assert_eq!(days.into_keys().collect::<Vec<_>>(), [day(20)]);
    // The four that waited since the 19th are nowhere any more.
    journal.settle(&*store, &mail, day(21), [click(1)]).await;
    close(&*store, K).await;
    assert_eq!(cells(&*store, &site).await, BTreeMap::from([(of_page, left)]));
}

pub(crate) async fn a_greater_k_closes_days_again_and_a_smaller_one_leaves_them(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    for (named, kind, visitors) in [
        ("a1", ("a", "sms", None), 12),
        ("a2", ("a", "sms", None), 6),
        ("a3", ("a", "sms", None), 7),
        ("b1", ("b", "sms", None), 5),
        ("b2", ("b", "sms", None), 3),
        ("c", ("c", "sms", None), 2),
        ("mail", ("a", "email", None), 5),
    ] {
        let link = made(&*store, &site, named, kind).await;
        journal.settle(&*store, &link, day(20), (0..visitors).map(click).chain([UNFURL])).await;
        links.push(link);
    }
    close(&*store, K).await;
    assert_eq!(cell(&*store, &links[1], 20).await.visitors, 6);
    let closed = store.site_counts(&site.id, day(20), day(20)).await.unwrap().closed;
    assert!(closed.has(day(20), 5) && !closed.has(day(20), 10));
    assert_eq!(store.days_to_close(day(TODAY), 10).await.unwrap(), [(day(20), site.id.clone())]);
    for k in [10, 3] {
        close(&*store, k).await;
        let unfurls = |unfurls| Counts { unfurls, ..Counts::default() };
        let expected = BTreeMap::from([
            // Twelve of one link, six and seven together.
            (kind("sms", Some("a"), None, 20), Counts { unfurls: 3, ..clicks(25, 25) }),
            (kind("sms", Some("b"), None, 20), unfurls(2)),
            (kind("sms", Some("c"), None, 20), unfurls(1)),
            // Five and three of one page, two of another.
            (kind("sms", None, None, 20), clicks(10, 10)),
            (kind("email", Some("a"), None, 20), unfurls(1)),
        ]);
        assert_eq!(cells(&*store, &site).await, expected, "{k}");
        assert_eq!(cell(&*store, &links[0], 20).await, Counts { unfurls: 1, ..clicks(12, 12) });
        assert_eq!(cell(&*store, &links[1], 20).await, unfurls(1));
    }
    // The five of the other channel wait, and make a cell with the next ones.
    journal.settle(&*store, &links[6], day(21), [click(1)]).await;
    close(&*store, 6).await;
    let mail = cells(&*store, &site).await.remove(&kind("email", None, None, 21));
    assert_eq!(mail, Some(clicks(6, 6)));
}
