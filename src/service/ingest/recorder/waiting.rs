//! Waiting: for how long visitors wait for the journal, and how much may wait to be written.
//!
//! Promises that a fault that it raised is cleared by the first write that returns afterwards, whichever
//! thread is faster.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::service::health::{Fault, Health};
use crate::service::metrics::Metrics;

/// How many bytes may wait to be written, those of all workers together.
const MOST_WAITING: u64 = 64 << 20;
/// A worker takes its part of these in shares of this size, so that an entry costs no look at what
/// all workers have in common.
pub(super) const SHARE: u64 = 64 << 10;

/// How visitors wait for the journal, and who is told when they do not.
#[derive(Debug)]
pub struct Terms {
    /// The journal's folder, as the operator is told of it.
    pub dir: PathBuf,
    /// The longest that a visitor waits.
    pub wait: Duration,
    /// Counts what is recorded and what is shed.
    pub metrics: Arc<Metrics>,
    /// Knows what is wrong.
    pub health: Arc<Health>,
}

/// What the workers and the journal thread have in common.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) terms: Terms,
    /// Whether a wait ran out and no write has returned since.
    stalled: AtomicBool,
    /// Whether entries were shed for want of room since a write returned.
    full: AtomicBool,
    /// The bytes of all shares that are taken.
    taken: AtomicU64,
    /// How many entries are on their way to the journal thread.
    on_the_way: AtomicU64,
}

impl Waiting {
    pub(super) fn new(terms: Terms) -> Self {
        let (stalled, full) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { terms, stalled, full, taken: AtomicU64::new(0), on_the_way: AtomicU64::new(0) }
    }

    /// Notes entries that are handed to the journal thread.
    pub(super) fn hand_over(&self, entries: u64) {
        self.on_the_way.fetch_add(entries, Ordering::Relaxed);
    }

    /// Notes entries that the journal thread has taken to write them.
    pub(super) fn take_up(&self, entries: u64) {
        self.on_the_way.fetch_sub(entries, Ordering::Relaxed);
    }

    /// Returns how many entries wait behind a write that has not returned.
    pub(super) fn on_the_way(&self) -> u64 {
        self.on_the_way.load(Ordering::Relaxed)
    }

    /// Takes one more share of what may wait to be written, if there is one.
    pub(super) fn take_share(&self) -> bool {
        let before = self.taken.fetch_add(SHARE, Ordering::Relaxed);
        if before + SHARE <= MOST_WAITING {
            return true;
        }
        self.taken.fetch_sub(SHARE, Ordering::Relaxed);
        if !self.full.load(Ordering::SeqCst) {
            let (dir, mib) = (self.terms.dir.display(), MOST_WAITING >> 20);
            let reason = format!(
                "a write to journal.dir ({dir}) does not return and {mib} MiB of clicks wait behind it: \
                 further clicks are forwarded and not counted"
            );
            self.terms.health.raise(Fault::JournalStalled, reason);
            self.full.store(true, Ordering::SeqCst);
        }
        false
    }

    /// Gives back shares whose bytes are written, or refused.
    pub(super) fn give_back(&self, taken: u64) {
        self.taken.fetch_sub(taken, Ordering::Relaxed);
    }

    /// Notes that a wait ran out: nobody waits until a write has returned.
    pub(super) fn stall(&self) {
        self.stalled.store(true, Ordering::SeqCst);
        let (dir, limit) = (self.terms.dir.display(), self.terms.wait.as_millis());
        let reason = format!(
            "a write to journal.dir ({dir}) has not returned within journal.wait_ms ({limit} ms): \
             visitors are forwarded without waiting for it"
        );
        self.terms.health.raise(Fault::JournalStalled, reason);
        self.terms.metrics.journal_stalled.set(1);
    }

    /// Returns whether nobody waits.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Notes that a write has returned and everybody that waited for it was told.
    pub(super) fn returned(&self) {
        if self.stalled.load(Ordering::SeqCst) || self.full.load(Ordering::SeqCst) {
            self.resume();
        }
    }

    /// Lets visitors wait again.
    pub(super) fn resume(&self) {
        self.stalled.store(false, Ordering::SeqCst);
        self.full.store(false, Ordering::SeqCst);
        self.terms.metrics.journal_stalled.set(0);
        self.terms.health.clear(Fault::JournalStalled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_to_be_written_is_bounded_and_told() {
        let health = Arc::new(Health::default());
        let terms = Terms {
            dir: PathBuf::from("data/journal"),
            wait: Duration::from_millis(500),
            metrics: Arc::default(),
            health: Arc::clone(&health),
        };
        let state = Waiting::new(terms);
        state.stall();
        assert!(state.is_stalled() && health.reasons()[0].1.contains("journal.wait_ms (500 ms)"));
        let shares = std::iter::repeat_with(|| state.take_share()).take_while(|taken| *taken).count();
        assert_eq!(shares as u64 * SHARE, 64 << 20);
        assert!(!state.take_share(), "there is room again though nothing was written");
        let (name, reason) = &health.reasons()[0];
        assert_eq!(*name, "journal_stalled");
        assert!(reason.contains("64 MiB") && reason.contains("not counted"), "{reason}");

        state.give_back(SHARE);
        state.returned();
        assert!(!state.is_stalled() && health.reasons().is_empty());
        assert!(state.take_share());
    }
}
