//! Forgetting: who the visitors of a day were when it is over, and counts when their time is.

use std::sync::Arc;

use entrenous::domain::link::Link;
use entrenous::domain::link_key::Incarnation;
use entrenous::store::{Inserted, LinkFilter, Store};

use crate::fixtures::{
    Journal, UNFURL, by_day, click, clicks, code, counted, day, link, listed, noon, once, stored_link,
    stored_site, text,
};
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
    // Nobody can know whether visitor 0 was there before. The larger set counts.
    journal.settle(&*store, &link, day(20), [click(0), click(7), click(0)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(6, 3));
    journal.settle(&*store, &link, day(20), [click(7), click(8)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(8, 3));
    journal.settle(&*store, &link, day(20), [click(9), click(10)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(10, 5));
    store.forget_visitors_before(day(21)).await.unwrap();
    journal.settle(&*store, &link, day(20), [UNFURL]).await;
    assert_eq!(counted(&*store, &link, day(20)).await.visitors, 5);
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
        assert_eq!(counted(&*store, &link, day(number)).await, clicks(3, 2), "{number}");
        // Of the days that are forgotten, the second set has one visitor now, and of the others two.
        journal.settle(&*store, &link, day(number), [click(3), click(4)]).await;
        let visitors = if number < 21 { 3 } else { 4 };
        assert_eq!(counted(&*store, &link, day(number)).await, clicks(5, visitors), "{number}");
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

pub(crate) async fn a_shares_link_keeps_its_code_destination_and_channel_after_the_retention_time(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let parent = stored_link(&*store, &site, "parent").await;
    let mut share = link(&site, "mine");
    share.is_share = true;
    share.parent = Some(parent.code.clone());
    share.generation = 1;
    (share.campaign, share.title) = (text("spring"), text("A page"));
    share.expires_at = Some(noon(30));
    let mut own = Link { is_share: false, code: code("own"), ..share.clone() };
    own.incarnation = Incarnation::random();
    let mut young = Link { code: code("young"), created_at: noon(21), ..share.clone() };
    young.incarnation = Incarnation::random();
    for (number, link) in [&share, &own, &young].into_iter().enumerate() {
        let name = once(u8::try_from(number).unwrap());
        assert_eq!(store.insert_link(link, &[name]).await.unwrap(), Inserted::Created);
    }
    for _ in 0..2 {
        store.forget_counts_before(day(21)).await.unwrap();
        let mut stripped = share.clone();
        stripped.strip();
        assert_eq!(store.link(&share.code).await.unwrap(), Some(stripped.clone()));
        assert_eq!(
            (&stripped.url, &stripped.channel, stripped.expires_at),
            (&share.url, &share.channel, share.expires_at)
        );
        assert!(stripped.is_stripped() && stripped.title.is_none() && stripped.parent.is_none());
        // The publisher's own links, and those that are younger, stay whole.
        assert_eq!(store.link(&own.code).await.unwrap().as_ref(), Some(&own));
        assert_eq!(store.link(&young.code).await.unwrap().as_ref(), Some(&young));
        let found = listed(&*store, &site.id, &LinkFilter::default(), 10).await;
        let codes: Vec<_> = found.iter().map(|link| link.code.as_str()).collect();
        assert_eq!(codes, ["young", "own", "parent", "mine"]);
    }
    // Its name is free, and the others' are not.
    let again = store.insert_link(&link(&site, "new"), &[once(0)]).await.unwrap();
    assert_eq!(again, Inserted::Created);
    assert_eq!(store.insert_link(&link(&site, "no"), &[once(1)]).await.unwrap(), Inserted::Existing(own));
    assert!(store.delete_link(&share.code).await.unwrap().was_there());
    assert_eq!(listed(&*store, &site.id, &LinkFilter::default(), 10).await.len(), 4);
}

pub(crate) async fn links_outlive_their_counts_and_count_again(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), [click(1), click(2)]);
    store.settle(&journal.id, &entries).await.unwrap();
    store.confirm(&journal.id, 0, day(21), false).await.unwrap();
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
