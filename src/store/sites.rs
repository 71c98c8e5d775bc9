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

    /// Replaces a site if it is still `old`; keys that it no longer lists end. Returns `false` and changes nothing if it
    /// is not: of two changes at once, none undoes the other. The name of another site is a [`StoreError::Conflict`].
    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError>;

    /// Deletes a site with its keys, its links and everything that was counted for it. Hashes of its links' codes stay,
    /// so that nobody is given these codes. The call can be repeated after an interruption. Returns whether the site existed.
    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError>;

    /// Returns every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// Returns the site with this identifier.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// Returns the site that has a key with this hash.
    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError>;
}
