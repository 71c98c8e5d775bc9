//! Lineage: the shares of some days by channel, generation and channel of the parent.

use std::sync::Arc;

use entrenous::domain::link::Link;
use entrenous::domain::site::Site;
use entrenous::stats::lineage::Shares;
use entrenous::store::Store;
use jiff::SignedDuration;

use crate::fixtures::{EVERY_HOUR, channel, code, day, insert, link, stored_link, stored_site};

fn shares(by: &str, generation: u32, parent: Option<&str>, shares: u64) -> Shares {
    Shares { channel: channel(by), generation, parent_channel: parent.map(channel), shares }
}

/// The rows of these days in their own order.
async fn rows(store: &dyn Store, site: &Site, first: i32, last: i32) -> Vec<Shares> {
    let mut rows = store.site_shares(&site.id, day(first), day(last), EVERY_HOUR).await.expect("shares");
    rows.sort();
    rows
}

/// Adds a link by this channel, of this parent and one generation after it.
async fn child(store: &dyn Store, site: &Site, named: &str, by: &str, parent: Option<&Link>) -> Link {
    let mut link = link(site, named);
    link.channel = channel(by);
    link.parent = parent.map(|parent| parent.code.clone());
    link.generation = parent.map_or(0, |parent| parent.generation + 1);
    insert(store, &link).await;
    link
}

pub(crate) async fn shares_are_told_apart_by_channel_generation_and_the_parents_channel(
    store: Arc<dyn Store>,
) {
    let (site, foreign) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let first = child(&*store, &site, "a", "email", None).await;
    child(&*store, &site, "b", "email", None).await;
    let second = child(&*store, &site, "c", "sms", Some(&first)).await;
    child(&*store, &site, "d", "sms", Some(&first)).await;
    child(&*store, &site, "e", "sms", Some(&second)).await;
    child(&*store, &site, "f", "email", Some(&second)).await;
    child(&*store, &foreign, "g", "sms", None).await;
    // Nobody can name another site's link; if somebody did, nothing would be told of it.
    child(&*store, &foreign, "h", "sms", Some(&first)).await;
    let expected = [
        shares("email", 0, None, 2),
        shares("email", 2, Some("sms"), 1),
        shares("sms", 1, Some("email"), 2),
        shares("sms", 2, Some("sms"), 1),
    ];
    assert_eq!(rows(&*store, &site, 20, 20).await, expected);
    let expected = [shares("sms", 0, None, 1), shares("sms", 1, None, 1)];
    assert_eq!(rows(&*store, &foreign, 20, 20).await, expected);
}

pub(crate) async fn shares_are_those_of_the_days_asked_for(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let first = child(&*store, &site, "a", "email", None).await;
    let midnight = day(22).start();
    for (named, hours) in [("b", -1), ("c", 0), ("d", 23), ("e", 24)] {
        let mut link = link(&site, named);
        link.parent = Some(first.code.clone());
        link.generation = 1;
        link.created_at = midnight + SignedDuration::from_hours(hours);
        insert(&*store, &link).await;
    }
    // The parent need not be of these days.
    assert_eq!(rows(&*store, &site, 22, 22).await, [shares("sms", 1, Some("email"), 2)]);
    assert_eq!(rows(&*store, &site, 21, 22).await, [shares("sms", 1, Some("email"), 3)]);
    assert_eq!(rows(&*store, &site, 20, 20).await, [shares("email", 0, None, 1)]);
    assert_eq!(rows(&*store, &site, 24, 30).await, []);
    // Only those of hours that are over.
    let until = async |hours: i64| {
        let now = midnight + SignedDuration::from_mins(60 * hours + 59);
        let rows = store.site_shares(&site.id, day(22), day(22), now).await.expect("shares");
        rows.iter().map(|row| row.shares).sum::<u64>()
    };
    assert_eq!([until(0).await, until(1).await, until(22).await, until(24).await], [0, 1, 1, 2]);
}

pub(crate) async fn a_parent_that_is_gone_or_was_made_again_is_nobodys(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let parent = child(&*store, &site, "parent", "email", None).await;
    child(&*store, &site, "child", "sms", Some(&parent)).await;
    assert!(store.delete_link(&parent.code).await.unwrap().was_there());
    let orphan = [shares("sms", 1, None, 1)];
    assert_eq!(rows(&*store, &site, 20, 20).await, orphan);
    let child = store.link(&code("child")).await.unwrap().unwrap();
    assert_eq!((child.generation, child.parent), (1, None), "it has forgotten its parent");
    // A later link of that code, of the same hour.
    insert(&*store, &link(&site, "parent")).await;
    let with_later = [shares("sms", 0, None, 1), shares("sms", 1, None, 1)];
    assert_eq!(rows(&*store, &site, 20, 20).await, with_later);
}

pub(crate) async fn many_shares_of_many_parents_are_all_counted(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let parents = [stored_link(&*store, &site, "p0").await, child(&*store, &site, "p1", "email", None).await];
    for number in 0..600 {
        child(&*store, &site, &format!("c{number}"), "copy", Some(&parents[number % 2])).await;
    }
    let expected = [
        shares("copy", 1, Some("email"), 300),
        shares("copy", 1, Some("sms"), 300),
        shares("email", 0, None, 1),
        shares("sms", 0, None, 1),
    ];
    assert_eq!(rows(&*store, &site, 20, 20).await, expected);
}
