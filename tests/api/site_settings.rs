//! What an owner changes of a site on its page: where links lead, who makes them, what visitors are asked, and the keys.

use entrenous::domain::consent::Policy;
use entrenous::domain::day::Day;
use entrenous::domain::person::Role;
use entrenous::domain::site::Site;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::access::{PASSWORD, Person, add, inside, value_of};
use crate::service::{Backend, Service, on_every_store};

on_every_store!(
    what_an_owner_saves_holds_at_once,
    what_is_wrong_is_said_at_its_field_and_nothing_is_saved,
    a_form_that_was_opened_before_somebody_elses_change_says_so_first,
    a_replaced_publishable_key_makes_no_link_any_more,
    a_new_k_holds_from_tomorrow_and_the_page_says_what_it_shows_and_hides,
    whoever_replaces_the_secret_key_goes_on_and_all_others_with_it_are_out,
    a_reader_sees_and_changes_no_setting,
);

const PAGE: &str = "/stats/settings";
/// What the page's form of the tests' site sends where nobody has changed it.
const UNCHANGED: [(&str, &str); 5] = [
    ("destinations", "*"),
    ("origins", "https://page.example"),
    ("consent", ""),
    ("min_count", "1"),
    ("utm", ""),
];

/// The form with other fields in the place of some.
fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let others = UNCHANGED.into_iter().filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
    others.chain(fields.iter().copied()).collect()
}

/// Saves the form of the page as it is now, with these fields.
async fn save(person: &Person<'_>, fields: &[(&str, &str)]) -> (u16, String) {
    let (status, page) = person.page(PAGE).await;
    assert_eq!(status, 200, "{page}");
    let fields: Vec<_> = with(fields).into_iter().chain([("seen", value_of(&page, "seen"))]).collect();
    person.send(PAGE, &fields).await
}

async fn stored(service: &Service) -> Site {
    let site = Sites::new(service.store().await).by_name("test").await;
    site.expect("sites").expect("the site")
}

async fn what_an_owner_saves_holds_at_once(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    let code = service.code().await;
    let before = stored(&service).await;
    let fields = [
        ("destinations", " courier.example \r\n\r\n127.0.0.1"),
        ("origins", "https://courier.example/\r\nhttps://www.courier.example"),
        ("consent", "skip"),
        ("utm", "medium=letter\r\nsms:source=text"),
        ("forward_query", "on"),
        ("lineage", "on"),
    ];
    let (status, _) = save(&owner, &fields).await;
    assert_eq!(status, 303);
    let site = stored(&service).await;
    let rules = |rules: Vec<String>| rules.join(" ");
    assert_eq!(
        rules(site.destinations.iter().map(ToString::to_string).collect()),
        "courier.example 127.0.0.1"
    );
    let origins = rules(site.origins.iter().map(ToString::to_string).collect());
    assert_eq!(origins, "https://courier.example https://www.courier.example");
    assert_eq!((site.consent, site.forward_query, site.lineage), (Some(Policy::Skip), true, true));
    // Nothing else is another, except the revision of the record.
    let changed = Site {
        destinations: site.destinations.clone(),
        origins: site.origins.clone(),
        consent: site.consent,
        utm: site.utm.clone(),
        forward_query: true,
        lineage: true,
        revision: before.revision + 1,
        ..before
    };
    assert_eq!(site, changed);

    // Nobody is asked any more; and the link that was there goes on, to a host that new ones may not lead to.
    let visit = service
        .request(Method::GET, &format!("/{code}?a=b"))
        .header("user-agent", "Mozilla/5.0 Firefox/150.0");
    let visit = visit.header("accept", "text/html").send().await.expect("an answer");
    let location = visit.headers()["location"].to_str().expect("text");
    // Without a yes, the destination does not learn through which link.
    let query = "utm_source=whatsapp&utm_medium=letter&a=b";
    assert_eq!((visit.status(), location), (StatusCode::FOUND, &*format!("https://example.com/?{query}")));
    let link =
        |url: &str| service.api(Method::POST, "/api/v1/links").json(&json!({ "url": url, "channel": "sms" }));
    for (url, status) in [("https://example.com/", 422), ("https://www.courier.example/", 201)] {
        assert_eq!(link(url).send().await.expect("an answer").status().as_u16(), status, "{url}");
    }

    // The page has it as it was saved, and says so once.
    let (_, text) = owner.page(&format!("{PAGE}?saved")).await;
    for part in [
        "Saved.",
        "courier.example\n127.0.0.1",
        "source={channel},medium=letter,campaign={campaign}\nsms:source=text",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches(" checked").count(), 3, "{text}");
    assert!(!owner.page(PAGE).await.1.contains("Saved."));
}

async fn what_is_wrong_is_said_at_its_field_and_nothing_is_saved(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    let before = stored(&service).await;
    for (field, text, error) in [
        ("destinations", "", "At least one host is needed, or *."),
        (
            "destinations",
            "courier.example\nhttps://courier.example/",
            "“https://courier.example/” is not a host",
        ),
        ("origins", "courier.example", "“courier.example” is not an origin"),
        ("utm", "sauce=a", "It cannot be read: &#39;sauce=a&#39; is none of source=…"),
        ("utm", "pigeon:source=a", "there is no channel &#39;pigeon&#39;"),
    ] {
        let (status, page) = save(&owner, &[(field, text), ("lineage", "on")]).await;
        assert_eq!(status, 422, "{text}");
        assert!(page.contains("Nothing was saved."), "{page}");
        let said = inside(&page, &format!("<p class=\"error\" id=\"{field}-error\">"));
        assert!(said.contains(error), "{said}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
        assert!(text.is_empty() || page.contains(text), "what was typed is there: {page}");
        assert_eq!(stored(&service).await, before);
    }
    let (status, _) = save(&owner, &[("consent", "never")]).await;
    assert_eq!(status, 422);
    let markup = "<script>\"</textarea><b>";
    let (_, page) = save(&owner, &[("destinations", markup)]).await;
    assert!(!page.contains(markup) && !page.contains("</textarea><b>"), "{page}");
    assert_eq!(stored(&service).await, before);
}

async fn a_form_that_was_opened_before_somebody_elses_change_says_so_first(backend: Backend) {
    let service = Service::start(backend).await;
    let (one, other) = (Person::with_key(&service).await, Person::with_key(&service).await);
    let (_, opened) = one.page(PAGE).await;
    assert_eq!(save(&other, &[("consent", "skip")]).await.0, 303);
    let fields = with(&[("lineage", "on"), ("seen", value_of(&opened, "seen"))]);
    let (status, page) = one.send(PAGE, &fields).await;
    assert_eq!(status, 409);
    assert!(page.contains("These settings have been changed"), "{page}");
    assert!(page.contains("name=\"lineage\" value=\"on\" checked"), "what was typed is there: {page}");
    let site = stored(&service).await;
    assert_eq!((site.consent, site.lineage), (Some(Policy::Skip), false));
    // Whoever saves again means it.
    let fields = with(&[("lineage", "on"), ("seen", value_of(&page, "seen"))]);
    assert_eq!(one.send(PAGE, &fields).await.0, 303);
    let site = stored(&service).await;
    assert_eq!((site.consent, site.lineage), (None, true));
}

async fn a_new_k_holds_from_tomorrow_and_the_page_says_what_it_shows_and_hides(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    let chosen = |page: &str| {
        let before = page.split_once(" selected>").expect("a chosen k").0;
        before.rsplit_once("<option value=\"").expect("an option").1.trim_end_matches('"').to_owned()
    };
    let (_, page) = owner.page(PAGE).await;
    assert_eq!(chosen(&page), "1");
    let offered: Vec<_> = page.split("<option value=\"").skip(1).map(|rest| rest.split('"').next()).collect();
    let allowed: Vec<_> = std::iter::once(1).chain(5..=20).map(|k| k.to_string()).collect();
    assert_eq!(offered, allowed.iter().map(|k| Some(k.as_str())).collect::<Vec<_>>());
    for sentence in [
        "With 1, every number is exact and shown immediately",
        "With k from 5 to 20, a link’s numbers for a day are shown after the day has ended",
        "A change applies from tomorrow (UTC).",
    ] {
        assert!(page.contains(sentence), "{sentence}: {page}");
    }
    let (_, french) = owner.page(&format!("{PAGE}?lang=fr")).await;
    assert!(
        french.contains("Avec 1, chaque chiffre est exact") && french.contains("demain (UTC)"),
        "{french}"
    );

    for wrong in ["", "0", "4", "21", "few"] {
        let (status, page) = save(&owner, &[("min_count", wrong)]).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(page.contains("must be 1, or 5 to 20"), "{page}");
    }
    assert_eq!(save(&owner, &[("min_count", "7")]).await.0, 303);
    let (today, site) = (Day::of(service.now()), stored(&service).await);
    let at = |site: &Site, days: i32| site.min_count.on(today.plus(days)).get();
    assert_eq!([at(&site, 0), at(&site, 1), at(&site, 100)], [1, 7, 7]);
    let (_, page) = owner.page(&format!("{PAGE}?saved")).await;
    assert!(page.contains("Today it is 1; from tomorrow (UTC) it is 7."), "{page}");
    assert!(
        page.contains("Only the number of people behind a number (k) applies from tomorrow (UTC)."),
        "{page}"
    );
    assert_eq!(chosen(&page), "7");
    // Who saves something else the next day changes nothing of it.
    service.set_time("2026-11-22T12:00:00Z");
    let (_, page) = owner.page(PAGE).await;
    assert!(page.contains("A change applies from tomorrow (UTC)") && !page.contains("Today it is"), "{page}");
    assert_eq!(save(&owner, &[("min_count", "7"), ("consent", "skip")]).await.0, 303);
    assert_eq!(stored(&service).await.min_count, site.min_count);
}

async fn a_replaced_publishable_key_makes_no_link_any_more(backend: Backend) {
    let service = Service::start(backend).await;
    let owner = Person::with_key(&service).await;
    let (status, page) = owner.send("/stats/settings/key", &[("kind", "publishable")]).await;
    assert_eq!(status, 200);
    let new = inside(&page, "id=\"key\">").to_owned();
    assert!(new.starts_with("ens_pk_"), "{new}");
    let made = async |key: &str| {
        let link = json!({ "url": "https://example.com/", "channel": "sms" });
        let call = service.request(Method::POST, "/api/v1/links").header("x-api-key", key);
        call.json(&link).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((made(&service.publishable).await, made(&new).await), (401, 201));
    // The secret one is as it was, and the new one is shown this once.
    assert_eq!(owner.page("/stats").await.0, 200);
    assert!(!owner.page(PAGE).await.1.contains(&new));
    let (status, _) = owner.send("/stats/settings/key", &[("kind", "other")]).await;
    assert_eq!(status, 400);
}

async fn whoever_replaces_the_secret_key_goes_on_and_all_others_with_it_are_out(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "olga", Role::Owner).await;
    let (one, other) = (Person::with_key(&service).await, Person::with_key(&service).await);
    let olga = Person::named(&service, "olga", PASSWORD).await;
    let out = async |person: &Person<'_>| person.page("/stats").await.0 == 303;
    let opens = async |key: &str| {
        let call = service.request(Method::GET, "/api/v1/links").bearer_auth(key);
        call.send().await.expect("an answer").status() == StatusCode::OK
    };
    let key_of = |page: &str| inside(page, "id=\"key\">").to_owned();

    let (status, page) = one.send("/stats/settings/key", &[("kind", "secret")]).await;
    assert_eq!(status, 200);
    let new = key_of(&page);
    assert!(new.starts_with("ens_sk_"), "{new}");
    assert_eq!((opens(&service.secret).await, opens(&new).await), (false, true));
    assert_eq!([out(&one).await, out(&other).await, out(&olga).await], [false, true, false]);
    // The forms beside the key are those of the new session.
    let form = [("kind", "secret"), ("form_token", value_of(&page, "form_token"))];
    let again = one.to(Method::POST, "/stats/settings/key").form(&form).send().await.expect("an answer");
    assert_eq!(again.status(), StatusCode::OK);
    let newer = key_of(&again.text().await.expect("text"));
    assert_eq!((opens(&new).await, opens(&newer).await), (false, true));
    // Who is there by name replaces it, too, and stays.
    let (status, page) = olga.send("/stats/settings/key", &[("kind", "secret")]).await;
    assert_eq!(status, 200);
    assert_eq!((opens(&newer).await, opens(&key_of(&page)).await), (false, true));
    assert_eq!([out(&one).await, out(&olga).await], [true, false]);
}

async fn a_reader_sees_and_changes_no_setting(backend: Backend) {
    let service = Service::start(backend).await;
    add(&service, "rita", Role::Reader).await;
    let rita = Person::named(&service, "rita", PASSWORD).await;
    let before = stored(&service).await;
    assert_eq!(rita.page(PAGE).await.0, 403);
    assert!(!rita.page("/stats").await.1.contains(PAGE));
    assert_eq!(rita.send(PAGE, &with(&[("lineage", "on")])).await.0, 403);
    assert_eq!(rita.send("/stats/settings/key", &[("kind", "secret")]).await.0, 403);
    let nobody = Person::new(&service);
    assert_eq!(nobody.page(PAGE).await.0, 303);
    // A form of elsewhere has no token.
    let owner = Person::with_key(&service).await;
    let form = with(&[("lineage", "on")]);
    let foreign = owner.to(Method::POST, PAGE).form(&form).send().await.expect("an answer");
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert_eq!(stored(&service).await, before);
}
