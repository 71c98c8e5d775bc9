//! Forgetting: visitors when their day is over, counts when their time is.

use redis::cmd;

use super::cells::{TAKEN, field_link};
use super::closing::Desk;
use super::levels::waiting_field;
use super::marks::new_step;
use super::settling::first_failure;
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
                    let deleted = self.connection.query_each::<i64>(codes.iter().map(delete).collect());
                    first_failure(deleted.await)?;
                }
                let mut close = script::CLOSE.on(std::slice::from_ref(&key));
                close.arg(number).arg(announced);
                self.connection.call::<()>(&script::CLOSE, &close).await?;
            }
        }
        Ok(())
    }

    /// Deletes the visitor sets of one day whose key was lost. Who comes later begins others.
    pub(super) async fn end_sets_of(&self, day: Day) -> Result<(), StoreError> {
        for site in self.counted_sites().await? {
            for codes in self.active_codes(&site, day).await?.chunks(CHUNK) {
                let delete = |code| cmd("UNLINK").arg(keys::visitors(code, day)).take();
                let deleted = self.connection.query_each::<i64>(codes.iter().map(delete).collect());
                first_failure(deleted.await)?;
            }
        }
        Ok(())
    }

    /// Deletes the counts of days before `day`: first the links' own, then the day's set of active links and its hash,
    /// through which they are found, and the day; and what waits since then.
    pub(super) async fn end_counts(&self, day: Day) -> Result<(), StoreError> {
        self.tidy_checkpoints(Some(day)).await?;
        self.end_set_aside(day).await?;
        self.end_visitor_sets(day).await?;
        for site in self.counted_sites().await? {
            let mut days = self.counted_days(&site).await?;
            days.extend(self.marks(&site).await?.days.into_keys());
            days.retain(|past| *past < day);
            days.sort_unstable();
            days.dedup();
            for past in days {
                self.end_day(&site, past).await?;
            }
            let waiting = self.waiting(&site).await?;
            for waits in waiting.into_iter().filter(|waits| waits.day < day) {
                let field = waiting_field(waits.day, &waits.channel);
                self.connection.query::<()>(cmd("HDEL").arg(keys::waiting(&site)).arg(field)).await?;
            }
        }
        Ok(())
    }

    async fn end_day(&self, site: &SiteId, past: Day) -> Result<(), StoreError> {
        let number = past.number();
        // Whoever is just closing it has to look again.
        let step = cmd("HSET").arg(keys::marks(site)).arg("step").arg(new_step()).take();
        self.connection.query::<()>(&step).await?;
        let desk = Desk { store: self, site, day: past, min_count: 0 };
        let mut codes = self.active_codes(site, past).await?;
        for link in desk.scan(TAKEN).await?.keys() {
            codes.push(field_link(link)?.code);
        }
        for codes in codes.chunks(CHUNK) {
            let fields = (number, keys::known_unfurls(past), keys::turn(past));
            let delete = |code| cmd("HDEL").arg(keys::counts(code)).arg(&fields).take();
            let deleted = self.connection.query_each::<i64>(codes.iter().map(delete).collect()).await;
            // What is damaged has no counts to go.
            first_failure(
                deleted.into_iter().filter(|answer| !matches!(answer, Err(StoreError::Corrupt(_)))),
            )?;
        }
        self.connection.query::<()>(cmd("UNLINK").arg(keys::active(site, past))).await?;
        self.connection.query::<()>(cmd("UNLINK").arg(keys::sheet(site, past))).await?;
        let marks = [number.to_string(), format!("a{number}"), format!("b{number}"), format!("l{number}")];
        self.connection.query::<()>(cmd("HDEL").arg(keys::marks(site)).arg(&marks)).await?;
        self.connection.query::<()>(cmd("ZREM").arg(keys::counted_days(site)).arg(number)).await
    }

    pub(super) async fn counted_sites(&self) -> Result<Vec<SiteId>, StoreError> {
        let sites: Vec<String> = self.connection.query(cmd("SMEMBERS").arg(keys::COUNTED_SITES)).await?;
        Ok(sites.iter().map(|site| SiteId::from_stored(site)).collect())
    }
}
