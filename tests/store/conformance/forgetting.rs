//! Forgetting: who the visitors of a day were when it is over, and counts when their time is.

use std::sync::Arc;

use entrenous::store::Store;

use crate::fixtures::{Journal, UNFURL, by_day, click, clicks, counted, day, stored_link, stored_site};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn forgotten_visitors_leave_their_number(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (few, many) = (stored_link(&*store, &site, "few").await, stored_link(&*store, &site, "many").await);
    let mut journal = Journal::new("j");
    journal.settle(&*store, &few, day(20), (0..3).map(click)).await;
    journal.settle(&*store, &many, day(20), (0..1_000).map(click)).await;
    let before = counted(&*store, &many, day(20)).await;
    store.forget_visitors_before(day(21)).await.unwrap();
    store.forget_visitors_before(day(21)).await.unwrap();
    assert_eq!(counted(&*store, &few, day(20)).await, clicks(3, 3));
    assert_eq!(counted(&*store, &many, day(20)).await, before);
}

pub(crate) async fn a_late_click_of_a_forgotten_day_begins_a_set_of_its_own(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..3).map(click)).await;
    store.forget_visitors_before(day(21)).await.unwrap();
    // Nobody can know that visitor 0 was there before.
    journal.settle(&*store, &link, day(20), [click(0), click(7), click(0)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(6, 5));
    journal.settle(&*store, &link, day(20), [click(7), click(8)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(8, 6));
    store.forget_visitors_before(day(21)).await.unwrap();
    journal.settle(&*store, &link, day(20), [UNFURL]).await;
    assert_eq!(counted(&*store, &link, day(20)).await.visitors, 6);
}

pub(crate) async fn visitors_of_later_days_are_still_known(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for number in 19..=22 {
        journal.settle(&*store, &link, day(number), [click(1), click(2)]).await;
    }
    store.forget_visitors_before(day(21)).await.unwrap();
    for number in 19..=22 {
        journal.settle(&*store, &link, day(number), [click(2)]).await;
        let visitors = if number < 21 { 3 } else { 2 };
        assert_eq!(counted(&*store, &link, day(number)).await, clicks(3, visitors), "{number}");
    }
}

pub(crate) async fn counts_before_a_day_go_and_later_ones_stay(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let links = [stored_link(&*store, &press, "a").await, stored_link(&*store, &radio, "b").await];
    let mut journal = Journal::new("j");
    for link in &links {
        for number in [3, 19, 20, 21] {
            journal.settle(&*store, link, day(number), [click(1), UNFURL]).await;
        }
    }
    store.forget_counts_before(day(20)).await.unwrap();
    for link in &links {
        let days = by_day(&*store, link, day(1), day(30)).await;
        assert_eq!(days.into_keys().collect::<Vec<_>>(), [day(20), day(21)]);
    }
    for site in [&press, &radio] {
        let rows = store.site_counts(&site.id, day(1), day(19)).await.unwrap();
        let counts = rows.rows.iter().map(|row| row.counts.all());
        assert!(counts.map(|all| all.clicks + all.unfurls + all.visitors).all(|sum| sum == 0));
    }
}

pub(crate) async fn links_outlive_their_counts_and_count_again(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), [click(1), click(2)]);
    store.settle(&journal.id, &entries).await.unwrap();
    store.forget_counts_before(day(21)).await.unwrap();
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    // What was settled stays settled.
    store.settle(&journal.id, &entries).await.unwrap();
    assert!(store.link_counts(&link.code, day(1), day(30)).await.unwrap().days.is_empty());
    journal.settle(&*store, &link, day(20), [click(2)]).await;
    journal.settle(&*store, &link, day(21), [click(2)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(1, 1));
    assert_eq!(counted(&*store, &link, day(21)).await, clicks(1, 1));
}
