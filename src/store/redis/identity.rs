//! The store's identity: one random text in a key of its own and in each partition.
//!
//! The text is drawn when a Redis is used for the first time. Whoever draws it writes it into every partition before it
//! holds; until then it has `new:` before it, and whoever comes after a crash goes on with the same text. From
//! then on nobody writes it again: a node that was emptied or replaced has none, or another one, and whatever
//! settles there is told.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;
use redis::{Cmd, cmd};

use crate::domain::identity::StoreId;
use crate::store::redis::connection::Connection;
use crate::store::redis::settlement::first_failure;
use crate::store::redis::{RedisStore, keys, script};
use crate::store::{IdentityStore, StoreError};

/// What stands before an identity that not every partition has yet.
const NEW: &str = "new:";
/// How many partitions one check looks at.
const SAMPLE: usize = 16;

/// Reads the identity of what is there, and gives it one where it has none.
pub(super) async fn found(connection: &Connection) -> Result<StoreId, StoreError> {
    let mut propose = cmd("SET");
    propose.arg(keys::IDENTITY).arg(format!("{NEW}{}", StoreId::random())).arg("NX");
    connection.query::<Option<()>>(&propose).await?;
    let text: Option<String> = connection.query(cmd("GET").arg(keys::IDENTITY)).await?;
    let text = text.ok_or_else(|| StoreError::Foreign("its identity went while it was read".to_owned()))?;
    let Some(new) = text.strip_prefix(NEW) else { return Ok(StoreId::new(&text)) };
    let identity = StoreId::new(new);
    stamp(connection, "HSETNX", &identity).await?;
    finish(connection, &text, &identity).await?;
    Ok(identity)
}

/// Says that the identity is another one than was expected, or none.
pub(super) fn foreign(there: &str, known: &StoreId) -> StoreError {
    StoreError::Foreign(if there.is_empty() {
        "the Redis at store.url was emptied or replaced: it has no identity any more".to_owned()
    } else {
        let there = there.trim_start_matches(NEW);
        format!("store.url leads to the store {there}, and the journal belongs to the store {known}")
    })
}

/// Says that a partition is not this store's.
pub(super) fn foreign_partition(number: usize) -> StoreError {
    let reason = "a part of the Redis at store.url was emptied or replaced";
    StoreError::Foreign(format!("{reason}: partition {number} has another identity or none"))
}

/// Writes an identity into every partition.
async fn stamp(connection: &Connection, command: &str, identity: &StoreId) -> Result<(), StoreError> {
    let stamp = |number| cmd(command).arg(keys::partition(number)).arg("store").arg(identity.as_str()).take();
    let stamps: Vec<Cmd> = (0..keys::PARTITIONS).map(stamp).collect();
    first_failure(connection.query_each::<i64>(stamps).await)
}

/// Lets an identity hold, unless somebody else did.
async fn finish(connection: &Connection, text: &str, identity: &StoreId) -> Result<(), StoreError> {
    let mut swap = script::SWAP.on(&[keys::IDENTITY.to_owned()]);
    swap.arg(text).arg(identity.as_str()).arg(keys::NEWS).arg("");
    connection.call::<i64>(&script::SWAP, &swap).await.map(drop)
}

#[async_trait]
impl IdentityStore for RedisStore {
    /// The identity as this process knows it.
    fn identity(&self) -> StoreId {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks that the store has the expected identity: its key, and some partitions, others with each call.
    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError> {
        let there: Option<String> = self.connection.query(cmd("GET").arg(keys::IDENTITY)).await?;
        let there = there.unwrap_or_default();
        if there != expected.as_str() {
            return Err(foreign(&there, expected));
        }
        if self.identity() != *expected {
            self.use_identity(expected);
        }
        let first = self.looked_at.fetch_add(SAMPLE, Relaxed);
        let sample: Vec<usize> = (first..first + SAMPLE).map(|number| number % keys::PARTITIONS).collect();
        let ask = |number: &usize| cmd("HGET").arg(keys::partition(*number)).arg("store").take();
        let answers = self.connection.query_each::<Option<String>>(sample.iter().map(ask).collect()).await;
        for (number, answer) in sample.into_iter().zip(answers) {
            // One that cannot be reached or read holds up only itself, which settling tells.
            if answer.is_ok_and(|there| there.as_deref() != Some(expected.as_str())) {
                return Err(foreign_partition(number));
            }
        }
        self.check_floors().await
    }

    /// Takes what is there for the right store, in each partition.
    async fn adopt(&self) -> Result<StoreId, StoreError> {
        let identity = found(&self.connection).await?;
        stamp(&self.connection, "HSET", &identity).await?;
        self.use_identity(&identity);
        Ok(identity)
    }
}

impl RedisStore {
    /// Works with the store of this identity from now on; nothing was confirmed to it by this process.
    fn use_identity(&self, identity: &StoreId) {
        self.forget_floors();
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = identity.clone();
    }
}
