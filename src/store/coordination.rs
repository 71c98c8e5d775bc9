//! The part of the port for instances that share a store.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::code::Code;
use crate::store::StoreError;

/// Lets several instances on one store agree on the time and learn of each other's changes.
#[async_trait]
pub trait CoordinationStore: Send + Sync {
    /// Returns the store's own time; `None` if it has no other clock than this machine's.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Calls `invalidate` for what other processes change in links and sites; changes of this process may be among them.
    /// The subscription lasts for as long as the future is polled. The future never completes.
    async fn subscribe(&self, invalidate: &(dyn Fn(Invalidation) + Send + Sync));
}

/// A notice of [`CoordinationStore::subscribe`] that something read earlier may be out of date. While the store does not
/// respond, it sends none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidation {
    /// This link was changed or deleted.
    Link(Code),
    /// Anything may have been changed before now. From now on, changes are announced.
    Everything,
    /// The store responds, but changes are not announced. This notice is repeated for as long as that lasts.
    Unannounced,
}
