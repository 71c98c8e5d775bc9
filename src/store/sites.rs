//! The part of the port for sites and their keys.

use async_trait::async_trait;

use crate::domain::site::{KeyHash, Site, SiteId};
use crate::store::StoreError;

/// Keeps sites and finds them by their identifiers and keys.
#[async_trait]
pub trait SiteStore: Send + Sync {
    /// Adds a site. Of two sites of one name the first stays and the other is a
    /// [`StoreError::Conflict`].
    async fn insert_site(&self, site: &Site) -> Result<(), StoreError>;

    /// Puts a site in the place of what it was; keys that it no longer lists end. `false`, and nothing changes, where it
    /// is not that any more: of two changes at once none undoes the other. The name of another site is a
    /// [`StoreError::Conflict`].
    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError>;

    /// Forgets a site with its keys, its links and everything that was counted for it. Hashes of its links' codes stay,
    /// and nobody is given them. May be called again after it was interrupted. Returns whether the site was there.
    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError>;

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// The site with this identifier.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// The site that has a key with this hash.
    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError>;
}
