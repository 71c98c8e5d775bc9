//! The part of the port that forgets visitors and counts when their time is over.

use async_trait::async_trait;

use crate::domain::day::Day;
use crate::store::StoreError;

/// Forgets what has been kept for long enough.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Drops what told the visitors of days before `day` apart; their numbers stay. A later entry
    /// of such a day begins a set of its own. Networks stay until their day is closed.
    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError>;

    /// Drops the counts and the cells of days before `day`, the end of the retention time, what of those days
    /// waits for a cell or was set aside, and the checkpoints of journals that were last confirmed before it. Links stay;
    /// those of shares that were made before `day` are [stripped](crate::domain::link::Link::strip), and no `once` name stands for them any more.
    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError>;
}
