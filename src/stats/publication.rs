//! What may be published of counts, in one place, and the number that came through it.
//!
//! Of a day or a week that has ended, [cells](crate::stats::disclosure) are published, which were rounded once when they were made. Every
//! number is a sum of them, and nothing is rounded or left out a second time. An open day shows its shares and nothing of
//! its visits. With k = 1 there is nothing to hold back, and a day shows everything from its first click on.
//!
//! Nothing and too few look the same. Shares are no visits: the signed-in see them exactly, everybody else rounded down to k,
//! each day for itself, and those of an open day not at all.

use serde::{Serialize, Serializer};

use crate::domain::day::Day;
use crate::domain::min_count::{MinCount, MinCounts};
use crate::stats::counts::ClosedDays;

/// How a site's numbers are published: its k, the present day, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The site's k, with its changes.
    pub min_counts: MinCounts,
    /// The present UTC day.
    pub today: Day,
    /// Who reads.
    pub audience: Audience,
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Somebody of the site, by a key or a session.
    SignedIn,
    /// Anybody: a shared view, a public site, a badge.
    Public,
}

/// What of a day's counts is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Everything, also while the day lasts: k is 1.
    Everything,
    /// The cells and the shares: the day is closed.
    Cells,
    /// The shares alone: the day is open.
    Shares,
}

/// How a published number stands to the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It is that one.
    Exact,
    /// It is a sum of rounded numbers, right on average.
    About,
    /// The same of a part of what was counted: the rest stands with a whole week, a whole page or a whole channel.
    AtLeastAbout,
}

/// A number that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Number {
    /// So many.
    Shown(u64),
    /// Too few to be shown, or none.
    Suppressed,
}

impl Publication {
    /// Returns whether a day is not over, or is not closed yet.
    #[must_use]
    pub fn is_open(&self, day: Day, closed: &ClosedDays) -> bool {
        // Where every number is exact at once, closing changes none.
        day >= self.today || !(self.min_counts.on(day).is_exact() || closed.has(day, 1))
    }

    /// Returns what of a day is shown.
    #[must_use]
    pub fn shown(&self, day: Day, closed: &ClosedDays) -> Shown {
        match (self.min_counts.on(day).is_exact(), self.is_open(day, closed)) {
            (true, _) => Shown::Everything,
            (false, false) => Shown::Cells,
            (false, true) => Shown::Shares,
        }
    }

    /// Returns whether the present day's visits are shown as they come.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.min_counts.on(self.today).is_exact()
    }

    /// Returns the last day of which there is something to see: the one that a period ends with where nobody says.
    #[must_use]
    pub fn last_day(&self) -> Day {
        if self.is_live() { self.today } else { self.today.plus(-1) }
    }
}

impl Audience {
    /// Returns the shares of one day that this audience sees of so many.
    #[must_use]
    pub(crate) fn shares(self, number: u64, k: MinCount, open: bool) -> u64 {
        match self {
            _ if k.is_exact() => number,
            Self::SignedIn => number,
            Self::Public if open => 0,
            Self::Public => number - number % k.get(),
        }
    }
}

impl Number {
    /// Returns the number; `None` where it is not shown. In JSON it is written so.
    #[must_use]
    pub fn value(self) -> Option<u64> {
        match self {
            Self::Shown(number) => Some(number),
            Self::Suppressed => None,
        }
    }

    /// Returns whether it is shown and more than 0.
    #[must_use]
    pub fn says_something(self) -> bool {
        self.value().is_some_and(|number| number > 0)
    }

    /// Adds another one: what is suppressed adds nothing to what is shown.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Shown(one), Self::Shown(other)) => Self::Shown(one + other),
            (shown, Self::Suppressed) | (Self::Suppressed, shown) => shown,
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::counts::Closed;

    fn k(number: u64) -> MinCount {
        number.try_into().expect("a k")
    }

    fn day(number: i32) -> Day {
        Day::from_number(number).expect("a day")
    }

    fn rule(min_counts: MinCounts) -> Publication {
        Publication { min_counts, today: day(9), audience: Audience::SignedIn }
    }

    #[test]
    fn a_past_day_is_open_until_it_is_closed_and_shows_its_cells_from_then_on() {
        let days = BTreeMap::from([(day(8), Closed { min_count: 5, version: 1 })]);
        let closed = ClosedDays { before: Some(day(7)), days, ..ClosedDays::default() };
        let five = rule(MinCounts::always(k(5)));
        let shown = [6, 7, 8, 9, 10].map(|number| five.shown(day(number), &closed));
        assert_eq!(shown, [Shown::Cells, Shown::Shares, Shown::Cells, Shown::Shares, Shown::Shares]);
        assert_eq!((five.is_live(), five.last_day()), (false, day(8)));
    }

    #[test]
    fn with_k_of_one_a_day_shows_everything_at_once() {
        let one = rule(MinCounts::always(k(1)));
        let closed = ClosedDays::default();
        let of_day = |number| (one.shown(day(number), &closed), one.is_open(day(number), &closed));
        assert_eq!([8, 9].map(of_day), [(Shown::Everything, false), (Shown::Everything, true)]);
        assert_eq!((one.is_live(), one.last_day()), (true, day(9)));
    }

    #[test]
    fn each_day_is_shown_with_the_k_that_it_had() {
        let mut changed = MinCounts::always(k(1));
        changed.choose(k(5), day(6));
        let rule = rule(changed);
        let closed = ClosedDays::default();
        assert_eq!([6, 7].map(|number| rule.shown(day(number), &closed)), [Shown::Everything, Shown::Shares]);
    }

    #[test]
    fn shares_are_exact_for_the_signed_in_and_rounded_down_for_everybody_else() {
        let seen = |audience: Audience, k, open| [0, 4, 12].map(|number| audience.shares(number, k, open));
        for open in [false, true] {
            assert_eq!(seen(Audience::SignedIn, k(5), open), [0, 4, 12]);
            assert_eq!(seen(Audience::Public, k(1), open), [0, 4, 12]);
        }
        assert_eq!(seen(Audience::Public, k(5), false), [0, 0, 10]);
        assert_eq!(seen(Audience::Public, k(5), true), [0, 0, 0]);
    }

    #[test]
    fn what_is_suppressed_adds_nothing() {
        let (five, few) = (Number::Shown(5), Number::Suppressed);
        assert_eq!([five.and(five), five.and(few), few.and(few)], [Number::Shown(10), five, few]);
    }
}
