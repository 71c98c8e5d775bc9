//! The time, as an argument: the one place that reads the machine's clocks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Both clocks are read within this time, or again: a process may be stopped between the two.
const ONE_MOMENT: SignedDuration = SignedDuration::from_millis(100);
/// How often both clocks are read again at most.
const ATTEMPTS: usize = 5;

/// Tells the time. Cloning is cheap; all clones are one clock.
#[derive(Clone)]
pub struct Clock {
    source: Source,
    store_time: StoreTime,
}

/// What the machine's two clocks said at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time of day. A person, a time server or a fault can set it.
    pub wall: Timestamp,
    /// How long the machine has been up, asleep or awake. Nobody can set it.
    pub uptime: SignedDuration,
}

/// Where the time of a store comes from that several instances share.
#[derive(Clone)]
pub enum StoreTime {
    /// The store is asked.
    Asked,
    /// It is this clock's.
    Own,
    /// A test tells it.
    Told(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

#[derive(Clone)]
enum Source {
    System,
    Told(Arc<dyn Fn() -> Reading + Send + Sync>),
}

impl Clock {
    /// Returns the machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, store_time: StoreTime::Asked }
    }

    /// Returns a clock that a test moves. Its time is steady: however it moves, the machine has been up for
    /// as much longer or shorter. It is the store's time, too.
    #[must_use]
    pub fn from_fn(time: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::from_readings(move || {
            let wall = time();
            Reading { wall, uptime: wall.duration_since(Timestamp::UNIX_EPOCH) }
        })
    }

    /// Returns a clock whose two readings a test moves, so that it may jump. It is the store's time, too.
    #[must_use]
    pub fn from_readings(readings: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self { source: Source::Told(Arc::new(readings)), store_time: StoreTime::Own }
    }

    /// Returns the same clock beside a store whose time a test tells.
    #[must_use]
    pub fn with_store_time(self, time: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { store_time: StoreTime::Told(Arc::new(time)), ..self }
    }

    /// Returns the present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System => system_time(),
            Source::Told(readings) => readings().wall,
        }
    }

    /// Returns how long the machine has been up.
    #[must_use]
    pub fn uptime(&self) -> SignedDuration {
        match &self.source {
            Source::System => system_uptime(),
            Source::Told(readings) => readings().uptime,
        }
    }

    /// Returns what both clocks say at one moment.
    #[must_use]
    pub fn reading(&self) -> Reading {
        match &self.source {
            Source::System => system_reading(),
            Source::Told(readings) => readings(),
        }
    }

    /// Returns where the time of a shared store comes from.
    #[must_use]
    pub fn store_time(&self) -> &StoreTime {
        &self.store_time
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

fn system_uptime() -> SignedDuration {
    let time = clock_gettime(ClockId::Boottime);
    let nanoseconds = i32::try_from(time.tv_nsec).unwrap_or(0);
    SignedDuration::new(time.tv_sec, nanoseconds)
}

fn system_reading() -> Reading {
    let mut before = system_uptime();
    let mut attempts = 0;
    loop {
        let (wall, uptime) = (system_time(), system_uptime());
        attempts += 1;
        if uptime - before <= ONE_MOMENT || attempts == ATTEMPTS {
            return Reading { wall, uptime };
        }
        before = uptime;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

impl fmt::Debug for StoreTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "Asked",
            Self::Own => "Own",
            Self::Told(_) => "Told",
        })
    }
}

/// Says roughly how long a time is, in its largest unit: `5 minutes`.
#[must_use]
pub fn in_words(duration: SignedDuration) -> String {
    let seconds = (duration.unsigned_abs() + Duration::from_millis(500)).as_secs();
    let whole = |unit: u64| (seconds + unit / 2) / unit;
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (whole(60), "minute"),
        7_200..172_800 => (whole(3_600), "hour"),
        _ => (whole(86_400), "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clocks_advance_alike() {
        let clock = Clock::system();
        let first = clock.reading();
        std::thread::sleep(Duration::from_millis(20));
        let second = clock.reading();
        let (wall, uptime) = (second.wall.duration_since(first.wall), second.uptime - first.uptime);
        assert!(uptime >= SignedDuration::from_millis(20));
        assert!((wall - uptime).abs() < SignedDuration::from_secs(1), "{wall} and {uptime}");
    }

    #[test]
    fn a_time_is_said_in_its_largest_unit() {
        let said = [0, 1, 59, 119, 120, 300, -7_199, 7_200, 172_799, -172_800, 36_720_000]
            .map(|seconds| in_words(SignedDuration::from_secs(seconds)));
        let expected = [
            "0 seconds",
            "1 second",
            "59 seconds",
            "119 seconds",
            "2 minutes",
            "5 minutes",
            "120 minutes",
            "2 hours",
            "48 hours",
            "2 days",
            "425 days",
        ];
        assert_eq!(said, expected);
    }
}
