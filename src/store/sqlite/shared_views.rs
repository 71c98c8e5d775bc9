//! Shared views, in a table of records.

use async_trait::async_trait;

use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::records::VIEWS;
use crate::store::{StoreError, ViewStore};

#[async_trait]
impl ViewStore for SqliteStore {
    async fn insert_view(&self, view: &View) -> Result<(), StoreError> {
        let view = view.clone();
        self.file().writer.write_in_time(move |db, _| VIEWS.insert(db, &view.token.to_hex(), &view)).await
    }

    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError> {
        let token = token.to_hex();
        self.file().lookups.read(move |db| VIEWS.get(db, &token)).await
    }

    async fn views(&self, site: &SiteId) -> Result<Vec<View>, StoreError> {
        let site = site.clone();
        self.file().lookups.read(move |db| VIEWS.of_site(db, &site)).await
    }

    async fn all_views(&self) -> Result<Vec<View>, StoreError> {
        self.file().lookups.read(|db| VIEWS.all(db)).await
    }

    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        self.delete_each(VIEWS, tokens).await
    }
}
