//! A service with links that visitors open, and the load of these visitors.

use std::time::{Duration, Instant};

use entrenous::clock::Clock;

use crate::balance::all_counted;
use crate::load::{Load, LoadPlan, Tally};
use crate::program::{BEHIND_A_PROXY, Home, Service};
use crate::publisher::Publisher;

/// How many links the visitors open.
pub(crate) const LINKS: usize = 20;
/// How many people open each of them, again and again. So few are counted exactly.
const VISITORS: u32 = 80;
/// Clicks in a second.
const PER_SECOND: u32 = 150;
const CONNECTIONS: usize = 16;
/// No test that counts visitors begins when less of the day is left.
const ROOM: i64 = 150;

/// The first instance on a store, and what its first start printed.
pub(crate) struct Installation {
    pub(crate) service: Service,
    pub(crate) secret: String,
    /// The links of the load.
    pub(crate) codes: Vec<String>,
    pub(crate) home: Home,
}

impl Installation {
    /// Starts an instance on an empty store and makes the links.
    pub(crate) async fn start(url: &str) -> Self {
        Self::with(url, LINKS).await
    }

    /// The same with so many links.
    pub(crate) async fn with(url: &str, links: usize) -> Self {
        wait_for_room().await;
        let (service, home) = instance(url);
        let secret = service.printed_key("ens_sk_").expect("a key");
        let codes = service.codes(&secret, links).await;
        Self { service, secret, codes, home }
    }

    /// Begins steady load on this instance and on others, and waits until every link was opened many
    /// times.
    pub(crate) async fn load(&self, others: &[&Service]) -> Load {
        let addresses = std::iter::once(&self.service).chain(others.iter().copied()).map(Service::socket);
        let plan = LoadPlan {
            addresses: addresses.collect(),
            per_second: Some(PER_SECOND),
            visitors: Some(VISITORS),
            ..LoadPlan::new(self.service.socket(), &self.codes, CONNECTIONS)
        };
        let load = Load::start(plan);
        load.answers(u64::from(3 * PER_SECOND)).await;
        load
    }

    /// Waits until the store has what the instances recorded, and asserts that this is, for each
    /// link, what the load was answered.
    pub(crate) async fn counts_are_those_of(&self, tally: &Tally) {
        let started = Instant::now();
        all_counted(&self.service, &self.secret, tally).await;
        let settled = started.elapsed();
        let publisher = Publisher::at(&self.service, &self.secret);
        for link in &tally.links {
            let counted = publisher.counted(&link.code).await;
            let sent = (link.answered, link.visitors.len() as u64);
            assert_eq!(counted, sent, "clicks and visitors of {}, counted and answered", link.code);
        }
        println!("  {tally}");
        println!("  every click is in the store {settled:.1?} after the last; clicks and visitors are exact");
    }
}

/// Starts an instance on a store, with a journal of its own.
pub(crate) fn instance(url: &str) -> (Service, Home) {
    let home = Home::new();
    // A test machine has one disk for many journals, and how fast that is is not the question here.
    // And who looks again and again for a link that is not there yet is no guesser.
    // Somebody who is not asked is served from memory, and not counted.
    let settings =
        ["--set", "journal.sync=os", "--set", "limits.miss_per_minute=0", "--set", "consent.unknown=skip"];
    let service = home.serve(&[&BEHIND_A_PROXY[..], &settings, &["--store", url]].concat());
    (service, home)
}

/// Visitors count once for each day: the tests that know their number lie within one.
pub(crate) async fn wait_for_room() {
    let day = 86_400;
    let left = day - Clock::system().now().as_second().rem_euclid(day);
    if left < ROOM {
        tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
    }
}
