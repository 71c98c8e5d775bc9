//! A test write.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::store::sqlite::SqliteStore;
use crate::store::{HealthStore, StoreError};

#[async_trait]
impl HealthStore for SqliteStore {
    async fn probe(&self) -> Result<(), StoreError> {
        self.file().writer.write(|db, _| probe(db)).await?;
        self.file().lookups.read(|db| db.query_row("SELECT count(*) FROM works", [], |_| Ok(()))).await
    }

    async fn probe_ephemeral(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Writes a row and deletes it in one step. Both change the same page of the file, which is written.
fn probe(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO works (name, until) VALUES ('probe', 0)")?.execute([])?;
    db.prepare_cached("DELETE FROM works WHERE name = 'probe'")?.execute([]).map(drop)
}
