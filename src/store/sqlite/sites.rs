//! Sites and their keys. A site's row has the whole site as JSON beside what it is found by.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Error, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::site::{KeyHash, Site, SiteId};
use crate::store::sqlite::links::required;
use crate::store::sqlite::visitors::Visitors;
use crate::store::sqlite::{SqliteStore, codes};
use crate::store::{SiteStore, StoreError};

#[async_trait]
impl SiteStore for SqliteStore {
    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        let site = site.clone();
        self.file().writer.write_in_time(move |db, _| insert(db, &site)).await
    }

    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.file().writer.erase_in_time(move |db, _| replace(db, &old, &new)).await
    }

    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.file().writer.erase(move |db, visitors| delete(db, visitors, &id)).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.file().lookups.read(all).await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        let id = id.clone();
        self.file().lookups.read(move |db| by_id(db, &id)).await
    }

    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        let hash = hash.clone();
        self.file().lookups.read(move |db| by_key(db, &hash)).await
    }
}

/// Adds a site. A name, an identifier or a key that is there already breaks a constraint.
pub(super) fn insert(db: &Connection, site: &Site) -> rusqlite::Result<()> {
    let sql = "INSERT INTO sites (ident, name, body) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute((site.id.as_str(), &site.name, body(site)?))?;
    insert_keys(db, db.last_insert_rowid(), site)
}

/// Puts a site and its keys in the place of what it was; `false` where it is not that any more.
pub(super) fn replace(db: &Connection, old: &Site, new: &Site) -> rusqlite::Result<bool> {
    if by_id(db, &old.id)?.as_ref() != Some(old) {
        return Ok(false);
    }
    let id = row_number(db, &old.id)?;
    let sql = "UPDATE sites SET name = ?2, body = ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute((id, &new.name, body(new)?))?;
    db.prepare_cached("DELETE FROM site_keys WHERE site = ?1")?.execute([id])?;
    insert_keys(db, id, new)?;
    Ok(true)
}

/// Forgets a site and whatever any table, or the memory of `visitors`, has of it; whether it was there.
pub(super) fn delete(db: &Connection, visitors: &mut Visitors, id: &SiteId) -> rusqlite::Result<bool> {
    let find = "SELECT id FROM sites WHERE ident = ?1";
    let Some(site) =
        db.prepare_cached(find)?.query_row([id.as_str()], |row| row.get::<_, i64>(0)).optional()?
    else {
        return Ok(false);
    };
    let mut links = db.prepare("SELECT code FROM links WHERE site = ?1")?;
    let mut links = links.query([site])?;
    while let Some(link) = links.next()? {
        codes::keep(db, &required(link, 0)?, id)?;
    }
    // Each table that has something of sites says so by a column of this name.
    let tables =
        "SELECT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
                  WHERE tables.type = 'table' AND columns.name = 'site' AND columns.type = 'INTEGER'";
    let tables: Vec<String> =
        db.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for table in tables {
        db.execute(&format!("DELETE FROM {table} WHERE site = ?1"), [site])?;
    }
    db.execute("DELETE FROM sites WHERE id = ?1", [site])?;
    visitors.let_site_go(site);
    Ok(true)
}

/// Every site, by name.
pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<Site>> {
    let mut statement = db.prepare_cached("SELECT body FROM sites ORDER BY name")?;
    statement.query_map([], site)?.collect()
}

/// The site with this identifier.
pub(super) fn by_id(db: &Connection, id: &SiteId) -> rusqlite::Result<Option<Site>> {
    one(db.prepare_cached("SELECT body FROM sites WHERE ident = ?1")?, [id.as_str()])
}

/// The site that has a key with this hash.
pub(super) fn by_key(db: &Connection, hash: &KeyHash) -> rusqlite::Result<Option<Site>> {
    let sql = "SELECT body FROM sites WHERE id = (SELECT site FROM site_keys WHERE hash = ?1)";
    one(db.prepare_cached(sql)?, [hash.to_hex()])
}

/// The number of a site's row; an error where it is not there.
pub(super) fn row_number(db: &Connection, id: &SiteId) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT id FROM sites WHERE ident = ?1")?.query_row([id.as_str()], |row| row.get(0))
}

fn insert_keys(db: &Connection, site_row: i64, site: &Site) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached("INSERT INTO site_keys (hash, site) VALUES (?1, ?2)")?;
    for key in &site.keys {
        insert.execute((key.hash.to_hex(), site_row))?;
    }
    Ok(())
}

fn one(mut statement: CachedStatement<'_>, params: impl Params) -> rusqlite::Result<Option<Site>> {
    statement.query_row(params, site).optional()
}

/// The JSON text of what is kept as one.
pub(super) fn body(record: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(record).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

fn site(row: &Row<'_>) -> rusqlite::Result<Site> {
    from_body(row)
}

/// What the JSON text in a row's first column says.
pub(super) fn from_body<T: DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<T> {
    let json = row.get_ref(0)?.as_str()?;
    serde_json::from_str(json)
        .map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
