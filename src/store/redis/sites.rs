//! Sites. They are few and read often, so all of them share one hash slot and one script writes them.

use async_trait::async_trait;
use redis::cmd;

use crate::domain::site::{KeyHash, Site, SiteId};
use crate::store::redis::index::Walk;
use crate::store::redis::links::CHUNK;
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{LinkStore, SiteStore, StoreError};

/// What `put_site.lua` answers.
const DONE: i64 = 1;
const CHANGED_MEANWHILE: i64 = 2;

#[async_trait]
impl SiteStore for RedisStore {
    /// Adds a site; a name or an identifier that is there already is a conflict.
    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        if self.put_site(site, "").await? { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Puts a site in the place of what it was, and returns whether it still was that.
    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        // The text that is there may have been written by an earlier version, in other words.
        match self.text_of_site(&old.id).await? {
            Some(text) if read(&text)? == *old => self.put_site(new, &text).await,
            _ => Ok(false),
        }
    }

    /// Forgets a site: first its links, one by one, then what is its own, and the site itself last, so that a call that was
    /// interrupted can be made again.
    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError> {
        loop {
            let mut walk = Walk::new(id, i64::MAX >> 10, i64::MIN >> 10);
            let places = walk.next(self, CHUNK).await?;
            if places.is_empty() {
                break;
            }
            for place in places {
                if !self.delete_link(&place.code).await?.was_there() {
                    // A place without its link, as a crash may leave it.
                    let forget = cmd("ZREM").arg(keys::index(id)).arg(place.code.as_str()).take();
                    self.connection.query::<()>(&forget).await?;
                }
            }
        }
        let marks = self.marks(id).await?;
        for day in marks.all_days() {
            self.end_sets(id, day).await?;
            self.drop_parts(id, day).await?;
        }
        for day in marks.counted() {
            self.end_networks(id, day).await?;
        }
        let of_days = marks.all_days().into_iter().map(|day| keys::sheet(id, day));
        let of_weeks = marks.weeks.into_keys().map(|week| keys::week(id, week));
        let of_site =
            [keys::once(id), keys::index(id), keys::campaigns(id), keys::children(id), keys::marks(id)];
        for key in of_days.chain(of_weeks).chain(of_site) {
            self.connection.query::<()>(cmd("UNLINK").arg(key)).await?;
        }
        let thaw = |number| cmd("UNLINK").arg(keys::frozen(number, id)).take();
        self.connection.query_all::<i64>((0..keys::PARTITIONS).map(thaw).collect()).await?;
        self.connection.query::<()>(cmd("SREM").arg(keys::COUNTED_SITES).arg(id.as_str())).await?;
        let keys = [keys::SITES, keys::SITE_NAMES, keys::SITE_KEYS].map(str::to_owned);
        let mut end = script::END_SITE.on(&keys);
        end.arg(id.as_str()).arg(keys::NEWS);
        self.connection.call(&script::END_SITE, &end).await
    }

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        let values: Vec<String> = self.connection.query(cmd("HVALS").arg(keys::SITES)).await?;
        let mut sites = values.iter().map(|value| read(value)).collect::<Result<Vec<_>, _>>()?;
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sites)
    }

    /// The site with this identifier.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        self.text_of_site(id).await?.as_deref().map(read).transpose()
    }

    /// The site with this key, in one question: it comes before each link that is made.
    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        let mut find = script::SITE_OF_KEY.on(&[keys::SITES, keys::SITE_KEYS].map(str::to_owned));
        find.arg(hash.to_hex());
        let site: Option<String> = self.connection.call(&script::SITE_OF_KEY, &find).await?;
        let site = site.as_deref().map(read).transpose()?;
        Ok(site.filter(|site| site.key_kind(hash).is_some()))
    }
}

impl RedisStore {
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

    async fn text_of_site(&self, id: &SiteId) -> Result<Option<String>, StoreError> {
        self.connection.query(cmd("HGET").arg(keys::SITES).arg(id.as_str())).await
    }
}

fn read(value: &str) -> Result<Site, StoreError> {
    serde_json::from_str(value).map_err(|_| failure::corrupt("a site"))
}
