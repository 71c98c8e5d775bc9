//! Making, changing and deleting links.

use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::LinkChange;
use entrenous::store::{Inserted, LinkFilter, Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{
    Journal, UNFURL, channel, click, clicks, code, counted, day, insert, link, noon, stored_link,
    stored_site, text, url,
};

pub(crate) async fn a_link_comes_back_as_it_was_made(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let plain = stored_link(&*store, &site, "plain").await;
    let mut full = link(&site, "A_slug-of-64-bytes-0123456789-0123456789-0123456789-0123456789-x");
    full.url = url("https://bücher.example/a?b=c&d=%20#e\"'");
    full.channel = channel("our_own-app2");
    full.campaign = text("été: \"50 %\" & 'more' ❤");
    full.title = text("Ünïcode — {title}\u{2028}");
    full.parent = Some(plain.code.clone());
    full.generation = 7;
    full.created_at = "2026-11-20T23:59:59.999Z".parse().unwrap();
    full.expires_at = Some("2027-01-01T00:00:00.001Z".parse().unwrap());
    full.disabled = true;
    full.taken_down = true;
    insert(&*store, &full).await;
    for link in [plain, full] {
        assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    }
}

pub(crate) async fn a_code_that_is_taken_is_a_conflict_and_changes_nothing(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let first = stored_link(&*store, &press, "abc").await;
    for site in [&press, &radio] {
        let mut second = link(site, "abc");
        second.url = url("https://other.example/");
        assert!(matches!(store.insert_link(&second, &[]).await, Err(StoreError::Conflict)));
    }
    assert_eq!(store.link(&first.code).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.links(&press.id, &LinkFilter::default(), None, 10).await.unwrap(), [first]);
    assert_eq!(store.links(&radio.id, &LinkFilter::default(), None, 10).await.unwrap(), []);
    // Codes differ by case.
    stored_link(&*store, &press, "aBc").await;
}

pub(crate) async fn a_conflict_among_concurrent_creations_spoils_no_other(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    stored_link(&*store, &site, "taken").await;
    let links: Vec<_> = (0..200)
        .map(|number| if number % 3 == 0 { link(&site, "taken") } else { link(&site, &format!("c{number}")) })
        .collect();
    let outcomes = join_all(links.iter().map(|link| store.insert_link(link, &[]))).await;
    for (link, outcome) in links.iter().zip(outcomes) {
        match outcome {
            Ok(Inserted::Created) => {
                assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(link));
            }
            other => assert!(link.code.as_str() == "taken" && matches!(other, Err(StoreError::Conflict))),
        }
    }
}

pub(crate) async fn of_concurrent_links_with_one_code_one_is_made(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links: Vec<_> = (0..20)
        .map(|number| {
            let mut link = link(&site, "abc");
            link.url = url(&format!("https://example.com/{number}"));
            link
        })
        .collect();
    let outcomes = join_all(links.iter().map(|link| store.insert_link(link, &[]))).await;
    let made: Vec<_> = links.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(store.link(&code("abc")).await.unwrap().as_ref(), Some(made[0].0));
    let listed = store.links(&site.id, &LinkFilter::default(), None, 30).await.unwrap();
    assert_eq!(listed, [made[0].0.clone()]);
}

pub(crate) async fn a_change_holds_and_is_returned(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut link = stored_link(&*store, &site, "abc").await;
    let change = LinkChange {
        url: Some(url("https://other.example/")),
        campaign: Some(text("spring")),
        expires_at: Some(Some(noon(25))),
        disabled: Some(true),
        taken_down: Some(true),
    };
    link.apply(change.clone());
    assert_eq!(store.change_link(&link.code, change).await.unwrap().as_ref(), Some(&link));
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    let listed = store.links(&site.id, &LinkFilter::default(), None, 10).await.unwrap();
    assert_eq!(listed, [link]);
}

pub(crate) async fn what_a_change_leaves_out_stays_and_what_it_empties_goes(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut link = link(&site, "abc");
    link.campaign = text("spring");
    link.title = text("A title");
    link.expires_at = Some(noon(25));
    link.disabled = true;
    insert(&*store, &link).await;
    let nothing = store.change_link(&link.code, LinkChange::default()).await.unwrap();
    assert_eq!(nothing.as_ref(), Some(&link));
    let emptied = LinkChange {
        campaign: Some(None),
        expires_at: Some(None),
        disabled: Some(false),
        ..LinkChange::default()
    };
    link.apply(emptied.clone());
    assert_eq!(store.change_link(&link.code, emptied).await.unwrap().as_ref(), Some(&link));
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    assert_eq!((link.campaign, link.expires_at, link.disabled), (None, None, false));
}

pub(crate) async fn concurrent_changes_of_different_fields_all_hold(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    for round in 0..10 {
        let mut link = stored_link(&*store, &site, &format!("round{round}")).await;
        let changes = [
            LinkChange { url: Some(url("https://other.example/")), ..LinkChange::default() },
            LinkChange { campaign: Some(text("spring")), ..LinkChange::default() },
            LinkChange { expires_at: Some(Some(noon(25))), ..LinkChange::default() },
            LinkChange { disabled: Some(true), ..LinkChange::default() },
            LinkChange { taken_down: Some(true), ..LinkChange::default() },
        ];
        let outcomes =
            join_all(changes.iter().map(|change| store.change_link(&link.code, change.clone()))).await;
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(Option::is_some)));
        for change in changes {
            link.apply(change);
        }
        assert_eq!(store.link(&link.code).await.unwrap(), Some(link));
    }
}

pub(crate) async fn a_link_that_is_not_there_is_not_changed_or_deleted(store: Arc<dyn Store>) {
    let change = LinkChange { disabled: Some(true), ..LinkChange::default() };
    assert_eq!(store.change_link(&code("abc"), change).await.unwrap(), None);
    assert!(!store.delete_link(&code("abc")).await.unwrap());
    assert_eq!(store.link(&code("abc")).await.unwrap(), None);
}

pub(crate) async fn a_deleted_link_is_gone_with_its_counts(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (gone, kept) = (stored_link(&*store, &site, "gone").await, stored_link(&*store, &site, "kept").await);
    let mut journal = Journal::new("j");
    for link in [&gone, &kept] {
        for number in [3, 18, 19, 20] {
            journal.settle(&*store, link, day(number), [click(1), UNFURL]).await;
        }
    }
    assert!(store.delete_link(&gone.code).await.unwrap());
    assert!(!store.delete_link(&gone.code).await.unwrap());
    assert_eq!(store.link(&gone.code).await.unwrap(), None);
    assert!(store.link_counts(&gone.code, day(1), day(30)).await.unwrap().days.is_empty());
    assert_eq!(store.link_counts(&kept.code, day(1), day(30)).await.unwrap().days.len(), 4);
    assert_eq!(store.link(&kept.code).await.unwrap(), Some(kept));
}

pub(crate) async fn a_deleted_links_code_can_be_made_again_and_begins_at_nothing(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1), click(2), EntryKind::AggregateClick]).await;
    store.delete_link(&link.code).await.unwrap();
    let again = stored_link(&*store, &site, "abc").await;
    assert!(store.link_counts(&again.code, day(1), day(30)).await.unwrap().days.is_empty());
    // The visitors of the link that is gone are not known any more.
    journal.settle(&*store, &again, day(20), [click(2), click(2)]).await;
    assert_eq!(counted(&*store, &again, day(20)).await, clicks(2, 1));
}
