//! The time that all instances on one store share, so that a day ends for all of them at once.
//!
//! Where the store has a clock, that one counts. It is asked about once a second, and carried on in between by
//! the time since the machine's start: so neither a machine whose clock is wrong nor one whose clock jumps
//! has days of its own. While the store is away, its last answer is carried on. A store within the process has no other
//! clock than the machine's.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::clock::{Clock, StoreTime, in_words};
use crate::service::health::{Fault, Health};
use crate::store::{Store, StoreError};

/// How often the store is asked for its time.
const LOOK: Duration = Duration::from_secs(1);
/// What an answer took longer for tells the time too badly, once there was a better one.
const SLOW: i64 = 1_000_000;
/// By less than this the two clocks may differ without anybody's being told.
const DIFFERENCE: SignedDuration = SignedDuration::from_mins(1);
/// By how much the difference has to change to be told anew.
const CHANGE: SignedDuration = SignedDuration::from_secs(30);
/// A difference below this is as likely one of the way to the store, in microseconds.
const NOISE: i64 = 20_000;
/// By less than this the shared time never goes back: it stands still until it has caught up.
const CATCH_UP: i64 = 60_000_000;
/// No store has told its time.
const UNKNOWN: i64 = i64::MIN;

/// Tells the time that all instances on one store share. Cloning is cheap; all clones are one clock.
#[derive(Clone)]
pub struct SharedClock {
    clock: Clock,
    place: Arc<Place>,
}

/// Where the store's time is, in microseconds.
struct Place {
    /// What it was at the machine's start.
    start: AtomicI64,
    /// It is no earlier than this.
    floor: AtomicI64,
}

impl SharedClock {
    /// Returns the machine's time, until a store has told another one.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            place: Arc::new(Place { start: AtomicI64::new(UNKNOWN), floor: AtomicI64::new(i64::MIN) }),
        }
    }

    /// Returns the present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let start = self.place.start.load(Relaxed);
        if start == UNKNOWN {
            return self.clock.now();
        }
        let time = self.carried_on(start);
        Timestamp::from_microsecond(time).unwrap_or_else(|_| self.clock.now())
    }

    /// Asks the store for its time.
    ///
    /// # Errors
    /// Those of the store; the last answer is carried on then.
    pub async fn ask(&self, store: &dyn Store) -> Result<(), StoreError> {
        let before = self.micros();
        let time = match self.clock.store_time() {
            StoreTime::Asked => store.time().await?,
            StoreTime::Own => None,
            StoreTime::Told(time) => Some(time()),
        };
        let Some(time) = time else { return Ok(()) };
        let took = self.micros() - before;
        let start = time.as_microsecond() - before - took / 2;
        let known = self.place.start.load(Relaxed);
        if known == UNKNOWN {
            self.place.start.store(start, Relaxed);
        } else if took <= SLOW && (start - known).abs() > NOISE.max(took / 2) {
            let goes_back = known - start;
            let floor = if (0..CATCH_UP).contains(&goes_back) { self.carried_on(known) } else { i64::MIN };
            self.place.floor.store(floor, Relaxed);
            self.place.start.store(start, Relaxed);
        }
        Ok(())
    }

    /// Follows the store's time for as long as it is polled, and tells where the machine's differs.
    pub async fn follow(&self, store: &dyn Store, health: &Health) {
        let mut told: Option<SignedDuration> = None;
        loop {
            // A store that is away is told of by whoever needs it for more.
            let _ = self.ask(store).await;
            told = self.tell(told, health);
            sleep(LOOK).await;
        }
    }

    /// Tells how far the machine's clock is from the shared time where that is far, and returns what is told then.
    fn tell(&self, told: Option<SignedDuration>, health: &Health) -> Option<SignedDuration> {
        let (own, shared) = (self.clock.now(), self.now());
        let difference = own.duration_since(shared);
        if difference.abs() <= DIFFERENCE {
            health.clear(Fault::ClockDiffers);
            return None;
        }
        if told.is_some_and(|told| (told - difference).abs() < CHANGE) {
            return told;
        }
        let direction = if difference.is_negative() { "behind" } else { "ahead of" };
        let reason = format!(
            "this machine's clock says {own:.0} and the store's {shared:.0}: it is {} {direction} the store's, and days end by \
             the store's; let both follow a time server",
            in_words(difference)
        );
        health.raise(Fault::ClockDiffers, reason);
        Some(difference)
    }

    /// The store's time now, where it was this at the machine's start.
    fn carried_on(&self, start: i64) -> i64 {
        start.saturating_add(self.micros()).max(self.place.floor.load(Relaxed))
    }

    fn micros(&self) -> i64 {
        i64::try_from(self.clock.uptime().as_micros()).unwrap_or(i64::MAX)
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedClock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Reading;
    use crate::store::{StoreUrl, open};

    /// A machine and a store, whose clocks a test sets, in milliseconds.
    #[derive(Default)]
    struct Clocks {
        wall: AtomicI64,
        uptime: AtomicI64,
        store: AtomicI64,
    }

    fn time(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("a time")
    }

    async fn start() -> (Arc<Clocks>, SharedClock, Arc<dyn Store>, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let url = StoreUrl::parse(&format!("sqlite:{}", dir.path().join("a.db").display()));
        let store = open(&url.expect("an address"), None).await.expect("a store");
        let clocks = Arc::new(Clocks::default());
        let (machine, other) = (Arc::clone(&clocks), Arc::clone(&clocks));
        let clock = Clock::from_readings(move || Reading {
            wall: time(machine.wall.load(Relaxed)),
            uptime: SignedDuration::from_millis(machine.uptime.load(Relaxed)),
        });
        let clock = clock.with_store_time(move || time(other.store.load(Relaxed)));
        (clocks, SharedClock::new(clock), store, dir)
    }

    #[tokio::test]
    async fn the_stores_time_counts_and_is_carried_on_whatever_the_machines_clock_does() {
        let (clocks, clock, store, _dir) = start().await;
        clocks.wall.store(1_000_000, Relaxed);
        clocks.uptime.store(500, Relaxed);
        clocks.store.store(700_000, Relaxed);
        assert_eq!(clock.now(), time(1_000_000), "nobody has asked yet");
        clock.ask(&*store).await.expect("an answer");
        assert_eq!(clock.now(), time(700_000));
        clocks.uptime.store(1_500, Relaxed);
        clocks.wall.store(900_000_000, Relaxed);
        assert_eq!(clock.now(), time(701_000));
    }

    #[tokio::test]
    async fn the_time_goes_back_by_months_but_never_by_a_moment() {
        let (clocks, clock, store, _dir) = start().await;
        let months = 14 * 30 * 86_400_000;
        let set = async |uptime: i64, of_store: i64| {
            clocks.uptime.store(uptime, Relaxed);
            clocks.store.store(of_store, Relaxed);
            clock.ask(&*store).await.expect("an answer");
            clock.now()
        };
        assert_eq!(set(0, 50_000).await, time(50_000));
        assert_eq!(set(1_000, 50_985).await, time(51_000), "that is the way to the store");
        // It stands still until it has caught up.
        assert_eq!(set(2_000, 42_000).await, time(52_000));
        assert_eq!(set(11_000, 51_000).await, time(52_000));
        assert_eq!(set(13_000, 53_000).await, time(53_000));
        assert_eq!(set(14_000, months).await, time(months));
        assert_eq!(set(15_000, 55_000).await, time(55_000));
    }

    #[tokio::test]
    async fn a_machines_clock_that_differs_is_told_with_both_times() {
        let (clocks, clock, store, _dir) = start().await;
        let health = Health::default();
        clocks.wall.store(360_000, Relaxed);
        clocks.store.store(60_000, Relaxed);
        clock.ask(&*store).await.expect("an answer");
        let told = clock.tell(None, &health);
        assert_eq!(told, Some(SignedDuration::from_mins(5)));
        let expected = "this machine's clock says 1970-01-01T00:06:00Z and the store's 1970-01-01T00:01:00Z: it is 5 minutes \
                        ahead of the store's, and days end by the store's; let both follow a time server";
        assert_eq!(health.reasons(), [("clock_differs", expected.to_owned())]);
        // A second later it is the same.
        clocks.wall.store(361_000, Relaxed);
        clocks.uptime.store(1_000, Relaxed);
        assert_eq!(clock.tell(told, &health), told);
        assert_eq!(health.reasons()[0].1, expected);
        clocks.wall.store(30_000, Relaxed);
        assert_eq!(clock.tell(told, &health), None, "half a minute behind");
        assert!(health.reasons().is_empty());
    }
}
