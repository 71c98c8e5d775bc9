//! The context of flushing: the journal's folder and its store, what is known of both, and whether they still belong
//! together.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::domain::day::Day;
use crate::domain::identity::JournalId;
use crate::journal::{Confirmed, Ledger, Reader};
use crate::service::health::{Fault, Health};
use crate::service::ingest::backlog::Backlog;
use crate::service::metrics::Metrics;
use crate::service::rollover::day_keys::DayKeys;
use crate::service::shared_clock::SharedClock;
use crate::store::{Store, StoreError};

/// What an operator can do about a store that is not what it was.
pub(crate) const ADOPT: &str = "The journal keeps every count that no store has confirmed. Put the right store back, or run `entrenous doctor --adopt-store` if \
                                the present one is right.";
/// The witness of lost links. Its fault lasts until an operator has decided, whatever others report of the store.
pub(crate) const LOST_LINKS: &str = "links";

/// What the flusher, the replay and their cursors work with.
#[derive(Clone)]
pub struct Context {
    /// The journal's folder.
    pub dir: PathBuf,
    /// The journal that this process writes.
    pub journal: JournalId,
    /// What is known of what the folder no longer has.
    pub ledger: Arc<Mutex<Ledger>>,
    /// Held while the ledger is written.
    pub writing: Arc<tokio::sync::Mutex<()>>,
    /// The newest entry that the store has confirmed, to this run or an earlier one, as far as that is known.
    pub before: Arc<Mutex<Option<(JournalId, u64)>>>,
    /// How many times an operator has taken another store for the right one since the start.
    pub adoptions: Arc<AtomicU64>,
    /// Where the counts go.
    pub store: Arc<dyn Store>,
    /// For how long the store may lose what it has confirmed, where it may.
    pub keeps: Option<Duration>,
    /// The key of the present day, with which networks are told apart.
    pub day_keys: Arc<DayKeys>,
    /// The time.
    pub clock: SharedClock,
    /// What the operator is told in numbers.
    pub metrics: Arc<Metrics>,
    /// What of the journal has not left it.
    pub backlog: Arc<Backlog>,
    /// What is wrong.
    pub health: Arc<Health>,
}

/// Why a cursor cannot go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The store lacks something that it had confirmed, which may be in the journal still.
    Behind {
        /// The number of the last entry that it has.
        checkpoint: u64,
        /// The number of the last entry that it had confirmed.
        confirmed: u64,
    },
    /// The store is not the one that the journal belongs to.
    Foreign(String),
}

/// A segment that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) segment: u64,
    pub(crate) journal: JournalId,
    /// The number of its last entry.
    pub(crate) last: u64,
}

impl Context {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn adoptions(&self) -> u64 {
        self.adoptions.load(Ordering::Acquire)
    }

    pub(crate) fn before(&self) -> MutexGuard<'_, Option<(JournalId, u64)>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that the store is the one that the folder belongs to, and still has what the folder no longer has.
    pub(crate) async fn check_store(&self) -> Result<Result<(), Halt>, StoreError> {
        let (belongs, confirmed) = {
            let ledger = self.ledger();
            (ledger.store.clone(), ledger.confirmed.clone())
        };
        match self.store.verify(&belongs).await {
            Err(StoreError::Foreign(what)) => return Ok(Err(Halt::Foreign(what))),
            Err(StoreError::Behind { checkpoint }) => {
                let confirmed = confirmed.map_or(checkpoint, |it| it.number);
                return Ok(Err(Halt::Behind { checkpoint, confirmed }));
            }
            verified => verified?,
        }
        let deleted = confirmed.map(|Confirmed { journal, number, .. }| (journal, number));
        // A store that may lose its last moments is asked for these with the entries themselves.
        let before = self.before().clone().filter(|_| self.keeps.is_none());
        for (journal, number) in deleted.into_iter().chain(before) {
            let checkpoint = self.store.checkpoint(&journal).await?;
            if checkpoint < number {
                return Ok(Err(Halt::Behind { checkpoint, confirmed: number }));
            }
        }
        Ok(Ok(()))
    }

    /// Writes down what the store has confirmed, and then deletes the segments of it; unless an operator has taken another
    /// store for the right one since there were so many adoptions.
    pub(crate) async fn delete(&self, finished: &[Finished], adoptions: u64) {
        let Some(last) = finished.last().map(|finished| finished.segment) else { return };
        // A segment without intact records confirms nothing.
        let confirmed = finished.iter().rev().find(|finished| finished.last > 0).cloned();
        let hour = self.clock.now().strftime("%Y-%m-%dT%H").to_string();
        let is_written = self
            .change_ledger(|ledger| {
                if self.adoptions() != adoptions {
                    return false;
                }
                if let Some(Finished { journal, last: number, .. }) = confirmed {
                    ledger.confirmed = Some(Confirmed { journal, number, hour });
                }
                if ledger.adopted <= last {
                    ledger.adopted = 0;
                }
                true
            })
            .await;
        if !is_written || self.adoptions() != adoptions {
            return;
        }
        let dir = self.dir.clone();
        let deleted = spawn_blocking(move || Reader::delete_before(&dir, last + 1)).await;
        if let Err(error) = deleted.expect("deleting files does not panic, and the runtime outlives this") {
            let path = self.dir.display();
            tracing::warn!(%error, %path, "journal.dir: settled segments are deleted later");
        }
    }

    /// Writes the ledger again where somebody has removed it, as with the whole folder: what it says holds.
    pub(crate) async fn keep_ledger(&self) {
        let dir = self.dir.clone();
        let is_gone = spawn_blocking(move || dir.is_dir() && Ledger::is_gone(&dir)).await;
        if is_gone.expect("looking for a file does not panic, and the runtime outlives this") {
            self.change_ledger(|_| true).await;
        }
    }

    /// Changes the ledger, in the folder and here, where `change` says that there is something to write; whether it was
    /// written.
    pub(crate) async fn change_ledger(&self, change: impl FnOnce(&mut Ledger) -> bool) -> bool {
        let _alone = self.writing.lock().await;
        let mut ledger = self.ledger().clone();
        if !change(&mut ledger) {
            return false;
        }
        let (dir, written) = (self.dir.clone(), ledger.clone());
        let done = spawn_blocking(move || written.write(&dir)).await;
        match done.expect("writing the ledger does not panic, and the runtime outlives this") {
            Ok(()) => {
                *self.ledger() = ledger;
                true
            }
            Err(error) => {
                let path = self.dir.display();
                tracing::warn!(%error, %path, "journal.dir: the ledger is written later");
                false
            }
        }
    }

    /// Tells of links that the store has lost since an operator has last taken it for the right one.
    pub(crate) fn tell_of_lost_links(&self) {
        let lost = self.ledger().lost;
        if lost > 0 {
            let reason = format!(
                "store.url: the store lost links that it had, with {lost} counts that it had confirmed, as when it is put \
                 back to an earlier state. {ADOPT}"
            );
            self.health.raise_as(LOST_LINKS, Fault::StoreRolledBack, reason);
        }
    }

    /// Notes in the store that these segments are in it for good.
    pub(crate) async fn confirm(&self, finished: &[Finished]) -> Result<(), StoreError> {
        let today = Day::of(self.clock.now());
        for (at, segment) in finished.iter().enumerate() {
            let is_last = finished.get(at + 1).is_none_or(|next| next.journal != segment.journal);
            if is_last && segment.last > 0 {
                let has_ended = segment.journal != self.journal;
                self.store.confirm(&segment.journal, segment.last, today, has_ended).await?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("dir", &self.dir).finish_non_exhaustive()
    }
}
