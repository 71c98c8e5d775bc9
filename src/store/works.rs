//! The part of the port for work that is done once, whichever instance does it.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::store::StoreError;

/// What [`Store`](crate::store::Store) does for it. Times are those of the callers, in whole milliseconds.
#[async_trait]
pub trait Works: Send + Sync {
    /// Takes a piece of work at `now`, to be done before `until`; `false` where it is held by then. Of concurrent calls one
    /// gets it. A holder that is killed loses it when its time is over.
    async fn take_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;

    /// Forgets pieces of work and names of requests whose time is over at `now`, where the store does not do so by itself.
    /// A later time than the true one frees work that is still held.
    async fn forget_ended_work(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Holds a piece of work until then, whoever holds it: it is done, or is to be tried again then.
    async fn hold_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError>;
}
