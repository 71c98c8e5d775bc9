//! Sites and their keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::consent::Policy;
use entrenous::domain::site::{KeyKind, SiteId};
use entrenous::domain::utm::Utm;
use entrenous::store::{Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{code, new_key, site, stored_site};

pub(crate) async fn a_site_is_found_by_its_identifier_and_by_each_of_its_keys(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "Radio ❤ 1").await);
    for site in [press, radio] {
        assert_eq!(store.site(&site.id).await.unwrap().as_ref(), Some(&site));
        for key in &site.keys {
            assert_eq!(store.site_by_key(&key.hash).await.unwrap().as_ref(), Some(&site));
        }
    }
}

pub(crate) async fn of_two_sites_of_one_name_the_first_stays(store: Arc<dyn Store>) {
    let first = stored_site(&*store, "press").await;
    let second = site("press");
    assert!(matches!(store.insert_site(&second).await, Err(StoreError::Conflict)));
    assert_eq!(store.sites().await.unwrap(), [first]);
    assert_eq!(store.site(&second.id).await.unwrap(), None);
    assert_eq!(store.site_by_key(&second.keys[0].hash).await.unwrap(), None);
}

pub(crate) async fn of_concurrent_sites_of_one_name_one_stays(store: Arc<dyn Store>) {
    let sites: Vec<_> = (0..10).map(|_| site("press")).collect();
    let outcomes = join_all(sites.iter().map(|site| store.insert_site(site))).await;
    let stayed: Vec<_> = sites.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(stayed.len(), 1);
    assert_eq!(store.sites().await.unwrap(), [stayed[0].0.clone()]);
    let conflicts = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Conflict)));
    assert_eq!(conflicts.count(), 9);
}

pub(crate) async fn a_replaced_site_is_what_it_became(store: Arc<dyn Store>) {
    let other = stored_site(&*store, "zoo").await;
    let old = stored_site(&*store, "press").await;
    let mut site = old.clone();
    site.name = String::from("newspaper");
    site.consent = Some(Policy::Aggregate);
    site.utm = Utm::of("source=news-{channel}".parse().unwrap(), BTreeMap::new());
    site.origins.clear();
    assert!(store.replace_site(&old, &site).await.unwrap());
    assert_eq!(store.site(&site.id).await.unwrap().as_ref(), Some(&site));
    assert_eq!(store.site_by_key(&site.keys[1].hash).await.unwrap().as_ref(), Some(&site));
    assert_eq!(store.sites().await.unwrap(), [site, other]);
    // Its old name is free.
    stored_site(&*store, "press").await;
}

pub(crate) async fn keys_that_a_replaced_site_no_longer_lists_end(store: Arc<dyn Store>) {
    let before = stored_site(&*store, "press").await;
    let (mut site, old) = (before.clone(), before.keys.clone());
    site.rotate(KeyKind::Secret, new_key(KeyKind::Secret));
    assert!(store.replace_site(&before, &site).await.unwrap());
    assert_eq!(store.site_by_key(&old[1].hash).await.unwrap(), None);
    for key in &site.keys {
        assert_eq!(store.site_by_key(&key.hash).await.unwrap().as_ref(), Some(&site));
    }
    assert!(site.keys.contains(&old[0]));
}

pub(crate) async fn of_two_changes_of_a_site_at_once_none_undoes_the_other(store: Arc<dyn Store>) {
    let old = stored_site(&*store, "press").await;
    let rotated = |_| {
        let mut site = old.clone();
        site.rotate(KeyKind::Secret, new_key(KeyKind::Secret));
        site
    };
    let changes: Vec<_> = (0..10).map(rotated).collect();
    let made = join_all(changes.iter().map(|new| store.replace_site(&old, new))).await;
    let made: Vec<_> = changes.iter().zip(made).filter(|(_, made)| *made.as_ref().unwrap()).collect();
    assert_eq!(made.len(), 1);
    let stays = made[0].0;
    assert_eq!(store.site(&old.id).await.unwrap().as_ref(), Some(stays));
    assert_eq!(store.site_by_key(&stays.keys[1].hash).await.unwrap().as_ref(), Some(stays));
    for lost in changes.iter().filter(|site| *site != stays) {
        assert_eq!(store.site_by_key(&lost.keys[1].hash).await.unwrap(), None);
    }
    // Nobody's site is replaced by nobody's.
    let strange = site("zoo");
    assert!(!store.replace_site(&strange, &strange).await.unwrap());
    assert_eq!(store.sites().await.unwrap().len(), 1);
}

pub(crate) async fn sites_are_listed_by_name(store: Arc<dyn Store>) {
    assert_eq!(store.sites().await.unwrap(), []);
    for name in ["b", "a10", "c", "a2", "a"] {
        stored_site(&*store, name).await;
    }
    let names: Vec<_> = store.sites().await.unwrap().into_iter().map(|site| site.name).collect();
    assert_eq!(names, ["a", "a10", "a2", "b", "c"]);
}

pub(crate) async fn what_nobody_added_is_not_there(store: Arc<dyn Store>) {
    stored_site(&*store, "press").await;
    assert_eq!(store.site(&SiteId::random()).await.unwrap(), None);
    assert_eq!(store.site_by_key(&new_key(KeyKind::Secret)).await.unwrap(), None);
    assert_eq!(store.link(&code("abc")).await.unwrap(), None);
}
