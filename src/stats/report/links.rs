//! The links of a site, which may be a million: the way through the days finds out which of them come first, and these alone are
//! looked up again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::AddAssign;

use crate::domain::family::Family;
use crate::stats::report::aggregation::{Lens, ReportDay};
use crate::stats::report::apps::Apps;
use crate::stats::report::block::Row;
use crate::stats::report::dictionary::{Dictionary, KindNumbers, NONE};
use crate::stats::report::sparse_vector::SparseVector;
use crate::stats::report::sums::{Form, Raw};
use crate::stats::report::{Group, Grouping, Rest, Table};

/// What puts links in order, and what links and what is of none come to together.
pub(super) struct LinkScores {
    /// By link: what is published of it, as [`score`] puts it; 0 where that is nothing.
    scores: SparseVector<u64>,
    /// What is of no link, and what is of links, with whose unfurls these have.
    sums: [Raw; 2],
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
            scores: SparseVector::new(lens.dictionary.sizes().links, lens.rows),
            sums: [Raw::default(); 2],
            apps: [Apps::default(); 2],
        }
    }

    /// Adds rows.
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            let raw = row.raw();
            self.sums[place(row.link)] += raw;
            if row.link != NONE {
                self.add_score(row.link, raw);
            }
        }
    }

    /// Adds all rows of a day whose shares are rounded for each link.
    pub(super) fn add_rounded(&mut self, rows: &[Row], shares: impl Fn(u64) -> u64) {
        for of_link in rows.chunk_by(|one, other| one.link == other.link) {
            let (link, raw) = (of_link[0].link, rounded_sum(of_link, &shares));
            self.sums[place(link)] += raw;
            if link != NONE && !raw.is_nothing() {
                self.add_score(link, raw);
            }
        }
    }

    pub(super) fn add_app(&mut self, link: u32, family: Family, unfurls: u64) {
        self.apps[place(link)].add(family, unfurls);
    }

    fn add_score(&mut self, link: u32, raw: Raw) {
        let known = self.scores.get_mut(link);
        *known = known.saturating_add(score(raw.amount.clicks, raw.shares)) | SAYS_SOMETHING;
    }

    /// The first links, so many at most, and how many there are.
    fn first(&self, most: usize, dictionary: &Dictionary) -> (Vec<u32>, usize) {
        // The last of the first comes out first. Of links with the same numbers the order of their codes decides.
        let mut first: BinaryHeap<Reverse<(u64, Reverse<&str>, u32)>> = BinaryHeap::new();
        let mut try_it = |link, score| {
            first.push(Reverse((score, Reverse(dictionary.code(link)), link)));
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

    /// The table: at most so many links, and the others as one; `before` are the days of the period before.
    pub(super) fn table(
        &self,
        most: usize,
        days: &[ReportDay],
        before: Option<(&[ReportDay], Form)>,
        lens: Lens<'_>,
        form: Form,
    ) -> Table {
        let (first, number) = self.first(most, lens.dictionary);
        let chosen = chosen(&first, days, lens);
        let before = before.map(|(days, form)| (self::chosen(&first, days, lens), form));
        let group = |(place, link): (usize, &u32)| Group {
            key: Some(lens.dictionary.code(*link).to_owned()),
            kind: chosen[place].kind.map(|kind| lens.dictionary.kind_of(kind)),
            numbers: form.numbers(chosen[place].raw, chosen[place].apps),
            before: before.as_ref().map(|(sums, form)| form.numbers(sums[place].raw, sums[place].apps)),
        };
        let [elsewhere, mut rest] = self.sums;
        let [apps_elsewhere, mut apps] = self.apps;
        for link in &chosen {
            rest -= link.raw;
            apps -= link.apps;
        }
        let left_out = number - first.len();
        Table {
            by: Grouping::Link,
            groups: first.iter().enumerate().map(group).collect(),
            rest: (left_out > 0).then(|| Rest { groups: left_out, numbers: form.numbers(rest, apps) }),
            elsewhere: (!elsewhere.is_nothing()).then(|| form.numbers(elsewhere, apps_elsewhere)),
        }
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
            self.sums[place] += more.sums[place];
            self.apps[place] += more.apps[place];
        }
    }
}

/// What a link comes to.
#[derive(Clone, Default)]
struct LinkSums {
    raw: Raw,
    apps: Apps,
    /// The last kind that it was of.
    kind: Option<KindNumbers>,
}

/// What some links come to, one by one.
fn chosen(links: &[u32], days: &[ReportDay], lens: Lens<'_>) -> Vec<LinkSums> {
    let (mut sums, mut room) = (vec![LinkSums::default(); links.len()], Vec::new());
    // Day by day, so that what is looked at of a day is looked at again at once.
    for day in days {
        let Some(block) = day.block.as_deref() else { continue };
        for (link, of_link) in links.iter().zip(&mut sums) {
            let places = block.places_of(*link);
            room.clear();
            room.extend(block.rows()[places.clone()].iter().filter(|row| lens.takes(row)));
            of_link.kind = room.last().map(|row: &Row| row.kind).or(of_link.kind);
            of_link.raw += rounded_sum(&room, |shares| lens.shares(shares, day));
            for (_, family, unfurls) in block.apps(places).filter(|(row, ..)| lens.takes(row)) {
                of_link.apps.add(family, unfurls);
            }
        }
    }
    sums
}

/// What rows come to together, with rounded shares.
fn rounded_sum(rows: &[Row], shares: impl Fn(u64) -> u64) -> Raw {
    let mut sum = Raw::default();
    for row in rows {
        sum += row.raw();
    }
    sum.shares = shares(sum.shares);
    sum
}
