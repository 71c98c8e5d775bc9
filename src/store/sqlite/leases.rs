//! Leases: until when a piece of work is held.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::store::sqlite::{SqliteStore, link_creation};
use crate::store::{LeaseStore, StoreError};

#[async_trait]
impl LeaseStore for SqliteStore {
    async fn take_lease(&self, name: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.file().writer.write(move |db, _| take(db, &name, now, until)).await
    }

    async fn forget_ended_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM works WHERE until <= ?1";
        let forget = move |db: &Connection| {
            db.prepare_cached(sql)?.execute([now.as_millisecond()])?;
            link_creation::forget_ended_names(db, now)
        };
        self.file().writer.write(move |db, _| forget(db)).await
    }

    async fn hold_lease(&self, name: &str, _: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.file().writer.write(move |db, _| hold(db, &name, until)).await
    }
}

fn take(db: &Connection, name: &str, now: Timestamp, until: Timestamp) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO works (name, until) VALUES (?1, ?2)
               ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?3";
    Ok(db.prepare_cached(sql)?.execute((name, until.as_millisecond(), now.as_millisecond()))? == 1)
}

fn hold(db: &Connection, name: &str, until: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO works (name, until) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute((name, until.as_millisecond())).map(drop)
}
