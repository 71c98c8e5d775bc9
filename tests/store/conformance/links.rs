//! Making, changing and deleting links.

use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::{Link, LinkChange};
use entrenous::store::{Deletion, Inserted, LinkFilter, Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{
    Journal, UNFURL, channel, click, clicks, code, counted, day, insert, link, listed, noon, stored_link,
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
    full.created_at = "2026-11-20T23:00:00Z".parse().unwrap();
    full.expires_at = Some("2027-01-01T00:00:00.001Z".parse().unwrap());
    full.is_share = true;
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
    assert_eq!(listed(&*store, &press.id, &LinkFilter::default(), 10).await, [first]);
    assert_eq!(listed(&*store, &radio.id, &LinkFilter::default(), 10).await, []);
}

pub(crate) async fn no_two_codes_differ_in_case_only(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let first = stored_link(&*store, &press, "Spring-Sale_1").await;
    for (site, other) in [(&press, "spring-sale_1"), (&radio, "SPRING-SALE_1"), (&press, "Spring-Sale_1")] {
        assert!(
            matches!(store.insert_link(&link(site, other), &[]).await, Err(StoreError::Conflict)),
            "{other}"
        );
        assert_eq!(store.link_in_any_case(&code(other)).await.unwrap().as_ref(), Some(&first), "{other}");
    }
    let other = code("spring-sale_1");
    assert_eq!(store.link(&other).await.unwrap(), None);
    let off = LinkChange { disabled: Some(true), ..LinkChange::default() };
    assert_eq!(store.change_link(&other, off, day(21)).await.unwrap(), None);
    assert!(!store.delete_link(&other).await.unwrap().was_there());
    assert_eq!(store.link(&first.code).await.unwrap().as_ref(), Some(&first));
    // What is gone is in nobody's way, and its clicks are not those of the link with its code in another case.
    assert!(store.delete_link(&first.code).await.unwrap().was_there());
    assert_eq!(store.link_in_any_case(&other).await.unwrap(), None);
    // Another site never has it, in whatever case.
    let foreign = store.insert_link(&link(&radio, "spring-sale_1"), &[]).await;
    assert!(matches!(foreign, Err(StoreError::Conflict)), "{foreign:?}");
    let second = stored_link(&*store, &press, "spring-sale_1").await;
    let mut journal = Journal::new("late");
    let late = [journal.entry(&first, day(20), click(1)), journal.entry(&first, day(20), UNFURL)];
    store.settle(&journal.id, &late).await.unwrap();
    assert_eq!(store.link_in_any_case(&first.code).await.unwrap().as_ref(), Some(&second));
    assert_eq!(counted(&*store, &second, day(20)).await, clicks(0, 0));
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
    let found = listed(&*store, &site.id, &LinkFilter::default(), 30).await;
    assert_eq!(found, [made[0].0.clone()]);
}

pub(crate) async fn a_change_holds_and_is_returned(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut link = stored_link(&*store, &site, "abc").await;
    let change = LinkChange {
        url: Some(url("https://other.example/").into()),
        campaign: Some(text("spring")),
        expires_at: Some(Some(noon(25))),
        disabled: Some(true),
        taken_down: Some(true),
    };
    link.apply(change.clone(), day(21));
    assert_eq!(store.change_link(&link.code, change, day(21)).await.unwrap().as_ref(), Some(&link));
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    let found = listed(&*store, &site.id, &LinkFilter::default(), 10).await;
    assert_eq!(found, [link]);
}

pub(crate) async fn what_a_change_leaves_out_stays_and_what_it_empties_goes(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut link = link(&site, "abc");
    link.campaign = text("spring");
    link.title = text("A title");
    link.expires_at = Some(noon(25));
    link.disabled = true;
    insert(&*store, &link).await;
    let nothing = store.change_link(&link.code, LinkChange::default(), day(21)).await.unwrap();
    assert_eq!(nothing.as_ref(), Some(&link));
    let emptied = LinkChange {
        campaign: Some(None),
        expires_at: Some(None),
        disabled: Some(false),
        ..LinkChange::default()
    };
    link.apply(emptied.clone(), day(21));
    assert_eq!(store.change_link(&link.code, emptied, day(21)).await.unwrap().as_ref(), Some(&link));
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    assert_eq!((link.campaign, link.expires_at, link.disabled), (None, None, false));
}

pub(crate) async fn concurrent_changes_of_different_fields_all_hold(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    for round in 0..10 {
        let mut link = stored_link(&*store, &site, &format!("round{round}")).await;
        let changes = [
            LinkChange { url: Some(url("https://other.example/").into()), ..LinkChange::default() },
            LinkChange { campaign: Some(text("spring")), ..LinkChange::default() },
            LinkChange { expires_at: Some(Some(noon(25))), ..LinkChange::default() },
            LinkChange { disabled: Some(true), ..LinkChange::default() },
            LinkChange { taken_down: Some(true), ..LinkChange::default() },
        ];
        let outcomes =
            join_all(changes.iter().map(|change| store.change_link(&link.code, change.clone(), day(21))))
                .await;
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(Option::is_some)));
        for change in changes {
            link.apply(change, day(21));
        }
        assert_eq!(store.link(&link.code).await.unwrap(), Some(link));
    }
}

pub(crate) async fn a_link_that_is_not_there_is_not_changed_or_deleted(store: Arc<dyn Store>) {
    let change = LinkChange { disabled: Some(true), ..LinkChange::default() };
    assert_eq!(store.change_link(&code("abc"), change, day(21)).await.unwrap(), None);
    assert!(!store.delete_link(&code("abc")).await.unwrap().was_there());
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
    assert!(store.delete_link(&gone.code).await.unwrap().was_there());
    assert!(!store.delete_link(&gone.code).await.unwrap().was_there());
    assert_eq!(store.link(&gone.code).await.unwrap(), None);
    assert!(store.link_counts(&gone.code, day(1), day(30)).await.unwrap().days.is_empty());
    assert_eq!(store.link_counts(&kept.code, day(1), day(30)).await.unwrap().days.len(), 4);
    assert_eq!(store.link(&kept.code).await.unwrap(), Some(kept));
}

pub(crate) async fn a_deleted_links_code_can_be_made_again_and_begins_at_nothing(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1), click(2), EntryKind::Open]).await;
    store.delete_link(&link.code).await.unwrap();
    let again = stored_link(&*store, &site, "abc").await;
    assert!(store.link_counts(&again.code, day(1), day(30)).await.unwrap().days.is_empty());
    // The visitors of the link that is gone are not known any more.
    journal.settle(&*store, &again, day(20), [click(2), click(2)]).await;
    assert_eq!(counted(&*store, &again, day(20)).await, clicks(2, 1));
}

pub(crate) async fn a_deleted_links_children_forget_it(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let (parent, other) =
        (stored_link(&*store, &press, "ab").await, stored_link(&*store, &press, "ab2").await);
    let child = |named: &str, parent: &Link| {
        let mut child = link(&press, named);
        (child.parent, child.generation) = (Some(parent.code.clone()), 1);
        child
    };
    let children = [child("c1", &parent), child("c2", &parent), child("c3", &other), child("c4", &parent)];
    for link in &children {
        insert(&*store, link).await;
    }
    stored_link(&*store, &radio, "theirs").await;
    assert!(store.delete_link(&code("c4")).await.unwrap().was_there());
    assert_eq!(store.delete_link(&parent.code).await.unwrap(), Deletion::LetGo);
    assert_eq!(store.delete_link(&parent.code).await.unwrap(), Deletion::NotThere);
    for (link, parent) in [("c1", None), ("c2", None), ("c3", Some(other.code.clone()))] {
        let found = store.link(&code(link)).await.unwrap().unwrap();
        assert_eq!((found.parent, found.generation), (parent, 1), "{link}");
    }
    // One that is made with a parent that has gone meanwhile has none.
    insert(&*store, &child("late", &parent)).await;
    assert_eq!(store.link(&code("late")).await.unwrap().unwrap().parent, None);
    // A later link of that code is nobody's parent.
    stored_link(&*store, &press, "ab").await;
    assert!(store.delete_link(&parent.code).await.unwrap().was_there());
    assert_eq!(store.link(&code("c3")).await.unwrap().unwrap().parent, Some(other.code));
}
