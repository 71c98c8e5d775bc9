//! Making many links at once: each for itself, as if one by one.

use std::sync::Arc;

use entrenous::domain::link::Link;
use entrenous::store::{Inserted, OnceName, Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{code, link, once, stored_link, stored_site};

/// The outcome as a word and, where there is one, the link that was found.
async fn made(store: &dyn Store, links: &[(Link, Vec<OnceName>)]) -> Vec<String> {
    let outcomes = store.insert_links(links).await;
    let word = |outcome: Result<Inserted, StoreError>| match outcome {
        Ok(Inserted::Created) => "created".to_owned(),
        Ok(Inserted::Existing(link)) => format!("existing {}", link.code),
        Ok(Inserted::Reused) => "reused".to_owned(),
        Err(StoreError::Conflict) => "conflict".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    outcomes.into_iter().map(word).collect()
}

pub(crate) async fn of_many_links_each_is_made_or_found_for_itself(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let taken = stored_link(&*store, &site, "taken").await;
    store.insert_link(&link(&site, "known"), &[once(1)]).await.unwrap();
    let new = link(&site, "new");
    let links = [
        (new.clone(), vec![]),
        (link(&site, "taken"), vec![]),
        (link(&site, "other"), vec![once(1)]),
        (link(&site, "first"), vec![once(2)]),
        (link(&site, "second"), vec![once(3), once(2)]),
        (link(&site, "new"), vec![]),
        (link(&site, "last"), vec![once(4)]),
    ];
    let expected =
        ["created", "conflict", "existing known", "created", "existing first", "conflict", "created"];
    assert_eq!(made(&*store, &links).await, expected);
    assert_eq!(store.link(&code("taken")).await.unwrap(), Some(taken));
    assert_eq!(store.link(&code("new")).await.unwrap(), Some(new));
    for nobody in ["other", "second"] {
        assert_eq!(store.link(&code(nobody)).await.unwrap(), None);
    }
    assert_eq!(made(&*store, &[]).await, Vec::<String>::new());
}

pub(crate) async fn hundreds_of_links_are_made_in_one_call_and_found_in_the_next(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let new = |number: u16| {
        let mut name = [0; 16];
        name[..2].copy_from_slice(&number.to_be_bytes());
        (link(&site, &format!("link{number}")), vec![OnceName::lasting(name)])
    };
    let links: Vec<_> = (0..300).map(new).collect();
    assert!(made(&*store, &links).await.iter().all(|outcome| outcome == "created"));
    // The same names, as a client that got no answer sends them, with other codes.
    let again: Vec<_> = (0..300)
        .map(|number| {
            let (mut link, names) = new(number);
            link.code = code(&format!("again{number}"));
            (link, names)
        })
        .collect();
    let expected: Vec<_> = (0..300).map(|number| format!("existing link{number}")).collect();
    assert_eq!(made(&*store, &again).await, expected);
    for (link, _) in &links {
        assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(link));
    }
}

pub(crate) async fn calls_for_many_links_with_the_same_names_make_each_once(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let call = |number: u8| {
        let site = &site;
        let links: Vec<_> =
            (0..10).map(|name| (link(site, &format!("c{number}n{name}")), vec![once(name)])).collect();
        let store = &store;
        async move { made(&**store, &links).await }
    };
    let outcomes = join_all((0..5).map(call)).await;
    for name in 0..10 {
        let created = outcomes.iter().filter(|outcomes| outcomes[name] == "created").count();
        assert_eq!(created, 1, "{name}: {outcomes:?}");
    }
}
