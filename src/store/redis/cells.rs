//! What a site's hash of a day holds: its cells, and while it is being closed what is on its way to them.
//!
//! | field | value |
//! | --- | --- |
//! | `mark` | how far the day is: a [`Mark`], changed together with the rest |
//! | `k KIND` | a cell of a page, or of a channel where the kind names no page: [`Numbers`] |
//! | `l LINK` | a link's own cells, by its [key](LinkKey): a list of [`Cell`]s, one for each kind that it was closed under |
//! | `r KIND` | what moved up from links and is not closed at their page's level yet: [`Numbers`] |
//! | `t LINK` | what was taken over of a link's open counts, which still have it: [`Numbers`] |
//!
//! A field of which nothing is left goes. All values are JSON, so that anybody can read them.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::failure;
use super::marks::Mark;
use crate::domain::cell::Amount;
use crate::domain::channel::ChannelName;
use crate::domain::counts::{Counts, families_from_text, families_to_text};
use crate::domain::destination::Destination;
use crate::domain::link::{Link, Text};
use crate::domain::link_key::LinkKey;
use crate::store::StoreError;

/// The field with the day's mark.
pub(super) const MARK: &str = "mark";
/// What the other fields begin with.
pub(super) const OF_KIND: &str = "k ";
pub(super) const OF_LINK: &str = "l ";
pub(super) const REST: &str = "r ";
pub(super) const TAKEN: &str = "t ";

/// How links were shared, where they lead and their campaign: under what a cell is.
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
    /// The kind of a link as it is now.
    pub(super) fn of(link: &Link) -> Self {
        let Link { channel, campaign, .. } = link;
        Self { channel: channel.clone(), page: Some(link.page().clone()), campaign: campaign.clone() }
    }

    /// That of all pages of a channel.
    pub(super) fn of_channel(channel: &ChannelName) -> Self {
        Self { channel: channel.clone(), page: None, campaign: None }
    }

    /// The field of such a kind.
    pub(super) fn field(&self, beginning: &str) -> String {
        beginning.to_owned() + &to_json(self)
    }
}

/// The field of a link. A later link of its code has another one.
pub(super) fn link_field(beginning: &str, link: &LinkKey) -> String {
    format!("{beginning}{link}")
}

/// The link of a field, without what the field begins with.
pub(super) fn field_link(text: &str) -> Result<LinkKey, StoreError> {
    text.parse().map_err(|_| failure::corrupt("a link's key"))
}

/// Counts as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbers {
    #[serde(default, skip_serializing_if = "is_zero")]
    clicks: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    visitors: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    aggregate_clicks: u64,
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
        let Counts { clicks, visitors, aggregate_clicks, unfurls, .. } = *counts;
        let known_unfurls = families_to_text(&counts.known_unfurls);
        Self { clicks, visitors, aggregate_clicks, unfurls, known_unfurls }
    }
}

impl Numbers {
    /// The counts.
    pub(super) fn counts(&self) -> Result<Counts, StoreError> {
        let Self { clicks, visitors, aggregate_clicks, unfurls, .. } = *self;
        let known_unfurls =
            families_from_text(&self.known_unfurls).ok_or_else(|| failure::corrupt("a family's unfurls"))?;
        Ok(Counts { shares: 0, unfurls, known_unfurls, clicks, visitors, aggregate_clicks })
    }

    /// What of them stands for people.
    pub(super) fn amount(&self) -> Amount {
        let Self { clicks, visitors, aggregate_clicks, .. } = *self;
        Amount { clicks, visitors, aggregate_clicks }
    }

    /// The same counts with another amount of people.
    pub(super) fn with(self, Amount { clicks, visitors, aggregate_clicks }: Amount) -> Self {
        Self { clicks, visitors, aggregate_clicks, ..self }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Amount> for Numbers {
    fn from(amount: Amount) -> Self {
        Self::default().with(amount)
    }
}

/// A link's own cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) kind: Kind,
    pub(super) counts: Numbers,
}

/// A whole day of a site, read at one moment.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) mark: Option<Mark>,
    pub(super) links: Vec<(LinkKey, Vec<Cell>)>,
    pub(super) kinds: Vec<(Kind, Numbers)>,
    pub(super) rests: Vec<(Kind, Numbers)>,
    pub(super) taken: HashMap<LinkKey, Numbers>,
}

impl Sheet {
    /// Reads the day's hash.
    pub(super) fn read(fields: &[(String, String)]) -> Result<Self, StoreError> {
        let mut sheet = Self::default();
        for (field, value) in fields {
            if field == MARK {
                sheet.mark = Some(Mark::read(value)?);
            } else if let Some(link) = field.strip_prefix(OF_LINK) {
                sheet.links.push((field_link(link)?, from_json(value)?));
            } else if let Some(kind) = field.strip_prefix(OF_KIND) {
                sheet.kinds.push((from_json(kind)?, from_json(value)?));
            } else if let Some(kind) = field.strip_prefix(REST) {
                sheet.rests.push((from_json(kind)?, from_json(value)?));
            } else if let Some(link) = field.strip_prefix(TAKEN) {
                sheet.taken.insert(field_link(link)?, from_json(value)?);
            }
        }
        Ok(sheet)
    }
}

/// What of a link's counts was not taken over before.
pub(super) fn beyond(counts: &Counts, taken: &Counts) -> Counts {
    let families = counts.known_unfurls.iter().map(|(family, unfurls)| {
        (*family, unfurls.saturating_sub(taken.known_unfurls.get(family).copied().unwrap_or(0)))
    });
    Counts {
        shares: 0,
        unfurls: counts.unfurls.saturating_sub(taken.unfurls),
        known_unfurls: families.filter(|(_, unfurls)| *unfurls > 0).collect::<BTreeMap<_, _>>(),
        clicks: counts.clicks.saturating_sub(taken.clicks),
        visitors: counts.visitors.saturating_sub(taken.visitors),
        aggregate_clicks: counts.aggregate_clicks.saturating_sub(taken.aggregate_clicks),
    }
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
    use super::*;
    use crate::domain::family::Family;

    #[test]
    fn a_day_is_read_as_it_was_written_and_without_what_nobody_knows() {
        let kind: Kind = from_json(
            r#"{"channel":"sms","page":"https://example.com/a b?c=\"d\"","campaign":"spring sale"}"#,
        )
        .expect("a kind");
        let counts =
            Counts { unfurls: 3, known_unfurls: BTreeMap::from([(Family::Slack, 2)]), ..Counts::default() };
        let numbers = Numbers::from(&counts).with(Amount { clicks: 7, visitors: 6, aggregate_clicks: 0 });
        assert_eq!(
            numbers.counts().ok(),
            Some(Counts { clicks: 7, visitors: 6, ..counts }),
            "and written as {}",
            to_json(&numbers)
        );
        let cell = Cell { kind: kind.clone(), counts: numbers.clone() };
        let link: LinkKey = "/a-b.0123456789abcdef".parse().expect("a link's key");
        let fields = [
            ("mark".to_owned(), "5 2 0 taken 0 9".to_owned()),
            (link_field(OF_LINK, &link), to_json(&[&cell])),
            (kind.field(OF_KIND), to_json(&numbers)),
            (Kind::of_channel(&kind.channel).field(OF_KIND), to_json(&numbers)),
            (kind.field(REST), "{}".to_owned()),
            (link_field(TAKEN, &link), to_json(&numbers)),
            ("what a later version writes".to_owned(), String::new()),
        ];
        let sheet = Sheet::read(&fields).expect("a day");
        assert_eq!(sheet.mark.map(|mark| mark.version), Some(2));
        assert_eq!(sheet.links, [(link.clone(), vec![cell])]);
        assert_eq!(sheet.kinds[0], (kind.clone(), numbers.clone()));
        assert_eq!(sheet.kinds[1].0, Kind::of_channel(&kind.channel));
        assert_eq!(sheet.rests, [(kind, Numbers::default())]);
        assert_eq!(sheet.taken.get(&link), Some(&numbers));
    }

    #[test]
    fn what_was_taken_over_is_never_more_than_there_is() {
        let some = |clicks, unfurls, slack| Counts {
            clicks,
            unfurls,
            known_unfurls: BTreeMap::from([(Family::Slack, slack)]),
            ..Counts::default()
        };
        assert_eq!(beyond(&some(7, 5, 2), &some(4, 6, 1)), some(3, 0, 1));
        assert_eq!(beyond(&some(4, 2, 1), &some(7, 2, 1)), Counts::default());
    }
}
