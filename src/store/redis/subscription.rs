//! Listening: a connection of its own on which a server sends what is published.

use futures_util::future::select_ok;
use redis::aio::PubSub;
use redis::{Client, RedisResult};
use tokio::time::timeout;

use crate::store::StoreError;
use crate::store::redis::connection::{CONNECTING, Connection, timed_out};
use crate::store::redis::failure;

impl Connection {
    /// Subscribes to a channel: on the one server, or on whichever node of a Cluster answers first,
    /// as nodes pass on to each other what is published.
    ///
    /// The subscription does not outlive its connection, and what was published while there was
    /// none is lost. A server that falls silent does not end it: who must know sends pings.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nobody answers in time.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<PubSub, StoreError> {
        let subscribed = match self {
            Self::Server(server) => match server.client().await {
                Ok(server) => subscribe(&server, channel).await,
                Err(error) => Err(error),
            },
            Self::Cluster(cluster) => {
                let nodes = cluster.named.iter().map(|node| Box::pin(subscribe(node, channel)));
                select_ok(nodes).await.map(|(subscribed, _)| subscribed)
            }
        };
        subscribed.map_err(|error| failure::of(&error))
    }
}

async fn subscribe(server: &Client, channel: &str) -> RedisResult<PubSub> {
    let subscribed = async {
        let mut connection = server.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        Ok(connection)
    };
    timeout(CONNECTING, subscribed).await.unwrap_or_else(|_| Err(timed_out()))
}
