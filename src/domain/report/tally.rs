//! One way through the days of a period: what they come to together, by day, and in groups.

use std::ops::AddAssign;
use std::sync::Arc;
use std::thread::{available_parallelism, scope};

use super::apps::Apps;
use super::block::{Block, Row};
use super::groups::GroupSums;
use super::links::LinkScores;
use super::mask::Mask;
use super::names::Names;
use super::sums::{Raw, Sums, series_day};
use super::{Grouping, Numbers, SeriesDay};
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::publication::Publication;

/// A day that a report is made of.
#[derive(Debug, Clone)]
pub struct ReportDay {
    /// The day.
    pub day: Day,
    /// Whether it is shown as one that is not over.
    pub open: bool,
    /// What it has; `None` where that is nothing.
    pub block: Option<Arc<Block>>,
}

/// What the days are looked at with.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    pub(super) names: &'a Names,
    pub(super) mask: &'a Mask,
    pub(super) rule: Publication,
    /// Whether some of the days are open.
    pub(super) open: bool,
    /// How many rows they have.
    pub(super) rows: usize,
}

impl<'a> Lens<'a> {
    /// For these days.
    pub(super) fn new(names: &'a Names, mask: &'a Mask, rule: Publication, days: &[ReportDay]) -> Self {
        Self { names, mask, rule, open: false, rows: 0 }.on(days)
    }

    /// The sum of nothing.
    pub(super) fn nothing(&self) -> Sums {
        Sums::new(self.rule, self.open)
    }

    /// What is published of a day, or of a part of it.
    pub(super) fn published(&self, raw: Raw, open: bool) -> Sums {
        let mut sums = self.nothing();
        sums.add(raw, open);
        sums
    }

    /// The same for other days.
    pub(super) fn on(self, days: &[ReportDay]) -> Self {
        let rows = days.iter().map(rows_of).sum();
        Self { open: days.iter().any(|day| day.open), rows, ..self }
    }

    /// Whether a day can be added up with others before it is published.
    pub(super) fn adds_up(&self, day: &ReportDay) -> bool {
        (!day.open || self.rule.is_exact()) && self.rule.adds_up()
    }

    /// Whether a row meets the filter.
    pub(super) fn takes(&self, row: &Row) -> bool {
        self.mask.takes(row)
    }

    /// The rows of a day that meet the filter; `room` is for them.
    pub(super) fn rows<'d>(&self, day: &'d ReportDay, room: &'d mut Vec<Row>) -> &'d [Row] {
        self.mask.of(day.block.as_deref().map_or(&[], Block::rows), room)
    }

    /// Whose unfurls rows of a day have that meet the filter.
    pub(super) fn apps<'d>(&self, day: &'d ReportDay) -> impl Iterator<Item = (&'d Row, Family, u64)> {
        let apps = day.block.as_deref().map(|block| block.apps(0..block.rows().len()));
        apps.into_iter().flatten().filter(|(row, ..)| self.mask.takes(row))
    }
}

/// From so many rows on, the days are added up on several threads.
const MANY_ROWS: usize = 100_000;
/// So many at most.
const THREADS: usize = 4;

/// What the days of a period come to. That of two parts of it is the one [plus](AddAssign) the other.
pub(super) struct Tally<'a> {
    pub(super) series: Vec<SeriesDay>,
    pub(super) tables: Vec<GroupSums<'a>>,
    pub(super) links: Option<LinkScores>,
    total: Sums,
    apps: Apps,
}

impl<'a> Tally<'a> {
    /// Of no days; with these tables, and with links where they are wanted.
    pub(super) fn new(lens: Lens<'a>, by: &[Grouping], links: bool) -> Self {
        let tables = by.iter().map(|by| GroupSums::new(*by, lens)).collect();
        let links = links.then(|| LinkScores::new(lens));
        Self { series: Vec::new(), tables, links, total: lens.nothing(), apps: Apps::default() }
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
            let rows = lens.rows(day, &mut room);
            let mut all = Raw::default();
            for row in rows {
                all += row.raw();
            }
            let adds_up = lens.adds_up(day);
            for table in &mut self.tables {
                if adds_up { table.add(rows) } else { table.add_day(rows, day.open, lens) }
            }
            match &mut self.links {
                Some(links) if adds_up => links.add(rows),
                Some(links) => links.add_day(rows, day.open, lens),
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
            self.total.add(all, day.open);
            self.series.push(series_day(day.day, all, known, day.open, lens.rule));
        }
    }

    pub(super) fn totals(&self) -> Numbers {
        self.total.numbers(self.apps)
    }
}

impl AddAssign for Tally<'_> {
    fn add_assign(&mut self, later: Self) {
        self.series.extend(later.series);
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
    use crate::domain::counts::{Counts, DayCounts, DayRow, DayRows, Kind};
    use crate::domain::publication::Audience;

    /// A day with so many rows, of which each is a link's with one share.
    fn day(number: i32, rows: usize, names: &mut Names, rule: Publication) -> ReportDay {
        let kind =
            Kind { channel: ChannelName::parse("sms").expect("a channel"), page: None, campaign: None };
        let counts = DayCounts { open: Counts { shares: 1, ..Counts::default() }, ..DayCounts::default() };
        let row = |link: usize| DayRow {
            kind: 0,
            link: Some(Code::parse(&format!("l{link}")).expect("a code")),
            counts: counts.clone(),
        };
        let of_day = DayRows { kinds: vec![kind], rows: (0..rows).map(row).collect() };
        let block = (rows > 0).then(|| Arc::new(Block::new(&of_day, false, rule, names)));
        ReportDay { day: Day::from_number(number).expect("a day"), open: false, block }
    }

    #[test]
    fn all_days_are_in_some_part_and_no_part_is_much_larger_than_another() {
        let rule = Publication {
            min_count: 5,
            today: Day::from_number(99).expect("a day"),
            audience: Audience::SignedIn,
        };
        let mut names = Names::default();
        let mut rows = |sizes: &[usize], number: usize| -> Vec<Vec<usize>> {
            let days: Vec<_> =
                sizes.iter().zip(0..).map(|(rows, place)| day(place, *rows, &mut names, rule)).collect();
            parts(&days, number).into_iter().map(|part| part.iter().map(rows_of).collect()).collect()
        };
        assert_eq!(rows(&[], 3), [Vec::<usize>::new()]);
        assert_eq!(rows(&[0, 0, 0], 1), [[0, 0, 0]]);
        assert_eq!(rows(&[4, 0, 4, 0], 1), [[4, 0, 4, 0]]);
        assert_eq!(rows(&[4, 1, 5, 0, 0], 2), [vec![4, 1], vec![5, 0, 0]]);
        assert_eq!(rows(&[9, 1, 1, 1], 3), [vec![9], vec![1, 1, 1]]);
    }
}
