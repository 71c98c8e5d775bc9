//! A service with links on which a steady load goes, and whether its counts are exact afterwards.

use std::time::Instant;

use crate::load::{Load, LoadPlan, Tally};
use crate::program::{DEADLINE, Home, Service};
use crate::redis::RedisServer;

/// How many people there are: so few that every store counts them exactly.
const VISITORS: u32 = 300;
/// Clicks in a second, and how many of them may be under way.
const PER_SECOND: u32 = 300;
const AT_ONCE: usize = 16;

/// A running service, its folder and its links.
pub(crate) struct Steady {
    home: Home,
    store: String,
    service: Service,
    secret: String,
    pub(crate) codes: Vec<String>,
}

impl Steady {
    /// Starts a service on a store and makes links until there are as many as wanted of those that
    /// the test wants.
    pub(crate) async fn begin(store: &str, links: usize, wanted: impl Fn(&str) -> bool) -> Self {
        let home = Home::new();
        let service = serve(&home, store);
        let secret = service.printed_key("ens_sk_").expect("a key");
        let mut codes = Vec::new();
        while codes.iter().filter(|code: &&String| wanted(code)).count() < links {
            codes.push(service.code(&secret).await);
        }
        Self { home, store: store.to_owned(), service, secret, codes }
    }

    /// Begins to send.
    pub(crate) fn load(&self) -> Load {
        let address = self.service.address().parse().expect("an address");
        let plan = LoadPlan::new(address, &self.codes, AT_ONCE);
        Load::start(LoadPlan { per_second: Some(PER_SECOND), visitors: Some(VISITORS), ..plan })
    }

    /// Waits until every answered click is in the store, and asserts that no other is; neither then
    /// nor after the service has ended and is there again.
    pub(crate) async fn assert_exact(self, tally: &Tally) {
        println!("{tally}");
        let started = Instant::now();
        for link in &tally.links {
            loop {
                let (clicks, visitors) = self.service.counted(&self.secret, &link.code).await;
                if clicks >= link.answered && visitors >= link.visitors.len() as u64 {
                    break;
                }
                let missing = link.lost(clicks);
                assert!(started.elapsed() < DEADLINE, "{missing} of {} clicks are lost", link.answered);
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        assert_in_range(&self.service, &self.secret, tally).await;
        self.service.terminate();
        assert_eq!(self.service.end(), Some(0));
        let again = serve(&self.home, &self.store);
        assert_in_range(&again, &self.secret, tally).await;
    }
}

/// Starts a service that believes what visitors say of their address.
fn serve(home: &Home, store: &str) -> Service {
    let settings = ["server.trusted_proxies=127.0.0.1", "journal.keep_seconds=5", "log.level=error"];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    home.serve(&["--store", store].into_iter().chain(settings).collect::<Vec<_>>())
}

async fn assert_in_range(service: &Service, secret: &str, tally: &Tally) {
    for link in &tally.links {
        let (clicks, visitors) = service.counted(secret, &link.code).await;
        let (lost, doubled) = (link.lost(clicks), link.doubled(clicks));
        assert_eq!((lost, doubled), (0, 0), "lost and doubled of {} clicks", link.answered);
        let possible = link.visitors.len() as u64..=link.sent_visitors.len() as u64;
        assert!(possible.contains(&visitors), "{visitors} visitors are none of {possible:?}");
    }
}

/// How many clicks on these links one server has, be it a master or a replica.
pub(crate) fn clicks_at(server: &RedisServer, codes: &[String]) -> u64 {
    let of_one = |code: &String| {
        // The first word lets a replica of a Cluster answer; elsewhere it is an error without effect.
        let answer = server.ask(&format!("READONLY\r\nHVALS ens:c:{{{code}}}"));
        // A day is a row of numbers, of which the first one is its clicks; a mark is a single one.
        let days = answer.lines().filter(|line| line.contains(' '));
        days.filter_map(|day| day.split(' ').next()?.parse::<u64>().ok()).sum::<u64>()
    };
    codes.iter().map(of_one).sum()
}
