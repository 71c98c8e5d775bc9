//! The turn of the day: at midnight UTC the day key goes at once, and what told the day's visitors
//! apart as soon as the day's last click is settled. Numbers and sets of networks remain, and these are closed into
//! cells then: those of the day, and when a week is over, those of the week.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::domain::day::Day;
use crate::journal::Position;
use crate::service::health::{Fault, Health};
use crate::service::ingest::recorder::Recorder;
use crate::service::rollover::close_days::Closing;
use crate::service::rollover::day_keys::DayKeys;
use crate::service::shared_clock::SharedClock;
use crate::service::steady_time::SteadyTime;
use crate::store::{Store, StoreError};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Requests that began before midnight have been recorded when this much of the new day is over.
const LATE: SignedDuration = SignedDuration::from_secs(10);
/// How often it is looked whether something is to be closed again.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(1);
/// How soon a closing goes on that the store takes its time for.
const GO_ON: SignedDuration = SignedDuration::from_secs(5);
/// Between attempts while the store refuses.
const RETRY: Duration = Duration::from_secs(1);
/// What tells that old counts cannot be dropped, beside what tells that days cannot be closed.
const OLD_COUNTS: &str = "old counts";

/// What ends with the day, and what tells its end.
pub struct Midnight {
    /// Where it is told that a day cannot be closed.
    pub health: Arc<Health>,
    /// The time by which days end.
    pub clock: SharedClock,
    /// The time by which counts are old enough to be dropped.
    pub steady: SteadyTime,
    /// Loses its key.
    pub day_keys: Arc<DayKeys>,
    /// Loses the segment with the day's tags, once that is settled.
    pub recorder: Recorder,
    /// The place up to which the journal is done with: settled, and deleted.
    pub settled: watch::Receiver<Position>,
    /// Loses what told visitors apart.
    pub store: Arc<dyn Store>,
    /// Tells the threads that answer requests when it has, so that they overwrite what is left on their stacks.
    pub forgotten: watch::Sender<()>,
    /// Closes days into cells.
    pub closing: Closing,
    /// After how many months a day's counts are dropped.
    pub retention_months: u32,
}

impl Midnight {
    /// Watches the clock until it is dropped. The key goes whether or not the ended day can be
    /// cleared: that waits for a store that is down.
    pub async fn run(self) {
        tokio::join!(self.turn_keys(), self.clear_ended_days(), self.drop_old_counts());
    }

    async fn turn_keys(&self) {
        loop {
            self.day_keys.turn(self.clock.now()).await;
            sleep(LOOK).await;
        }
    }

    async fn clear_ended_days(&self) {
        let mut cleared = None;
        let mut looked_back = Timestamp::MIN;
        let mut closed = None;
        let mut complained = false;
        loop {
            let now = self.clock.now();
            let today = Day::of(now - LATE);
            let pause = if closed == Some(today) { LOOK_BACK } else { GO_ON };
            let outcome = if cleared != Some(today) {
                self.clear_before(today).await
            } else if now < looked_back || now.duration_since(looked_back) >= pause {
                self.close_late(today, closed).await
            } else {
                sleep(LOOK).await;
                continue;
            };
            match outcome {
                Ok(before) => {
                    self.health.clear(Fault::ClosingFailed);
                    (cleared, closed, looked_back, complained) = (Some(today), Some(before), now, false);
                    sleep(LOOK).await;
                }
                Err(error) => {
                    let reason = format!("store.url: the ended day cannot be closed yet: {error}");
                    // That the store is away is told already.
                    if !matches!(error, StoreError::Unavailable(_)) {
                        self.health.raise(Fault::ClosingFailed, reason);
                    } else if !std::mem::replace(&mut complained, true) {
                        tracing::warn!("{reason}; trying again");
                    }
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Drops counts whose time is over, once a day. A clock that goes wrong for a while must not cost any, so this waits
    /// until the time is steady, and where the machine's clock and the shared one differ the earlier one counts.
    async fn drop_old_counts(&self) {
        let mut dropped = None;
        let mut complained = false;
        loop {
            // It is asked each time: that is how a jump is seen.
            if let Some(now) = self.steady.now() {
                let today = Day::of(now.min(self.clock.now()) - LATE);
                if dropped != Some(today) {
                    let first_kept = today.months_before(self.retention_months);
                    match self.store.forget_counts_before(first_kept).await {
                        Ok(()) => {
                            self.health.clear_as(OLD_COUNTS, Fault::ClosingFailed);
                            (dropped, complained) = (Some(today), false);
                        }
                        Err(error) => {
                            if !matches!(error, StoreError::Unavailable(_)) {
                                let reason = format!("store.url: old counts cannot be dropped yet: {error}");
                                self.health.raise_as(OLD_COUNTS, Fault::ClosingFailed, reason);
                            } else if !std::mem::replace(&mut complained, true) {
                                tracing::warn!(%error, "old counts cannot be dropped yet; trying again");
                            }
                            sleep(RETRY).await;
                        }
                    }
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Does what a day's end asks for. In this order: a set that told visitors apart must not
    /// outlive the number that closing moves.
    async fn clear_before(&self, today: Day) -> Result<Day, StoreError> {
        let forgotten = self.forget_visitors_before(today).await;
        // What cannot be forgotten of one site's visitors holds up the closing of no other.
        let closed = self.closing.close_before(today).await;
        forgotten.and(closed)
    }

    /// Closes what is due again: what another instance could not settle before, and days whose closing takes several
    /// calls.
    async fn close_late(&self, today: Day, closed: Option<Day>) -> Result<Day, StoreError> {
        if closed == Some(today) && !self.closing.is_due(today).await? {
            return Ok(today);
        }
        self.clear_before(today).await
    }

    async fn forget_visitors_before(&self, today: Day) -> Result<(), StoreError> {
        self.all_is_settled().await;
        self.store.forget_visitors_before(today).await?;
        self.forgotten.send_replace(());
        Ok(())
    }

    /// Waits until everything that was recorded before is settled.
    async fn all_is_settled(&self) {
        let end = self.recorder.rotate().await;
        // An error means that the flusher is gone, and with it this process.
        let _ = self.settled.clone().wait_for(|settled| *settled >= end).await;
    }
}

impl std::fmt::Debug for Midnight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Midnight").field("clock", &self.clock).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::clock::Clock;
    use crate::domain::visitor::{Network, Tagger};
    use crate::journal::{Sync, Writer};
    use crate::service::ingest::recorder::Terms;
    use crate::store;
    use crate::store::StoreUrl;

    #[tokio::test]
    async fn the_key_goes_at_midnight_even_while_nothing_can_be_settled() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", dir.path().join("store.db").display());
        let store = store::open(&StoreUrl::parse(&url).expect("an address"), None).await.expect("a store");
        let evening: Timestamp = "2026-11-21T23:59:59Z".parse().expect("a time");
        let time = Arc::new(AtomicI64::new(evening.as_second()));
        let now = Arc::clone(&time);
        let clock = Clock::from_fn(move || {
            Timestamp::from_second(now.load(Ordering::Relaxed)).expect("a time in this century")
        });
        let writer = Writer::open(&dir.path().join("journal"), Sync::Os).expect("a journal");
        let terms = Terms {
            dir: dir.path().join("journal"),
            wait: Duration::from_secs(10),
            metrics: Arc::default(),
            health: Arc::default(),
        };
        let (recorder, _journal) = Recorder::start(writer, terms).expect("a thread");
        let day_keys = Arc::new(DayKeys::new(Arc::clone(&store)));
        let (_nothing_settles, settled) = watch::channel(Position::START);
        let tag = |tagger: &Tagger| {
            let link = "/abc.0000000000000001".parse().expect("a link key");
            tagger.tag(&link, &Network::of([192, 0, 2, 1].into()), "UA")
        };
        let before = tag(&*day_keys.tagger(evening).await);
        let midnight = Midnight {
            health: Arc::default(),
            clock: SharedClock::new(clock.clone()),
            steady: SteadyTime::begin(clock, Arc::default()),
            day_keys: Arc::clone(&day_keys),
            recorder,
            settled,
            closing: Closing { store: Arc::clone(&store), metrics: Arc::default() },
            store,
            forgotten: watch::Sender::new(()),
            retention_months: 13,
        };
        let running = tokio::spawn(midnight.run());
        // Long enough for it to begin clearing the days before, which cannot end.
        for _ in 0..2 {
            sleep(LOOK).await;
            assert!(tag(&*day_keys.tagger(evening).await) == before);
        }
        time.fetch_add(1, Ordering::Relaxed);
        // Whoever asks for the old day's key after the turn gets a new one: the old one is nowhere.
        let started = Instant::now();
        while tag(&*day_keys.tagger(evening).await) == before {
            assert!(started.elapsed() < Duration::from_secs(20), "the key of the ended day is still there");
            sleep(Duration::from_millis(10)).await;
        }
        running.abort();
    }
}
