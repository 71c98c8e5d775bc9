//! Leases: until when a piece of work is held.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::store::redis::{RedisStore, keys, script};
use crate::store::{LeaseStore, StoreError};

#[async_trait]
impl LeaseStore for RedisStore {
    async fn take_lease(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.keep_lease(name, now, until, true).await
    }

    async fn forget_ended_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        // Leases end by themselves, by the server's clock.
        self.end_names(now).await
    }

    async fn hold_lease(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.keep_lease(name, now, until, false).await.map(drop)
    }
}

impl RedisStore {
    async fn keep_lease(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
        if_free: bool,
    ) -> Result<bool, StoreError> {
        let mut take = script::TAKE.on(&[keys::lease(name)]);
        take.arg(now.as_millisecond()).arg(until.as_millisecond()).arg(u8::from(if_free));
        self.connection.call(&script::TAKE, &take).await
    }
}
