//! The part of the port for links that exist.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::link::{Link, LinkChange, Text};
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Reads, lists, changes and deletes links.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// Returns the link with this code.
    async fn link(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        Ok(self.link_in_any_case(code).await?.filter(|link| link.code == *code))
    }

    /// Returns the link whose code is this one or differs from it only in case; there is never a second one.
    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError>;

    /// Returns links of a site, newest first (within an hour, the one that was added last first), that come after
    /// `after` in that order: at most `limit` of them.
    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Changes a link and returns what it became; concurrent changes of different fields all hold.
    /// It counts elsewhere, where that is changed, from the day after `today` on.
    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError>;

    /// Forgets a link, its counts, its cells and the `once` names that stand for it, and whatever names only it had: its
    /// page's and its campaign's. Links whose parent it was forget that. What moved up from it into cells of its page or
    /// its channel stays: nothing there tells whose it was. A hash of its code stays too, so that no other site is ever
    /// given it.
    ///
    /// Waits until the store has let go of what was deleted, or tells that somebody who reads still holds it.
    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError>;
}

/// Which links [`LinkStore::links`] lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Only those of this channel.
    pub channel: Option<ChannelName>,
    /// Only those of this campaign.
    pub campaign: Option<Text>,
    /// Only those of this page.
    pub page: Option<Destination>,
}

/// A place in a list of links: right behind one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The hour in which the link was made, counted from 1970.
    pub hour: i64,
    /// Its number among those of its hour; numbers rise, and tell nothing else.
    pub sequence: u64,
}

/// A link in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The link.
    pub link: Link,
    /// The place right behind it.
    pub place: Cursor,
}

/// What became of [`LinkStore::delete_link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// There was no such link.
    NotThere,
    /// The store has let go of everything.
    LetGo,
    /// The link is gone, and what was deleted stays in the store's log until somebody who reads has ended.
    HeldByReader,
}

impl Deletion {
    /// Returns whether there was such a link.
    #[must_use]
    pub fn was_there(self) -> bool {
        self != Self::NotThere
    }
}

/// The hash under which the code of a deleted link is kept. It is the same for codes that differ in case only, because
/// an address may be written in either.
pub(super) fn deleted_code(code: &Code) -> [u8; 16] {
    let hash = Sha256::digest(format!("deleted code\0{}", code.as_str().to_ascii_lowercase()));
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}
