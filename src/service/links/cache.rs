//! A cache of the store's answers: bounded by memory, one question at a time for each key, and the
//! old answer where the store gives none.
//!
//! An answer holds until somebody else may have changed what it says ([`Freshness`]). That
//! something is absent holds for a moment only. So does a failure, so that of many who ask for the
//! same while the store is away, one waits.

use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use quick_cache::sync::{DefaultLifecycle, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::time::timeout;

pub(in crate::service) use self::freshness::Freshness;
use self::freshness::{Asking, micros};
use crate::store::StoreError;

mod freshness;
#[cfg(test)]
mod tests;

/// For how long absence holds.
const ABSENT: Duration = Duration::from_secs(1);
/// For how long nobody asks again after the store failed.
const FAILED: Duration = Duration::from_millis(500);
/// How long somebody who has an old answer waits for a new one.
const PATIENCE: Duration = Duration::from_millis(250);
/// What an entry takes beside its key and its value, as measured: two counts, a time, a place in the
/// table with its neighbours, and what an allocator adds to three pieces of memory.
const OVERHEAD: usize = 160;
/// What an entry usually takes, for the first size of the table.
const USUAL: usize = 320;

/// The store's answers to one kind of question.
pub(crate) struct Cache<K, V> {
    entries: Arc<Entries<K, V>>,
    freshness: Arc<Freshness>,
    bytes: fn(&K, &V) -> usize,
}

type Entries<K, V> = quick_cache::sync::Cache<K, Arc<Entry<V>>, OwnWeight>;

struct Entry<V> {
    answer: Answer<V>,
    /// When the store was asked, or when it failed, in microseconds.
    asked_at: u64,
    /// How often it was said to have changed since.
    doubts: AtomicU32,
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
pub(crate) struct Cached<V> {
    entry: Arc<Entry<V>>,
    is_from_memory: bool,
}

impl<V> Cached<V> {
    /// Whether it was there already, so that nobody waited for the store.
    pub(crate) fn is_from_memory(&self) -> bool {
        self.is_from_memory
    }
}

impl<V> Deref for Cached<V> {
    type Target = V;

    fn deref(&self) -> &V {
        match &self.entry.answer {
            Answer::Present(value) => value,
            Answer::Absent | Answer::Failed => unreachable!("made only around a value"),
        }
    }
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// A cache that takes at most so much memory; `bytes` tells what a key and a value take.
    pub(in crate::service) fn new(
        most_bytes: usize,
        freshness: &Arc<Freshness>,
        bytes: fn(&K, &V) -> usize,
    ) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(most_bytes / USUAL)
            .weight_capacity(most_bytes as u64)
            .build()
            .expect("both capacities are given");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let entries = Arc::new(Entries::with_options(options, OwnWeight, hasher, lifecycle));
        Self { entries, freshness: Arc::clone(freshness), bytes }
    }

    /// The value of a key: what is known of it, or else what `read` finds in the store.
    pub(crate) async fn get<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        if let Some(entry) = self.entries.get(key) {
            if self.holds(&entry) {
                return entry.known();
            }
            self.entries.remove_if(key, |held| Arc::ptr_eq(held, &entry));
        }
        match self.entries.get_value_or_guard_async(key).await {
            Ok(entry) => entry.known(),
            Err(guard) => {
                let asked_at = self.freshness.now();
                let (entry, failure) = match read().await {
                    Ok(found) => (self.entry(key, Answer::of(found), asked_at), None),
                    // However long it took to fail, it failed just now.
                    Err(error) => (self.entry(key, Answer::Failed, self.freshness.now()), Some(error)),
                };
                // It is not kept where the key was forgotten meanwhile.
                let _ = guard.insert(Arc::clone(&entry));
                failure.map_or_else(|| entry.read(), Err)
            }
        }
    }

    /// Returns the value that is here of a key; where it may have changed, what the store says, or else the old one. `None`
    /// where no value is here.
    pub(crate) async fn get_present<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Option<Result<Option<Cached<V>>, StoreError>>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, StoreError>> + Send + 'static,
    {
        let entry = self.present(key)?;
        Some(self.believed(key, entry, read).await)
    }

    /// The value of a key; where it may have changed and the store does not say, the old one.
    pub(crate) async fn get_or_old<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, StoreError>> + Send + 'static,
    {
        match self.present(key) {
            Some(entry) => self.believed(key, entry, read).await,
            None => Box::pin(self.get(key, read)).await,
        }
    }

    /// Returns the entry of a key, old or new, where it has a value.
    fn present(&self, key: &K) -> Option<Arc<Entry<V>>> {
        self.entries.get(key).filter(|entry| entry.is_present())
    }

    /// Returns what is believed of a key that has a value here.
    async fn believed<F>(
        &self,
        key: &K,
        entry: Arc<Entry<V>>,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, StoreError>> + Send + 'static,
    {
        if self.holds(&entry) {
            return entry.known();
        }
        // In a place of its own: nearly everybody ends above, and would carry the room for it.
        Box::pin(self.check(key, entry, read)).await
    }

    /// The value of a key as the store has it now, whether or not it is known, so that the time that this takes does not
    /// tell either. What the store says is not kept. Where the store gives no answer, the old one counts.
    pub(crate) async fn get_anew<F>(
        &self,
        key: &K,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        let asked_at = self.freshness.now();
        let Some(old) = self.present(key) else {
            return self.entry(key, Answer::of(read().await?), asked_at).read();
        };
        if self.freshness.asking() == Asking::No {
            return old.known();
        }
        let Ok(found) = timeout(PATIENCE, read()).await else {
            self.freshness.failed();
            return old.known();
        };
        self.freshness.heard(&found);
        found.map_or_else(|_| old.known(), |found| self.entry(key, Answer::of(found), asked_at).read())
    }

    /// Asks again what may have changed. Who comes meanwhile is given the old answer, and so is
    /// everybody while the store gives none. A new one that comes late still counts.
    async fn check<F>(
        &self,
        key: &K,
        old: Arc<Entry<V>>,
        read: impl FnOnce() -> F,
    ) -> Result<Option<Cached<V>>, StoreError>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, StoreError>> + Send + 'static,
    {
        let Some(checking) = Checking::of(&old) else { return old.known() };
        let asking = self.freshness.asking();
        if asking == Asking::No {
            return old.known();
        }
        let (cache, key) = (self.clone(), key.clone());
        let (asked_at, doubts) = (self.freshness.now(), old.doubts.load(Relaxed));
        let question = read();
        let asked = tokio::spawn(async move {
            let found = question.await;
            cache.freshness.heard(&found);
            let entry = cache.entry(&key, Answer::of(found.ok()?), asked_at);
            cache.replace(&key, &checking.0, doubts, &entry);
            Some(entry)
        });
        if asking == Asking::Try {
            return old.known();
        }
        match timeout(PATIENCE, asked).await {
            Ok(Ok(Some(entry))) => entry.read(),
            Ok(_) => old.known(),
            Err(_) => {
                self.freshness.failed();
                old.known()
            }
        }
    }

    /// Puts an answer in the place of an old one: not where the key was forgotten or doubted while it
    /// was asked for.
    fn replace(&self, key: &K, old: &Arc<Entry<V>>, doubts: u32, entry: &Arc<Entry<V>>) {
        let replace = |_: &K, held: &mut Arc<Entry<V>>| {
            if Arc::ptr_eq(held, old) && held.doubts.load(Relaxed) == doubts {
                *held = Arc::clone(entry);
            }
            EntryAction::Retain(())
        };
        // A guard for a key that has gone is given back by its drop.
        let _ = self.entries.entry(key, Some(Duration::ZERO), replace);
    }

    /// Forgets what is known of a key, and what is being asked.
    pub(crate) fn forget(&self, key: &K) {
        self.entries.remove(key);
    }

    /// Forgets the same, but for a value, which is still good while the store gives no answer.
    pub(crate) fn doubt(&self, key: &K) {
        let doubt = |_: &K, held: &mut Arc<Entry<V>>| {
            held.doubts.fetch_add(1, Relaxed);
            if held.is_present() { EntryAction::Retain(()) } else { EntryAction::Remove }
        };
        if let EntryResult::Timeout = self.entries.entry(key, Some(Duration::ZERO), doubt) {
            self.forget(key);
        }
    }

    /// Whether an entry is worth as much as what the store would say.
    fn holds(&self, entry: &Entry<V>) -> bool {
        let young = |age| entry.asked_at + micros(age) > self.freshness.now();
        self.freshness.reaches(entry.asked_at)
            && entry.doubts.load(Relaxed) == 0
            && match entry.answer {
                Answer::Present(_) => true,
                Answer::Absent => young(ABSENT),
                Answer::Failed => young(FAILED),
            }
    }

    fn entry(&self, key: &K, answer: Answer<V>, asked_at: u64) -> Arc<Entry<V>> {
        let bytes = OVERHEAD
            + match &answer {
                Answer::Present(value) => (self.bytes)(key, value),
                Answer::Absent | Answer::Failed => size_of::<K>() + size_of::<V>(),
            };
        let (doubts, checking) = Default::default();
        Arc::new(Entry { answer, asked_at, doubts, checking, bytes })
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        let (entries, freshness) = (Arc::clone(&self.entries), Arc::clone(&self.freshness));
        Self { entries, freshness, bytes: self.bytes }
    }
}

impl<V> Answer<V> {
    fn of(found: Option<V>) -> Self {
        found.map_or(Self::Absent, Self::Present)
    }
}

impl<V> Entry<V> {
    fn is_present(&self) -> bool {
        matches!(self.answer, Answer::Present(_))
    }

    /// The answer of an entry that was in memory.
    fn known(self: &Arc<Self>) -> Result<Option<Cached<V>>, StoreError> {
        self.answer(true)
    }

    /// The answer of an entry that was just read.
    fn read(self: &Arc<Self>) -> Result<Option<Cached<V>>, StoreError> {
        self.answer(false)
    }

    fn answer(self: &Arc<Self>, is_from_memory: bool) -> Result<Option<Cached<V>>, StoreError> {
        match self.answer {
            Answer::Present(_) => Ok(Some(Cached { entry: Arc::clone(self), is_from_memory })),
            Answer::Absent => Ok(None),
            Answer::Failed => Err(StoreError::Unavailable("it failed a moment ago".into())),
        }
    }
}

/// Held while somebody asks again what may have changed, of which this is the old answer.
struct Checking<V>(Arc<Entry<V>>);

impl<V> Checking<V> {
    /// Nothing where somebody else asks.
    fn of(old: &Arc<Entry<V>>) -> Option<Self> {
        (!old.checking.swap(true, Relaxed)).then(|| Self(Arc::clone(old)))
    }
}

impl<V> Drop for Checking<V> {
    fn drop(&mut self) {
        self.0.checking.store(false, Relaxed);
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
