//! The points of a drawing: days, or where those would be too many, weeks or months.
//!
//! A week or a month is the sum of what is published of its days, so it tells nothing that they do not.

use std::borrow::Borrow;

use crate::domain::day::Day;
use crate::domain::publication::Number;
use crate::domain::report::{Report, SeriesDay};
use crate::language::{Count, Language};

/// The most days that are drawn one by one.
const MOST_DAYS: usize = 93;
/// The most days that are drawn by weeks.
const MOST_DAYS_BY_WEEK: usize = 400;

/// What a point stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Grain {
    Day,
    /// Seven days; the last of them ends with the period.
    Week,
    /// A month of the calendar.
    Month,
}

impl Grain {
    /// The grain in which so many days can be told apart on a phone.
    fn of(days: usize) -> Self {
        if days <= MOST_DAYS {
            Self::Day
        } else if days <= MOST_DAYS_BY_WEEK {
            Self::Week
        } else {
            Self::Month
        }
    }

    /// Its name in messages.
    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Whether a new point begins with the day at `place` of `days`.
    fn begins(self, day: Day, place: usize, days: usize) -> bool {
        match self {
            Self::Day => true,
            Self::Week => (days - place).is_multiple_of(7),
            Self::Month => day.to_string().ends_with("-01"),
        }
    }
}

/// What is drawn and stands in the table behind.
#[derive(Clone, Debug)]
pub(in crate::http) struct Series {
    pub(in crate::http) grain: Grain,
    pub(in crate::http) points: Vec<Point>,
    /// `k`.
    pub(in crate::http) min_count: u64,
}

/// A day, a week or a month.
#[derive(Clone, Debug)]
pub(in crate::http) struct Point {
    /// Its first day, ISO.
    pub(in crate::http) from: String,
    /// Its last day, ISO.
    pub(in crate::http) to: String,
    pub(in crate::http) shares: Count,
    pub(in crate::http) unfurls: Count,
    pub(in crate::http) clicks: Count,
    pub(in crate::http) visitors: Count,
    /// Bare counts.
    pub(in crate::http) bare: Count,
    /// The clicks of the same place in the period before.
    pub(in crate::http) before: Option<Count>,
    /// Whether a day of it is not closed.
    pub(in crate::http) open: bool,
    /// Whether it ends with the present day.
    pub(in crate::http) today: bool,
    /// So many of its days had too few clicks to be in it.
    pub(in crate::http) left_out: u64,
}

impl Series {
    /// The series of a report. On days before `made`, everybody can see that there was nothing.
    pub(in crate::http) fn of(report: &Report, today: Day, made: Option<Day>) -> Self {
        let (days, k) = (&report.series, report.min_count);
        let grain = Grain::of(days.len());
        let before = report.before.as_ref().filter(|_| grain != Grain::Month).map(|before| &before.series);
        let mut points: Vec<Point> = Vec::new();
        for (place, day) in days.iter().enumerate() {
            let clicks = |day: &SeriesDay| Count::of(day.clicks, day.open.then_some(k));
            let of_day = Point::of(day, before.and_then(|days| days.get(place)).map(clicks), k, today, made);
            match points.last_mut() {
                Some(point) if !grain.begins(day.day, place, days.len()) => point.add(of_day),
                _ => points.push(of_day),
            }
        }
        Self { grain, points, min_count: k }
    }

    /// Whether small numbers are held back, and one below the threshold.
    pub(in crate::http) fn holds_back(&self) -> bool {
        self.min_count > 1
    }

    pub(in crate::http) fn less(&self) -> u64 {
        self.min_count.saturating_sub(1)
    }

    /// Which entries the legend and the table behind need.
    pub(in crate::http) fn has_before(&self) -> bool {
        self.points.iter().any(|point| point.before.and_then(Count::number).is_some_and(|before| before > 0))
    }

    pub(in crate::http) fn has_few(&self) -> bool {
        self.points.iter().any(|point| point.clicks.number().is_none())
    }

    pub(in crate::http) fn has_today(&self) -> bool {
        self.points.iter().any(|point| point.today)
    }

    pub(in crate::http) fn has_open(&self) -> bool {
        self.points.iter().any(|point| point.open)
    }

    pub(in crate::http) fn is_by_day(&self) -> bool {
        self.grain == Grain::Day
    }

    /// The first and the last day, ISO.
    pub(in crate::http) fn ends(&self) -> [&str; 2] {
        let (first, last) = (self.points.first(), self.points.last());
        [first.map_or("", |point| &point.from), last.map_or("", |point| &point.to)]
    }
}

impl Point {
    fn of(day: &SeriesDay, before: Option<Count>, k: u64, today: Day, made: Option<Day>) -> Self {
        let count = |number: Number| match number {
            Number::Fewer if made.is_some_and(|made| day.day < made) => Count::Exact(0),
            number => Count::of(number, day.open.then_some(k)),
        };
        Self {
            from: day.day.to_string(),
            to: day.day.to_string(),
            shares: count(day.shares),
            unfurls: count(day.unfurls),
            clicks: count(day.clicks),
            visitors: count(day.visitors),
            bare: count(day.aggregate_clicks),
            before,
            open: day.open,
            today: day.day == today,
            left_out: u64::from(count(day.clicks).number().is_none()),
        }
    }

    fn add(&mut self, other: Self) {
        self.to = other.to;
        self.shares = self.shares.and(other.shares);
        self.unfurls = self.unfurls.and(other.unfurls);
        self.clicks = self.clicks.and(other.clicks);
        self.visitors = self.visitors.and(other.visitors);
        self.bare = self.bare.and(other.bare);
        self.before = match (self.before, other.before) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
        self.open |= other.open;
        self.today |= other.today;
        self.left_out += other.left_out;
    }

    /// When it is, in full.
    pub(in crate::http) fn words(
        &self,
        grain: impl Borrow<Grain>,
        language: impl Borrow<Language>,
    ) -> String {
        let (grain, language) = (*grain.borrow(), *language.borrow());
        match grain {
            Grain::Day if self.today => {
                language.say("stats-today-so-far").text("day", language.day(&self.from)).to_string()
            }
            Grain::Day if self.open => {
                language.say("stats-not-closed").text("day", language.day(&self.from)).to_string()
            }
            Grain::Day => language.day(&self.from),
            Grain::Week => {
                let (from, to) = (language.short_day(&self.from), language.day(&self.to));
                language.say("stats-week").text("from", from).text("to", to).to_string()
            }
            Grain::Month => language.month(&self.from),
        }
    }

    /// The same for a narrow place.
    pub(in crate::http) fn name(&self, grain: Grain, language: Language) -> String {
        match grain {
            Grain::Day if self.today => language.say("stats-today").to_string(),
            Grain::Day | Grain::Week => language.short_day(&self.from),
            Grain::Month => language.short_month(&self.from),
        }
    }
}
