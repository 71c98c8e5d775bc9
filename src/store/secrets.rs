//! The part of the port for secrets that all instances share.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::day::Day;
use crate::domain::visitor::DayKey;
use crate::store::StoreError;

/// Lets all instances on one store agree on secrets.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Returns the key of a day that all instances on this store agree on: `proposal` if there is none yet.
    /// If only one process uses the store, the key is the proposal, and the store never sees it. Otherwise it is kept in
    /// memory until `day` is over: for the time that is left at `now`.
    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError>;

    /// Returns where that key is, as far as is known.
    fn key_place(&self) -> KeyPlace;

    /// Returns the secret that seals the claims of reserved codes and remembers opened views on all instances: `proposal`
    /// if there is none yet.
    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError>;
}

/// Where a day key is while its day lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In this process, and nowhere else.
    Process,
    /// In the memory of a server, too, which says that it writes nothing to a disk.
    Memory,
    /// In the memory of a server, too, which does not say whether it writes to a disk.
    Unknown,
    /// On the disk of a server, too.
    Disk,
}

impl KeyPlace {
    /// Returns the place's stable name, as it stands at `/readyz?all`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Memory => "memory",
            Self::Unknown => "unknown",
            Self::Disk => "disk",
        }
    }
}
