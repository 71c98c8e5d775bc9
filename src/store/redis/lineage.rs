//! Reading what the lineage of links is made of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::stats::lineage::Shares;
use crate::store::StoreError;
use crate::store::redis::RedisStore;
use crate::store::redis::index::Walk;
use crate::store::redis::links::CHUNK;

impl RedisStore {
    /// The links that were made, by channel, generation and channel of the parent.
    pub(super) async fn shares_of_site(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError> {
        let mut sums: BTreeMap<(ChannelName, u32, Option<ChannelName>), u64> = BTreeMap::new();
        let mut walk = Walk::over_days(site, first, last, shares_before);
        loop {
            let places = walk.next(self, CHUNK).await?;
            if places.is_empty() {
                break;
            }
            let links = self.links_at(site, &places).await?;
            let links: Vec<_> = links.into_iter().map(|listed| listed.link).collect();
            let parents = self.parents_of(&links).await?;
            for Link { channel, generation, parent, created_at, .. } in links {
                let parent = parent.and_then(|code| parents.get(&code));
                let parent = parent.filter(|parent| parent.site == *site && parent.created_at <= created_at);
                let parent_channel = parent.map(|parent| parent.channel.clone());
                *sums.entry((channel, generation, parent_channel)).or_default() += 1;
            }
        }
        let row = |((channel, generation, parent_channel), shares)| Shares {
            channel,
            generation,
            parent_channel,
            shares,
        };
        Ok(sums.into_iter().map(row).collect())
    }

    /// The links that these name as their parents, those that there are.
    async fn parents_of(&self, links: &[Link]) -> Result<BTreeMap<Code, Link>, StoreError> {
        let codes: BTreeSet<&Code> = links.iter().filter_map(|link| link.parent.as_ref()).collect();
        let parents = self.many_links(codes.into_iter()).await?;
        Ok(parents.into_iter().flatten().map(|link| (link.code.clone(), link)).collect())
    }
}
