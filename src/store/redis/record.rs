//! A link as Redis keeps it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::failure;
use crate::domain::link::Link;
use crate::store::{OnceName, StoreError};

/// What a value begins with while its link is being made.
const PENDING: &str = "?";
/// After it: random letters, so that no two attempts look alike.
const NONCE: usize = 8;

/// A link and the `once` names that stand for it, as one JSON object.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Record {
    /// The link.
    #[serde(flatten)]
    pub(super) link: Link,
    /// The names in hexadecimal; kept so that deleting the link finds them.
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
        let once = once.iter().map(|name| format!("{:032x}", u128::from_be_bytes(name.0))).collect();
        Self { link: link.clone(), once }
    }

    /// Reads a stored value, finished or pending.
    pub(super) fn read(value: &str) -> Result<Self, StoreError> {
        let Beside { once } = part(value)?;
        Ok(Self { link: Self::link_of(value)?, once })
    }

    /// Reads the link alone, of which a report needs thousands.
    ///
    /// What an earlier version wrote has no generation. Nobody counted it, but whoever has a parent is not of
    /// the first.
    pub(super) fn link_of(value: &str) -> Result<Link, StoreError> {
        let mut link: Link = part(value)?;
        if link.parent.is_some() {
            link.generation = link.generation.max(1);
        }
        Ok(link)
    }

    /// The stored value of the finished link.
    pub(super) fn to_value(&self) -> String {
        serde_json::to_string(self).expect("a link has only text, numbers and flags")
    }

    /// A value that holds the link's place while it is being made.
    pub(super) fn to_pending(&self) -> String {
        format!("{PENDING}{}{}", nanoid::nanoid!(NONCE), self.to_value())
    }

    /// The names that stand for the link.
    pub(super) fn once(&self) -> Result<Vec<OnceName>, StoreError> {
        let name = |hex: &String| u128::from_str_radix(hex, 16).map(|number| OnceName(number.to_be_bytes()));
        self.once.iter().map(name).collect::<Result<_, _>>().map_err(|_| failure::corrupt("a once-name"))
    }

    /// Whether the two are of one site and share a name.
    pub(super) fn shares_name(&self, other: &Self) -> bool {
        self.link.site == other.link.site && self.once.iter().any(|name| other.once.contains(name))
    }

    /// What a `once` name holds: the code and the time of creation, so that a later link of the
    /// same code is not taken for this one.
    pub(super) fn holder(&self) -> String {
        format!("{} {}", self.link.code, self.link.created_at.as_millisecond())
    }
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
