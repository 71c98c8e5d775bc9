//! The store in Redis or Valkey, standalone or Cluster, for more than one instance.
//!
//! Promises what [`Store`](crate::store::Store) asks, on a Cluster too: every script and every command of more than one
//! key stays in one hash slot, and what needs several slots is a row of steps whose order survives
//! a crash between any two of them (said where the steps are). Refuses to keep anything personal:
//! what tells visitors apart are 52-bit fingerprints in keys that end within hours of their day.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use self::address::Address;
pub(super) use self::address::AddressError;
use self::connection::Connection;
use crate::domain::identity::StoreId;
use crate::store::{KeyPlace, StoreError};

mod address;
mod campaigns;
mod cells;
mod checkpoints;
mod codes;
mod connection;
mod coordination;
mod counts;
mod day_closing;
mod failure;
mod health;
mod identity;
mod index;
mod keys;
mod leases;
mod link_creation;
mod links;
mod marks;
mod networks;
mod people;
mod persistence;
mod record;
mod records;
mod retention;
mod script;
mod secrets;
mod sentinel;
mod server;
mod sessions;
mod set_aside;
mod settlement;
mod shared_views;
mod sites;
mod slow_log;
mod stats;
mod subscription;
mod suitability;
mod week_closing;

/// Checks an address as far as it can be without asking a server.
///
/// # Errors
/// With what is wrong; the text never repeats the address, which may hold a password.
pub(super) fn check_url(url: &str) -> Result<(), AddressError> {
    Address::parse(url).map(|_| ())
}

/// The store behind one address, and the place of what must never reach a disk.
pub(super) struct RedisStore {
    connection: Connection,
    ephemeral: Option<Connection>,
    /// The address of the server that has the shared day keys. It may hold a password.
    url_of_keys: String,
    /// Whether that server writes to a disk, as it said last.
    key_place: Mutex<KeyPlace>,
    /// For how long a failover may lose what was confirmed.
    keep: Duration,
    /// As it was found at the beginning, or verified or adopted since.
    identity: RwLock<StoreId>,
    /// How many partitions were looked at to verify that.
    looked_at: AtomicUsize,
    /// What this process has confirmed of journals.
    floors: checkpoints::Floors,
}

impl RedisStore {
    /// Connects to `url`, and to `ephemeral` for the shared day keys where that is given. A failover may lose what was
    /// confirmed for as long as `keep`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when one of them does not answer, [`StoreError::Unsuitable`] when one refuses the
    /// user or the password, or evicts keys, or `ephemeral` writes to a disk.
    pub(super) async fn open(url: &str, ephemeral: Option<&str>, keep: Duration) -> Result<Self, StoreError> {
        let connection = Connection::open(url).await?;
        suitability::check(&connection, "store.url").await?;
        let url_of_keys = ephemeral.unwrap_or(url).to_owned();
        let ephemeral = match ephemeral {
            Some(url) => Some(open_ephemeral(url).await.map_err(of_ephemeral)?),
            None => None,
        };
        let key_place = persistence::of(ephemeral.as_ref().unwrap_or(&connection)).await?;
        if ephemeral.is_some() {
            persistence::refuse(key_place).map_err(of_ephemeral)?;
        }
        persistence::warn(key_place, ephemeral.is_some());
        let key_place = Mutex::new(key_place);
        let identity = RwLock::new(identity::found(&connection).await?);
        let (looked_at, floors) = Default::default();
        let store = Self { connection, ephemeral, url_of_keys, key_place, keep, identity, looked_at, floors };
        // It can be done at any time, and must not keep the service from its start.
        if let Err(error) = store.tidy_checkpoints(None).await {
            tracing::warn!(
                reason = settlement::reason(&error),
                "old checkpoints could not be dropped from the store"
            );
        }
        Ok(store)
    }
}

/// Opens the place of what must never reach a disk.
async fn open_ephemeral(url: &str) -> Result<Connection, StoreError> {
    let connection = Connection::open(url).await?;
    suitability::check(&connection, EPHEMERAL).await?;
    Ok(connection)
}

/// The name of the setting with that place's address.
const EPHEMERAL: &str = "store.ephemeral_url";

/// Says of a failure that it is that place's.
fn of_ephemeral(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(reason) => failure::unavailable(format!("{EPHEMERAL}: {reason}")),
        StoreError::Unsuitable(reason) => StoreError::Unsuitable(format!("{EPHEMERAL}: {reason}")),
        other => other,
    }
}
