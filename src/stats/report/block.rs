//! Blocks: what is shown of a site's day, or of its week, as it is kept in memory, 36 bytes a row.

use std::ops::Range;

use crate::domain::family::Family;
use crate::stats::counts::{Amount, Counts, DayCounts, DayRows};
use crate::stats::publication::Shown;
use crate::stats::report::dictionary::{Dictionary, KindNumbers, NONE};
use crate::stats::report::sums::Raw;

/// A day or a week of a site.
#[derive(Debug, Clone, Default)]
pub struct Block {
    rows: Box<[Row]>,
    /// Whose unfurls some rows have, by row.
    apps: Box<[App]>,
}

/// What a link, or a page or a channel in a week, has under one kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Its names stand here, and not behind a number: adding up looks at millions of rows one after the other, which is
    /// quick, and would look for each of them somewhere else, which is not.
    pub(super) kind: KindNumbers,
    pub(super) link: u32,
    shares: u32,
    unfurls: u32,
    clicks: u32,
    visitors: u32,
    opens: u32,
}

/// Unfurls of a row that are known to be of a family.
#[derive(Debug, Clone, Copy)]
struct App {
    row: u32,
    family: Family,
    unfurls: u32,
}

impl Block {
    /// Makes the block of a day or a week of which this is shown. Nothing else is kept.
    #[must_use]
    pub fn new(day: &DayRows, shown: Shown, dictionary: &mut Dictionary) -> Self {
        let kinds: Vec<_> = day.kinds.iter().map(|kind| dictionary.kind(kind)).collect();
        let mut all: Vec<(Row, Counts)> = Vec::with_capacity(day.rows.len());
        for row in &day.rows {
            let counts = shown_of(&row.counts, shown);
            let Amount { clicks, visitors, opens } = Amount::of(&counts);
            let row = Row {
                kind: kinds[row.kind],
                link: row.link.as_ref().map_or(NONE, |code| dictionary.link(code)),
                shares: short(counts.shares),
                unfurls: short(counts.unfurls),
                clicks: short(clicks),
                visitors: short(visitors),
                opens: short(opens),
            };
            if !row.raw().is_nothing() {
                all.push((row, counts));
            }
        }
        // Of a link that was changed on that day, what has no page or no campaign comes first.
        all.sort_unstable_by_key(|(Row { kind, link, .. }, _)| {
            (*link, kind.page.wrapping_add(1), kind.campaign.wrapping_add(1), kind.channel)
        });
        let mut apps = Vec::new();
        for ((_, counts), place) in all.iter().zip(0..) {
            for (family, unfurls) in counts.known_unfurls.iter().filter(|(_, unfurls)| **unfurls > 0) {
                apps.push(App { row: place, family: *family, unfurls: short(*unfurls) });
            }
        }
        Self { rows: all.into_iter().map(|(row, _)| row).collect(), apps: apps.into() }
    }

    /// Returns how much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows) + size_of_val(&*self.apps) + size_of::<Self>()
    }

    /// All rows, by link; last those of none.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The places of a link's rows: there is one, unless its page or campaign was changed on that day.
    pub(super) fn places_of(&self, link: u32) -> Range<usize> {
        let first = self.rows.partition_point(|row| row.link < link);
        let number = self.rows[first..].iter().take_while(|row| row.link == link).count();
        first..first + number
    }

    /// The unfurls of these rows that are known to be of a family, each with its row.
    pub(super) fn apps(&self, rows: Range<usize>) -> impl Iterator<Item = (&Row, Family, u64)> {
        let first = self.apps.partition_point(|app| (app.row as usize) < rows.start);
        let of_rows = self.apps[first..].iter().take_while(move |app| (app.row as usize) < rows.end);
        of_rows.map(|app| (&self.rows[app.row as usize], app.family, app.unfurls.into()))
    }
}

/// What is shown of a row's counts.
fn shown_of(counts: &DayCounts, shown: Shown) -> Counts {
    let shares = counts.open.shares + counts.cells.shares;
    match shown {
        Shown::Everything => counts.all(),
        Shown::Cells => Counts { shares, ..counts.cells.clone() },
        Shown::Shares => Counts { shares, ..Counts::default() },
    }
}

impl Row {
    pub(super) fn raw(&self) -> Raw {
        Raw {
            shares: self.shares.into(),
            unfurls: self.unfurls.into(),
            amount: Amount {
                clicks: self.clicks.into(),
                visitors: self.visitors.into(),
                opens: self.opens.into(),
            },
        }
    }
}

/// A count of one link's day, or of one cell; more than four billions are no more.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
