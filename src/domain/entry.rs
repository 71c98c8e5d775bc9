//! One journal entry: a finished count, from which nobody can be told again.

use super::day::Day;
use super::family::Family;
use super::link_key::LinkKey;
use super::networks::MaskedBucket;
use super::site::SiteId;
use super::visitor::Tag;

/// Something to be added to the counts of one link on one day.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it may hold a tag")]
pub struct Entry {
    /// The site of the link.
    pub site: SiteId,
    /// The link.
    pub link: LinkKey,
    /// The UTC day on which it happened.
    pub day: Day,
    /// What happened.
    pub kind: EntryKind,
}

/// What an entry adds one to.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "it may hold a tag")]
pub enum EntryKind {
    /// A click of a visitor who granted consent, and where it is known the network's bucket.
    Click(Tag, Option<MaskedBucket>),
    /// A preview fetched by the bot of a chat app of this family.
    Unfurl(Family),
    /// A click of somebody unasked, under the policy `aggregate`.
    AggregateClick,
}
