//! Work that is done once: who holds a piece of it until when.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::store::redis::{RedisStore, keys, script};
use crate::store::{StoreError, Works};

#[async_trait]
impl Works for RedisStore {
    async fn take_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        self.keep_work(name, now, until, true).await
    }

    async fn forget_ended_work(&self, now: Timestamp) -> Result<(), StoreError> {
        // Pieces of work end by themselves, by the server's clock.
        self.end_names(now).await
    }

    async fn hold_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.keep_work(name, now, until, false).await.map(drop)
    }
}

impl RedisStore {
    async fn keep_work(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
        if_free: bool,
    ) -> Result<bool, StoreError> {
        let mut take = script::TAKE.on(&[keys::work(name)]);
        take.arg(now.as_millisecond()).arg(until.as_millisecond()).arg(u8::from(if_free));
        self.connection.call(&script::TAKE, &take).await
    }
}
