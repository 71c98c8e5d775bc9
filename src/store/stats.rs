//! The part of the port that reads counts.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, DayMarks, DayRows, LinkCounts};
use crate::stats::lineage::Shares;
use crate::store::StoreError;

/// Reads counts for reports.
#[async_trait]
pub trait StatsStore: Send + Sync {
    /// Returns what was counted for a link, by day, read at one moment; `shares` is 0 there.
    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError>;

    /// Returns what tells whether a site's days have changed, read at one moment. It is asked before each report, for
    /// hundreds of days, so it reads no counts. Each version has risen when a change has been answered.
    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError>;

    /// Returns everything of a site's day, read at one moment: its cells, what is open, and the links that were made on it
    /// before the hour of `shares_before` as shares. Each stands under what its link is [counted under](crate::domain::link::Link::kind_on) on that day.
    /// Marks that were read before tell at most less than what is read here.
    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError>;

    /// Returns a site's cells of a week: rows without a link, of pages and of whole channels.
    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError>;

    /// Returns what is open of a site's day, by channel.
    async fn open_totals(&self, site: &SiteId, day: Day)
    -> Result<BTreeMap<ChannelName, Amount>, StoreError>;

    /// Returns a site's links that were made on these days and before the hour of `shares_before`, one row for each channel, generation and channel of
    /// the parent. Whatever is gone, or was made again later, is nobody's parent.
    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError>;
}
