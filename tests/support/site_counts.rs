//! What a store holds of several days of a site, added up over its links.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::collections::BTreeMap;

use entrenous::domain::channel::ChannelName;
use entrenous::domain::day::Day;
use entrenous::domain::destination::Destination;
use entrenous::domain::dimensions::Dimensions;
use entrenous::domain::link::Text;
use entrenous::domain::site::SiteId;
use entrenous::stats::counts::{ClosedDays, DayCounts, DayRows};
use entrenous::store::{Store, StoreError};

/// Some days of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteCounts {
    /// One row for each channel, page, campaign and day.
    pub(crate) rows: Vec<SiteRow>,
    /// Which of the days are closed.
    pub(crate) closed: ClosedDays,
}

/// What links of one kind have on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteRow {
    pub(crate) channel: ChannelName,
    /// `None` for what was too few for a cell of one page.
    pub(crate) page: Option<Destination>,
    pub(crate) campaign: Option<Text>,
    pub(crate) day: Day,
    pub(crate) counts: DayCounts,
}

/// Reads them, day by day.
pub(crate) trait SiteCountsOf {
    async fn site_counts(&self, site: &SiteId, first: Day, last: Day) -> Result<SiteCounts, StoreError>;
}

impl<S: Store + ?Sized> SiteCountsOf for S {
    async fn site_counts(&self, site: &SiteId, first: Day, last: Day) -> Result<SiteCounts, StoreError> {
        let closed = self.day_marks(site, first, last).await?.closed;
        let mut rows = Vec::new();
        for day in first.to(last) {
            let DayRows { kinds, rows: of_day } = self.day_rows(site, day, jiff::Timestamp::MAX).await?;
            let mut sums: BTreeMap<Dimensions, DayCounts> = BTreeMap::new();
            for row in of_day {
                sums.entry(kinds[row.kind].clone()).or_default().add(&row.counts);
            }
            let row = |(Dimensions { channel, page, campaign }, counts)| SiteRow {
                channel,
                page,
                campaign,
                day,
                counts,
            };
            rows.extend(sums.into_iter().map(row));
        }
        Ok(SiteCounts { rows, closed })
    }
}
