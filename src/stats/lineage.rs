//! Lineage: shares that come of shares. Somebody opens a link, and shares the page again: a new link, whose
//! parent is the one that was opened.
//!
//! Where a site wants it, the address that a visitor is forwarded to names the link that led there, in one
//! parameter, and whoever shares the page from there passes it on. It says nothing of the visitor: everybody
//! who opens the link gets the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::channel::ChannelName;
use crate::stats::report::{ClicksPerShare, Group};

/// Links of a site that were made in the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shares {
    /// How they were shared.
    pub channel: ChannelName,
    /// How many links lead to them, from parent to parent.
    pub generation: u32,
    /// How their parent was shared; `None` without one, and where it is gone.
    pub parent_channel: Option<ChannelName>,
    /// How many they are.
    pub shares: u64,
}

/// The shares of some days by where they came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lineage {
    /// By generation, the first one first.
    pub generations: Vec<Generation>,
    /// By channel, the one that led to the most shares first.
    pub channels: Vec<Resharing>,
}

/// The shares of one generation: 0 without a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// How many links lead to them, from parent to parent.
    pub generation: u32,
    /// Links made.
    pub shares: u64,
}

/// What came of a channel's shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resharing {
    /// The channel.
    pub key: ChannelName,
    /// Links made for it.
    pub shares: u64,
    /// Links made, for whatever channel, by people who came through one of this channel, whenever that was made.
    pub reshares: u64,
    /// Clicks / shares × 100, as the site's statistics have it.
    pub clicks_per_share: Option<ClicksPerShare>,
}

/// Adds up shares. The clicks per share come from `channels`, the same days' statistics by channel.
#[must_use]
pub fn lineage(all: &[Shares], channels: &[Group]) -> Lineage {
    let mut generations: BTreeMap<u32, u64> = BTreeMap::new();
    let mut sums: BTreeMap<&ChannelName, (u64, u64)> = BTreeMap::new();
    for some in all {
        *generations.entry(some.generation).or_default() += some.shares;
        sums.entry(&some.channel).or_default().0 += some.shares;
        if let Some(parent) = &some.parent_channel {
            sums.entry(parent).or_default().1 += some.shares;
        }
    }
    let clicks_per_share = |channel: &ChannelName| {
        let of_channel = |group: &&Group| group.key.as_deref() == Some(channel.as_str());
        channels.iter().find(of_channel).and_then(|group| group.numbers.clicks_per_share)
    };
    let resharing = |(key, (shares, reshares)): (&ChannelName, (u64, u64))| Resharing {
        key: key.clone(),
        shares,
        reshares,
        clicks_per_share: clicks_per_share(key),
    };
    let mut channels: Vec<_> = sums.into_iter().map(resharing).collect();
    // Of equal ones, the order of their names stays.
    channels.sort_by_key(|channel| Reverse((channel.reshares, channel.shares)));
    let generation = |(generation, shares)| Generation { generation, shares };
    Lineage { generations: generations.into_iter().map(generation).collect(), channels }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::publication::Number;
    use crate::stats::report::Numbers;

    fn shares(channel: &str, generation: u32, parent: Option<&str>, shares: u64) -> Shares {
        let name = |text| ChannelName::parse(text).expect("a channel");
        Shares { channel: name(channel), generation, parent_channel: parent.map(name), shares }
    }

    fn group(channel: &str, clicks_per_share: Option<ClicksPerShare>) -> Group {
        let few = Number::Suppressed;
        let numbers = Numbers {
            shares: few,
            unfurls: few,
            unfurls_by_app: BTreeMap::new(),
            clicks: few,
            visitors: few,
            opens: few,
            clicks_per_share,
        };
        Group { key: Some(channel.to_owned()), kind: None, numbers, before: None }
    }

    #[test]
    fn a_reshare_counts_for_the_channel_that_its_sharer_came_through() {
        let all = [
            shares("email", 0, None, 4),
            shares("sms", 0, None, 1),
            shares("sms", 1, Some("email"), 3),
            shares("email", 2, Some("sms"), 1),
            // The parent is gone, or it was made for a channel of which these days have no other link.
            shares("copy", 1, None, 1),
            shares("copy", 1, Some("viber"), 2),
        ];
        let clicks_per_share = Some(ClicksPerShare::exact(6, 5));
        let groups = [group("email", clicks_per_share), group("sms", None)];
        let Lineage { generations, channels } = lineage(&all, &groups);
        let generations: Vec<_> = generations.iter().map(|g| (g.generation, g.shares)).collect();
        assert_eq!(generations, [(0, 5), (1, 6), (2, 1)]);
        let channels: Vec<_> =
            channels.iter().map(|c| (c.key.as_str(), c.shares, c.reshares, c.clicks_per_share)).collect();
        let expected = [
            ("email", 5, 3, clicks_per_share),
            ("viber", 0, 2, None),
            ("sms", 4, 1, None),
            ("copy", 3, 0, None),
        ];
        assert_eq!(channels, expected);
        assert_eq!(lineage(&[], &[]), Lineage { generations: vec![], channels: vec![] });
    }
}
