//! Steady time: whether the wall clock may be believed when something is to be deleted for its age.
//!
//! Deleting by age cannot be undone, and a wall clock can be wrong by months for a few seconds. So nothing is deleted
//! for its age before the wall clock and the time since the machine's start have advanced alike for an hour.
//! Nothing else waits for that: what has expired is refused at once, and a day's key goes when its day ends.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, Reading, in_words};
use crate::service::health::{Fault, Health};

/// For how long the clocks have to advance alike.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How far they may come apart in that time: a time server slews a clock by less than half of it.
const SLEW: SignedDuration = SignedDuration::from_secs(5);

/// What was observed of the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// The reading that later ones are compared with.
    start: Reading,
    state: State,
}

/// Whether time is steady.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The first hour is not over.
    New,
    /// The clocks came apart by so much, and an hour has not passed since.
    Jumped(SignedDuration),
    /// The clocks have advanced alike for an hour.
    Steady,
}

impl Observed {
    /// Begins to observe.
    #[must_use]
    pub fn begin(first: Reading) -> Self {
        Self { start: first, state: State::New }
    }

    /// Compares another reading with those before, and returns whether time is steady by it.
    pub fn observe(&mut self, now: Reading) -> State {
        let uptime = now.uptime - self.start.uptime;
        let drift = now.wall.duration_since(self.start.wall) - uptime;
        if drift.abs() > SLEW {
            *self = Self { start: now, state: State::Jumped(drift) };
        } else if uptime >= HOUR {
            *self = Self { start: now, state: State::Steady };
        }
        self.state
    }
}

/// Observes a clock for all who delete by age.
#[derive(Clone)]
pub struct SteadyTime {
    clock: Clock,
    health: Arc<Health>,
    observed: Arc<Mutex<Observed>>,
}

impl SteadyTime {
    /// Begins to observe a clock.
    #[must_use]
    pub fn begin(clock: Clock, health: Arc<Health>) -> Self {
        let observed = Observed::begin(clock.reading());
        Self { clock, health, observed: Arc::new(Mutex::new(observed)) }
    }

    /// Returns the present time where it is steady, and `None` where nothing may be deleted for its age.
    /// Somebody has to ask often: a jump is told when it is seen.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = self.clock.reading();
        let before = *observed;
        let state = observed.observe(reading);
        match state {
            State::Jumped(drift) if before != *observed => {
                self.health.raise(Fault::ClockJumped, reason(drift, reading.wall));
            }
            State::Steady if before.state != State::Steady => self.health.clear(Fault::ClockJumped),
            _ => {}
        }
        (state == State::Steady).then_some(reading.wall)
    }
}

fn reason(drift: SignedDuration, wall: Timestamp) -> String {
    let direction = if drift.is_negative() { "back" } else { "ahead" };
    format!(
        "this machine's clock jumped {} {direction}, to {wall:.0}: counts, sessions and shared views whose time is over are \
         kept until it has been steady for an hour",
        in_words(drift)
    )
}

impl fmt::Debug for SteadyTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SteadyTime")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

    use proptest::prelude::*;

    use super::*;

    fn at(wall: i64, uptime: i64) -> Reading {
        Reading {
            wall: Timestamp::from_millisecond(1_795_262_400_000 + wall).expect("a time"),
            uptime: SignedDuration::from_millis(uptime),
        }
    }

    const MINUTE: i64 = 60_000;
    const MONTHS: i64 = 14 * 30 * 24 * 60 * MINUTE;

    #[test]
    fn time_is_steady_after_an_hour_in_which_both_clocks_advanced_alike() {
        let mut observed = Observed::begin(at(0, 7));
        assert_eq!(observed.observe(at(59 * MINUTE, 59 * MINUTE + 7)), State::New);
        assert_eq!(observed.observe(at(60 * MINUTE, 60 * MINUTE + 7)), State::Steady);
        // The machine slept, and its clock is slewed.
        assert_eq!(observed.observe(at(600 * MINUTE + 4_000, 600 * MINUTE + 7)), State::Steady);
        assert_eq!(observed.observe(at(661 * MINUTE + 8_000, 661 * MINUTE + 7)), State::Steady);
    }

    #[test]
    fn a_clock_that_is_months_ahead_for_a_moment_begins_the_hour_anew_twice() {
        let mut observed = Observed::begin(at(0, 0));
        assert_eq!(observed.observe(at(60 * MINUTE, 60 * MINUTE)), State::Steady);
        let ahead = State::Jumped(SignedDuration::from_millis(MONTHS));
        assert_eq!(observed.observe(at(MONTHS + 61 * MINUTE, 61 * MINUTE)), ahead);
        assert_eq!(observed.observe(at(MONTHS + 62 * MINUTE, 62 * MINUTE)), ahead);
        let back = State::Jumped(SignedDuration::from_millis(-MONTHS));
        assert_eq!(observed.observe(at(63 * MINUTE, 63 * MINUTE)), back);
        assert_eq!(observed.observe(at(122 * MINUTE, 122 * MINUTE)), back);
        assert_eq!(observed.observe(at(123 * MINUTE, 123 * MINUTE)), State::Steady);
    }

    #[test]
    fn a_jump_is_told_until_an_hour_after_it() {
        let health = Arc::new(Health::default());
        let (wall, uptime) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let (of_wall, of_uptime) = (Arc::clone(&wall), Arc::clone(&uptime));
        let clock = Clock::from_readings(move || at(of_wall.load(Relaxed), of_uptime.load(Relaxed)));
        let steady = SteadyTime::begin(clock, Arc::clone(&health));
        let pass = |time: i64| {
            wall.fetch_add(time, Relaxed);
            uptime.fetch_add(time, Relaxed);
        };
        assert_eq!(steady.now(), None);
        pass(60 * MINUTE);
        assert_eq!(steady.now(), Some(at(60 * MINUTE, 0).wall));
        assert!(health.reasons().is_empty());
        wall.fetch_add(MONTHS, Relaxed);
        assert_eq!(steady.now(), None);
        let told = &health.reasons()[0];
        assert_eq!(told.0, "clock_jumped");
        assert!(
            told.1.starts_with("this machine's clock jumped 420 days ahead, to 2028-01-15T13:00:00Z:"),
            "{told:?}"
        );
        wall.fetch_add(-MONTHS, Relaxed);
        assert_eq!(steady.now(), None);
        assert!(health.reasons()[0].1.contains("420 days back"));
        pass(59 * MINUTE);
        assert_eq!(steady.now(), None);
        assert!(health.has(Fault::ClockJumped));
        pass(MINUTE);
        assert!(steady.now().is_some());
        assert!(!health.has(Fault::ClockJumped));
    }

    proptest! {
        /// However the clocks go, time is steady only where they came apart by no more than what slewing does, in each part of
        /// the last hour that somebody looked at.
        #[test]
        fn time_is_never_steady_within_an_hour_of_a_jump(
            steps in prop::collection::vec((0..30 * MINUTE, prop_oneof![
                6 => -400..400_i64,
                1 => -MONTHS..MONTHS,
                1 => prop_oneof![Just(6_000_i64), Just(-6_000)],
            ]), 1..80)
        ) {
            let (mut wall, mut uptime) = (0, 0);
            let mut observed = Observed::begin(at(0, 0));
            let mut last_jump = 0;
            let mut total = 0;
            for (passed, drift) in steps {
                uptime += passed;
                wall += passed + drift;
                total += drift;
                let state = observed.observe(at(wall, uptime));
                // More than slewing and small steps beside it can hide.
                if drift.abs() > 10_500 {
                    last_jump = uptime;
                    prop_assert!(matches!(state, State::Jumped(_)), "{state:?} after {drift}");
                }
                if state == State::Steady {
                    prop_assert!(uptime - last_jump >= 60 * MINUTE, "{uptime} {last_jump}");
                }
            }
            // And it comes back by itself.
            let mut state = observed.observe(at(wall, uptime));
            for _ in 0..61 {
                (wall, uptime) = (wall + MINUTE, uptime + MINUTE);
                state = observed.observe(at(wall, uptime));
            }
            prop_assert_eq!(state, State::Steady, "{}", total);
        }
    }
}
