//! One way to ask a single server, the master that Sentinels name, and a Cluster.

use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::ServerErrorKind;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, cmd};
use tokio::time::timeout;

use super::address::{Address, tcp_settings};
use super::failure;
use super::script::Script;
use super::server::Server;
use crate::store::StoreError;

/// How long one command may take altogether, with every reconnection and redirection.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server may take to answer, and to take a connection.
pub(super) const RESPONSE: Duration = Duration::from_millis(1_500);
pub(super) const CONNECTING: Duration = Duration::from_millis(900);
/// Most commands that are sent at once for one call of the store.
pub(super) const AT_ONCE: usize = 64;
/// Most commands that are under way to one node of a Cluster. A connection of the driver has room
/// for 50; while it is full, the driver's own questions, such as who has which slot, wait behind
/// commands that it leaves alone until those are answered.
const AT_ONCE_A_NODE: usize = 32;
/// Most commands in one pipeline; a bound on how long others wait behind it.
const PIPELINE: usize = 512;

/// A connection that all tasks share; it reconnects by itself. No `Debug`: the driver holds a password.
pub(super) enum Connection {
    /// One server at a time.
    Server(Box<Server>),
    /// A Cluster; the driver follows moved slots and new nodes.
    Cluster(Box<Cluster>),
}

/// The connections to a Cluster's nodes.
pub(super) struct Cluster {
    /// The nodes that the address names.
    pub(super) named: Vec<Client>,
    connection: ClusterConnection,
}

impl Connection {
    /// Connects to an address that [`Address::parse`] takes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nobody answers there.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url).map_err(failure::unavailable)?;
        let opened = async {
            Ok(match address {
                Address::Single(info) => Self::Server(Box::new(Server::open(*info).await?)),
                Address::Sentinel(watched) => Self::Server(Box::new(Server::open_watched(*watched).await?)),
                Address::Cluster(nodes) => Self::Cluster(Box::new(Cluster::open(nodes).await?)),
            })
        };
        let opened = timeout(2 * PATIENCE, opened).await.unwrap_or_else(|_| Err(timed_out()));
        opened.map_err(|error| failure::of(&error))
    }

    /// Asks one command.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.attempt(command).await.map_err(|error| failure::of(&error))
    }

    /// Calls a script with a command of [`Script::on`]: by its hash, and once with its text where
    /// the server does not know it (yet, or since a restart or a failover).
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        match self.attempt(command).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.query(&script.in_full(command)).await
            }
            other => other.map_err(|error| failure::of(&error)),
        }
    }

    /// Calls a script many times and returns its answers in the same order, as [`Self::query_all`].
    pub(super) async fn call_all<T: FromRedisValue + Send>(
        &self,
        script: &Script,
        mut commands: Vec<Cmd>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            // The first call makes the server know the script.
            Self::Server(_) => {
                let others = commands.split_off(commands.len().min(1));
                let mut answers = Vec::with_capacity(1 + others.len());
                for first in &commands {
                    answers.push(self.call(script, first).await?);
                }
                answers.extend(self.query_all(others).await?);
                Ok(answers)
            }
            Self::Cluster(_) => {
                let asked =
                    stream::iter(commands).map(|command| async move { self.call(script, &command).await });
                asked.buffered(AT_ONCE).try_collect().await
            }
        }
    }

    /// What texts these keys hold, in the same order.
    pub(super) async fn texts(&self, keys: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        match self {
            Self::Server(_) if keys.is_empty() => Ok(Vec::new()),
            Self::Server(_) => self.query(cmd("MGET").arg(keys)).await,
            // Each may be at another node.
            Self::Cluster(_) => {
                self.query_all(keys.iter().map(|key| cmd("GET").arg(key).take()).collect()).await
            }
        }
    }

    /// Asks many commands and returns their answers in the same order. They are not one atomic
    /// step, and where one fails others may have been done.
    pub(super) async fn query_all<T: FromRedisValue + Send>(
        &self,
        commands: Vec<Cmd>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Server(server) => {
                let mut answers = Vec::with_capacity(commands.len());
                let mut commands = commands.into_iter();
                while commands.len() > 0 {
                    let mut pipeline = Pipeline::with_capacity(commands.len().min(PIPELINE));
                    for command in commands.by_ref().take(PIPELINE) {
                        pipeline.add_command(command);
                    }
                    let part = server.ask(async |mut it| pipeline.query_async::<Vec<T>>(&mut it).await).await;
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

    async fn attempt<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(server) => server.ask(async |mut it| command.query_async(&mut it).await).await,
            Self::Cluster(cluster) => {
                let mut connection = cluster.connection.clone();
                let answer = timeout(PATIENCE, command.query_async(&mut connection)).await;
                answer.unwrap_or_else(|_| Err(timed_out()))
            }
        }
    }
}

impl Cluster {
    async fn open(nodes: Vec<ConnectionInfo>) -> RedisResult<Self> {
        let named = nodes.iter().cloned().map(Client::open).collect::<RedisResult<_>>()?;
        let client = ClusterClientBuilder::new(nodes)
            .tcp_settings(tcp_settings())
            .connection_timeout(CONNECTING)
            .response_timeout(RESPONSE)
            .overall_response_timeout(Some(PATIENCE))
            .retries(6)
            .min_retry_wait(20)
            .max_retry_wait(400)
            .connection_concurrency_limit(AT_ONCE_A_NODE)
            .build()?;
        Ok(Self { named, connection: client.get_async_connection().await? })
    }
}

pub(super) fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
