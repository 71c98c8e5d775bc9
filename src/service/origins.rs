//! Origins: from which pages a browser may call at all, for as long as nobody says who is asking.
//!
//! A browser asks before it sends a key. The answer comes from memory, which follows what changes
//! in the store as the targets do.

use std::sync::Arc;

use super::cache::Cache;
use super::targets::Targets;
use crate::domain::site::OriginRule;
use crate::store::{Store, StoreError};

/// Room in the cache for more than its one entry, which says that it takes next to nothing.
const ROOM: usize = 16 << 10;

/// The origins that the sites of one store allow.
pub(crate) struct Origins {
    store: Arc<dyn Store>,
    /// One entry, with the rules of all sites.
    rules: Cache<(), Vec<OriginRule>>,
}

impl Origins {
    /// The origins in `store`, as long as nothing says that they may have changed.
    pub(crate) fn new(store: Arc<dyn Store>, targets: &Targets) -> Self {
        // The only entry needs no bound, and must not be too heavy for its own cache.
        let rules = Cache::new(ROOM, targets.freshness(), |(), _| 0);
        Self { store, rules }
    }

    /// Whether any site allows pages of this origin.
    pub(crate) async fn allow(&self, origin: &str) -> Result<bool, StoreError> {
        let store = Arc::clone(&self.store);
        let rules = self.rules.get_or_old(&(), || read(store)).await?;
        Ok(rules.is_some_and(|rules| rules.iter().any(|rule| rule.allows(origin))))
    }
}

async fn read(store: Arc<dyn Store>) -> Result<Option<Vec<OriginRule>>, StoreError> {
    Ok(Some(store.sites().await?.into_iter().flat_map(|site| site.origins).collect()))
}
