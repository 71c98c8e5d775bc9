//! People, sessions and shared views, as a marketer and their colleagues see and use them. With JavaScript switched off, but
//! for the walk that looks at each page.

use std::time::{Duration, Instant};

use entrenous::domain::person::Role;
use entrenous::service::accounts::people::People;
use entrenous::service::accounts::sites::Sites;

use crate::audit::{Axe, sound, weigh};
use crate::browser::{Browser, DESKTOP, Look, PHONE, PHONE_DARK, PHONE_FRENCH, Scripts};
use crate::campaign::Campaign;
use crate::destination::Destination;
use crate::service::{Backend, Service};

const PASSWORD: &str = "correct horse battery";

async fn add(service: &Service, site: &str, name: &str, role: Role) {
    let store = service.store().await;
    let site = Sites::new(store.clone()).by_name(site).await.expect("sites").expect("a site");
    let people = People::new(store, std::sync::Arc::default());
    people.add(&site.id, name, role, Some(PASSWORD)).await.expect("a new person");
}

async fn sign_in(browser: &Browser, home: &str, name: &str, secret: &str) {
    browser.goto(&format!("{home}/stats")).await;
    browser.write("#name", name).await;
    browser.write("#key", secret).await;
    browser.press("Sign in").await;
}

#[tokio::test]
async fn a_view_is_shared_opened_and_revoked_on_a_desktop() {
    share_and_revoke(DESKTOP).await;
}

#[tokio::test]
async fn a_view_is_shared_opened_and_revoked_on_a_phone() {
    share_and_revoke(PHONE_DARK).await;
}

async fn share_and_revoke(look: Look) {
    let campaign = Campaign::run(&[("stats.min_count", "5")]).await;
    let home = campaign.service.base.replace("127.0.0.1", "localhost");
    let destination = Destination::start().await;
    let owner = Browser::open(&destination, look, Scripts::Off).await;
    sign_in(&owner, &home, "", &campaign.secret).await;
    owner.press("Shared views").await;
    owner.shows("Nothing is shared.").await;
    owner.click(owner.find("input[value=campaign]").await).await;
    owner.write("#of", "advent-2026").await;
    owner.write("#password", PASSWORD).await;
    owner.press("Share").await;
    owner.shows("The address of the new view").await;
    owner.shows("Campaign advent-2026").await;
    let address = owner.find("#view-address").await.text().await.expect("an address");

    // Somebody else, without an account.
    let guest = Browser::open(&destination, look, Scripts::Off).await;
    guest.goto(&address).await;
    guest.shows("This view is protected by a password").await;
    guest.write("#password", "not the password").await;
    guest.press("Open the view").await;
    guest.shows("The password is wrong.").await;
    guest.write("#password", PASSWORD).await;
    guest.press("Open the view").await;
    guest.is_at(&address).await;
    guest.shows("Shared view of The Courier, until").await;
    assert_eq!(guest.find("h1").await.text().await.expect("a campaign"), "advent-2026");
    guest.press("7 days").await;
    guest.is_at(&format!("{address}?period=7d")).await;
    guest.goto(&format!("{home}/stats")).await;
    guest.shows("Sign in to the stats").await;

    owner.goto(&format!("{home}/stats/views")).await;
    owner.press("Revoke").await;
    owner.shows("Nothing is shared.").await;
    guest.goto(&address).await;
    guest.shows("Not found").await;
}

#[tokio::test]
async fn an_owner_adds_a_reader_whose_session_they_end_on_a_desktop() {
    add_and_end(DESKTOP).await;
}

#[tokio::test]
async fn an_owner_adds_a_reader_whose_session_they_end_on_a_phone() {
    add_and_end(PHONE).await;
}

async fn add_and_end(look: Look) {
    let service = Service::start(Backend::Sqlite).await;
    let home = service.base.clone();
    let destination = Destination::start().await;
    let owner = Browser::open(&destination, look, Scripts::Off).await;
    sign_in(&owner, &home, "", &service.secret).await;
    owner.press("People").await;
    owner.shows("Nobody has been added yet.").await;
    owner.write("#name", "Zoë Ng").await;
    owner.press("Add").await;
    owner.shows("A password for Zoë Ng").await;
    let password = owner.find(".short").await.text().await.expect("a password");

    let reader = Browser::open(&destination, look, Scripts::Off).await;
    sign_in(&reader, &home, "zoë ng", "not the password").await;
    reader.shows("The name or the password is wrong.").await;
    reader.write("#key", &password).await;
    reader.press("Sign in").await;
    reader.shows("No shares yet").await;
    reader.press("Sessions").await;
    reader.shows("Where you are signed in.").await;
    reader.write("#old", &password).await;
    reader.write("#new", PASSWORD).await;
    reader.press("Change the password").await;
    reader.shows("Your password has been changed.").await;

    owner.press("Sessions").await;
    owner.shows("Zoë Ng").await;
    owner.press("End all others").await;
    is_out(&reader, &home).await;
    sign_in(&reader, &home, "Zoë Ng", PASSWORD).await;
    reader.shows("No shares yet").await;

    owner.press("People").await;
    owner.press("Change Zoë Ng").await;
    owner.press("Remove Zoë Ng").await;
    owner.shows("Nobody has been added yet.").await;
    is_out(&reader, &home).await;
}

/// Waits until a browser is asked to sign in.
async fn is_out(browser: &Browser, home: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        browser.goto(&format!("{home}/stats")).await;
        if browser.text().await.contains("Sign in to the stats") {
            return;
        }
        assert!(Instant::now() < deadline, "the session goes on");
    }
}

#[tokio::test]
async fn the_pages_of_people_and_views_are_french_for_who_reads_french() {
    let service = Service::start(Backend::Sqlite).await;
    add(&service, "test", "ada", Role::Owner).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, PHONE_FRENCH, Scripts::On).await;
    let axe = Axe::read();
    weigh(&browser).await;
    browser.goto(&format!("{}/stats", service.base)).await;
    browser.write("#name", "ada").await;
    browser.write("#key", "faux").await;
    browser.press("Se connecter").await;
    browser.shows("Le nom ou le mot de passe est faux.").await;
    sound(&browser, &axe, &service.base, "sign-in-person-refused", 401).await;
    browser.write("#key", PASSWORD).await;
    browser.press("Se connecter").await;
    for (link, shown, name) in [
        ("Personnes", "Personnes autorisées à se connecter", "people"),
        ("Sessions", "Changer le mot de passe", "sessions"),
        ("Vues partagées", "Rien n’est partagé.", "views"),
        ("Réglages", "Hôtes vers lesquels les liens peuvent mener", "settings"),
    ] {
        browser.press(link).await;
        browser.shows(shown).await;
        sound(&browser, &axe, &service.base, name, 200).await;
    }
}

#[tokio::test]
async fn every_page_of_people_and_views_is_sound_on_a_desktop_in_light() {
    walk(DESKTOP).await;
}

#[tokio::test]
async fn every_page_of_people_and_views_is_sound_on_a_phone_in_dark() {
    walk(PHONE_DARK).await;
}

/// Looks at every page, with what it may show.
async fn walk(look: Look) {
    let campaign = Campaign::run(&[("stats.min_count", "5")]).await;
    let service = &campaign.service;
    let home = service.base.replace("127.0.0.1", "localhost");
    add(service, "The Courier", "ada", Role::Owner).await;
    add(service, "The Courier", "bob", Role::Reader).await;
    let destination = Destination::start().await;
    let browser = Browser::open(&destination, look, Scripts::On).await;
    let axe = Axe::read();
    weigh(&browser).await;
    let looks = async |name: &str, status: u16| sound(&browser, &axe, &home, name, status).await;
    sign_in(&browser, &home, "ada", "not the password").await;
    browser.shows("The name or the password is wrong.").await;
    looks("sign-in-person-refused", 401).await;
    sign_in(&browser, &home, "ada", PASSWORD).await;
    browser.press("People").await;
    browser.press("Change bob").await;
    looks("people", 200).await;
    browser.click(browser.find("details[open] form[action$=password] button").await).await;
    browser.shows("A password for bob").await;
    looks("people-password", 200).await;
    browser.write("#name", "bob").await;
    browser.press("Add").await;
    browser.shows("Somebody has this name already.").await;
    looks("people-refused", 409).await;
    browser.press("Sessions").await;
    looks("sessions", 200).await;
    browser.press("Shared views").await;
    browser.press("Switch badges on").await;
    browser.shows("Links have badges").await;
    browser.press("Make the numbers public").await;
    browser.shows("are public, at").await;
    looks("views-public", 200).await;
    browser.click(browser.find("input[value=page]").await).await;
    browser.press("Share").await;
    browser.shows("The page must begin with").await;
    looks("views-refused", 422).await;
    browser.click(browser.find("input[value=campaign]").await).await;
    browser.write("#of", "advent-2026").await;
    browser.press("Share").await;
    browser.shows("The address of the new view").await;
    looks("views", 200).await;
    let address = browser.find("#view-address").await.text().await.expect("an address");
    browser.goto(&address).await;
    browser.shows("Shared view of The Courier").await;
    looks("shared-view", 200).await;
    browser.goto(&format!("{home}/stats/public/The Courier")).await;
    browser.shows("Public numbers of The Courier").await;
    looks("public", 200).await;
    browser.goto(&format!("{home}/stats/views")).await;
    browser.write("#password", PASSWORD).await;
    browser.press("Share").await;
    browser.shows("The address of the new view").await;
    let address = browser.find("#view-address").await.text().await.expect("an address");
    browser.goto(&address).await;
    looks("shared-view-locked", 200).await;
    browser.write("#password", "wrong").await;
    browser.press("Open the view").await;
    browser.shows("The password is wrong.").await;
    looks("shared-view-refused", 401).await;
    browser.goto(&format!("{home}/stats")).await;
    browser.press("Settings").await;
    browser.write("#destinations", "https://courier.example").await;
    browser.press("Save").await;
    browser.shows("is not a host such as example.com").await;
    looks("settings-refused", 422).await;
    browser.write("#destinations", "courier.example").await;
    browser.press("Save").await;
    browser.shows("Saved.").await;
    looks("settings", 200).await;
    browser.press("Replace the publishable key").await;
    browser.press("Create a new publishable key").await;
    browser.shows("The new publishable key").await;
    looks("settings-key", 200).await;
    browser.press("Sign out").await;
    sign_in(&browser, &home, "bob", PASSWORD).await;
    browser.shows("The name or the password is wrong.").await;
    assert!(destination.requests().is_empty(), "a page asked another host");
}
