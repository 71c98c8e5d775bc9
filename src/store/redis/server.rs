//! The connection to one server: the one at an address, or the master that Sentinels name.
//!
//! A connection that broke, fell silent or leads to a server that may not write is given up, and
//! the next command makes another. Sentinels are asked before and after each new connection, and
//! again four times a second while commands come: a master that was replaced and comes back takes writes until it
//! learns of that, and then loses them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo};
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::{Instant, timeout_at};

use crate::store::redis::address::Watched;
use crate::store::redis::connection::{AT_ONCE, CONNECTING, PATIENCE, RESPONSE, timed_out};
use crate::store::redis::sentinel::{Named, Sentinels};

/// How long what Sentinels said is taken to hold.
const HOLDS: Duration = Duration::from_millis(250);
/// How long a failure to connect is everybody's answer, before somebody tries again.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to one server, for all tasks.
pub(super) struct Server {
    place: Place,
    current: Mutex<Current>,
    /// Held by whoever connects, while others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

/// Where the server is.
enum Place {
    Address(Client),
    Sentinels(Sentinels),
}

/// What is known of the server.
struct Current {
    /// How many links and failures there were before.
    generation: u64,
    link: RedisResult<Link>,
    /// Until when that holds without another look; for ever where it is none.
    until: Option<Instant>,
}

/// A server, and the connection to it.
pub(super) struct Link {
    pub(super) server: Client,
    pub(super) connection: MultiplexedConnection,
}

impl Server {
    /// Connects to the server at an address.
    ///
    /// # Errors
    /// Those of the driver.
    pub(super) async fn open(address: ConnectionInfo) -> RedisResult<Self> {
        Self::at(Place::Address(Client::open(address)?)).await
    }

    /// Connects to the master that Sentinels name.
    ///
    /// # Errors
    /// Those of the driver, and when they name none.
    pub(super) async fn open_watched(watched: Watched) -> RedisResult<Self> {
        Self::at(Place::Sentinels(Sentinels::new(watched)?)).await
    }

    async fn at(place: Place) -> RedisResult<Self> {
        let nothing = Current { generation: 0, link: Err(timed_out()), until: Some(Instant::now()) };
        let server = Self { place, current: Mutex::new(nothing), connecting: tokio::sync::Mutex::default() };
        server.connection().await?;
        Ok(server)
    }

    /// Asks something on the connection. An answer that shows it to be useless ends it.
    pub(super) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let deadline = Instant::now() + PATIENCE;
        let connected = timeout_at(deadline, self.connection()).await;
        let (generation, connection) = connected.unwrap_or_else(|_| Err(timed_out()))?;
        let answer = timeout_at(deadline, question(connection)).await.unwrap_or_else(|_| Err(timed_out()));
        if let Err(error) = &answer
            && useless(error)
        {
            self.current().give_up(generation, error);
        }
        answer
    }

    /// Ends the connection when what was asked on it is answered. The next command makes another.
    pub(super) fn renew(&self) {
        let mut current = self.current();
        let generation = current.generation;
        current.give_up(generation, &timed_out());
    }

    /// The server of now, for a further connection to it.
    ///
    /// # Errors
    /// Those of the driver when it cannot be reached.
    pub(super) async fn client(&self) -> RedisResult<Client> {
        self.connection().await?;
        self.current().link.as_ref().map(|link| link.server.clone()).map_err(Clone::clone)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of now, with its generation.
    async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let known = self.current().known();
        if let Some(known) = known {
            return known;
        }
        let _alone = self.connecting.lock().await;
        loop {
            let known = self.current().known();
            if let Some(known) = known {
                return known;
            }
            match &self.place {
                Place::Address(server) => {
                    let link = Link::to(server.clone()).await;
                    self.current().put(link, None);
                }
                Place::Sentinels(sentinels) => {
                    let named = sentinels.named().await;
                    if !self.current().confirm(&named) {
                        let link = sentinels.master(named).await;
                        // A server may take its time to answer and be replaced meanwhile: this
                        // holds only when the Sentinels have been asked again.
                        self.current().put(link, Some(Instant::now()));
                    }
                }
            }
        }
    }
}

impl Current {
    /// The connection or the failure, while that holds.
    fn known(&self) -> Option<RedisResult<(u64, MultiplexedConnection)>> {
        self.until.is_none_or(|until| Instant::now() < until).then(|| self.answer())
    }

    fn answer(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        match &self.link {
            Ok(link) => Ok((self.generation, link.connection.clone())),
            Err(error) => Err(error.clone()),
        }
    }

    fn put(&mut self, link: RedisResult<Link>, until: Option<Instant>) {
        let until = if link.is_ok() { until } else { Some(Instant::now() + PAUSE) };
        *self = Self { generation: self.generation + 1, link, until };
    }

    /// Whether the link leads to the server that Sentinels name first; then it holds for longer. It
    /// does so, too, while none of them answers: nobody knows of another master then.
    fn confirm(&mut self, named: &RedisResult<Vec<Named>>) -> bool {
        let Ok(link) = &self.link else { return false };
        let ConnectionAddr::Tcp(host, port) = link.server.get_connection_info().addr() else { return false };
        let first = named.as_ref().ok().and_then(|named| named.first());
        let confirmed = first.is_none_or(|first| (&first.0, &first.1) == (host, port));
        if confirmed {
            self.until = Some(Instant::now() + HOLDS);
        }
        confirmed
    }

    fn give_up(&mut self, generation: u64, error: &RedisError) {
        if self.generation == generation && self.link.is_ok() {
            self.link = Err(error.clone());
            self.until = Some(Instant::now());
        }
    }
}

impl Link {
    /// Connects to a server.
    ///
    /// # Errors
    /// Those of the driver.
    pub(super) async fn to(server: Client) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(RESPONSE))
            .set_pipeline_buffer_size(4 * AT_ONCE);
        let connection = server.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Self { server, connection })
    }
}

/// Whether an answer shows that another connection may do better.
pub(super) fn useless(error: &RedisError) -> bool {
    let kinds = [ErrorKind::AuthenticationFailed, ErrorKind::Server(ServerErrorKind::ReadOnly)];
    error.is_unrecoverable_error()
        || error.is_io_error()
        || kinds.contains(&error.kind())
        || error.code() == Some("NOAUTH")
}
