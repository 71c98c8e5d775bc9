//! The part of the port for the checkpoints of journals.

use async_trait::async_trait;

use crate::domain::day::Day;
use crate::domain::identity::JournalId;
use crate::store::StoreError;

/// Keeps the number up to which each journal is in the store for good.
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// Returns the number up to which everything of a journal is in the store for good; 0 if nothing is known of it. Whoever
    /// begins to read a journal of an earlier run asks first, and settles nothing up to there: the store may know no
    /// more than this of a journal that has ended.
    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError>;

    /// Notes that everything of a journal up to `number` is in the store for good, in every partition alike, so that
    /// the checkpoints do not tell where anything was counted. `today` is kept with it until the retention time is over;
    /// a journal that `has_ended` needs no other bookkeeping any more.
    ///
    /// # Errors
    /// [`StoreError::Behind`] where a partition lacks what was confirmed before, which would be hidden from then on;
    /// [`StoreError::Foreign`] where the store is another one. Then nothing is noted, or in some partitions only.
    async fn confirm(
        &self,
        journal: &JournalId,
        number: u64,
        today: Day,
        has_ended: bool,
    ) -> Result<(), StoreError>;
}
