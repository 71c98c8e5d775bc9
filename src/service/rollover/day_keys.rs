//! Day keys: 32 random bytes for each UTC day, in memory only, gone when the day ends.
//!
//! A key masks networks only where nobody can take what it masked for another key's: it has been agreed on, and it is
//! this process's first such key of its day. After another one, as when the clock went forth and back, buckets of
//! either would be revealed as random ones, and one network would look like many. Without buckets, it looks like none.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout;

use crate::domain::day::Day;
use crate::domain::visitor::{DayKey, Tagger};
use crate::store::{Store, StoreError};

/// How often the key is proposed again: a store that has lost it has it again then.
const PROPOSED_AGAIN: Duration = Duration::from_secs(5);
/// How long visitors wait for the store when a day begins.
const PATIENCE: Duration = Duration::from_millis(500);

/// Owns the key of the present day, and no other.
pub struct DayKeys {
    store: Arc<dyn Store>,
    known: RwLock<Known>,
    /// Held by the one task that replaces the key.
    turning: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    current: Option<Current>,
    /// Days of which a key that was agreed on is gone.
    gone: BTreeSet<Day>,
}

impl Known {
    /// Drops the key.
    fn end(&mut self) {
        if let Some(ended) = self.current.take().filter(|ended| ended.agreed.is_some()) {
            self.gone.insert(ended.day);
        }
    }

    /// Puts a key in the place of the present one. A key that was not agreed on is another's soon.
    fn begin(&mut self, day: Day, key: DayKey, agreed: Option<Instant>) -> Arc<Tagger> {
        let masks = agreed.is_some() && !self.gone.contains(&day);
        let tagger = Arc::new(if masks { Tagger::new(&key) } else { Tagger::without_networks(&key) });
        self.current = Some(Current { day, key: Arc::new(key), tagger: Arc::clone(&tagger), agreed });
        tagger
    }
}

#[derive(Clone)]
struct Current {
    day: Day,
    key: Arc<DayKey>,
    tagger: Arc<Tagger>,
    /// When the store agreed. A key of this instance alone is replaced when it answers again.
    agreed: Option<Instant>,
}

impl DayKeys {
    /// Keys that the instances on `store` share.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, known: RwLock::default(), turning: tokio::sync::Mutex::new(()) }
    }

    /// What makes the tags of the day of `now`. The first call on a new day drops the old key; who
    /// comes while the new one is asked for is content with whatever key that gives.
    pub async fn tagger(&self, now: Timestamp) -> Arc<Tagger> {
        let day = Day::of(now);
        if let Some(current) = self.current(day) {
            return current.tagger;
        }
        // In a place of its own: all clicks but the day's first end above.
        Box::pin(self.begin(now)).await
    }

    async fn begin(&self, now: Timestamp) -> Arc<Tagger> {
        let _turning = self.turning.lock().await;
        match self.current(Day::of(now)) {
            Some(current) => current.tagger,
            None => self.replace(now).await,
        }
    }

    /// Drops a key of another day than that of `now`, and makes or fetches the key of that day where it is missing or
    /// not yet agreed on. A key that was agreed on is proposed again from time to time.
    pub async fn turn(&self, now: Timestamp) -> Arc<Tagger> {
        let day = Day::of(now);
        let Some(current) = self.current(day) else { return Box::pin(self.begin(now)).await };
        if current.agreed.is_some_and(|when| when.elapsed() < PROPOSED_AGAIN) {
            return current.tagger;
        }
        // The store may take its time: whoever comes meanwhile has a key.
        let proposal = DayKey::new(current.key.expose());
        let Ok(agreed) = self.store.agree_day_key(day, proposal, now).await else { return current.tagger };
        let _turning = self.turning.lock().await;
        if self.current(day).is_none() {
            // The day has ended meanwhile.
            return current.tagger;
        }
        let mut known = self.known_mut();
        let when = Some(Instant::now());
        if current.agreed.is_some() && agreed.expose() == current.key.expose() {
            known.current = Some(Current { agreed: when, ..current.clone() });
            return current.tagger;
        }
        known.end();
        known.begin(day, agreed, when)
    }

    /// Asks the store for the key of the day of `now`. The old key ends before: the store may take its time. But visitors
    /// wait for this one.
    async fn replace(&self, now: Timestamp) -> Arc<Tagger> {
        let day = Day::of(now);
        self.known_mut().end();
        let (key, agreed) = match timeout(PATIENCE, self.store.agree_day_key(day, DayKey::random(), now))
            .await
        {
            Ok(Ok(key)) => (key, Some(Instant::now())),
            late => {
                let error = late.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into()))).err();
                // No visitor waits for a store: until it answers, this instance has a key of its own, and a visitor who comes
                // to two instances meanwhile is counted on both.
                tracing::warn!(
                    "store.url, store.ephemeral_url: the day key is this instance's own until the store answers: {}",
                    error.map_or_else(String::new, |error| error.to_string())
                );
                (DayKey::random(), None)
            }
        };
        self.known_mut().begin(day, key, agreed)
    }

    /// The day that there is a key of, with what makes its tags.
    pub(crate) fn present(&self) -> Option<(Day, Arc<Tagger>)> {
        self.known().current.as_ref().map(|current| (current.day, Arc::clone(&current.tagger)))
    }

    fn current(&self, day: Day) -> Option<Current> {
        self.known().current.as_ref().filter(|current| current.day == day).cloned()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for DayKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use futures_util::future::join_all;

    use super::*;
    use crate::domain::site::SiteId;
    use crate::domain::visitor::Network;
    use crate::store::{StoreUrl, open};

    #[tokio::test]
    async fn the_old_key_is_gone_as_soon_as_the_new_day_is_asked_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let url =
            StoreUrl::parse(&format!("sqlite:{}", dir.path().join("a.db").display())).expect("an address");
        let keys = DayKeys::new(open(&url, None).await.expect("a store"));
        let evening: Timestamp = "2026-11-21T23:59:59.999Z".parse().expect("a time");
        let midnight: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
        let tag = |tagger: &Tagger| {
            let network = Network::of([192, 0, 2, 1].into());
            *tagger.tag(&"/abc.0000000000000001".parse().expect("a link key"), &network, "UA").as_bytes()
        };
        let old = keys.tagger(evening).await;
        assert_eq!(tag(&old), tag(keys.tagger(evening).await.as_ref()));
        let (old_tag, owner) = (tag(&old), Arc::downgrade(&old));
        drop(old);
        assert!(owner.upgrade().is_some(), "as long as its day lasts, the key is there");
        let new = keys.tagger(midnight).await;
        assert!(owner.upgrade().is_none(), "nobody holds the old key any more");
        assert_ne!(old_tag, tag(&new));
    }

    /// Whether this tells of networks.
    fn masks(tagger: &Tagger) -> bool {
        let (link, network) =
            ("/abc.0000000000000001".parse().expect("a link key"), Network::of([192, 0, 2, 1].into()));
        tagger.click(&SiteId::from_stored("courier"), &link, &network, "UA").1.is_some()
    }

    #[tokio::test]
    async fn of_a_day_that_had_a_key_before_nothing_is_told_of_networks() {
        let dir = tempfile::tempdir().expect("a folder");
        let url =
            StoreUrl::parse(&format!("sqlite:{}", dir.path().join("a.db").display())).expect("an address");
        let keys = DayKeys::new(open(&url, None).await.expect("a store"));
        let [day, next, last] = ["2026-11-21", "2026-11-22", "2026-11-23"]
            .map(|day| format!("{day}T12:00:00Z").parse::<Timestamp>().expect("a time"));
        assert!(masks(&*keys.tagger(day).await));
        assert!(masks(&*keys.turn(day).await));
        assert!(masks(&*keys.tagger(next).await));
        assert!(!masks(&*keys.tagger(day).await), "the clock went back, and the first key is gone");
        assert!(!masks(&*keys.turn(day).await));
        assert!(!masks(&*keys.tagger(next).await));
        assert!(masks(&*keys.tagger(last).await), "nobody ever had a key of this day");
        let (day, _) = keys.present().expect("a key");
        assert_eq!(day, Day::of(last));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_silent_store_when_a_day_begins_however_many_come() {
        // A Redis that greets whoever connects, tells the first one that it has room without a limit, nothing of its
        // disk, which store it is and that it knows of no journal, and says nothing more.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("the listener's own address"));
        std::thread::spawn(move || {
            let mut connections = Vec::new();
            for mut connection in listener.incoming().flatten() {
                let _ = connection.read(&mut [0; 1_024]);
                let _ = connection.write_all(b"+OK\r\n+OK\r\n");
                if connections.is_empty() {
                    let room = "$13\r\nmaxmemory:0\r\n\r\n";
                    for answer in
                        [room, "*0\r\n", "*0\r\n", "$-1\r\n", "$16\r\n0123456789abcdef\r\n", "*0\r\n"]
                    {
                        let _ = connection.read(&mut [0; 1_024]);
                        let _ = connection.write_all(answer.as_bytes());
                    }
                }
                connections.push(connection);
            }
        });
        let url = StoreUrl::parse(&url).expect("an address");
        let keys = DayKeys::new(open(&url, None).await.expect("it greets"));
        let midnight: Timestamp = "2026-11-22T00:00:00Z".parse().expect("a time");
        let began = Instant::now();
        let taggers = join_all((0..100).map(|_| keys.tagger(midnight))).await;
        assert!(began.elapsed() < 4 * PATIENCE, "{:?}", began.elapsed());
        assert!(taggers.iter().all(|tagger| Arc::ptr_eq(tagger, &taggers[0])), "one key for all");
        assert!(!masks(&taggers[0]), "the store's key, which will replace it, could not reveal its buckets");
    }
}
