//! One way through the days of a period: what they come to together, by day, and in groups.

use std::sync::Arc;

use super::block::{Block, Row};
use super::groups::GroupSums;
use super::links::LinkScores;
use super::mask::Mask;
use super::names::Names;
use super::sums::{Apps, Raw, Sums, series_day};
use super::{Numbers, SeriesDay};
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
}

impl Lens<'_> {
    /// The sum of nothing.
    pub(super) fn nothing(&self) -> Sums {
        Sums::new(self.rule, self.open)
    }

    /// The same for other days.
    pub(super) fn on(self, days: &[ReportDay]) -> Self {
        Self { open: days.iter().any(|day| day.open), ..self }
    }

    /// Whether a day can be added up with others before it is published.
    pub(super) fn adds_up(&self, day: &ReportDay) -> bool {
        (!day.open || self.rule.is_exact()) && self.rule.adds_up()
    }

    /// The rows of a day that meet the filter.
    pub(super) fn rows<'d>(&self, day: &'d ReportDay) -> impl Iterator<Item = &'d Row> {
        let rows = day.block.as_deref().map_or(&[][..], Block::rows);
        rows.iter().filter(|row| self.mask.takes(row))
    }

    /// The same, added up by kind.
    pub(super) fn by_kind(&self, day: &ReportDay) -> impl Iterator<Item = (u32, Raw)> {
        // Rows of one kind lie together.
        let mut rows = self.rows(day).peekable();
        std::iter::from_fn(move || {
            let first = rows.next()?;
            let mut raw = first.raw();
            while let Some(more) = rows.next_if(|row| row.kind == first.kind) {
                raw += more.raw();
            }
            Some((first.kind, raw))
        })
    }

    /// Whose unfurls rows of a day have that meet the filter.
    pub(super) fn apps<'d>(&self, day: &'d ReportDay) -> impl Iterator<Item = (&'d Row, Family, u64)> {
        let apps = day.block.as_deref().map(Block::apps);
        apps.into_iter().flatten().filter(|(row, ..)| self.mask.takes(row))
    }
}

/// How many numbers of families there are.
pub(super) fn families() -> usize {
    Family::all().map(|family| usize::from(family.number()) + 1).max().unwrap_or(0)
}

/// Unfurls by the number of their family.
pub(super) fn apps(by_app: &[u64]) -> Apps {
    let known = by_app.iter().zip(0..).filter(|(unfurls, _)| **unfurls > 0);
    known.map(|(unfurls, number)| (Family::from_number(number), *unfurls)).collect()
}

/// What the days of a period come to.
pub(super) struct Tally {
    pub(super) series: Vec<SeriesDay>,
    total: Sums,
    apps: Apps,
}

impl Tally {
    /// Adds up the days, and for each table and for the links what they need.
    pub(super) fn new(
        days: &[ReportDay],
        lens: Lens<'_>,
        tables: &mut [GroupSums],
        mut links: Option<&mut LinkScores>,
    ) -> Self {
        let series = Vec::with_capacity(days.len());
        let mut tally = Self { series, total: lens.nothing(), apps: Apps::new() };
        for day in days {
            let mut all = Raw::default();
            if lens.adds_up(day) {
                for (kind, raw) in lens.by_kind(day) {
                    all += raw;
                    for table in &mut *tables {
                        table.add(kind, raw);
                    }
                }
            } else {
                for (_, raw) in lens.by_kind(day) {
                    all += raw;
                }
                for table in &mut *tables {
                    table.add_day(day, lens);
                }
            }
            let mut by_app = vec![0; families()];
            for (row, family, unfurls) in lens.apps(day) {
                by_app[usize::from(family.number())] += unfurls;
                for table in &mut *tables {
                    table.add_app(row.kind, family, unfurls);
                }
            }
            let known = apps(&by_app);
            for (family, unfurls) in &known {
                *tally.apps.entry(*family).or_default() += unfurls;
            }
            tally.total.add(all, day.open);
            tally.series.push(series_day(day.day, all, known, day.open, lens.rule));
            if let Some(links) = &mut links {
                links.add_day(day, lens);
            }
        }
        tally
    }

    pub(super) fn totals(&self) -> Numbers {
        self.total.numbers(self.apps.clone())
    }
}
