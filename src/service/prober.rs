//! The prober: tries every few seconds what the service needs to do its whole job, and reports what it finds.
//!
//! It writes to the store and to the journal's folder, so that a failure is known before a click needs them,
//! and looks whether what is recorded reaches the store in time. `/readyz?all` asks it for a look of now.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

use crate::domain::day::Day;
use crate::journal::folder;
use crate::service::health::Fault;
use crate::service::ingest::context::Context;
use crate::service::ingest::plausibility::Plausibility;
use crate::store::StoreError;

/// How often it looks by itself.
const PERIOD: Duration = Duration::from_secs(5);
/// The shortest time between two looks, however often one is asked for.
const SHORTEST: Duration = Duration::from_secs(1);
/// How long a store or a disk may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How old the oldest entry that is not in the store may be.
const OLDEST: Duration = Duration::from_mins(1);
/// What it is called where several report the same fault.
const WITNESS: &str = "probe";

/// Tries what the service needs.
pub struct Prober {
    context: Context,
    plausibility: Arc<Plausibility>,
    looks: Mutex<Looks>,
}

/// What is known of earlier looks.
#[derive(Default)]
struct Looks {
    last: Option<Instant>,
    /// An attempt to write the folder that has not come back: a disk can hang for as long as it likes.
    folder: Option<JoinHandle<io::Result<()>>>,
    /// How many entries there had been, the oldest look first.
    arrived: VecDeque<(Instant, u64)>,
}

impl Prober {
    /// Prepares; nothing is tried yet.
    #[must_use]
    pub fn new(context: Context, plausibility: Arc<Plausibility>) -> Self {
        Self { context, plausibility, looks: Mutex::default() }
    }

    /// Looks every few seconds, until it is dropped.
    pub async fn run(&self) {
        loop {
            self.look().await;
            sleep(PERIOD).await;
        }
    }

    /// Tries everything and reports it, unless that was done within the last second. Whoever asks while somebody
    /// else looks waits for what they find.
    pub async fn look(&self) {
        let mut looks = self.looks.lock().await;
        if looks.last.is_some_and(|last| last.elapsed() < SHORTEST) {
            return;
        }
        tokio::join!(
            self.try_store(Fault::StoreUnavailable, "store.url", self.use_store()),
            self.try_store(
                Fault::EphemeralStoreUnavailable,
                "store.ephemeral_url",
                self.context.store.probe_ephemeral()
            ),
            self.try_folder(&mut looks.folder),
        );
        self.look_at_backlog(&mut looks.arrived, Instant::now());
        self.plausibility.judge(Day::of(self.context.clock.now()), &self.context.health);
        self.context.health.log_news();
        looks.last = Some(Instant::now());
    }

    /// Writes into the store, and reads what every request for a page or the API needs.
    async fn use_store(&self) -> Result<(), StoreError> {
        self.context.store.probe().await?;
        self.context.store.sites().await?;
        self.context.store.days_to_close(Day::of(self.context.clock.now())).await.map(drop)
    }

    async fn try_store(
        &self,
        fault: Fault,
        setting: &'static str,
        attempt: impl Future<Output = Result<(), StoreError>>,
    ) {
        let health = &self.context.health;
        let why = match timeout(PATIENCE, attempt).await {
            Ok(Ok(())) => {
                health.clear_as(setting, Fault::StoreUnsuitable);
                return health.clear_as(WITNESS, fault);
            }
            Ok(Err(StoreError::Unsuitable(reason))) => {
                health.raise_as(setting, Fault::StoreUnsuitable, format!("{setting}: {reason}"));
                return health.clear_as(WITNESS, fault);
            }
            Ok(Err(StoreError::Unavailable(reason))) => reason.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it has not answered for {} seconds", PATIENCE.as_secs()),
        };
        health.raise_as(WITNESS, fault, format!("{setting}: the store cannot be used: {why}"));
    }

    async fn try_folder(&self, under_way: &mut Option<JoinHandle<io::Result<()>>>) {
        let dir = self.context.dir.clone();
        let attempt = under_way.get_or_insert_with(|| spawn_blocking(move || folder::try_to_write(&dir)));
        let why = match timeout(PATIENCE, &mut *attempt).await {
            Err(_) => format!("the disk has not answered for {} seconds", PATIENCE.as_secs()),
            Ok(done) => {
                *under_way = None;
                match done {
                    Ok(Ok(())) => return self.context.health.clear_as(WITNESS, Fault::JournalUnwritable),
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "the attempt broke off".to_owned(),
                }
            }
        };
        let reason = format!("journal.dir: {} cannot be written: {why}", self.context.dir.display());
        self.context.health.raise_as(WITNESS, Fault::JournalUnwritable, reason);
    }

    /// Looks whether what had been recorded a minute ago is in the store. Where the store is known to be away or a wrong
    /// one, that is said already.
    fn look_at_backlog(&self, arrived: &mut VecDeque<(Instant, u64)>, now: Instant) {
        let dealt_with = self.context.metrics.total_dealt_with();
        let waiting = u64::try_from(self.context.metrics.unsettled.get()).unwrap_or(0);
        // Of the looks that are long enough ago, the latest one tells the most.
        while arrived.get(1).is_some_and(|(at, _)| now - *at >= OLDEST) {
            arrived.pop_front();
        }
        let due = arrived.front().filter(|(at, _)| now - *at >= OLDEST).map_or(0, |(_, arrived)| *arrived);
        arrived.push_back((now, dealt_with + waiting));
        let explaining = [Fault::StoreUnavailable, Fault::StoreForeign, Fault::StoreRolledBack];
        let is_explained = explaining.into_iter().any(|fault| self.context.health.has(fault));
        if dealt_with >= due || is_explained {
            return self.context.health.clear_as(WITNESS, Fault::FlushingBehind);
        }
        let reason = format!(
            "journal.dir: clicks in {} have not reached the store for more than {} seconds",
            self.context.dir.display(),
            OLDEST.as_secs()
        );
        self.context.health.raise_as(WITNESS, Fault::FlushingBehind, reason);
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober").field("dir", &self.context.dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Lock;

    use super::*;
    use crate::domain::identity::JournalId;
    use crate::journal::Ledger;
    use crate::service::health::Health;
    use crate::service::ingest::backlog::Backlog;
    use crate::service::metrics::Metrics;
    use crate::service::rollover::day_keys::DayKeys;
    use crate::service::shared_clock::SharedClock;
    use crate::store::{StoreUrl, open};

    #[tokio::test]
    async fn entries_that_wait_for_more_than_a_minute_are_told_while_the_store_is_fine() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", dir.path().join("a.db").display());
        let store = open(&StoreUrl::parse(&url).expect("an address"), None).await.expect("a store");
        let (metrics, health) = (Arc::new(Metrics::default()), Arc::new(Health::default()));
        let context = Context {
            dir: dir.path().join("journal"),
            journal: JournalId::random(),
            ledger: Arc::new(Lock::new(Ledger::new(store.identity()))),
            before: Arc::default(),
            adoptions: Arc::default(),
            writing: Arc::default(),
            day_keys: Arc::new(DayKeys::new(Arc::clone(&store))),
            store,
            keeps: None,
            clock: SharedClock::new(crate::clock::Clock::system()),
            metrics: Arc::clone(&metrics),
            backlog: Arc::new(Backlog::new(Arc::clone(&metrics))),
            health: Arc::clone(&health),
        };
        let prober = Prober::new(context, Arc::default());
        let (mut looks, mut now) = (VecDeque::new(), Instant::now());
        let mut after = |seconds| {
            now += Duration::from_secs(seconds);
            prober.look_at_backlog(&mut looks, now);
            health.has(Fault::FlushingBehind)
        };
        metrics.recorded(100);
        assert!(!after(0));
        assert!(!after(50));
        metrics.dealt_with(99);
        metrics.recorded(20);
        assert!(after(15), "one of the first hundred has waited for 65 seconds");
        metrics.dealt_with(1);
        assert!(!after(5), "the others have waited for 20");
        assert!(after(100));
        health.raise(Fault::StoreUnavailable, "it is away");
        assert!(!after(5), "and that says why");
        health.clear(Fault::StoreUnavailable);
        assert!(after(5));
        health.raise(Fault::StoreRolledBack, "it was put back, and an operator decides");
        assert!(!after(5), "and that says why");
        health.clear(Fault::StoreRolledBack);
        assert!(after(5));
        metrics.dealt_with(20);
        assert!(!after(5));
    }
}
