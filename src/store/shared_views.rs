//! The part of the port for shared views.

use async_trait::async_trait;

use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::StoreError;

/// Keeps shared views. What one instance has changed holds for all of them at once.
#[async_trait]
pub trait ViewStore: Send + Sync {
    /// Adds a shared view.
    async fn insert_view(&self, view: &View) -> Result<(), StoreError>;

    /// Returns the view whose token has this hash.
    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError>;

    /// Returns the views of a site, in any order.
    async fn views(&self, site: &SiteId) -> Result<Vec<View>, StoreError>;

    /// Returns the views of all sites, in any order, also of sites that are gone.
    async fn all_views(&self) -> Result<Vec<View>, StoreError>;

    /// Deletes views; those that do not exist count as deleted.
    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError>;
}
