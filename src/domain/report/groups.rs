//! Groups of kinds: channels, pages and campaigns.

use std::cmp::Reverse;
use std::ops::AddAssign;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::names::{KindNumbers, NONE, Names, long};
use super::sums::{Apps, Raw, Sums};
use super::tally::{Lens, ReportDay, apps, families};
use super::{Group, Grouping, Numbers, Rest, Table};
use crate::domain::family::Family;

/// The groups of one table, as days are added up. What is of no group is the last one.
pub(super) struct GroupSums {
    pub(super) by: Grouping,
    /// The group of each kind.
    group_of: Arc<[u32]>,
    /// What the days that add up come to, by group.
    closed: Vec<Raw>,
    /// The others, of which each was published by itself.
    open: HashMap<u32, Sums>,
    /// Unfurls by group and family.
    apps: Vec<u64>,
    families: usize,
    /// The number of the last group.
    none: u32,
}

impl GroupSums {
    pub(super) fn new(by: Grouping, names: &Names) -> Self {
        let sizes = names.sizes();
        let (groups, without_campaign) = match by {
            Grouping::Channel => (sizes.channels, 0),
            Grouping::Page => (sizes.pages, 0),
            _ => (sizes.campaigns + 1, number(sizes.campaigns)),
        };
        let none = number(groups);
        let group = |kind: KindNumbers| match by {
            Grouping::Channel => kind.channel,
            _ if kind.page == NONE => none,
            Grouping::Page => kind.page,
            _ if kind.campaign == NONE => without_campaign,
            _ => kind.campaign,
        };
        Self::of(by, names.kinds().map(group).collect(), groups)
    }

    /// The same groups of other days.
    pub(super) fn of_other_days(&self) -> Self {
        Self::of(self.by, Arc::clone(&self.group_of), long(self.none))
    }

    fn of(by: Grouping, group_of: Arc<[u32]>, groups: usize) -> Self {
        let families = families();
        Self {
            by,
            group_of,
            closed: vec![Raw::default(); groups + 1],
            open: HashMap::new(),
            apps: vec![0; (groups + 1) * families],
            families,
            none: number(groups),
        }
    }

    /// Adds a kind's part of days that add up.
    pub(super) fn add(&mut self, kind: u32, raw: Raw) {
        self.closed[long(self.group_of[long(kind)])] += raw;
    }

    /// Adds another day as a whole.
    pub(super) fn add_day(&mut self, day: &ReportDay, lens: Lens<'_>) {
        let mut groups: HashMap<u32, Raw> = HashMap::new();
        for row in lens.rows(day) {
            *groups.entry(self.group_of[long(row.kind)]).or_default() += row.raw();
        }
        for (group, raw) in groups {
            self.open.entry(group).or_insert_with(|| lens.nothing()).add(raw, day.open);
        }
    }

    pub(super) fn add_app(&mut self, kind: u32, family: Family, unfurls: u64) {
        let group = long(self.group_of[long(kind)]);
        self.apps[group * self.families + usize::from(family.number())] += unfurls;
    }

    /// The table: at most so many groups, and the others as one.
    pub(super) fn table(
        &self,
        most: usize,
        days: &[ReportDay],
        before: Option<(&Self, Lens<'_>)>,
        lens: Lens<'_>,
    ) -> Table {
        let (first, left_out) = self.first(most, lens);
        let group = |group: &u32| Group {
            key: self.key(*group, lens.names).map(str::to_owned),
            kind: None,
            numbers: self.numbers(*group, lens),
            before: before.map(|(before, lens)| before.numbers(*group, lens)),
        };
        let elsewhere = self.sums(self.none, lens).filter(Sums::says_something);
        Table {
            by: self.by,
            rest: (left_out > 0).then(|| Rest { groups: left_out, numbers: self.rest(&first, days, lens) }),
            groups: first.iter().map(group).collect(),
            elsewhere: elsewhere.map(|sums| sums.numbers(self.known(self.none))),
        }
    }

    /// The first groups, so many at most, and how many others there are.
    fn first(&self, most: usize, lens: Lens<'_>) -> (Vec<u32>, usize) {
        let rank = |group| Some((self.sums(group, lens)?.rank()?, group));
        let mut all: Vec<((u64, u64), u32)> = (0..self.none).filter_map(rank).collect();
        let order = |(rank, group): &((u64, u64), u32)| (Reverse(*rank), self.key(*group, lens.names));
        let left_out = all.len().saturating_sub(most);
        if left_out > 0 {
            all.select_nth_unstable_by(most, |one, other| order(one).cmp(&order(other)));
            all.truncate(most);
        }
        all.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        (all.into_iter().map(|(_, group)| group).collect(), left_out)
    }

    /// What all groups that are not shown come to as one: for each day that is published by itself they are added up
    /// before that.
    fn rest(&self, shown: &[u32], days: &[ReportDay], lens: Lens<'_>) -> Numbers {
        let mut is_left_out = vec![true; self.closed.len()];
        for group in shown.iter().chain([&self.none]) {
            is_left_out[long(*group)] = false;
        }
        let mut sums = lens.nothing();
        for day in days.iter().filter(|day| !lens.adds_up(day)) {
            let mut raw = Raw::default();
            for row in lens.rows(day).filter(|row| is_left_out[long(self.group_of[long(row.kind)])]) {
                raw += row.raw();
            }
            sums.add(raw, day.open);
        }
        let (mut raw, mut by_app) = (Raw::default(), vec![0; self.families]);
        let left_out = is_left_out.iter().zip(&self.closed).zip(self.apps.chunks(self.families));
        for ((_, closed), of_group) in left_out.filter(|((is_left_out, _), _)| **is_left_out) {
            raw += *closed;
            for (sum, unfurls) in by_app.iter_mut().zip(of_group) {
                *sum += unfurls;
            }
        }
        if raw != Raw::default() {
            sums.add(raw, false);
        }
        sums.numbers(apps(&by_app))
    }

    /// A group's numbers, also where it has no row.
    fn numbers(&self, group: u32, lens: Lens<'_>) -> Numbers {
        self.sums(group, lens).unwrap_or_else(|| lens.nothing()).numbers(self.known(group))
    }

    /// What a group comes to; `None` where it has no row.
    fn sums(&self, group: u32, lens: Lens<'_>) -> Option<Sums> {
        let (open, closed) = (self.open.get(&group), self.closed[long(group)]);
        if open.is_none() && closed == Raw::default() {
            return None;
        }
        let mut sums = open.copied().unwrap_or_else(|| lens.nothing());
        if closed != Raw::default() {
            sums.add(closed, false);
        }
        Some(sums)
    }

    /// A group's unfurls that are known to be of a family.
    fn known(&self, group: u32) -> Apps {
        let first = long(group) * self.families;
        apps(&self.apps[first..first + self.families])
    }

    fn key<'n>(&self, group: u32, names: &'n Names) -> Option<&'n str> {
        match self.by {
            Grouping::Channel => Some(names.channel(group)),
            Grouping::Page => Some(names.page(group)),
            _ if long(group) == names.sizes().campaigns => None,
            _ => Some(names.campaign(group)),
        }
    }
}

impl AddAssign for GroupSums {
    /// Adds other days of the same groups.
    fn add_assign(&mut self, more: Self) {
        for (sum, raw) in self.closed.iter_mut().zip(more.closed) {
            *sum += raw;
        }
        for (group, sums) in more.open {
            self.open.entry(group).and_modify(|known| *known += sums).or_insert(sums);
        }
        for (sum, unfurls) in self.apps.iter_mut().zip(more.apps) {
            *sum += unfurls;
        }
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).expect("a site has fewer than 2^32 names")
}
