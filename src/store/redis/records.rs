//! Records: hashes of a name and a JSON text, for what is few and found by one name.

use redis::cmd;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;
use crate::store::redis::{RedisStore, failure, script};

/// How often a change is begun anew after somebody else changed the record meanwhile. Each time somebody else's change
/// was made.
const ATTEMPTS: usize = 200;

impl RedisStore {
    /// Adds a record; a name that is taken is a conflict.
    pub(super) async fn insert_record(
        &self,
        key: &str,
        name: &str,
        record: &impl Serialize,
    ) -> Result<(), StoreError> {
        if self.swap_record(key, name, "", &write(record)).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }

    /// The record of this name.
    pub(super) async fn record<T: DeserializeOwned>(
        &self,
        key: &str,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        let value: Option<String> = self.connection.query(cmd("HGET").arg(key).arg(name)).await?;
        value.as_deref().map(read).transpose()
    }

    /// Every record.
    pub(super) async fn records<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<T>, StoreError> {
        let values: Vec<String> = self.connection.query(cmd("HVALS").arg(key)).await?;
        values.iter().map(|value| read(value)).collect()
    }

    /// Changes the record of this name where it is still the one that was read, and returns what it became.
    pub(super) async fn change_record<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        name: &str,
        change: impl Fn(&mut T) + Send + Sync,
    ) -> Result<Option<T>, StoreError> {
        for _ in 0..ATTEMPTS {
            let value: Option<String> = self.connection.query(cmd("HGET").arg(key).arg(name)).await?;
            let Some(value) = value else { return Ok(None) };
            let mut record: T = read(&value)?;
            change(&mut record);
            if self.swap_record(key, name, &value, &write(&record)).await? {
                return Ok(Some(record));
            }
        }
        Err(failure::unavailable("a record was changed too often at the same time"))
    }

    /// Deletes records; whether one was there.
    pub(super) async fn delete_records(&self, key: &str, names: &[String]) -> Result<bool, StoreError> {
        if names.is_empty() {
            return Ok(false);
        }
        let deleted: i64 = self.connection.query(cmd("HDEL").arg(key).arg(names)).await?;
        Ok(deleted > 0)
    }

    async fn swap_record(&self, key: &str, name: &str, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut swap = script::SWAP_FIELD.on(&[key.to_owned()]);
        swap.arg(name).arg(old).arg(new);
        self.connection.call(&script::SWAP_FIELD, &swap).await
    }
}

fn write(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("a record has only text, numbers and flags")
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_str(value).map_err(|_| failure::corrupt("a person, a session or a view"))
}
