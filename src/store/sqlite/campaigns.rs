//! Campaigns, each in the spelling in which a site's links had it first.

use async_trait::async_trait;
use rusqlite::{Connection, Error, OptionalExtension};

use crate::domain::link::Text;
use crate::domain::site::SiteId;
use crate::store::sqlite::links::required;
use crate::store::sqlite::{SqliteStore, sites};
use crate::store::{CampaignStore, StoreError};

#[async_trait]
impl CampaignStore for SqliteStore {
    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError> {
        if let Some(known) = self.known_campaign(site, campaign).await? {
            return Ok(known);
        }
        let (site, campaign) = (site.clone(), campaign.clone());
        self.file().writer.write_in_time(move |db, _| first_campaign(db, &site, &campaign)).await
    }

    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError> {
        let (site, campaign) = (site.clone(), campaign.clone());
        self.file().lookups.read(move |db| campaign_of_site(db, &site, &campaign)).await
    }
}

/// The spelling that a campaign of a site has, from now on where it is new.
pub(super) fn first_campaign(db: &Connection, site: &SiteId, campaign: &Text) -> rusqlite::Result<Text> {
    let (site, folded) = (sites::row_number(db, site)?, campaign.folded());
    let sql = "INSERT OR IGNORE INTO campaigns (site, folded, name) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute((site, &folded, campaign.as_str()))?;
    known_campaign(db, site, &folded)?.ok_or(Error::QueryReturnedNoRows)
}

/// The same where it is known.
pub(super) fn campaign_of_site(
    db: &Connection,
    site: &SiteId,
    campaign: &Text,
) -> rusqlite::Result<Option<Text>> {
    known_campaign(db, sites::row_number(db, site)?, &campaign.folded())
}

fn known_campaign(db: &Connection, site: i64, folded: &str) -> rusqlite::Result<Option<Text>> {
    let sql = "SELECT name FROM campaigns WHERE site = ?1 AND folded = ?2";
    db.prepare_cached(sql)?.query_row((site, folded), |row| required(row, 0)).optional()
}

/// Forgets the spelling of a campaign that no link has any more.
pub(super) fn let_campaign_go(db: &Connection, site: i64, campaign: &Text) -> rusqlite::Result<()> {
    let sql = "DELETE FROM campaigns WHERE site = ?1 AND folded = ?2
               AND NOT EXISTS (SELECT 1 FROM links WHERE links.site = ?1 AND campaign = campaigns.name)";
    db.prepare_cached(sql)?.execute((site, campaign.folded())).map(drop)
}
