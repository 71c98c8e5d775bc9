//! The errors of a store.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name or the code is taken.
    #[error("the name is taken")]
    Conflict,
    /// The store cannot be reached, or cannot write. Worth trying again.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store is there and cannot be used as it is set up. The same try fails again.
    #[error("{0}")]
    Unsuitable(String),
    /// The store lost entries that it had confirmed, as a failover to a server that did not have
    /// them yet does, or a backup that is put back.
    #[error("the store lost counts that it had confirmed")]
    Behind {
        /// The number of the last entry that it has.
        checkpoint: u64,
    },
    /// Another process serves from the same store, which only one can.
    #[error("another process serves from it")]
    InUse,
    /// The store is not the one that it was.
    #[error("the store is another one than before: {0}")]
    Foreign(String),
    /// The store holds what this version does not understand.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
}
