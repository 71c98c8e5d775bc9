//! Closing days and weeks: every past day of every site becomes cells, once its clicks are in the store, and what was too
//! little for that becomes cells of the week, when that is over, or is deleted.
//!
//! Promises to go on where an earlier run, or another instance, got to, after however many days;
//! and that one site whose day or week cannot be closed holds up no other's. Two instances that close the
//! same day at once do each a part of the work.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{StreamExt, iter};

use crate::domain::day::Day;
use crate::domain::site::{Site, SiteId};
use crate::domain::week::Week;
use crate::service::metrics::Metrics;
use crate::store::{Store, StoreError};

/// How many sites are closed at once. A shared store makes each of them wait for longer than it works, and an embedded one
/// does one step after another all the same.
const AT_ONCE: usize = 256;

/// What closes days and weeks.
pub struct Closing {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// What the operator is told.
    pub metrics: Arc<Metrics>,
}

impl Closing {
    /// Whether something of days before `today`, or of weeks that are over, is not closed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_due(&self, today: Day) -> Result<bool, StoreError> {
        Ok(!self.store.days_to_close(today).await?.is_empty()
            || !self.store.weeks_to_close(Week::of(today)).await?.is_empty())
    }

    /// Closes the days before `today`, and then the weeks that are over: those of each site the oldest first, and those of
    /// many sites at once.
    ///
    /// Returns the day before which everything is closed: `today`, or an earlier one where a store takes its time and has to be
    /// asked again.
    ///
    /// # Errors
    /// The first one of the store's. What could be closed is, and the rest is left for another call.
    pub async fn close_before(&self, today: Day) -> Result<Day, StoreError> {
        let days = self.store.days_to_close(today).await?;
        let closed = self.of_each_site(days, |site, days| self.close_days(site, days)).await;
        // Of a week whose day could not be closed, the store says nothing.
        let weeks = self.store.weeks_to_close(Week::of(today)).await?;
        closed.and(self.of_each_site(weeks, |site, weeks| self.close_weeks(site, weeks)).await)?;
        let noted = self.store.note_closed_before(today).await?;
        self.metrics.closed_before.set(noted.start().as_second());
        Ok(noted)
    }

    /// Does something with what is due of each site, many sites at once, and returns the first error.
    async fn of_each_site<T, F: Future<Output = Result<(), StoreError>>>(
        &self,
        due: Vec<(T, SiteId)>,
        close: impl Fn(Site, Vec<T>) -> F,
    ) -> Result<(), StoreError> {
        let mut of_sites: Vec<(SiteId, Vec<T>)> = Vec::new();
        let mut places: HashMap<SiteId, usize> = HashMap::new();
        for (what, site) in due {
            let place = *places.entry(site.clone()).or_insert_with(|| {
                of_sites.push((site, Vec::new()));
                of_sites.len() - 1
            });
            of_sites[place].1.push(what);
        }
        let closings = of_sites.into_iter().map(|(id, due)| {
            let close = &close;
            async move {
                match self.store.site(&id).await {
                    Ok(Some(site)) => close(site, due).await,
                    // A site that is gone leaves nothing to be closed.
                    Ok(None) => Ok(()),
                    Err(error) => self.failed(error),
                }
            }
        });
        let mut closings = iter(closings).buffer_unordered(AT_ONCE);
        let mut all = Ok(());
        while let Some(closed) = closings.next().await {
            all = all.and(closed);
        }
        all
    }

    async fn close_days(&self, site: Site, days: Vec<Day>) -> Result<(), StoreError> {
        for day in days {
            // Later days wait: what comes late for this one counts on the next one that is open.
            if let Err(error) = self.store.close_day(&site.id, day, site.min_count.on(day)).await {
                return self.failed(error);
            }
            self.metrics.days_closed.inc();
        }
        Ok(())
    }

    async fn close_weeks(&self, site: Site, weeks: Vec<Week>) -> Result<(), StoreError> {
        for week in weeks {
            if let Err(error) = self.store.close_week(&site.id, week, site.min_count.of_week(week)).await {
                return self.failed(error);
            }
            self.metrics.weeks_closed.inc();
        }
        Ok(())
    }

    fn failed(&self, error: StoreError) -> Result<(), StoreError> {
        self.metrics.closing_failures.inc();
        Err(error)
    }

    /// Notes that the days before `today` are closed where there is nothing to close: on a store
    /// that is new, nobody need wait for that.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(&self, today: Day) -> Result<(), StoreError> {
        if !self.is_due(today).await? {
            self.store.note_closed_before(today).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closing")
    }
}
