//! The checkpoints of journals, and what is confirmed of them.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::day::Day;
use crate::domain::identity::JournalId;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::counts::number;
use crate::store::{CheckpointStore, StoreError};

#[async_trait]
impl CheckpointStore for SqliteStore {
    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError> {
        let journal = journal.clone();
        self.file().writer.write(move |db, _| checkpoint(db, &journal)).await
    }

    async fn confirm(
        &self,
        journal: &JournalId,
        _number: u64,
        today: Day,
        _has_ended: bool,
    ) -> Result<(), StoreError> {
        let journal = journal.clone();
        self.file().writer.write(move |db, _| confirm(db, &journal, today)).await
    }
}

/// Returns the number of the last entry that was settled; 0 where none was.
pub(super) fn checkpoint(db: &Connection, journal: &JournalId) -> rusqlite::Result<u64> {
    let mut statement = db.prepare_cached("SELECT checkpoint FROM journals WHERE name = ?1")?;
    let checkpoint = statement.query_row([journal.as_str()], |row| number(row, 0)).optional()?;
    Ok(checkpoint.unwrap_or(0))
}

/// Keeps a journal's checkpoint for the retention time from this day on.
pub(super) fn confirm(db: &Connection, journal: &JournalId, today: Day) -> rusqlite::Result<()> {
    let sql = "UPDATE journals SET day = max(day, ?2) WHERE name = ?1";
    db.prepare_cached(sql)?.execute((journal.as_str(), today.number())).map(drop)
}
