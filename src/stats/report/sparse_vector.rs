//! A vector of sums by the number of a name. A site may have a million names, while a day has only some thousands.

use foldhash::{HashMap, HashMapExt};

use crate::stats::report::dictionary::long;

/// The names per row above which most places of a full vector would stay empty.
const FEW: usize = 8;
/// So long a stretch of a table is looked at as one.
const STRETCH: u32 = 64;

/// Holds a sum for each number: in a vector of all numbers, or in a map of those that have one.
pub(super) enum SparseVector<T> {
    All(Vec<T>),
    Some(HashMap<u32, T>),
}

impl<T: Copy + Default> SparseVector<T> {
    /// Returns a vector of zeros for `numbers` numbers, to which `rows` rows are going to be added.
    pub(super) fn new(numbers: usize, rows: usize) -> Self {
        if numbers / FEW > rows { Self::Some(HashMap::new()) } else { Self::All(vec![T::default(); numbers]) }
    }

    /// Returns the sum of a number.
    pub(super) fn get(&self, number: u32) -> T {
        match self {
            Self::All(sums) => sums[long(number)],
            Self::Some(sums) => sums.get(&number).copied().unwrap_or_default(),
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        match self {
            Self::All(sums) => &mut sums[long(number)],
            Self::Some(sums) => sums.entry(number).or_default(),
        }
    }

    /// Tells each number that has anything, and maybe others that have nothing, in no order. Where all have a place,
    /// whether one has anything is no branch, which no processor could foretell.
    pub(super) fn each(&self, mut tell: impl FnMut(u32, T)) {
        match self {
            Self::All(sums) => sums.iter().zip(0..).for_each(|(sum, number)| tell(number, *sum)),
            Self::Some(sums) => sums.iter().for_each(|(number, sum)| tell(*number, *sum)),
        }
    }

    /// Tells the same in stretches of numbers that follow each other, each with its first number.
    pub(super) fn stretches(&self, mut tell: impl FnMut(u32, &[T])) {
        match self {
            Self::All(sums) => {
                for (place, sums) in (0..).zip(sums.chunks(long(STRETCH))) {
                    tell(place * STRETCH, sums);
                }
            }
            Self::Some(sums) => {
                for (number, sum) in sums {
                    tell(*number, std::slice::from_ref(sum));
                }
            }
        }
    }

    /// Adds what another table has of the same numbers.
    pub(super) fn merge(&mut self, more: Self, add: impl Fn(&mut T, T)) {
        match (self, more) {
            (Self::All(sums), Self::All(more)) => {
                sums.iter_mut().zip(more).for_each(|(sum, more)| add(sum, more));
            }
            (sums, more) => more.each(|number, more| add(sums.get_mut(number), more)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_all_and_one_of_some_say_the_same() {
        for rows in [0, 1, 1_000] {
            let mut sums = SparseVector::<u64>::new(100, rows);
            assert_eq!(matches!(sums, SparseVector::All(_)), rows == 1_000);
            for number in [99, 3, 99] {
                *sums.get_mut(number) += 2;
            }
            sums.get_mut(5);
            assert_eq!([3, 5, 7, 99].map(|number| sums.get(number)), [2, 0, 0, 4]);
            let known = |sums: &SparseVector<u64>| {
                let mut known = Vec::new();
                sums.each(|number, sum| known.extend((sum > 0).then_some((number, sum))));
                known.sort_unstable();
                known
            };
            assert_eq!(known(&sums), [(3, 2), (99, 4)]);
            for rows in [0, 1_000] {
                let mut more = SparseVector::new(100, rows);
                *more.get_mut(3) = 5;
                sums.merge(more, |sum, more| *sum += more);
            }
            assert_eq!(known(&sums), [(3, 12), (99, 4)]);
        }
    }
}
