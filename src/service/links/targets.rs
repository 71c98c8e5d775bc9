//! Targets: where links lead, kept in memory as long as nobody has changed them.
//!
//! Promises that what another instance or the command line changes is seen within a second while
//! the store answers, and that a link that was known goes on forwarding while it does not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::code::{Code, FoldedCode};
use crate::domain::site::{Site, SiteId};
use crate::domain::target::Target;
use crate::service::links::cache::{Cache, Cached, Freshness};
use crate::store::{Invalidation, Store, StoreError};

/// Where the store tells nothing of changes, what was read so long ago is read again; a link may be
/// read with a site that was read as long before.
const WITHOUT_NEWS: Duration = Duration::from_millis(300);
/// The memory for sites, of which there are few.
const SITES_BYTES: usize = 4 << 20;

/// The targets of one store's links.
pub struct Targets {
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    /// By the code without regard to case, as at most one link has that.
    links: Cache<FoldedCode, Target>,
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

    /// Where the link of this code leads. What memory has is believed, and what was read is remembered.
    pub(crate) async fn get(self: &Arc<Self>, code: &Code) -> Result<Option<Cached<Target>>, StoreError> {
        let read = || Arc::clone(self).read(code.clone());
        let found = self.links.get_or_old(&code.folded(), read).await?;
        Ok(found.filter(|target| target.answers_to(code)))
    }

    /// Where the link of this code leads, as the store says now: it is asked whatever memory has, and memory stays as it
    /// is. So neither the time that this takes nor what it leaves behind tells whether anybody opened the link.
    pub(crate) async fn get_anew(
        self: &Arc<Self>,
        code: &Code,
    ) -> Result<Option<Cached<Target>>, StoreError> {
        let read = || Arc::clone(self).read(code.clone());
        let found = self.links.get_anew(&code.folded(), read).await?;
        Ok(found.filter(|target| target.answers_to(code)))
    }

    /// Where the link of this code leads, if memory has it.
    pub(crate) async fn get_present(
        self: &Arc<Self>,
        code: &Code,
    ) -> Result<Option<Cached<Target>>, StoreError> {
        let read = || Arc::clone(self).read(code.clone());
        let found = self.links.get_present(&code.folded(), read).await.transpose()?;
        Ok(found.flatten().filter(|target| target.answers_to(code)))
    }

    async fn read(self: Arc<Self>, code: Code) -> Result<Option<Target>, StoreError> {
        let Some(link) = self.store.link_in_any_case(&code).await? else { return Ok(None) };
        let site = self.sites.get(&link.site, || self.site(&link.site)).await?;
        Ok(site.map(|site| Target::of(&link, Arc::clone(&site))))
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Arc<Site>>, StoreError> {
        Ok(self.store.site(id).await?.map(Arc::new))
    }

    /// Forgets a link's target: this instance has made, changed or deleted the link.
    pub(crate) fn forget(&self, code: &Code) {
        self.links.forget(&code.folded());
    }

    /// Reads everything again before it is believed: this instance has changed a site.
    pub(crate) fn doubt_everything(&self) {
        self.freshness.expire(Duration::ZERO);
    }

    /// Follows what others change in the store, for as long as it is polled.
    pub async fn follow(&self) {
        self.store.subscribe(&|news| self.hear(news)).await;
    }

    fn hear(&self, news: Invalidation) {
        match news {
            // Who tells this may have gone by the time that somebody comes to the link.
            Invalidation::Link(code) => self.links.doubt(&code.folded()),
            Invalidation::Everything => self.freshness.expire(Duration::ZERO),
            Invalidation::Unannounced => self.freshness.expire(WITHOUT_NEWS),
        }
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Targets")
    }
}
