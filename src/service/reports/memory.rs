//! Days and weeks in memory: by site, each with what tells that it has changed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use foldhash::HashMap;
use tokio::sync::MutexGuard as Turn;

use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Closed, DayMarks, DayRows};
use crate::stats::publication::{Publication, Shown};
use crate::stats::report::{Block, Dictionary, Period};

/// What days, and what weeks, have.
pub(super) type Blocks = BTreeMap<Day, Arc<Block>>;
pub(super) type WeekBlocks = BTreeMap<Week, Arc<Block>>;

/// An open day is read again after so long for each of its rows: at once where there are few. Of a big site's it is about
/// ten times as long as the reading takes, and long enough that whoever has a page open, which looks for
/// changes in between, finds the day read on the next page too.
const FOR_A_ROW: Duration = Duration::from_micros(200);
/// And after so long at the latest.
pub(super) const LONGEST: Duration = Duration::from_secs(1);
/// A day whose reading is long is read again after so long, where somebody reads on: before anybody has to wait for it.
pub(super) const AGING: Duration = Duration::from_millis(600);
/// Somebody who asked this long ago may read on.
const ATTENTION: Duration = Duration::from_mins(1);

/// A day as it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) day: Day,
    /// What of it is shown.
    shown: Shown,
    /// What tells that it has changed; `None` where it may change at any time.
    version: Option<(Option<Closed>, u64)>,
}

impl Wanted {
    /// A day as the marks say that it is now.
    pub(super) fn of(day: Day, marks: &DayMarks, rule: &Publication) -> Self {
        let settled = day < rule.today && marks.closed.has(day, 1) && !marks.open.contains(&day);
        let version = || {
            let closed = marks.closed.days.get(&day).copied();
            (closed, marks.links.get(&day).copied().unwrap_or(0))
        };
        Self { day, shown: rule.shown(day, &marks.closed), version: settled.then(version) }
    }

    /// Whether it changes only when its version does.
    pub(super) fn settled(&self) -> bool {
        self.version.is_some()
    }
}

/// The sites whose days are in memory.
pub(super) struct Memory {
    sites: Mutex<HashMap<SiteId, Arc<SiteDays>>>,
    most_bytes: usize,
    /// Counts the uses of sites.
    uses: AtomicU64,
}

impl Memory {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { sites: Mutex::default(), most_bytes, uses: AtomicU64::new(0) }
    }

    /// A site's days; none where it is new here.
    pub(super) fn site(&self, site: &SiteId) -> Arc<SiteDays> {
        let of_site = Arc::clone(lock(&self.sites).entry(site.clone()).or_default());
        of_site.used.store(self.uses.fetch_add(1, Relaxed), Relaxed);
        of_site
    }

    pub(super) fn has(&self, site: &SiteId) -> bool {
        lock(&self.sites).contains_key(site)
    }

    /// The sites that somebody has just asked for, each with the rule of who asked last.
    pub(super) fn attended(&self) -> Vec<(SiteId, Arc<SiteDays>, Publication)> {
        let sites = lock(&self.sites);
        let attended = |(site, days): (&SiteId, &Arc<SiteDays>)| {
            let (when, rule) = lock(&days.attention).clone()?;
            (when.elapsed() < ATTENTION).then(|| (site.clone(), Arc::clone(days), rule))
        };
        sites.iter().filter_map(attended).collect()
    }

    /// Whether nothing more would stay.
    pub(super) fn is_full(&self) -> bool {
        let bytes: usize = lock(&self.sites).values().map(|site| site.bytes()).sum();
        bytes >= self.most_bytes
    }

    /// Forgets the sites that were used longest ago, and then this site's oldest days, until all is within bounds.
    pub(super) fn make_room(&self, present: &SiteId) {
        let mut sites = lock(&self.sites);
        let mut bytes: usize = sites.values().map(|site| site.bytes()).sum();
        while bytes > self.most_bytes {
            let others = sites.iter().filter(|(site, _)| *site != present);
            let Some(oldest) = others.min_by_key(|(_, days)| days.used.load(Relaxed)) else { break };
            let oldest = oldest.0.clone();
            bytes -= sites.remove(&oldest).map_or(0, |site| site.bytes());
        }
        if let Some(site) = sites.get(present) {
            while bytes > self.most_bytes {
                match site.forget_oldest() {
                    Some(freed) => bytes -= freed,
                    None => break,
                }
            }
        }
        if bytes > self.most_bytes {
            // Its names alone are too many.
            sites.remove(present);
        }
    }
}

/// The days of a site.
#[derive(Default)]
pub(super) struct SiteDays {
    dictionary: RwLock<Dictionary>,
    days: Mutex<BTreeMap<Day, Kept>>,
    /// Each with the version that it has.
    weeks: Mutex<BTreeMap<Week, (u64, Arc<Block>)>>,
    reading: tokio::sync::Mutex<()>,
    /// When somebody asked for the site last, and by which rule.
    attention: Mutex<Option<(Instant, Publication)>>,
    used: AtomicU64,
    name_bytes: AtomicUsize,
}

struct Kept {
    as_it_was: Wanted,
    read_at: Instant,
    rows: usize,
    block: Arc<Block>,
}

impl Kept {
    fn is(&self, wanted: &Wanted, longest: Duration) -> bool {
        let young = || self.read_at.elapsed() < self.stays().min(longest);
        self.as_it_was == *wanted && (wanted.settled() || young())
    }

    /// How long it may stay where it is open.
    fn stays(&self) -> Duration {
        FOR_A_ROW.saturating_mul(u32::try_from(self.rows).unwrap_or(u32::MAX))
    }
}

impl SiteDays {
    /// Waits for the turn to read.
    pub(super) async fn turn(&self) -> Turn<'_, ()> {
        self.reading.lock().await
    }

    /// The days that are there as they have to be, open ones read at most so long ago, and those that are not.
    pub(super) fn look_up(&self, wanted: &[Wanted], longest: Duration) -> (Blocks, Vec<Wanted>) {
        let days = lock(&self.days);
        let (mut there, mut missing) = (Blocks::new(), Vec::new());
        for wanted in wanted {
            match days.get(&wanted.day).filter(|kept| kept.is(wanted, longest)) {
                Some(kept) => drop(there.insert(wanted.day, Arc::clone(&kept.block))),
                None => missing.push(*wanted),
            }
        }
        (there, missing)
    }

    pub(super) fn has(&self, wanted: &Wanted) -> bool {
        lock(&self.days).get(&wanted.day).is_some_and(|kept| kept.is(wanted, LONGEST))
    }

    /// Notes that somebody asks for the site.
    pub(super) fn attend(&self, rule: &Publication) {
        *lock(&self.attention) = Some((Instant::now(), rule.clone()));
    }

    /// Whether a day is there that is soon to be read again, and not read in a moment.
    pub(super) fn is_aging(&self, day: Day) -> bool {
        lock(&self.days).get(&day).is_some_and(|kept| {
            !kept.as_it_was.settled() && kept.stays() >= LONGEST && kept.read_at.elapsed() >= AGING
        })
    }

    /// How many days of a period are there, in whatever state.
    pub(super) fn number_of_days(&self, period: Period) -> usize {
        lock(&self.days).range(period.first..=period.last).count()
    }

    /// Keeps a day that was read from `read_at` on. It was read after its marks, so it is at least as new as they say.
    pub(super) fn keep(&self, as_it_was: Wanted, read_at: Instant, rows: &DayRows) -> Arc<Block> {
        let block = self.block(rows, as_it_was.shown);
        let kept = Kept { as_it_was, read_at, rows: rows.rows.len(), block: Arc::clone(&block) };
        lock(&self.days).insert(as_it_was.day, kept);
        block
    }

    /// A week that is there with this version.
    pub(super) fn week(&self, week: Week, version: u64) -> Option<Arc<Block>> {
        let weeks = lock(&self.weeks);
        let (kept, block) = weeks.get(&week)?;
        (*kept == version).then(|| Arc::clone(block))
    }

    /// Keeps a week that was read after this version of it was told.
    pub(super) fn keep_week(&self, week: Week, version: u64, rows: &DayRows) -> Arc<Block> {
        let block = self.block(rows, Shown::Cells);
        lock(&self.weeks).insert(week, (version, Arc::clone(&block)));
        block
    }

    fn block(&self, rows: &DayRows, shown: Shown) -> Arc<Block> {
        let mut dictionary = self.dictionary.write().unwrap_or_else(PoisonError::into_inner);
        let block = Arc::new(Block::new(rows, shown, &mut dictionary));
        self.name_bytes.store(dictionary.bytes(), Relaxed);
        block
    }

    /// The names of all that is there.
    pub(super) fn dictionary(&self) -> RwLockReadGuard<'_, Dictionary> {
        self.dictionary.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> usize {
        let days: usize = lock(&self.days).values().map(Kept::bytes).sum();
        let weeks: usize = lock(&self.weeks).values().map(|(_, block)| block.bytes()).sum();
        days + weeks + self.name_bytes.load(Relaxed)
    }

    /// Forgets the oldest day with the weeks before it, or else a week, and tells how many bytes that frees.
    fn forget_oldest(&self) -> Option<usize> {
        let (mut days, mut weeks) = (lock(&self.days), lock(&self.weeks));
        let Some((day, kept)) = days.pop_first() else {
            return weeks.pop_first().map(|(_, (_, block))| block.bytes());
        };
        let mut freed = kept.bytes();
        while let Some(oldest) = weeks.first_entry().filter(|oldest| oldest.key().last() <= day) {
            freed += oldest.remove().1.bytes();
        }
        Some(freed)
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.block.bytes()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_there_for_as_long_as_it_has_the_version_that_it_was_read_with() {
        let (of_site, week) = (SiteDays::default(), "2026-W48".parse().expect("a week"));
        assert!(of_site.week(week, 1).is_none());
        of_site.keep_week(week, 1, &DayRows::default());
        assert!(of_site.week(week, 1).is_some() && of_site.week(week, 2).is_none());
        of_site.keep_week(week, 2, &DayRows::default());
        assert!(of_site.week(week, 2).is_some() && of_site.week(week, 1).is_none());
        assert!(of_site.forget_oldest().is_some() && of_site.forget_oldest().is_none());
    }
}
