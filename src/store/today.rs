//! The part of the port for the numbers of today.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::networks::Networks;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Keeps what the instances need to show the numbers of a day that is not over.
#[async_trait]
pub trait TodayStore: Send + Sync {
    /// The networks whose clicks were settled for a site's day since this was asked last, by channel; they are forgotten with that.
    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError>;

    /// What the instances on this store remember of a site's day to show its numbers of today; it ends with the day. Where one
    /// process has the store for itself, nothing: it remembers by itself.
    async fn today_note(&self, site: &SiteId, day: Day) -> Result<Option<String>, StoreError>;

    /// Puts another note in the place of what it was, where it is still that. Returns whether it was.
    async fn swap_today_note(
        &self,
        site: &SiteId,
        day: Day,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError>;
}
