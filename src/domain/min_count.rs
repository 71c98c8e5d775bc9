//! A site's k, `min_count`: how many people a published number stands for at least, and since when.
//!
//! A change of k counts from the next day, so that nobody can look at one day with two of them. Days that are closed
//! keep the k that they were closed with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::day::Day;
use crate::domain::rule::CodedError;
use crate::domain::week::Week;

/// How many changes are remembered; of days before them the earliest one holds.
const REMEMBERED: usize = 8;

/// A k: 1, with which every number is exact, or 5 to 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct MinCount(u8);

/// The number is no k.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1, or 5 to 20")]
pub struct MinCountError;

impl CodedError for MinCountError {
    fn code(&self) -> &'static str {
        "not_a_min_count"
    }
}

impl MinCount {
    /// Every number is exact.
    pub const EXACT: Self = Self(1);
    /// What holds where nobody has chosen.
    pub const DEFAULT: Self = Self(5);

    /// Returns all that can be chosen, in their order.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(1).chain(5..=20).map(Self)
    }

    /// Returns the number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.into()
    }

    /// Returns whether every number is exact.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self == Self::EXACT
    }
}

impl Default for MinCount {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u64> for MinCount {
    type Error = MinCountError;

    fn try_from(number: u64) -> Result<Self, MinCountError> {
        match u8::try_from(number) {
            Ok(number @ (1 | 5..=20)) => Ok(Self(number)),
            _ => Err(MinCountError),
        }
    }
}

impl From<MinCount> for u64 {
    fn from(k: MinCount) -> Self {
        k.get()
    }
}

impl std::str::FromStr for MinCount {
    type Err = MinCountError;

    fn from_str(text: &str) -> Result<Self, MinCountError> {
        text.parse::<u64>().map_err(|_| MinCountError)?.try_into()
    }
}

impl fmt::Display for MinCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A site's k with its latest changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinCounts {
    /// The k before all changes that are remembered.
    first: MinCount,
    /// Each k with the first day that it holds on, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<(Day, MinCount)>,
}

impl MinCounts {
    /// A k that has held since ever.
    #[must_use]
    pub const fn always(k: MinCount) -> Self {
        Self { first: k, since: Vec::new() }
    }

    /// Returns the k of a day.
    #[must_use]
    pub fn on(&self, day: Day) -> MinCount {
        let began = self.since.partition_point(|(since, _)| *since <= day);
        began.checked_sub(1).map_or(self.first, |last| self.since[last].1)
    }

    /// Returns the k of a week: the greatest one of its days, whatever was counted on them.
    #[must_use]
    pub fn of_week(&self, week: Week) -> MinCount {
        week.first().to(week.last()).map(|day| self.on(day)).max().unwrap_or(self.first)
    }

    /// Returns the k that was chosen last, which holds tomorrow at the latest.
    #[must_use]
    pub fn chosen(&self) -> MinCount {
        self.since.last().map_or(self.first, |(_, k)| *k)
    }

    /// Chooses the k that holds from tomorrow on.
    pub fn choose(&mut self, k: MinCount, today: Day) {
        let tomorrow = today.plus(1);
        self.since.retain(|(since, _)| *since < tomorrow);
        if self.chosen() != k {
            self.since.push((tomorrow, k));
        }
        while self.since.len() > REMEMBERED {
            self.first = self.since.remove(0).1;
        }
    }

    /// Returns about how many bytes it takes beside itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.since)
    }
}

impl Default for MinCounts {
    fn default() -> Self {
        Self::always(MinCount::DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(number: u64) -> MinCount {
        number.try_into().expect("a k")
    }

    fn day(number: i32) -> Day {
        Day::from_number(number).expect("a day")
    }

    #[test]
    fn a_k_is_1_or_5_to_20() {
        let taken: Vec<u64> = (0..300).filter(|number| MinCount::try_from(*number).is_ok()).collect();
        assert_eq!(taken, [1].into_iter().chain(5..=20).collect::<Vec<_>>());
        assert!(MinCount::all().map(MinCount::get).eq(taken));
        assert!(
            "5".parse() == Ok(k(5)) && "".parse::<MinCount>().is_err() && "4".parse::<MinCount>().is_err()
        );
        assert!(serde_json::from_str::<MinCount>("4").is_err());
    }

    #[test]
    fn a_change_counts_from_the_next_day_and_the_last_one_of_a_day_holds() {
        let mut of_site = MinCounts::always(k(5));
        of_site.choose(k(1), day(10));
        of_site.choose(k(20), day(10));
        assert_eq!([9, 10, 11].map(|number| of_site.on(day(number))), [5, 5, 20].map(k));
        of_site.choose(k(5), day(10));
        assert_eq!(of_site, MinCounts::always(k(5)), "what was taken back was never a change");
        of_site.choose(k(6), day(12));
        of_site.choose(k(7), day(20));
        assert_eq!([12, 13, 20, 21].map(|number| of_site.on(day(number))), [5, 6, 6, 7].map(k));
        assert_eq!(of_site.chosen(), k(7));
        let json = serde_json::to_string(&of_site).expect("json");
        assert_eq!(serde_json::from_str::<MinCounts>(&json).expect("what was written"), of_site);
    }

    #[test]
    fn eight_changes_are_remembered() {
        let mut of_site = MinCounts::default();
        for (number, today) in (6..=20).zip(1..) {
            of_site.choose(k(number), day(today));
        }
        assert_eq!(of_site.since.len(), 8);
        assert_eq!((of_site.on(day(15)), of_site.on(day(9)), of_site.on(day(1))), (k(19), k(13), k(12)));
    }
}
