//! Reports of sites: the days that a question is about are brought together here, and added up in
//! [`domain::report`](crate::domain::report).
//!
//! Promises that a closed day is read from the store once and then kept in memory, compactly and within bounds, until
//! the store says that it has changed, which it is asked each time; that an open day is at most a second old; and
//! that the same question has the same answer on a page, in an export and in the API.
//!
//! What is in memory is behind `reports/memory.rs`. Adding up a big site's year takes some hundredths of a second, so it is done on
//! threads that may block.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use self::memory::{Memory, SiteDays, Wanted};
use crate::clock::Clock;
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::publication::{Audience, Publication};
use crate::domain::report::{self, Period, Question, Report, ReportDay};
use crate::domain::site::SiteId;
use crate::store::{Store, StoreError};

mod memory;

/// How many days of a site are read at once.
const AT_ONCE: usize = 4;
/// How many days are read ahead before those are served who wait.
const AHEAD: usize = 8;
/// How often it is looked whether what is in memory has changed, so that nobody waits for it.
const LOOK: Duration = Duration::from_mins(1);
/// Between attempts while the store refuses.
const RETRY: Duration = Duration::from_secs(5);

/// What makes reports; one for the process.
pub struct Reports {
    store: Arc<dyn Store>,
    min_count: u64,
    retention_months: u32,
    memory: Memory,
}

/// How far the days of a question are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// So many days are there.
    pub read: usize,
    /// Of so many.
    pub of: usize,
}

impl Reports {
    /// Reports of what `store` holds, published with this threshold; days are kept in memory up to so many bytes.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, min_count: u64, retention_months: u32, most_bytes: usize) -> Self {
        Self { store, min_count, retention_months, memory: Memory::new(most_bytes) }
    }

    /// How numbers are published on a day, and to whom.
    #[must_use]
    pub fn rule(&self, today: Day, audience: Audience) -> Publication {
        Publication { min_count: self.min_count, today, audience }
    }

    /// The first day of which counts are kept.
    #[must_use]
    pub fn kept_from(&self, today: Day) -> Day {
        today.months_before(self.retention_months)
    }

    /// Answers a question where its days are in memory within `patience`. Where they are not, says how far the reading is;
    /// it goes on in the background, and a page can say so meanwhile.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn report_soon(
        self: &Arc<Self>,
        site: &SiteId,
        question: Question,
        rule: Publication,
        patience: Duration,
    ) -> Result<Result<Report, Reading>, StoreError> {
        let whole = self.whole_period(&question, rule);
        let (reports, of_site) = (Arc::clone(self), site.clone());
        let reading = tokio::spawn(async move { reports.days(&of_site, whole, rule).await });
        if let Ok(read) = timeout(patience, reading).await {
            let days = read.unwrap_or_else(|error| Err(StoreError::Unavailable(error.into())))?;
            return add_up(days, question, whole, rule).await.map(Ok);
        }
        let of = usize::try_from(whole.length()).unwrap_or(0);
        let read = self.memory.site(site).number_of_days(whole).min(of);
        Ok(Err(Reading { read, of }))
    }

    /// Answers a question, however long the reading takes.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn report(
        &self,
        site: &SiteId,
        question: Question,
        rule: Publication,
    ) -> Result<Report, StoreError> {
        let whole = self.whole_period(&question, rule);
        add_up(self.days(site, whole, rule).await?, question, whole, rule).await
    }

    /// A link's own report, without tables: straight from the store, so it waits for nothing else.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of_link(
        &self,
        link: &Link,
        period: Period,
        compared: bool,
        rule: Publication,
    ) -> Result<Report, StoreError> {
        let compared = compared && self.keeps(period.before(), rule.today);
        let first = if compared { period.before().first } else { period.first };
        let counts = self.store.link_counts(&link.code, first, period.last).await?;
        Ok(report::of_link(link, &counts, period, compared, rule))
    }

    /// Keeps in memory what the sites' pages are made of, for as long as it is polled: first all that fits, and then
    /// what has changed of it.
    pub async fn keep_warm(&self, clock: Clock) {
        let mut all = true;
        loop {
            let today = Day::of(clock.now());
            match self.warm(today, all).await {
                Ok(()) => {
                    all = false;
                    sleep(LOOK).await;
                }
                Err(_) => sleep(RETRY).await,
            }
        }
    }

    async fn warm(&self, today: Day, all: bool) -> Result<(), StoreError> {
        let rule = self.rule(today, Audience::SignedIn);
        let period = Period { first: self.kept_from(today), last: today.plus(-1) };
        for site in self.store.sites().await? {
            if !all && !self.memory.has(&site.id) {
                continue;
            }
            let marks = self.store.day_marks(&site.id, period.first, period.last).await?;
            let of_site = self.memory.site(&site.id);
            // A day without marks has at most shares; it is read when somebody asks.
            let marked = period
                .days()
                .filter(|day| marks.closed.days.contains_key(day) || marks.links.contains_key(day));
            let mut missing: Vec<Wanted> =
                marked.map(|day| Wanted::of(day, &marks, rule)).filter(|day| !of_site.has(day)).collect();
            missing.retain(Wanted::settled);
            // The newest first.
            missing.reverse();
            for some in missing.chunks(AHEAD) {
                if self.memory.is_full() {
                    return Ok(());
                }
                self.read(&site.id, &of_site, some.to_vec(), rule).await?;
            }
        }
        Ok(())
    }

    /// The period, with the one before where that is wanted and kept.
    fn whole_period(&self, question: &Question, rule: Publication) -> Period {
        let (period, before) = (question.period, question.period.before());
        if question.compared && self.keeps(before, rule.today) {
            Period { first: before.first, last: period.last }
        } else {
            period
        }
    }

    /// Whether the counts of a period are all kept.
    fn keeps(&self, period: Period, today: Day) -> bool {
        period.first >= self.kept_from(today)
    }

    /// All days of a period, from memory as far as they are there and have not changed.
    async fn days(
        &self,
        site: &SiteId,
        period: Period,
        rule: Publication,
    ) -> Result<(Arc<SiteDays>, Vec<ReportDay>), StoreError> {
        let marks = self.store.day_marks(site, period.first, period.last).await?;
        let of_site = self.memory.site(site);
        // Nothing is counted on a day that is to come.
        let wanted = |day: &Day| *day <= rule.today || marks.open.contains(day);
        let wanted: Vec<_> = period.days().filter(wanted).map(|day| Wanted::of(day, &marks, rule)).collect();
        let (mut there, missing) = of_site.look_up(&wanted);
        if !missing.is_empty() {
            there.extend(self.read(site, &of_site, missing, rule).await?);
        }
        let days = period.days().map(|day| ReportDay {
            day,
            open: rule.is_open(day, &marks.closed),
            block: there.remove(&day),
        });
        let days = days.collect();
        Ok((of_site, days))
    }

    /// Reads days of a site. Who asks for the same ones meanwhile waits, and finds them in memory.
    async fn read(
        &self,
        site: &SiteId,
        of_site: &Arc<SiteDays>,
        wanted: Vec<Wanted>,
        rule: Publication,
    ) -> Result<memory::Blocks, StoreError> {
        let _turn = of_site.turn().await;
        let (mut there, missing) = of_site.look_up(&wanted);
        let reading = iter(missing).map(|wanted| async move {
            let began = Instant::now();
            let rows = self.store.day_rows(site, wanted.day).await?;
            let of_site = Arc::clone(of_site);
            blocking(move || (wanted.day, of_site.keep(wanted, began, &rows, rule))).await
        });
        let read: Vec<_> = reading.buffer_unordered(AT_ONCE).try_collect().await?;
        there.extend(read);
        self.memory.make_room(site);
        Ok(there)
    }
}

/// Answers a question of the days of `whole`, which are those of its period and, where they are wanted and kept, those before.
async fn add_up(
    (of_site, mut before): (Arc<SiteDays>, Vec<ReportDay>),
    question: Question,
    whole: Period,
    rule: Publication,
) -> Result<Report, StoreError> {
    let days = before.split_off(before.partition_point(|day| day.day < question.period.first));
    blocking(move || {
        let before = (whole != question.period).then_some(before.as_slice());
        report::report(&of_site.names(), &question, &days, before, rule)
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(|error| StoreError::Unavailable(error.into()))
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reports").field("min_count", &self.min_count).finish_non_exhaustive()
    }
}
