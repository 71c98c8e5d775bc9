//! Reports of sites: the days that a question is about are brought together here, and added up in
//! [`domain::report`](crate::stats::report).
//!
//! Promises that a closed day or week is read from the store once and then kept in memory, compactly and within bounds,
//! until the store says that it has changed, which it is asked each time; that an open day is at most a second old; and
//! that the same question has the same answer on a page, in an export and in the API.
//!
//! What is in memory is behind `reports/memory.rs`. Adding up a big site's year takes some hundredths of a second, so it is done on
//! threads that may block.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use self::memory::{AGING, Blocks, LONGEST, Memory, SiteDays, Wanted, WeekBlocks};
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::{Site, SiteId};
use crate::domain::week::Week;
use crate::service::shared_clock::SharedClock;
use crate::stats::counts::DayMarks;
use crate::stats::lineage::{Lineage, lineage};
use crate::stats::publication::{Audience, Publication};
use crate::stats::report;
use crate::stats::report::{Group, Period, Question, Report, ReportDay, ReportDays, ReportWeek};
use crate::store::{Store, StoreError};

pub mod digest;
pub mod live;
mod memory;

/// How many days of a site are read at once.
const AT_ONCE: usize = 4;
/// How many days are read ahead before those are served who wait.
const AHEAD: usize = 8;
/// How often it is looked whether what is in memory has changed, so that nobody waits for it.
const LOOK: Duration = Duration::from_mins(1);
/// How often it is looked whether an open day that somebody reads is to be read again.
const BETWEEN: Duration = Duration::from_millis(100);
/// Between attempts while the store refuses.
const RETRY: Duration = Duration::from_secs(5);

/// What makes reports; one for the process.
pub struct Reports {
    store: Arc<dyn Store>,
    clock: SharedClock,
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
    /// Reports of what `store` holds; days are kept in memory up to so many bytes.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: SharedClock, retention_months: u32, most_bytes: usize) -> Self {
        Self { store, clock, retention_months, memory: Memory::new(most_bytes) }
    }

    /// Returns the time before whose hour a link was made that is counted as a share. Numbers of shares change at full hours
    /// only: else, who reads again and again could tell by a server's log who shared. Where every number is published at
    /// once, so is this one.
    #[must_use]
    pub fn shares_before(&self, rule: &Publication) -> Timestamp {
        if rule.is_live() { Timestamp::MAX } else { self.clock.now() }
    }

    /// Returns the lineage of a site's links in a period; `channels` are its statistics by channel.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn lineage(
        &self,
        site: &SiteId,
        period: Period,
        channels: &[Group],
        rule: &Publication,
    ) -> Result<Lineage, StoreError> {
        let before = self.shares_before(rule);
        let shares = self.store.site_shares(site, period.first, period.last, before).await?;
        Ok(lineage(&shares, channels))
    }

    /// Returns how a site's numbers are published now, and to whom.
    #[must_use]
    pub fn rule(&self, site: &Site, audience: Audience) -> Publication {
        let today = Day::of(self.clock.now());
        Publication { min_counts: site.min_count.clone(), today, audience }
    }

    /// Returns the same for a site of which no more is known than this; of one that is gone there is nothing to publish.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rule_of(&self, site: &SiteId, audience: Audience) -> Result<Publication, StoreError> {
        let min_counts = self.store.site(site).await?.map(|site| site.min_count).unwrap_or_default();
        Ok(Publication { min_counts, today: Day::of(self.clock.now()), audience })
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
        rule: &Publication,
        patience: Duration,
    ) -> Result<Result<Report, Reading>, StoreError> {
        let whole = self.whole_period(&question, rule);
        let (reports, of_site, of_reader) = (Arc::clone(self), site.clone(), rule.clone());
        let reading = tokio::spawn(async move { reports.days(&of_site, whole, &of_reader).await });
        if let Ok(read) = timeout(patience, reading).await {
            let days = read.unwrap_or_else(|error| Err(StoreError::Unavailable(error.into())))?;
            return add_up(days, question, whole, rule.audience).await.map(Ok);
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
        rule: &Publication,
    ) -> Result<Report, StoreError> {
        let whole = self.whole_period(&question, rule);
        add_up(self.days(site, whole, rule).await?, question, whole, rule.audience).await
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
        rule: &Publication,
    ) -> Result<Report, StoreError> {
        let compared = compared && self.keeps(period.before(), rule.today);
        let first = if compared { period.before().first } else { period.first };
        let counts = self.store.link_counts(&link.code, first, period.last).await?;
        Ok(report::of_link(link, &counts, period, compared, rule))
    }

    /// Keeps in memory what the sites' pages are made of, for as long as it is polled: first all that fits, and then
    /// what has changed of it.
    pub async fn keep_warm(&self, clock: SharedClock) {
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

    /// Reads a big site's open day again before it is too old, for as long as it is polled and somebody has asked for the
    /// site within a minute: who goes from page to page waits for the reading once.
    pub async fn keep_open_days(&self) {
        loop {
            for (site, of_site, rule) in self.memory.attended() {
                // Whoever asks for it then reads it, or learns what is wrong.
                let _ = self.read_aging(&site, &of_site, &rule).await;
            }
            sleep(BETWEEN).await;
        }
    }

    async fn read_aging(
        &self,
        site: &SiteId,
        of_site: &Arc<SiteDays>,
        rule: &Publication,
    ) -> Result<(), StoreError> {
        if !of_site.is_aging(rule.today) {
            return Ok(());
        }
        let marks = self.store.day_marks(site, rule.today, rule.today).await?;
        let today = vec![Wanted::of(rule.today, &marks, rule)];
        self.read(site, of_site, today, AGING, rule).await.map(drop)
    }

    async fn warm(&self, today: Day, all: bool) -> Result<(), StoreError> {
        let period = Period { first: self.kept_from(today), last: today.plus(-1) };
        for site in self.store.sites().await? {
            if !all && !self.memory.has(&site.id) {
                continue;
            }
            let rule = self.rule(&site, Audience::SignedIn);
            let marks = self.store.day_marks(&site.id, period.first, period.last).await?;
            let of_site = self.memory.site(&site.id);
            // A day without marks has at most shares; it is read when somebody asks.
            let marked = period
                .days()
                .filter(|day| marks.closed.days.contains_key(day) || marks.links.contains_key(day));
            let mut missing: Vec<Wanted> =
                marked.map(|day| Wanted::of(day, &marks, &rule)).filter(|day| !of_site.has(day)).collect();
            missing.retain(Wanted::settled);
            // The newest first.
            missing.reverse();
            for some in missing.chunks(AHEAD) {
                if self.memory.is_full() {
                    return Ok(());
                }
                self.read(&site.id, &of_site, some.to_vec(), LONGEST, &rule).await?;
            }
            self.weeks(&site.id, &of_site, period.weeks().rev(), &marks).await?;
        }
        Ok(())
    }

    /// The period, with the one before where that is wanted and kept.
    fn whole_period(&self, question: &Question, rule: &Publication) -> Period {
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

    /// All days and weeks of a period, from memory as far as they are there and have not changed.
    async fn days(
        &self,
        site: &SiteId,
        period: Period,
        rule: &Publication,
    ) -> Result<(Arc<SiteDays>, ReportDays), StoreError> {
        let marks = self.store.day_marks(site, period.first, period.last).await?;
        let of_site = self.memory.site(site);
        // Nothing is counted on a day that is to come.
        let wanted = |day: &Day| *day <= rule.today || marks.open.contains(day);
        let wanted: Vec<_> = period.days().filter(wanted).map(|day| Wanted::of(day, &marks, rule)).collect();
        of_site.attend(rule);
        let (mut there, missing) = of_site.look_up(&wanted, LONGEST);
        if !missing.is_empty() {
            there.extend(self.read(site, &of_site, missing, LONGEST, rule).await?);
        }
        let days = period.days().map(|day| ReportDay {
            day,
            min_count: rule.min_counts.on(day),
            open: rule.is_open(day, &marks.closed),
            block: there.remove(&day),
        });
        let days = days.collect();
        let mut weeks: Vec<_> = period.weeks().collect();
        weeks.retain(|week| !rule.min_counts.of_week(*week).is_exact());
        let mut blocks = self.weeks(site, &of_site, weeks.iter().copied(), &marks).await?;
        let weeks = weeks.into_iter().map(|week| ReportWeek { week, block: blocks.remove(&week) }).collect();
        Ok((of_site, ReportDays { days, weeks }))
    }

    /// The weeks among these that have cells, from memory as far as they are there and have not changed.
    async fn weeks(
        &self,
        site: &SiteId,
        of_site: &Arc<SiteDays>,
        weeks: impl Iterator<Item = Week>,
        marks: &DayMarks,
    ) -> Result<WeekBlocks, StoreError> {
        let (mut there, mut missing) = (WeekBlocks::new(), Vec::new());
        for week in weeks {
            let Some(version) = marks.closed.weeks.get(&week).copied() else { continue };
            match of_site.week(week, version) {
                Some(block) => drop(there.insert(week, block)),
                None => missing.push((week, version)),
            }
        }
        if missing.is_empty() {
            return Ok(there);
        }
        let reading = iter(missing).map(|(week, version)| async move {
            let rows = self.store.week_rows(site, week).await?;
            let of_site = Arc::clone(of_site);
            blocking(move || (week, of_site.keep_week(week, version, &rows))).await
        });
        let read: Vec<_> = reading.buffer_unordered(AT_ONCE).try_collect().await?;
        there.extend(read);
        self.memory.make_room(site);
        Ok(there)
    }

    /// Reads days of a site, but for those that were read at most so long ago. Who asks for the same ones meanwhile waits, and finds them in memory.
    async fn read(
        &self,
        site: &SiteId,
        of_site: &Arc<SiteDays>,
        wanted: Vec<Wanted>,
        longest: Duration,
        rule: &Publication,
    ) -> Result<Blocks, StoreError> {
        let _turn = of_site.turn().await;
        let (mut there, missing) = of_site.look_up(&wanted, longest);
        let reading = iter(missing).map(|wanted| async move {
            let began = Instant::now();
            let rows = self.store.day_rows(site, wanted.day, self.shares_before(rule)).await?;
            let of_site = Arc::clone(of_site);
            blocking(move || (wanted.day, of_site.keep(wanted, began, &rows))).await
        });
        let read: Vec<_> = reading.buffer_unordered(AT_ONCE).try_collect().await?;
        there.extend(read);
        self.memory.make_room(site);
        Ok(there)
    }
}

/// Answers a question of the days of `whole`, which are those of its period and, where they are wanted and kept, those before.
async fn add_up(
    (of_site, all): (Arc<SiteDays>, ReportDays),
    question: Question,
    whole: Period,
    audience: Audience,
) -> Result<Report, StoreError> {
    blocking(move || {
        let ReportDays { days: mut before, mut weeks } = all;
        let days = before.split_off(before.partition_point(|day| day.day < question.period.first));
        let of_now = weeks.split_off(weeks.partition_point(|week| week.week.first() < question.period.first));
        // What begins before the period and ends in it is of neither.
        weeks.retain(|week| week.week.last() < question.period.first);
        let now = ReportDays { days, weeks: of_now };
        let before = (whole != question.period).then_some(ReportDays { days: before, weeks });
        report::report(&of_site.names(), &question, &now, before.as_ref(), audience)
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(|error| StoreError::Unavailable(error.into()))
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reports")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dimensions::Dimensions;
    use crate::domain::min_count::MinCounts;
    use crate::stats::counts::{DayCounts, DayRow, DayRows};
    use crate::store;
    use crate::store::StoreUrl;

    /// A day with so many rows.
    fn rows(number: usize) -> DayRows {
        let channel = serde_json::from_str("\"sms\"").expect("a channel");
        let row = DayRow { kind: 0, link: None, counts: DayCounts::default() };
        DayRows { kinds: vec![Dimensions { channel, page: None, campaign: None }], rows: vec![row; number] }
    }

    #[tokio::test]
    async fn a_big_open_day_is_read_again_before_it_is_too_old_while_somebody_reads() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", dir.path().join("store.db").display());
        let store = store::open(&StoreUrl::parse(&url).expect("an address"), None).await.expect("a store");
        let clock = SharedClock::new(crate::clock::Clock::system());
        let reports = Arc::new(Reports::new(store, clock, 13, 1 << 24));
        let today = "2026-11-21".parse().expect("a day");
        let rule = Publication { min_counts: MinCounts::default(), today, audience: Audience::SignedIn };
        let of_day = |site: &str, number: usize, age: Duration| {
            let of_site = reports.memory.site(&SiteId::from_stored(site));
            let wanted = Wanted::of(today, &DayMarks::default(), &rule);
            of_site.keep(wanted, Instant::now().checked_sub(age).expect("a time"), &rows(number));
            of_site
        };
        let old = AGING + Duration::from_millis(1);
        let sites = [
            of_day("read", 5_000, old),
            of_day("unread", 5_000, old),
            of_day("young", 5_000, Duration::ZERO),
            of_day("small", 4_999, old),
        ];
        let aging = || sites.each_ref().map(|of_site| of_site.is_aging(today));
        assert_eq!(aging(), [true, true, false, false]);
        sites[0].attend(&rule);
        sites[3].attend(&rule);
        let keeping = Arc::clone(&reports);
        let keeping = tokio::spawn(async move { keeping.keep_open_days().await });
        let began = Instant::now();
        while sites[0].is_aging(today) {
            assert!(began.elapsed() < Duration::from_secs(20), "it was not read again");
            sleep(Duration::from_millis(5)).await;
        }
        // Nothing is in the store, so what was read again is small; of what nobody reads, nothing was.
        assert!(sites[1].is_aging(today));
        keeping.abort();
    }
}
