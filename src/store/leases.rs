//! The part of the port for leases: work that is done once, whichever instance does it.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::store::StoreError;

/// Keeps leases. Times are those of the callers, in whole milliseconds.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Takes the lease of this name at `now`, until `until`. Returns `false` if it is held at `now`. Of concurrent calls,
    /// one gets it. A holder that is killed loses it when its time is over.
    async fn take_lease(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;

    /// Holds the lease of this name until `until`, whoever has it: the work is done, or is to be tried again then.
    async fn hold_lease(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError>;

    /// Forgets leases and names of requests whose time is over at `now`, where the store does not do so by itself.
    /// A time later than the true one frees leases that are still held.
    async fn forget_ended_leases(&self, now: Timestamp) -> Result<(), StoreError>;
}
