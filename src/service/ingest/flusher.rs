//! The flusher: what the journal holds is added to the store's counts, many entries at once, a few times a second.
//!
//! A flusher that stops, or is killed, at any point and starts again counts nothing twice: the store keeps the number of
//! the last entry that it took from each journal with the counts themselves. It flushes only into the store that the
//! journal belongs to. Where the store is another one, or lacks what the journal no longer has, flushing stops, the journal
//! keeps everything, and health says so until an operator has decided which store is right.
//!
//! Where the store has the only copy of what it confirms, a settled segment is deleted at once; where it copies that
//! to others a moment later and may lose it, the [`Replay`](crate::service::ingest::replay::Replay) deletes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use crate::domain::day::Day;
use crate::journal::{Adoption, Confirmed, Ledger, Position, Progress};
use crate::service::health::Fault;
use crate::service::ingest::context::{ADOPT, Context, Finished, Halt, LOST_LINKS};
use crate::service::ingest::cursor::{Cursor, set_aside_reason};
use crate::store::StoreError;

/// How long entries gather before they are settled together while few come; a click then reaches the store within
/// 250 ms of its recording.
const GATHER_IDLE: Duration = Duration::from_millis(150);
/// The same while many come: fewer writes for the same counts, and within a second all the same.
const GATHER_BUSY: Duration = Duration::from_millis(700);
/// So many entries at once are many.
const BUSY_ENTRIES: u64 = 1_000;
/// How often the store is looked at while nothing comes: whether it is still the same one.
const CHECK: Duration = Duration::from_secs(1);
/// How often counts that were set aside are tried again.
const RETRY_SET_ASIDE: Duration = Duration::from_mins(1);

/// Moves entries from the journal to the store.
#[derive(Debug)]
pub struct Flusher {
    /// What it works with.
    pub context: Context,
    /// The place up to which everything is settled.
    pub settled: watch::Sender<Position>,
}

/// Why flushing came to an end.
enum Stop {
    /// The journal thread has ended, and everything is settled.
    Ended,
    /// An operator has to decide.
    Halted(Halt),
}

impl Flusher {
    /// Settles what earlier runs left in the folder, and then what is recorded, until the journal
    /// thread has ended and its last entry is settled.
    pub async fn run(self, mut end: watch::Receiver<Position>) {
        let mut cursor = Cursor::first(&self.context);
        let mut went_back = false;
        self.context.tell_of_lost_links();
        loop {
            let stop = match self.start().await {
                Ok(()) => self.flush(&mut cursor, &mut went_back, &mut end).await,
                Err(halt) => Stop::Halted(halt),
            };
            match stop {
                Stop::Ended => return,
                // A failover loses the last moments, which are in the journal still. A store that has the only copy of
                // what it confirms loses nothing by itself: somebody has put it back, with its links.
                Stop::Halted(Halt::Behind { .. }) if self.context.keeps.is_some() && !went_back => {
                    tracing::warn!(
                        "store.url: the store lost counts that it had confirmed; settling them again"
                    );
                    went_back = true;
                    sleep(GATHER_IDLE).await;
                }
                Stop::Halted(halt) => {
                    // Somebody has answered, and nothing else of the store matters before that is put right.
                    self.context.health.clear(Fault::StoreUnavailable);
                    cursor = cursor.back();
                    self.tell(&halt);
                    if !self.wait_for_adoption(&halt, &end).await {
                        return;
                    }
                    self.context.health.clear(Fault::StoreForeign);
                    self.context.health.clear(Fault::StoreRolledBack);
                    went_back = false;
                }
            }
            cursor = cursor.back();
        }
    }

    /// Waits until the store can be asked, and checks that it is the right one.
    async fn start(&self) -> Result<(), Halt> {
        loop {
            match self.context.check_store().await {
                Ok(checked) => return checked,
                Err(error) => self.unavailable(&error).await,
            }
        }
    }

    async fn unavailable(&self, error: &StoreError) {
        let reason =
            format!("store.url: the store cannot be reached, and the journal keeps its counts: {error}");
        self.context.health.raise(Fault::StoreUnavailable, reason);
        sleep(CHECK).await;
    }

    async fn flush(
        &self,
        cursor: &mut Cursor,
        went_back: &mut bool,
        end: &mut watch::Receiver<Position>,
    ) -> Stop {
        let mut tried_set_aside: Option<Instant> = None;
        let (mut kept, mut looked) = (None, None::<Instant>);
        let mut progress = Some(Progress::new(&self.context.dir));
        loop {
            let position = *end.borrow_and_update();
            let read = match cursor.advance(position).await {
                Ok(read) => read,
                Err(halt) => return Stop::Halted(halt),
            };
            // Everything that is kept is settled again, so the store has what it had.
            *went_back = false;
            if let Err(halt) = cursor.catch_up().await {
                return Stop::Halted(halt);
            }
            if read > 0 {
                self.note_progress(&mut progress, cursor).await;
            }
            if self.context.keeps.is_none() {
                let finished = cursor.take_finished();
                if !finished.is_empty()
                    && let Ok(Err(halt)) = self.context.check_store().await
                {
                    return Stop::Halted(halt);
                }
                if let Err(error) = self.context.confirm(&finished).await {
                    tracing::warn!(%error, "store.url: how far the journal is settled is noted later");
                }
                self.context.delete(&finished, self.context.adoptions()).await;
            }
            self.settled.send_replace(position);
            if tried_set_aside.is_none_or(|tried| tried.elapsed() >= RETRY_SET_ASIDE) {
                self.retry_set_aside().await;
                tried_set_aside = Some(Instant::now());
            }
            loop {
                if looked.is_none_or(|looked| looked.elapsed() >= CHECK) {
                    kept = match self.look(kept, position).await {
                        Ok(kept) => kept,
                        Err(halt) => return Stop::Halted(halt),
                    };
                    if let Err(halt) = cursor.catch_up().await {
                        return Stop::Halted(halt);
                    }
                    looked = Some(Instant::now());
                }
                match timeout(CHECK, end.changed()).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return Stop::Ended,
                    Err(_) => {}
                }
            }
            sleep(if read >= BUSY_ENTRIES { GATHER_BUSY } else { GATHER_IDLE }).await;
        }
    }

    /// Keeps the checkpoint that the ledger names from being forgotten with the retention time: once a day, however long
    /// nothing comes. Returns the day for which that is done.
    async fn keep_checkpoint(&self, done: Option<Day>) -> Option<Day> {
        let today = Day::of(self.context.clock.now());
        if done == Some(today) {
            return done;
        }
        let confirmed = self.context.ledger().confirmed.clone();
        let Some(Confirmed { journal, number, .. }) = confirmed else { return Some(today) };
        let kept = self.context.confirm(&[Finished { segment: 0, journal, last: number }]).await;
        kept.ok().map(|()| today).or(done)
    }

    /// Notes what the store has confirmed. Where that fails, the next start knows less of it.
    async fn note_progress(&self, progress: &mut Option<Progress>, cursor: &Cursor) {
        let Some((journal, number)) = cursor.progress() else { return };
        *self.context.before() = Some((journal.clone(), number));
        let Some(mut file) = progress.take() else { return };
        let written = spawn_blocking(move || {
            let written = file.write(&journal, number);
            (file, written)
        });
        let (file, written) =
            written.await.expect("writing a file does not panic, and the runtime outlives this");
        if let Err(error) = written {
            tracing::debug!(%error, "the progress of the journal is written down later");
        }
        *progress = Some(file);
    }

    /// Looks about once a second what has become of the store, and whether an operator has decided something.
    async fn look(&self, kept: Option<Day>, position: Position) -> Result<Option<Day>, Halt> {
        self.context.keep_ledger().await;
        if let Ok(Err(halt)) = self.context.check_store().await {
            return Err(halt);
        }
        if self.context.ledger().lost > 0 {
            self.try_adoption(position).await;
        } else {
            self.drop_adoption().await;
        }
        Ok(self.keep_checkpoint(kept).await)
    }

    /// Drops an operator's decision where there is nothing to decide: it must not stand for a later one.
    async fn drop_adoption(&self) {
        if let Some(Adoption { store, .. }) = self.named_store().await
            && self.remove_adoption().await
        {
            tracing::info!(
                "entrenous doctor --adopt-store named the store {store}: nothing is wrong with the one that is in use, and \
                 nothing was changed"
            );
        }
    }

    async fn retry_set_aside(&self) {
        match self.context.store.retry_set_aside().await {
            Ok(left) if left.is_empty() => self.context.health.clear(Fault::CountsSetAside),
            Ok(left) => self.context.health.raise(Fault::CountsSetAside, set_aside_reason(&left)),
            // A store that is away is told of elsewhere.
            Err(_) => {}
        }
    }

    fn tell(&self, halt: &Halt) {
        let health = &self.context.health;
        match halt {
            Halt::Foreign(what) => health.raise(Fault::StoreForeign, format!("store.url: {what}. {ADOPT}")),
            Halt::Behind { checkpoint, confirmed } => {
                let since =
                    self.context.ledger().confirmed.as_ref().map(|Confirmed { hour, .. }| hour.clone());
                let until = since.map_or(String::new(), |hour| {
                    format!(", the last of them confirmed in the hour {hour} UTC")
                });
                let lost = confirmed.saturating_sub(*checkpoint);
                let reason = format!(
                    "store.url: the store was put back to an earlier state. It lacks up to {lost} counts that it had \
                     (numbers {} to {confirmed} of the journal{until}). {ADOPT}",
                    checkpoint + 1
                );
                health.raise(Fault::StoreRolledBack, reason);
            }
        }
    }

    /// Waits until the right store is there again, or an operator takes the present one for right. `false` when the journal
    /// thread has ended meanwhile.
    async fn wait_for_adoption(&self, halt: &Halt, end: &watch::Receiver<Position>) -> bool {
        let mut was_wrong = matches!(halt, Halt::Foreign(_));
        loop {
            let here = *end.borrow();
            if self.try_adoption(here).await {
                return true;
            }
            // A store that was moved can be put back; one that lacks counts can be put right.
            match self.context.check_store().await {
                Ok(Err(_)) => was_wrong = true,
                Ok(Ok(())) if was_wrong => return true,
                _ => {}
            }
            if end.has_changed().is_err() {
                return false;
            }
            sleep(CHECK).await;
        }
    }

    /// The decision that an operator has put into the folder.
    async fn named_store(&self) -> Option<Adoption> {
        let dir = self.context.dir.clone();
        let named = spawn_blocking(move || Adoption::read(&dir)).await;
        match named.expect("reading a file does not panic, and the runtime outlives this") {
            Ok(named) => named,
            Err(error) => {
                let path = self.context.dir.display();
                tracing::debug!(%error, %path, "journal.dir: whether a store was adopted cannot be read");
                None
            }
        }
    }

    /// Takes an operator's decision out of the folder: it was followed, or it does not hold.
    async fn remove_adoption(&self) -> bool {
        let dir = self.context.dir.clone();
        let removed = spawn_blocking(move || Adoption::remove(&dir)).await;
        removed.expect("removing a file does not panic, and the runtime outlives this").is_ok()
    }

    /// Takes the store that an operator has named for right, where one has been named; whether that was done. Where the
    /// store or the disk refuses for now, it is tried again.
    async fn try_adoption(&self, here: Position) -> bool {
        let Some(named) = self.named_store().await else { return false };
        let refused = match self.follow(&named, here).await {
            Ok(Some(refused)) => refused,
            Ok(None) => {
                self.remove_adoption().await;
                return true;
            }
            Err(error) => {
                tracing::debug!(%error, "store.url: the store is adopted later");
                return false;
            }
        };
        if self.remove_adoption().await {
            tracing::error!(
                "entrenous doctor --adopt-store was not followed: {refused}; look again, and run it again"
            );
        }
        false
    }

    /// Follows an operator's decision, or returns why it does not hold.
    async fn follow(&self, named: &Adoption, here: Position) -> Result<Option<String>, StoreError> {
        let store = &self.context.store;
        // Before anything is changed in it, and again where another one is at the address by now.
        for is_open in [false, true] {
            let there = if is_open { store.adopt().await? } else { store.identity() };
            if is_open && there != named.store {
                return Ok(Some(format!(
                    "it named the store {}, and store.url leads to {there}",
                    named.store
                )));
            }
            if there == named.store && self.has_lost_more(named).await? {
                return Ok(Some("the store has lost more since".to_owned()));
            }
        }
        if self.adopt(Ledger::new(named.store.clone()), here).await {
            Ok(None)
        } else {
            Err(StoreError::Unavailable("the ledger cannot be written".into()))
        }
    }

    /// Whether the store lacks something that the operator saw in it, or more was told as lost.
    async fn has_lost_more(&self, named: &Adoption) -> Result<bool, StoreError> {
        if self.context.ledger().lost > named.lost {
            return Ok(true);
        }
        for (journal, number) in &named.has {
            if self.context.store.checkpoint(journal).await? < *number {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes down that a store is right whatever it lacks of what the folder has now.
    async fn adopt(&self, ledger: Ledger, here: Position) -> bool {
        let dir = self.context.dir.clone();
        let forgotten = spawn_blocking(move || Progress::forget(&dir)).await;
        if let Err(error) = forgotten.expect("removing a file does not panic, and the runtime outlives this")
        {
            let path = self.context.dir.display();
            tracing::error!(%error, %path, "journal.dir: the adopted store cannot be written down");
            return false;
        }
        let store = ledger.store.clone();
        let adopted = Ledger { adopted: here.last_segment_before(), ..ledger };
        let is_written = self
            .context
            .change_ledger(|ledger| {
                *ledger = adopted;
                self.context.adoptions.fetch_add(1, Ordering::AcqRel);
                true
            })
            .await;
        if is_written {
            tracing::warn!("the store {store} was adopted: its counts are taken for right");
            *self.context.before() = None;
            let health = &self.context.health;
            health.clear(Fault::StoreForeign);
            health.clear(Fault::StoreRolledBack);
            health.clear_as(LOST_LINKS, Fault::StoreRolledBack);
            health.clear(Fault::PassedOver);
        }
        is_written
    }
}
