//! The part of the port for the spelling of campaigns.

use async_trait::async_trait;

use crate::domain::link::Text;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Keeps one spelling for each campaign of a site.
#[async_trait]
pub trait CampaignStore: Send + Sync {
    /// Returns the spelling in which a site's links first had this campaign. Campaigns that are equal when
    /// [folded](Text::folded) share one spelling. If there is none yet, it is `campaign` from now on. It is forgotten with
    /// the last link that has it.
    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError>;

    /// Returns that spelling if the site's links have the campaign.
    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError>;
}
