//! One game: a site of the attacker's, a link that the victim may open, and what the attacker reads.

use std::sync::atomic::{AtomicU32, Ordering};

use entrenous::domain::consent::Policy;
use entrenous::domain::min_count::MinCounts;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::Service;

/// The k of all sites.
pub(crate) const K: u64 = 5;
/// The network that nobody but the victim comes from.
const VICTIM: &str = "203.0.113.9";

/// Something that was read: when, what was asked for, and the answer, in which the game's own name is replaced.
pub(crate) type Read = (String, String);

pub(crate) struct Game {
    /// It stands in the codes of all its links.
    name: String,
    secret: String,
    /// How many networks the attacker has.
    pub(crate) networks: u32,
    /// Whether the victim came.
    pub(crate) came: bool,
    /// The attacker's browsers are numbered, so that each is a visitor of its own.
    browsers: AtomicU32,
    pub(crate) seen: Vec<Read>,
}

impl Game {
    /// Makes a site with its links: the victim's, and the attacker's own ones.
    pub(crate) async fn new(
        service: &Service,
        number: usize,
        networks: u32,
        came: bool,
        asks_nobody: bool,
    ) -> Self {
        let name = format!("g{number:05}");
        let (_, secret) = service
            .site(&name, |site| {
                site.min_count = MinCounts::always(K.try_into().expect("a k"));
                site.consent = asks_nobody.then_some(Policy::Aggregate);
                (site.public, site.badges) = (true, true);
            })
            .await;
        let game = Self { name, secret, networks, came, browsers: AtomicU32::new(0), seen: Vec::new() };
        for (link, page) in
            [("victim", "a"), ("same1", "a"), ("same2", "a"), ("same3", "a"), ("same4", "a"), ("other", "b")]
        {
            game.make(service, link, page, "sms", None).await;
        }
        game
    }

    fn code(&self, link: &str) -> String {
        format!("{}-{link}", self.name)
    }

    pub(crate) async fn make(
        &self,
        service: &Service,
        link: &str,
        page: &str,
        channel: &str,
        campaign: Option<&str>,
    ) {
        let url = format!("https://example.com/{page}");
        let body = json!({ "url": url, "channel": channel, "campaign": campaign, "slug": self.code(link) });
        service.link_of(&self.secret, body).await;
    }

    pub(crate) async fn change(&self, service: &Service, link: &str, change: Value) {
        let path = format!("/api/v1/links/{}", self.code(link));
        let answer = self.ask(service, Method::PATCH, &path).json(&change).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }

    pub(crate) async fn delete(&self, service: &Service, link: &str) {
        let path = format!("/api/v1/links/{}", self.code(link));
        let answer = self.ask(service, Method::DELETE, &path).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
    }

    fn ask(&self, service: &Service, method: Method, path: &str) -> reqwest::RequestBuilder {
        service.request(method, path).bearer_auth(&self.secret)
    }

    /// The victim opens these links once each, where they come.
    pub(crate) async fn victim(&self, service: &Service, links: &[&str]) {
        for link in links.iter().filter(|_| self.came) {
            self.open(service, link, VICTIM, 0, true).await;
        }
    }

    /// The victim opens a link without being asked.
    pub(crate) async fn victim_unasked(&self, service: &Service, link: &str, times: usize) {
        for _ in 0..if self.came { times } else { 0 } {
            self.open(service, link, VICTIM, 0, false).await;
        }
    }

    /// The attacker opens a link from each of their networks, with so many browsers that these are never too few.
    pub(crate) async fn pad(&self, service: &Service, link: &str) {
        for network in 0..self.networks {
            let each = 2 * u32::try_from(K).unwrap() / self.networks + 1;
            for _ in 0..each {
                let browser = self.browsers.fetch_add(1, Ordering::Relaxed) + 1;
                let address = format!("198.18.{network}.{}", browser % 250 + 1);
                self.open(service, link, &address, browser, true).await;
            }
        }
    }

    /// The attacker opens a link so many times without being asked.
    pub(crate) async fn pad_unasked(&self, service: &Service, link: &str, times: usize) {
        for _ in 0..times {
            self.open(service, link, "198.18.0.1", 0, false).await;
        }
    }

    async fn open(&self, service: &Service, link: &str, address: &str, browser: u32, allows: bool) {
        let agent =
            format!("Mozilla/5.0 (X11; Linux x86_64; rv:150.{browser}) Gecko/20100101 Firefox/150.{browser}");
        let request = service.request(Method::GET, &format!("/{}", self.code(link)));
        let mut request = request.header("user-agent", agent).header("x-forwarded-for", address);
        if allows {
            request = request.header("cookie", service.consent(&self.name, "g1"));
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND);
    }

    /// Reads whatever there is: links, groups with filters and limits, exports, and what anybody may see.
    pub(crate) async fn read(&mut self, service: &Service, moment: &str) {
        const WEEK: &str = "from=2026-11-23&to=2026-11-30";
        let (victim, own) = (self.code("victim"), self.code("same1"));
        let paths = [
            format!("/api/v1/links/{victim}/stats?{WEEK}"),
            format!("/api/v1/links/{own}/stats?{WEEK}"),
            format!("/api/v1/stats?group_by=channel&{WEEK}"),
            format!("/api/v1/stats?group_by=page&limit=1&{WEEK}"),
            format!("/api/v1/stats?group_by=link&limit=2&{WEEK}"),
            format!("/api/v1/stats?group_by=campaign&{WEEK}&page=https://example.com/a"),
            format!("/api/v1/stats?group_by=day&{WEEK}&link={victim}"),
            "/api/v1/stats?group_by=day&from=2026-11-24&to=2026-11-24".to_owned(),
            format!("/api/v1/stats?group_by=page&{WEEK}&channel=sms&format=csv"),
            // A public page is kept for a second, so each moment asks for other days.
            format!("/stats/public/{}?from=2026-11-{:02}&to=2026-11-30", self.name, 1 + self.seen.len() / 10),
        ];
        for path in paths {
            let answer = self.ask(service, Method::GET, &path).header("accept-language", "en");
            let answer = answer.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let text = answer.text().await.expect("text");
            let named = |text: &str| text.replace(&self.name, "game");
            // A link that was deleted is not there, in every game.
            assert!(status == 200 || status == 404, "{path}: {status} {text}");
            let read = (format!("{moment} {}", named(&path)), format!("{status} {}", named(&text)));
            self.seen.push(read);
        }
    }
}
