//! Work that is done once: who holds a piece of it until when.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use super::SqliteStore;
use crate::store::{StoreError, Works};

#[async_trait]
impl Works for SqliteStore {
    async fn take_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.writer.write(move |db, _| take(db, &name, now, until)).await
    }

    async fn hold_work(&self, name: &str, _: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.writer.write(move |db, _| hold(db, &name, until)).await
    }
}

fn take(db: &Connection, name: &str, now: Timestamp, until: Timestamp) -> rusqlite::Result<bool> {
    // What nobody holds any more is forgotten on the way.
    db.prepare_cached("DELETE FROM works WHERE until <= ?1")?.execute([now.as_millisecond()])?;
    let sql = "INSERT OR IGNORE INTO works (name, until) VALUES (?1, ?2)";
    Ok(db.prepare_cached(sql)?.execute((name, until.as_millisecond()))? == 1)
}

fn hold(db: &Connection, name: &str, until: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO works (name, until) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute((name, until.as_millisecond())).map(drop)
}
