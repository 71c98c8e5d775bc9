//! Health: what keeps the service from doing its whole job, told in the log and at `/readyz?all`.
//!
//! Every part that can fail without a visitor noticing reports here, so that no failure is known to a
//! metric alone. A fault is raised with a sentence that names the cause, the setting and the path, and
//! is cleared when it is over. The log has each fault once when it begins, once when it ends, and at
//! most once a minute while its sentence changes or it comes and goes. Sentences never hold a visitor's
//! value.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two log lines of one fault that lasts.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// What can be wrong. The order is the one in which `/readyz?all` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A sync of the journal has not returned in time; visitors are forwarded without waiting.
    JournalStalled,
    /// The journal cannot be written; clicks are forwarded and not counted.
    JournalUnwritable,
    /// The journal cannot be read, so nothing of it reaches the store.
    JournalUnreadable,
    /// A part of the journal was damaged on the disk.
    JournalDamaged,
    /// An earlier run ended before clicks of visitors that it had forwarded could be written.
    ClicksLost,
    /// The store cannot be reached or does not take writes.
    StoreUnavailable,
    /// The store of the shared day keys cannot be reached or does not take writes.
    EphemeralStoreUnavailable,
    /// A store evicts what it has when its memory is full.
    StoreUnsuitable,
    /// Entries wait in the journal for longer than the store's absence explains.
    FlushingBehind,
    /// The store is another one than the journal belongs to, or its file was deleted or moved.
    StoreForeign,
    /// The store lacks counts that it had confirmed, and the journal no longer has them.
    StoreRolledBack,
    /// A part of the store cannot be reached or written; the rest goes on.
    StorePartUnavailable,
    /// Counts of damaged records were set aside.
    CountsSetAside,
    /// An ended day cannot be closed, or counts whose time is over cannot be dropped.
    ClosingFailed,
    /// The store passed over more entries than a replay explains.
    PassedOver,
    /// Forwarded-for headers come from a peer that `server.trusted_proxies` does not name.
    UntrustedForwarder,
    /// All clicks of a busy day come from one network.
    OneNetwork,
    /// The wall clock has jumped; deletion by age waits until it has been steady for an hour.
    ClockJumped,
    /// This machine's clock and the store's differ by more than a minute.
    ClockDiffers,
}

/// What keeps the service from doing its whole job, and whether it takes no more visitors.
#[derive(Debug, Default)]
pub struct Health {
    told: Mutex<Told>,
    draining: AtomicBool,
}

#[derive(Debug, Default)]
struct Told {
    faults: BTreeMap<Fault, State>,
    /// When the log last had a fault, also of those that are over.
    logged: BTreeMap<Fault, Instant>,
}

/// A fault that lasts.
#[derive(Debug, Default)]
struct State {
    /// What each witness says; the fault lasts until the last of them has cleared it.
    reasons: BTreeMap<&'static str, String>,
    /// Whether the log has its beginning, so that it also gets its end.
    begun: bool,
    /// Whether the log lacks its latest reason.
    news: bool,
}

/// The witness of parts that do not name themselves.
const PART: &str = "";

impl Health {
    /// Records that something is wrong, or that its reason has changed.
    pub fn raise(&self, fault: Fault, reason: impl Into<String>) {
        self.raise_as(PART, fault, reason);
    }

    /// Records that something is no longer wrong.
    pub fn clear(&self, fault: Fault) {
        self.clear_as(PART, fault);
    }

    /// Records what one of several witnesses of a fault says. None of them can clear it for another.
    pub fn raise_as(&self, witness: &'static str, fault: Fault, reason: impl Into<String>) {
        let reason = reason.into();
        let mut told = self.told();
        let state = told.faults.entry(fault).or_default();
        if state.reasons.get(witness) != Some(&reason) {
            state.news = true;
            state.reasons.insert(witness, reason);
        }
        told.log(fault);
    }

    /// Records that a witness sees a fault no longer.
    pub fn clear_as(&self, witness: &'static str, fault: Fault) {
        let mut told = self.told();
        let Some(state) = told.faults.get_mut(&fault) else { return };
        state.reasons.remove(witness);
        if state.reasons.is_empty() {
            if state.begun {
                tracing::info!(fault = fault.name(), "this is over");
            }
            told.faults.remove(&fault);
        }
    }

    /// Logs what could not be logged yet because the same fault had been logged a moment before.
    pub fn log_news(&self) {
        let mut told = self.told();
        let faults: Vec<Fault> = told.faults.keys().copied().collect();
        for fault in faults {
            told.log(fault);
        }
    }

    /// Returns whether something is wrong.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.told().faults.contains_key(&fault)
    }

    /// Returns a stable name and a sentence for each fault.
    #[must_use]
    pub fn reasons(&self) -> Vec<(&'static str, String)> {
        self.told().faults.iter().map(|(fault, state)| (fault.name(), state.text())).collect()
    }

    /// Records that the service is about to end and should get no more visitors.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Returns whether the service is about to end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Logs a fault's latest reason, unless the log had the fault a moment ago.
    fn log(&mut self, fault: Fault) {
        let Some(state) = self.faults.get_mut(&fault).filter(|state| state.news) else { return };
        if self.logged.get(&fault).is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return;
        }
        tracing::error!(fault = fault.name(), "{}", state.text());
        (state.begun, state.news) = (true, false);
        self.logged.insert(fault, Instant::now());
    }
}

impl State {
    fn text(&self) -> String {
        let mut texts: Vec<&str> = self.reasons.values().map(String::as_str).collect();
        texts.dedup();
        texts.join("; ")
    }
}

impl Fault {
    /// Returns the fault's stable name, as it stands in logs and at `/readyz?all`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::JournalStalled => "journal_stalled",
            Self::JournalUnwritable => "journal_unwritable",
            Self::JournalUnreadable => "journal_unreadable",
            Self::JournalDamaged => "journal_damaged",
            Self::ClicksLost => "clicks_lost",
            Self::StoreUnavailable => "store_unavailable",
            Self::EphemeralStoreUnavailable => "ephemeral_store_unavailable",
            Self::StoreUnsuitable => "store_unsuitable",
            Self::FlushingBehind => "flushing_behind",
            Self::StoreForeign => "store_foreign",
            Self::StoreRolledBack => "store_rolled_back",
            Self::StorePartUnavailable => "store_part_unavailable",
            Self::CountsSetAside => "counts_set_aside",
            Self::ClosingFailed => "closing_failed",
            Self::PassedOver => "passed_over",
            Self::UntrustedForwarder => "untrusted_forwarder",
            Self::OneNetwork => "one_network",
            Self::ClockJumped => "clock_jumped",
            Self::ClockDiffers => "clock_differs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_until_it_is_cleared_with_its_latest_reason() {
        let health = Health::default();
        health.raise(Fault::StoreForeign, "the store is another one");
        health.raise(Fault::JournalUnwritable, "the disk is full");
        health.raise(Fault::StoreForeign, "the store is still another one");
        let reasons = health.reasons();
        assert_eq!(reasons[0], ("journal_unwritable", "the disk is full".to_owned()));
        assert_eq!(reasons[1], ("store_foreign", "the store is still another one".to_owned()));
        health.clear(Fault::JournalUnwritable);
        assert!(health.has(Fault::StoreForeign) && !health.has(Fault::JournalUnwritable));
    }

    #[test]
    fn a_fault_of_two_witnesses_lasts_until_both_have_cleared_it() {
        let health = Health::default();
        health.raise(Fault::StoreUnavailable, "it takes no counts");
        health.raise_as("probe", Fault::StoreUnavailable, "it does not answer");
        assert_eq!(health.reasons()[0].1, "it takes no counts; it does not answer");
        health.clear_as("probe", Fault::StoreUnavailable);
        assert_eq!(health.reasons()[0].1, "it takes no counts");
        health.clear_as("probe", Fault::StoreUnavailable);
        assert!(health.has(Fault::StoreUnavailable));
        health.clear(Fault::StoreUnavailable);
        assert!(health.reasons().is_empty());
    }

    #[test]
    fn a_fault_that_comes_and_goes_is_logged_once_a_minute() {
        let health = Health::default();
        for _ in 0..100 {
            health.raise(Fault::StoreUnavailable, "it does not answer");
            health.clear(Fault::StoreUnavailable);
        }
        health.raise(Fault::StoreUnavailable, "it does not answer");
        let told = health.told();
        assert!(told.faults[&Fault::StoreUnavailable].news, "the second beginning is not in the log yet");
        assert_eq!(told.logged.len(), 1);
    }
}
