//! The backlog: which entries of the journal have not left it yet.
//!
//! A cursor may read an entry several times: when the store went back, when a part of it was out of reach, and when
//! settled segments are settled again. Promises that each entry is counted once when it is found and once when it has
//! been dealt with, however often and by whomever it is read, so that the gauge of what waits for the store is true.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::entry::Numbered;
use crate::domain::identity::JournalId;
use crate::service::metrics::Metrics;

/// What is known of the journals that are read: this run's, and those that earlier runs left.
#[derive(Debug)]
pub struct Backlog {
    metrics: Arc<Metrics>,
    journals: Mutex<HashMap<JournalId, Known>>,
}

/// What is known of one journal.
#[derive(Debug, Default)]
struct Known {
    /// The number of the last entry that was found.
    found: u64,
    /// The number of the last entry of each partition that was dealt with.
    dealt_with: Vec<u64>,
}

impl Backlog {
    /// Begins with nothing, and tells these metrics.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, journals: Mutex::default() }
    }

    /// Notes entries of an earlier run, in the order of their numbers.
    pub(crate) fn found(&self, journal: &JournalId, entries: &[Numbered]) {
        let Some(last) = entries.last().map(|numbered| numbered.number) else { return };
        self.with(journal, |known| {
            let new = entries.len() - entries.partition_point(|numbered| numbered.number <= known.found);
            known.found = known.found.max(last);
            self.metrics.found(new as u64);
        });
    }

    /// Notes entries that have left the journal for good, each with its partition; those of one partition in the order of
    /// their numbers.
    pub(crate) fn dealt_with(&self, journal: &JournalId, entries: impl Iterator<Item = (usize, u64)>) {
        let mut new = 0;
        self.with(journal, |known| {
            for (partition, number) in entries {
                if known.dealt_with.len() <= partition {
                    known.dealt_with.resize(partition + 1, 0);
                }
                if known.dealt_with[partition] < number {
                    known.dealt_with[partition] = number;
                    new += 1;
                }
            }
        });
        self.metrics.dealt_with(new);
    }

    /// Returns the number of the last entry of each partition that was dealt with; nothing of partitions without one.
    pub(crate) fn known(&self, journal: &JournalId) -> Vec<u64> {
        let journals = self.journals.lock().unwrap_or_else(PoisonError::into_inner);
        journals.get(journal).map(|known| known.dealt_with.clone()).unwrap_or_default()
    }

    fn with(&self, journal: &JournalId, what: impl FnOnce(&mut Known)) {
        let mut journals = self.journals.lock().unwrap_or_else(PoisonError::into_inner);
        what(journals.entry(journal.clone()).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;
    use crate::domain::entry::{Entry, EntryKind};
    use crate::domain::site::SiteId;

    fn entries(numbers: std::ops::RangeInclusive<u64>) -> Vec<Numbered> {
        let entry = || Entry {
            site: SiteId::from_stored("site1234"),
            link: "/abc.0000000000000001".parse().expect("a link key"),
            day: Day::of(jiff::Timestamp::UNIX_EPOCH),
            kind: EntryKind::Open,
        };
        numbers.map(|number| Numbered { number, previous: 0, network: None, entry: entry() }).collect()
    }

    #[test]
    fn an_entry_counts_once_however_often_it_is_read_and_whichever_part_is_held_back() {
        let metrics = Arc::new(Metrics::default());
        let backlog = Backlog::new(Arc::clone(&metrics));
        let journal = JournalId::random();
        backlog.found(&journal, &entries(1..=6));
        // Again from the beginning, and further.
        backlog.found(&journal, &entries(1..=10));
        assert_eq!(metrics.unsettled.get(), 10);
        let of = |partition, numbers: &[u64]| {
            backlog.dealt_with(&journal, numbers.iter().map(|number| (partition, *number)));
            metrics.unsettled.get()
        };
        // The other partition is out of reach meanwhile.
        assert_eq!(of(7, &[2, 4, 9]), 7);
        assert_eq!(of(7, &[2, 4, 9]), 7, "they are read again");
        assert_eq!(of(0, &[1, 3]), 5);
        assert_eq!(of(0, &[1, 3, 5, 6, 7, 8, 10]), 0);
        assert_eq!(metrics.total_dealt_with(), 10);
        backlog.found(&JournalId::random(), &entries(1..=1));
        assert_eq!(metrics.unsettled.get(), 1, "another journal has numbers of its own");
    }
}
