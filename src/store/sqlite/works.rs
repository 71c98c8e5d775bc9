//! Work that is done once: who holds a piece of it until when.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::store::sqlite::{SqliteStore, links};
use crate::store::{StoreError, Works};

#[async_trait]
impl Works for SqliteStore {
    async fn take_work(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.file().writer.write(move |db, _| take(db, &name, now, until)).await
    }

    async fn forget_ended_work(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM works WHERE until <= ?1";
        let forget = move |db: &Connection| {
            db.prepare_cached(sql)?.execute([now.as_millisecond()])?;
            links::forget_ended_names(db, now)
        };
        self.file().writer.write(move |db, _| forget(db)).await
    }

    async fn hold_work(&self, name: &str, _: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.file().writer.write(move |db, _| hold(db, &name, until)).await
    }
}

fn take(db: &Connection, name: &str, now: Timestamp, until: Timestamp) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO works (name, until) VALUES (?1, ?2)
               ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?3";
    Ok(db.prepare_cached(sql)?.execute((name, until.as_millisecond(), now.as_millisecond()))? == 1)
}

/// Writes a row and deletes it in one step. Both change the same page of the file, which is written.
pub(super) fn probe(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO works (name, until) VALUES ('probe', 0)")?.execute([])?;
    db.prepare_cached("DELETE FROM works WHERE name = 'probe'")?.execute([]).map(drop)
}

fn hold(db: &Connection, name: &str, until: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO works (name, until) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute((name, until.as_millisecond())).map(drop)
}
