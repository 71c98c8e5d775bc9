//! How far journals are in the store.
//!
//! A partition's hash has a *checkpoint* for each journal: the number of the last entry that was dealt with there.
//! It changes with each settling. Besides it, one hash has for each journal `number day since noted`: everything up to
//! the number is in the store for good, the day on which that was last noted, when the journal ended (0 while it
//! has not, and -1 where its checkpoints are gone since), and when the number was noted, both in seconds of the server's clock.
//!
//! Confirming raises the checkpoints of all partitions to the number, so that they are in all of them alike and tell
//! nothing of what was opened. They go some time after their journal has ended; the number itself stays until the
//! retention time is over, so that an old journal that turns up again is known.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redis::{Cmd, cmd};

use crate::domain::day::Day;
use crate::domain::identity::JournalId;
use crate::store::redis::identity::foreign_partition;
use crate::store::redis::settlement::{damaged, first_failure};
use crate::store::redis::{RedisStore, counts, failure, keys, script};
use crate::store::{CheckpointStore, IdentityStore, StoreError};

/// How many partitions one check looks at.
const SAMPLE: usize = 16;
/// For so many seconds after a journal has ended its checkpoints stay: who says so may have had a copy of it, and its own
/// process may still be about to settle the same entries.
const COPY_SETTLED: i64 = 86_400;

/// What this process has confirmed of one journal.
#[derive(Debug, Clone, Copy)]
struct Floor {
    /// Was confirmed so long ago that no failover can have lost it.
    firm: u64,
    /// Was confirmed by that time, and is firm when it is long enough ago.
    next: u64,
    since: Instant,
    /// Was confirmed last.
    last: u64,
}

/// What this process has confirmed: a store that has less has lost it.
#[derive(Debug, Default)]
pub(super) struct Floors(Mutex<HashMap<JournalId, Floor>>, Mutex<HashMap<JournalId, u64>>);

impl Floors {
    fn with<T>(&self, what: impl FnOnce(&mut HashMap<JournalId, Floor>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a floor is asked for that this process has not asked for before.
    fn is_news(&self, journal: &JournalId, number: u64) -> bool {
        let mut asked = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(journal.clone(), number) != Some(number)
    }

    /// What no failover can have lost of a journal.
    fn firm(&self, journal: &JournalId, keep: Duration) -> u64 {
        self.with(|floors| {
            let Some(floor) = floors.get_mut(journal) else { return 0 };
            if floor.since.elapsed() > keep {
                *floor = Floor { firm: floor.next, next: floor.last, since: Instant::now(), ..*floor };
            }
            floor.firm
        })
    }

    fn note(&self, journal: &JournalId, number: u64, has_ended: bool) {
        self.with(|floors| {
            if has_ended {
                floors.remove(journal);
            } else {
                let new = Floor { firm: 0, next: number, since: Instant::now(), last: number };
                let floor = floors.entry(journal.clone()).or_insert(new);
                floor.last = floor.last.max(number);
            }
        });
    }
}

/// A journal as the store has it.
struct Noted {
    journal: String,
    text: String,
    day: Day,
    since: i64,
}

impl Noted {
    /// What is kept of it when its checkpoints are gone.
    fn text_without_checkpoints(&self) -> String {
        let words: Vec<&str> = self.text.split(' ').collect();
        [words[0], words[1], "-1", words[3]].join(" ")
    }
}

#[async_trait]
impl CheckpointStore for RedisStore {
    /// The number up to which everything of a journal is in the store for good.
    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError> {
        let mut look = script::LOOK.on(&[keys::JOURNALS.to_owned()]);
        look.arg(journal.as_str());
        let (now, [text]): (i64, [Option<String>; 1]) = self.connection.call(&script::LOOK, &look).await?;
        let Some(text) = text else { return Ok(0) };
        let mut words = text.split(' ');
        let (number, noted) = (words.next().map(str::parse), words.nth(2).map(str::parse));
        let (Some(Ok(number)), Some(Ok(noted))) = (number, noted) else {
            return Err(failure::corrupt("a journal"));
        };
        if seconds(now).saturating_sub(noted) < self.keep_in_seconds() && self.floors.is_news(journal, number)
        {
            // A node of a Cluster may have lost in a failover that its checkpoints were raised, after another one noted the
            // number. What cannot be raised again is told by whoever settles there.
            let all: Vec<usize> = (0..keys::PARTITIONS).collect();
            let firm = self.floors.firm(journal, self.keep).min(number);
            let _ = self.raise(journal, &all, number, firm).await;
        }
        Ok(number)
    }

    /// Raises the checkpoints of all partitions, then the floor: where that fails in between, only the floor is lower
    /// than it could be.
    async fn confirm(
        &self,
        journal: &JournalId,
        number: u64,
        today: Day,
        has_ended: bool,
    ) -> Result<(), StoreError> {
        let firm = self.floors.firm(journal, self.keep).min(number);
        let all: Vec<usize> = (0..keys::PARTITIONS).collect();
        self.raise(journal, &all, number, firm).await?;
        let mut confirm = script::CONFIRM.on(&[keys::JOURNALS.to_owned()]);
        confirm.arg(journal.as_str()).arg(number).arg(today.number()).arg(u8::from(has_ended));
        self.connection.call::<i64>(&script::CONFIRM, &confirm).await?;
        self.floors.note(journal, number, has_ended);
        Ok(())
    }
}

impl RedisStore {
    fn keep_in_seconds(&self) -> i64 {
        i64::try_from(self.keep.as_secs()).unwrap_or(i64::MAX)
    }

    /// Gives a partition back the checkpoint of a journal that was dropped because somebody had called it ended; whether
    /// the store has everything of it up to `previous` for good.
    pub(super) async fn track_again(
        &self,
        journal: &JournalId,
        partition: usize,
        previous: u64,
    ) -> Result<bool, StoreError> {
        let floor = self.checkpoint(journal).await?;
        if previous == 0 || floor < previous {
            return Ok(false);
        }
        self.raise(journal, &[partition], floor, 0).await.map(|()| true)
    }

    /// Raises a journal's checkpoint in some partitions to `number`. All of them must have `firm` already.
    async fn raise(
        &self,
        journal: &JournalId,
        partitions: &[usize],
        number: u64,
        firm: u64,
    ) -> Result<(), StoreError> {
        let identity = self.identity();
        let raise = |partition: &usize| {
            let mut call = script::RAISE.on(&[keys::partition(*partition)]);
            call.arg(identity.as_str()).arg(journal.as_str()).arg(number).arg(firm);
            call
        };
        let calls: Vec<Cmd> = partitions.iter().map(raise).collect();
        let answers = self.connection.call_each::<Vec<String>>(&script::RAISE, calls).await;
        let mut outcome = Ok(());
        for (partition, answer) in partitions.iter().zip(answers) {
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    outcome = outcome.and(Err(error));
                    continue;
                }
            };
            let detail = answer.get(1).map(String::as_str).unwrap_or_default();
            match answer.first().map(String::as_str) {
                Some("raised") => {}
                Some("foreign") => return Err(foreign_partition(*partition)),
                Some("behind") => {
                    return Err(StoreError::Behind { checkpoint: detail.parse().unwrap_or(0) });
                }
                _ => outcome = outcome.and(Err(failure::unavailable(damaged(detail)))),
            }
        }
        outcome
    }

    /// Checks in some partitions, others with each call, that what this process has confirmed is there: a store that was
    /// put back to what it was earlier lacks it.
    pub(super) async fn check_floors(&self) -> Result<(), StoreError> {
        let first = self.looked_at.load(std::sync::atomic::Ordering::Relaxed);
        let sample: Vec<usize> = (first..first + SAMPLE).map(|number| number % keys::PARTITIONS).collect();
        let journals: Vec<JournalId> = self.floors.with(|floors| floors.keys().cloned().collect());
        for journal in journals {
            let firm = self.floors.firm(&journal, self.keep);
            match self.raise(&journal, &sample, 0, firm).await {
                // One that cannot be reached or read holds up only itself, which settling tells.
                Ok(()) | Err(StoreError::Unavailable(_) | StoreError::Corrupt(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Forgets what was confirmed to an earlier store.
    pub(super) fn forget_floors(&self) {
        self.floors.with(HashMap::clear);
    }

    /// Drops the checkpoints of journals that need none any more: of those that have ended for long enough that no failover
    /// can bring anything of them back and nobody settles a copy of them, and of those that were last confirmed before `day`, whose
    /// floors go, too.
    pub(super) async fn tidy_checkpoints(&self, day: Option<Day>) -> Result<(), StoreError> {
        let journals = self.noted_journals().await?;
        if journals.is_empty() {
            return Ok(());
        }
        let now = self.time_at(keys::JOURNALS).await?;
        let keep = self.keep_in_seconds().max(COPY_SETTLED);
        let is_old = |noted: &Noted| day.is_some_and(|day| noted.day < day);
        let has_ended = |noted: &Noted| noted.since > 0 && now.saturating_sub(noted.since) > keep;
        let done: Vec<Noted> =
            journals.into_iter().filter(|noted| is_old(noted) || has_ended(noted)).collect();
        if done.is_empty() {
            return Ok(());
        }
        let drop = |partition| {
            let mut call = script::UNTRACK.on(&[keys::partition(partition)]);
            for noted in &done {
                let number = noted.text.split(' ').next().unwrap_or("0");
                call.arg(&noted.journal).arg(if is_old(noted) { "inf" } else { number });
            }
            call
        };
        let drops: Vec<Cmd> = (0..keys::PARTITIONS).map(drop).collect();
        first_failure(self.connection.call_each::<i64>(&script::UNTRACK, drops).await)?;
        for noted in &done {
            let new = if is_old(noted) { String::new() } else { noted.text_without_checkpoints() };
            let mut swap = script::SWAP_FIELD.on(&[keys::JOURNALS.to_owned()]);
            swap.arg(&noted.journal).arg(&noted.text).arg(new);
            self.connection.call::<i64>(&script::SWAP_FIELD, &swap).await?;
        }
        Ok(())
    }

    async fn noted_journals(&self) -> Result<Vec<Noted>, StoreError> {
        let fields: Vec<(String, String)> = self.connection.query(cmd("HGETALL").arg(keys::JOURNALS)).await?;
        let read = |(journal, text): (String, String)| {
            let mut words = text.split(' ').skip(1);
            let day = words.next().and_then(counts::day_of)?;
            let since = words.next()?.parse().ok()?;
            words.next()?;
            Some(Noted { journal, text, day, since })
        };
        fields.into_iter().map(|field| read(field).ok_or_else(|| failure::corrupt("a journal"))).collect()
    }

    /// The time in seconds, as the server of a hash has it.
    async fn time_at(&self, key: &str) -> Result<i64, StoreError> {
        let mut look = script::LOOK.on(&[key.to_owned()]);
        look.arg("");
        let (now, _): (i64, Vec<Option<String>>) = self.connection.call(&script::LOOK, &look).await?;
        Ok(seconds(now))
    }
}

/// The server's time, which is told in milliseconds.
fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1_000)
}
