//! What stays of what was deleted: hashes of codes, and nothing else.

use std::sync::Arc;

use entrenous::domain::link::LinkChange;
use entrenous::domain::min_count::MinCount;
use entrenous::store::{Inserted, LinkFilter, OnceName, Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::fixtures::{Journal, click, code, day, insert, link, noon, once, stored_link, stored_site, text};

pub(crate) async fn a_deleted_code_is_given_to_its_own_site_only(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    stored_link(&*store, &press, "Spring").await;
    assert!(store.delete_link(&code("Spring")).await.unwrap().was_there());
    // Addresses are looked up without regard to case, too.
    for taken in ["Spring", "spring", "SPRING"] {
        let theirs = link(&radio, taken);
        assert!(matches!(store.insert_link(&theirs, &[]).await, Err(StoreError::Conflict)), "{taken}");
        assert!(matches!(store.insert_link(&theirs, &[once(1)]).await, Err(StoreError::Conflict)), "{taken}");
        assert_eq!(store.link(&theirs.code).await.unwrap(), None);
    }
    insert(&*store, &link(&press, "Spring")).await;
    // What was refused has left no name behind.
    let other = link(&radio, "other");
    assert_eq!(store.insert_link(&other, &[once(1)]).await.unwrap(), Inserted::Created);
    assert!(store.delete_link(&code("Spring")).await.unwrap().was_there());
    assert!(matches!(store.insert_link(&link(&radio, "Spring"), &[]).await, Err(StoreError::Conflict)));
}

pub(crate) async fn a_name_of_a_request_stands_for_a_day_and_for_one_fingerprint(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let at = |hours: i64| noon(20) + SignedDuration::from_hours(hours);
    let name = |fingerprint: u8, now: Timestamp| OnceName::passing([7; 16], [fingerprint; 16], now);
    let first = link(&site, "first");
    assert_eq!(store.named(&site.id, &name(1, at(0))).await.unwrap(), None);
    assert_eq!(store.insert_link(&first, &[name(1, at(0))]).await.unwrap(), Inserted::Created);
    for hours in [0, 23] {
        let (same, other) = (name(1, at(hours)), name(2, at(hours)));
        let second = link(&site, "second");
        assert_eq!(store.insert_link(&second, &[same]).await.unwrap(), Inserted::Existing(first.clone()));
        assert_eq!(store.insert_link(&second, &[other]).await.unwrap(), Inserted::Reused);
        assert_eq!(store.named(&site.id, &same).await.unwrap(), Some(Inserted::Existing(first.clone())));
        assert_eq!(store.named(&site.id, &other).await.unwrap(), Some(Inserted::Reused));
        assert_eq!(store.link(&second.code).await.unwrap(), None);
    }
    // A day later it is free, and stands for what takes it then.
    assert_eq!(store.named(&site.id, &name(2, at(24))).await.unwrap(), None);
    let second = link(&site, "second");
    assert_eq!(store.insert_link(&second, &[name(2, at(24))]).await.unwrap(), Inserted::Created);
    let found = store.insert_link(&link(&site, "third"), &[name(2, at(25))]).await.unwrap();
    assert_eq!(found, Inserted::Existing(second.clone()));
    // Deleting the first one takes no name from the second.
    assert!(store.delete_link(&first.code).await.unwrap().was_there());
    assert_eq!(store.named(&site.id, &name(2, at(25))).await.unwrap(), Some(Inserted::Existing(second)));
    store.forget_ended_leases(at(72)).await.unwrap();
    assert_eq!(store.named(&site.id, &name(2, at(25))).await.unwrap(), None);
    // A name that lasts is not forgotten with them.
    let lasting = link(&site, "lasting");
    store.insert_link(&lasting, &[once(3)]).await.unwrap();
    store.forget_ended_leases(at(1_000)).await.unwrap();
    assert_eq!(store.named(&site.id, &once(3)).await.unwrap(), Some(Inserted::Existing(lasting)));
}

pub(crate) async fn a_campaign_has_its_first_spelling_until_no_link_has_it(store: Arc<dyn Store>) {
    let (site, other) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let spelled = |name: &str| text(name).expect("a campaign");
    let first = async |name: &str| store.first_campaign(&site.id, &spelled(name)).await.unwrap();
    assert_eq!(store.known_campaign(&site.id, &spelled("Spring")).await.unwrap(), None);
    assert_eq!(first("Spring").await, spelled("Spring"));
    assert_eq!(first("SPRING").await, spelled("Spring"));
    assert_eq!(store.first_campaign(&other.id, &spelled("SPRING")).await.unwrap(), spelled("SPRING"));
    let mut links = ["a", "b"].map(|named| link(&site, named));
    for link in &mut links {
        link.campaign = text("Spring");
        insert(&*store, link).await;
    }
    assert!(store.delete_link(&links[0].code).await.unwrap().was_there());
    assert_eq!(first("spring").await, spelled("Spring"), "the other link has it");
    let change = LinkChange { campaign: Some(text("Summer")), ..LinkChange::default() };
    store.change_link(&links[1].code, change, day(21)).await.unwrap();
    assert_eq!(store.known_campaign(&site.id, &spelled("spring")).await.unwrap(), None);
    assert_eq!(first("spring").await, spelled("spring"));
}

pub(crate) async fn of_a_deleted_site_nothing_is_left_but_hashes_of_codes(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let kept = stored_link(&*store, &radio, "kept").await;
    let mut links = Vec::new();
    for number in 0..300 {
        let mut link = link(&press, &format!("l{number}"));
        link.campaign = text("Spring");
        assert_eq!(store.insert_link(&link, &[]).await.unwrap(), Inserted::Created);
        links.push(link);
    }
    let mut journal = Journal::new("one");
    journal.settle(&*store, &links[0], day(20), [click(1)]).await;
    journal.settle(&*store, &kept, day(20), [click(1)]).await;
    store.close_day(&press.id, day(20), MinCount::EXACT).await.unwrap();
    journal.settle(&*store, &links[1], day(21), [click(1)]).await;

    assert!(store.delete_site(&press.id).await.unwrap());
    assert!(!store.delete_site(&press.id).await.unwrap());
    assert_eq!(store.sites().await.unwrap(), std::slice::from_ref(&radio));
    assert_eq!(store.site(&press.id).await.unwrap(), None);
    assert_eq!(store.site_by_key(&press.keys[0].hash).await.unwrap(), None);
    assert_eq!(store.links(&press.id, &LinkFilter::default(), None, 10).await.unwrap(), []);
    for link in &links[..3] {
        assert_eq!(store.link(&link.code).await.unwrap(), None);
    }
    for number in [20, 21] {
        assert_eq!(store.day_rows(&press.id, day(number), Timestamp::MAX).await.unwrap().rows, []);
    }
    let theirs = link(&radio, "l7");
    assert!(matches!(store.insert_link(&theirs, &[]).await, Err(StoreError::Conflict)));
    // The other site has all that it had, and the name is free.
    let listed = store.links(&radio.id, &LinkFilter::default(), None, 10).await.unwrap();
    assert_eq!(listed.into_iter().map(|listed| listed.link).collect::<Vec<_>>(), [kept]);
    assert_ne!(store.day_rows(&radio.id, day(20), Timestamp::MAX).await.unwrap().rows, []);
    stored_site(&*store, "press").await;
}
