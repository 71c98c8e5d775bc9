//! A link as Redis keeps it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::link::Link;
use crate::store::redis::failure;
use crate::store::{OnceName, StoreError};

/// What a value begins with while its link is being made.
const PENDING: &str = "?";
/// After it: random letters, so that no two attempts look alike.
const NONCE: usize = 8;
/// So many digits is a name's hash.
const HEX: usize = 32;

/// A link and the `once` names that stand for it, as one JSON object.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Record {
    /// The link.
    #[serde(flatten)]
    pub(super) link: Link,
    /// The names in hexadecimal, each with what [`suffix`] says; kept so that deleting the link finds them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    once: Vec<String>,
}

/// What a stored value has beside the link.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    once: Vec<String>,
}

impl Record {
    /// A link with its names.
    pub(super) fn new(link: &Link, once: &[OnceName]) -> Self {
        let once = once.iter().map(|name| hex(&name.name) + &suffix(name)).collect();
        Self { link: link.clone(), once }
    }

    /// Reads a stored value, finished or pending.
    pub(super) fn read(value: &str) -> Result<Self, StoreError> {
        let Beside { once } = part(value)?;
        Ok(Self { link: Self::link_of(value)?, once })
    }

    /// Reads the link alone, of which a report needs thousands.
    pub(super) fn link_of(value: &str) -> Result<Link, StoreError> {
        part(value)
    }

    /// The stored value of the finished link.
    pub(super) fn to_value(&self) -> String {
        serde_json::to_string(self).expect("a link has only text, numbers and flags")
    }

    /// A value that holds the link's place while it is being made.
    pub(super) fn to_pending(&self) -> String {
        format!("{PENDING}{}{}", nanoid::nanoid!(NONCE), self.to_value())
    }

    /// The names that stand for the link, each with its [`suffix`].
    pub(super) fn names(&self) -> Result<Vec<([u8; 16], &str)>, StoreError> {
        let name = |text: &'_ String| {
            let (hex, _) = text.split_at_checked(HEX).unwrap_or_default();
            u128::from_str_radix(hex, 16).map(u128::to_be_bytes)
        };
        let names = self.once.iter().map(|text| Ok((name(text)?, text.get(HEX..).unwrap_or_default())));
        names.collect::<Result<_, std::num::ParseIntError>>().map_err(|_| failure::corrupt("a once-name"))
    }

    /// Whether the two are of one site and share a name.
    pub(super) fn shares_name(&self, other: &Self) -> bool {
        let is_same = |one: &String, other: &String| one.get(..HEX) == other.get(..HEX);
        self.link.site == other.link.site
            && self.once.iter().any(|name| other.once.iter().any(|other| is_same(name, other)))
    }

    /// What a `once` name holds: the link's key, so that a later link of the same code is not taken for this one.
    pub(super) fn holder(&self) -> String {
        self.link.key().to_string()
    }
}

/// What a name says behind its hash and behind its holder: until when it stands, and for what:
/// `1795953600 0f1e…` after a space, or nothing.
pub(super) fn suffix(name: &OnceName) -> String {
    let passing = name.passing.map(|passing| format!(" {} {}", passing.until, hex(&passing.fingerprint)));
    passing.unwrap_or_default()
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

/// A part of what a stored value holds.
fn part<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_str(finished(value)).map_err(|_| failure::corrupt("a link"))
}

/// Whether a stored value is a link that is still being made.
pub(super) fn is_pending(value: &str) -> bool {
    value.starts_with(PENDING)
}

/// The value that a pending one becomes; a finished one is that already.
pub(super) fn finished(value: &str) -> &str {
    if is_pending(value) { value.get(PENDING.len() + NONCE..).unwrap_or_default() } else { value }
}
