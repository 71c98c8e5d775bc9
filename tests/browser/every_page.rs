//! A walk through every page: accessible, quiet, alone with its own host, light, no wider than its window.
//! It leaves a picture of each in `target/screenshots/`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::audit::{Axe, sound, weigh};
use crate::browser::{
    Browser, DESKTOP, DESKTOP_FRENCH_DARK, Look, PHONE_DARK, PHONE_FRENCH, SMALL_PHONE, Scripts,
};
use crate::campaign::Campaign;
use crate::destination::Destination;
use crate::service::{Backend, Service};

// Each size, each colour scheme and each language with each other, where that makes a difference.

#[tokio::test]
async fn every_page_is_sound_on_a_desktop_in_light() {
    walk(DESKTOP).await;
}

#[tokio::test]
async fn every_page_is_sound_on_a_phone_in_dark() {
    walk(PHONE_DARK).await;
}

#[tokio::test]
async fn every_page_is_sound_on_a_phone_of_360_pixels() {
    walk(SMALL_PHONE).await;
}

#[tokio::test]
async fn every_page_is_sound_in_french_on_a_desktop_in_dark() {
    walk(DESKTOP_FRENCH_DARK).await;
}

#[tokio::test]
async fn every_page_is_sound_in_french_on_a_phone_in_light() {
    walk(PHONE_FRENCH).await;
}

async fn walk(look: Look) {
    let destination = Destination::start().await;
    let mut walker = Walker {
        browser: Browser::open(&destination, look, Scripts::On).await,
        axe: Axe::read(),
        home: String::new(),
    };
    weigh(&walker.browser).await;
    walker.first_pages().await;
    walker.pages_for_visitors_and_marketers().await;
    walker.pages_of_an_empty_site().await;
    assert!(destination.requests().is_empty(), "a page asked another host");
}

struct Walker {
    browser: Browser,
    axe: Axe,
    home: String,
}

impl Walker {
    /// Goes to a page and looks at it.
    async fn page(&self, path: &str, status: u16, name: &str) {
        self.browser.goto(&format!("{}{path}", self.home)).await;
        self.look(status, name).await;
    }

    /// Looks at the page that is there.
    async fn look(&self, status: u16, name: &str) {
        let got =
            self.browser.script("return performance.getEntriesByType('navigation')[0].responseStatus").await;
        assert_eq!(got, status, "{name}");
        let language = self.browser.script("return document.documentElement.lang").await;
        assert_eq!(language, self.browser.reads("en", "fr"), "{name}");
        // In one of the looks, what can be opened is looked at open, and closed again.
        let opens = self.browser.look.name == SMALL_PHONE.name;
        let open = |open: bool| {
            format!("document.querySelectorAll('details').forEach(d => d.open = {open}); return 0")
        };
        if opens {
            self.browser.script(&open(true)).await;
        }
        sound(&self.browser, &self.axe, &self.home, name, status).await;
        if opens {
            self.browser.script(&open(false)).await;
        }
    }

    /// Presses what is called so, in English or in French.
    async fn press(&self, english: &str, french: &str) {
        self.browser.press(self.browser.reads(english, french)).await;
    }

    async fn shows(&self, english: &str, french: &str) {
        self.browser.shows(self.browser.reads(english, french)).await;
    }

    async fn first_pages(&mut self) {
        let service = Service::first_start_with_min_count("5").await;
        self.home = service.base.replace("127.0.0.1", "localhost");
        self.page("/", 200, "try").await;
        self.browser.script("document.querySelector('#url').type = 'text'; return 0").await;
        self.browser.write("#url", "no address").await;
        self.press("Create the link", "Créer le lien").await;
        self.shows("The address", "L’adresse").await;
        self.look(422, "try-refused").await;
        self.browser.write("#url", "https://courier.example/city/the-night-trains-are-back").await;
        self.press("Create the link", "Créer le lien").await;
        self.shows("Here is the link", "Voici le lien").await;
        self.look(200, "try-made").await;
    }

    /// The page of a code that was given out, as it is before it looks again.
    async fn waiting(&self, service: &Service) {
        let reserve = service.request(Method::POST, "/api/v1/codes").bearer_auth(&service.publishable);
        let answer = reserve.json(&json!({ "count": 1 })).send().await.expect("an answer");
        let batch: Value = answer.json().await.expect("JSON");
        let address = format!("{}/{}", self.home, batch["codes"][0]["code"].as_str().expect("a code"));
        self.browser.goto(&address).await;
        self.browser.script("window.stop(); return 0").await;
        self.look(404, "waiting").await;
        self.browser.is_at(&address).await;
    }

    async fn pages_for_visitors_and_marketers(&mut self) {
        let settings = [
            ("stats.min_count", "5"),
            ("limits.miss_per_minute", "20"),
            ("server.public_url", "http://go.example"),
        ];
        let campaign = Campaign::run(&settings).await;
        let Campaign { service, secret, code } = &campaign;
        self.home = service.base.replace("127.0.0.1", "localhost");
        self.page("/", 200, "landing").await;
        self.page(&format!("/{code}"), 200, "consent").await;
        self.page(&format!("/{code}+"), 200, "receipt").await;
        let [expired, off] = campaign.ended_links().await;
        self.page(&format!("/{expired}+"), 200, "receipt-expired").await;
        self.page(&format!("/{off}+"), 200, "receipt-off").await;
        self.waiting(service).await;
        self.page("/privacy", 200, "privacy-operator").await;
        self.page(&format!("/privacy?site={}", service.site_id("The Courier")), 200, "privacy").await;
        self.press("Allow", "Accepter").await;
        self.shows("Allowed.", "Accepté.").await;
        self.look(200, "privacy-allowed").await;
        self.page(&format!("/{code}+"), 200, "receipt-allowed").await;

        self.page("/nothing-here", 404, "error-404").await;
        self.page(&format!("/{expired}"), 410, "error-410").await;

        self.page("/stats", 200, "sign-in").await;
        self.browser.write("#key", "ens_sk_wrong").await;
        self.press("Sign in", "Se connecter").await;
        self.shows("No site has this key.", "Aucun site n’a cette clé.").await;
        self.look(401, "sign-in-refused").await;
        self.browser.write("#key", secret).await;
        self.press("Sign in", "Se connecter").await;
        self.shows("Top links", "Liens les plus ouverts").await;
        self.look(200, "stats-home").await;
        self.page("/stats?channel=whatsapp", 200, "stats-channel").await;
        let page = "https://courier.example/city/the-night-trains-are-back";
        self.page(&format!("/stats?page={page}"), 200, "stats-page").await;
        self.page("/stats?campaign=advent-2026&period=7d", 200, "stats-campaign").await;
        self.page("/stats?campaign=&channel=email", 200, "stats-two-filters").await;
        self.page("/stats?period=12m", 200, "stats-year").await;
        self.page("/stats?from=2026-12-14&to=2026-12-20", 200, "stats-today").await;
        self.page("/stats?list=links", 200, "stats-all-links").await;
        self.page("/stats?from=2026-10-01&to=2026-10-05", 200, "stats-nothing").await;
        self.page(&format!("/stats/{code}"), 200, "stats-link").await;
        self.press("The numbers as a table", "Les nombres en tableau").await;
        for (english, french) in [
            ("28 November 2026 0 0 0 0", "28 novembre 2026 0 0 0 0"),
            ("7 December 2026 0 0 –", "7 décembre 2026 0 0 –"),
        ] {
            self.shows(english, french).await;
        }
        self.look(200, "stats-link-table").await;
        self.links_by_hand().await;
        self.page(&format!("/stats/{code}?from=2026-12-20&to=2026-12-01"), 200, "stats-link-refused").await;
        self.page(&format!("/stats/{code}?from=2026-12-20&to=2026-12-20"), 200, "stats-link-today").await;
        self.browser.write("#url", "https://courier.example/city/").await;
        self.press("Review the change", "Vérifier la modification").await;
        self.shows("Change this link?", "Modifier ce lien").await;
        self.look(200, "stats-link-confirm").await;
        self.press("Change the link", "Modifier le lien").await;
        self.shows("The link has been changed", "Le lien a été modifié").await;
        self.look(200, "stats-link-changed").await;
        self.browser.write("#url", "ftp://courier.example/").await;
        self.press("Switch off", "Désactiver").await;
        self.shows("The address", "L’adresse").await;
        self.look(422, "stats-link-wrong").await;
        // Last, because from then on only what is in memory is looked for.
        loop {
            let missed = service.request(Method::GET, "/missing").send().await.expect("an answer");
            if missed.status() == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
        }
        self.page("/nothing-here", 429, "error-429").await;
    }

    async fn links_by_hand(&self) {
        self.page("/stats/new", 200, "kit-new").await;
        self.browser.write("#url", "no address").await;
        self.browser.write("#campaign", "advent-2026").await;
        self.press("Create the links", "Créer les liens").await;
        self.shows("Nothing was created yet", "Rien n’a encore été créé").await;
        self.look(422, "kit-refused").await;
        self.browser.write("#url", "https://courier.example/city/the-night-trains-are-back").await;
        self.press("Create the links", "Créer les liens").await;
        self.shows("4 links are ready", "4 liens sont prêts").await;
        self.look(200, "kit").await;
    }

    async fn pages_of_an_empty_site(&mut self) {
        let settings = [("stats.min_count", "5"), ("consent.unknown", "aggregate")];
        let service = Service::start_with(Backend::Sqlite, &settings).await;
        self.home.clone_from(&service.base);
        self.page("/stats", 200, "sign-in").await;
        self.browser.write("#key", &service.secret).await;
        self.press("Sign in", "Se connecter").await;
        self.shows("No shares yet", "Pas encore de partage").await;
        self.look(200, "stats-empty").await;
        // A site that counts opens has one more series.
        let link = service.link(json!({ "url": "https://courier.example/", "channel": "qr" })).await;
        let code = crate::service::code(&link);
        for _ in 0..12 {
            assert_eq!(service.visit(&code).send().await.expect("an answer").status(), StatusCode::FOUND);
        }
        service.settled().await;
        self.page(&format!("/stats/{code}"), 200, "stats-link-bare").await;
        self.page(&format!("/{code}+"), 200, "receipt-bare").await;
        // Shared by a plain link, to a channel that has no app to open.
        let key = &service.publishable;
        self.page(&format!("/share/copy?key={key}&url=https://courier.example/"), 200, "share").await;
        self.shows("Your link is ready", "Votre lien est prêt").await;
    }
}
