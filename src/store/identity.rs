//! The part of the port for the identity of the store itself.

use async_trait::async_trait;

use crate::domain::identity::StoreId;
use crate::store::StoreError;

/// Tells one store from another.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Returns the random identity that the store was given when it was created, as this process first saw it, or last
    /// [verified](IdentityStore::verify) or adopted it.
    fn identity(&self) -> StoreId;

    /// Checks that the store at its address is the `expected` one, and works with it from now on, whichever store was
    /// there before.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where it was emptied, replaced, deleted or moved, or was never the expected one;
    /// [`StoreError::Behind`] where it was put back to an earlier state, and lacks what this process had
    /// [confirmed](crate::store::CheckpointStore::confirm).
    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError>;

    /// Takes the store that is there now for the right one, whatever became of the earlier one, and returns
    /// its identity.
    async fn adopt(&self) -> Result<StoreId, StoreError>;
}
