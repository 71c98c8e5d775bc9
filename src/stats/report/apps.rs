//! Whose unfurls there are: by family of app, for one thing and for many.

use std::collections::BTreeMap;
use std::ops::{AddAssign, SubAssign};

use crate::domain::family::Family;
use crate::stats::report::sparse_vector::SparseVector;

/// Unfurls by the number of the family of app that they are known to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Apps([u64; Family::NUMBER]);

impl Apps {
    pub(super) fn add(&mut self, family: Family, unfurls: u64) {
        self.0[place(family)] += unfurls;
    }

    /// What is of all families together.
    pub(super) fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The families that have any, each with how many.
    pub(super) fn by_family(self) -> BTreeMap<Family, u64> {
        Family::all().zip(self.0).filter(|(_, unfurls)| *unfurls > 0).collect()
    }
}

impl AddAssign for Apps {
    fn add_assign(&mut self, more: Self) {
        for (sum, unfurls) in self.0.iter_mut().zip(more.0) {
            *sum += unfurls;
        }
    }
}

impl SubAssign for Apps {
    /// Takes away a part.
    fn sub_assign(&mut self, part: Self) {
        for (sum, unfurls) in self.0.iter_mut().zip(part.0) {
            *sum -= unfurls;
        }
    }
}

/// The same by the number of a group. Families are few and most of a site's unfurls are of one of them, so each has a table of its
/// own: a table of all families by group would be many times as large as what is looked at of it.
pub(super) struct AppsByGroup {
    families: [Option<SparseVector<u64>>; Family::NUMBER],
    /// For how many groups and rows a table is made.
    sizes: (usize, usize),
}

impl AppsByGroup {
    /// Nothing for each of so many groups, to which so many rows are going to be added.
    pub(super) fn new(groups: usize, rows: usize) -> Self {
        Self { families: [const { None }; Family::NUMBER], sizes: (groups, rows) }
    }

    pub(super) fn add(&mut self, group: u32, family: Family, unfurls: u64) {
        let (groups, rows) = self.sizes;
        let table = self.families[place(family)].get_or_insert_with(|| SparseVector::new(groups, rows));
        *table.get_mut(group) += unfurls;
    }

    /// What a group has.
    pub(super) fn get(&self, group: u32) -> Apps {
        Apps(self.families.each_ref().map(|table| table.as_ref().map_or(0, |table| table.get(group))))
    }

    /// What the groups have together that are counted in.
    pub(super) fn sum(&self, is_counted: impl Fn(u32) -> bool) -> Apps {
        Apps(self.families.each_ref().map(|table| {
            let mut sum = 0;
            if let Some(table) = table {
                table.each(|group, unfurls| sum += if is_counted(group) { unfurls } else { 0 });
            }
            sum
        }))
    }
}

impl AddAssign for AppsByGroup {
    /// Adds what the same groups have besides.
    fn add_assign(&mut self, more: Self) {
        for (known, more) in self.families.iter_mut().zip(more.families) {
            match (known, more) {
                (Some(known), Some(more)) => known.merge(more, |sum, more| *sum += more),
                (known @ None, more) => *known = more,
                (Some(_), None) => {}
            }
        }
    }
}

fn place(family: Family) -> usize {
    usize::from(family.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_what_was_added_for_them_and_their_sum_is_that_of_all() {
        let (one, other) = (Family::WhatsApp, Family::Slack);
        for rows in [0, 1_000] {
            let mut apps = AppsByGroup::new(100, rows);
            apps.add(7, one, 2);
            let mut more = AppsByGroup::new(100, rows);
            more.add(7, one, 3);
            more.add(8, other, 4);
            apps += more;
            apps += AppsByGroup::new(100, rows);
            let of = |some: &[(Family, u64)]| {
                let mut apps = Apps::default();
                for (family, unfurls) in some {
                    apps.add(*family, *unfurls);
                }
                apps
            };
            assert_eq!([7, 8, 9].map(|group| apps.get(group)), [of(&[(one, 5)]), of(&[(other, 4)]), of(&[])]);
            assert_eq!(apps.sum(|_| true), of(&[(one, 5), (other, 4)]));
            assert_eq!(apps.sum(|group| group != 7), of(&[(other, 4)]));
        }
    }
}
