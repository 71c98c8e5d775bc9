//! Reading counts for reports.

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
use crate::store::sqlite::{SqliteStore, days, lineage, reading};
use crate::store::{StatsStore, StoreError};

#[async_trait]
impl StatsStore for SqliteStore {
    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        let code = code.clone();
        self.file().reports.read(move |db| reading::of_link(db, &code, first, last)).await
    }

    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::marks(db, &site, first, last)).await
    }

    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::rows(db, &site, day, shares_before)).await
    }

    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::of_week(db, &site, week)).await
    }

    async fn open_totals(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Amount>, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::open_totals(db, &site, day)).await
    }

    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| lineage::of_site(db, &site, first, last, shares_before)).await
    }
}
