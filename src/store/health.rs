//! The part of the port for health checks.

use async_trait::async_trait;

use crate::store::StoreError;

/// Checks that the store can do its work.
#[async_trait]
pub trait HealthStore: Send + Sync {
    /// Checks that the store can do its work: writes something without content, reads it, and leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Unsuitable`] if it can, but evicts what it has when its memory is full.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Checks the place of the shared day keys in the same way, if that is another place. Day keys that reach a disk there
    /// are a [`StoreError::Unsuitable`].
    async fn probe_ephemeral(&self) -> Result<(), StoreError>;
}
