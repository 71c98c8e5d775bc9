//! The limit on misses: codes and addresses asked for of which there are none.
//!
//! Who asks for something that is not in memory takes one of their misses beforehand, and gets it back where there was
//! something. So over the limit the store is not asked at all, whatever the answer would be. One customer has a whole IPv6
//! /56.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::RequestHead;

use crate::domain::visitor::Network;
use crate::store::StoreError;
use crate::web::AppState;
use crate::web::extract::request;
use crate::web::response::problem::Problem;

/// Reads what a request asks for, as long as the request's sender has misses left: otherwise the store is not asked. A
/// response without a result costs a miss.
pub(crate) async fn look_up<T>(
    head: &RequestHead,
    app: &AppState,
    read: impl AsyncFnOnce() -> Result<Option<T>, StoreError>,
) -> Result<T, Problem> {
    let network = request::network(head, app.trusted_proxies());
    let misses = app.limits.misses();
    misses.take(&network)?;
    match read().await {
        Ok(None) => Err(Problem::NotFound),
        found => {
            misses.give_back(&network);
            found?.ok_or(Problem::NotFound)
        }
    }
}

/// Returns the problem for a request that cannot name anything, which costs its sender a miss.
pub(crate) fn miss(head: &RequestHead, app: &AppState) -> Problem {
    let network = request::network(head, app.trusted_proxies());
    app.limits.misses().take(&network).err().unwrap_or(Problem::NotFound)
}

const MINUTE: Duration = Duration::from_mins(1);

/// The misses of this process's clients; each may have so many a minute, all at once or spread.
pub(crate) struct Misses {
    per_minute: u32,
    clients: Mutex<HashMap<Network, Client>>,
}

/// How many misses a client had left at a time.
struct Client {
    left: f64,
    at: Instant,
}

impl Misses {
    /// At most so many a minute for each client; 0 is no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, clients: Mutex::default() }
    }

    /// Takes a miss of a client; an error where none is left.
    pub(crate) fn take(&self, network: &Network) -> Result<(), Problem> {
        self.take_at(network, Instant::now())
    }

    fn take_at(&self, network: &Network, now: Instant) -> Result<(), Problem> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let most = f64::from(self.per_minute);
        let mut clients = self.clients();
        let client = clients.entry(network.client()).or_insert(Client { left: most, at: now });
        let back = now.saturating_duration_since(client.at).as_secs_f64() * most / MINUTE.as_secs_f64();
        *client = Client { left: (client.left + back).min(most), at: now };
        if client.left < 1.0 {
            let seconds = (1.0 - client.left) * MINUTE.as_secs_f64() / most;
            let wait = Duration::try_from_secs_f64(seconds).unwrap_or(MINUTE);
            return Err(Problem::TooManyRequests { limit: self.per_minute, retry_after: wait.as_secs() + 1 });
        }
        client.left -= 1.0;
        Ok(())
    }

    /// Gives a miss back: there was something.
    pub(crate) fn give_back(&self, network: &Network) {
        if let Some(client) = self.clients().get_mut(&network.client()) {
            client.left += 1.0;
        }
    }

    /// Forgets everyone who has all misses again.
    pub(crate) fn forget_idle(&self) {
        let now = Instant::now();
        self.clients().retain(|_, client| now.saturating_duration_since(client.at) < MINUTE);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<Network, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_misses_a_minute_and_what_was_there_is_none() {
        let misses = Misses::new(6);
        let now = Instant::now();
        let (one, other) = (Network::of([192, 0, 2, 1].into()), Network::of([192, 0, 2, 2].into()));
        for _ in 0..6 {
            assert!(misses.take_at(&one, now).is_ok());
        }
        assert!(misses.take_at(&one, now).is_err() && misses.take_at(&other, now).is_ok());
        misses.give_back(&one);
        assert!(misses.take_at(&one, now).is_ok() && misses.take_at(&one, now).is_err());
        let later = now + Duration::from_secs(10);
        assert!(misses.take_at(&one, later).is_ok() && misses.take_at(&one, later).is_err());
        assert!((0..1_000).all(|_| Misses::new(0).take(&one).is_ok()));
    }
}
