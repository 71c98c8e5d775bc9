//! The part of the port that adds links.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Adds links, each once for every name that makes its creation idempotent.
#[async_trait]
pub trait LinkCreationStore: Send + Sync {
    /// Adds a link, unless one of the `once` names already stands for a link of its site: then it returns that
    /// link. Of concurrent calls with one such name, one creates the link and all others get it. A name that stands for
    /// another request is [`Inserted::Reused`], and nothing is created. A code that is taken, in whatever case, or that a
    /// deleted link of another site had, is a [`StoreError::Conflict`] and changes nothing.
    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError>;

    /// Adds many links, each for itself as [`LinkCreationStore::insert_link`] does, and returns what became of each in their order:
    /// of two with one name the first is made. It waits for the store as often as for one link, or hardly more often.
    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>>;

    /// Returns what [`LinkCreationStore::insert_link`] would find by this name: [`Inserted::Existing`],
    /// [`Inserted::Reused`], or nothing.
    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError>;
}

/// What became of [`LinkCreationStore::insert_link`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart as soon as it is there")]
pub enum Inserted {
    /// The link is new.
    Created,
    /// An earlier link stands for one of the `once` names.
    Existing(Link),
    /// One of the `once` names stands for what was asked with another fingerprint.
    Reused,
}

/// A hash of an `Idempotency-Key`, an `external_id` or a claimed code, which makes creation happen
/// once for each site. Only the hash is kept: a client may have put anything into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceName {
    /// The hash.
    pub name: [u8; 16],
    /// Until when it stands for its link, and for what; for ever and for anything where there is nothing here.
    pub passing: Option<Passing>,
}

/// What makes a `once` name stand for one request, for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing {
    /// A hash of the request.
    pub fingerprint: [u8; 16],
    /// When the request came, in seconds since 1970.
    pub now: i64,
    /// Until when the name stands for its link: a day later, at a full hour, so that it does not tell when that was made.
    pub until: i64,
}

impl OnceName {
    /// A name that stands for its link for as long as that is there.
    #[must_use]
    pub const fn lasting(name: [u8; 16]) -> Self {
        Self { name, passing: None }
    }

    /// A name that stands for a request of this fingerprint for 24 hours, until the next full hour.
    #[must_use]
    pub fn passing(name: [u8; 16], fingerprint: [u8; 16], now: Timestamp) -> Self {
        const HOUR: i64 = 3_600;
        let until =
            (now.as_millisecond() + 24 * HOUR * 1_000 + HOUR * 1_000 - 1).div_euclid(HOUR * 1_000) * HOUR;
        Self { name, passing: Some(Passing { fingerprint, now: now.as_second(), until }) }
    }
}
