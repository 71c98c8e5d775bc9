//! Who may see the numbers: people, their roles and passwords, sessions, limits on attempts, and forms that only the
//! service's own pages can send.

use std::time::{Duration, Instant};

use entrenous::domain::person::Role;
use entrenous::domain::site::KeyKind;
use entrenous::service::accounts::people::People;
use entrenous::service::accounts::sites::Sites;
use entrenous::store::Store;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::json;

use crate::service::{Backend, Service, on_every_store, problem, refused};

on_every_store!(
    a_person_signs_in_by_name_and_password_and_reads,
    a_reader_reads_and_changes_nothing,
    an_owner_adds_changes_and_removes_people,
    nobody_is_added_twice_or_with_a_short_password,
    a_new_password_ends_the_sessions_of_the_old_one,
    a_removed_person_is_out_at_once,
    sessions_are_listed_and_ended,
    a_reader_sees_and_ends_their_own_sessions_only,
    a_session_ends_idle_and_ends_old,
    a_session_of_one_instance_ends_at_the_other,
    a_form_without_the_sessions_token_does_nothing,
    a_form_of_another_page_does_nothing,
    nothing_secret_is_in_the_store,
);

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A browser of one person.
pub(crate) struct Person<'a> {
    service: &'a Service,
    client: Client,
}

impl<'a> Person<'a> {
    /// Who has not signed in.
    pub(crate) fn new(service: &'a Service) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).cookie_store(true);
        Self { service, client: client.build().expect("a client") }
    }

    /// Who has, with the secret key.
    pub(crate) async fn with_key(service: &'a Service) -> Self {
        let person = Self::new(service);
        assert_eq!(person.sign_in("", &service.secret).await.status().as_u16(), 303);
        person
    }

    /// Who has, with a name and a password.
    pub(crate) async fn named(service: &'a Service, name: &str, password: &str) -> Self {
        let person = Self::new(service);
        assert_eq!(person.sign_in(name, password).await.status().as_u16(), 303, "{name}");
        person
    }

    pub(crate) async fn sign_in(&self, name: &str, secret: &str) -> Response {
        let form = [("name", name), ("secret", secret)];
        self.to(Method::POST, "/stats/sign-in").form(&form).send().await.expect("an answer")
    }

    pub(crate) fn to(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.service.base)).header("accept", "text/html")
    }

    /// The status of a page, and its text.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let response = self.to(Method::GET, path).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("text"))
    }

    /// What the forms of this session carry.
    pub(crate) async fn form_token(&self) -> String {
        let (status, text) = self.page("/stats/sessions").await;
        assert_eq!(status, 200, "{text}");
        value_of(&text, "form_token").to_owned()
    }

    /// Sends a form as the pages do.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let token = self.form_token().await;
        let form: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        let response = self.to(Method::POST, path).form(&form).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("text"))
    }
}

/// The value of the first hidden field of this name.
pub(crate) fn value_of<'a>(page: &'a str, name: &str) -> &'a str {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&field).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    rest.split('"').next().expect("a value")
}

/// The text of the first element with this opening.
pub(crate) fn inside<'a>(page: &'a str, opening: &str) -> &'a str {
    let rest = page.split_once(opening).unwrap_or_else(|| panic!("no {opening} in {page}")).1;
    rest.split('<').next().expect("a text")
}

/// Adds a person as the command line does.
pub(crate) async fn add(service: &Service, name: &str, role: Role) {
    let store = service.store().await;
    let site = Sites::new(store.clone()).by_name("test").await.expect("sites").expect("a site");
    let added = People::new(store, std::sync::Arc::default()).add(&site.id, name, role, Some(PASSWORD)).await;
    added.expect("a new person");
}

async fn a_person_signs_in_by_name_and_password_and_reads(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "Zoë Ng", Role::Reader).await;
    let browser = Person::new(&service);
    for (name, password) in
        [("Zoë Ng", "wrong password"), ("Zoë Ng", ""), ("nobody", PASSWORD), ("\u{0}", PASSWORD)]
    {
        let refused = browser.sign_in(name, password).await;
        assert_eq!(refused.status().as_u16(), 401);
        assert!(refused.headers().get("set-cookie").is_none());
        let text = refused.text().await.expect("text");
        assert!(text.contains("The name or the password is wrong."), "{text}");
        assert!(password.is_empty() || !text.contains(password), "a password is never shown again");
    }
    // The key opens nothing beside a name, and a password nothing without.
    assert_eq!(browser.sign_in("Zoë Ng", &service.secret).await.status().as_u16(), 401);
    assert_eq!(browser.sign_in("", PASSWORD).await.status().as_u16(), 401);
    let browser = Person::named(&service, " zoë ng ", PASSWORD).await;
    assert_eq!(browser.page("/stats").await.0, 200);
    let code = service.code().await;
    for path in [format!("/stats/{code}"), format!("/stats/{code}.csv"), format!("/stats/{code}.json")] {
        assert_eq!(browser.page(&path).await.0, 200, "{path}");
    }
}

async fn a_reader_reads_and_changes_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "rita", Role::Reader).await;
    let rita = Person::named(&service, "rita", PASSWORD).await;
    for path in ["/stats/people", "/stats/views"] {
        let (status, text) = rita.page(path).await;
        assert!(status == 403 && text.contains("Only an owner may do this"), "{path}: {text}");
    }
    for (path, fields) in [
        ("/stats/people", &[("name", "eve"), ("role", "owner"), ("password", PASSWORD)][..]),
        ("/stats/people/role", &[("person", "rita"), ("role", "owner")]),
        ("/stats/people/password", &[("person", "rita")]),
        ("/stats/people/remove", &[("person", "rita")]),
        ("/stats/views", &[("scope", "site"), ("until", "2026-12-01")]),
        ("/stats/views/revoke", &[("view", "0")]),
        ("/stats/views/publicity", &[("public", "on")]),
    ] {
        assert_eq!(rita.send(path, fields).await.0, 403, "{path}");
    }
    let store = service.store().await;
    let people = people(&*store).await;
    assert!(people.len() == 1 && people[0].role == Role::Reader);
    assert_eq!(store.all_views().await.expect("views"), []);
    assert!(!store.sites().await.expect("sites")[0].public);
}

async fn an_owner_adds_changes_and_removes_people(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    assert!(owner.page("/stats/people").await.1.contains("Nobody by name yet."));
    // With a password of the owner's choice, and without.
    let (status, _) =
        owner.send("/stats/people", &[("name", "ada"), ("role", "owner"), ("password", PASSWORD)]).await;
    assert_eq!(status, 303);
    let (status, text) =
        owner.send("/stats/people", &[("name", "<b>bob</b>"), ("role", "reader"), ("password", "")]).await;
    assert_eq!(status, 200);
    let made = inside(&text, "<p class=\"short\">").to_owned();
    assert!(made.len() == 23 && !text.contains("<b>bob"), "{text}");
    assert!(!owner.page("/stats/people").await.1.contains(&made), "it is shown once");
    let bob = Person::named(&service, "<b>bob</b>", &made).await;
    assert_eq!(bob.page("/stats/people").await.0, 403);
    let ada = Person::named(&service, "ada", PASSWORD).await;
    let (status, text) = ada.page("/stats/people").await;
    assert!(status == 200 && text.contains("ada") && text.contains("bob&#60;/b&#62;"), "{text}");
    // What somebody may do changes at once.
    assert_eq!(ada.send("/stats/people/role", &[("person", "<b>BOB</b>"), ("role", "owner")]).await.0, 303);
    assert_eq!(bob.page("/stats/people").await.0, 200);
    assert_eq!(bob.send("/stats/people/role", &[("person", "ada"), ("role", "reader")]).await.0, 303);
    assert_eq!(ada.page("/stats/people").await.0, 403);
    assert_eq!(bob.send("/stats/people/remove", &[("person", "ada")]).await.0, 303);
    assert_eq!(ada.page("/stats").await.0, 303);
    for path in ["/stats/people/role", "/stats/people/password", "/stats/people/remove"] {
        let gone = bob.send(path, &[("person", "ada"), ("role", "reader")]).await;
        assert_eq!(gone.0, 404, "{path}");
    }
    assert_eq!(bob.send("/stats/people/role", &[("person", "<b>bob</b>"), ("role", "king")]).await.0, 422);
    // Another site's people are another's.
    let (_, other) = service.site("other", |_| {}).await;
    let stranger = Person::new(&service);
    assert_eq!(stranger.sign_in("", &other).await.status().as_u16(), 303);
    assert!(!stranger.page("/stats/people").await.1.contains("bob"));
    for path in ["/stats/people/role", "/stats/people/password", "/stats/people/remove"] {
        let fields = [("person", "<b>bob</b>"), ("role", "reader")];
        assert_eq!(stranger.send(path, &fields).await.0, 404, "{path}");
    }
    assert_eq!(bob.page("/stats/people").await.0, 200);
}

async fn nobody_is_added_twice_or_with_a_short_password(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Reader).await;
    let owner = Person::with_key(&service).await;
    for (name, password, status, words) in [
        ("ADA", PASSWORD, 409, "Somebody has this name already."),
        ("eve", "too short", 422, "at least 12 characters"),
        ("", PASSWORD, 422, "The name must be 1 to 60 characters"),
        ("a\nb", "too short", 422, "The name must be 1 to 60 characters on one line. The password must"),
    ] {
        let fields = [("name", name), ("role", "owner"), ("password", password)];
        let (found, text) = owner.send("/stats/people", &fields).await;
        assert!(found == status && text.contains(words), "{name:?}: {found} {text}");
    }
    let people = people(&*service.store().await).await;
    assert!(people.len() == 1 && people[0].role == Role::Reader);
}

async fn a_new_password_ends_the_sessions_of_the_old_one(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Owner).await;
    let (here, there) =
        (Person::named(&service, "ada", PASSWORD).await, Person::named(&service, "ada", PASSWORD).await);
    let change =
        async |old: &str, new: &str| here.send("/stats/password", &[("old", old), ("new", new)]).await;
    let (status, text) = change("wrong", "another long one").await;
    assert!(status == 422 && text.contains("The old password is wrong."), "{text}");
    let (status, text) = change(PASSWORD, "short").await;
    assert!(status == 422 && text.contains("at least 12 characters"), "{text}");
    assert_eq!(there.page("/stats").await.0, 200);
    assert_eq!(change(PASSWORD, "another long one").await.0, 303);
    assert_eq!((here.page("/stats").await.0, there.page("/stats").await.0), (200, 303));
    assert_eq!(there.sign_in("ada", PASSWORD).await.status().as_u16(), 401);
    assert_eq!(there.sign_in("ada", "another long one").await.status().as_u16(), 303);
    // So does one that an owner makes, for whoever has forgotten theirs.
    let owner = Person::with_key(&service).await;
    let (status, text) = owner.send("/stats/people/password", &[("person", "ada")]).await;
    let made = inside(&text, "<p class=\"short\">").to_owned();
    assert_eq!((status, here.page("/stats").await.0), (200, 303));
    Person::named(&service, "ada", &made).await;
    // Who came with the key has no password to change.
    let key = owner.send("/stats/password", &[("old", PASSWORD), ("new", PASSWORD)]).await;
    assert_eq!(key.0, 404);
}

async fn a_removed_person_is_out_at_once(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Owner).await;
    let ada = Person::named(&service, "ada", PASSWORD).await;
    let owner = Person::with_key(&service).await;
    assert_eq!(owner.send("/stats/people/remove", &[("person", "ada")]).await.0, 303);
    assert_eq!(ada.page("/stats").await.0, 303);
    assert_eq!(ada.sign_in("ada", PASSWORD).await.status().as_u16(), 401);
    // Whoever comes after with the same name and password is another.
    add(&service, "ada", Role::Reader).await;
    assert_eq!(ada.page("/stats").await.0, 303);
}

async fn sessions_are_listed_and_ended(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Reader).await;
    let (key, ada, late) = (
        Person::with_key(&service).await,
        Person::named(&service, "ada", PASSWORD).await,
        Person::named(&service, "ada", PASSWORD).await,
    );
    service.set_time("2026-11-21T14:59:00Z");
    assert_eq!(late.page("/stats").await.0, 200);
    let (_, text) = key.page("/stats/sessions").await;
    assert_eq!(text.matches("Began 21 November 2026, 12:00 UTC.").count(), 3, "{text}");
    assert_eq!(text.matches("Last used 21 November 2026, 14:00 UTC.").count(), 2, "{text}");
    assert_eq!(text.matches("This session").count(), 1, "{text}");
    assert!(text.contains("Secret key") && !text.contains("127.0.0.1"), "{text}");
    // The one that was last used here comes last: it is ada's first.
    let id = text.rsplit("name=\"session\" value=\"").nth(1).expect("a session");
    let id = id.split('"').next().expect("a value");
    assert_eq!(key.send("/stats/sessions/end", &[("session", id)]).await.0, 303);
    assert_eq!((ada.page("/stats").await.0, late.page("/stats").await.0), (303, 200));
    assert_eq!(key.send("/stats/sessions/end", &[("session", "others")]).await.0, 303);
    assert_eq!((key.page("/stats").await.0, late.page("/stats").await.0), (200, 303));
    assert!(!key.page("/stats/sessions").await.1.contains("End all others"));
    // One's own, too. Another site's are not there.
    let (_, other) = service.site("other", |_| {}).await;
    let stranger = Person::new(&service);
    stranger.sign_in("", &other).await;
    let (_, text) = key.page("/stats/sessions").await;
    let own = value_of(&text, "session").to_owned();
    for session in ["others", &own] {
        assert_eq!(stranger.send("/stats/sessions/end", &[("session", session)]).await.0, 303);
    }
    assert_eq!(key.page("/stats").await.0, 200);
    assert_eq!(key.send("/stats/sessions/end", &[("session", &own)]).await.0, 303);
    assert_eq!((key.page("/stats").await.0, stranger.page("/stats").await.0), (303, 200));
    assert_eq!(service.store().await.all_sessions().await.expect("sessions").len(), 1);
}

async fn a_reader_sees_and_ends_their_own_sessions_only(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Reader).await;
    add(&service, "bob", Role::Reader).await;
    let key = Person::with_key(&service).await;
    let (ada, bob) =
        (Person::named(&service, "ada", PASSWORD).await, Person::named(&service, "bob", PASSWORD).await);
    let (_, text) = ada.page("/stats/sessions").await;
    assert!(text.contains("ada") && !text.contains("bob") && !text.contains("Secret key"), "{text}");
    let (_, of_bob) = bob.page("/stats/sessions").await;
    for session in ["others", value_of(&of_bob, "session")] {
        assert_eq!(ada.send("/stats/sessions/end", &[("session", session)]).await.0, 303);
    }
    for browser in [&key, &ada, &bob] {
        assert_eq!(browser.page("/stats").await.0, 200);
    }
}

async fn a_session_ends_idle_and_ends_old(backend: Backend) {
    let settings = [("sessions.idle_hours", "2"), ("sessions.max_days", "1")];
    let service = Service::start_with(backend, &settings).await;
    let (used, idle) = (Person::with_key(&service).await, Person::with_key(&service).await);
    for hour in ["13:30", "14:59"] {
        service.set_time(&format!("2026-11-21T{hour}:00Z"));
        assert_eq!(used.page("/stats").await.0, 200, "{hour}");
    }
    service.set_time("2026-11-21T15:00:00Z");
    assert_eq!((used.page("/stats").await.0, idle.page("/stats").await.0), (200, 303));
    for hour in ["16", "18", "20", "22"] {
        service.set_time(&format!("2026-11-21T{hour}:00:00Z"));
        assert_eq!(used.page("/stats").await.0, 200, "{hour}");
    }
    for hour in ["00", "02", "04", "06", "08", "10", "12"] {
        service.set_time(&format!("2026-11-22T{hour}:00:00Z"));
        assert_eq!(used.page("/stats").await.0, 200, "{hour}");
    }
    service.set_time("2026-11-22T13:00:00Z");
    assert_eq!(used.page("/stats").await.0, 303, "however much it is used");
    assert_eq!(service.store().await.all_sessions().await.expect("sessions"), [], "nothing of it is kept");
}

async fn a_session_of_one_instance_ends_at_the_other(backend: Backend) {
    let service = Service::start(backend).await;
    let browser = Person::with_key(&service).await;
    assert_eq!(browser.page("/stats").await.0, 200);
    // The second handle stands for another instance.
    let store = service.store().await;
    let sessions = store.all_sessions().await.expect("sessions");
    store.end_sessions(&[sessions[0].token.clone()]).await.expect("ended");
    assert_eq!(browser.page("/stats").await.0, 303);
}

async fn a_form_without_the_sessions_token_does_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Owner).await;
    let (ada, other) =
        (Person::named(&service, "ada", PASSWORD).await, Person::named(&service, "ada", PASSWORD).await);
    let foreign = other.form_token().await;
    for (path, fields) in FORMS {
        for token in [None, Some(""), Some("0"), Some(foreign.as_str())] {
            let mut form = fields.to_vec();
            form.extend(token.map(|token| ("form_token", token)));
            let request = ada.to(Method::POST, path).header("accept", "application/json").form(&form);
            let request = request.header("sec-fetch-site", "same-origin").header("origin", &service.base);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 403, "{path} {token:?}");
        }
    }
    nothing_has_changed(&service).await;
}

/// Each form of the signed-in, and what it needs besides its token.
const FORMS: [(&str, &[(&str, &str)]); 9] = [
    ("/stats/people", &[("name", "eve"), ("role", "owner"), ("password", PASSWORD)]),
    ("/stats/people/role", &[("person", "ada"), ("role", "reader")]),
    ("/stats/people/password", &[("person", "ada")]),
    ("/stats/people/remove", &[("person", "ada")]),
    ("/stats/sessions/end", &[("session", "others")]),
    ("/stats/password", &[("old", PASSWORD), ("new", "another long one")]),
    ("/stats/views", &[("scope", "site"), ("until", "2026-12-01")]),
    ("/stats/views/revoke", &[("view", "0")]),
    ("/stats/views/publicity", &[("public", "on"), ("badges", "on")]),
];

async fn nothing_has_changed(service: &Service) {
    let store = service.store().await;
    let people = people(&*store).await;
    assert!(people.len() == 1 && people[0].role == Role::Owner);
    assert_eq!(store.all_sessions().await.expect("sessions").len(), 2);
    assert_eq!(store.all_views().await.expect("views"), []);
    let site = &store.sites().await.expect("sites")[0];
    assert!(!site.public && !site.badges);
    Person::named(service, "ada", PASSWORD).await;
}

async fn a_form_of_another_page_does_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Owner).await;
    let (ada, _other) =
        (Person::named(&service, "ada", PASSWORD).await, Person::named(&service, "ada", PASSWORD).await);
    let token = ada.form_token().await;
    for (path, fields) in FORMS {
        let form: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:1"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = ada.client.post(format!("{}{path}", service.base)).header(name, value).form(&form);
            refused(request, 403, "foreign_origin").await;
        }
    }
    nothing_has_changed(&service).await;
    // Nor does another page sign anybody in or out.
    let form = [("name", "ada"), ("secret", PASSWORD)];
    for path in ["/stats/sign-in", "/stats/sign-out"] {
        let request =
            ada.client.post(format!("{}{path}", service.base)).header("sec-fetch-site", "cross-site");
        let answer = request.form(&form).send().await.expect("an answer");
        assert!(answer.headers().get("set-cookie").is_none());
        problem(answer, 403, "foreign_origin").await;
    }
}

async fn nothing_secret_is_in_the_store(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "ada", Role::Owner).await;
    let browser = Person::new(&service);
    let answer = browser
        .to(Method::POST, "/stats/sign-in")
        .header("x-forwarded-for", "198.51.100.77")
        .header("user-agent", "Telltale/7.0")
        .form(&[("name", "ada"), ("secret", PASSWORD)])
        .send()
        .await
        .expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    let token = cookie.split(['=', ';']).nth(1).expect("a value").to_owned();
    assert!(token.len() >= 32, "{cookie}");
    let store = service.store().await;
    let kept = json!([people(&*store).await, store.all_sessions().await.expect("sessions")]);
    let kept = kept.to_string();
    assert!(kept.contains("ada") && kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    for secret in [PASSWORD, token.as_str(), "198.51.100", "Telltale"] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    let fields = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(fields(&kept[0][0]), ["name", "password", "role", "site"]);
    assert_eq!(fields(&kept[1][0]), ["created_at", "holder", "site", "token", "used_at"]);
}

#[tokio::test]
async fn one_address_may_try_so_many_times_a_minute() {
    let settings = [("limits.sign_in_per_minute", "3")];
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    let from = |address: &str, form: [(&'static str, String); 2]| {
        service.request(Method::POST, "/stats/sign-in").header("x-forwarded-for", address).form(&form)
    };
    let attempt = |name: &str| [("name", name.to_owned()), ("secret", "wrong".to_owned())];
    for name in ["a", "", "b"] {
        assert_eq!(from("192.0.2.1", attempt(name)).send().await.expect("an answer").status().as_u16(), 401);
    }
    // A right one, too: the limit is on attempts.
    let right = || [("name", String::new()), ("secret", service.secret.clone())];
    let answer = from("192.0.2.1", right()).send().await.expect("an answer");
    for name in ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        assert!(answer.headers().contains_key(name), "{name}");
    }
    problem(answer, 429, "too_many_requests").await;
    assert_eq!(from("192.0.2.2", right()).send().await.expect("an answer").status().as_u16(), 303);
}

#[tokio::test]
async fn attempts_for_one_name_become_slow_and_lock_nobody_out() {
    let service = Service::start(Backend::Sqlite).await;
    add(&service, "ada", Role::Reader).await;
    let stranger = Person::new(&service);
    let mut took = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        assert_eq!(stranger.sign_in("Ada", "wrong").await.status().as_u16(), 401);
        took.push(began.elapsed());
    }
    assert!(took[3] >= Duration::from_millis(500) && took[4] >= Duration::from_secs(1), "{took:?}");
    // Others wait for nobody.
    add(&service, "bob", Role::Reader).await;
    let began = Instant::now();
    Person::named(&service, "bob", PASSWORD).await;
    let bob = began.elapsed();
    // Ada waits a little, and is let in: by herself, and while the stranger goes on.
    let (ada, _) = tokio::join!(Person::named(&service, "ada", PASSWORD), stranger.sign_in("ada", "wrong"));
    assert_eq!(ada.page("/stats").await.0, 200);
    assert!(bob < took[4], "{bob:?}, {took:?}");
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let service = Service::start(Backend::Sqlite).await;
    let names: Vec<_> = (0..12).map(|number| format!("person {number}")).collect();
    for name in &names {
        add(&service, name, Role::Reader).await;
    }
    let browser = Person::new(&service);
    assert_eq!(browser.sign_in("warm", "up").await.status().as_u16(), 401);
    // Taken by turns, so that whatever else the machine does slows both; the fastest says most.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for name in &names {
        for (name, fastest) in [(name.clone(), &mut known), (format!("no {name}"), &mut unknown)] {
            let began = Instant::now();
            assert_eq!(browser.sign_in(&name, "wrong").await.status().as_u16(), 401);
            *fastest = began.elapsed().min(*fastest);
        }
    }
    let (less, more) = (known.min(unknown), known.max(unknown));
    assert!(more < 2 * less, "known {known:?}, unknown {unknown:?}");
}

#[tokio::test]
async fn a_session_ends_with_its_key_on_the_people_pages_too() {
    let service = Service::start(Backend::Sqlite).await;
    let key = Person::with_key(&service).await;
    assert_eq!(key.page("/stats/people").await.0, 200);
    Sites::new(service.store().await).rotate_key("test", KeyKind::Secret).await.expect("rotated");
    for path in ["/stats/people", "/stats/sessions", "/stats/views"] {
        assert_eq!(key.page(path).await.0, 303, "{path}");
    }
}

/// The people of all sites.
async fn people(store: &dyn Store) -> Vec<entrenous::domain::person::Person> {
    let mut people = Vec::new();
    for site in store.sites().await.expect("sites") {
        people.extend(store.people(&site.id).await.expect("people"));
    }
    people
}
