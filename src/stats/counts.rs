//! What a store holds of links and days: numbers, of which some are closed into cells and others
//! are still open. What of them may be published says [`publication`](crate::stats::publication).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::family::Family;
use crate::domain::week::Week;

/// What was counted of one link, or of many together, on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Links made.
    pub shares: u64,
    /// Previews fetched by chat apps' bots.
    pub unfurls: u64,
    /// How many of these were fetched for each family of apps that is known. The rest are
    /// [`Family::Other`]'s, which the stores do not count by itself.
    pub known_unfurls: BTreeMap<Family, u64>,
    /// Clicks counted with consent.
    pub clicks: u64,
    /// Distinct visitors of each link, added up.
    pub visitors: u64,
    /// Clicks of people who were not asked, a series of its own.
    pub opens: u64,
}

impl Counts {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        self.shares += other.shares;
        self.unfurls += other.unfurls;
        for (family, unfurls) in &other.known_unfurls {
            *self.known_unfurls.entry(*family).or_default() += unfurls;
        }
        self.clicks += other.clicks;
        self.visitors += other.visitors;
        self.opens += other.opens;
    }

    /// Every unfurl under the family that fetched it.
    #[must_use]
    pub fn unfurls_by_app(&self) -> BTreeMap<Family, u64> {
        let mut by_app = self.known_unfurls.clone();
        let others = self.unfurls.saturating_sub(by_app.values().sum());
        if others > 0 {
            by_app.insert(Family::Other, others);
        }
        by_app
    }
}

impl From<Amount> for Counts {
    fn from(Amount { clicks, visitors, opens }: Amount) -> Self {
        Self { clicks, visitors, opens, ..Self::default() }
    }
}

/// What of a count stands for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Clicks counted with consent.
    pub clicks: u64,
    /// The visitors that these stand for.
    pub visitors: u64,
    /// Clicks of people who were not asked.
    pub opens: u64,
}

impl Amount {
    /// What of these counts stands for people.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        let Counts { clicks, visitors, opens, .. } = *counts;
        Self { clicks, visitors, opens }
    }

    /// Whether it stands for nobody.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        self.clicks += more.clicks;
        self.visitors += more.visitors;
        self.opens += more.opens;
    }
}

/// Known unfurls as the stores write them: `slack=2 telegram=1`.
#[must_use]
pub fn families_to_text(known_unfurls: &BTreeMap<Family, u64>) -> String {
    let each: Vec<_> = known_unfurls.iter().map(|(family, unfurls)| format!("{family}={unfurls}")).collect();
    each.join(" ")
}

/// Reads what [`families_to_text`] wrote; a later version's family is among the others. `None`
/// where it is something else.
#[must_use]
pub fn families_from_text(text: &str) -> Option<BTreeMap<Family, u64>> {
    let mut known_unfurls = BTreeMap::new();
    for of_one in text.split_terminator(' ') {
        let (name, unfurls) = of_one.split_once('=')?;
        let unfurls: u64 = unfurls.parse().ok()?;
        if Family::from_name(name) != Family::Other {
            known_unfurls.insert(Family::from_name(name), unfurls);
        }
    }
    Some(known_unfurls)
}

/// What a store holds of one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// What was closed: a sum of cells, each of at least the day's [`Closed::min_count`] visitors.
    pub cells: Counts,
    /// What was not, or came late.
    pub open: Counts,
}

impl DayCounts {
    /// Adds another day's counts to these.
    pub fn add(&mut self, other: &Self) {
        self.cells.add(&other.cells);
        self.open.add(&other.open);
    }

    /// Both together.
    #[must_use]
    pub fn all(&self) -> Counts {
        let mut all = self.cells.clone();
        all.add(&self.open);
        all
    }
}

/// What a store holds of a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkCounts {
    /// Its counts, by day; a day without any is left out.
    pub days: BTreeMap<Day, DayCounts>,
    /// Which days of its site are closed.
    pub closed: ClosedDays,
}

/// All that a store holds of a site's day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayRows {
    /// The kinds that the rows are of, each once.
    pub kinds: Vec<Dimensions>,
    /// One row for each link and kind; and for each kind one of what moved up, without a link.
    pub rows: Vec<DayRow>,
}

/// A row of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// Its place among the day's kinds.
    pub kind: usize,
    /// Whose it is; `None` for a cell of a whole page or channel, and for what is on its way there.
    pub link: Option<Code>,
    /// What was counted; a share, which is one on the day on which the link was made, stands among what is open.
    pub counts: DayCounts,
}

/// What tells whether a site's days are still what they were when they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayMarks {
    /// Which are closed, and how often their cells have changed.
    pub closed: ClosedDays,
    /// The days that may have something open. Of a day that is closed and not among these, nothing changes but what the two
    /// versions tell.
    pub open: BTreeSet<Day>,
    /// A version that rises when links that were made on a day are changed or deleted, or are made when the day is closed
    /// already; days on which none was are left out.
    pub links: BTreeMap<Day, u64>,
}

/// Which days of a site are closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClosedDays {
    /// Every site's days before this one have been closed.
    pub before: Option<Day>,
    /// The site's days on which there was something to be closed.
    pub days: BTreeMap<Day, Closed>,
    /// The site's weeks on which there was something to be closed, each with a version that rises with each change of its cells.
    pub weeks: BTreeMap<Week, u64>,
}

/// How a day was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Each of its cells stands for at least so many visitors.
    pub min_count: u64,
    /// Rises with each change of its cells.
    pub version: u64,
}

impl ClosedDays {
    /// Whether a day's cells stand for at least `min_count` visitors each, and nothing else of it
    /// is to be shown.
    #[must_use]
    pub fn has(&self, day: Day, min_count: u64) -> bool {
        // A day without anything that was begun to be closed when something came late has no cells yet.
        match self.days.get(&day).filter(|closed| closed.min_count > 0) {
            Some(closed) => closed.min_count >= min_count,
            None => self.before.is_some_and(|before| day < before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfurls_by_app_add_up_to_the_unfurls() {
        let known = BTreeMap::from([(Family::Slack, 2), (Family::X, 1)]);
        let some = Counts { unfurls: 5, known_unfurls: known.clone(), ..Counts::default() };
        let mut sum = Counts { unfurls: 1, ..Counts::default() };
        assert_eq!(sum.unfurls_by_app(), BTreeMap::from([(Family::Other, 1)]));
        sum.add(&some);
        let expected = BTreeMap::from([(Family::Slack, 2), (Family::X, 1), (Family::Other, 3)]);
        assert_eq!((sum.unfurls, sum.unfurls_by_app()), (6, expected));
        assert_eq!(Counts { unfurls: 3, known_unfurls: known.clone(), ..some }.unfurls_by_app(), known);
        assert_eq!(Counts::default().unfurls_by_app(), BTreeMap::new());
    }

    #[test]
    fn known_unfurls_are_read_as_they_were_written() {
        let known: BTreeMap<_, _> = Family::all().filter(|f| *f != Family::Other).zip(1..).collect();
        assert_eq!(families_from_text(&families_to_text(&known)), Some(known));
        assert_eq!(families_from_text(""), Some(BTreeMap::new()));
        let later = BTreeMap::from([(Family::Slack, 2)]);
        assert_eq!(families_from_text("slack=2 an_app_to_come=7"), Some(later));
        for wrong in ["slack", "slack=", "slack=two", "=1 slack=2=3"] {
            assert_eq!(families_from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_is_closed_by_its_own_mark_and_one_without_anything_by_the_mark_of_all() {
        let day = |number| Day::from_number(number).expect("a day");
        let days = BTreeMap::from([(day(3), Closed { min_count: 5, version: 1 })]);
        let closed = ClosedDays { before: Some(day(3)), days, ..ClosedDays::default() };
        assert!(closed.has(day(3), 5) && closed.has(day(3), 4), "though not every site's is");
        assert!(!closed.has(day(3), 6), "its cells may be smaller");
        assert!(closed.has(day(2), 6) && !closed.has(day(4), 1));
        assert!(!ClosedDays::default().has(day(2), 1));
        let begun = Closed { min_count: 0, version: 0 };
        let days = BTreeMap::from([(day(2), begun), (day(3), begun)]);
        let closed = ClosedDays { before: Some(day(3)), days, ..ClosedDays::default() };
        assert!(closed.has(day(2), 5) && !closed.has(day(3), 1), "a late visitor opens no day again");
    }
}
