//! What may be published of counts: the rule, in one place, and the number that came through it.
//!
//! No published number of clicks or visitors stands for fewer than k visitors, and none can be had by adding and
//! subtracting published numbers. So of a closed day sums of its [cells](super::cell) are shown and nothing else;
//! an open day's numbers are shown in steps of k, rounded down, each for itself and each day for itself: the sum of several
//! days says no more than the days do. Nothing and too few look the same. Shares and unfurls are no visits of
//! persons: exact for who is signed in, in steps for everybody else.

use serde::{Serialize, Serializer};

use super::cell::Amount;
use super::counts::ClosedDays;
use super::day::Day;

/// How numbers are published: the threshold, the present day, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// `stats.min_count`.
    pub min_count: u64,
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

/// A number that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Number {
    /// So many. Of closed days, the sum of the cells that are at this place; what was too few for one is further up.
    Exact(u64),
    /// So many or a few more: some of it is rounded down in steps, or of a day that is open.
    AtLeast(u64),
    /// Too few to be shown, or none.
    Fewer,
}

impl Publication {
    /// Whether a day is shown as one that is not over: also a past one, until it is closed.
    #[must_use]
    pub fn is_open(self, day: Day, closed: &ClosedDays) -> bool {
        // Where every number is exact at once, closing changes none.
        day >= self.today || (!self.is_exact() && !closed.has(day, self.min_count))
    }

    /// Whether every count is shown as it is.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.min_count <= 1
    }

    /// Whether several closed days may be added up before they are published: no number of theirs is rounded.
    pub(super) fn adds_up(self) -> bool {
        self.is_exact() || self.audience == Audience::SignedIn
    }

    /// What of an amount in a closed day's cell is shown. All of it: no cell is smaller than the rule says. If a store ever
    /// held a smaller one, it would not be seen.
    pub(super) fn of_cell(self, amount: Amount) -> Amount {
        let keep = |visitors: u64| u64::from(visitors >= self.min_count);
        Amount {
            clicks: amount.clicks * keep(amount.visitors),
            visitors: amount.visitors * keep(amount.visitors),
            aggregate_clicks: amount.aggregate_clicks * keep(amount.aggregate_clicks),
        }
    }

    /// Shares or unfurls of one day, or of several closed ones that [add up](Self::adds_up).
    pub(super) fn happenings(self, number: u64) -> Sum {
        if self.adds_up() { Sum(Some(number)) } else { self.steps(number, number) }
    }

    /// A number of closed days' cells, which stand for so many visitors.
    pub(super) fn closed(self, number: u64, visitors: u64) -> Sum {
        Sum((self.is_exact() || visitors >= self.min_count).then_some(number))
    }

    /// A number of an open day that stands for so many visitors.
    pub(super) fn open(self, number: u64, visitors: u64) -> Sum {
        if self.is_exact() { Sum(Some(number)) } else { self.steps(number, visitors) }
    }

    fn steps(self, number: u64, visitors: u64) -> Sum {
        Sum((visitors >= self.min_count).then_some(number - number % self.min_count))
    }

    /// The sum of nothing: 0 where every number is exact, too few elsewhere.
    pub(super) fn nothing(self) -> Sum {
        Sum(self.is_exact().then_some(0))
    }
}

/// Published numbers, added up; `None` while nothing of them is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum(Option<u64>);

impl Sum {
    /// The number. Whether it is `rounded` must not depend on what was counted: of a period with an open day every
    /// number is, also where nobody came on that day, or it would tell of those who did.
    pub(super) fn number(self, rounded: bool) -> Number {
        match self.0 {
            None => Number::Fewer,
            Some(number) if rounded => Number::AtLeast(number),
            Some(number) => Number::Exact(number),
        }
    }
}

impl std::ops::AddAssign for Sum {
    fn add_assign(&mut self, more: Self) {
        self.0 = match (self.0, more.0) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
    }
}

impl Number {
    /// The number, without whether it is rounded; `None` where it is not shown. In JSON it is written so.
    #[must_use]
    pub fn value(self) -> Option<u64> {
        match self {
            Self::Exact(number) | Self::AtLeast(number) => Some(number),
            Self::Fewer => None,
        }
    }

    /// Whether it is shown and more than 0.
    #[must_use]
    pub fn says_something(self) -> bool {
        self.value().is_some_and(|number| number > 0)
    }

    /// How much of a whole it is, from 0 to 1; `None` where one of them is not shown or the whole is 0.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn part_of(self, whole: Self) -> Option<f64> {
        let whole = whole.value().filter(|whole| *whole > 0)?;
        Some((self.value()? as f64 / whole as f64).min(1.0))
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
    use crate::domain::counts::Closed;

    fn rule(min_count: u64, audience: Audience) -> Publication {
        Publication { min_count, today: day(9), audience }
    }

    fn day(number: i32) -> Day {
        Day::from_number(number).expect("a day")
    }

    #[test]
    fn an_open_days_numbers_go_in_steps_and_a_closed_ones_are_as_they_are() {
        let (five, one) = (rule(5, Audience::SignedIn), rule(1, Audience::SignedIn));
        let open = |rule: Publication| [(19, 7), (9, 4), (0, 0)].map(|(number, of)| rule.open(number, of).0);
        let closed =
            |rule: Publication| [(19, 7), (9, 4), (0, 0)].map(|(number, of)| rule.closed(number, of).0);
        assert_eq!((open(five), closed(five)), ([Some(15), None, None], [Some(19), None, None]));
        assert_eq!((open(one), closed(one)), ([Some(19), Some(9), Some(0)], [Some(19), Some(9), Some(0)]));
    }

    #[test]
    fn shares_are_exact_for_who_is_signed_in_and_go_in_steps_for_everybody_else() {
        let all = |rule: Publication| [0, 4, 12].map(|number| rule.happenings(number).0);
        assert_eq!(all(rule(5, Audience::SignedIn)), [Some(0), Some(4), Some(12)]);
        assert_eq!(all(rule(5, Audience::Public)), [None, None, Some(10)]);
        assert_eq!(all(rule(1, Audience::Public)), [Some(0), Some(4), Some(12)]);
    }

    #[test]
    fn a_sum_is_shown_as_soon_as_a_part_of_it_is() {
        let five = rule(5, Audience::SignedIn);
        let sum = |parts: &[Sum]| {
            let mut sum = five.nothing();
            for part in parts {
                sum += *part;
            }
            sum
        };
        assert_eq!(sum(&[]).number(false), Number::Fewer);
        assert_eq!(sum(&[five.closed(14, 7), five.closed(3, 0)]).number(false), Number::Exact(14));
        assert_eq!(sum(&[five.closed(14, 7), five.open(12, 12)]).number(true), Number::AtLeast(24));
        assert_eq!(sum(&[five.open(4, 4)]).number(true), Number::Fewer);
    }

    #[test]
    fn a_cell_that_is_too_small_is_not_seen() {
        let small = Amount { clicks: 9, visitors: 4, aggregate_clicks: 5 };
        let seen = rule(5, Audience::SignedIn).of_cell(small);
        assert_eq!(seen, Amount { clicks: 0, visitors: 0, aggregate_clicks: 5 });
        assert_eq!(rule(1, Audience::SignedIn).of_cell(small), small);
    }

    #[test]
    fn a_past_day_is_open_until_it_is_closed_with_this_threshold_or_a_greater_one() {
        let mark = BTreeMap::from([(day(7), Closed { min_count: 5, version: 1 })]);
        let closed = ClosedDays { before: Some(day(8)), days: mark };
        let open = |rule: Publication| [6, 7, 8, 9].map(|number| rule.is_open(day(number), &closed));
        assert_eq!(open(rule(5, Audience::SignedIn)), [false, false, true, true]);
        assert_eq!(open(rule(6, Audience::SignedIn)), [false, true, true, true]);
        assert_eq!(open(rule(1, Audience::SignedIn)), [false, false, false, true]);
    }

    #[test]
    fn a_part_of_what_is_not_shown_is_not_shown() {
        assert_eq!(Number::Exact(3).part_of(Number::AtLeast(12)), Some(0.25));
        assert_eq!(Number::Fewer.part_of(Number::Exact(12)), None);
        assert_eq!(Number::Exact(0).part_of(Number::Exact(0)), None);
    }
}
