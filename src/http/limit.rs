//! Limits on what one key or one address may do in a minute. Kept in memory only, and forgotten
//! when the minute is over.

use std::hash::Hash;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{InsufficientCapacity, Quota, RateLimiter};

use super::error::Problem;
use crate::domain::site::KeyHash;
use crate::domain::visitor::Network;
use crate::settings;

/// The limits of this process.
pub(super) struct Limits {
    create_by_key: Limit<KeyHash>,
    create_by_network: Limit<Network>,
    reserve_by_network: Limit<Network>,
    miss_by_network: Limit<Network>,
    sign_in_by_network: Limit<Network>,
}

impl Limits {
    /// Limits as the settings give them; 0 is none.
    pub(super) fn new(settings: &settings::Limits) -> Self {
        Self {
            create_by_key: Limit::new(settings.create_per_minute),
            create_by_network: Limit::new(settings.create_per_minute),
            reserve_by_network: Limit::new(settings.create_per_minute),
            miss_by_network: Limit::new(settings.miss_per_minute),
            sign_in_by_network: Limit::new(settings.sign_in_per_minute),
        }
    }

    /// Counts the creation of `links` links.
    pub(super) fn create(&self, key: &KeyHash, network: &Network, links: usize) -> Result<(), Problem> {
        self.create_by_key.check(key, links)?;
        self.create_by_network.check(network, links)
    }

    /// Counts a call for codes. A page calls once however often it is shared, and every one of its
    /// readers with the same key: so addresses are limited, and apart from the links that they make.
    pub(super) fn reserve(&self, network: &Network) -> Result<(), Problem> {
        self.reserve_by_network.check(network, 1)
    }

    /// Counts a code that does not exist.
    pub(super) fn miss(&self, network: &Network) -> Result<(), Problem> {
        self.miss_by_network.check(network, 1)
    }

    /// Counts an attempt to sign in or to open a shared view, right or wrong.
    pub(super) fn sign_in(&self, network: &Network) -> Result<(), Problem> {
        self.sign_in_by_network.check(network, 1)
    }

    /// Forgets everyone whose minute is over.
    pub(super) fn forget_idle(&self) {
        self.create_by_key.forget_idle();
        self.create_by_network.forget_idle();
        self.reserve_by_network.forget_idle();
        self.miss_by_network.forget_idle();
        self.sign_in_by_network.forget_idle();
    }
}

/// Lets each key through so many times a minute, all at once or spread.
struct Limit<K: Hash + Eq + Clone>(Option<(NonZeroU32, Limiter<K>)>);

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(per_minute: u32) -> Self {
        let limiter = |limit| (limit, RateLimiter::keyed(Quota::per_minute(limit)));
        Self(NonZeroU32::new(per_minute).map(limiter))
    }

    fn check(&self, key: &K, count: usize) -> Result<(), Problem> {
        let Some((limit, limiter)) = &self.0 else { return Ok(()) };
        let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        match limiter.check_key_n(key, count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wait)) => {
                let wait = wait.wait_time_from(DefaultClock::default().now());
                Err(Problem::too_many(limit.get(), wait.as_secs() + 1))
            }
            Err(InsufficientCapacity(_)) => Err(Problem::too_many(limit.get(), 60)),
        }
    }

    fn forget_idle(&self) {
        if let Some((_, limiter)) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}
