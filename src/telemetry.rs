//! Logging, to standard error. Nothing that is logged may tell of a visitor: handlers log what
//! failed, `http` logs route pattern, status and duration, and what dependencies log is dropped.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::EnvFilter;

use crate::settings::{Level, Log};

/// Starts logging for the whole process; a second call changes nothing.
pub fn start(log: &Log) {
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // Dependencies may put a request's headers into their lines: none of theirs are taken.
    let filter = EnvFilter::new(format!("off,entrenous={level}"));
    let colours = std::io::stderr().is_terminal();
    let logger =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let _ = if log.json { logger.json().try_init() } else { logger.try_init() };
}

/// The shortest time between two lines of a warning that each request could cause.
const INTERVAL: Duration = Duration::from_mins(1);

/// Lets a warning be logged once a minute, however often its cause comes.
#[derive(Debug)]
pub struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// A warning that was not logged yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Returns whether the warning is to be logged now, with how often it was left out since the last time.
    pub fn due(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, left_out) = &mut *state;
        if last.is_some_and(|last| last.elapsed() < INTERVAL) {
            *left_out += 1;
            return None;
        }
        *last = Some(Instant::now());
        Some(std::mem::take(left_out))
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_due_once_a_minute_and_says_how_often_it_was_left_out() {
        let seldom = Seldom::new();
        assert_eq!(seldom.due(), Some(0));
        assert_eq!([seldom.due(), seldom.due()], [None, None]);
        let long_ago = Instant::now().checked_sub(INTERVAL);
        seldom.0.lock().expect("nobody panicked").0 = long_ago;
        assert_eq!(seldom.due(), Some(2));
    }
}
