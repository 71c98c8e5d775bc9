//! A month of a small newspaper, so that the statistics have something to show.

use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service, WHATSAPP, code};

/// The first of the thirty days, and the time of the last.
const FIRST: &str = "2026-11-21T12:00:00Z";
const DAYS: u32 = 30;
const PAGES: [&str; 5] = [
    "https://courier.example/city/the-night-trains-are-back",
    "https://courier.example/kitchen/soup-for-a-whole-week",
    "https://courier.example/science/bats-in-the-attic",
    "https://courier.example/culture/what-we-read-this-winter",
    "https://courier.example/opinion/in-praise-of-quiet-streets",
];
const CHANNELS: [&str; 12] = [
    "whatsapp", "email", "whatsapp", "copy", "sms", "whatsapp", "telegram", "whatsapp", "email", "native",
    "copy", "signal",
];
const CAMPAIGNS: [Option<&str>; 4] = [None, Some("advent-2026"), None, Some("weekend-letter")];

/// The service after that month.
pub(crate) struct Campaign {
    pub(crate) service: Service,
    /// The site's secret key.
    pub(crate) secret: String,
    /// The link that was shared most widely.
    pub(crate) code: String,
}

impl Campaign {
    /// Lives through the month.
    pub(crate) async fn run(settings: &[(&str, &str)]) -> Self {
        let service = Service::start_with(Backend::Sqlite, settings).await;
        let (_, secret) = service.site("The Courier", |_| {}).await;
        let mut chance = Chance(1);
        let mut recent: Vec<(String, u32)> = Vec::new();
        let mut star = String::new();
        for day in 0..DAYS {
            service.set_time(
                &(FIRST.parse::<jiff::Timestamp>().expect("a time")
                    + jiff::SignedDuration::from_hours(24 * i64::from(day)))
                .to_string(),
            );
            if day == 8 {
                let body = json!({ "url": PAGES[0], "channel": "whatsapp", "campaign": "advent-2026" });
                star = code(&service.link_of(&secret, body).await);
            }
            for _ in 0..4 + chance.below(4) {
                let (page, channel) =
                    ([0, 0, 0, 1, 1, 2, 3, 3, 4][chance.below(9) as usize], chance.below(12));
                let body = json!({
                    "url": PAGES[page],
                    "channel": CHANNELS[channel as usize],
                    "campaign": CAMPAIGNS[chance.below(4) as usize],
                });
                recent.push((code(&service.link_of(&secret, body).await), 9 - channel / 2));
            }
            let first = recent.len().saturating_sub(10);
            let mut clicks = Vec::new();
            for (code, liking) in &recent[first..] {
                clicks
                    .extend((0..chance.below(liking + 4)).map(|_| (code.clone(), chance.below(400), false)));
                clicks.extend((0..chance.below(3)).map(|_| (code.clone(), 0, true)));
            }
            if !star.is_empty() {
                // It spreads, fades, has a day of almost nobody, and comes back.
                let visits =
                    [14, 41, 63, 52, 38, 29, 22, 9, 2, 17, 34, 26, 19, 12, 8, 6, 3, 11, 15, 21, 18, 23];
                let visits = visits[day as usize - 8];
                clicks.extend((0..visits).map(|_| (star.clone(), chance.below(visits * 2), false)));
                clicks.extend((0..visits / 9).map(|_| (star.clone(), 0, true)));
            }
            send(&service, clicks).await;
        }
        service.days_closed().await;
        Self { service, secret, code: star }
    }

    /// A link that has expired, and one that is switched off.
    pub(crate) async fn ended_links(&self) -> [String; 2] {
        let body = json!({ "url": PAGES[1], "channel": "email", "expires_at": self.service.in_seconds(60) });
        let expired = code(&self.service.link_of(&self.secret, body).await);
        let off =
            code(&self.service.link_of(&self.secret, json!({ "url": PAGES[2], "channel": "copy" })).await);
        let change = self.service.request(Method::PATCH, &format!("/api/v1/links/{off}"));
        let change = change.bearer_auth(&self.secret).json(&json!({ "disabled": true })).send().await;
        assert_eq!(change.expect("an answer").json::<Value>().await.expect("JSON")["code"], *off);
        self.service.set_time(&self.service.in_seconds(61));
        [expired, off]
    }
}

/// Sends clicks, each by a visitor with a number, or previews.
async fn send(service: &Service, clicks: Vec<(String, u32, bool)>) {
    let sent = stream::iter(clicks).map(|(code, visitor, preview)| async move {
        if preview {
            let answer = service.fetch(&code, WHATSAPP).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::FOUND);
        } else {
            // Each from a network of their own.
            service.click(&code, &format!("198.{}.{}.1", 18 + visitor / 250, visitor % 250)).await;
        }
    });
    // Never more at once than the misses that an address may have left: whoever looks for a link holds one meanwhile.
    sent.buffer_unordered(2).collect::<Vec<()>>().await;
    service.settled().await;
}

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end)).expect("it is below a u32")
    }
}
