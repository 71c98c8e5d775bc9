//! Closing days: every past day of every site becomes cells, once its clicks are in the store.
//!
//! Promises to go on where an earlier run, or another instance, got to, after however many days;
//! and that one site whose day cannot be closed holds up no other. Two instances that close the
//! same day at once do each a part of the work.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::store::{Store, StoreError};

/// What closes days.
pub struct Closing {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// What the operator is told.
    pub metrics: Arc<Metrics>,
}

impl Closing {
    /// Whether something of days before `today` is not closed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_due(&self, today: Day) -> Result<bool, StoreError> {
        Ok(!self.store.days_to_close(today).await?.is_empty()
            || !self.store.weeks_to_close(Week::of(today)).await?.is_empty())
    }

    /// Closes the days before `today`, the oldest first, so that what waits for a cell goes from
    /// each day to the next one.
    ///
    /// # Errors
    /// The first one of the store's. What could be closed is, and the rest is left for another call.
    pub async fn close_before(&self, today: Day) -> Result<(), StoreError> {
        let mut closed = Ok(());
        for (day, site) in self.store.days_to_close(today).await? {
            match self.close_day(&site, day).await {
                Ok(()) => drop(self.metrics.days_closed.inc()),
                Err(error) => {
                    self.metrics.closing_failures.inc();
                    closed = closed.and(Err(error));
                }
            }
        }
        for (week, site) in self.store.weeks_to_close(Week::of(today)).await? {
            if let Err(error) = self.close_week(&site, week).await {
                self.metrics.closing_failures.inc();
                closed = closed.and(Err(error));
            }
        }
        closed?;
        self.store.note_closed_before(today).await?;
        self.metrics.closed_before.set(today.start().as_second());
        Ok(())
    }

    async fn close_day(&self, site: &SiteId, day: Day) -> Result<(), StoreError> {
        match self.store.site(site).await? {
            Some(site) => self.store.close_day(&site.id, day, site.min_count.on(day)).await,
            None => Ok(()),
        }
    }

    async fn close_week(&self, site: &SiteId, week: Week) -> Result<(), StoreError> {
        match self.store.site(site).await? {
            Some(site) => self.store.close_week(&site.id, week, site.min_count.of_week(week)).await,
            None => Ok(()),
        }
    }

    /// Notes that the days before `today` are closed where there is nothing to close: on a store
    /// that is new, nobody need wait for that.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(&self, today: Day) -> Result<(), StoreError> {
        if self.is_due(today).await? { Ok(()) } else { self.store.note_closed_before(today).await }
    }
}

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closing")
    }
}
