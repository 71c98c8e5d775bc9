//! Plausibility: whether the addresses that visitors seem to have can be theirs.
//!
//! Behind a proxy that `server.trusted_proxies` does not name, everybody looks like the proxy: limits hold all
//! visitors back together, and people with the same browser are one visitor. Two signs tell it: forwarded-for
//! headers that are not believed, and a busy day whose clicks all come from one network.
//!
//! Promises that no address is kept: of a day, a keyed hash of its first network is in memory until another network
//! is seen or the day ends, under a random key of its own that goes with it.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::domain::day::Day;
use crate::domain::visitor::Network;
use crate::service::health::{Fault, Health};

/// So many clicks are judged together, at least.
const WINDOW: u64 = 100;
/// Of a hundred of them so many must carry the headers: a single client can write what it likes.
const MOST: u64 = 90;
/// After so long without such a click the headers are no longer told of.
const OVER: Duration = Duration::from_hours(1);
/// A day with so many clicks is busy.
const BUSY: u64 = 500;
/// No day has this number.
const NO_DAY: i32 = i32::MIN;

/// What counted clicks seem to say of the proxies before the service.
#[derive(Debug, Default)]
pub struct Plausibility {
    /// Clicks since the last judgement, and those of them with headers that are not believed.
    clicks: AtomicU64,
    forwarded: AtomicU64,
    /// How many of the latter the last judgement knew, and when one was new.
    known: Mutex<(u64, Option<Instant>)>,
    /// The day of which more than one network was seen.
    several: SeveralOn,
    /// The day of which only one was.
    one: Mutex<Option<OneNetwork>>,
}

#[derive(Debug)]
struct SeveralOn(AtomicI32);

impl Default for SeveralOn {
    fn default() -> Self {
        Self(AtomicI32::new(NO_DAY))
    }
}

/// A day whose clicks all came from one network until now.
struct OneNetwork {
    day: Day,
    key: Zeroizing<[u8; 32]>,
    hash: [u8; 16],
    clicks: u64,
}

impl Plausibility {
    /// Notes a counted click. `forwarded` says whether it carries forwarded-for headers of a peer that is not trusted.
    pub fn note(&self, day: Day, network: &Network, forwarded: bool) {
        self.note_headers(forwarded);
        if self.several.0.load(Ordering::Relaxed) == day.number() {
            return;
        }
        let mut one = self.one();
        match &mut *one {
            Some(known) if known.day == day => {
                if known.hash == network.wide_hash(&known.key) {
                    known.clicks += 1;
                } else {
                    *one = None;
                    self.several.0.store(day.number(), Ordering::Relaxed);
                }
            }
            // A request that began before midnight says nothing of the new day.
            Some(known) if known.day > day => {}
            _ => *one = Some(OneNetwork::first(day, network)),
        }
    }

    /// Notes a counted click of somebody of whom nothing else may be known.
    pub fn note_headers(&self, forwarded: bool) {
        self.clicks.fetch_add(1, Ordering::Relaxed);
        if forwarded {
            self.forwarded.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reports what the clicks of the last while say, and forgets a day that is over.
    pub fn judge(&self, today: Day, now: Instant, health: &Health) {
        self.judge_headers(now, health);
        self.judge_networks(today, health);
    }

    fn judge_headers(&self, now: Instant, health: &Health) {
        let (clicks, forwarded) =
            (self.clicks.load(Ordering::Relaxed), self.forwarded.load(Ordering::Relaxed));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, last) = &mut *known;
        if forwarded > *before {
            *last = Some(now);
        }
        *before = forwarded;
        if clicks < WINDOW {
            if last.is_none_or(|last| now - last >= OVER) {
                health.clear(Fault::UntrustedForwarder);
            }
            return;
        }
        // What is noted between these two is judged the next time, by one more or less.
        self.clicks.fetch_sub(clicks, Ordering::Relaxed);
        self.forwarded.fetch_sub(forwarded, Ordering::Relaxed);
        *before = 0;
        if forwarded * 100 >= clicks * MOST {
            health.raise(
                Fault::UntrustedForwarder,
                "server.trusted_proxies: visitors come through a proxy that it does not name, so all of them look like \
                 the proxy; add the network of the proxy",
            );
        } else {
            health.clear(Fault::UntrustedForwarder);
        }
    }

    fn judge_networks(&self, today: Day, health: &Health) {
        let mut one = self.one();
        if one.as_ref().is_some_and(|known| known.day < today) {
            *one = None;
        }
        if one.as_ref().is_some_and(|known| known.clicks >= BUSY) {
            health.raise(
                Fault::OneNetwork,
                "server.trusted_proxies: all clicks of this day come from one network; where a proxy stands before the \
                 service, add the network of the proxy",
            );
        } else {
            health.clear(Fault::OneNetwork);
        }
    }

    fn one(&self) -> MutexGuard<'_, Option<OneNetwork>> {
        self.one.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OneNetwork {
    fn first(day: Day, network: &Network) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).expect("the operating system has a random source");
        let hash = network.wide_hash(&key);
        Self { day, key, hash, clicks: 1 }
    }
}

impl std::fmt::Debug for OneNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneNetwork(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-11-21T12:00:00Z";
    const TOMORROW: &str = "2026-11-22T12:00:00Z";

    fn day(time: &str) -> Day {
        Day::of(time.parse().expect("a time"))
    }

    fn network(address: &str) -> Network {
        Network::of(address.parse().expect("an address"))
    }

    #[test]
    fn headers_are_told_of_when_nearly_all_clicks_carry_them_and_until_none_did_for_an_hour() {
        let (plausibility, health) = (Plausibility::default(), Health::default());
        let began = Instant::now();
        let told_after = |passed: Duration, forwarded: u64, others: u64| {
            (0..forwarded).for_each(|_| plausibility.note_headers(true));
            (0..others).for_each(|_| plausibility.note_headers(false));
            plausibility.judge(day(NOON), began + passed, &health);
            health.has(Fault::UntrustedForwarder)
        };
        let told = |forwarded, others| told_after(Duration::ZERO, forwarded, others);
        assert!(!told(99, 0), "too few to judge");
        assert!(told(0, 1));
        assert!(!told(89, 11), "so many could be made up");
        assert!(told(90, 10));
        assert!(told(1, 0));
        assert!(told_after(Duration::from_mins(59), 0, 1));
        assert!(!told_after(OVER, 0, 1));
    }

    #[test]
    fn a_busy_day_from_one_network_is_told_of_until_another_is_seen_or_the_day_ends() {
        let (plausibility, health) = (Plausibility::default(), Health::default());
        let told = |clicks: u64, address: &str, now: &str| {
            (0..clicks).for_each(|_| plausibility.note(day(now), &network(address), false));
            plausibility.judge(day(now), Instant::now(), &health);
            health.has(Fault::OneNetwork)
        };
        assert!(!told(499, "192.0.2.1", NOON));
        assert!(told(1, "192.0.2.9", NOON));
        assert!(!told(1, "192.0.3.1", NOON));
        assert!(!told(1_000, "192.0.2.1", NOON));
        assert!(told(1_000, "192.0.2.1", TOMORROW));
        assert!(plausibility.one().is_some());
        assert!(!told(0, "192.0.2.1", "2026-11-23T00:00:00Z"));
        assert!(plausibility.one().is_none(), "nothing of it is kept");
        assert!(health.reasons().is_empty());
    }
}
