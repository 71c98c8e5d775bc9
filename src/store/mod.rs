//! The port to what outlives the process: sites, links and counts, and the people who may see them.
//!
//! Each concern has a trait in a file of its own; [`Store`] unites them. There are two implementations, chosen by the
//! address in `store.url`: an embedded SQLite file and Redis (standalone, Sentinel or Cluster). Each implements a trait in
//! the file of the same name, next to the operations. One conformance suite, `tests/store`, holds for both.

use std::sync::Arc;
use std::time::Duration;

use sqlite::Sharing;

mod campaigns;
mod checkpoints;
mod coordination;
mod day_closing;
mod error;
mod health;
mod identity;
mod leases;
mod link_creation;
mod links;
mod people;
mod redis;
mod retention;
mod secrets;
mod sessions;
mod set_aside;
mod settlement;
mod shared_views;
mod sites;
mod sqlite;
mod stats;
mod today;
mod url;
mod week_closing;

pub use campaigns::CampaignStore;
pub use checkpoints::CheckpointStore;
pub use coordination::{CoordinationStore, Invalidation};
pub use day_closing::DayClosingStore;
pub use error::StoreError;
pub use health::HealthStore;
pub use identity::IdentityStore;
pub use leases::LeaseStore;
pub use link_creation::{Inserted, LinkCreationStore, OnceName, Passing};
pub use links::{Cursor, Deletion, LinkFilter, LinkStore, Listed};
pub use people::PersonStore;
pub use retention::RetentionStore;
pub use secrets::{KeyPlace, SecretStore};
pub use sessions::SessionStore;
pub use set_aside::{SetAside, SetAsideStore};
pub use settlement::{Settled, SettlementStore};
pub use shared_views::ViewStore;
pub use sites::SiteStore;
pub use stats::StatsStore;
pub use today::TodayStore;
pub use url::{StoreUrl, StoreUrlError};
pub use week_closing::WeekClosingStore;

/// Unites all that Entrenous asks of a store. Every method may be called from many tasks at once.
pub trait Store:
    SiteStore
    + LinkCreationStore
    + CampaignStore
    + LinkStore
    + IdentityStore
    + SettlementStore
    + CheckpointStore
    + SetAsideStore
    + RetentionStore
    + DayClosingStore
    + WeekClosingStore
    + StatsStore
    + TodayStore
    + HealthStore
    + CoordinationStore
    + SecretStore
    + PersonStore
    + SessionStore
    + ViewStore
    + LeaseStore
{
}

impl<T> Store for T where
    T: SiteStore
        + LinkCreationStore
        + CampaignStore
        + LinkStore
        + IdentityStore
        + SettlementStore
        + CheckpointStore
        + SetAsideStore
        + RetentionStore
        + DayClosingStore
        + WeekClosingStore
        + StatsStore
        + TodayStore
        + HealthStore
        + CoordinationStore
        + SecretStore
        + PersonStore
        + SessionStore
        + ViewStore
        + LeaseStore
{
}

/// For how long a store that others answer for may lose what it has confirmed, where nobody says.
const KEEP: Duration = Duration::from_mins(1);

/// Opens the store at `url` beside the process that serves from it; day keys that are shared are kept at
/// `ephemeral` where that is given.
///
/// # Errors
/// When it cannot be reached, or holds what this version does not understand.
pub async fn open(url: &StoreUrl, ephemeral: Option<&StoreUrl>) -> Result<Arc<dyn Store>, StoreError> {
    open_as(url, ephemeral, KEEP, Sharing::Beside).await
}

/// Opens the store at `url` to serve from it. What requests ask of an embedded store is answered or refused in little
/// more than a second. A shared store may lose, in a failover, what it has confirmed within `keep`: for so long it
/// relies on nothing that it could not do again.
///
/// # Errors
/// Those of [`open`], and [`StoreError::InUse`] where another process serves from an embedded store.
pub async fn open_to_serve(
    url: &StoreUrl,
    ephemeral: Option<&StoreUrl>,
    keep: Duration,
) -> Result<Arc<dyn Store>, StoreError> {
    open_as(url, ephemeral, keep, Sharing::Sole).await
}

async fn open_as(
    url: &StoreUrl,
    ephemeral: Option<&StoreUrl>,
    keep: Duration,
    sharing: Sharing,
) -> Result<Arc<dyn Store>, StoreError> {
    match url.as_str().split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::SqliteStore::open(path.as_ref(), sharing).await?)),
        _ => {
            Ok(Arc::new(redis::RedisStore::open(url.as_str(), ephemeral.map(StoreUrl::as_str), keep).await?))
        }
    }
}
