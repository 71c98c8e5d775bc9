//! The part of the port that closes weeks.

use async_trait::async_trait;

use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::store::StoreError;

/// Closes past weeks.
#[async_trait]
pub trait WeekClosingStore: Send + Sync {
    /// Returns the weeks before `before` of all sites that have pools, the oldest first, if nothing of the week's days is open any
    /// more.
    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError>;

    /// Closes a past week of a site, whose days are closed: what is enough of a pool becomes a cell of its page, channel and
    /// campaign; what is left becomes one of its channel where it is enough, and is deleted where it is not. Of what comes
    /// together there, those from several pages on one day may be of the same networks: each day's largest number counts. The
    /// same holds as for [`close_day`](crate::store::DayClosingStore::close_day).
    async fn close_week(&self, site: &SiteId, week: Week, min_count: MinCount) -> Result<(), StoreError>;
}
