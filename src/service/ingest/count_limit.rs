//! The limit on how often one address is counted in a minute, all links together.
//!
//! Promises that no address is kept: of the present minute, keyed hashes are in memory with a number each, under a
//! random key of this process. Two addresses that share a hash only hold each other back.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use jiff::Timestamp;

use crate::domain::visitor::Network;

/// So many parts are locked each for itself, so that workers seldom wait for each other.
const PARTS: usize = 16;

/// How often each address was counted in the present minute.
#[expect(missing_debug_implementations, reason = "it has what tells addresses apart")]
pub struct CountLimit {
    /// 0 is no limit.
    most: u32,
    key: RandomState,
    parts: [Mutex<Part>; PARTS],
}

#[derive(Default)]
struct Part {
    minute: i64,
    counts: HashMap<u64, u32>,
}

impl Part {
    /// Forgets what is of another minute, and gives its memory back.
    fn turn_to(&mut self, minute: i64) {
        if self.minute != minute {
            *self = Self { minute, ..Self::default() };
        }
    }
}

impl CountLimit {
    /// A limit of so many counts a minute; 0 is none.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { most, key: RandomState::new(), parts: Default::default() }
    }

    /// Whether an address may be counted once more in the minute of `now`; then that is noted.
    pub fn takes(&self, network: &Network, now: Timestamp) -> bool {
        if self.most == 0 {
            return true;
        }
        let hash = self.key.hash_one(network.client());
        let mut part = lock(&self.parts[usize::from(hash.to_le_bytes()[7]) % PARTS]);
        part.turn_to(minute(now));
        let count = part.counts.entry(hash).or_default();
        let takes = *count < self.most;
        *count += u32::from(takes);
        takes
    }

    /// Forgets minutes that are over.
    pub fn forget_before(&self, now: Timestamp) {
        for part in &self.parts {
            lock(part).turn_to(minute(now));
        }
    }
}

fn minute(now: Timestamp) -> i64 {
    now.as_second().div_euclid(60)
}

/// Nothing that is done under the lock can leave a part half changed.
fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(limit: &CountLimit, address: &str, times: usize, now: &str) -> usize {
        let network = Network::of(address.parse().expect("an address"));
        let now = now.parse().expect("a time");
        (0..times).filter(|_| limit.takes(&network, now)).count()
    }

    #[test]
    fn an_address_is_counted_so_often_a_minute_and_hinders_no_other() {
        let limit = CountLimit::new(3);
        let now = "2026-11-21T12:00:30Z";
        assert_eq!(counted(&limit, "192.0.2.1", 5, now), 3);
        assert_eq!(counted(&limit, "192.0.2.2", 5, now), 3);
        assert_eq!(counted(&limit, "192.0.2.1", 1, "2026-11-21T12:00:59.999Z"), 0);
        assert_eq!(counted(&limit, "192.0.2.1", 5, "2026-11-21T12:01:00Z"), 3);
        assert_eq!(counted(&limit, "192.0.2.1", 5, now), 3, "a clock that goes back holds nobody up");
        assert_eq!(counted(&CountLimit::new(0), "192.0.2.1", 5_000, now), 5_000);
    }

    #[test]
    fn an_ipv6_network_of_56_bits_is_one_address() {
        let limit = CountLimit::new(3);
        let now = "2026-11-21T12:00:30Z";
        assert_eq!(counted(&limit, "2001:db8:1:100::1", 2, now), 2);
        assert_eq!(counted(&limit, "2001:db8:1:1ff:ffff::1", 2, now), 1);
        assert_eq!(counted(&limit, "2001:db8:1:200::1", 2, now), 2);
        assert_eq!(counted(&limit, "::ffff:192.0.2.1", 2, now), 2);
        assert_eq!(counted(&limit, "192.0.2.1", 2, now), 1);
    }

    #[test]
    fn minutes_that_are_over_leave_nothing_in_memory() {
        let limit = CountLimit::new(3);
        for last in 0..200 {
            counted(&limit, &format!("192.0.2.{last}"), 1, "2026-11-21T12:00:30Z");
        }
        limit.forget_before("2026-11-21T12:01:00Z".parse().expect("a time"));
        assert!(limit.parts.iter().all(|part| lock(part).counts.capacity() == 0));
    }
}
