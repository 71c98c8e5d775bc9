//! The weekly digest: when it is due, and which days it is about.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::domain::day::Day;
use crate::domain::week::Week;
use crate::stats::report::Period;

/// When a digest is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The day of the week.
    pub weekday: Weekday,
    /// The hour, UTC.
    pub hour: u8,
}

impl Schedule {
    /// The last day up to `now` on which one was due: that day's hour is over.
    #[must_use]
    pub fn last_due(self, now: Timestamp) -> Day {
        let hours_before = now - SignedDuration::from_hours(i64::from(self.hour));
        let day = Day::of(hours_before);
        day.plus(-(Weekday::of(day).0 - self.weekday.0).rem_euclid(7))
    }

    /// When the digest of that day is due.
    #[must_use]
    pub fn time(self, due: Day) -> Timestamp {
        due.start() + SignedDuration::from_hours(i64::from(self.hour))
    }
}

/// Returns the days of the digest that is due on a day: the last whole week before it, from Monday to Sunday. Seven other days
/// would have none of the cells that stand with a whole week.
#[must_use]
pub fn week_before(due: Day) -> Period {
    let week = Week::of(Week::of(due).first().plus(-1));
    Period { first: week.first(), last: week.last() }
}

/// A day of the week: 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekday(i32);

impl Weekday {
    /// The day on which the week begins (ISO 8601).
    pub const MONDAY: Self = Self(0);

    fn of(day: Day) -> Self {
        // 1970-01-01 was a Thursday.
        Self((day.number() + 3).rem_euclid(7))
    }
}

const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The text is not a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day of the week such as monday")]
pub struct WeekdayError;

impl FromStr for Weekday {
    type Err = WeekdayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = (0..).zip(NAMES).find(|(_, name)| name.eq_ignore_ascii_case(text));
        found.map(|(number, _)| Self(number)).ok_or(WeekdayError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(weekday: &str, hour: u8, now: &str) -> String {
        let schedule = Schedule { weekday: weekday.parse().expect("a weekday"), hour };
        let now: Timestamp = now.parse().expect("a time");
        let due = schedule.last_due(now);
        assert!(schedule.time(due) <= now && schedule.time(due.plus(7)) > now);
        due.to_string()
    }

    #[test]
    fn a_digest_is_due_once_a_week_from_its_hour_on() {
        // 2026-11-23 is a Monday.
        assert_eq!(due("monday", 7, "2026-11-23T06:59:59.999Z"), "2026-11-16");
        assert_eq!(due("monday", 7, "2026-11-23T07:00:00Z"), "2026-11-23");
        assert_eq!(due("Monday", 7, "2026-11-30T06:59:59Z"), "2026-11-23");
        assert_eq!(due("sunday", 23, "2026-11-23T12:00:00Z"), "2026-11-22");
        assert_eq!(due("sunday", 0, "2026-11-22T00:00:00Z"), "2026-11-22");
        assert_eq!(due("tuesday", 0, "2026-11-23T23:59:59Z"), "2026-11-17");
        assert!("someday".parse::<Weekday>().is_err());
    }

    #[test]
    fn it_is_about_the_last_whole_week_before() {
        for due in ["2026-11-23", "2026-11-24", "2026-11-29"] {
            let week = week_before(due.parse().expect("a day"));
            assert_eq!(
                (week.first.to_string(), week.last.to_string()),
                ("2026-11-16".into(), "2026-11-22".into())
            );
            assert_eq!(week.weeks().count(), 1);
            assert_eq!(week.before().first.to_string(), "2026-11-09");
        }
    }
}
