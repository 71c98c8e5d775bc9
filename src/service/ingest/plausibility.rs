//! Plausibility: whether the addresses that visitors seem to have can be theirs.
//!
//! Behind a proxy that `server.trusted_proxies` does not name, everybody looks like the proxy: limits hold all
//! visitors back together, and people with the same browser are one visitor. Two signs tell it: forwarded-for
//! headers that are not believed, and a busy day whose clicks come from a few networks only.
//!
//! Anybody may ask for the service's health, so neither sign may tell of a single click. What it takes is drawn anew each
//! day and kept secret, a sign that was told stays until its day ends, and a day has enough networks only when there are
//! more of them than somebody who commands fewer than five can fill up with one visitor.
//!
//! No address is kept: of a day, keyed hashes of its first networks are in memory until there are enough of them or the
//! day ends, under a random key that goes with them.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::domain::day::Day;
use crate::domain::visitor::Network;
use crate::service::health::{Fault, Health};

/// The number of networks that a day needs to be plausible.
const ENOUGH_NETWORKS: RangeInclusive<u64> = 6..=10;
/// The number of clicks from one network that makes a day busy.
const BUSY_CLICKS: RangeInclusive<u64> = 250..=500;
/// The number of clicks with untrusted headers from which on the headers are judged.
const FORWARDED_CLICKS: RangeInclusive<u64> = 50..=100;
/// The percentage of clicks that must carry the headers, because a single client can make headers up.
const FORWARDED_PERCENT: RangeInclusive<u64> = 80..=90;
/// No day has this number.
const NO_DAY: i32 = i32::MIN;

/// What counted clicks seem to say of the proxies before the service.
#[derive(Debug)]
pub struct Plausibility {
    today: Mutex<Option<Signs>>,
    /// The day that has enough networks.
    several: AtomicI32,
    /// Draws a number, all of the range alike.
    draw: fn(RangeInclusive<u64>) -> u64,
}

/// The signs of one day.
struct Signs {
    day: Day,
    key: Zeroizing<[u8; 32]>,
    /// The first networks, each with its clicks.
    networks: Vec<([u8; 16], u64)>,
    enough_networks: u64,
    busy_clicks: u64,
    clicks: u64,
    forwarded: u64,
    forwarded_clicks: u64,
    forwarded_percent: u64,
}

impl Default for Plausibility {
    fn default() -> Self {
        Self { today: Mutex::default(), several: AtomicI32::new(NO_DAY), draw }
    }
}

impl Plausibility {
    /// Notes a counted click. `forwarded` says whether it carries forwarded-for headers of a peer that is not trusted.
    pub fn note(&self, day: Day, network: &Network, forwarded: bool) {
        let mut today = self.today();
        let Some(signs) = self.signs_of(&mut today, day) else { return };
        signs.note_headers(forwarded);
        if self.several.load(Ordering::Relaxed) == day.number() {
            return;
        }
        let hash = network.wide_hash(&signs.key);
        match signs.networks.iter_mut().find(|(known, _)| *known == hash) {
            Some((_, clicks)) => *clicks += 1,
            None => signs.networks.push((hash, 1)),
        }
        if signs.networks.len() as u64 >= signs.enough_networks {
            signs.networks = Vec::new();
            self.several.store(day.number(), Ordering::Relaxed);
        }
    }

    /// Notes an open, whose network must not be known.
    pub fn note_headers(&self, day: Day, forwarded: bool) {
        if let Some(signs) = self.signs_of(&mut self.today(), day) {
            signs.note_headers(forwarded);
        }
    }

    /// Reports what the clicks of the day say, and forgets a day that is over.
    pub fn judge(&self, today: Day, health: &Health) {
        let mut known = self.today();
        if known.as_ref().is_some_and(|signs| signs.day < today) {
            *known = None;
        }
        let Some(signs) = &*known else {
            health.clear(Fault::UntrustedForwarder);
            health.clear(Fault::OneNetwork);
            return;
        };
        if signs.forwarded >= signs.forwarded_clicks
            && signs.forwarded * 100 >= signs.clicks * signs.forwarded_percent
        {
            health.raise(
                Fault::UntrustedForwarder,
                "server.trusted_proxies: visitors come through a proxy that it does not name, so all of them look like \
                 the proxy; add the network of the proxy",
            );
        }
        if signs.networks.iter().any(|(_, clicks)| *clicks >= signs.busy_clicks) {
            health.raise(
                Fault::OneNetwork,
                "server.trusted_proxies: all clicks of this day come from a few networks; where a \
                 proxy stands before the service, add the network of the proxy",
            );
        } else if self.several.load(Ordering::Relaxed) == today.number() {
            health.clear(Fault::OneNetwork);
        }
    }

    /// Returns the signs of a day, which begins with its first click. A request that began before midnight says nothing
    /// of the new day.
    fn signs_of<'a>(&self, today: &'a mut Option<Signs>, day: Day) -> Option<&'a mut Signs> {
        if today.as_ref().is_none_or(|signs| signs.day < day) {
            *today = Some(Signs::begin(day, self.draw));
        }
        today.as_mut().filter(|signs| signs.day == day)
    }

    fn today(&self) -> MutexGuard<'_, Option<Signs>> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signs {
    fn begin(day: Day, draw: fn(RangeInclusive<u64>) -> u64) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).expect("the operating system has a random source");
        Self {
            day,
            key,
            networks: Vec::new(),
            enough_networks: draw(ENOUGH_NETWORKS),
            busy_clicks: draw(BUSY_CLICKS),
            clicks: 0,
            forwarded: 0,
            forwarded_clicks: draw(FORWARDED_CLICKS),
            forwarded_percent: draw(FORWARDED_PERCENT),
        }
    }

    fn note_headers(&mut self, forwarded: bool) {
        self.clicks += 1;
        self.forwarded += u64::from(forwarded);
    }
}

impl std::fmt::Debug for Signs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signs(…)")
    }
}

fn draw(range: RangeInclusive<u64>) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    // Of 2^64 numbers, those beyond the last multiple of a few hundred make no difference that anybody can measure.
    range.start() + u64::from_le_bytes(bytes) % (range.end() - range.start() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-11-21";
    const TOMORROW: &str = "2026-11-22";

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn network(number: u64) -> Network {
        Network::of(format!("192.0.{number}.1").parse().expect("an address"))
    }

    /// What it takes is the least, or the most.
    fn drawing(draw: fn(RangeInclusive<u64>) -> u64) -> Plausibility {
        Plausibility { draw, ..Plausibility::default() }
    }

    fn told(plausibility: &Plausibility, today: &str, health: &Health) -> [bool; 2] {
        plausibility.judge(day(today), health);
        [Fault::UntrustedForwarder, Fault::OneNetwork].map(|fault| health.has(fault))
    }

    #[test]
    fn headers_are_told_of_when_nearly_all_clicks_carry_them_and_until_the_day_ends() {
        let health = Health::default();
        let plausibility = drawing(|range| *range.start());
        let note = |clicks: u64, forwarded: bool| {
            (0..clicks).for_each(|_| plausibility.note_headers(day(TODAY), forwarded));
            told(&plausibility, TODAY, &health)[0]
        };
        assert!(!note(49, true), "too few");
        assert!(!note(13, false), "so many could be made up");
        assert!(!note(2, true));
        assert!(note(1, true));
        assert!(note(1_000, false), "it stays, so that nobody sees a click clear it");
        assert!(!told(&plausibility, TOMORROW, &health)[0]);
    }

    #[test]
    fn a_busy_day_from_few_networks_is_told_of_until_there_are_enough_or_the_day_ends() {
        for (draw, busy, enough) in [
            ((|range| *range.start()) as fn(RangeInclusive<u64>) -> u64, 250, 6),
            (|range| *range.end(), 500, 10),
        ] {
            let (plausibility, health) = (drawing(draw), Health::default());
            let note = |clicks: u64, of: u64, on: &str| {
                (0..clicks).for_each(|_| plausibility.note(day(on), &network(of), false));
                told(&plausibility, on, &health)[1]
            };
            assert!(!note(busy - 1, 0, TODAY));
            assert!(note(1, 0, TODAY));
            // Four networks of somebody who watches, and a visitor's: nothing changes.
            assert!((1..enough - 1).all(|of| note(1, of, TODAY)));
            assert!(!note(1, enough - 1, TODAY));
            assert!(!note(2_000, 0, TODAY));
            assert!(note(2_000, 0, TOMORROW));
            assert!(plausibility.today().is_some());
            assert!(!told(&plausibility, "2026-11-23", &health)[1]);
            assert!(plausibility.today().is_none(), "nothing of it is kept");
            assert!(health.reasons().is_empty());
        }
    }

    #[test]
    fn what_it_takes_is_drawn_from_the_whole_range() {
        let mut drawn: Vec<u64> = (0..2_000).map(|_| draw(ENOUGH_NETWORKS)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, [6, 7, 8, 9, 10]);
    }
}
