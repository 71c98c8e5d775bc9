//! Asking Sentinels which server is the master.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError, RedisResult, Value, cmd,
};
use tokio::time::timeout;

use crate::store::redis::address::{Watched, tcp_settings};
use crate::store::redis::connection::timed_out;
use crate::store::redis::server::Link;

/// How long a Sentinel may take to answer.
const ANSWER: Duration = Duration::from_millis(400);

/// The host and the port that Sentinels say.
pub(super) type Named = (String, u16);

/// The Sentinels of one name.
pub(super) struct Sentinels {
    asked: Vec<ConnectionManager>,
    name: String,
    servers: RedisConnectionInfo,
}

impl Sentinels {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// Those of the driver.
    pub(super) fn new(watched: Watched) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER));
        let managers = watched
            .sentinels
            .into_iter()
            .map(|sentinel| ConnectionManager::new_lazy_with_config(Client::open(sentinel)?, config.clone()));
        let asked = managers.collect::<RedisResult<_>>()?;
        Ok(Self { asked, name: watched.name, servers: watched.servers })
    }

    /// Whom they name as the master, the one that most of them name first. It waits for no more
    /// answers than a majority that agrees: one of them may still be behind.
    ///
    /// # Errors
    /// When none of them names one.
    pub(super) async fn named(&self) -> RedisResult<Vec<Named>> {
        let asked = self.asked.iter().map(|sentinel| timeout(ANSWER, self.ask(sentinel.clone())));
        let mut asked: FuturesUnordered<_> = asked.collect();
        let mut votes: HashMap<Named, usize> = HashMap::new();
        let mut failure = None;
        while let Some(answer) = asked.next().await {
            match answer.unwrap_or_else(|_| Err(timed_out())) {
                Ok(Some(named)) => {
                    let votes = votes.entry(named).or_default();
                    *votes += 1;
                    if *votes > self.asked.len() / 2 {
                        break;
                    }
                }
                Ok(None) => failure = Some(refusal("no Sentinel knows a master of this name")),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let mut votes: Vec<_> = votes.into_iter().collect();
        votes.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        let named: Vec<_> = votes.into_iter().map(|(named, _)| named).collect();
        if named.is_empty() { Err(failure.unwrap_or_else(timed_out)) } else { Ok(named) }
    }

    async fn ask(&self, mut sentinel: ConnectionManager) -> RedisResult<Option<Named>> {
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        match question.query_async(&mut sentinel).await {
            Err(error) if error.code() == Some("NOAUTH") => {
                let Some(password) = self.servers.password() else { return Err(error) };
                let mut login = cmd("AUTH");
                login.arg(self.servers.username()).arg(password).exec_async(&mut sentinel).await?;
                question.query_async(&mut sentinel).await
            }
            answer => answer,
        }
    }

    /// Connects to the first of the named servers that says of itself that it is a master.
    ///
    /// # Errors
    /// Those of the driver, and when none of them is one.
    pub(super) async fn master(&self, named: RedisResult<Vec<Named>>) -> RedisResult<Link> {
        let mut failure = None;
        for (host, port) in named? {
            match self.connect(host, port).await {
                Ok(link) => return Ok(link),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(timed_out))
    }

    async fn connect(&self, host: String, port: u16) -> RedisResult<Link> {
        let address = ConnectionAddr::Tcp(host, port).into_connection_info()?;
        let address = address.set_redis_settings(self.servers.clone()).set_tcp_settings(tcp_settings());
        let mut link = Link::to(Client::open(address)?).await?;
        let role: Vec<Value> = cmd("ROLE").query_async(&mut link.connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(link),
            _ => Err(refusal("the server that the Sentinels name is no master")),
        }
    }
}

fn refusal(why: &'static str) -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, why).into()
}
