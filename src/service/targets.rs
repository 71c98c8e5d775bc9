//! Targets: where links lead, kept in memory as long as nobody has changed them.
//!
//! Promises that what another instance or the command line changes is seen within a second while
//! the store answers, and that a link that was known goes on forwarding while it does not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Cached, Freshness};
use crate::domain::code::Code;
use crate::domain::site::{Site, SiteId};
use crate::domain::target::Target;
use crate::store::{News, Store, StoreError};

/// Where the store tells nothing of changes, what was read so long ago is read again; a link may be
/// read with a site that was read as long before.
const WITHOUT_NEWS: Duration = Duration::from_millis(300);
/// The memory for sites, of which there are few.
const SITES_BYTES: usize = 4 << 20;

/// The targets of one store's links.
pub struct Targets {
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    links: Cache<Code, Target>,
    sites: Cache<SiteId, Arc<Site>>,
}

impl Targets {
    /// The targets in `store`, of which about so many bytes are kept in memory.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, most_bytes: usize) -> Self {
        let freshness = Arc::default();
        Self {
            store,
            links: Cache::new(most_bytes, &freshness, |code, target| code.bytes() + target.bytes()),
            sites: Cache::new(SITES_BYTES, &freshness, |_, site| site.bytes()),
            freshness,
        }
    }

    /// Until when what was read from the store holds.
    pub(super) fn freshness(&self) -> &Arc<Freshness> {
        &self.freshness
    }

    /// Where the link of this code leads.
    pub(crate) async fn get(self: &Arc<Self>, code: &Code) -> Result<Option<Cached<Target>>, StoreError> {
        let read = || Arc::clone(self).read(code.clone());
        self.links.get_or_old(code, read).await
    }

    async fn read(self: Arc<Self>, code: Code) -> Result<Option<Target>, StoreError> {
        let Some(link) = self.store.link(&code).await? else { return Ok(None) };
        let site = self.sites.get(&link.site, || self.site(&link.site)).await?;
        Ok(site.map(|site| Target::of(&link, Arc::clone(&site))))
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Arc<Site>>, StoreError> {
        Ok(self.store.site(id).await?.map(Arc::new))
    }

    /// Forgets a link's target: this instance has made, changed or deleted the link.
    pub(crate) fn forget(&self, code: &Code) {
        self.links.forget(code);
    }

    /// Reads everything again before it is believed: this instance has changed a site.
    pub(crate) fn doubt_everything(&self) {
        self.freshness.expire(Duration::ZERO);
    }

    /// Follows what others change in the store, for as long as it is polled.
    pub async fn follow(&self) {
        self.store.watch(&|news| self.hear(news)).await;
    }

    fn hear(&self, news: News) {
        match news {
            // Who tells this may have gone by the time that somebody comes to the link.
            News::Changed(code) => self.links.doubt(&code),
            News::Everything => self.freshness.expire(Duration::ZERO),
            News::Silence => self.freshness.expire(WITHOUT_NEWS),
        }
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Targets")
    }
}
