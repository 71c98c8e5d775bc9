//! The tables, and which version of them a file has (`PRAGMA user_version`).
//!
//! What tells visitors apart has no place here: a count's `visitors` is a number and nothing else.

use rusqlite::{Connection, TransactionBehavior};

use super::error::store_error;
use crate::store::StoreError;

/// The version that this program reads and writes.
const VERSION: i32 = 2;

/// Times are milliseconds and days are days, both since 1970-01-01 UTC.
///
/// - `links.id` is never used a second time (`AUTOINCREMENT`), so what is remembered in memory of
///   a deleted link can never be taken for another's.
/// - `links_by_age` is the listing, and lets a site's shares of some days be found.
/// - `counts` is ordered by day: what is settled today lies together, and so does what ends with
///   the retention time. It has no foreign key, which would need a second index; whoever deletes a
///   link deletes its counts.
/// - `known_unfurls` says which family of apps how many of a count's `unfurls` are known to be of; what
///   it does not say is others'. It lies as `counts` does, and goes with it.
const TABLES: &str = "
    CREATE TABLE sites (
        id INTEGER PRIMARY KEY,
        ident TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL
    ) STRICT;

    CREATE TABLE site_keys (
        hash TEXT PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES sites (id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE links (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code TEXT NOT NULL UNIQUE,
        site INTEGER NOT NULL REFERENCES sites (id),
        url TEXT NOT NULL,
        channel TEXT NOT NULL,
        campaign TEXT,
        title TEXT,
        parent TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        disabled INTEGER NOT NULL,
        taken_down INTEGER NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX links_by_age ON links (site, created_at, code);

    CREATE TABLE once_names (
        site INTEGER NOT NULL,
        name BLOB NOT NULL,
        link INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
        PRIMARY KEY (site, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX once_names_by_link ON once_names (link);

    CREATE TABLE counts (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        unfurls INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        aggregate_clicks INTEGER NOT NULL,
        PRIMARY KEY (site, day, link)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE known_unfurls (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        app TEXT NOT NULL,
        unfurls INTEGER NOT NULL,
        PRIMARY KEY (site, day, link, app)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE journals (
        name TEXT PRIMARY KEY,
        mark INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What makes a file of version 2 of one of version 1. There, nobody had counted generations: they are counted
/// as far as parents are still there. A code can have been made again since; a parent is older than its
/// child, so this ends.
const FROM_1: &str = "
    ALTER TABLE links ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
    UPDATE links SET generation = (
        WITH RECURSIVE line (parent, id, generation) AS (
            SELECT links.parent, links.id, 1
            UNION ALL
            SELECT elder.parent, elder.id, line.generation + 1
            FROM line CROSS JOIN links AS elder ON elder.code = line.parent
            WHERE elder.site = links.site AND elder.id < line.id AND elder.parent IS NOT NULL
        )
        SELECT max(generation) FROM line
    ) WHERE parent IS NOT NULL;

    CREATE TABLE known_unfurls (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        app TEXT NOT NULL,
        unfurls INTEGER NOT NULL,
        PRIMARY KEY (site, day, link, app)
    ) STRICT, WITHOUT ROWID;
";

/// Makes the tables where the file is new, and makes those of an earlier version what they are now, with all
/// that they hold: at once or not at all.
///
/// # Errors
/// [`StoreError::Corrupt`] when the file belongs to a later version or to another program.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // Of two processes that open a new file, one makes the tables and the other finds them.
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let number = |sql| step.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(store_error);
    let change = match number("PRAGMA user_version")? {
        VERSION => return Ok(()),
        0 if number("SELECT count(*) FROM sqlite_schema")? == 0 => TABLES,
        1 => FROM_1,
        newer if newer > VERSION => {
            return Err(StoreError::Corrupt(format!(
                "tables of version {newer}; this program knows {VERSION}"
            )));
        }
        _ => return Err(StoreError::Corrupt("the tables of another program".to_owned())),
    };
    step.execute_batch(change).map_err(store_error)?;
    step.pragma_update(None, "user_version", VERSION).map_err(store_error)?;
    step.commit().map_err(store_error)
}
