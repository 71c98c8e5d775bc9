//! Lists of links: their order, their pages and their filters.

use std::cmp::Reverse;
use std::sync::Arc;

use entrenous::domain::link::{Link, LinkChange};
use entrenous::domain::site::Site;
use entrenous::store::{LinkFilter, Store};
use jiff::SignedDuration;

use crate::fixtures::{channel, day, insert, link, listed, noon, stored_link, stored_site, text, url};

/// Stores links named `c00`, `c01`… as `make` changes each by its number, and returns them in the
/// order in which they have to be listed.
async fn stored(store: &dyn Store, site: &Site, count: i64, make: impl Fn(i64, &mut Link)) -> Vec<Link> {
    let mut links = Vec::new();
    for number in 0..count {
        let mut link = link(site, &format!("c{number:02}"));
        make(number, &mut link);
        insert(store, &link).await;
        links.push(link);
    }
    // Those of one hour in the reverse of the order in which they were made.
    links.reverse();
    links.sort_by_key(|link| Reverse(link.created_at));
    links
}

/// Follows the cursor to the end, and returns every page.
async fn pages(store: &dyn Store, site: &Site, filter: &LinkFilter, limit: usize) -> Vec<Vec<Link>> {
    let mut pages: Vec<Vec<Link>> = Vec::new();
    let mut after = None;
    loop {
        let page = store.links(&site.id, filter, after.as_ref(), limit).await.expect("a page");
        let Some(last) = page.last() else { return pages };
        after = Some(last.place);
        assert!(pages.len() < 1_000, "the list has no end");
        pages.push(page.into_iter().map(|listed| listed.link).collect());
    }
}

pub(crate) async fn links_come_newest_first_and_within_an_hour_the_last_one_first(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut links = Vec::new();
    for (named, hours) in
        [("b", 0), ("Z", 0), ("new", 1), ("abc", 0), ("-a", 0), ("old", -1), ("_", 0), ("newer", 1), ("9", 0)]
    {
        let mut link = link(&site, named);
        link.created_at += SignedDuration::from_hours(hours);
        insert(&*store, &link).await;
        links.push(link);
    }
    let found = listed(&*store, &site.id, &LinkFilter::default(), 100).await;
    let codes: Vec<_> = found.iter().map(|link| link.code.as_str()).collect();
    assert_eq!(codes, ["newer", "new", "9", "_", "-a", "abc", "Z", "b", "old"]);
}

pub(crate) async fn a_cursor_walks_over_every_link_once(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    // Forty links of one hour among others of their own.
    let links = stored(&*store, &site, 60, |number, link| {
        link.created_at += SignedDuration::from_hours(if number < 40 { 30 } else { number });
    })
    .await;
    for limit in [1, 7, 20, 59, 60, 61] {
        let pages = pages(&*store, &site, &LinkFilter::default(), limit).await;
        let full = pages.iter().rev().skip(1).all(|page| page.len() == limit);
        assert!(full, "all pages of {limit} but the last are full");
        assert_eq!(pages.concat(), links);
    }
}

pub(crate) async fn a_cursor_holds_its_place_when_its_link_is_deleted(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links = stored(&*store, &site, 10, |_, _| ()).await;
    let before = store.links(&site.id, &LinkFilter::default(), None, 5).await.unwrap();
    let cursor = before[4].place;
    store.delete_link(&links[4].code).await.unwrap();
    let rest = store.links(&site.id, &LinkFilter::default(), Some(&cursor), 100).await.unwrap();
    let rest: Vec<_> = rest.into_iter().map(|listed| listed.link).collect();
    assert_eq!(rest, links[5..]);
    // One that is made now is before the place, though it may get the number that has become free.
    stored_link(&*store, &site, "later").await;
    let rest = store.links(&site.id, &LinkFilter::default(), Some(&cursor), 100).await.unwrap();
    assert_eq!(rest.len(), 5);
}

pub(crate) async fn a_list_has_one_sites_links_and_no_deleted_ones(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let ours = stored(&*store, &press, 5, |_, _| ()).await;
    let theirs = stored_link(&*store, &radio, "theirs").await;
    store.delete_link(&ours[2].code).await.unwrap();
    let found = listed(&*store, &press.id, &LinkFilter::default(), 100).await;
    assert_eq!(found, [&ours[..2], &ours[3..]].concat());
    assert_eq!(listed(&*store, &radio.id, &LinkFilter::default(), 100).await, [theirs]);
}

/// Thirty links over two channels, three campaigns (one of them none) and five pages.
async fn varied(store: &dyn Store, site: &Site) -> Vec<Link> {
    stored(store, site, 30, |number, link| {
        link.created_at = noon(20) + SignedDuration::from_hours(number / 4);
        link.channel = channel(if number % 2 == 0 { "sms" } else { "email" });
        link.campaign = match number % 3 {
            0 => text("spring"),
            1 => text("autumn"),
            _ => None,
        };
        link.url = url(&format!("https://example.com/{}", number % 5));
    })
    .await
}

pub(crate) async fn each_filter_narrows_the_list(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links = varied(&*store, &site).await;
    let filters = [
        LinkFilter { channel: Some(channel("email")), ..LinkFilter::default() },
        LinkFilter { campaign: text("spring"), ..LinkFilter::default() },
        LinkFilter { page: Some(url("https://example.com/3")), ..LinkFilter::default() },
    ];
    for (filter, count) in filters.iter().zip([15, 10, 6]) {
        let expected: Vec<_> = links.iter().filter(|link| passes(filter, link)).cloned().collect();
        assert_eq!(expected.len(), count);
        let found = listed(&*store, &site.id, filter, 100).await;
        assert_eq!(found, expected, "{filter:?}");
    }
    let none = LinkFilter { channel: Some(channel("qr")), ..LinkFilter::default() };
    assert_eq!(listed(&*store, &site.id, &none, 100).await, []);
}

pub(crate) async fn filters_together_narrow_it_further_and_a_page_is_still_filled(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links = varied(&*store, &site).await;
    let filter = LinkFilter {
        channel: Some(channel("email")),
        campaign: text("autumn"),
        page: Some(url("https://example.com/1")),
    };
    let expected: Vec<_> = links.iter().filter(|link| passes(&filter, link)).cloned().collect();
    assert_eq!(expected.len(), 1);
    assert_eq!(listed(&*store, &site.id, &filter, 100).await, expected);

    let sparse = LinkFilter { page: Some(url("https://example.com/1")), ..LinkFilter::default() };
    let expected: Vec<_> = links.iter().filter(|link| passes(&sparse, link)).cloned().collect();
    let pages = pages(&*store, &site, &sparse, 4).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
    assert_eq!(pages.concat(), expected);
}

fn passes(filter: &LinkFilter, link: &Link) -> bool {
    filter.channel.as_ref().is_none_or(|channel| *channel == link.channel)
        && filter.campaign.as_ref().is_none_or(|campaign| Some(campaign) == link.campaign.as_ref())
        && filter.page.as_ref().is_none_or(|page| page == link.page())
}

pub(crate) async fn a_filter_sees_what_a_link_was_changed_to(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut changed = link(&site, "abc");
    changed.campaign = text("spring");
    insert(&*store, &changed).await;
    let before = [
        LinkFilter { campaign: text("spring"), ..LinkFilter::default() },
        LinkFilter { page: Some(changed.url.clone()), ..LinkFilter::default() },
    ];
    let change = LinkChange {
        url: Some(url("https://other.example/").into()),
        campaign: Some(text("autumn")),
        ..LinkChange::default()
    };
    changed.apply(change.clone(), day(21));
    store.change_link(&changed.code, change, day(21)).await.unwrap();
    for filter in &before {
        assert_eq!(listed(&*store, &site.id, filter, 100).await, [], "{filter:?}");
    }
    let after = LinkFilter {
        campaign: text("autumn"),
        page: Some(url("https://other.example/")),
        ..LinkFilter::default()
    };
    assert_eq!(listed(&*store, &site.id, &after, 100).await, [changed]);
}
