//! Sites. They are few and read often, so all of them share one hash slot and one script writes them.

use redis::cmd;

use super::{RedisStore, failure, keys, script};
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::store::StoreError;

/// Where a site is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its identifier must be new.
    New,
    /// In the place of the one with its identifier.
    Taken,
}

impl RedisStore {
    /// Puts a site with its name and its keys; the name of another site is a conflict.
    pub(super) async fn put_site(&self, site: &Site, place: Place) -> Result<(), StoreError> {
        let json = serde_json::to_string(site).expect("a site has only text, numbers and flags");
        let keys = [keys::SITES, keys::SITE_NAMES, keys::SITE_KEYS].map(str::to_owned);
        let mut command = script::PUT_SITE.on(&keys);
        command
            .arg(site.id.as_str())
            .arg(json)
            .arg(&site.name)
            .arg(u8::from(place == Place::New))
            .arg(keys::NEWS);
        for key in &site.keys {
            command.arg(key.hash.to_hex());
        }
        if self.connection.call(&script::PUT_SITE, &command).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }

    /// Every site, by name.
    pub(super) async fn all_sites(&self) -> Result<Vec<Site>, StoreError> {
        let values: Vec<String> = self.connection.query(cmd("HVALS").arg(keys::SITES)).await?;
        let mut sites = values.iter().map(|value| read(value)).collect::<Result<Vec<_>, _>>()?;
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sites)
    }

    /// The site with this identifier.
    pub(super) async fn one_site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        let value: Option<String> =
            self.connection.query(cmd("HGET").arg(keys::SITES).arg(id.as_str())).await?;
        value.as_deref().map(read).transpose()
    }

    /// The site with this key. The site itself has the last word: between the two questions the
    /// key may have ended.
    pub(super) async fn site_of_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        let id: Option<String> =
            self.connection.query(cmd("HGET").arg(keys::SITE_KEYS).arg(hash.to_hex())).await?;
        let Some(id) = id else { return Ok(None) };
        let site = self.one_site(&SiteId::from_stored(&id)).await?;
        Ok(site.filter(|site| site.key_kind(hash).is_some()))
    }
}

fn read(value: &str) -> Result<Site, StoreError> {
    serde_json::from_str(value).map_err(|_| failure::corrupt("a site"))
}
