//! The time of the server.

use jiff::Timestamp;

use crate::store::StoreError;
use crate::store::redis::{RedisStore, failure, keys, script};

impl RedisStore {
    /// The server's time: on a Cluster that of the node that holds the sites, so that all instances ask the same one.
    pub(super) async fn own_time(&self) -> Result<Timestamp, StoreError> {
        let ask = script::TIME.on(&[keys::SITES.to_owned()]);
        let (seconds, microseconds): (i64, i64) = self.connection.call(&script::TIME, &ask).await?;
        let time = Timestamp::from_second(seconds).map_err(|_| failure::corrupt("the server's time"))?;
        Ok(time + jiff::SignedDuration::from_micros(microseconds))
    }
}
