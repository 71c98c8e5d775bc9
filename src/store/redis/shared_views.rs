//! Shared views, in a hash of records. People, sessions and views share one hash slot.

use async_trait::async_trait;

use crate::domain::site::{KeyHash, SiteId};
use crate::stats::view::View;
use crate::store::redis::RedisStore;
use crate::store::redis::keys::VIEWS;
use crate::store::{StoreError, ViewStore};

#[async_trait]
impl ViewStore for RedisStore {
    async fn insert_view(&self, view: &View) -> Result<(), StoreError> {
        self.insert_record(VIEWS, &view.token.to_hex(), view).await
    }

    async fn view(&self, token: &KeyHash) -> Result<Option<View>, StoreError> {
        self.record(VIEWS, &token.to_hex()).await
    }

    async fn views(&self, site: &SiteId) -> Result<Vec<View>, StoreError> {
        let mut views = self.all_views().await?;
        views.retain(|view| view.site == *site);
        Ok(views)
    }

    async fn all_views(&self) -> Result<Vec<View>, StoreError> {
        self.records(VIEWS).await
    }

    async fn delete_views(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let names: Vec<_> = tokens.iter().map(KeyHash::to_hex).collect();
        self.delete_records(VIEWS, &names).await.map(drop)
    }
}
