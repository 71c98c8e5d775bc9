//! Secrets. The day's key stays in this process.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::day::Day;
use crate::domain::visitor::DayKey;
use crate::store::sqlite::SqliteStore;
use crate::store::{KeyPlace, SecretStore, StoreError};

#[async_trait]
impl SecretStore for SqliteStore {
    async fn agree_day_key(
        &self,
        _day: Day,
        proposal: DayKey,
        _now: Timestamp,
    ) -> Result<DayKey, StoreError> {
        Ok(proposal)
    }

    fn key_place(&self) -> KeyPlace {
        KeyPlace::Process
    }

    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        let file = self.file();
        let agreed = file.writer.write(move |db, _| {
            let sql = "INSERT OR IGNORE INTO secrets (name, value) VALUES ('session', ?1)";
            db.prepare_cached(sql)?.execute([proposal])?;
            let mut statement = db.prepare_cached("SELECT value FROM secrets WHERE name = 'session'")?;
            statement.query_row([], |row| row.get(0))
        });
        agreed.await
    }
}
