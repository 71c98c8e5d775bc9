//! Records: tables of a name and a JSON text, for what is few and found by one name.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::site::{KeyHash, SiteId};
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::sites::{body, from_body};

/// A table of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table(pub(super) &'static str);

/// Who may sign in, by their site and their folded name.
pub(super) const PEOPLE: Table = Table("people");
/// Who is signed in, by the hash of a token.
pub(super) const SESSIONS: Table = Table("sessions");
/// What is shared, by the hash of a token.
pub(super) const VIEWS: Table = Table("views");

impl Table {
    /// Adds a record. A name that is there already breaks a constraint.
    pub(super) fn insert(self, db: &Connection, name: &str, record: &impl Serialize) -> rusqlite::Result<()> {
        let sql = format!("INSERT INTO {} (name, body) VALUES (?1, ?2)", self.0);
        db.prepare_cached(&sql)?.execute((name, body(record)?)).map(drop)
    }

    /// The record of this name.
    pub(super) fn get<T: DeserializeOwned>(self, db: &Connection, name: &str) -> rusqlite::Result<Option<T>> {
        let sql = format!("SELECT body FROM {} WHERE name = ?1", self.0);
        db.prepare_cached(&sql)?.query_row([name], |row: &Row<'_>| from_body(row)).optional()
    }

    /// Every record.
    pub(super) fn all<T: DeserializeOwned>(self, db: &Connection) -> rusqlite::Result<Vec<T>> {
        let mut statement = db.prepare_cached(&format!("SELECT body FROM {}", self.0))?;
        statement.query_map([], |row| from_body(row))?.collect()
    }

    /// Returns the records of this site.
    pub(super) fn of_site<T: DeserializeOwned>(
        self,
        db: &Connection,
        site: &SiteId,
    ) -> rusqlite::Result<Vec<T>> {
        let sql = format!("SELECT body FROM {} WHERE json_extract(body, '$.site') = ?1", self.0);
        db.prepare_cached(&sql)?.query_map([site.as_str()], |row| from_body(row))?.collect()
    }

    /// Changes the record of this name, and returns what it became.
    pub(super) fn change<T: Serialize + DeserializeOwned>(
        self,
        db: &Connection,
        name: &str,
        change: impl FnOnce(&mut T),
    ) -> rusqlite::Result<Option<T>> {
        let Some(mut record) = self.get::<T>(db, name)? else { return Ok(None) };
        change(&mut record);
        let sql = format!("UPDATE {} SET body = ?2 WHERE name = ?1", self.0);
        db.prepare_cached(&sql)?.execute((name, body(&record)?))?;
        Ok(Some(record))
    }

    /// Deletes the record of this name; whether it was there.
    pub(super) fn delete(self, db: &Connection, name: &str) -> rusqlite::Result<bool> {
        let sql = format!("DELETE FROM {} WHERE name = ?1", self.0);
        Ok(db.prepare_cached(&sql)?.execute([name])? > 0)
    }
}

impl SqliteStore {
    /// Deletes the records of these tokens.
    pub(super) async fn delete_each(&self, table: Table, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let names: Vec<_> = tokens.iter().map(KeyHash::to_hex).collect();
        let delete =
            move |db: &Connection| names.iter().try_for_each(|name| table.delete(db, name).map(drop));
        self.file().writer.erase_in_time(move |db, _| delete(db)).await
    }
}
