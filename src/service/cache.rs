//! A cache of the store's answers: bounded by memory, one question at a time for each key, and the
//! old answer where the store gives none.
//!
//! An answer holds until somebody else may have changed what it says ([`Freshness`]). That
//! something is absent holds for a moment only. So does a failure, so that of many who ask for the
//! same while the store is away, one waits.

use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use quick_cache::sync::{DefaultLifecycle, EntryAction};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::time::timeout;

use crate::store::StoreError;

/// For how long absence holds.
const ABSENT: Duration = Duration::from_secs(1);
/// For how long nobody asks again after the store failed.
const FAILED: Duration = Duration::from_millis(500);
/// How long a question takes at most for somebody who has an old answer.
const PATIENCE: Duration = Duration::from_millis(250);
/// What an entry takes beside its key and its value: two counts, a time, a place in the table.
const OVERHEAD: usize = 96;
/// What an entry usually takes, for the first size of the table.
const USUAL: usize = 320;

/// The store's answers to one kind of question.
pub(super) struct Cache<K, V> {
    entries: quick_cache::sync::Cache<K, Arc<Entry<V>>, OwnWeight>,
    freshness: Arc<Freshness>,
    bytes: fn(&K, &V) -> usize,
}

struct Entry<V> {
    answer: Answer<V>,
    /// When the store was asked, in microseconds.
    asked_at: u64,
    /// Whether somebody asks again at this moment.
    checking: AtomicBool,
    bytes: usize,
}

enum Answer<V> {
    Present(V),
    Absent,
    Failed,
}

/// A value that the cache shares.
pub(crate) struct Cached<V>(Arc<Entry<V>>);

impl<V> Deref for Cached<V> {
    type Target = V;

    fn deref(&self) -> &V {
        match &self.0.answer {
            Answer::Present(value) => value,
            Answer::Absent | Answer::Failed => unreachable!("made only around a value"),
        }
    }
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// A cache that takes at most so much memory; `bytes` tells what a key and a value take.
    pub(super) fn new(most_bytes: usize, freshness: &Arc<Freshness>, bytes: fn(&K, &V) -> usize) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(most_bytes / USUAL)
            .weight_capacity(most_bytes as u64)
            .build()
            .expect("both capacities are given");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let entries = quick_cache::sync::Cache::with_options(options, OwnWeight, hasher, lifecycle);
        Self { entries, freshness: Arc::clone(freshness), bytes }
    }

    /// The value of a key: what is known of it, or else what `read` finds in the store.
    pub(super) async fn get<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if let Some(entry) = self.entries.get(key) {
            if self.freshness.holds(&entry) {
                return entry.known();
            }
            self.entries.remove_if(key, |held| Arc::ptr_eq(held, &entry));
        }
        match self.entries.get_value_or_guard_async(key).await {
            Ok(entry) => entry.known(),
            Err(guard) => {
                let asked_at = self.freshness.now();
                let (answer, failure) = match read().await {
                    Ok(Some(value)) => (Answer::Present(value), None),
                    Ok(None) => (Answer::Absent, None),
                    Err(error) => (Answer::Failed, Some(error)),
                };
                let entry = self.entry(key, answer, asked_at);
                // It is not kept where the key was forgotten meanwhile.
                let _ = guard.insert(Arc::clone(&entry));
                failure.map_or_else(|| entry.known(), Err)
            }
        }
    }

    /// The value of a key; where it may have changed and the store does not say, the old one.
    pub(super) async fn get_or_old<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        match self.entries.get(key) {
            Some(entry) if self.freshness.holds(&entry) => entry.known(),
            Some(entry) if entry.is_present() => self.check(key, entry, read).await,
            _ => self.get(key, read).await,
        }
    }

    /// Asks again what may have changed. Who comes meanwhile is given the old answer, and so is
    /// everybody while the store gives none.
    async fn check<F>(
        &self,
        key: &K,
        old: Arc<Entry<V>>,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if !self.freshness.may_ask() || old.checking.swap(true, Relaxed) {
            return old.known();
        }
        let _checking = Checking(&old.checking);
        let asked_at = self.freshness.now();
        let Ok(Ok(found)) = timeout(PATIENCE, read()).await else {
            self.freshness.failed();
            return old.known();
        };
        let answer = found.map_or(Answer::Absent, Answer::Present);
        let entry = self.entry(key, answer, asked_at);
        let replace = |_: &K, held: &mut Arc<Entry<V>>| {
            // Not where the key was forgotten meanwhile and somebody else has asked since.
            if Arc::ptr_eq(held, &old) {
                *held = Arc::clone(&entry);
            }
            EntryAction::Retain(())
        };
        // A guard for a key that has gone is given back by its drop.
        let _ = self.entries.entry(key, Some(Duration::ZERO), replace);
        entry.known()
    }

    /// Forgets what is known of a key, and what is being asked.
    pub(super) fn forget(&self, key: &K) {
        self.entries.remove(key);
    }

    fn entry(&self, key: &K, answer: Answer<V>, asked_at: u64) -> Arc<Entry<V>> {
        let bytes = OVERHEAD
            + match &answer {
                Answer::Present(value) => (self.bytes)(key, value),
                Answer::Absent | Answer::Failed => size_of::<K>() + size_of::<V>(),
            };
        Arc::new(Entry { answer, asked_at, checking: AtomicBool::new(false), bytes })
    }
}

impl<V> Entry<V> {
    fn is_present(&self) -> bool {
        matches!(self.answer, Answer::Present(_))
    }

    fn known(self: &Arc<Self>) -> Result<Option<Cached<V>>, StoreError> {
        match self.answer {
            Answer::Present(_) => Ok(Some(Cached(Arc::clone(self)))),
            Answer::Absent => Ok(None),
            Answer::Failed => Err(StoreError::Unavailable("it failed a moment ago".into())),
        }
    }
}

/// Held while somebody asks again; that ends also where the one who asks goes away.
struct Checking<'a>(&'a AtomicBool);

impl Drop for Checking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

/// Entries know their weight.
#[derive(Clone)]
struct OwnWeight;

impl<K, V> Weighter<K, Arc<Entry<V>>> for OwnWeight {
    fn weight(&self, _key: &K, entry: &Arc<Entry<V>>) -> u64 {
        entry.bytes as u64
    }
}

/// Since when answers hold, and whether the store is worth asking. Times are microseconds since it was made.
pub(super) struct Freshness {
    origin: Instant,
    valid_since: AtomicU64,
    ask_again_at: AtomicU64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { origin: Instant::now(), valid_since: AtomicU64::new(0), ask_again_at: AtomicU64::new(0) }
    }
}

impl Freshness {
    /// What was asked longer ago than `age` may have changed.
    pub(super) fn expire(&self, age: Duration) {
        self.valid_since.fetch_max(self.now().saturating_sub(micros(age)), Relaxed);
    }

    fn holds<V>(&self, entry: &Entry<V>) -> bool {
        let young = |age| entry.asked_at + micros(age) > self.now();
        entry.asked_at >= self.valid_since.load(Relaxed)
            && match entry.answer {
                Answer::Present(_) => true,
                Answer::Absent => young(ABSENT),
                Answer::Failed => young(FAILED),
            }
    }

    fn may_ask(&self) -> bool {
        self.ask_again_at.load(Relaxed) <= self.now()
    }

    fn failed(&self) {
        self.ask_again_at.store(self.now() + micros(FAILED), Relaxed);
    }

    fn now(&self) -> u64 {
        micros(self.origin.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
