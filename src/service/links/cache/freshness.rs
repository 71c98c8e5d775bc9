//! Freshness: what all answers of one store have in common.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::service::links::cache::FAILED;
use crate::store::StoreError;

/// Since when answers hold, and whether the store is worth asking. Times are microseconds since it was made.
pub(in crate::service) struct Freshness {
    origin: Instant,
    valid_since: AtomicU64,
    /// 0 while the store answers.
    ask_again_at: AtomicU64,
}

/// Whether to ask a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// It answers.
    Yes,
    /// It fails: one at a time may try it, and nobody waits for that.
    Try,
    /// It failed a moment ago.
    No,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { origin: Instant::now(), valid_since: AtomicU64::new(0), ask_again_at: AtomicU64::new(0) }
    }
}

impl Freshness {
    /// The store tells, and so it answers, that what was asked longer ago than `age` may have changed.
    pub(in crate::service) fn expire(&self, age: Duration) {
        self.ask_again_at.store(0, Relaxed);
        self.valid_since.fetch_max(self.now().saturating_sub(micros(age)), Relaxed);
    }

    /// Whether an answer to what was asked then may still be the present one.
    pub(crate) fn reaches(&self, asked_at: u64) -> bool {
        asked_at >= self.valid_since.load(Relaxed)
    }

    /// Whether it is worth asking.
    pub(crate) fn asking(&self) -> Asking {
        let (at, now) = (self.ask_again_at.load(Relaxed), self.now());
        let next = now + micros(FAILED);
        if at == 0 {
            Asking::Yes
        } else if at <= now && self.ask_again_at.compare_exchange(at, next, Relaxed, Relaxed).is_ok() {
            Asking::Try
        } else {
            Asking::No
        }
    }

    pub(crate) fn failed(&self) {
        self.ask_again_at.store(self.now() + micros(FAILED), Relaxed);
    }

    /// Notes whether the store answers; an answer that makes no sense is one.
    pub(crate) fn heard<T>(&self, answer: &Result<T, StoreError>) {
        match answer {
            Err(StoreError::Unavailable(_)) => self.failed(),
            _ => self.ask_again_at.store(0, Relaxed),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        micros(self.origin.elapsed())
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
