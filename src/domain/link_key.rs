//! The link key: what a link is called inside, in the journal, in tags and beside its counts.
//!
//! A code can be given to a new link after its link was deleted. The random incarnation tells the two
//! apart, so that nothing that belongs to the deleted link can ever count for the new one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::code::Code;

/// The number that tells a link from every other link that has had its code; 64 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Incarnation(u64);

impl Incarnation {
    /// Draws a new one from the system's random source.
    ///
    /// # Panics
    /// When the system has no random source, without which the service does not start.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("the operating system has a random source");
        Self(u64::from_le_bytes(bytes))
    }

    /// Takes its bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns its bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// Writes 16 hexadecimal digits.
impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is not an incarnation or a link key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a link key")]
pub struct LinkKeyError;

impl FromStr for Incarnation {
    type Err = LinkKeyError;

    fn from_str(text: &str) -> Result<Self, LinkKeyError> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let bits = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
        bits.map(Self).ok_or(LinkKeyError)
    }
}

impl TryFrom<String> for Incarnation {
    type Error = LinkKeyError;

    fn try_from(text: String) -> Result<Self, LinkKeyError> {
        text.parse()
    }
}

impl From<Incarnation> for String {
    fn from(incarnation: Incarnation) -> Self {
        incarnation.to_string()
    }
}

/// The name of one link for its whole life, and of no other link before or after it.
///
/// As text it is `{namespace}/{code}.{incarnation}`. The namespace is empty: all sites share the
/// service's own host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey {
    /// The code that visitors open.
    pub code: Code,
    /// Which of the links that have had this code it is.
    pub incarnation: Incarnation,
}

impl fmt::Display for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}.{}", self.code, self.incarnation)
    }
}

impl FromStr for LinkKey {
    type Err = LinkKeyError;

    fn from_str(text: &str) -> Result<Self, LinkKeyError> {
        let (code, incarnation) =
            text.strip_prefix('/').and_then(|rest| rest.split_once('.')).ok_or(LinkKeyError)?;
        Ok(Self { code: Code::parse(code).map_err(|_| LinkKeyError)?, incarnation: incarnation.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_key_is_read_as_it_was_written() {
        for bits in [0, 1, 0xfedc_ba98_7654_3210, u64::MAX] {
            let code = Code::parse("Spring-Sale_1").expect("a code");
            let key = LinkKey { code, incarnation: Incarnation::from_bits(bits) };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for wrong in
            ["", "abc.0000000000000001", "/abc", "/abc.1", "/abc.000000000000000G", "/.0000000000000001"]
        {
            assert_eq!(wrong.parse::<LinkKey>(), Err(LinkKeyError), "{wrong}");
        }
    }

    #[test]
    fn two_incarnations_differ() {
        assert_ne!(Incarnation::random(), Incarnation::random());
    }
}
