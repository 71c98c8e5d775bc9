//! The links of a site, which may be a million: a first way through the days finds out which of them come first, and a
//! second one adds up these alone.

use std::cmp::Reverse;

use foldhash::{HashMap, HashMapExt};

use super::names::{NONE, long};
use super::sums::{Apps, Raw, Sums};
use super::tally::{Lens, ReportDay};
use super::{Group, Grouping, Numbers, Rest, Table};

/// What puts links in order.
pub(super) struct LinkScores {
    scores: Vec<Score>,
}

#[derive(Clone, Copy, Default)]
struct Score {
    /// Published clicks and shares.
    clicks: u32,
    shares: u32,
    /// Whether any number of it is published.
    says_something: bool,
}

impl LinkScores {
    pub(super) fn new(lens: Lens<'_>) -> Self {
        Self { scores: vec![Score::default(); lens.names.sizes().links] }
    }

    /// Adds what is published of each link on a day.
    pub(super) fn add_day(&mut self, day: &ReportDay, lens: Lens<'_>) {
        if lens.adds_up(day) {
            for row in lens.rows(day).filter(|row| row.link != NONE) {
                let raw = row.raw();
                let score = &mut self.scores[long(row.link)];
                score.add(raw.amount.clicks, raw.shares);
                score.says_something = true;
            }
            return;
        }
        for (link, raw) in by_link(day, lens, |link| link != NONE) {
            let mut sums = lens.nothing();
            sums.add(raw, day.open);
            let (score, (clicks, shares)) = (&mut self.scores[long(link)], sums.rank());
            score.add(clicks, shares);
            score.says_something |= sums.says_something();
        }
    }

    /// The first links, so many at most, and how many there are.
    fn first(&self, most: usize, lens: Lens<'_>) -> (Vec<u32>, usize) {
        let number = self.scores.iter().filter(|score| score.says_something).count();
        let clicked = self.scores.iter().filter(|score| score.clicks > 0).count();
        let all = || (0..).zip(&self.scores).filter(|(_, score)| score.says_something);
        // Where enough were clicked, the others, which are most, need not be put in order.
        let rank = |score: &Score| (score.clicks >= u32::from(clicked >= most)).then(|| score.rank());
        let mut ranks: Vec<u64> = all().filter_map(|(_, score)| rank(score)).collect();
        let Some(last) = most.min(ranks.len()).checked_sub(1) else { return (Vec::new(), number) };
        let lowest = *ranks.select_nth_unstable_by_key(last, |rank| Reverse(*rank)).1;
        let with = |takes: &dyn Fn(u64) -> bool| -> Vec<u32> {
            all().filter(|(_, score)| rank(score).is_some_and(takes)).map(|(link, _)| link).collect()
        };
        let (mut first, mut lowest_of_all) = (with(&|rank| rank > lowest), with(&|rank| rank == lowest));
        // Of links with the same numbers the order of their codes decides.
        let code = |link: &u32| lens.names.code(*link);
        let room = last + 1 - first.len();
        if room < lowest_of_all.len() {
            lowest_of_all.select_nth_unstable_by(room, |a, b| code(a).cmp(code(b)));
            lowest_of_all.truncate(room);
        }
        first.extend(lowest_of_all);
        first.sort_unstable_by_key(|link| (Reverse(self.scores[long(*link)].rank()), code(link)));
        (first, number)
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
        let chosen = Chosen::new(&first, self.scores.len());
        let sums = chosen.sums(days, lens);
        let sums_before = before.map(|(days, lens)| chosen.sums(days, lens));
        let group = |(place, link): (usize, &u32)| Group {
            key: Some(lens.names.code(*link).to_owned()),
            kind: sums[place].kind.map(|kind| lens.names.kind_of(kind)),
            numbers: sums[place].numbers(),
            before: sums_before.as_ref().map(|sums| sums[place].numbers()),
        };
        let [elsewhere, rest] = chosen.others(days, lens);
        Table {
            by: Grouping::Link,
            groups: first.iter().enumerate().map(group).collect(),
            rest: (number > first.len())
                .then(|| Rest { groups: number - first.len(), numbers: rest.numbers() }),
            elsewhere: elsewhere.sums.says_something().then(|| elsewhere.numbers()),
        }
    }
}

impl Score {
    /// Clicks first, then shares.
    fn rank(self) -> u64 {
        u64::from(self.clicks) << 32 | u64::from(self.shares)
    }

    fn add(&mut self, clicks: u64, shares: u64) {
        let add = |sum: u32, more: u64| sum.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        (self.clicks, self.shares) = (add(self.clicks, clicks), add(self.shares, shares));
    }
}

/// Links that are added up one by one.
struct Chosen {
    /// Their places, and whether a link has one: most have none.
    places: HashMap<u32, usize>,
    has_place: Vec<bool>,
}

/// What links come to.
struct LinkSums {
    sums: Sums,
    apps: Apps,
    /// The last kind that it was of.
    kind: Option<u32>,
}

impl LinkSums {
    fn new(lens: Lens<'_>) -> Self {
        Self { sums: lens.nothing(), apps: Apps::new(), kind: None }
    }

    fn numbers(&self) -> Numbers {
        self.sums.numbers(self.apps.clone())
    }
}

impl Chosen {
    fn new(links: &[u32], number: usize) -> Self {
        let mut has_place = vec![false; number];
        for link in links {
            has_place[long(*link)] = true;
        }
        Self { places: links.iter().enumerate().map(|(place, link)| (*link, place)).collect(), has_place }
    }

    fn has(&self, link: u32) -> bool {
        link != NONE && self.has_place[long(link)]
    }

    fn sums(&self, days: &[ReportDay], lens: Lens<'_>) -> Vec<LinkSums> {
        let mut all: Vec<_> = (0..self.places.len()).map(|_| LinkSums::new(lens)).collect();
        for day in days {
            for row in lens.rows(day).filter(|row| self.has(row.link)) {
                let of_link = &mut all[self.places[&row.link]];
                of_link.kind = Some(row.kind);
                if lens.adds_up(day) {
                    of_link.sums.add(row.raw(), day.open);
                }
            }
            if !lens.adds_up(day) {
                for (link, raw) in by_link(day, lens, |link| self.has(link)) {
                    all[self.places[&link]].sums.add(raw, day.open);
                }
            }
            for (row, family, unfurls) in lens.apps(day).filter(|(row, ..)| self.has(row.link)) {
                *all[self.places[&row.link]].apps.entry(family).or_default() += unfurls;
            }
        }
        all
    }

    /// What is of no link, and what is of the links that were not chosen.
    fn others(&self, days: &[ReportDay], lens: Lens<'_>) -> [LinkSums; 2] {
        let mut others = [LinkSums::new(lens), LinkSums::new(lens)];
        let which = |link: u32| usize::from(link != NONE);
        for day in days {
            let mut raw = [Raw::default(); 2];
            for row in lens.rows(day).filter(|row| !self.has(row.link)) {
                raw[which(row.link)] += row.raw();
            }
            for (sums, raw) in others.iter_mut().zip(raw) {
                sums.sums.add(raw, day.open);
            }
            for (row, family, unfurls) in lens.apps(day).filter(|(row, ..)| !self.has(row.link)) {
                *others[which(row.link)].apps.entry(family).or_default() += unfurls;
            }
        }
        others
    }
}

/// A day's rows by link.
fn by_link(day: &ReportDay, lens: Lens<'_>, takes: impl Fn(u32) -> bool) -> HashMap<u32, Raw> {
    let mut links: HashMap<u32, Raw> = HashMap::new();
    for row in lens.rows(day).filter(|row| takes(row.link)) {
        *links.entry(row.link).or_default() += row.raw();
    }
    links
}
