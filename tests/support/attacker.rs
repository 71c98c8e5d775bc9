//! Somebody who has every number that was ever published, and solves for what no number says.

use std::collections::{BTreeMap, BTreeSet};

/// Bits of what is counted, each for a group of visitors who always come together.
pub(crate) type Set = u64;

/// A prime, for exact arithmetic on fractions.
const PRIME: u64 = (1 << 61) - 1;

/// What an attacker knows: published numbers, each as the set of those that it adds up.
#[derive(Debug, Default)]
pub(crate) struct Attacker {
    known: BTreeSet<Set>,
}

impl Attacker {
    /// Somebody who has these numbers.
    pub(crate) fn who_sees(numbers: &[Set]) -> Self {
        Self { known: numbers.iter().copied().collect() }
    }

    /// Notes a published number.
    pub(crate) fn sees(&mut self, number: Set) {
        self.known.insert(number);
    }

    /// The smallest sets that the numbers can ever be taken apart into: whoever is in the same
    /// numbers as somebody else is so in every sum and difference of them, with whatever factors.
    /// Who is in no number is in none of these sets.
    pub(crate) fn atoms(&self) -> Vec<Set> {
        let mut atoms: BTreeMap<Vec<bool>, Set> = BTreeMap::new();
        for bit in (0..64).map(|place| 1 << place) {
            let numbers: Vec<bool> = self.known.iter().map(|set| set & bit != 0).collect();
            if numbers.contains(&true) {
                *atoms.entry(numbers).or_default() |= bit;
            }
        }
        atoms.into_values().collect()
    }

    /// Whether some sum of the numbers, each times a factor, counts these and nobody else: whether
    /// the set adds nothing to the rank of what is known.
    pub(crate) fn isolates(&self, set: Set) -> bool {
        rank(self.known.iter().copied()) == rank(self.known.iter().copied().chain([set]))
    }

    /// Whether every number is a sum of these cells: whether the cells' rank is not raised by the
    /// numbers.
    pub(crate) fn knows_only_sums_of(&self, cells: &[Set]) -> bool {
        let cells = || cells.iter().copied();
        rank(cells()) == rank(cells().chain(self.known.iter().copied()))
    }
}

/// How many of these sets, as vectors of ones and zeros, are independent.
fn rank(sets: impl Iterator<Item = Set>) -> usize {
    let mut rows: Vec<Vec<u64>> = sets.map(|set| (0..64).map(|place| (set >> place) & 1).collect()).collect();
    let mut rank = 0;
    for column in 0..64 {
        let Some(found) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, found);
        let inverse = power(rows[rank][column], PRIME - 2);
        let pivot: Vec<u64> = rows[rank].iter().map(|value| times(*value, inverse)).collect();
        for row in &mut rows[rank + 1..] {
            let factor = row[column];
            for (value, of_pivot) in row.iter_mut().zip(&pivot) {
                *value = (*value + PRIME - times(factor, *of_pivot)) % PRIME;
            }
        }
        rank += 1;
    }
    rank
}

fn times(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other) % u128::from(PRIME);
    u64::try_from(product).expect("less than the prime")
}

fn power(base: u64, mut exponent: u64) -> u64 {
    let (mut result, mut square) = (1, base);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        exponent /= 2;
    }
    result
}
