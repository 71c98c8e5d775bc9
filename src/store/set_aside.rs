//! The part of the port for counts that could not be added to damaged records.

use async_trait::async_trait;

use crate::store::StoreError;

/// Keeps counts of damaged records until they can be added.
#[async_trait]
pub trait SetAsideStore: Send + Sync {
    /// Tries to add what was set aside to the counts again, and returns what still cannot be.
    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError>;
}

/// Counts of one link that were set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The damaged record's name: a key, or a link and a day.
    pub name: String,
    /// How many entries.
    pub entries: u64,
}
