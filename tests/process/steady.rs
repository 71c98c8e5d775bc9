//! A service with links on which a steady load goes, and whether its counts are exact afterwards.

use std::time::{Duration, Instant};

use crate::load::{Load, LoadPlan, Tally};
use crate::program::{DEADLINE, Home, Service};
use crate::redis::RedisServer;

/// How many people there are: so few that every store counts them exactly.
const VISITORS: u32 = 300;
/// Clicks in a second, and how many of them may be under way.
const PER_SECOND: u32 = 300;
const AT_ONCE: usize = 16;

const PAUSE: Duration = Duration::from_millis(50);

/// A running service, its folder, its store and its links.
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

    /// What the service has logged by now.
    pub(crate) fn log(&self) -> String {
        self.service.log()
    }

    /// Waits until nothing that the journal has is still to be settled.
    pub(crate) async fn nothing_waits(&self) {
        let started = Instant::now();
        loop {
            let waiting = self.service.metric("entries_unsettled").await;
            if waiting == 0 {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "{waiting} entries wait for ever: {}", self.log());
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Begins to send.
    pub(crate) fn load(&self) -> Load {
        let address = self.service.address().parse().expect("an address");
        let plan = LoadPlan::new(address, &self.codes, AT_ONCE);
        Load::start(LoadPlan { per_second: Some(PER_SECOND), visitors: Some(VISITORS), ..plan })
    }

    /// Asserts that every answered click comes into the store and no other, and that this is still so
    /// when the service has ended and is there again.
    pub(crate) async fn assert_exact(self, tally: &Tally) {
        println!("{tally}");
        becomes_exact(&self.service, &self.secret, tally).await;
        self.service.terminate();
        assert_eq!(self.service.end(), Some(0));
        let again = serve(&self.home, &self.store);
        becomes_exact(&again, &self.secret, tally).await;
    }
}

/// Starts a service that believes what visitors say of their address.
fn serve(home: &Home, store: &str) -> Service {
    let settings = ["server.trusted_proxies=127.0.0.1", "journal.keep_seconds=5", "log.level=info"];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    home.serve(&["--store", store].into_iter().chain(settings).collect::<Vec<_>>())
}

async fn becomes_exact(service: &Service, secret: &str, tally: &Tally) {
    let started = Instant::now();
    for link in &tally.links {
        loop {
            let (clicks, visitors) = service.counted(secret, &link.code).await;
            let (lost, doubled) = (link.lost(clicks), link.doubled(clicks));
            assert_eq!(doubled, 0, "of {} clicks so many count twice", link.answered);
            let sent = link.sent_visitors.len() as u64;
            assert!(visitors <= sent, "{visitors} visitors of {sent}");
            if lost == 0 && visitors >= link.visitors.len() as u64 {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "{lost} of {} clicks are lost", link.answered);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// How many clicks on these links one server has, be it a master or a replica.
pub(crate) fn clicks_at(server: &RedisServer, codes: &[String]) -> u64 {
    let client = ::redis::Client::open(server.url()).expect("an address");
    let Ok(mut connection) = client.get_connection() else { return 0 };
    // This lets a replica of a Cluster answer; elsewhere it is an error without effect.
    let _ = ::redis::cmd("READONLY").exec(&mut connection);
    let parts: Vec<String> = ::redis::cmd("KEYS").arg("ens:c:*").query(&mut connection).unwrap_or_default();
    let mut clicks = 0;
    for part in parts {
        let records: Vec<(String, Vec<u8>)> =
            ::redis::cmd("HGETALL").arg(part).query(&mut connection).unwrap_or_default();
        let is_asked_for = |link: &str| {
            codes
                .iter()
                .any(|code| link.strip_prefix('/').is_some_and(|link| link.starts_with(&format!("{code}."))))
        };
        for (_, record) in records.iter().filter(|(link, _)| is_asked_for(link)) {
            // The four bytes behind the first one are its clicks.
            let bytes = record.get(1..5).and_then(|bytes| bytes.try_into().ok()).expect("clicks");
            clicks += u64::from(u32::from_le_bytes(bytes));
        }
    }
    clicks
}
