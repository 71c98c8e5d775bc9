//! The links of a site, which may be a million: the way through the days finds out which of them come first, and these alone are
//! looked up again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::AddAssign;

use foldhash::HashSet;

use super::apps::Apps;
use super::block::Row;
use super::by_number::ByNumber;
use super::names::{KindNumbers, NONE};
use super::sums::{Raw, Sums};
use super::tally::{Lens, ReportDay};
use super::{Group, Grouping, Numbers, Rest, Table};
use crate::domain::family::Family;

/// What puts links in order, and what links and what is of none come to together.
pub(super) struct LinkScores {
    /// By link: what is published of it, as [`score`] puts it; 0 where that is nothing.
    scores: ByNumber<u64>,
    /// Days that add up, and whose unfurls all days have: of what is of no link, and of links.
    closed: [Raw; 2],
    apps: [Apps; 2],
}

/// Puts links in order: clicks first, then shares. It is more than 0 for whatever is published. A link has one share,
/// so that a sum of scores is the score of the sums.
fn score(clicks: u64, shares: u64) -> u64 {
    (clicks << 32) | (shares << 1)
}

/// The bit that says that anything is published, beside which no number need be.
const SAYS_SOMETHING: u64 = 1;

/// The place of what is of a link, and of what is not.
fn place(link: u32) -> usize {
    usize::from(link != NONE)
}

impl LinkScores {
    pub(super) fn new(lens: Lens<'_>) -> Self {
        Self {
            scores: ByNumber::new(lens.names.sizes().links, lens.rows),
            closed: [Raw::default(); 2],
            apps: [Apps::default(); 2],
        }
    }

    /// Adds rows of a day that adds up.
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            let raw = row.raw();
            self.closed[place(row.link)] += raw;
            if row.link != NONE {
                self.add_score(row.link, raw.amount.clicks, raw.shares);
            }
        }
    }

    /// Adds what is published of each link on another day, of which these are all rows.
    pub(super) fn add_day(&mut self, rows: &[Row], open: bool, lens: Lens<'_>) {
        for (link, raw) in by_link(rows) {
            if link != NONE
                && let Some((clicks, shares)) = lens.published(raw, open).rank()
            {
                self.add_score(link, clicks, shares);
            }
        }
    }

    pub(super) fn add_app(&mut self, link: u32, family: Family, unfurls: u64) {
        self.apps[place(link)].add(family, unfurls);
    }

    fn add_score(&mut self, link: u32, clicks: u64, shares: u64) {
        let known = self.scores.get_mut(link);
        *known = known.saturating_add(score(clicks, shares)) | SAYS_SOMETHING;
    }

    /// The first links, so many at most, and how many there are.
    fn first(&self, most: usize, lens: Lens<'_>) -> (Vec<u32>, usize) {
        // The last of the first comes out first. Of links with the same numbers the order of their codes decides.
        let mut first: BinaryHeap<Reverse<(u64, Reverse<&str>, u32)>> = BinaryHeap::new();
        let mut try_it = |link, score| {
            first.push(Reverse((score, Reverse(lens.names.code(link)), link)));
            if first.len() > most {
                first.pop();
                return first.peek().map_or(1, |Reverse((score, ..))| *score);
            }
            1
        };
        let (mut number, mut lowest) = (0, 1);
        // Most stretches have none of the first ones, which is found out without a branch for each link.
        self.scores.stretches(|of_first, scores| {
            number += scores.iter().map(|score| usize::from(*score > 0)).sum::<usize>();
            if scores.iter().map(|score| u64::from(*score >= lowest)).sum::<u64>() > 0 {
                for (link, score) in (of_first..).zip(scores) {
                    if *score >= lowest {
                        lowest = try_it(link, *score);
                    }
                }
            }
        });
        (first.into_sorted_vec().into_iter().map(|Reverse((.., link))| link).collect(), number)
    }

    /// The table: at most so many links, and the others as one.
    pub(super) fn table(
        &self,
        most: usize,
        days: &[ReportDay],
        before: Option<(&[ReportDay], Lens<'_>)>,
        lens: Lens<'_>,
    ) -> Table {
        let (first, number) = self.first(most, lens);
        let chosen = chosen(&first, days, lens);
        let before = before.map(|(days, lens)| self::chosen(&first, days, lens));
        let [elsewhere, rest] = self.others(&first, &chosen, days, lens);
        let group = |(place, link): (usize, &u32)| Group {
            key: Some(lens.names.code(*link).to_owned()),
            kind: chosen[place].kind.map(|kind| lens.names.kind_of(kind)),
            numbers: chosen[place].numbers(),
            before: before.as_ref().map(|sums| sums[place].numbers()),
        };
        Table {
            by: Grouping::Link,
            groups: first.iter().enumerate().map(group).collect(),
            rest: (number > first.len())
                .then(|| Rest { groups: number - first.len(), numbers: rest.numbers() }),
            elsewhere: elsewhere.sums.says_something().then(|| elsewhere.numbers()),
        }
    }

    /// What is of no link, and what is of the links that were not chosen.
    fn others(
        &self,
        first: &[u32],
        chosen: &[LinkSums],
        days: &[ReportDay],
        lens: Lens<'_>,
    ) -> [LinkSums; 2] {
        let mut others = [LinkSums::new(lens), LinkSums::new(lens)];
        let is_chosen: HashSet<u32> = first.iter().copied().collect();
        let mut room = Vec::new();
        for day in days.iter().filter(|day| !lens.adds_up(day)) {
            let mut raw = [Raw::default(); 2];
            for row in lens.rows(day, &mut room).iter().filter(|row| !is_chosen.contains(&row.link)) {
                raw[place(row.link)] += row.raw();
            }
            for (sums, raw) in others.iter_mut().zip(raw) {
                sums.sums.add(raw, day.open);
            }
        }
        let [elsewhere, mut rest] = self.closed;
        [others[0].apps, others[1].apps] = self.apps;
        for link in chosen {
            rest -= link.closed;
            others[1].apps -= link.apps;
        }
        for (sums, closed) in others.iter_mut().zip([elsewhere, rest]) {
            sums.add_closed(closed);
        }
        others
    }
}

impl AddAssign for LinkScores {
    /// Adds other days of the same links.
    fn add_assign(&mut self, more: Self) {
        self.scores.merge(more.scores, |known, more| {
            let says_something = (*known | more) & SAYS_SOMETHING;
            *known = (*known & !SAYS_SOMETHING).saturating_add(more & !SAYS_SOMETHING) | says_something;
        });
        for place in 0..2 {
            self.closed[place] += more.closed[place];
            self.apps[place] += more.apps[place];
        }
    }
}

/// What a link comes to, or several together.
struct LinkSums {
    sums: Sums,
    /// What of it is of days that add up.
    closed: Raw,
    apps: Apps,
    /// The last kind that it was of.
    kind: Option<KindNumbers>,
}

impl LinkSums {
    fn new(lens: Lens<'_>) -> Self {
        Self { sums: lens.nothing(), closed: Raw::default(), apps: Apps::default(), kind: None }
    }

    /// Adds all days that add up at once.
    fn add_closed(&mut self, raw: Raw) {
        self.closed = raw;
        if raw != Raw::default() {
            self.sums.add(raw, false);
        }
    }

    fn numbers(&self) -> Numbers {
        self.sums.numbers(self.apps)
    }
}

/// What some links come to, one by one.
fn chosen(links: &[u32], days: &[ReportDay], lens: Lens<'_>) -> Vec<LinkSums> {
    let mut sums: Vec<_> = links.iter().map(|_| (LinkSums::new(lens), Raw::default())).collect();
    // Day by day, so that what is looked at of a day is looked at again at once.
    for day in days {
        let Some(block) = day.block.as_deref() else { continue };
        for (link, (of_link, closed)) in links.iter().zip(&mut sums) {
            let places = block.places_of(*link);
            let mut raw = Raw::default();
            for row in block.rows()[places.clone()].iter().filter(|row| lens.takes(row)) {
                // What is not shown does not move a link to another page.
                if lens.adds_up(day) || lens.published(row.raw(), day.open).says_something() {
                    of_link.kind = Some(row.kind);
                }
                raw += row.raw();
            }
            if lens.adds_up(day) {
                *closed += raw;
            } else if !places.is_empty() {
                of_link.sums += lens.published(raw, day.open);
            }
            for (_, family, unfurls) in block.apps(places).filter(|(row, ..)| lens.takes(row)) {
                of_link.apps.add(family, unfurls);
            }
        }
    }
    let whole = |(mut of_link, closed): (LinkSums, Raw)| {
        of_link.add_closed(closed);
        of_link
    };
    sums.into_iter().map(whole).collect()
}

/// A day's rows, which stand in the order of their links, by link.
fn by_link(rows: &[Row]) -> Vec<(u32, Raw)> {
    let mut links: Vec<(u32, Raw)> = Vec::new();
    for row in rows {
        match links.last_mut() {
            Some((link, raw)) if *link == row.link => *raw += row.raw(),
            _ => links.push((row.link, row.raw())),
        }
    }
    links
}
