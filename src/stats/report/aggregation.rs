//! One way through the days and the weeks of a period: what they come to together, by day and by week, and in groups.

use std::ops::AddAssign;
use std::sync::Arc;
use std::thread::{available_parallelism, scope};

use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::min_count::MinCount;
use crate::domain::week::Week;
use crate::stats::publication::Audience;
use crate::stats::report::apps::Apps;
use crate::stats::report::block::{Block, Row};
use crate::stats::report::dictionary::Dictionary;
use crate::stats::report::groups::GroupSums;
use crate::stats::report::links::LinkScores;
use crate::stats::report::mask::Mask;
use crate::stats::report::sums::{Form, Raw};
use crate::stats::report::{Grouping, Numbers, SeriesDay, SeriesWeek};

/// A day that a report is made of.
#[derive(Debug, Clone)]
pub struct ReportDay {
    /// The day.
    pub day: Day,
    /// The site's k of that day.
    pub min_count: MinCount,
    /// Whether it is not over, or not closed yet.
    pub open: bool,
    /// What is shown of it; `None` where that is nothing.
    pub block: Option<Arc<Block>>,
}

/// A week that lies wholly in a report's period, and has cells or may have some.
#[derive(Debug, Clone)]
pub struct ReportWeek {
    /// The week.
    pub week: Week,
    /// Its cells, which are of no link; `None` where there are none.
    pub block: Option<Arc<Block>>,
}

/// What the days are looked at with.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) mask: &'a Mask,
    pub(super) audience: Audience,
    /// How many rows there are.
    pub(super) rows: usize,
}

impl<'a> Lens<'a> {
    /// For these days.
    pub(super) fn new(
        dictionary: &'a Dictionary,
        mask: &'a Mask,
        audience: Audience,
        days: &[ReportDay],
    ) -> Self {
        Self { dictionary, mask, audience, rows: 0 }.on(days)
    }

    /// The same for other days.
    pub(super) fn on(self, days: &[ReportDay]) -> Self {
        Self { rows: days.iter().map(rows_of).sum(), ..self }
    }

    /// How sums of days are published.
    pub(super) fn form<'d>(&self, days: impl IntoIterator<Item = &'d ReportDay>) -> Form {
        let mut form = Form { exact: true, visits: false, audience: self.audience };
        for day in days {
            form.exact &= day.min_count.is_exact();
            form.visits |= !day.open || day.min_count.is_exact();
        }
        form
    }

    /// The shares of a day, or of a part of it, that are shown of so many.
    pub(super) fn shares(&self, number: u64, day: &ReportDay) -> u64 {
        self.audience.shares(number, day.min_count, day.open)
    }

    /// Whether the shares of a day are rounded for each group.
    fn rounds(&self, day: &ReportDay) -> bool {
        self.audience == Audience::Public && !day.min_count.is_exact()
    }

    /// Whether a row meets the filter.
    pub(super) fn takes(&self, row: &Row) -> bool {
        self.mask.takes(row)
    }

    /// The rows of a block that meet the filter; `room` is for them.
    fn rows<'d>(&self, block: Option<&'d Arc<Block>>, room: &'d mut Vec<Row>) -> &'d [Row] {
        self.mask.of(block.map_or(&[], |block| block.rows()), room)
    }

    /// Whose unfurls rows of a day have that meet the filter.
    fn apps<'d>(&self, day: &'d ReportDay) -> impl Iterator<Item = (&'d Row, Family, u64)> {
        let apps = day.block.as_deref().map(|block| block.apps(0..block.rows().len()));
        apps.into_iter().flatten().filter(|(row, ..)| self.mask.takes(row))
    }
}

/// The number of rows from which on the days are added up on several threads.
const MANY_ROWS: usize = 100_000;
/// The most threads that add up days.
const THREADS: usize = 4;

/// The sums of a period's days. Those of two parts of a period are the one [plus](AddAssign) the other.
pub(super) struct Aggregation<'a> {
    pub(super) series: Vec<SeriesDay>,
    pub(super) weeks: Vec<SeriesWeek>,
    pub(super) tables: Vec<GroupSums<'a>>,
    pub(super) links: Option<LinkScores>,
    total: Raw,
    apps: Apps,
}

impl<'a> Aggregation<'a> {
    /// Returns an aggregation of no days, with a table for each grouping and with links where they are wanted.
    pub(super) fn new(lens: Lens<'a>, by: &[Grouping], links: bool) -> Self {
        let tables = by.iter().map(|by| GroupSums::new(*by, lens)).collect();
        let links = links.then(|| LinkScores::new(lens));
        let (series, weeks) = (Vec::new(), Vec::new());
        Self { series, weeks, tables, links, total: Raw::default(), apps: Apps::default() }
    }

    /// Adds days; where they are large, a part of them on each of several threads.
    pub(super) fn add(&mut self, days: &[ReportDay], lens: Lens<'a>) {
        let threads = available_parallelism().map_or(1, |number| number.get().min(THREADS));
        self.add_in_parts(days, lens, if lens.rows < MANY_ROWS { 1 } else { threads });
    }

    /// Adds days, each of so many parts on a thread of its own.
    pub(super) fn add_in_parts(&mut self, days: &[ReportDay], lens: Lens<'a>, number: usize) {
        let parts = parts(days, number);
        let Some((first, others)) = parts.split_first() else { return };
        let by: Vec<_> = self.tables.iter().map(GroupSums::by).collect();
        scope(|scope| {
            let others: Vec<_> = others
                .iter()
                .map(|days| {
                    let mut part = Self::new(lens, &by, self.links.is_some());
                    scope.spawn(move || {
                        part.add_part(days, lens);
                        part
                    })
                })
                .collect();
            self.add_part(first, lens);
            for part in others {
                *self += part.join().expect("adding up does not panic");
            }
        });
    }

    fn add_part(&mut self, days: &[ReportDay], lens: Lens<'_>) {
        let mut room = Vec::new();
        for day in days {
            let rows = lens.rows(day.block.as_ref(), &mut room);
            let (mut all, shares) = (sum(rows), |number| lens.shares(number, day));
            all.shares = shares(all.shares);
            let rounds = lens.rounds(day);
            for table in &mut self.tables {
                if rounds { table.add_rounded(rows, shares) } else { table.add(rows) }
            }
            match &mut self.links {
                Some(links) if rounds => links.add_rounded(rows, shares),
                Some(links) => links.add(rows),
                None => {}
            }
            let mut known = Apps::default();
            for (row, family, unfurls) in lens.apps(day) {
                known.add(family, unfurls);
                for table in &mut self.tables {
                    table.add_app(row.kind, family, unfurls);
                }
                if let Some(links) = &mut self.links {
                    links.add_app(row.link, family, unfurls);
                }
            }
            self.apps += known;
            self.total += all;
            self.series.push(SeriesDay {
                day: day.day,
                numbers: lens.form([day]).numbers(all, known),
                open: day.open,
            });
        }
    }

    /// Adds the cells of weeks to the whole and to the groups. They are of no day and of no link.
    pub(super) fn add_weeks(&mut self, weeks: &[ReportWeek], lens: Lens<'_>) {
        let mut room = Vec::new();
        for week in weeks {
            let rows = lens.rows(week.block.as_ref(), &mut room);
            for table in &mut self.tables {
                table.add(rows);
            }
            if let Some(links) = &mut self.links {
                links.add(rows);
            }
            let all = sum(rows);
            self.total += all;
            let form = Form { exact: false, visits: true, audience: lens.audience };
            let Numbers { clicks, visitors, opens, .. } = form.numbers(all, Apps::default());
            self.weeks.push(SeriesWeek { week: week.week, clicks, visitors, opens });
        }
    }

    pub(super) fn totals(&self, form: Form) -> Numbers {
        form.numbers(self.total, self.apps)
    }
}

impl AddAssign for Aggregation<'_> {
    fn add_assign(&mut self, later: Self) {
        self.series.extend(later.series);
        self.weeks.extend(later.weeks);
        for (table, more) in self.tables.iter_mut().zip(later.tables) {
            *table += more;
        }
        if let (Some(links), Some(more)) = (&mut self.links, later.links) {
            *links += more;
        }
        self.total += later.total;
        self.apps += later.apps;
    }
}

fn sum(rows: &[Row]) -> Raw {
    let mut sum = Raw::default();
    for row in rows {
        sum += row.raw();
    }
    sum
}

fn rows_of(day: &ReportDay) -> usize {
    day.block.as_ref().map_or(0, |block| block.rows().len())
}

/// Days, one after the other, in so many parts of about as many rows each.
fn parts(days: &[ReportDay], number: usize) -> Vec<&[ReportDay]> {
    let rows = days.iter().map(rows_of).sum::<usize>().div_ceil(number);
    let (mut parts, mut first, mut sum) = (Vec::new(), 0, 0);
    for (place, day) in days.iter().enumerate() {
        sum += rows_of(day);
        if sum >= rows && parts.len() + 1 < number {
            parts.push(&days[first..=place]);
            (first, sum) = (place + 1, 0);
        }
    }
    parts.push(&days[first..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::ChannelName;
    use crate::domain::code::Code;
    use crate::domain::dimensions::Dimensions;
    use crate::stats::counts::{Counts, DayCounts, DayRow, DayRows};
    use crate::stats::publication::Shown;

    /// A day with so many rows, of which each is a link's with one share.
    fn day(number: i32, rows: usize, dictionary: &mut Dictionary) -> ReportDay {
        let kind =
            Dimensions { channel: ChannelName::parse("sms").expect("a channel"), page: None, campaign: None };
        let counts = DayCounts { open: Counts { shares: 1, ..Counts::default() }, ..DayCounts::default() };
        let row = |link: usize| DayRow {
            kind: 0,
            link: Some(Code::parse(&format!("l{link}")).expect("a code")),
            counts: counts.clone(),
        };
        let of_day = DayRows { kinds: vec![kind], rows: (0..rows).map(row).collect() };
        let block = (rows > 0).then(|| Arc::new(Block::new(&of_day, Shown::Cells, dictionary)));
        let (day, min_count) = (Day::from_number(number).expect("a day"), MinCount::DEFAULT);
        ReportDay { day, min_count, open: false, block }
    }

    #[test]
    fn all_days_are_in_some_part_and_no_part_is_much_larger_than_another() {
        let mut dictionary = Dictionary::default();
        let mut rows = |sizes: &[usize], number: usize| -> Vec<Vec<usize>> {
            let days: Vec<_> =
                sizes.iter().zip(0..).map(|(rows, place)| day(place, *rows, &mut dictionary)).collect();
            parts(&days, number).into_iter().map(|part| part.iter().map(rows_of).collect()).collect()
        };
        assert_eq!(rows(&[], 3), [Vec::<usize>::new()]);
        assert_eq!(rows(&[0, 0, 0], 1), [[0, 0, 0]]);
        assert_eq!(rows(&[4, 0, 4, 0], 1), [[4, 0, 4, 0]]);
        assert_eq!(rows(&[4, 1, 5, 0, 0], 2), [vec![4, 1], vec![5, 0, 0]]);
        assert_eq!(rows(&[9, 1, 1, 1], 3), [vec![9], vec![1, 1, 1]]);
    }
}
