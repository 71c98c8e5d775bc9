//! What tells an open page that its numbers have changed.
//!
//! Of a site that shows every number at once, that is told at once. Of any other, it is looked at full hours only, when new
//! shares are told: what else there is of an open day is told to nobody.
//!
//! Once in a while the published numbers of a subject that somebody follows are read, and their *print* is compared with
//! the last one. So a change of what may be seen is told, and nothing else: no click by itself, and no number. It is found
//! wherever the clicks came in, at this instance or at another.
//!
//! Promises that nothing is read of what nobody follows, that a subject is read once for all who follow it, that no more
//! than a set number follow at once, and that all of them are let go when the service ends.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::{KeyHash, SiteId};
use crate::service::reports::Reports;
use crate::service::rollover::today::hour_of;
use crate::service::shared_clock::SharedClock;
use crate::stats::publication::Audience;
use crate::stats::report::{Filter, Grouping, Period, Question, Report};
use crate::store::{Store, StoreError};

/// Between two looks where every number is shown at once. A change is to be on the page within two seconds, of which settling takes a quarter of one, and the
/// numbers of a big site's open day may be a second old.
const LOOK: Duration = Duration::from_millis(500);
/// How much longer than a look took the next one is waited for: looking takes a fifth of the time at most.
const REST: u32 = 4;
/// How much later than a full hour it is looked: by then nobody counts to the hour before.
const AFTER_HOUR: Duration = Duration::from_secs(2);
/// A clock may be set, so nobody waits longer for an hour.
const PATIENCE: Duration = Duration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How many pages may be followed at once: all together, those of one site, and by one session.
pub const MOST: Most = Most { all: 500, of_site: 200, of_session: 20 };

/// How many may follow at once.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// All together.
    pub all: usize,
    /// Of one site.
    pub of_site: usize,
    /// By one session: somebody may have as many pages open.
    pub of_session: usize,
}

/// How many groups of each kind are looked at: as many as a page shows of them.
const GROUPS: usize = 500;

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What of a site meets the filter, as it is published to these readers.
    Site(SiteId, Filter, Audience),
    /// A link, as it is published to its site.
    Link(Box<Link>),
}

/// Tells published numbers from others, and nothing of what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print([u8; 8]);

impl Print {
    fn of(report: &Report) -> Self {
        // Every number is in there, and whatever tells it from others.
        let mut all = Hashed(Sha256::new());
        report.hash(&mut all);
        Self(*all.0.finalize().first_chunk().expect("a hash is longer"))
    }
}

/// A hash that is the same at every instance and after every start.
struct Hashed(Sha256);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the whole hash is taken")
    }
}

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

/// It has no value until the first look.
type Feed = Arc<watch::Sender<Option<Print>>>;

/// The subjects that are followed.
#[derive(Clone)]
pub struct Live(Arc<Following>);

struct Following {
    reports: Arc<Reports>,
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// One for each subject that is followed.
    feeds: Mutex<Vec<(Subject, Feed)>>,
    places: Arc<Places>,
    ended: watch::Sender<bool>,
    /// Where it is looked: whoever answers requests may go, and others still follow.
    runtime: Handle,
}

/// Who follows.
#[derive(Debug)]
struct Places {
    most: Most,
    taken: Mutex<HashMap<Whose, usize>>,
}

/// Whose place it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Anybody,
    Site(SiteId),
    Session(KeyHash),
}

/// A place of each kind, given back when it is dropped.
#[derive(Debug)]
struct Taken {
    places: Arc<Places>,
    whose: [Whose; 3],
}

impl Places {
    /// Takes a place for a session of a site; `None` where there is none.
    fn take(self: &Arc<Self>, site: &SiteId, session: &KeyHash) -> Option<Taken> {
        let whose = [Whose::Anybody, Whose::Site(site.clone()), Whose::Session(session.clone())];
        let most = [self.most.all, self.most.of_site, self.most.of_session];
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = |(whose, most)| taken.get(whose).copied().unwrap_or(0) < most;
        if !whose.iter().zip(most).all(is_free) {
            return None;
        }
        for whose in &whose {
            *taken.entry(whose.clone()).or_default() += 1;
        }
        Some(Taken { places: Arc::clone(self), whose })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for whose in &self.whose {
            if let Some(places) = taken.get_mut(whose) {
                *places -= 1;
                if *places == 0 {
                    taken.remove(whose);
                }
            }
        }
    }
}

impl Live {
    /// Follows reports, at most so many at once. Looks in the runtime that this is called in.
    #[must_use]
    pub fn new(reports: Arc<Reports>, store: Arc<dyn Store>, clock: SharedClock, most: Most) -> Self {
        Self(Arc::new(Following {
            reports,
            store,
            clock,
            feeds: Mutex::default(),
            places: Arc::new(Places { most, taken: Mutex::default() }),
            ended: watch::Sender::new(false),
            runtime: Handle::current(),
        }))
    }

    /// The print of what is published of a subject now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn print(&self, subject: &Subject) -> Result<Print, StoreError> {
        let print = self.0.print(subject).await?;
        // Else a page that has this print would be told of the one that was found an hour ago.
        self.0.tell(subject, print);
        Ok(print)
    }

    /// Follows a subject for a session of a site; `None` where too many do.
    #[must_use]
    pub fn follow(&self, subject: &Subject, site: &SiteId, session: &KeyHash) -> Option<Follower> {
        let place = self.0.places.take(site, session)?;
        let mut feeds = self.0.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = feeds.iter().find(|(known, _)| known == subject).map(|(_, feed)| feed.subscribe());
        let mut prints = known.unwrap_or_else(|| {
            let feed = Arc::new(watch::Sender::new(None));
            let prints = feed.subscribe();
            feeds.push((subject.clone(), Arc::clone(&feed)));
            self.0.runtime.spawn(Arc::clone(&self.0).feed(subject.clone(), feed));
            prints
        });
        // The print that is known already is news to who comes now.
        prints.mark_changed();
        Some(Follower { prints, ended: self.0.ended.subscribe(), _place: place })
    }

    /// Lets everybody go: the service ends.
    pub fn end(&self) {
        self.0.ended.send_replace(true);
    }
}

impl Following {
    async fn print(&self, subject: &Subject) -> Result<Print, StoreError> {
        let today = Day::of(self.clock.now());
        // The day before may not be closed yet. What is older changes seldom, and no page waits for it.
        let period = Period::last_days(2, today);
        let report = match subject {
            Subject::Link(link) => {
                let rule = self.reports.rule_of(&link.site, Audience::SignedIn).await?;
                self.reports.of_link(link, period, false, &rule).await?
            }
            Subject::Site(site, filter, audience) => {
                let tables = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link];
                let tables = tables.map(|by| (by, GROUPS)).into();
                let question = Question { period, filter: filter.clone(), tables, compared: false };
                let rule = self.reports.rule_of(site, *audience).await?;
                self.reports.report(site, question, &rule).await?
            }
        };
        Ok(Print::of(&report))
    }

    /// Tells a print to whoever follows its subject.
    fn tell(&self, subject: &Subject, print: Print) {
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, feed)) = feeds.iter().find(|(known, _)| known == subject) {
            feed.send_if_modified(|known| known.replace(print) != Some(print));
        }
    }

    /// Returns whether every number of a subject is shown at once.
    async fn is_exact(&self, subject: &Subject) -> Result<bool, StoreError> {
        let site = match subject {
            Subject::Site(site, ..) => site,
            Subject::Link(link) => &link.site,
        };
        let today = Day::of(self.clock.now());
        Ok(self.store.site(site).await?.is_some_and(|site| site.min_count.on(today).is_exact()))
    }

    /// Looks again and again, until nobody follows any more.
    async fn feed(self: Arc<Self>, subject: Subject, feed: Feed) {
        let mut looked = None;
        loop {
            let began = Instant::now();
            let hour = hour_of(self.clock.now());
            let is_exact = self.is_exact(&subject).await;
            if matches!(is_exact, Ok(true)) || looked != Some(hour) {
                // While the store is away, nothing is told.
                if let Ok(print) = self.print(&subject).await {
                    self.tell(&subject, print);
                    looked = Some(hour);
                }
            }
            {
                let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(place) = feeds.iter().position(|(known, _)| *known == subject) else { return };
                if feed.is_closed() || *self.ended.borrow() {
                    feeds.swap_remove(place);
                    return;
                }
            }
            let waits_for_hour = matches!(is_exact, Ok(false)) && looked == Some(hour);
            let rest = if waits_for_hour { self.until_next_hour() } else { LOOK.max(began.elapsed() * REST) };
            tokio::select! {
                () = sleep(rest) => {}
                () = feed.closed() => {}
            }
        }
    }

    fn until_next_hour(&self) -> Duration {
        let now = self.clock.now();
        let left = (hour_of(now) + HOUR).duration_since(now);
        (left.unsigned_abs() + AFTER_HOUR).min(PATIENCE)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

/// Somebody who follows a subject.
#[derive(Debug)]
pub struct Follower {
    prints: watch::Receiver<Option<Print>>,
    ended: watch::Receiver<bool>,
    _place: Taken,
}

impl Follower {
    /// Waits until the numbers may be others than those of the last print, and gives theirs; `None` when the service
    /// ends.
    pub async fn next(&mut self) -> Option<Print> {
        loop {
            tokio::select! {
                _ = self.ended.wait_for(|ended| *ended) => return None,
                changed = self.prints.changed() => changed.ok()?,
            }
            if let Some(print) = *self.prints.borrow_and_update() {
                return Some(print);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store;
    use crate::store::StoreUrl;

    async fn live(all: usize) -> (Live, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", dir.path().join("store.db").display());
        let store = store::open(&StoreUrl::parse(&url).expect("an address"), None).await.expect("a store");
        (
            {
                let clock = SharedClock::new(Clock::system());
                let reports = Reports::new(Arc::clone(&store), clock.clone(), 13, 1 << 20);
                Live::new(Arc::new(reports), store, clock, Most { all, ..MOST })
            },
            dir,
        )
    }

    fn link(code: &str) -> Subject {
        let json = format!(
            r#"{{"code":"{code}","incarnation":"0000000000000001","site":"s1","url":"https://example.com/","channel":"sms","created_at":0}}"#
        );
        Subject::Link(serde_json::from_str(&json).expect("a link"))
    }

    fn follow(live: &Live, code: &str) -> Option<Follower> {
        live.follow(&link(code), &SiteId::from_stored("s1"), &KeyHash::of("a session"))
    }

    #[tokio::test]
    async fn one_session_and_one_site_leave_places_to_others() {
        let (live, _dir) = live(100).await;
        let live = Live::new(
            Arc::clone(&live.0.reports),
            Arc::clone(&live.0.store),
            live.0.clock.clone(),
            Most { all: 5, of_site: 3, of_session: 2 },
        );
        let follow = |site: &str, session: &str| {
            live.follow(&link("a"), &SiteId::from_stored(site), &KeyHash::of(session))
        };
        let mut held = vec![follow("s1", "ada").expect("a place"), follow("s1", "ada").expect("a place")];
        assert!(follow("s1", "ada").is_none(), "of the session");
        held.push(follow("s1", "bob").expect("a place"));
        assert!(follow("s1", "cy").is_none(), "of the site");
        held.push(follow("s2", "di").expect("a place"));
        held.push(follow("s2", "di").expect("a place"));
        assert!(follow("s3", "ed").is_none(), "of all");
        held.remove(0);
        assert!(follow("s1", "ada").is_some());
        drop(held);
        assert!(live.0.places.taken.lock().expect("nobody panics").is_empty());
    }

    #[tokio::test]
    async fn no_more_follow_than_there_is_room_for_and_who_leaves_makes_room() {
        let (live, _dir) = live(2).await;
        let first = follow(&live, "a").expect("a place");
        let _second = follow(&live, "b").expect("a place");
        assert!(follow(&live, "a").is_none());
        drop(first);
        assert!(follow(&live, "a").is_some());
    }

    #[tokio::test]
    async fn a_subject_is_looked_at_for_as_long_as_somebody_follows_it() {
        let (live, _dir) = live(5).await;
        let feeds = || live.0.feeds.lock().expect("nobody panics").len();
        let mut followers: Vec<_> = (0..2).map(|_| follow(&live, "a").expect("a place")).collect();
        let print = followers[0].next().await.expect("a print");
        assert_eq!(followers[1].next().await, Some(print));
        assert_eq!((live.print(&link("a")).await.expect("a print"), feeds()), (print, 1));
        followers.clear();
        while feeds() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(follow(&live, "a").expect("a place").next().await, Some(print));
    }

    #[tokio::test]
    async fn all_are_let_go_at_the_end_and_who_comes_then_too() {
        let (live, _dir) = live(5).await;
        let mut follower = follow(&live, "a").expect("a place");
        live.end();
        while follower.next().await.is_some() {}
        assert_eq!(follow(&live, "b").expect("a place").next().await, None);
    }
}
