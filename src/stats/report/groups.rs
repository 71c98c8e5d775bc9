//! Groups of kinds: channels, pages and campaigns.

use std::cmp::Reverse;
use std::ops::AddAssign;

use crate::domain::family::Family;
use crate::stats::report::aggregation::Lens;
use crate::stats::report::apps::AppsByGroup;
use crate::stats::report::block::Row;
use crate::stats::report::dictionary::{Dictionary, KindNumbers, NONE, long};
use crate::stats::report::sparse_vector::SparseVector;
use crate::stats::report::sums::{Form, Raw};
use crate::stats::report::{Group, Grouping, Numbers, Rest, Table};

/// How kinds are grouped. What is of no group is the last one.
#[derive(Clone, Copy)]
struct Groups<'a> {
    by: Grouping,
    dictionary: &'a Dictionary,
    /// The number of the last group.
    none: u32,
}

impl<'a> Groups<'a> {
    fn new(by: Grouping, dictionary: &'a Dictionary) -> Self {
        let sizes = dictionary.sizes();
        let number = match by {
            Grouping::Channel => sizes.channels,
            Grouping::Page => sizes.pages,
            // The last but one has pages and no campaign.
            _ => sizes.campaigns + 1,
        };
        Self { by, dictionary, none: u32::try_from(number).expect("a site has fewer than 2^32 names") }
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
            Grouping::Channel => Some(self.dictionary.channel(group)),
            Grouping::Page => Some(self.dictionary.page(group)),
            _ if group == self.none - 1 => None,
            _ => Some(self.dictionary.campaign(group)),
        }
    }
}

/// The groups of one table, as days and weeks are added up.
pub(super) struct GroupSums<'a> {
    groups: Groups<'a>,
    /// What they come to, by group.
    sums: SparseVector<Raw>,
    /// Whose unfurls they have, by group.
    apps: AppsByGroup,
}

impl<'a> GroupSums<'a> {
    pub(super) fn new(by: Grouping, lens: Lens<'a>) -> Self {
        let groups = Groups::new(by, lens.dictionary);
        let number = long(groups.none) + 1;
        Self { groups, sums: SparseVector::new(number, lens.rows), apps: AppsByGroup::new(number, lens.rows) }
    }

    pub(super) fn by(&self) -> Grouping {
        self.groups.by
    }

    /// Adds rows.
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            *self.sums.get_mut(self.groups.of(row.kind)) += row.raw();
        }
    }

    /// Adds all rows of a day whose shares are rounded for each group.
    pub(super) fn add_rounded(&mut self, rows: &[Row], shares: impl Fn(u64) -> u64) {
        let mut groups: Vec<(u32, Raw)> =
            rows.iter().map(|row| (self.groups.of(row.kind), row.raw())).collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        for of_group in groups.chunk_by(|one, other| one.0 == other.0) {
            let mut sum = Raw::default();
            for (_, raw) in of_group {
                sum += *raw;
            }
            sum.shares = shares(sum.shares);
            *self.sums.get_mut(of_group[0].0) += sum;
        }
    }

    pub(super) fn add_app(&mut self, kind: KindNumbers, family: Family, unfurls: u64) {
        self.apps.add(self.groups.of(kind), family, unfurls);
    }

    /// The table: at most so many groups, and the others as one; `before` has the same of the period before.
    pub(super) fn table(&self, most: usize, form: Form, before: Option<(&Self, Form)>) -> Table {
        let (first, left_out) = self.first(most);
        let group = |group: &u32| Group {
            key: self.groups.key(*group).map(str::to_owned),
            kind: None,
            numbers: self.numbers(*group, form),
            before: before.map(|(before, form)| before.numbers(*group, form)),
        };
        let has_elsewhere = !self.sums.get(self.groups.none).is_nothing();
        Table {
            by: self.by(),
            rest: (left_out > 0).then(|| Rest { groups: left_out, numbers: self.rest(&first, form) }),
            groups: first.iter().map(group).collect(),
            elsewhere: has_elsewhere.then(|| self.numbers(self.groups.none, form)),
        }
    }

    /// The first groups, so many at most, and how many others there are.
    fn first(&self, most: usize) -> (Vec<u32>, usize) {
        let mut all: Vec<((u64, u64), u32)> = Vec::new();
        self.sums.each(|group, raw| {
            all.extend(raw.rank().filter(|_| group != self.groups.none).map(|rank| (rank, group)));
        });
        let order = |(rank, group): &((u64, u64), u32)| (Reverse(*rank), self.groups.key(*group));
        let left_out = all.len().saturating_sub(most);
        if left_out > 0 {
            all.select_nth_unstable_by(most, |one, other| order(one).cmp(&order(other)));
            all.truncate(most);
        }
        all.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        (all.into_iter().map(|(_, group)| group).collect(), left_out)
    }

    /// What all groups that are not shown come to as one.
    fn rest(&self, shown: &[u32], form: Form) -> Numbers {
        let mut is_left_out = vec![true; long(self.groups.none) + 1];
        for group in shown.iter().chain([&self.groups.none]) {
            is_left_out[long(*group)] = false;
        }
        let mut sum = Raw::default();
        self.sums.each(|group, raw| {
            if is_left_out[long(group)] {
                sum += raw;
            }
        });
        form.numbers(sum, self.apps.sum(|group| is_left_out[long(group)]))
    }

    /// A group's numbers, also where it has no row.
    fn numbers(&self, group: u32, form: Form) -> Numbers {
        form.numbers(self.sums.get(group), self.apps.get(group))
    }
}

impl AddAssign for GroupSums<'_> {
    /// Adds other days of the same groups.
    fn add_assign(&mut self, more: Self) {
        self.sums.merge(more.sums, |raw, more| *raw += more);
        self.apps += more.apps;
    }
}
