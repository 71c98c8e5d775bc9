//! The numbers of today: the networks that were settled last. Nothing else is kept, because one process has the store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::networks::Networks;
use crate::domain::site::SiteId;
use crate::store::sqlite::visitors::Visitors;
use crate::store::sqlite::{SqliteStore, days};
use crate::store::{StoreError, TodayStore};

#[async_trait]
impl TodayStore for SqliteStore {
    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError> {
        let site = site.clone();
        let take = move |db: &Connection, visitors: &mut Visitors| {
            let site = days::site_row(db, &site)?;
            Ok(site.map(|site| visitors.networks.take_recent(site, day)).unwrap_or_default())
        };
        self.file().writer.write(take).await
    }

    async fn today_note(&self, _site: &SiteId, _day: Day) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn swap_today_note(
        &self,
        _site: &SiteId,
        _day: Day,
        _old: Option<&str>,
        _new: &str,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }
}
