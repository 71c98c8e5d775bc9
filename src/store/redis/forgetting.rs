//! Forgetting: visitors when their day is over, counts when their time is.

use redis::cmd;

use super::{RedisStore, failure, keys, script};
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// How many links are handled at once.
const CHUNK: usize = 1_000;

impl RedisStore {
    /// Deletes the visitor sets of days before `day`. What an entry that is just being settled adds
    /// behind this ends by its own expiry.
    ///
    /// A day leaves the list of open days last, so that this call can be made again after a crash,
    /// and only where no entries were announced since its links were listed.
    pub(super) async fn end_visitor_sets(&self, day: Day) -> Result<(), StoreError> {
        for site in self.counted_sites().await? {
            let key = keys::open_days(&site);
            let open: Vec<(i32, String)> = self.connection.query(cmd("HGETALL").arg(&key)).await?;
            for (number, announced) in open {
                let past = Day::from_number(number).ok_or_else(|| failure::corrupt("a day"))?;
                if past >= day {
                    continue;
                }
                for codes in self.active_codes(&site, past).await?.chunks(CHUNK) {
                    let delete = |code| cmd("UNLINK").arg(keys::visitors(code, past)).take();
                    self.connection.query_all::<i64>(codes.iter().map(delete).collect()).await?;
                }
                let mut close = script::CLOSE.on(std::slice::from_ref(&key));
                close.arg(number).arg(announced);
                self.connection.call::<()>(&script::CLOSE, &close).await?;
            }
        }
        Ok(())
    }

    /// Deletes the counts of days before `day`: first the links' own, then the day's set of active
    /// links, through which they are found, and the day.
    pub(super) async fn end_counts(&self, day: Day) -> Result<(), StoreError> {
        self.end_visitor_sets(day).await?;
        for site in self.counted_sites().await? {
            for past in self.counted_days(&site, None).await? {
                if past >= day {
                    break;
                }
                for codes in self.active_codes(&site, past).await?.chunks(CHUNK) {
                    let fields = (past.number(), keys::known_unfurls(past));
                    let delete = |code| cmd("HDEL").arg(keys::counts(code)).arg(&fields).take();
                    self.connection.query_all::<i64>(codes.iter().map(delete).collect()).await?;
                }
                self.connection.query::<()>(cmd("UNLINK").arg(keys::active(&site, past))).await?;
                let listed = keys::counted_days(&site);
                self.connection.query::<()>(cmd("ZREM").arg(listed).arg(past.number())).await?;
            }
        }
        Ok(())
    }

    async fn counted_sites(&self) -> Result<Vec<SiteId>, StoreError> {
        let sites: Vec<String> = self.connection.query(cmd("SMEMBERS").arg(keys::COUNTED_SITES)).await?;
        Ok(sites.iter().map(|site| SiteId::from_stored(site)).collect())
    }
}
