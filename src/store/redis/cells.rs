//! What a site's hashes of a day and of a week hold.
//!
//! | hash of | field | value |
//! | --- | --- | --- |
//! | a day | `mark` | k and a version, where its cells hold; before that they are being put together |
//! | | `l LINK` | a link's [`Cell`], by its [key](crate::domain::link_key::LinkKey) |
//! | a week | `mark` | a version, where it is closed |
//! | | `p DAY KIND` | what a day left to the pool of a kind: a [`Share`] |
//! | | `k KIND` | a cell of a page, or of a channel where the kind names no page: [`Numbers`] |
//!
//! All values but the marks are JSON, so that anybody can read them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelName;
use crate::domain::destination::Destination;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::Text;
use crate::stats::counts::{Amount, Counts, families_from_text, families_to_text};
use crate::stats::disclosure::Undecided;
use crate::store::StoreError;
use crate::store::redis::failure;

/// The field that tells whether cells hold.
pub(super) const MARK: &str = "mark";
/// What the other fields begin with.
pub(super) const OF_LINK: &str = "l ";
pub(super) const OF_KIND: &str = "k ";
pub(super) const OF_POOL: &str = "p ";

/// What tells links apart for statistics, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) channel: ChannelName,
    /// `None` for a cell of a whole channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<Destination>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) campaign: Option<Text>,
}

impl Kind {
    /// The kind of all pages of a channel.
    pub(super) fn of_channel(channel: ChannelName) -> Self {
        Self { channel, page: None, campaign: None }
    }
}

impl From<Dimensions> for Kind {
    fn from(Dimensions { channel, page, campaign }: Dimensions) -> Self {
        Self { channel, page, campaign }
    }
}

impl From<Kind> for Dimensions {
    fn from(Kind { channel, page, campaign }: Kind) -> Self {
        Self { channel, page, campaign }
    }
}

/// Counts as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbers {
    #[serde(default, skip_serializing_if = "is_zero")]
    clicks: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    visitors: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    opens: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unfurls: u64,
    /// By family of app: `slack=2 telegram=1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    known_unfurls: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<&Counts> for Numbers {
    fn from(counts: &Counts) -> Self {
        let Counts { clicks, visitors, opens, unfurls, .. } = *counts;
        let known_unfurls = families_to_text(&counts.known_unfurls);
        Self { clicks, visitors, opens, unfurls, known_unfurls }
    }
}

impl Numbers {
    /// The counts.
    pub(super) fn counts(&self) -> Result<Counts, StoreError> {
        let Self { clicks, visitors, opens, unfurls, .. } = *self;
        let known_unfurls =
            families_from_text(&self.known_unfurls).ok_or_else(|| failure::corrupt("a family's unfurls"))?;
        Ok(Counts { shares: 0, unfurls, known_unfurls, clicks, visitors, opens })
    }
}

/// What a day leaves to a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Share {
    #[serde(flatten)]
    numbers: Numbers,
    /// From how many networks its clicks came at least.
    #[serde(default, skip_serializing_if = "is_zero")]
    networks: u64,
}

impl From<Undecided> for Share {
    fn from(Undecided { amount, networks }: Undecided) -> Self {
        Self { numbers: Numbers::from(&Counts::from(amount)), networks }
    }
}

impl Share {
    /// What is to be decided on.
    pub(super) fn undecided(&self) -> Undecided {
        let Numbers { clicks, visitors, opens, .. } = self.numbers;
        Undecided { amount: Amount { clicks, visitors, opens }, networks: self.networks }
    }
}

/// A link's cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) kind: Kind,
    pub(super) counts: Numbers,
}

/// A stored text.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it has only text and numbers")
}

/// What a stored text means.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| failure::corrupt("a cell"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::family::Family;

    #[test]
    fn cells_and_shares_are_read_as_they_were_written() {
        let text = r#"{"channel":"sms","page":"https://example.com/a b?c=\"d\"","campaign":"spring sale"}"#;
        let kind: Kind = from_json(text).expect("a kind");
        assert_eq!(to_json(&kind), text);
        let counts = Counts {
            unfurls: 3,
            known_unfurls: BTreeMap::from([(Family::Slack, 2)]),
            clicks: 7,
            visitors: 6,
            ..Counts::default()
        };
        let cell = Cell { kind, counts: Numbers::from(&counts) };
        assert_eq!(from_json::<Cell>(&to_json(&cell)).expect("a cell"), cell);
        assert_eq!(cell.counts.counts().ok(), Some(counts));
        let amount = Amount { clicks: 3, visitors: 2, opens: 1 };
        let undecided = Undecided { amount, networks: 2 };
        let json = to_json(&Share::from(undecided));
        assert_eq!(from_json::<Share>(&json).expect("a share").undecided(), undecided, "{json}");
    }
}
