//! The store in Redis or Valkey, standalone or Cluster, for more than one instance.
//!
//! Promises what [`Store`] asks, on a Cluster too: every script and every command of more than one
//! key stays in one hash slot, and what needs several slots is a row of steps whose order survives
//! a crash between any two of them (said where the steps are). Refuses to keep anything personal:
//! what tells visitors apart are 52-bit fingerprints in keys that end within hours of their day.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use redis::cmd;

use self::address::Address;
use self::connection::Connection;
use super::{Cursor, Inserted, JournalId, LinkFilter, News, Numbered, OnceName, Store, StoreError};
use crate::domain::code::Code;
use crate::domain::counts::{DayMarks, DayRows, LinkCounts};
use crate::domain::day::Day;
use crate::domain::lineage::Shares;
use crate::domain::link::{Link, LinkChange};
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::visitor::DayKey;

mod access;
mod address;
mod agreement;
mod cells;
mod change;
mod closing;
mod connection;
mod counts;
mod days;
mod failure;
mod forgetting;
mod index;
mod insertion;
mod keys;
mod leaving;
mod levels;
mod lineage;
mod links;
mod marks;
mod news;
mod open;
mod raising;
mod record;
mod records;
mod script;
mod sentinel;
mod server;
mod settling;
mod sites;
mod slow_log;
mod subscription;
mod works;

/// Checks an address as far as it can be without asking a server.
///
/// # Errors
/// With what is wrong; the text never repeats the address, which may hold a password.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    Address::parse(url).map(|_| ())
}

/// The store behind one address, and the place of what must never reach a disk.
pub(super) struct RedisStore {
    connection: Connection,
    ephemeral: Option<Connection>,
    /// For how long a failover may lose what was confirmed.
    keep: Duration,
}

impl RedisStore {
    /// Connects to `url`, and to `ephemeral` for the shared day keys where that is given. A failover may lose what was
    /// confirmed for as long as `keep`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when one of them does not answer.
    pub(super) async fn open(url: &str, ephemeral: Option<&str>, keep: Duration) -> Result<Self, StoreError> {
        let connection = Connection::open(url).await?;
        let ephemeral = match ephemeral {
            Some(url) => Some(Connection::open(url).await?),
            None => None,
        };
        Ok(Self { connection, ephemeral, keep })
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // A read of a key goes to the node that holds it, also on a Cluster, and fails while that
        // Cluster has no such node; `PING` would be answered by any.
        self.connection.query::<()>(cmd("EXISTS").arg(keys::SITES)).await
    }

    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        self.add_site(site).await
    }

    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        self.change_site(old, new).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.all_sites().await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        self.one_site(id).await
    }

    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        self.site_of_key(hash).await
    }

    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        self.create(link, once).await
    }

    async fn link(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        self.one_link(code).await
    }

    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.list(site, filter, after, limit).await
    }

    async fn change_link(&self, code: &Code, change: LinkChange) -> Result<Option<Link>, StoreError> {
        self.change(code, change).await
    }

    async fn delete_link(&self, code: &Code) -> Result<bool, StoreError> {
        self.forget_link(code).await
    }

    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<(), StoreError> {
        self.add_entries(journal, entries).await
    }

    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        self.end_visitor_sets(day).await
    }

    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        self.end_counts(day).await
    }

    async fn days_to_close(&self, before: Day, min_count: u64) -> Result<Vec<(Day, SiteId)>, StoreError> {
        self.due_days(before, min_count).await
    }

    async fn close_day(&self, site: &SiteId, day: Day, min_count: u64) -> Result<(), StoreError> {
        self.close(site, day, min_count).await
    }

    async fn note_closed_before(&self, day: Day) -> Result<(), StoreError> {
        self.note_closed(day).await
    }

    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        self.counts_of_link(code, first, last).await
    }

    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        self.marks_of_days(site, first, last).await
    }

    async fn day_rows(&self, site: &SiteId, day: Day) -> Result<DayRows, StoreError> {
        self.rows_of_day(site, day).await
    }

    async fn site_shares(&self, site: &SiteId, first: Day, last: Day) -> Result<Vec<Shares>, StoreError> {
        self.shares_of_site(site, first, last).await
    }

    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync)) {
        self.listen(tell).await;
    }

    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError> {
        self.shared_day_key(day, proposal, now).await
    }

    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        self.shared_session_secret(proposal).await
    }
}
