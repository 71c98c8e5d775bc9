//! From how many networks people came: each network is one of 256 keyed *buckets*, and a set of them is 32 bytes.
//!
//! A bucket tells nothing without the day key, and little with it: thousands of networks share one. Two networks in one
//! bucket count as one, so a collision only ever hides.

use std::ops::{BitOrAssign, BitXor};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One of 256 buckets of networks, of one site and one day.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "a bucket is a part of who a visitor is")]
pub struct Bucket(u8);

impl Bucket {
    /// Takes a keyed hash's byte.
    #[must_use]
    pub const fn new(byte: u8) -> Self {
        Self(byte)
    }

    /// Returns the byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Hides the bucket behind a byte that only the day key can give again.
    #[must_use]
    pub fn masked(self, mask: u8) -> MaskedBucket {
        MaskedBucket(self.0.bitxor(mask))
    }
}

/// A bucket as the journal has it: without the day key it is a random byte.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it goes to the journal and nowhere else")]
pub struct MaskedBucket(u8);

impl MaskedBucket {
    /// Takes the byte from the journal.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// Returns the byte for the journal.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Returns the bucket. The mask must be the one that hid it.
    #[must_use]
    pub fn revealed(self, mask: u8) -> Bucket {
        Bucket(self.0.bitxor(mask))
    }
}

/// A set of buckets.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_debug_implementations, reason = "it holds parts of who visitors are")]
pub struct Networks([u64; 4]);

impl Networks {
    /// Adds a bucket; adding one again changes nothing.
    pub fn insert(&mut self, bucket: Bucket) {
        self.0[usize::from(bucket.0 >> 6)] |= 1 << (bucket.0 & 63);
    }

    /// Returns how many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// Written as hexadecimal digits: 16 for each 64 buckets.
impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [a, b, c, d] = self.0;
        serializer.collect_str(&format_args!("{a:016x}{b:016x}{c:016x}{d:016x}"))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut networks = Self::default();
        for (place, word) in networks.0.iter_mut().enumerate() {
            let digits = text.get(16 * place..16 * (place + 1)).filter(|_| text.len() == 64);
            let parsed = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
            *word = parsed.ok_or_else(|| serde::de::Error::custom("is no set of networks"))?;
        }
        Ok(networks)
    }
}

impl BitOrAssign for Networks {
    /// Adds those of another set.
    fn bitor_assign(&mut self, other: Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }
}

impl FromIterator<Bucket> for Networks {
    fn from_iter<T: IntoIterator<Item = Bucket>>(buckets: T) -> Self {
        let mut networks = Self::default();
        for bucket in buckets {
            networks.insert(bucket);
        }
        networks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_counts_each_bucket_once() {
        let mut networks: Networks = [0, 63, 64, 255, 64].map(Bucket::new).into_iter().collect();
        assert_eq!(networks.count(), 4);
        networks |= [1, 255].map(Bucket::new).into_iter().collect();
        assert_eq!(networks.count(), 5);
        assert_eq!((0..=255).map(Bucket::new).collect::<Networks>().count(), 256);
    }

    #[test]
    fn a_set_is_read_as_it_was_written() {
        let networks: Networks = [0, 63, 64, 200, 255].map(Bucket::new).into_iter().collect();
        let json = serde_json::to_string(&networks).expect("json");
        assert!(serde_json::from_str::<Networks>(&json).expect("what was written") == networks);
        for wrong in ["", "0", &"x".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
            assert!(serde_json::from_str::<Networks>(&format!("\"{wrong}\"")).is_err());
        }
    }

    #[test]
    fn only_the_same_mask_gives_the_bucket_again() {
        let masked = Bucket::new(77).masked(0xa5);
        assert!(MaskedBucket::from_byte(masked.byte()).revealed(0xa5).byte() == 77);
        assert!(masked.revealed(0xa4).byte() != 77);
    }
}
