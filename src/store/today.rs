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
    /// Takes the networks whose clicks were settled for a site's day since the last call, by channel, and forgets them.
    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError>;

    /// Returns what the instances on this store remember of a site's day to show its numbers of today; it ends with the
    /// day. A store that only one process uses returns nothing, because that process remembers it by itself.
    async fn today_note(&self, site: &SiteId, day: Day) -> Result<Option<String>, StoreError>;

    /// Replaces the note if it is still `old`, and returns whether it was.
    async fn swap_today_note(
        &self,
        site: &SiteId,
        day: Day,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError>;
}
