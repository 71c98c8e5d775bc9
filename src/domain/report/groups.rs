//! Groups of kinds: channels, pages and campaigns.

use std::cmp::Reverse;

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
    group_of: Vec<u32>,
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
        let number = |size: usize| u32::try_from(size).expect("a site has fewer than 2^32 names");
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
        let families = families();
        Self {
            by,
            group_of: names.kinds().map(group).collect(),
            closed: vec![Raw::default(); groups + 1],
            open: HashMap::new(),
            apps: vec![0; (groups + 1) * families],
            families,
            none,
        }
    }

    /// Adds a part of a day that adds up.
    pub(super) fn add(&mut self, kind: u32, raw: Raw) {
        self.closed[long(self.group_of[long(kind)])] += raw;
    }

    /// Adds another day as a whole.
    pub(super) fn add_day(&mut self, day: &ReportDay, lens: Lens<'_>) {
        let mut groups: HashMap<u32, Raw> = HashMap::new();
        for (kind, raw) in lens.by_kind(day) {
            *groups.entry(self.group_of[long(kind)]).or_default() += raw;
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
        let mut all: Vec<(u32, Sums)> =
            (0..self.none).filter_map(|group| Some((group, self.sums(group, lens)?))).collect();
        all.retain(|(_, sums)| sums.says_something());
        let key = |group: u32| self.key(group, lens.names).map(str::to_owned);
        all.sort_by_cached_key(|(group, sums)| (Reverse(sums.rank()), key(*group)));
        let left_out = all.split_off(all.len().min(most));
        let group = |(group, sums): &(u32, Sums)| Group {
            key: key(*group),
            kind: None,
            numbers: sums.numbers(self.known(*group)),
            before: before.map(|(before, lens)| {
                let sums = before.sums(*group, lens).unwrap_or_else(|| lens.nothing());
                sums.numbers(before.known(*group))
            }),
        };
        let elsewhere = self.sums(self.none, lens).filter(Sums::says_something);
        Table {
            by: self.by,
            rest: (!left_out.is_empty()).then(|| {
                let mut is_shown = vec![false; self.closed.len()];
                for (group, _) in &all {
                    is_shown[long(*group)] = true;
                }
                Rest { groups: left_out.len(), numbers: self.rest(&is_shown, days, lens) }
            }),
            groups: all.iter().map(group).collect(),
            elsewhere: elsewhere.map(|sums| sums.numbers(self.known(self.none))),
        }
    }

    /// What all groups that are not shown come to as one: for each day that is published by itself they are added up
    /// before that.
    fn rest(&self, is_shown: &[bool], days: &[ReportDay], lens: Lens<'_>) -> Numbers {
        let mut sums = lens.nothing();
        for day in days.iter().filter(|day| !lens.adds_up(day)) {
            let mut raw = Raw::default();
            for (kind, of_kind) in lens.by_kind(day) {
                let group = self.group_of[long(kind)];
                if group != self.none && !is_shown[long(group)] {
                    raw += of_kind;
                }
            }
            sums.add(raw, day.open);
        }
        let (mut raw, mut known) = (Raw::default(), Apps::new());
        for group in (0..self.none).filter(|group| !is_shown[long(*group)]) {
            raw += self.closed[long(group)];
            for (family, unfurls) in self.known(group) {
                *known.entry(family).or_default() += unfurls;
            }
        }
        if raw != Raw::default() {
            sums.add(raw, false);
        }
        sums.numbers(known)
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
