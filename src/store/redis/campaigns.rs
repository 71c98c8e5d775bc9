//! Campaigns, each in the spelling in which a site's links had it first.

use redis::cmd;

use crate::domain::link::Text;
use crate::domain::site::SiteId;
use crate::store::redis::{RedisStore, keys};
use crate::store::{LinkFilter, StoreError};

impl RedisStore {
    /// The spelling that a campaign has, from now on where it is new.
    pub(super) async fn first_spelling(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError> {
        let put =
            cmd("HSETNX").arg(keys::campaigns(site)).arg(campaign.folded()).arg(campaign.as_str()).take();
        if self.connection.query::<bool>(&put).await? {
            return Ok(campaign.clone());
        }
        // It may have been forgotten in between, with its last link.
        Ok(self.known_spelling(site, campaign).await?.unwrap_or_else(|| campaign.clone()))
    }

    /// The same where it is known.
    pub(super) async fn known_spelling(
        &self,
        site: &SiteId,
        campaign: &Text,
    ) -> Result<Option<Text>, StoreError> {
        let find = cmd("HGET").arg(keys::campaigns(site)).arg(campaign.folded()).take();
        let found: Option<String> = self.connection.query(&find).await?;
        Ok(found.and_then(|text| Text::parse(&text, usize::MAX).ok().flatten()))
    }

    /// Forgets the spelling of a campaign that no link has any more.
    pub(super) async fn let_campaign_go(&self, site: &SiteId, campaign: &Text) -> Result<(), StoreError> {
        let filter = LinkFilter { campaign: Some(campaign.clone()), ..LinkFilter::default() };
        if self.list(site, &filter, None, 1).await?.is_empty() {
            let forget = cmd("HDEL").arg(keys::campaigns(site)).arg(campaign.folded()).take();
            self.connection.query::<()>(&forget).await?;
        }
        Ok(())
    }
}
