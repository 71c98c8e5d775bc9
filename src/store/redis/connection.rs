//! One way to ask a standalone server and a Cluster.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind};
use tokio::time::timeout;

use super::address::{Address, tcp_settings};
use super::failure;
use super::script::Script;
use crate::store::StoreError;

/// How long one command may take altogether, with every reconnection and redirection.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server may take to answer, and to take a connection.
const RESPONSE: Duration = Duration::from_millis(1_500);
pub(super) const CONNECTING: Duration = Duration::from_millis(900);
/// Most commands that are sent at once for one call of the store.
pub(super) const AT_ONCE: usize = 64;
/// Most commands in one pipeline; a bound on how long others wait behind it.
const PIPELINE: usize = 512;

/// A connection that all tasks share; it reconnects by itself. No `Debug`: the driver holds a password.
pub(super) enum Connection {
    /// One server.
    Single(Box<Single>),
    /// A Cluster; the driver follows moved slots and new nodes.
    Cluster(Box<Cluster>),
}

impl Connection {
    /// Connects to an address that [`Address::parse`] takes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nobody answers there.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let opened = async {
            match Address::parse(url).map_err(failure::unavailable)? {
                Address::Single(info) => {
                    let client = Client::open(*info).map_err(|error| failure::of(&error))?;
                    let manager = ConnectionManager::new_with_config(client.clone(), manager_config()).await;
                    let manager = manager.map_err(|error| failure::of(&error))?;
                    Ok(Self::Single(Box::new(Single { client, current: Mutex::new((0, manager)) })))
                }
                Address::Cluster(nodes) => {
                    let clients: RedisResult<_> = nodes.iter().cloned().map(Client::open).collect();
                    let clients = clients.map_err(|error| failure::of(&error))?;
                    let client = ClusterClientBuilder::new(nodes)
                        .tcp_settings(tcp_settings())
                        .connection_timeout(CONNECTING)
                        .response_timeout(RESPONSE)
                        .overall_response_timeout(Some(PATIENCE))
                        .retries(6)
                        .min_retry_wait(20)
                        .max_retry_wait(400)
                        .build();
                    let client = client.map_err(|error| failure::of(&error))?;
                    let connection = client.get_async_connection().await;
                    let connection = connection.map_err(|error| failure::of(&error))?;
                    Ok(Self::Cluster(Box::new(Cluster { nodes: clients, connection })))
                }
            }
        };
        timeout(2 * PATIENCE, opened).await.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Asks one command.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.attempt(command).await?.map_err(|error| failure::of(&error))
    }

    /// Calls a script with a command of [`Script::on`]: by its hash, and once with its text where
    /// the server does not know it (yet, or since a restart or a failover).
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        match self.attempt(command).await? {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.query(&script.in_full(command)).await
            }
            other => other.map_err(|error| failure::of(&error)),
        }
    }

    /// Asks many commands and returns their answers in the same order. They are not one atomic
    /// step, and where one fails others may have been done.
    pub(super) async fn query_all<T: FromRedisValue + Send>(
        &self,
        commands: Vec<Cmd>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Single(single) => {
                let mut answers = Vec::with_capacity(commands.len());
                for chunk in commands.chunks(PIPELINE) {
                    let mut pipeline = Pipeline::with_capacity(chunk.len());
                    for command in chunk {
                        pipeline.add_command(command.clone());
                    }
                    let (generation, mut manager) = single.current();
                    let part = timeout(PATIENCE, pipeline.query_async::<Vec<T>>(&mut manager)).await;
                    let part = single.watched(generation, part.unwrap_or_else(|_| Err(timed_out())));
                    answers.extend(part.map_err(|error| failure::of(&error))?);
                }
                Ok(answers)
            }
            // A pipeline of several slots would have to be cut by their owners; the driver does
            // that for commands in flight at once.
            Self::Cluster(_) => {
                let asked = stream::iter(commands).map(|command| async move { self.query(&command).await });
                asked.buffered(AT_ONCE).try_collect().await
            }
        }
    }

    async fn attempt<T: FromRedisValue>(&self, command: &Cmd) -> Result<RedisResult<T>, StoreError> {
        match self {
            Self::Single(single) => {
                let (generation, mut manager) = single.current();
                let answer = timeout(PATIENCE, command.query_async(&mut manager)).await;
                Ok(single.watched(generation, answer.unwrap_or_else(|_| Err(timed_out()))))
            }
            Self::Cluster(cluster) => {
                let mut connection = cluster.connection.clone();
                timeout(PATIENCE, command.query_async(&mut connection)).await.map_err(|_| no_answer())
            }
        }
    }
}

/// The connections to a Cluster's nodes.
pub(super) struct Cluster {
    /// The nodes that the address names.
    pub(super) nodes: Vec<Client>,
    connection: ClusterConnection,
}

/// The connection to one server.
///
/// The driver's manager reconnects when a connection breaks. It does not when the server stays
/// silent, refused it for another reason than the network, or lost its office to another: then it
/// is replaced here.
pub(super) struct Single {
    pub(super) client: Client,
    current: Mutex<(u64, ConnectionManager)>,
}

impl Single {
    fn current(&self) -> (u64, ConnectionManager) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes an answer on; one that shows the connection of this generation to be useless has it
    /// replaced, once.
    fn watched<T>(&self, generation: u64, answer: RedisResult<T>) -> RedisResult<T> {
        if answer.as_ref().is_err_and(useless) {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if current.0 == generation
                && let Ok(manager) =
                    ConnectionManager::new_lazy_with_config(self.client.clone(), manager_config())
            {
                *current = (generation + 1, manager);
            }
        }
        answer
    }
}

fn useless(error: &RedisError) -> bool {
    let kinds = [ErrorKind::AuthenticationFailed, ErrorKind::Server(ServerErrorKind::ReadOnly)];
    error.is_timeout() || kinds.contains(&error.kind()) || error.code() == Some("NOAUTH")
}

/// One further attempt follows a failed one, as all waiting commands share it.
fn manager_config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(100))
        .set_connection_timeout(Some(CONNECTING))
        .set_response_timeout(Some(RESPONSE))
        .set_pipeline_buffer_size(4 * AT_ONCE)
}

pub(super) fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

fn no_answer() -> StoreError {
    failure::of(&timed_out())
}
