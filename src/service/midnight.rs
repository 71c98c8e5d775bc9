//! The turn of the day: at midnight UTC the day key goes at once, and what told the day's visitors
//! apart as soon as the day's last click is settled. Only numbers remain.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::sleep;

use super::day_keys::DayKeys;
use super::journal::Position;
use super::recorder::Recorder;
use crate::clock::Clock;
use crate::domain::day::Day;
use crate::store::{Store, StoreError};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Requests that began before midnight have been recorded when this much of the new day is over.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// What ends with the day, and what tells its end.
pub struct Midnight {
    /// The time.
    pub clock: Clock,
    /// Loses its key.
    pub day_keys: Arc<DayKeys>,
    /// Loses the segment with the day's tags, once that is settled.
    pub recorder: Recorder,
    /// How far the settler is.
    pub settled: watch::Receiver<Position>,
    /// Loses what told visitors apart.
    pub store: Arc<dyn Store>,
    /// After how many months a day's counts are dropped.
    pub retention_months: u32,
}

impl Midnight {
    /// Watches the clock until it is dropped.
    pub async fn run(mut self) {
        let mut cleared = None;
        loop {
            let now = self.clock.now();
            self.day_keys.turn(now).await;
            let today = Day::of(now - LATE);
            if cleared != Some(today) {
                match self.clear_before(today).await {
                    Ok(()) => cleared = Some(today),
                    Err(error) => tracing::warn!(%error, "the ended day cannot be cleared yet; trying again"),
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn clear_before(&mut self, today: Day) -> Result<(), StoreError> {
        let end = self.recorder.rotate().await;
        // An error means that the settler is gone, and with it this process.
        let _ = self.settled.wait_for(|settled| *settled >= end).await;
        self.store.forget_visitors_before(today).await?;
        self.store.forget_counts_before(today.months_before(self.retention_months)).await
    }
}

impl std::fmt::Debug for Midnight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Midnight").field("clock", &self.clock).finish_non_exhaustive()
    }
}
