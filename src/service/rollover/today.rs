//! Today's numbers: at each full hour, the numbers of each site and of its channels are shown anew where enough people have
//! come since ([`domain::today`](crate::stats::today)).
//!
//! Promises that a number changes at full hours only, that instances on one store show the same numbers, and that whoever
//! reads them waits for the store only when an hour has begun. They end with their day. Where one process has the store for
//! itself, it alone remembers them, and begins anew with each start.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{StreamExt, iter};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::sleep;

use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::domain::site::{Site, SiteId};
use crate::service::shared_clock::SharedClock;
use crate::stats::today::{Numbers, SystemDraw, Today};
use crate::store::{Store, StoreError};

/// A clock may be set, so nobody waits longer for the next hour, or to try again.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many sites are looked at at once.
const AT_ONCE: usize = 8;
/// How often it is looked whether another instance is done with an hour, and how long between.
const ATTEMPTS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(50);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Returns the full hour that a time is in.
#[must_use]
pub fn hour_of(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(HOUR.as_secs())).unwrap_or(now)
}

/// What shows today's numbers; one for the process.
pub struct TodaysNumbers {
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// Whether other instances are on the store, so that what is remembered has to be there.
    is_shared: bool,
    /// The hour in which the process began.
    began: Timestamp,
    sites: Mutex<HashMap<SiteId, Arc<AsyncMutex<Kept>>>>,
}

/// What is remembered of a site, with the day that it is of.
type Kept = Option<(Day, Today)>;

/// What is remembered of a day of which nothing is. Who came before the process began is known to nobody.
fn begin(day: Day, began: Timestamp) -> Today {
    Today::new(day.start().max(began))
}

/// Writes what all instances remember.
fn written(today: &Today) -> Result<String, StoreError> {
    serde_json::to_string(today).map_err(|error| StoreError::Corrupt(error.to_string()))
}

impl TodaysNumbers {
    /// Shows the numbers of what `store` holds; says whether other instances may be on it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: SharedClock, is_shared: bool) -> Self {
        let began = hour_of(clock.now());
        Self { store, clock, is_shared, began, sites: Mutex::default() }
    }

    /// Returns what may be shown of a site's open day. Of a site whose every number is exact that is nothing: what is
    /// counted is shown.
    ///
    /// # Errors
    /// Those of the store, which is asked where an hour has begun.
    pub async fn of_site(&self, site: &Site) -> Result<Numbers, StoreError> {
        let now = self.clock.now();
        let (day, hour) = (Day::of(now), hour_of(now));
        let k = site.min_count.on(day);
        if k.is_exact() {
            return Ok(Numbers::default());
        }
        let kept = {
            let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(sites.entry(site.id.clone()).or_default())
        };
        let mut kept = kept.lock().await;
        // Whoever asks may go at any moment, and what is remembered stays then.
        if kept.as_ref().is_some_and(|(of, _)| *of != day) {
            *kept = None;
        }
        match &mut *kept {
            Some((_, today)) if today.hour() >= hour => Ok(today.numbers()),
            kept if self.is_shared => {
                let today = self.advance_together(&site.id, day, hour, k).await?;
                Ok(kept.insert((day, today)).1.numbers())
            }
            kept => {
                let (_, today) = kept.get_or_insert_with(|| (day, begin(day, self.began)));
                self.advance(today, &site.id, day, hour, k).await?;
                Ok(today.numbers())
            }
        }
    }

    /// Does what an hour asks for, where that is not done.
    async fn advance(
        &self,
        today: &mut Today,
        site: &SiteId,
        day: Day,
        hour: Timestamp,
        k: MinCount,
    ) -> Result<(), StoreError> {
        if today.hour() < hour || today.is_claimed() {
            // Totals first: whoever comes in between is a network of which no number tells yet.
            let totals = self.store.open_totals(site, day).await?;
            let recent = self.store.take_recent_networks(site, day).await?;
            today.advance(hour, &totals, &recent, k, &mut SystemDraw);
        }
        Ok(())
    }

    /// Does what an hour asks for, unless another instance does, and returns what all remember then.
    async fn advance_together(
        &self,
        site: &SiteId,
        day: Day,
        hour: Timestamp,
        k: MinCount,
    ) -> Result<Today, StoreError> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let note = self.store.today_note(site, day).await?;
            let known = note.as_deref().and_then(|note| serde_json::from_str(note).ok());
            let mut today: Today = known.unwrap_or_else(|| begin(day, self.began));
            if today.hour() >= hour {
                if !today.is_claimed() {
                    return Ok(today);
                }
                // Whoever claimed it may be gone: then the hour shows nothing new.
                last = Some(today);
                sleep(BETWEEN).await;
                continue;
            }
            today.claim(hour);
            let claim = written(&today)?;
            if self.store.swap_today_note(site, day, note.as_deref(), &claim).await? {
                self.advance(&mut today, site, day, hour, k).await?;
                // It is not there any more where this took more than an hour.
                self.store.swap_today_note(site, day, Some(&claim), &written(&today)?).await?;
                return Ok(today);
            }
        }
        last.ok_or_else(|| {
            StoreError::Unavailable("other instances write the same note again and again".into())
        })
    }

    /// Looks at every site at each full hour, for as long as it is polled.
    pub async fn run(&self) {
        let mut done = self.began;
        loop {
            let now = self.clock.now();
            let left = (hour_of(now) + HOUR).duration_since(now).unsigned_abs();
            sleep(left.min(PATIENCE)).await;
            let hour = hour_of(self.clock.now());
            // Where the store is away it is tried again; nobody else need be told, since whoever counts there tells.
            if hour != done && self.look().await.is_ok() {
                done = hour;
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let sites = self.store.sites().await?;
        self.forget_others(&sites);
        let look = |site: Site| async move { self.of_site(&site).await.map(drop) };
        let mut looks = iter(sites).map(look).buffer_unordered(AT_ONCE);
        let mut all = Ok(());
        while let Some(looked) = looks.next().await {
            all = all.and(looked);
        }
        all
    }

    /// Forgets sites that are gone.
    fn forget_others(&self, sites: &[Site]) {
        let there: HashSet<&SiteId> = sites.iter().map(|site| &site.id).collect();
        let mut kept = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|id, _| there.contains(id));
    }
}

impl std::fmt::Debug for TodaysNumbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TodaysNumbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_begins_with_its_first_second() {
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert_eq!(hour_of(time("2026-11-21T10:59:59.9Z")), time("2026-11-21T10:00:00Z"));
        assert_eq!(hour_of(time("2026-11-21T11:00:00Z")), time("2026-11-21T11:00:00Z"));
        assert_eq!(hour_of(time("1969-12-31T23:59:59Z")), time("1969-12-31T23:00:00Z"));
    }

    #[test]
    fn a_day_begins_with_its_first_hour_or_with_the_process() {
        let day: Day = "2026-11-21".parse().expect("a day");
        let began = day.start() + 3 * HOUR;
        assert_eq!(begin(day, began).hour(), began, "who came before is known to nobody");
        assert_eq!(begin(day.plus(1), began).hour(), day.plus(1).start());
    }
}
