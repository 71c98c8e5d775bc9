//! One way to ask a single server, the master that Sentinels name, and a Cluster.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use redis::ServerErrorKind;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::RoutingInfo;
use redis::{
    Client, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Value, cmd,
};
use tokio::time::timeout;

use crate::store::StoreError;
use crate::store::redis::address::{Address, tcp_settings};
use crate::store::redis::failure;
use crate::store::redis::script::Script;
use crate::store::redis::server::{Server, useless};

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
    client: ClusterClient,
    connection: RwLock<ClusterConnection>,
}

impl Connection {
    /// Connects to an address that [`Address::parse`] takes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nobody answers there, [`StoreError::Unsuitable`] when the user or the password
    /// is refused.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url).map_err(|error| failure::unavailable(error.to_string()))?;
        let opened = async {
            Ok(match address {
                Address::Single(info) => Self::Server(Box::new(Server::open(*info).await?)),
                Address::Sentinel(watched) => Self::Server(Box::new(Server::open_watched(*watched).await?)),
                Address::Cluster(nodes) => Self::Cluster(Box::new(Cluster::open(nodes).await?)),
            })
        };
        let opened = timeout(2 * PATIENCE, opened).await.unwrap_or_else(|_| Err(timed_out()));
        opened.map_err(|error| failure::at_open(&error))
    }

    /// Whether one server has all keys, so that a script may use keys of several hash slots.
    pub(super) fn has_all_keys(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Ends the driver's connections, with the buffers that they have, when what was asked on them is answered, and goes
    /// on with others.
    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        match self {
            Self::Server(server) => {
                server.renew();
                Ok(())
            }
            Self::Cluster(cluster) => cluster.renew().await.map_err(|error| failure::of(&error)),
        }
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
        commands: Vec<Cmd>,
    ) -> Result<Vec<T>, StoreError> {
        self.call_each(script, commands).await.into_iter().collect()
    }

    /// What texts these keys hold, in the same order. One that holds something else counts as empty.
    pub(super) async fn texts(&self, keys: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        match self {
            Self::Server(_) if keys.is_empty() => Ok(Vec::new()),
            Self::Server(_) => self.query(cmd("MGET").arg(keys)).await,
            // Each may be at another node.
            Self::Cluster(_) => {
                let commands = keys.iter().map(|key| cmd("GET").arg(key).take()).collect();
                let answers = self.query_each(commands).await.into_iter();
                answers
                    .map(|answer| match answer {
                        Err(StoreError::Corrupt(_)) => Ok(None),
                        answer => answer,
                    })
                    .collect()
            }
        }
    }

    /// Asks many commands and returns their answers in the same order. They are not one atomic
    /// step, and where one fails others may have been done.
    pub(super) async fn query_all<T: FromRedisValue + Send>(
        &self,
        commands: Vec<Cmd>,
    ) -> Result<Vec<T>, StoreError> {
        self.query_each(commands).await.into_iter().collect()
    }

    /// Asks many commands and returns what each of them answered, in the same order: one that fails, or whose node of a
    /// Cluster is away, spoils no other.
    pub(super) async fn query_each<T: FromRedisValue + Send>(
        &self,
        commands: Vec<Cmd>,
    ) -> Vec<Result<T, StoreError>> {
        let answers = self.attempt_each(commands).await.into_iter();
        answers.map(|answer| answer.map_err(|error| failure::of(&error))).collect()
    }

    /// Calls a script many times, as [`Self::query_each`]. A server that does not know the script is given it once, and then
    /// all calls that it refused, in their order.
    pub(super) async fn call_each<T: FromRedisValue + Send>(
        &self,
        script: &Script,
        commands: Vec<Cmd>,
    ) -> Vec<Result<T, StoreError>> {
        if let Self::Cluster(_) = self {
            let asked = stream::iter(commands.into_iter().enumerate())
                .map(|(place, command)| async move { (place, self.call(script, &command).await) })
                .buffer_unordered(AT_ONCE);
            return in_order(asked.collect().await);
        }
        let mut answers = self.attempt_each(commands.clone()).await;
        let is_unknown = |error: &RedisError| error.kind() == ErrorKind::Server(ServerErrorKind::NoScript);
        let refused = |answer: &RedisResult<T>| answer.as_ref().is_err_and(is_unknown);
        let again: Vec<usize> = (0..answers.len()).filter(|place| refused(&answers[*place])).collect();
        if !again.is_empty() && self.attempt::<String>(&script.load()).await.is_ok() {
            let repeated = self.attempt_each(again.iter().map(|place| commands[*place].clone()).collect());
            for (place, answer) in again.into_iter().zip(repeated.await) {
                answers[place] = answer;
            }
        }
        answers.into_iter().map(|answer| answer.map_err(|error| failure::of(&error))).collect()
    }

    async fn attempt_each<T: FromRedisValue + Send>(&self, commands: Vec<Cmd>) -> Vec<RedisResult<T>> {
        match self {
            Self::Server(server) => {
                let mut answers = Vec::with_capacity(commands.len());
                for part in commands.chunks(PIPELINE) {
                    let mut pipeline = Pipeline::with_capacity(part.len());
                    pipeline.ignore_errors();
                    for command in part {
                        pipeline.add_command(command.clone());
                    }
                    let asked = server
                        .ask(async |mut it| {
                            let answers: Vec<RedisResult<T>> = pipeline.query_async(&mut it).await?;
                            // One answer shows for all that the connection is useless.
                            let error = answers
                                .iter()
                                .find_map(|answer| answer.as_ref().err().filter(|error| useless(error)));
                            error.cloned().map_or(Ok(answers), Err)
                        })
                        .await;
                    match asked {
                        Ok(of_each) => answers.extend(of_each),
                        Err(error) => answers.extend(part.iter().map(|_| Err(error.clone()))),
                    }
                }
                answers
            }
            // A pipeline of several slots would have to be cut by their owners; the driver does
            // that for commands in flight at once.
            Self::Cluster(_) => {
                let asked = stream::iter(commands.into_iter().enumerate())
                    .map(|(place, command)| async move { (place, self.attempt(&command).await) })
                    .buffer_unordered(AT_ONCE);
                in_order(asked.collect().await)
            }
        }
    }

    /// Asks one command, and tells the driver's error.
    pub(super) async fn attempt<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(server) => server.ask(async |mut it| command.query_async(&mut it).await).await,
            Self::Cluster(cluster) => {
                let mut connection = cluster.connection();
                let answer = timeout(PATIENCE, command.query_async(&mut connection)).await;
                answer.unwrap_or_else(|_| Err(timed_out()))
            }
        }
    }
}

impl Cluster {
    /// Asks one command of the nodes that are said.
    pub(super) async fn ask_by(&self, command: &Cmd, nodes: RoutingInfo) -> RedisResult<Value> {
        let mut connection = self.connection();
        let answer = timeout(PATIENCE, connection.route_command(command.clone(), nodes)).await;
        answer.unwrap_or_else(|_| Err(timed_out()))
    }

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
        let connection = RwLock::new(client.get_async_connection().await?);
        Ok(Self { named, client, connection })
    }

    /// The connections of now.
    fn connection(&self) -> ClusterConnection {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renew(&self) -> RedisResult<()> {
        let renewed = timeout(PATIENCE, self.client.get_async_connection()).await;
        let renewed = renewed.unwrap_or_else(|_| Err(timed_out()))?;
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }
}

/// Answers in the order of what was asked.
fn in_order<T>(mut answers: Vec<(usize, T)>) -> Vec<T> {
    answers.sort_unstable_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

pub(super) fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
