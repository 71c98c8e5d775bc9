//! Campaigns, each in the spelling in which a site's links had it first.

use async_trait::async_trait;
use redis::cmd;

use crate::domain::link::Text;
use crate::domain::site::SiteId;
use crate::store::redis::{RedisStore, keys};
use crate::store::{CampaignStore, LinkFilter, LinkStore, StoreError};

#[async_trait]
impl CampaignStore for RedisStore {
    /// The spelling that a campaign has, from now on where it is new.
    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError> {
        let put =
            cmd("HSETNX").arg(keys::campaigns(site)).arg(campaign.folded()).arg(campaign.as_str()).take();
        if self.connection.query::<bool>(&put).await? {
            return Ok(campaign.clone());
        }
        // It may have been forgotten in between, with its last link.
        Ok(self.known_campaign(site, campaign).await?.unwrap_or_else(|| campaign.clone()))
    }

    /// The same where it is known.
    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError> {
        let find = cmd("HGET").arg(keys::campaigns(site)).arg(campaign.folded()).take();
        let found: Option<String> = self.connection.query(&find).await?;
        Ok(found.and_then(|text| Text::parse(&text, usize::MAX).ok().flatten()))
    }
}

impl RedisStore {
    /// Forgets the spelling of a campaign that no link has any more.
    pub(super) async fn let_campaign_go(&self, site: &SiteId, campaign: &Text) -> Result<(), StoreError> {
        let filter = LinkFilter { campaign: Some(campaign.clone()), ..LinkFilter::default() };
        if self.links(site, &filter, None, 1).await?.is_empty() {
            let forget = cmd("HDEL").arg(keys::campaigns(site)).arg(campaign.folded()).take();
            self.connection.query::<()>(&forget).await?;
        }
        Ok(())
    }
}
