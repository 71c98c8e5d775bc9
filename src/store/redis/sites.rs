//! Sites. They are few and read often, so all of them share one hash slot and one script writes them.

use redis::cmd;

use super::{RedisStore, failure, keys, script};
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::store::StoreError;

/// What `put_site.lua` answers.
const DONE: i64 = 1;
const CHANGED_MEANWHILE: i64 = 2;

impl RedisStore {
    /// Adds a site; a name or an identifier that is there already is a conflict.
    pub(super) async fn add_site(&self, site: &Site) -> Result<(), StoreError> {
        if self.put_site(site, "").await? { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Puts a site in the place of what it was, and returns whether it still was that.
    pub(super) async fn change_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        // The text that is there may have been written by an earlier version, in other words.
        match self.text_of_site(&old.id).await? {
            Some(text) if read(&text)? == *old => self.put_site(new, &text).await,
            _ => Ok(false),
        }
    }

    /// Puts a site with its name and its keys where this text is, or nothing; `false` where it is not any more.
    async fn put_site(&self, site: &Site, old: &str) -> Result<bool, StoreError> {
        let json = serde_json::to_string(site).expect("a site has only text, numbers and flags");
        let keys = [keys::SITES, keys::SITE_NAMES, keys::SITE_KEYS].map(str::to_owned);
        let mut command = script::PUT_SITE.on(&keys);
        command.arg(site.id.as_str()).arg(json).arg(&site.name).arg(old).arg(keys::NEWS);
        for key in &site.keys {
            command.arg(key.hash.to_hex());
        }
        match self.connection.call(&script::PUT_SITE, &command).await? {
            DONE => Ok(true),
            CHANGED_MEANWHILE => Ok(false),
            _ => Err(StoreError::Conflict),
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
        self.text_of_site(id).await?.as_deref().map(read).transpose()
    }

    async fn text_of_site(&self, id: &SiteId) -> Result<Option<String>, StoreError> {
        self.connection.query(cmd("HGET").arg(keys::SITES).arg(id.as_str())).await
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
