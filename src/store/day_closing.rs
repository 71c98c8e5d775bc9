//! The part of the port that closes days.

use async_trait::async_trait;

use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Closes past days.
#[async_trait]
pub trait DayClosingStore: Send + Sync {
    /// Returns the days before `before` of all sites on which something is open, the oldest first.
    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError>;

    /// Closes a past day of a site as [`disclosure`](crate::stats::disclosure) says. A link's counts become its cell where they are
    /// enough, under what it was [counted under](crate::domain::link::Link::kind_on) on that day; what is not enough joins the pool of its page, channel and
    /// campaign. Its unfurls are rounded in any case. The link's own numbers, its visitors and its networks go in the same
    /// step. A pool has each day's networks by itself, united over its links. Everything that is drawn follows from one
    /// secret, which is deleted with the last step.
    ///
    /// From its first step on, what is settled for that day came late: it counts on the first day after it whose closing has not
    /// begun. Where the day's week is closed already, what joins a pool joins that of the first week after it that is not.
    ///
    /// May be called at any time again, also by several instances at once, and may be killed at any point: each amount
    /// moves once, nothing is lost, and the next call goes on where the last one got to. It takes many short steps, so
    /// that settling and creating links go on beside it. Until its last step, readers see the day as open.
    async fn close_day(&self, site: &SiteId, day: Day, min_count: MinCount) -> Result<(), StoreError>;

    /// Notes that every day before `day` of every site has been closed where there was anything to
    /// close. So a day without counts is closed too, and nothing tells it from one that had a few.
    /// A later day stays noted. Where a closing takes its time and an earlier day is still open, it is that day that is noted.
    /// Returns the day.
    async fn note_closed_before(&self, day: Day) -> Result<Day, StoreError>;
}
