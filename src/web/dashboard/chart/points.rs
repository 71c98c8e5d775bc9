//! The points of a drawing: days, or where those would be too many, weeks or months.
//!
//! A week or a month is the sum of what is published of its days, so it tells nothing that they do not. What stands with a whole
//! week is in the week that it is of, and in the month that has the week's Thursday; where days are drawn one by one, each such
//! week has a bar of its own, as wide as its days.

use std::borrow::Borrow;

use crate::domain::day::Day;
use crate::domain::week::Week;
use crate::i18n::Language;
use crate::stats::publication::Number;
use crate::stats::report::{Report, SeriesDay, SeriesWeek};

/// The most days that are drawn one by one.
const MOST_DAYS: usize = 93;
/// The most days that are drawn by weeks.
const MOST_DAYS_BY_WEEK: usize = 400;

/// What a point stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Grain {
    Day,
    /// A week from Monday to Sunday, as far as it is in the period.
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
    pub(in crate::web) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Whether a new point begins with a day.
    fn begins(self, day: Day) -> bool {
        match self {
            Self::Day => true,
            Self::Week => Week::of(day).first() == day,
            Self::Month => day.to_string().ends_with("-01"),
        }
    }
}

/// What is drawn and stands in the table behind.
#[derive(Clone, Debug)]
pub(in crate::web) struct Series {
    pub(in crate::web) grain: Grain,
    pub(in crate::web) points: Vec<Point>,
    /// Where points are days: what stands with whole weeks.
    pub(in crate::web) weeks: Vec<WeekBar>,
}

/// A day, a week or a month.
#[derive(Clone, Debug)]
pub(in crate::web) struct Point {
    /// Its first day, ISO.
    pub(in crate::web) from: String,
    /// Its last day, ISO.
    pub(in crate::web) to: String,
    pub(in crate::web) shares: Number,
    pub(in crate::web) unfurls: Number,
    pub(in crate::web) clicks: Number,
    pub(in crate::web) visitors: Number,
    /// Bare counts.
    pub(in crate::web) bare: Number,
    /// The clicks of the same place in the period before.
    pub(in crate::web) before: Option<Number>,
    /// Whether a day of it is not closed.
    pub(in crate::web) open: bool,
    /// Whether it ends with the present day, of which there is something to see.
    pub(in crate::web) today: bool,
}

/// What stands with a whole week.
#[derive(Clone, Debug)]
pub(in crate::web) struct WeekBar {
    /// Its first and its last day, ISO.
    pub(in crate::web) from: String,
    pub(in crate::web) to: String,
    /// The places of these days.
    pub(in crate::web) first: usize,
    pub(in crate::web) last: usize,
    pub(in crate::web) clicks: Number,
    pub(in crate::web) visitors: Number,
    /// Bare counts.
    pub(in crate::web) bare: Number,
}

/// A row of the table behind the drawing; a week's has no shares and no unfurls.
#[derive(Clone, Debug)]
pub(in crate::web) struct Line {
    pub(in crate::web) when: String,
    pub(in crate::web) shares: Option<Number>,
    pub(in crate::web) unfurls: Option<Number>,
    pub(in crate::web) clicks: Number,
    pub(in crate::web) visitors: Number,
    pub(in crate::web) bare: Number,
}

impl Series {
    /// The series of a report. On days before `made`, everybody can see that there was nothing.
    pub(in crate::web) fn of(report: &Report, today: Day, made: Option<Day>) -> Self {
        let days = &report.series;
        let grain = Grain::of(days.len());
        let has_weeks = |weeks: &[SeriesWeek]| weeks.iter().any(says_something);
        // The days of two periods stand beside each other, and their weeks do not.
        let comparable = |weeks_before: &[SeriesWeek]| match grain {
            Grain::Day => true,
            Grain::Week => !has_weeks(&report.weeks) && !has_weeks(weeks_before),
            Grain::Month => false,
        };
        let before = report.before.as_ref().filter(|before| comparable(&before.weeks));
        let mut points: Vec<Point> = Vec::new();
        for (place, day) in days.iter().enumerate() {
            let before = before.and_then(|before| before.series.get(place));
            let of_day = Point::of(day, before.map(|day| day.numbers.clicks), today, made);
            match points.last_mut() {
                Some(point) if !grain.begins(day.day) => point.add(of_day),
                _ => points.push(of_day),
            }
        }
        let mut series = Self { grain, points, weeks: Vec::new() };
        for week in report.weeks.iter().filter(|week| says_something(week)) {
            series.add_week(week);
        }
        series
    }

    fn add_week(&mut self, week: &SeriesWeek) {
        let SeriesWeek { week, clicks, visitors, opens: bare } = week.clone();
        let place = |day: Day| {
            let day = day.to_string();
            self.points.iter().position(|point| point.from <= day && day <= point.to)
        };
        let (from, to) = (week.first(), week.last());
        if self.grain == Grain::Day {
            let Some((first, last)) = place(from).zip(place(to)) else { return };
            let (from, to) = (from.to_string(), to.to_string());
            self.weeks.push(WeekBar { from, to, first, last, clicks, visitors, bare });
        } else if let Some(place) = place(from.plus(3)) {
            let point = &mut self.points[place];
            point.clicks = point.clicks.and(clicks);
            point.visitors = point.visitors.and(visitors);
            point.bare = point.bare.and(bare);
        }
    }

    /// The rows of the table behind the drawing, the newest first; what stands with a whole week is before its days.
    pub(in crate::web) fn lines(&self, language: impl Borrow<Language>) -> Vec<Line> {
        let language = *language.borrow();
        let mut lines = Vec::new();
        for (place, point) in self.points.iter().enumerate().rev() {
            let weeks = self.weeks.iter().filter(|week| week.last == place);
            lines.extend(weeks.map(|week| week.line(language)));
            lines.push(Line {
                when: point.words(self.grain, language),
                shares: Some(point.shares),
                unfurls: Some(point.unfurls),
                clicks: point.clicks,
                visitors: point.visitors,
                bare: point.bare,
            });
        }
        lines
    }

    /// The week that a place is in and that has something of its own.
    pub(in crate::web) fn week_of(&self, place: usize) -> Option<&WeekBar> {
        self.weeks.iter().find(|week| (week.first..=week.last).contains(&place))
    }

    /// Which entries the legend and the table behind need.
    pub(in crate::web) fn has_before(&self) -> bool {
        self.points.iter().any(|point| point.before.is_some_and(Number::says_something))
    }

    pub(in crate::web) fn has_few(&self) -> bool {
        self.points.iter().any(|point| point.clicks == Number::Suppressed)
    }

    pub(in crate::web) fn has_weeks(&self) -> bool {
        !self.weeks.is_empty()
    }

    pub(in crate::web) fn has_today(&self) -> bool {
        self.points.iter().any(|point| point.today)
    }

    pub(in crate::web) fn has_open(&self) -> bool {
        self.points.iter().any(|point| point.open)
    }

    pub(in crate::web) fn is_by_day(&self) -> bool {
        self.grain == Grain::Day
    }

    /// The first and the last day, ISO.
    pub(in crate::web) fn ends(&self) -> [&str; 2] {
        let (first, last) = (self.points.first(), self.points.last());
        [first.map_or("", |point| &point.from), last.map_or("", |point| &point.to)]
    }
}

fn says_something(week: &SeriesWeek) -> bool {
    [week.clicks, week.opens].into_iter().any(Number::says_something)
}

impl WeekBar {
    fn line(&self, language: Language) -> Line {
        let (from, to) = (language.short_day(&self.from), language.day(&self.to));
        Line {
            when: language.say("stats-with-week").text("from", from).text("to", to).to_string(),
            shares: None,
            unfurls: None,
            clicks: self.clicks,
            visitors: self.visitors,
            bare: self.bare,
        }
    }
}

impl Point {
    fn of(day: &SeriesDay, before: Option<Number>, today: Day, made: Option<Day>) -> Self {
        let count = |number: Number| match number {
            Number::Suppressed if made.is_some_and(|made| day.day < made) => Number::Shown(0),
            number => number,
        };
        let numbers = &day.numbers;
        Self {
            from: day.day.to_string(),
            to: day.day.to_string(),
            shares: count(numbers.shares),
            unfurls: count(numbers.unfurls),
            clicks: count(numbers.clicks),
            visitors: count(numbers.visitors),
            bare: count(numbers.opens),
            before,
            open: day.open,
            today: day.day == today && !numbers.are_suppressed(),
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
    }

    /// When it is, in full.
    pub(in crate::web) fn words(&self, grain: impl Borrow<Grain>, language: impl Borrow<Language>) -> String {
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
    pub(in crate::web) fn name(&self, grain: Grain, language: Language) -> String {
        match grain {
            Grain::Day if self.today => language.say("stats-today").to_string(),
            Grain::Day | Grain::Week => language.short_day(&self.from),
            Grain::Month => language.short_month(&self.from),
        }
    }
}
