//! Forgetting: visitors when their day is over, counts when their time is.

use async_trait::async_trait;
use redis::{Cmd, cmd};

use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::store::redis::marks::{Marks, fields_of};
use crate::store::redis::settlement::first_failure;
use crate::store::redis::{RedisStore, keys, script};
use crate::store::{RetentionStore, SiteStore, StoreError};

#[async_trait]
impl RetentionStore for RedisStore {
    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        self.end_visitor_sets(day).await?;
        // Fingerprints and networks of the day may stand in the driver's buffers, which are overwritten when they are freed.
        self.connection.renew().await?;
        match &self.ephemeral {
            Some(ephemeral) => ephemeral.renew().await,
            None => Ok(()),
        }
    }

    /// Deletes the counts and cells of days before `day`, and what is known of these days last; and the cells of weeks that
    /// ended before it.
    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        for site in self.sites().await? {
            self.strip_shares(&site.id, day).await?;
        }
        self.tidy_checkpoints(Some(day)).await?;
        self.end_set_aside(day).await?;
        self.end_visitor_sets(day).await?;
        for site in self.counted_sites().await? {
            let marks = self.marks(&site).await?;
            for past in marks.all_days().into_iter().filter(|past| *past < day) {
                self.end_day(&site, past).await?;
            }
            for week in marks.weeks.into_keys().filter(|week| week.last() < day) {
                self.connection.query::<()>(cmd("UNLINK").arg(keys::week(&site, week))).await?;
                let fields = ["w", "s", "kw"].map(|sort| format!("{sort}{}", week.number()));
                self.connection.query::<()>(cmd("HDEL").arg(keys::marks(&site)).arg(&fields)).await?;
            }
        }
        Ok(())
    }
}

impl RedisStore {
    /// Deletes the visitor sets of days before `day`. What an entry that is just being settled adds
    /// behind this ends by its own expiry.
    ///
    /// How often a day had been announced is noted last. So this call can be made again after a crash, and is where
    /// something was announced since.
    pub(super) async fn end_visitor_sets(&self, day: Day) -> Result<(), StoreError> {
        for site in self.counted_sites().await? {
            let Marks { announced, forgotten, .. } = self.marks(&site).await?;
            for (past, announced) in announced.range(..day) {
                if forgotten.get(past) == Some(announced) {
                    continue;
                }
                self.end_sets(&site, *past).await?;
                let field = format!("v{}", past.number());
                let note = cmd("HSET").arg(keys::marks(&site)).arg(field).arg(announced).take();
                self.connection.query::<()>(&note).await?;
            }
        }
        Ok(())
    }

    /// Deletes the visitor sets of one day whose key was lost. Who comes later begins others.
    pub(super) async fn end_sets_of(&self, day: Day) -> Result<(), StoreError> {
        for site in self.counted_sites().await? {
            self.end_sets(&site, day).await?;
        }
        Ok(())
    }

    /// Whoever is just closing the day finds its closing gone, and puts nothing any more.
    async fn end_day(&self, site: &SiteId, past: Day) -> Result<(), StoreError> {
        let closing = format!("c{}", past.number());
        self.connection.query::<()>(cmd("HDEL").arg(keys::marks(site)).arg(closing)).await?;
        self.end_sets(site, past).await?;
        self.drop_parts(site, past).await?;
        self.connection.query::<()>(cmd("UNLINK").arg(keys::sheet(site, past))).await?;
        let thaw = |number| cmd("SREM").arg(keys::frozen(number, site)).arg(past.number()).take();
        self.connection.query_all::<i64>((0..keys::PARTITIONS).map(thaw).collect()).await?;
        self.connection.query::<()>(cmd("HDEL").arg(keys::marks(site)).arg(fields_of(past))).await
    }

    /// Deletes what tells the visitors of a day apart.
    pub(super) async fn end_sets(&self, site: &SiteId, day: Day) -> Result<(), StoreError> {
        let forget = |number| script::FORGET_VISITORS.on(&[keys::visitors(number, site, day)]);
        let calls: Vec<Cmd> = (0..keys::PARTITIONS).map(forget).collect();
        first_failure(self.connection.call_each::<i64>(&script::FORGET_VISITORS, calls).await)
    }

    pub(super) async fn counted_sites(&self) -> Result<Vec<SiteId>, StoreError> {
        let sites: Vec<String> = self.connection.query(cmd("SMEMBERS").arg(keys::COUNTED_SITES)).await?;
        Ok(sites.iter().map(|site| SiteId::from_stored(site)).collect())
    }
}
