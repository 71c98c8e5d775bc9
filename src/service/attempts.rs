//! Attempts: whoever tries passwords for one name has to wait, a little longer each time.
//!
//! Nobody is locked out: an attempt is slow, at most [`LONGEST`], and never refused for what others did. How many attempts one
//! address may make is limited elsewhere. Names are kept in memory only, as keyed hashes, and forgotten after a quarter of
//! an hour.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many attempts in a row are as fast as any.
const FREE: u32 = 3;
/// The first wait; each next one is twice as long.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(5);
/// After how long without an attempt a name is forgotten.
const MEMORY: Duration = Duration::from_mins(15);
/// The most names that are kept.
const MOST: usize = 10_000;

/// The names that somebody tries passwords for.
#[derive(Debug, Default)]
pub struct Attempts {
    key: RandomState,
    tried: Mutex<HashMap<u64, Tried>>,
}

#[derive(Debug, Clone, Copy)]
struct Tried {
    times: u32,
    last: Instant,
}

impl Attempts {
    /// Counts an attempt, before anything is known of it, and tells how long it has to wait.
    #[must_use]
    pub fn begin(&self, name: impl Hash) -> Duration {
        self.begin_at(name, Instant::now())
    }

    fn begin_at(&self, name: impl Hash, now: Instant) -> Duration {
        let name = self.key.hash_one(name);
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.len() >= MOST && !tried.contains_key(&name) {
            make_room(&mut tried, now);
        }
        let of_name = tried.entry(name).or_insert(Tried { times: 0, last: now });
        if now.saturating_duration_since(of_name.last) >= MEMORY {
            of_name.times = 0;
        }
        *of_name = Tried { times: of_name.times.saturating_add(1), last: now };
        wait(of_name.times)
    }

    /// One of them was right: the next is fast again.
    pub fn succeeded(&self, name: impl Hash) {
        let name = self.key.hash_one(name);
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    }

    /// Forgets names that nobody has tried for long.
    pub fn forget_old(&self) {
        forget(&mut self.tried.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
    }
}

/// How long the attempt of this number waits.
fn wait(times: u32) -> Duration {
    match times.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST),
    }
}

fn forget(tried: &mut HashMap<u64, Tried>, now: Instant) {
    tried.retain(|_, of_name| now.saturating_duration_since(of_name.last) < MEMORY);
}

/// Lets names go that need not wait; if all have to, then all.
fn make_room(tried: &mut HashMap<u64, Tried>, now: Instant) {
    forget(tried, now);
    if tried.len() >= MOST {
        tried.retain(|_, of_name| of_name.times > FREE);
    }
    if tried.len() >= MOST {
        tried.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_waits_longer_up_to_a_limit_until_one_is_right() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let waits: Vec<_> = (0..10).map(|_| attempts.begin_at("ada", now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
        assert_eq!(attempts.begin_at("bob", now), Duration::ZERO, "another name is another's");
        attempts.succeeded("ada");
        assert_eq!(attempts.begin_at("ada", now), Duration::ZERO);
    }

    #[test]
    fn names_are_forgotten_and_no_more_are_kept_than_there_is_room_for() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for _ in 0..5 {
            assert!(attempts.begin_at("ada", now) <= LONGEST);
        }
        assert_eq!(attempts.begin_at("ada", now + MEMORY), Duration::ZERO);
        for name in 0..3 * MOST {
            let _ = attempts.begin_at(name, now);
        }
        assert!(attempts.tried.lock().expect("nobody panicked").len() <= MOST);
    }
}
