//! Groups of kinds: channels, pages and campaigns.

use std::cmp::Reverse;
use std::ops::AddAssign;

use foldhash::{HashMap, HashMapExt};

use super::apps::AppsByGroup;
use super::block::Row;
use super::by_number::ByNumber;
use super::names::{KindNumbers, NONE, Names, long};
use super::sums::{Raw, Sums};
use super::tally::{Lens, ReportDay};
use super::{Group, Grouping, Numbers, Rest, Table};
use crate::domain::family::Family;

/// How kinds are grouped. What is of no group is the last one.
#[derive(Clone, Copy)]
struct Groups<'a> {
    by: Grouping,
    names: &'a Names,
    /// The number of the last group.
    none: u32,
}

impl<'a> Groups<'a> {
    fn new(by: Grouping, names: &'a Names) -> Self {
        let sizes = names.sizes();
        let number = match by {
            Grouping::Channel => sizes.channels,
            Grouping::Page => sizes.pages,
            // The last but one has pages and no campaign.
            _ => sizes.campaigns + 1,
        };
        Self { by, names, none: u32::try_from(number).expect("a site has fewer than 2^32 names") }
    }

    /// The group of a kind.
    fn of(self, kind: KindNumbers) -> u32 {
        let KindNumbers { channel, page, campaign } = kind;
        match self.by {
            Grouping::Channel => channel,
            _ if page == NONE => self.none,
            Grouping::Page => page,
            _ if campaign == NONE => self.none - 1,
            _ => campaign,
        }
    }

    fn key(self, group: u32) -> Option<&'a str> {
        match self.by {
            Grouping::Channel => Some(self.names.channel(group)),
            Grouping::Page => Some(self.names.page(group)),
            _ if group == self.none - 1 => None,
            _ => Some(self.names.campaign(group)),
        }
    }
}

/// The groups of one table, as days are added up.
pub(super) struct GroupSums<'a> {
    groups: Groups<'a>,
    /// What the days that add up come to, by group.
    closed: ByNumber<Raw>,
    /// The others, of which each was published by itself.
    open: HashMap<u32, Sums>,
    /// Whose unfurls they have, by group.
    apps: AppsByGroup,
}

impl<'a> GroupSums<'a> {
    pub(super) fn new(by: Grouping, lens: Lens<'a>) -> Self {
        let groups = Groups::new(by, lens.names);
        let number = long(groups.none) + 1;
        Self {
            groups,
            closed: ByNumber::new(number, lens.rows),
            open: HashMap::new(),
            apps: AppsByGroup::new(number, lens.rows),
        }
    }

    pub(super) fn by(&self) -> Grouping {
        self.groups.by
    }

    /// Adds rows of a day that adds up.
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            *self.closed.get_mut(self.groups.of(row.kind)) += row.raw();
        }
    }

    /// Adds all rows of another day.
    pub(super) fn add_day(&mut self, rows: &[Row], open: bool, lens: Lens<'_>) {
        let mut groups: HashMap<u32, Raw> = HashMap::new();
        for row in rows {
            *groups.entry(self.groups.of(row.kind)).or_default() += row.raw();
        }
        for (group, raw) in groups {
            self.open.entry(group).or_insert_with(|| lens.nothing()).add(raw, open);
        }
    }

    pub(super) fn add_app(&mut self, kind: KindNumbers, family: Family, unfurls: u64) {
        self.apps.add(self.groups.of(kind), family, unfurls);
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
            key: self.groups.key(*group).map(str::to_owned),
            kind: None,
            numbers: self.numbers(*group, lens),
            before: before.map(|(before, lens)| before.numbers(*group, lens)),
        };
        let elsewhere = self.sums(self.groups.none, lens).filter(Sums::says_something);
        Table {
            by: self.by(),
            rest: (left_out > 0).then(|| Rest { groups: left_out, numbers: self.rest(&first, days, lens) }),
            groups: first.iter().map(group).collect(),
            elsewhere: elsewhere.map(|sums| sums.numbers(self.apps.get(self.groups.none))),
        }
    }

    /// The first groups, so many at most, and how many others there are.
    fn first(&self, most: usize, lens: Lens<'_>) -> (Vec<u32>, usize) {
        let rank = |group| Some((self.sums(group, lens)?.rank()?, group));
        let mut groups: Vec<u32> = self.open.keys().copied().collect();
        self.closed.each(|group, raw| {
            if raw != Raw::default() && !self.open.contains_key(&group) {
                groups.push(group);
            }
        });
        groups.retain(|group| *group != self.groups.none);
        let mut all: Vec<((u64, u64), u32)> = groups.into_iter().filter_map(rank).collect();
        let order = |(rank, group): &((u64, u64), u32)| (Reverse(*rank), self.groups.key(*group));
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
        let mut is_left_out = vec![true; long(self.groups.none) + 1];
        for group in shown.iter().chain([&self.groups.none]) {
            is_left_out[long(*group)] = false;
        }
        let (mut sums, mut room) = (lens.nothing(), Vec::new());
        for day in days.iter().filter(|day| !lens.adds_up(day)) {
            let mut raw = Raw::default();
            for row in
                lens.rows(day, &mut room).iter().filter(|row| is_left_out[long(self.groups.of(row.kind))])
            {
                raw += row.raw();
            }
            sums.add(raw, day.open);
        }
        let mut raw = Raw::default();
        self.closed.each(|group, closed| {
            if is_left_out[long(group)] {
                raw += closed;
            }
        });
        if raw != Raw::default() {
            sums.add(raw, false);
        }
        sums.numbers(self.apps.sum(|group| is_left_out[long(group)]))
    }

    /// A group's numbers, also where it has no row.
    fn numbers(&self, group: u32, lens: Lens<'_>) -> Numbers {
        self.sums(group, lens).unwrap_or_else(|| lens.nothing()).numbers(self.apps.get(group))
    }

    /// What a group comes to; `None` where it has no row.
    fn sums(&self, group: u32, lens: Lens<'_>) -> Option<Sums> {
        let (open, closed) = (self.open.get(&group), self.closed.get(group));
        if open.is_none() && closed == Raw::default() {
            return None;
        }
        let mut sums = open.copied().unwrap_or_else(|| lens.nothing());
        if closed != Raw::default() {
            sums.add(closed, false);
        }
        Some(sums)
    }
}

impl AddAssign for GroupSums<'_> {
    /// Adds other days of the same groups.
    fn add_assign(&mut self, more: Self) {
        self.closed.merge(more.closed, |raw, more| *raw += more);
        for (group, sums) in more.open {
            self.open.entry(group).and_modify(|known| *known += sums).or_insert(sums);
        }
        self.apps += more.apps;
    }
}
