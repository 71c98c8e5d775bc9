//! A store that is opened a second time on the same data.

use std::sync::Arc;

use entrenous::store::{Inserted, LinkFilter, Store};
use futures_util::future::join_all;

use crate::fixtures::{Journal, click, clicks, counted, day, link, listed, once, stored_link, stored_site};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn a_second_handle_sees_sites_and_links(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let site = stored_site(&*one, "press").await;
    let link = stored_link(&*one, &site, "abc").await;
    assert_eq!(other.sites().await.unwrap(), std::slice::from_ref(&site));
    assert_eq!(other.site_by_key(&site.keys[0].hash).await.unwrap().as_ref(), Some(&site));
    assert_eq!(other.link(&link.code).await.unwrap().as_ref(), Some(&link));
    assert_eq!(listed(&*other, &site.id, &LinkFilter::default(), 9).await, std::slice::from_ref(&link));
    assert!(other.delete_link(&link.code).await.unwrap().was_there());
    assert_eq!(one.link(&link.code).await.unwrap(), None);
}

pub(crate) async fn a_second_handle_knows_the_names_and_the_secret(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let first = link(&site, "first");
    one.insert_link(&first, &[once(1)]).await.unwrap();
    let answer = other.insert_link(&link(&site, "second"), &[once(1)]).await.unwrap();
    assert_eq!(answer, Inserted::Existing(first));
    let secret = one.agree_session_secret([1; 64]).await.unwrap();
    assert_eq!(other.agree_session_secret([2; 64]).await.unwrap(), secret);
}

pub(crate) async fn a_second_handle_sees_the_counts_and_how_far_they_go(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let link = stored_link(&*one, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), (0..5).map(click));
    one.settle(&journal.id, &entries).await.unwrap();
    other.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*other, &link, day(20)).await, clicks(5, 5));
    assert_eq!(other.site_counts(&site.id, day(20), day(20)).await.unwrap().rows[0].counts.open.clicks, 5);
}

pub(crate) async fn both_handles_may_write_at_once(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let site = stored_site(&*one, "press").await;
    let links: Vec<_> = (0..200).map(|number| link(&site, &format!("c{number}"))).collect();
    let handles = [one, other];
    let calls = links.iter().enumerate().map(|(n, link)| handles[n % 2].insert_link(link, &[]));
    assert!(join_all(calls).await.iter().all(|answer| matches!(answer, Ok(Inserted::Created))));
    for handle in &handles {
        let found = listed(&**handle, &site.id, &LinkFilter::default(), 1_000).await;
        assert_eq!(found.len(), 200);
    }
}
