//! People, sessions and shared views.

use std::sync::Arc;

use entrenous::domain::person::{Password, PasswordHash, Person, PersonChange, PersonName, Role};
use entrenous::domain::session::{Holder, Session};
use entrenous::domain::site::{KeyHash, SiteId};
use entrenous::stats::view::{Scope, View};
use entrenous::store::{Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{noon, text, url};

fn password(text: &str) -> Password {
    Password::new(PasswordHash::new(text.to_owned()))
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn site(text: &str) -> SiteId {
    SiteId::from_stored(text)
}

fn person(named: &str, site: &str) -> Person {
    Person {
        name: name(named),
        site: SiteId::from_stored(site),
        role: Role::Reader,
        password: password("$argon2id$a"),
    }
}

fn session(token: &str, site: &str, holder: Holder) -> Session {
    let (token, site) = (KeyHash::of(token), SiteId::from_stored(site));
    Session { token, site, holder, created_at: noon(1), used_at: noon(2) }
}

pub(crate) async fn a_person_is_found_by_their_name_in_whatever_case(store: Arc<dyn Store>) {
    assert_eq!(store.people(&site("one")).await.unwrap(), []);
    let (zoe, bob) = (person("Zoë Ng", "one"), person("bob", "two"));
    store.insert_person(&zoe).await.unwrap();
    store.insert_person(&bob).await.unwrap();
    for called in ["Zoë Ng", "zoë ng", "ZOË NG"] {
        assert_eq!(store.person(&site("one"), &name(called)).await.unwrap().as_ref(), Some(&zoe), "{called}");
    }
    assert_eq!(store.person(&site("one"), &name("zoe ng")).await.unwrap(), None);
    assert_eq!(store.person(&site("two"), &name("zoë ng")).await.unwrap(), None, "of another site");
    for (of, person) in [("one", zoe), ("two", bob)] {
        assert_eq!(store.people(&site(of)).await.unwrap(), [person], "{of}");
    }
}

pub(crate) async fn of_two_people_of_one_name_the_first_stays(store: Arc<dyn Store>) {
    let first = person("Ada", "one");
    store.insert_person(&first).await.unwrap();
    assert!(matches!(store.insert_person(&person("ada", "one")).await, Err(StoreError::Conflict)));
    // Nobody learns by that who is of another site.
    let theirs = person("ADA", "two");
    store.insert_person(&theirs).await.unwrap();
    for (site, person) in [(site("one"), &first), (site("two"), &theirs)] {
        assert_eq!(store.person(&site, &name("ada")).await.unwrap().as_ref(), Some(person));
    }
    let mut named = store.people_named(&name("aDa")).await.unwrap();
    named.sort_by(|one, other| one.site.as_str().cmp(other.site.as_str()));
    assert_eq!(named, [first.clone(), theirs]);
    assert_eq!(store.people_named(&name("ad")).await.unwrap(), []);
    assert!(store.delete_person(&site("two"), &name("ada")).await.unwrap());
    assert_eq!(store.people(&site("one")).await.unwrap(), [first]);
    assert_eq!(store.people(&site("two")).await.unwrap(), []);
}

pub(crate) async fn of_concurrent_people_of_one_name_one_stays(store: Arc<dyn Store>) {
    let people: Vec<_> = (0..10).map(|_| person("ada", "one")).collect();
    let outcomes = join_all(people.iter().map(|person| store.insert_person(person))).await;
    let stayed: Vec<_> = people.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(stayed.len(), 1);
    assert_eq!(store.people(&site("one")).await.unwrap(), [stayed[0].0.clone()]);
}

pub(crate) async fn concurrent_changes_of_a_person_all_hold(store: Arc<dyn Store>) {
    let mut ada = person("Ada", "one");
    store.insert_person(&ada).await.unwrap();
    let new = password("$argon2id$b");
    let (role, secret) = (
        PersonChange { role: Some(Role::Owner), ..PersonChange::default() },
        PersonChange { password: Some(new.clone()), ..PersonChange::default() },
    );
    let (called, one) = (name("ADA"), site("one"));
    let both =
        tokio::join!(store.change_person(&one, &called, role), store.change_person(&one, &called, secret));
    assert!(both.0.unwrap().is_some_and(|person| person.role == Role::Owner));
    assert!(both.1.unwrap().is_some_and(|person| person.password == new));
    (ada.role, ada.password) = (Role::Owner, new);
    assert_eq!(store.person(&site("one"), &called).await.unwrap(), Some(ada));
}

pub(crate) async fn a_removed_person_is_not_there_and_not_changed(store: Arc<dyn Store>) {
    store.insert_person(&person("Ada", "one")).await.unwrap();
    assert!(store.delete_person(&site("one"), &name("ada")).await.unwrap());
    assert!(!store.delete_person(&site("one"), &name("ada")).await.unwrap());
    let change = PersonChange { role: Some(Role::Owner), ..PersonChange::default() };
    assert_eq!(store.change_person(&site("one"), &name("ada"), change).await.unwrap(), None);
    assert_eq!(store.people(&site("one")).await.unwrap(), []);
    // The name is free again.
    store.insert_person(&person("ada", "two")).await.unwrap();
}

pub(crate) async fn a_session_is_found_by_its_token_until_it_is_ended(store: Arc<dyn Store>) {
    let ada = person("Ada", "one");
    let by_name = session("a", "one", Holder::Person(ada.name, ada.password.mark));
    let by_key = session("b", "two", Holder::Key(KeyHash::of("key")));
    for session in [&by_name, &by_key] {
        store.insert_session(session).await.unwrap();
        assert_eq!(store.session(&session.token).await.unwrap().as_ref(), Some(session));
    }
    assert_eq!(store.all_sessions().await.unwrap().len(), 2);
    for session in [&by_name, &by_key] {
        assert_eq!(store.sessions(&session.site).await.unwrap().as_slice(), std::slice::from_ref(session));
    }
    assert_eq!(store.session(&KeyHash::of("c")).await.unwrap(), None);
    store.note_use(&by_key.token, noon(3)).await.unwrap();
    let used = Session { used_at: noon(3), ..by_key.clone() };
    assert_eq!(store.session(&by_key.token).await.unwrap(), Some(used.clone()));
    store.end_sessions(&[]).await.unwrap();
    store.end_sessions(&[by_name.token.clone(), KeyHash::of("c")]).await.unwrap();
    assert_eq!(store.session(&by_name.token).await.unwrap(), None);
    assert_eq!(store.all_sessions().await.unwrap(), [used]);
}

pub(crate) async fn a_session_that_was_ended_is_not_begun_again_by_a_late_use(store: Arc<dyn Store>) {
    let session = session("a", "one", Holder::Key(KeyHash::of("key")));
    store.insert_session(&session).await.unwrap();
    let uses = (0..20).map(|_| store.note_use(&session.token, noon(3)));
    let (gone, noted) =
        tokio::join!(store.end_sessions(std::slice::from_ref(&session.token)), join_all(uses));
    gone.unwrap();
    assert!(noted.into_iter().all(|noted| noted.is_ok()));
    store.note_use(&session.token, noon(4)).await.unwrap();
    assert_eq!(store.all_sessions().await.unwrap(), []);
}

pub(crate) async fn a_view_is_found_by_its_token_until_it_is_forgotten(store: Arc<dyn Store>) {
    let scopes = [
        Scope::Site,
        Scope::Page(url("https://example.com/a?b=c")),
        Scope::Campaign(text("spring").unwrap()),
    ];
    let views: Vec<_> = scopes
        .into_iter()
        .zip(["a", "b", "c"])
        .map(|(scope, token)| View {
            token: KeyHash::of(token),
            site: SiteId::from_stored("one"),
            scope,
            created_at: noon(1),
            sequence: 7,
            expires_at: noon(30),
            password: (token == "b").then(|| PasswordHash::new("$argon2id$a".to_owned())),
        })
        .collect();
    for view in &views {
        store.insert_view(view).await.unwrap();
        assert_eq!(store.view(&view.token).await.unwrap().as_ref(), Some(view));
    }
    assert_eq!(store.views(&site("one")).await.unwrap().len(), 3);
    assert_eq!(store.views(&site("two")).await.unwrap(), []);
    store.delete_views(&[views[0].token.clone(), views[1].token.clone(), KeyHash::of("d")]).await.unwrap();
    assert_eq!(store.view(&views[0].token).await.unwrap(), None);
    assert_eq!(store.all_views().await.unwrap(), views[2..]);
}

pub(crate) async fn what_one_handle_ends_has_ended_for_the_other(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let (ada, session) = (person("Ada", "one"), session("a", "one", Holder::Key(KeyHash::of("key"))));
    one.insert_person(&ada).await.unwrap();
    one.insert_session(&session).await.unwrap();
    assert_eq!(other.person(&ada.site, &ada.name).await.unwrap(), Some(ada.clone()));
    assert_eq!(other.session(&session.token).await.unwrap(), Some(session.clone()));
    other.end_sessions(std::slice::from_ref(&session.token)).await.unwrap();
    assert!(other.delete_person(&ada.site, &ada.name).await.unwrap());
    assert_eq!(one.session(&session.token).await.unwrap(), None);
    assert_eq!(one.person(&ada.site, &ada.name).await.unwrap(), None);
}
