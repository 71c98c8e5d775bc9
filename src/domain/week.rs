//! A week of UTC days, from Monday to Sunday, as ISO 8601 counts them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::ISOWeekDate;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::day::Day;

/// Days from 1970-01-01, a Thursday, back to its week's Monday.
const SHIFT: i32 = 3;

/// A week, as the number of weeks since the one of 1970-01-01. Written `2026-W48`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(i32);

impl Week {
    /// Returns the week that a day is in.
    #[must_use]
    pub fn of(day: Day) -> Self {
        Self((day.number() + SHIFT).div_euclid(7))
    }

    /// Returns the week with this number; `None` where it is not wholly within the years that days are of.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let monday = number.checked_mul(7)?.checked_sub(SHIFT)?;
        Day::from_number(monday).and(Day::from_number(monday.checked_add(6)?)).map(|_| Self(number))
    }

    /// Returns the number of weeks since the one of 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// Returns its Monday.
    #[must_use]
    pub fn first(self) -> Day {
        Day::from_number(self.0 * 7 - SHIFT).unwrap_or_else(|| Day::of(Timestamp::MIN))
    }

    /// Returns its Sunday.
    #[must_use]
    pub fn last(self) -> Day {
        self.first().plus(6)
    }

    /// Returns the week after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the weeks that lie wholly within these days, the earliest first.
    pub fn within(first: Day, last: Day) -> impl DoubleEndedIterator<Item = Self> {
        let begins = Self::of(first.plus(6)).0;
        let ends = Self::of(last.plus(1)).0;
        (begins..ends).map(Self)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.first().start().to_zoned(TimeZone::UTC).date().iso_week_date();
        write!(f, "{:04}-W{:02}", date.year(), date.week())
    }
}

/// The text is not a week of the form `2026-W48`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a week such as 2026-W48")]
pub struct WeekError;

impl FromStr for Week {
    type Err = WeekError;

    fn from_str(text: &str) -> Result<Self, WeekError> {
        let digits = |text: &str, length| {
            let all = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| text.parse::<i16>().ok()).flatten()
        };
        let (year, week) = text.split_once("-W").ok_or(WeekError)?;
        let (year, week) = digits(year, 4).zip(digits(week, 2)).ok_or(WeekError)?;
        let week = i8::try_from(week).map_err(|_| WeekError)?;
        let monday =
            ISOWeekDate::new(year, week, jiff::civil::Weekday::Monday).map_err(|_| WeekError)?.date();
        monday.to_string().parse().map(Self::of).map_err(|_| WeekError)
    }
}

impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Week {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_week_begins_on_monday_and_is_written_as_iso_8601_says() {
        for (text, week) in [
            ("2026-11-30", "2026-W49"),
            ("2026-11-29", "2026-W48"),
            ("2027-01-01", "2026-W53"),
            ("2024-12-30", "2025-W01"),
            ("1970-01-01", "1970-W01"),
            ("1969-12-28", "1969-W52"),
        ] {
            assert_eq!(Week::of(day(text)).to_string(), week);
            assert_eq!(week.parse(), Ok(Week::of(day(text))));
        }
        let week = Week::of(day("2026-12-02"));
        assert_eq!((week.first(), week.last()), (day("2026-11-30"), day("2026-12-06")));
        assert_eq!(Week::from_number(week.number()), Some(week));
        for wrong in ["", "2026-W54", "2025-W53", "2026W48", "2026-W4", "+026-W04", "2026-W-1"] {
            assert_eq!(wrong.parse::<Week>(), Err(WeekError), "{wrong}");
        }
    }

    #[test]
    fn a_period_has_the_weeks_that_lie_wholly_in_it() {
        let within = |first: &str, last: &str| {
            Week::within(day(first), day(last)).map(|week| week.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(within("2026-11-23", "2026-12-06"), ["2026-W48", "2026-W49"]);
        assert_eq!(within("2026-11-24", "2026-12-06"), ["2026-W49"]);
        assert_eq!(within("2026-11-24", "2026-12-05"), Vec::<String>::new());
        assert_eq!(within("2026-12-05", "2026-12-01"), Vec::<String>::new());
    }
}
