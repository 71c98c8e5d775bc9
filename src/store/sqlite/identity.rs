//! The identity of the file at the path, and another file that takes its place.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use crate::domain::identity::StoreId;
use crate::store::sqlite::error::Ended;
use crate::store::sqlite::placement::Placement;
use crate::store::sqlite::{SqliteStore, schema};
use crate::store::{IdentityStore, StoreError};

#[async_trait]
impl IdentityStore for SqliteStore {
    fn identity(&self) -> StoreId {
        self.file().identity.clone()
    }

    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError> {
        let file = self.file();
        let (placement, there) = spawn_blocking(move || {
            let placement = file.placement();
            let is_replaced = placement == Placement::Replaced;
            (placement, if is_replaced { file.identity_at_path() } else { None })
        })
        .await
        .map_err(|_| Ended("reader"))?;
        match placement {
            Placement::InPlace => {
                let identity = self.file().lookups.read(schema::identity).await?;
                if identity.as_ref() != Some(&self.file().identity) {
                    return Err(StoreError::Foreign("the database file has other content now".to_owned()));
                }
                if identity.as_ref() != Some(expected) {
                    let there = self.identity();
                    return Err(StoreError::Foreign(format!(
                        "store.url leads to the store {there}, and the journal belongs to the store {expected}"
                    )));
                }
                Ok(())
            }
            // The right store was put in its place, or a backup of it; its checkpoints tell what it lacks.
            Placement::Replaced if there.as_ref() == Some(expected) => self.reopen().await.map(drop),
            Placement::Replaced => {
                Err(StoreError::Foreign("another file is in the place of the database file".to_owned()))
            }
            Placement::Gone => Err(StoreError::Foreign("the database file was deleted or moved".to_owned())),
            Placement::WithoutLog => Err(StoreError::Foreign(
                "the write-ahead log beside the database file was deleted or moved; restart the service"
                    .to_owned(),
            )),
        }
    }

    async fn adopt(&self) -> Result<StoreId, StoreError> {
        match self.file().placement() {
            // The file that is open is the one at the path; only this process may have a lock on it.
            Placement::InPlace | Placement::WithoutLog => Ok(self.identity()),
            Placement::Replaced | Placement::Gone => self.reopen().await,
        }
    }
}

impl SqliteStore {
    /// Opens what is at the path now in the place of the file that was open.
    async fn reopen(&self) -> Result<StoreId, StoreError> {
        let old = self.file();
        let left = spawn_blocking(move || old.leave_place()).await.map_err(|_| Ended("writer"))?;
        left.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let opened = Self::open_file(self.path.clone(), self.sharing).await?;
        let identity = opened.identity.clone();
        let old = std::mem::replace(
            &mut *self.file.write().unwrap_or_else(PoisonError::into_inner),
            Arc::new(opened),
        );
        // Whoever still uses it goes on; closing it may take a moment.
        drop(spawn_blocking(move || drop(old)));
        Ok(identity)
    }
}
