//! One journal entry: a finished count, from which nobody can be told again.

use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::link_key::LinkKey;
use crate::domain::networks::{Bucket, MaskedBucket};
use crate::domain::site::SiteId;
use crate::domain::visitor::Tag;

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
    Open,
}

/// A journal entry with its number; numbers rise in one journal, are never used twice, and stay
/// below 2^53.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it may hold a tag")]
pub struct Numbered {
    /// Its number.
    pub number: u64,
    /// The number of the entry of the same partition that was settled before it; 0 where nobody knows.
    pub previous: u64,
    /// The network of a click's visitor, where that can still be known.
    pub network: Option<Bucket>,
    /// The entry.
    pub entry: Entry,
}
