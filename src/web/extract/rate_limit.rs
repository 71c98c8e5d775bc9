//! Limits on what one client and one key may do. Kept in memory only, and forgotten when their time is over.
//!
//! With a publishable key, which is public, each client is held back first, and long before the key itself: one address must
//! not silence the buttons for everybody. A secret key has a limit of its own only.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{InsufficientCapacity, Quota, RateLimiter};

use crate::domain::site::{KeyHash, KeyKind};
use crate::domain::visitor::Network;
use crate::service::links::LinkError;
use crate::settings;
use crate::web::extract::miss_limit::Misses;
use crate::web::response::problem::Problem;

/// How many times as much as one client a publishable key may do.
const CLIENTS_OF_A_KEY: u32 = 20;
/// How many times as many links as a client of publishable keys a secret key may make.
const OF_A_SECRET_KEY: u32 = 10;

/// The limits of this process.
pub(crate) struct Limits {
    create_by_client: Limit<Network>,
    create_by_publishable_key: Limit<KeyHash>,
    create_by_secret_key: Limit<KeyHash>,
    reserve_by_client: Limit<Network>,
    reserve_by_key: Limit<KeyHash>,
    store_by_client: Limit<Network>,
    store_by_key: Limit<KeyHash>,
    misses: Misses,
    sign_in_by_client: Limit<Network>,
}

/// The client of a call: its network, and the key that it brought.
pub(crate) struct Caller<'a> {
    pub(crate) kind: KeyKind,
    pub(crate) key: &'a KeyHash,
    pub(crate) network: &'a Network,
}

/// How much was asked for, and when to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    limit: u32,
    retry_after: u64,
}

impl From<Exceeded> for Problem {
    fn from(Exceeded { limit, retry_after }: Exceeded) -> Self {
        Self::TooManyRequests { limit, retry_after }
    }
}

impl From<Exceeded> for LinkError {
    fn from(Exceeded { limit, retry_after }: Exceeded) -> Self {
        Self::TooMany { limit, retry_after }
    }
}

impl Limits {
    /// Limits as the settings give them; 0 is none.
    pub(crate) fn new(settings: &settings::Limits) -> Self {
        let settings::Limits { create_per_minute, reserve_per_minute, store_per_day, .. } = *settings;
        let of_key = |limit: u32| limit.saturating_mul(CLIENTS_OF_A_KEY);
        let of_client = if store_per_day == 0 { 0 } else { (store_per_day / CLIENTS_OF_A_KEY).max(1) };
        Self {
            create_by_client: Limit::each_minute(create_per_minute),
            create_by_publishable_key: Limit::each_minute(of_key(create_per_minute)),
            create_by_secret_key: Limit::each_minute(create_per_minute.saturating_mul(OF_A_SECRET_KEY)),
            reserve_by_client: Limit::each_minute(reserve_per_minute),
            reserve_by_key: Limit::each_minute(of_key(reserve_per_minute)),
            store_by_client: Limit::each_day(of_client),
            store_by_key: Limit::each_day(store_per_day),
            misses: Misses::new(settings.miss_per_minute),
            sign_in_by_client: Limit::each_minute(settings.sign_in_per_minute),
        }
    }

    /// Counts an attempt to make `links` links, valid or not. A secret key is held back here and nowhere else.
    pub(crate) fn attempt(&self, client: &Caller<'_>, links: usize) -> Result<(), Exceeded> {
        match client.kind {
            KeyKind::Secret => self.create_by_secret_key.check(client.key, links),
            KeyKind::Publishable => self.create_by_client.check(&client.network.client(), links),
        }
    }

    /// Counts a valid link.
    pub(crate) fn create(&self, client: &Caller<'_>) -> Result<(), Exceeded> {
        if client.kind == KeyKind::Secret {
            return Ok(());
        }
        self.store_by_client.check(&client.network.client(), 1)?;
        self.create_by_publishable_key.check(client.key, 1)?;
        self.store_by_key.check(client.key, 1)
    }

    /// Counts a call for codes.
    pub(crate) fn attempt_to_reserve(&self, client: &Caller<'_>) -> Result<(), Exceeded> {
        match client.kind {
            KeyKind::Secret => self.reserve_by_key.check(client.key, 1),
            KeyKind::Publishable => self.reserve_by_client.check(&client.network.client(), 1),
        }
    }

    /// Counts a valid call for codes. Claiming them later is not counted again.
    pub(crate) fn reserve(&self, client: &Caller<'_>, codes: usize) -> Result<(), Exceeded> {
        if client.kind == KeyKind::Secret {
            return Ok(());
        }
        self.store_by_client.check(&client.network.client(), codes)?;
        self.reserve_by_key.check(client.key, 1)?;
        self.store_by_key.check(client.key, codes)
    }

    /// What is asked for and is not there.
    pub(crate) fn misses(&self) -> &Misses {
        &self.misses
    }

    /// Counts an attempt to sign in or to open a shared view, right or wrong. One customer has a whole IPv6 /56.
    pub(crate) fn sign_in(&self, network: &Network) -> Result<(), Problem> {
        Ok(self.sign_in_by_client.check(&network.client(), 1)?)
    }

    /// Forgets everyone whose time is over.
    pub(crate) fn forget_idle(&self) {
        for by_client in
            [&self.create_by_client, &self.reserve_by_client, &self.store_by_client, &self.sign_in_by_client]
        {
            by_client.forget_idle();
        }
        for by_key in [
            &self.create_by_publishable_key,
            &self.create_by_secret_key,
            &self.reserve_by_key,
            &self.store_by_key,
        ] {
            by_key.forget_idle();
        }
        self.misses.forget_idle();
    }
}

/// Lets each key through so many times in a period, all at once or spread.
struct Limit<K: Hash + Eq + Clone>(Option<(NonZeroU32, Limiter<K>)>);

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// A day in seconds.
const DAY: u32 = 86_400;

impl<K: Hash + Eq + Clone> Limit<K> {
    fn each_minute(limit: u32) -> Self {
        let limiter = |limit| (limit, RateLimiter::keyed(Quota::per_minute(limit)));
        Self(NonZeroU32::new(limit).map(limiter))
    }

    /// Half of it at once, and the other half spread over the day: in no 24 hours more than the limit. What is used comes
    /// back little by little, so a client is remembered for no longer than what it did deserves.
    fn each_day(limit: u32) -> Self {
        let half = NonZeroU32::new(limit.div_ceil(2));
        let quota = half.and_then(|half| {
            let quota = Quota::with_period(Duration::from_secs(u64::from(DAY)) / half.get())?;
            Some((half, RateLimiter::keyed(quota.allow_burst(half))))
        });
        Self(quota)
    }

    fn check(&self, key: &K, count: usize) -> Result<(), Exceeded> {
        let Some((limit, limiter)) = &self.0 else { return Ok(()) };
        let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        let exceeded = |retry_after| Err(Exceeded { limit: limit.get(), retry_after });
        match limiter.check_key_n(key, count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wait)) => exceeded(wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1),
            Err(InsufficientCapacity(_)) => exceeded(60),
        }
    }

    fn forget_idle(&self) {
        if let Some((_, limiter)) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn limits(create: u32, reserve: u32, store: u32) -> Limits {
        let settings = settings::Limits {
            create_per_minute: create,
            reserve_per_minute: reserve,
            store_per_day: store,
            ..settings::Limits::default()
        };
        Limits::new(&settings)
    }

    fn network(last: u8) -> Network {
        Network::of(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn no_client_uses_up_what_a_publishable_key_may_store() {
        let limits = limits(0, 0, 400);
        let key = KeyHash::of("ens_pk_a");
        let store = |last: u8, codes: usize| {
            limits.reserve(&Caller { kind: KeyKind::Publishable, key: &key, network: &network(last) }, codes)
        };
        assert_eq!(store(1, 10), Ok(()));
        assert!(store(1, 1).is_err(), "half of a twentieth at once");
        for last in 2..=20 {
            assert_eq!(store(last, 10), Ok(()), "{last}");
        }
        assert!(store(21, 10).is_err(), "half of the day's at once");
        let secret = KeyHash::of("ens_sk_a");
        let secret = Caller { kind: KeyKind::Secret, key: &secret, network: &network(1) };
        assert!((0..1_000).all(|_| limits.reserve(&secret, 10).is_ok() && limits.create(&secret).is_ok()));
    }

    #[test]
    fn a_client_of_ipv6_is_a_56() {
        let limits = limits(1, 1, 0);
        let key = KeyHash::of("ens_pk_a");
        let attempt = |address: &str| {
            let network = Network::of(address.parse().expect("an address"));
            limits.attempt(&Caller { kind: KeyKind::Publishable, key: &key, network: &network }, 1).is_ok()
        };
        assert!(attempt("2001:db8::1"));
        assert!(!attempt("2001:db8:0:ff::1"));
        assert!(attempt("2001:db8:0:100::1"));
    }
}
