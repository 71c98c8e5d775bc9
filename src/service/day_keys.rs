//! Day keys: 32 random bytes for each UTC day, in memory only, gone when the day ends.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::domain::day::Day;
use crate::domain::visitor::{DayKey, Tagger};
use crate::store::{Store, StoreError};

/// How long visitors wait for the store when a day begins.
const PATIENCE: Duration = Duration::from_millis(500);

/// Owns the key of the present day, and no other.
pub struct DayKeys {
    store: Arc<dyn Store>,
    current: RwLock<Option<Current>>,
    /// Held by the one task that replaces the key.
    turning: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Current {
    day: Day,
    tagger: Arc<Tagger>,
    /// Whether the store agreed; a key of this instance alone is replaced when it answers again.
    agreed: bool,
}

impl DayKeys {
    /// Keys that the instances on `store` share.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, current: RwLock::new(None), turning: tokio::sync::Mutex::new(()) }
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
            None => self.replace(now, None).await,
        }
    }

    /// Drops a key of another day than that of `now`, and makes or fetches the key of that day
    /// where it is missing or not yet agreed on.
    pub async fn turn(&self, now: Timestamp) -> Arc<Tagger> {
        let _turning = self.turning.lock().await;
        match self.current(Day::of(now)) {
            Some(Current { tagger, agreed: true, .. }) => tagger,
            current => self.replace(now, current).await,
        }
    }

    /// Asks the store for the key of the day of `now`, in the place of one that it did not agree on.
    async fn replace(&self, now: Timestamp, current: Option<Current>) -> Arc<Tagger> {
        let day = Day::of(now);
        let question = self.store.agree_day_key(day, random_key(), now);
        let agreed = if current.is_some() {
            question.await
        } else {
            // The old key ends before the new one is asked for: the store may take its time. But
            // visitors wait for this one.
            self.set(None);
            timeout(PATIENCE, question).await.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into())))
        };
        match (agreed, current) {
            (Ok(key), _) => {
                let tagger = Arc::new(Tagger::new(&key));
                self.set(Some(Current { day, tagger: Arc::clone(&tagger), agreed: true }));
                tagger
            }
            (Err(_), Some(current)) => current.tagger,
            // No visitor waits for a store: until it answers, this instance has a key of its own,
            // and a visitor who comes to two instances meanwhile is counted on both.
            (Err(error), None) => {
                tracing::warn!(%error, "the day key is this instance's own until the store answers");
                let tagger = Arc::new(Tagger::new(&random_key()));
                self.set(Some(Current { day, tagger: Arc::clone(&tagger), agreed: false }));
                tagger
            }
        }
    }

    fn current(&self, day: Day) -> Option<Current> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|current| current.day == day).cloned()
    }

    fn set(&self, current: Option<Current>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

impl std::fmt::Debug for DayKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayKeys(…)")
    }
}

fn random_key() -> DayKey {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    DayKey::new(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use futures_util::future::join_all;

    use super::*;
    use crate::domain::code::Code;
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
            *tagger.tag(&Code::parse("abc").expect("a code"), &network, "UA").as_bytes()
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

    #[tokio::test]
    async fn nobody_waits_for_a_silent_store_when_a_day_begins_however_many_come() {
        // A Redis that greets whoever connects and says nothing more.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("the listener's own address"));
        std::thread::spawn(move || {
            let mut connections = Vec::new();
            for mut connection in listener.incoming().flatten() {
                let _ = connection.read(&mut [0; 1_024]);
                let _ = connection.write_all(b"+OK\r\n+OK\r\n");
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
    }
}
