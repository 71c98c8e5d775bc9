//! A UTC calendar day: the only grain of time that a count ever has.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::rule::CodedError;

const SECONDS_A_DAY: i64 = 86_400;
/// 0001-01-01.
const FIRST: Day = Day(-719_162);
/// 9999-12-30, the last one that ends before jiff's time does.
const LAST: Day = Day(2_932_895);

/// A UTC day, as the number of days since 1970-01-01. Written `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The UTC day that `time` falls in.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let days = time.as_second().div_euclid(SECONDS_A_DAY);
        Self(i32::try_from(days).expect("jiff's timestamps span fewer than 2^31 days"))
    }

    /// The last day of something that ends at `end`: it is over with that day where it ends at midnight.
    #[must_use]
    pub fn last_before(end: Timestamp) -> Self {
        Self::of(end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end))
    }

    /// The day with this number, counted from 1970-01-01; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Some(Self(number)).filter(|day| (FIRST..=LAST).contains(day))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The first instant of this day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::constant(0, 0) + SignedDuration::from_secs(i64::from(self.0) * SECONDS_A_DAY)
    }

    /// The day `days` later (earlier when negative), kept within the years 1 to 9999.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days)).clamp(FIRST, LAST)
    }

    /// The same day of the month, `months` earlier; the last day of a month that is shorter.
    #[must_use]
    pub fn months_before(self, months: u32) -> Self {
        let span = Span::new().try_months(months);
        let earlier = span.and_then(|span| self.date().checked_sub(span));
        earlier.map_or(FIRST, Self::from_date)
    }

    /// Every day from `self` to `last`, both included.
    pub fn to(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    fn from_date(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        Self((date - epoch).get_days())
    }

    fn date(self) -> Date {
        self.start().to_zoned(TimeZone::UTC).date()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// The text is not a day of the form `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day such as 2026-11-21")]
pub struct DayError;

impl CodedError for DayError {
    fn code(&self) -> &'static str {
        "not_a_day"
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = text.parse::<Date>().ok().filter(|_| plain).ok_or(DayError)?;
        Self::from_number(Self::from_date(date).0).ok_or(DayError)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_utc_and_not_before() {
        let midnight: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
        assert_eq!(Day::of(midnight).to_string(), "2026-11-22");
        assert_eq!(Day::of(midnight - SignedDuration::from_nanos(1)).to_string(), "2026-11-21");
        assert_eq!(Day::last_before(midnight).to_string(), "2026-11-21");
        assert_eq!(Day::last_before(midnight + SignedDuration::from_nanos(1)).to_string(), "2026-11-22");
        assert_eq!(Day::of(midnight).start(), midnight);
    }

    #[test]
    fn a_month_earlier_is_the_same_day_or_the_last_of_a_shorter_month() {
        let day: Day = "2026-03-31".parse().expect("a day");
        assert_eq!(day.months_before(13).to_string(), "2025-02-28");
        assert_eq!(day.months_before(u32::MAX).to_string(), "0001-01-01");
    }

    #[test]
    fn days_begin_and_end_with_their_years() {
        assert_eq!((FIRST.to_string(), LAST.to_string()), ("0001-01-01".into(), "9999-12-30".into()));
        assert_eq!((Day::from_number(FIRST.0 - 1), Day::from_number(LAST.0 + 1)), (None, None));
    }

    #[test]
    fn only_whole_dates_are_days() {
        for wrong in
            ["", "2026-11", "2026-13-01", "2026-11-21T00:00:00", "21.11.2026", "+02026-11-21", "0000-01-01"]
        {
            assert_eq!(wrong.parse::<Day>(), Err(DayError), "{wrong}");
        }
        assert_eq!("1970-01-02".parse::<Day>().map(Day::number), Ok(1));
    }
}
