//! Secrets that all instances must agree on: the first proposal holds.
//!
//! A day's key is where nothing reaches a disk, so it can be lost in the middle of its day: with a restart of that Redis, or
//! in a failover. Then an instance that has it puts it back, because it proposes its own key every few seconds. Which
//! key is the day's is known by its *name*, a hash that stands with the counts. Where no instance has it any more, the
//! day's visitor sets end, as they do where a set is gone: of sets with different keys the largest one counts.

use std::sync::PoisonError;

use async_trait::async_trait;
use jiff::Timestamp;
use redis::cmd;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::day::Day;
use crate::domain::visitor::DayKey;
use crate::store::redis::connection::Connection;
use crate::store::redis::slow_log::PADDING;
use crate::store::redis::{RedisStore, failure, keys};
use crate::store::{KeyPlace, SecretStore, StoreError};

#[async_trait]
impl SecretStore for RedisStore {
    /// The day's key, kept until the day is over; of a day that is over already nothing is kept,
    /// and nobody can agree.
    ///
    /// The driver copies what it sends and receives into buffers that live as long as their connection. So the key
    /// goes over a connection of its own, which ends with this call; its buffers are overwritten when they are freed.
    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError> {
        let left = day.plus(1).start().as_millisecond() - now.as_millisecond();
        if left <= 0 {
            return Ok(proposal);
        }
        let connection = Connection::open(&self.url_of_keys).await?;
        let key = keys::day_key(day);
        let mut set = cmd("SET");
        let value = Zeroizing::new([PADDING.as_slice(), proposal.expose()].concat());
        set.arg(&key).arg(&value[..]).arg("NX").arg("PX").arg(left);
        connection.query::<Option<()>>(&set).await?;
        let agreed: Option<Vec<u8>> = connection.query(cmd("GET").arg(&key)).await?;
        // Between the two the day may have ended.
        let Some(agreed) = agreed.map(Zeroizing::new) else { return Ok(proposal) };
        let bytes = agreed.strip_prefix(&PADDING).and_then(|bytes| bytes.try_into().ok());
        let agreed = bytes.map(DayKey::new).ok_or_else(|| failure::corrupt("a day's key"))?;
        let first = self.name_of_day_key(day, &agreed, left).await?;
        if first == name(&agreed) {
            return Ok(agreed);
        }
        if first == name(&proposal) {
            // This one was lost, and somebody who did not know it has made another one since.
            let mut set = cmd("SET");
            set.arg(&key).arg(&value[..]).arg("PX").arg(left);
            connection.query::<()>(&set).await?;
            return Ok(proposal);
        }
        self.end_sets_of(day).await?;
        let mut set = cmd("SET");
        set.arg(keys::day_key_name(day)).arg(name(&agreed)).arg("PX").arg(left);
        self.connection.query::<()>(&set).await?;
        Ok(agreed)
    }

    fn key_place(&self) -> KeyPlace {
        *self.key_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret that seals session cookies.
    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        let mut set = cmd("SET");
        set.arg(keys::SESSION_SECRET).arg(&proposal[..]).arg("NX");
        self.connection.query::<Option<()>>(&set).await?;
        let agreed: Vec<u8> = self.connection.query(cmd("GET").arg(keys::SESSION_SECRET)).await?;
        agreed.try_into().map_err(|_| failure::corrupt("the session secret"))
    }
}

impl RedisStore {
    /// The name of a day's first key: this one's, where it is the first.
    async fn name_of_day_key(&self, day: Day, key: &DayKey, left: i64) -> Result<String, StoreError> {
        let place = keys::day_key_name(day);
        let mut set = cmd("SET");
        set.arg(&place).arg(name(key)).arg("NX").arg("PX").arg(left);
        self.connection.query::<Option<()>>(&set).await?;
        let first: Option<String> = self.connection.query(cmd("GET").arg(&place)).await?;
        Ok(first.unwrap_or_else(|| name(key)))
    }
}

/// A day key's name: 128 bits of a hash, from which nobody finds 32 random bytes.
fn name(key: &DayKey) -> String {
    let hash = Sha256::new_with_prefix(b"entrenous day key").chain_update(key.expose()).finalize();
    let (first, _) = hash.split_first_chunk::<16>().expect("it has 32 bytes");
    format!("{:032x}", u128::from_be_bytes(*first))
}
