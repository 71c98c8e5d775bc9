//! Attempts: whoever tries passwords for one name waits, a little longer each time, and one behind the other.
//!
//! Nobody is locked out: an attempt is slow, at most [`LONGEST`] behind the one before it. There is one queue for each name,
//! and one for each browser that has signed in with that name before: so nobody who is known waits behind a stranger. How many
//! attempts one address may make is limited elsewhere. Names are kept in memory only, as keyed hashes, and forgotten after a
//! quarter of an hour.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// So many attempts in a row are as fast as any.
const FREE: u32 = 3;
/// The first wait; each next one is twice as long.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(5);
/// After how long without an attempt a name is forgotten.
const MEMORY: Duration = Duration::from_mins(15);
/// The most names that are kept.
const MOST_NAMES: usize = 10_000;
/// How many attempts of one queue may be under way or wait.
pub const MOST_QUEUED: usize = 6;

/// The names that somebody tries passwords for.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Tries>);

#[derive(Debug, Default)]
struct Tries {
    key: RandomState,
    queues: Mutex<HashMap<u64, Queue>>,
}

#[derive(Debug)]
struct Queue {
    times: u32,
    last: Instant,
    /// How many are under way or wait.
    queued: usize,
    turn: Arc<Semaphore>,
}

/// The turn of an attempt. The next one of its queue comes when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    place: Place,
    _permit: OwnedSemaphorePermit,
}

/// A place in a queue, which is given back also by who leaves before their turn.
#[derive(Debug)]
struct Place {
    tries: Arc<Tries>,
    name: u64,
}

impl Attempts {
    /// Waits for the turn of an attempt for a name; `None` where too many wait for it already.
    pub async fn turn(&self, name: impl Hash) -> Option<Turn> {
        let name = self.0.key.hash_one(name);
        let (place, turn) = self.queue_up(name, Instant::now())?;
        let permit = turn.acquire_owned().await.ok()?;
        let wait = self.0.begin(name, Instant::now());
        sleep(wait).await;
        Some(Turn { place, _permit: permit })
    }

    fn queue_up(&self, name: u64, now: Instant) -> Option<(Place, Arc<Semaphore>)> {
        let mut queues = self.0.queues();
        if queues.len() >= MOST_NAMES && !queues.contains_key(&name) {
            make_room(&mut queues, now);
        }
        let queue = queues.entry(name).or_insert_with(|| Queue {
            times: 0,
            last: now,
            queued: 0,
            turn: Arc::new(Semaphore::new(1)),
        });
        if queue.queued >= MOST_QUEUED {
            return None;
        }
        queue.queued += 1;
        Some((Place { tries: Arc::clone(&self.0), name }, Arc::clone(&queue.turn)))
    }

    /// Forgets names that nobody has tried for long.
    pub fn forget_old(&self) {
        forget(&mut self.0.queues(), Instant::now());
    }
}

impl Tries {
    fn queues(&self) -> MutexGuard<'_, HashMap<u64, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt, before anything is known of it, and tells how long it has to wait.
    fn begin(&self, name: u64, now: Instant) -> Duration {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(&name) else { return Duration::ZERO };
        if now.saturating_duration_since(queue.last) >= MEMORY {
            queue.times = 0;
        }
        (queue.times, queue.last) = (queue.times.saturating_add(1), now);
        wait(queue.times)
    }
}

impl Turn {
    /// The attempt was right: the next is fast again.
    pub fn succeeded(self) {
        if let Some(queue) = self.place.tries.queues().get_mut(&self.place.name) {
            queue.times = 0;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(queue) = self.tries.queues().get_mut(&self.name) {
            queue.queued = queue.queued.saturating_sub(1);
        }
    }
}

/// How long the attempt of this number waits.
fn wait(times: u32) -> Duration {
    match times.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST),
    }
}

fn forget(queues: &mut HashMap<u64, Queue>, now: Instant) {
    queues.retain(|_, queue| queue.queued > 0 || now.saturating_duration_since(queue.last) < MEMORY);
}

/// Lets names go that need not wait; if all have to, then all that nobody waits for.
fn make_room(queues: &mut HashMap<u64, Queue>, now: Instant) {
    forget(queues, now);
    if queues.len() >= MOST_NAMES {
        queues.retain(|_, queue| queue.queued > 0 || queue.times > FREE);
    }
    if queues.len() >= MOST_NAMES {
        queues.retain(|_, queue| queue.queued > 0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn each_attempt_waits_longer_up_to_a_limit() {
        let waits: Vec<_> = (1..=10).map(|times| wait(times).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    }

    #[tokio::test]
    async fn attempts_for_one_name_come_one_behind_the_other_and_a_right_one_makes_the_next_fast() {
        let attempts = Attempts::default();
        let first = attempts.turn("ada").await.expect("a turn");
        let mut second = Box::pin(attempts.turn("ada"));
        assert!((&mut second).now_or_never().is_none(), "the first is under way");
        let other = attempts.turn("bob").await.expect("a turn");
        drop((first, other));
        second.await.expect("a turn").succeeded();
        for _ in 0..3 {
            drop(attempts.turn("ada").await.expect("a turn"));
        }
        let fourth = attempts.0.begin(attempts.0.key.hash_one("ada"), Instant::now());
        assert_eq!(fourth, FIRST, "the fourth in a row is slow");
    }

    #[tokio::test]
    async fn who_is_known_has_a_queue_of_their_own_and_no_queue_grows_without_end() {
        let attempts = Attempts::default();
        let under_way = attempts.turn(("ada", "")).await.expect("a turn");
        let mut waiting: Vec<_> = (1..MOST_QUEUED).map(|_| Box::pin(attempts.turn(("ada", "")))).collect();
        for waits in &mut waiting {
            assert!(waits.now_or_never().is_none());
        }
        assert!(attempts.turn(("ada", "")).await.is_none(), "strangers are too many");
        assert!(attempts.turn(("ada", "her browser")).await.is_some());
        drop(waiting);
        let mut next = Box::pin(attempts.turn(("ada", "")));
        assert!((&mut next).now_or_never().is_none(), "who has left makes room");
        drop(under_way);
        assert!(next.await.is_some());
    }

    #[tokio::test]
    async fn names_are_forgotten_and_no_more_are_kept_than_there_is_room_for() {
        let attempts = Attempts::default();
        for name in 0..MOST_NAMES + 10 {
            drop(attempts.turn(name).await.expect("a turn"));
        }
        let kept = |now| {
            let mut queues = attempts.0.queues();
            forget(&mut queues, now);
            queues.len()
        };
        assert!(kept(Instant::now()) <= MOST_NAMES);
        let held = attempts.turn("held").await.expect("a turn");
        assert_eq!(kept(Instant::now() + MEMORY), 1, "but one that is under way");
        drop(held);
        assert_eq!(kept(Instant::now() + 2 * MEMORY), 0);
    }
}
