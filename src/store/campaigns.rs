//! The part of the port for the spelling of campaigns.

use async_trait::async_trait;

use crate::domain::link::Text;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Keeps one spelling for each campaign of a site.
#[async_trait]
pub trait CampaignStore: Send + Sync {
    /// The spelling in which a site's links had this campaign first: that of an earlier one that is alike when both are
    /// [folded](Text::folded), and else the one that is given, from now on. It is forgotten with the last link that has it.
    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError>;

    /// The same where the site's links have it.
    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError>;
}
