//! What tells visitors apart: in this process's memory, never in the file.

use std::collections::{BTreeMap, HashMap};

use crate::domain::day::Day;
use crate::domain::visitor_set::{Fingerprint, VisitorSet};

/// A link, by the number of its row.
pub(super) type LinkRow = i64;

/// The visitor sets of each day and link.
#[derive(Default)]
pub(super) struct Visitors {
    days: BTreeMap<Day, HashMap<LinkRow, Known>>,
    /// What goes when the present transaction is committed, and stays when it is not.
    going: Vec<Going>,
}

/// One link's visitors of one day, as far as this process has seen them.
struct Known {
    /// The number that the store had when the set began.
    before: u64,
    set: VisitorSet,
}

enum Going {
    Link(LinkRow),
    DaysBefore(Day),
}

impl Visitors {
    /// Adds visitors and returns the number that the store should hold. `stored` is what it holds
    /// now, `None` where it has no counts of that link and day.
    ///
    /// The number is not a sum of differences: where the transaction fails and the same visitors
    /// are added again, the same number comes out. Where the store holds nothing, nothing that the
    /// set knows has ever been committed (or it has been forgotten since), so the set begins anew.
    pub(super) fn add(
        &mut self,
        link: LinkRow,
        day: Day,
        stored: Option<u64>,
        visitors: impl IntoIterator<Item = Fingerprint>,
    ) -> u64 {
        let links = self.days.entry(day).or_default();
        if stored.is_none() {
            links.remove(&link);
        }
        let begin = || Known { before: stored.unwrap_or(0), set: VisitorSet::default() };
        let known = links.entry(link).or_insert_with(begin);
        visitors.into_iter().for_each(|visitor| known.set.insert(visitor));
        known.before + known.set.count()
    }

    /// Lets a link's sets go with the present transaction.
    pub(super) fn let_link_go(&mut self, link: LinkRow) {
        self.going.push(Going::Link(link));
    }

    /// Lets the sets of days before `day` go with the present transaction.
    pub(super) fn let_days_go(&mut self, day: Day) {
        self.going.push(Going::DaysBefore(day));
    }

    /// The transaction holds.
    pub(super) fn committed(&mut self) {
        for going in std::mem::take(&mut self.going) {
            match going {
                Going::Link(link) => self.days.values_mut().for_each(|links| drop(links.remove(&link))),
                Going::DaysBefore(day) => self.days = self.days.split_off(&day),
            }
        }
    }

    /// The transaction does not hold.
    pub(super) fn abandoned(&mut self) {
        self.going.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::visitor::Tag;

    fn visitors(numbers: std::ops::Range<u8>) -> impl Iterator<Item = Fingerprint> {
        numbers.map(|number| Fingerprint::of(&Tag::from_bytes([number; 16])))
    }

    fn today() -> Day {
        "2026-11-21".parse().expect("a day")
    }

    #[test]
    fn adding_again_after_a_failed_commit_gives_the_same_number() {
        let mut known = Visitors::default();
        assert_eq!(known.add(1, today(), None, visitors(0..3)), 3);
        known.abandoned();
        assert_eq!(known.add(1, today(), None, visitors(0..3)), 3);
        known.committed();
        assert_eq!(known.add(1, today(), Some(3), visitors(2..5)), 5);
        known.abandoned();
        assert_eq!(known.add(1, today(), Some(3), visitors(2..5)), 5);
    }

    #[test]
    fn a_set_that_begins_later_adds_to_the_stored_number() {
        assert_eq!(Visitors::default().add(1, today(), Some(40), visitors(0..2)), 42);
    }

    #[test]
    fn sets_go_when_the_transaction_holds_and_stay_when_it_does_not() {
        let mut known = Visitors::default();
        known.add(1, today(), None, visitors(0..3));
        known.let_link_go(1);
        known.abandoned();
        assert_eq!(known.add(1, today(), Some(3), visitors(0..3)), 3);
        known.let_link_go(1);
        known.committed();
        assert!(known.days.values().all(HashMap::is_empty));
        known.add(1, today(), Some(3), visitors(0..3));
        known.let_days_go(today().plus(1));
        known.committed();
        assert!(known.days.is_empty());
    }
}
