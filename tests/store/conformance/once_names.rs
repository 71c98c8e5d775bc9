//! Names that make creation happen once.

use std::sync::Arc;

use entrenous::domain::link::LinkChange;
use entrenous::store::{Inserted, LinkFilter, Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{code, day, link, listed, once, stored_link, stored_site, url};

pub(crate) async fn a_name_answers_with_the_link_that_it_made_first(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (first, second, third) = (link(&site, "first"), link(&site, "second"), link(&site, "third"));
    assert_eq!(store.insert_link(&first, &[once(1)]).await.unwrap(), Inserted::Created);
    let answer = store.insert_link(&second, &[once(1)]).await.unwrap();
    assert_eq!(answer, Inserted::Existing(first));
    assert_eq!(store.link(&second.code).await.unwrap(), None);
    assert_eq!(store.insert_link(&third, &[once(2)]).await.unwrap(), Inserted::Created);
}

pub(crate) async fn each_of_two_names_stands_for_the_link(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let first = link(&site, "first");
    assert_eq!(store.insert_link(&first, &[once(1), once(2)]).await.unwrap(), Inserted::Created);
    for names in [&[once(1)][..], &[once(2)], &[once(9), once(2)], &[once(1), once(9)]] {
        let answer = store.insert_link(&link(&site, "second"), names).await.unwrap();
        assert_eq!(answer, Inserted::Existing(first.clone()));
    }
    // One name given twice is one name.
    let third = link(&site, "third");
    assert_eq!(store.insert_link(&third, &[once(3), once(3)]).await.unwrap(), Inserted::Created);
}

pub(crate) async fn a_name_that_stands_for_a_link_outweighs_a_taken_code(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = link(&site, "slug");
    assert_eq!(store.insert_link(&link, &[once(1)]).await.unwrap(), Inserted::Created);
    // The same request a second time, as a client sends it that did not get the answer.
    assert_eq!(store.insert_link(&link, &[once(1)]).await.unwrap(), Inserted::Existing(link));
}

pub(crate) async fn a_name_means_something_for_its_site_only(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let (ours, theirs) = (link(&press, "ours"), link(&radio, "theirs"));
    assert_eq!(store.insert_link(&ours, &[once(1)]).await.unwrap(), Inserted::Created);
    assert_eq!(store.insert_link(&theirs, &[once(1)]).await.unwrap(), Inserted::Created);
}

pub(crate) async fn the_answer_is_the_link_as_it_is_now(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let first = link(&site, "first");
    store.insert_link(&first, &[once(1)]).await.unwrap();
    let change = LinkChange { url: Some(url("https://other.example/").into()), ..LinkChange::default() };
    let changed = store.change_link(&first.code, change, day(21)).await.unwrap().expect("a link");
    let answer = store.insert_link(&link(&site, "second"), &[once(1)]).await.unwrap();
    assert_eq!(answer, Inserted::Existing(changed));
}

pub(crate) async fn of_fifty_concurrent_calls_with_one_name_one_creates(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links: Vec<_> = (0..50).map(|number| link(&site, &format!("c{number}"))).collect();
    let calls = links.iter().cloned().map(|link| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.insert_link(&link, &[once(1)]).await.expect("a link") })
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(|answer| answer.expect("no panic")).collect();
    let creator = answers.iter().position(|answer| *answer == Inserted::Created).expect("one creates");
    for (number, answer) in answers.into_iter().enumerate() {
        if number != creator {
            assert_eq!(answer, Inserted::Existing(links[creator].clone()));
        }
    }
    let found = listed(&*store, &site.id, &LinkFilter::default(), 100).await;
    assert_eq!(found, [links[creator].clone()]);
}

pub(crate) async fn concurrent_calls_whose_two_names_cross_make_one_link(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let links: Vec<_> = (0..20).map(|number| link(&site, &format!("c{number}"))).collect();
    let orders = [[once(1), once(2)], [once(2), once(1)]];
    let calls = links.iter().enumerate().map(|(n, link)| store.insert_link(link, &orders[n % 2]));
    let answers = join_all(calls).await;
    let created = answers.iter().filter(|answer| matches!(answer, Ok(Inserted::Created)));
    assert_eq!(created.count(), 1);
    assert!(answers.iter().all(Result::is_ok));
    let found = listed(&*store, &site.id, &LinkFilter::default(), 100).await;
    assert_eq!(found.len(), 1);
}

pub(crate) async fn a_creation_that_conflicts_leaves_its_names_free(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    stored_link(&*store, &site, "taken").await;
    let conflict = store.insert_link(&link(&site, "taken"), &[once(1)]).await;
    assert!(matches!(conflict, Err(StoreError::Conflict)));
    let second = link(&site, "free");
    assert_eq!(store.insert_link(&second, &[once(1)]).await.unwrap(), Inserted::Created);
}

pub(crate) async fn a_deleted_links_names_are_free_again(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    store.insert_link(&link(&site, "first"), &[once(1), once(2)]).await.unwrap();
    let other = link(&site, "other");
    store.insert_link(&other, &[once(3)]).await.unwrap();
    assert!(store.delete_link(&code("first")).await.unwrap().was_there());
    let second = link(&site, "second");
    assert_eq!(store.insert_link(&second, &[once(2)]).await.unwrap(), Inserted::Created);
    let third = link(&site, "third");
    assert_eq!(store.insert_link(&third, &[once(1)]).await.unwrap(), Inserted::Created);
    let answer = store.insert_link(&link(&site, "fourth"), &[once(3)]).await.unwrap();
    assert_eq!(answer, Inserted::Existing(other));
}
