//! Changes that other processes make in the file.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::sleep;

use crate::store::sqlite::SqliteStore;
use crate::store::{CoordinationStore, Invalidation, StoreError};

/// Between looks whether another file has taken the place of one whose writer has ended.
const AGAIN: Duration = Duration::from_millis(50);

#[async_trait]
impl CoordinationStore for SqliteStore {
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    async fn subscribe(&self, invalidate: &(dyn Fn(Invalidation) + Send + Sync)) {
        loop {
            let file = self.file();
            let mut foreign = file.writer.foreign_commits();
            let inner = Arc::downgrade(&file);
            drop(file);
            invalidate(Invalidation::Everything);
            while foreign.changed().await.is_ok() {
                invalidate(Invalidation::Everything);
            }
            // The writer has ended: with this store, or because another file has taken the place of this one.
            while inner.upgrade().is_some() {
                sleep(AGAIN).await;
            }
        }
    }
}
