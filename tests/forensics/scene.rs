//! The program on a day in the middle of which some visits happen, and which then ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use entrenous::clock::Clock;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::link_key::LinkKey;
use entrenous::domain::site::SiteId;
use entrenous::domain::visitor::{DayKey, Network, Tagger};
use entrenous::store::{StoreUrl, open};
use jiff::SignedDuration;

use crate::program::{BEHIND_A_PROXY, DEADLINE, FIREFOX, Home, PAUSE, Service};
use crate::redis::RedisServer;
use crate::redis::moved_clock::set;
use crate::visits::Visit;

/// How many people open links.
pub(crate) const VISITORS: u8 = 40;
/// A day, in seconds.
const DAY: i64 = 86_400;

/// The program, and what is around it.
pub(crate) struct Scene {
    pub(crate) service: Service,
    pub(crate) home: Home,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) codes: Vec<String>,
    clock: PathBuf,
    /// How far the clock is ahead at first: it is noon.
    ahead: i64,
}

impl Scene {
    pub(crate) async fn on_sqlite(settings: &[&str]) -> Self {
        let home = Home::new();
        let url = format!("sqlite:{}", home.path().join("data/entrenous.db").display());
        Self::begin(home, url, |_| None, settings).await
    }

    /// On a Redis with these options of its command line.
    pub(crate) async fn on_redis(options: &[&str], settings: &[&str]) -> Self {
        let home = Home::new();
        let dir = home.path().join("redis");
        std::fs::create_dir(&dir).expect("a folder");
        let start = |clock: &Path| Some(RedisServer::start_with_clock(options, Some(&dir), clock));
        Self::begin(home, String::new(), start, settings).await
    }

    async fn begin(
        home: Home,
        url: String,
        redis: impl FnOnce(&Path) -> Option<RedisServer>,
        settings: &[&str],
    ) -> Self {
        let now = Clock::system().now();
        let ahead = (Day::of(now).start() + SignedDuration::from_hours(12)).as_second() - now.as_second();
        let clock = home.path().join("clock");
        set(&clock, &format!("{ahead:+}"));
        let redis = redis(&clock);
        let url = redis.as_ref().map_or(url, RedisServer::url);
        let arguments =
            [&BEHIND_A_PROXY[..], &["--store", &url, "--set", "server.workers=2"], settings].concat();
        let service = home.serve_with_clock(&clock, &arguments);
        let secret = service.printed_key("ens_sk_").expect("a key");
        let codes = service.codes(&secret, 2).await;
        Self { service, home, redis, url, secret, codes, clock, ahead }
    }

    /// The address of a visitor, each in a network of its own, and the code that they open.
    pub(crate) fn visitor(&self, number: u8) -> ([u8; 4], &str) {
        ([198, 51, 100 + number, 101 + number], &self.codes[usize::from(number) % self.codes.len()])
    }

    /// Everybody opens a link, one after the other, and the store has it.
    pub(crate) async fn visits(&self) {
        self.visits_of_many().await;
        self.settled(VISITORS.into()).await;
    }

    /// Everybody opens a link, one after the other.
    pub(crate) async fn visits_of_many(&self) {
        for number in 0..VISITORS {
            let (address, code) = self.visitor(number);
            let address = address.map(|part| part.to_string()).join(".");
            self.service.click(code, &address).await.expect("an answer");
        }
    }

    /// Waits until so many entries are in the store.
    pub(crate) async fn settled(&self, entries: u64) {
        self.service.until("entries_settled_total", entries).await;
    }

    /// What the program calls a link.
    pub(crate) async fn link_key(&self, code: &str) -> LinkKey {
        let store = open(&StoreUrl::parse(&self.url).expect("an address"), None).await.expect("a store");
        let code = Code::parse(code).expect("a code");
        store.link(&code).await.expect("an answer").expect("a link").key()
    }

    /// What the program calls the site of its links.
    pub(crate) async fn site(&self) -> SiteId {
        let store = open(&StoreUrl::parse(&self.url).expect("an address"), None).await.expect("a store");
        store.sites().await.expect("sites").pop().expect("a site").id
    }

    /// The visits, with the tags and masked buckets that this key makes of them.
    pub(crate) async fn visits_by(&self, key: &[u8; 32]) -> Vec<Visit> {
        let (tagger, site) = (Tagger::new(&DayKey::new(key)), self.site().await);
        let mut visits = Vec::new();
        for number in 0..VISITORS {
            let (address, code) = self.visitor(number);
            let link = self.link_key(code).await;
            let (tag, masked) = tagger.click(&site, &link, &Network::of(address.into()), FIREFOX);
            let masked = masked.expect("a bucket");
            visits.push(Visit { site: site.clone(), link, address, agent: FIREFOX, tag, masked });
        }
        visits
    }

    /// The day ends; waits until the program has done everything that it does then.
    pub(crate) async fn midnight(&self) {
        let now = Clock::system().now() + SignedDuration::from_secs(self.ahead);
        set(&self.clock, &format!("{:+}", self.ahead + DAY));
        let next = Day::of(now).plus(1).start().as_second();
        self.service.until("closed_before_timestamp_seconds", next.try_into().expect("after 1970")).await;
    }

    /// Waits until something is nowhere any more, and fails with where it still is.
    pub(crate) async fn until_none(&self, mut found: impl FnMut() -> Vec<String>) {
        let started = Instant::now();
        loop {
            let found = found();
            if found.is_empty() {
                return;
            }
            assert!(
                started.elapsed() < DEADLINE,
                "{} places, such as {:#?}",
                found.len(),
                &found[..found.len().min(40)]
            );
            tokio::time::sleep(PAUSE.max(Duration::from_millis(100))).await;
        }
    }
}

/// The day key, as the administrator of the Redis at this address sees it.
pub(crate) async fn day_key(url: &str) -> [u8; 32] {
    let client = ::redis::Client::open(url).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let keys: Vec<String> =
        ::redis::cmd("KEYS").arg("ens:k:*").query_async(&mut connection).await.expect("keys");
    assert_eq!(keys.len(), 1, "{keys:?}");
    let value: Vec<u8> = ::redis::cmd("GET").arg(&keys).query_async(&mut connection).await.expect("a key");
    value[value.len() - 32..].try_into().expect("32 bytes")
}
