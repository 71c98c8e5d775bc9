//! Day keys: 32 random bytes for each UTC day, in memory only, gone when the day ends.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use crate::domain::day::Day;
use crate::domain::visitor::{DayKey, Tagger};
use crate::store::Store;

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

    /// What makes the tags of the day of `now`. The first call on a new day drops the old key.
    pub async fn tagger(&self, now: Timestamp) -> Arc<Tagger> {
        let day = Day::of(now);
        match self.current(day) {
            Some(current) => current.tagger,
            None => self.turn(now).await,
        }
    }

    /// Drops a key of another day than that of `now`, and makes or fetches the key of that day
    /// where it is missing or not yet agreed on.
    pub async fn turn(&self, now: Timestamp) -> Arc<Tagger> {
        let day = Day::of(now);
        let _turning = self.turning.lock().await;
        let current = self.current(day);
        if let Some(Current { tagger, agreed: true, .. }) = current {
            return tagger;
        }
        // The old key ends before the new one is asked for: the store may take its time.
        if current.is_none() {
            self.set(None);
        }
        let agreed = self.store.agree_day_key(day, random_key(), now).await;
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
}
