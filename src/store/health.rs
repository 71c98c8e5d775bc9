//! The part of the port for health checks.

use async_trait::async_trait;

use crate::store::StoreError;

/// Checks that the store can do its work.
#[async_trait]
pub trait HealthStore: Send + Sync {
    /// Writes something without content, reads, and leaves nothing behind: whether the store can do its work.
    ///
    /// # Errors
    /// [`StoreError::Unsuitable`] where it does, and evicts what it has when its memory is full.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Does the same where the shared day keys are, if that is another place, and looks whether they reach a disk there;
    /// then that is a [`StoreError::Unsuitable`].
    async fn probe_ephemeral(&self) -> Result<(), StoreError>;
}
