//! The tables, and which version of them a file has (`PRAGMA user_version`).
//!
//! What tells visitors and their networks apart has no place here: a count's `visitors` and `networks` are numbers and
//! nothing else.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::domain::identity::StoreId;
use crate::store::StoreError;
use crate::store::sqlite::error::store_error;

/// The version that this program reads and writes.
const VERSION: i32 = 7;

/// Sites, links and open counts. Times are milliseconds and days are days, both since 1970-01-01 UTC.
///
/// - `links.id` is never used a second time (`AUTOINCREMENT`), so what is remembered in memory of
///   a deleted link can never be taken for another's.
/// - `links_by_folded_code` lets no two codes differ in case only, and finds a slug in any case.
/// - `links_by_age` is the listing, and lets a site's shares of some days be found. `created_at` is an hour; within one,
///   `id` tells the order.
/// - `counts` is what is open, ordered by day: what is settled today lies together, and so does
///   what ends with the retention time. It has no foreign key, which would need a second index;
///   whoever deletes a link deletes its counts.
/// - `links.page` is the page that statistics count it under, where that is written otherwise than `url`; on days before
///   `moved_since` it is `moved_page`, and the campaign is `moved_campaign`.
/// - `once_names.until` is in seconds; an idempotency key's name ends then and stands for one `fingerprint`.
/// - `deleted_codes` has a hash of each code whose link was deleted, and the site that may use it again.
/// - `campaigns` has each campaign as it was first written, by the form in which spellings are compared.
/// - `links.incarnation` has 64 random bits, which SQLite keeps with a sign.
/// - `journals` has how far each run's journal is settled, and the last day on which it was.
/// - `set_aside` has counts of links whose rows are damaged, by the link's key.
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
        page TEXT,
        channel TEXT NOT NULL,
        campaign TEXT,
        title TEXT,
        parent TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        disabled INTEGER NOT NULL,
        taken_down INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        incarnation INTEGER NOT NULL,
        is_share INTEGER NOT NULL,
        is_slug INTEGER NOT NULL,
        moved_since INTEGER,
        moved_page TEXT,
        moved_campaign TEXT
    ) STRICT;
    CREATE UNIQUE INDEX links_by_folded_code ON links (code COLLATE NOCASE);
    CREATE INDEX links_by_age ON links (site, created_at);
    CREATE INDEX links_by_parent ON links (parent) WHERE parent IS NOT NULL;

    CREATE TABLE once_names (
        site INTEGER NOT NULL,
        name BLOB NOT NULL,
        link INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
        fingerprint BLOB,
        until INTEGER,
        PRIMARY KEY (site, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX once_names_by_link ON once_names (link);
    CREATE INDEX once_names_by_end ON once_names (until) WHERE until IS NOT NULL;

    CREATE TABLE deleted_codes (
        hash BLOB PRIMARY KEY,
        site TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE campaigns (
        site INTEGER NOT NULL,
        folded TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (site, folded)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE counts (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        unfurls INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        networks INTEGER NOT NULL,
        opens INTEGER NOT NULL,
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
        checkpoint INTEGER NOT NULL,
        day INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE set_aside (
        link TEXT NOT NULL,
        day INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        unfurls INTEGER NOT NULL,
        opens INTEGER NOT NULL,
        PRIMARY KEY (link, day)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Where closed days and weeks are.
///
/// - `kinds` names the combinations of channel, page and campaign that have cells or pools; an empty text
///   stands for none. What is of a whole channel is of the kind without a page.
/// - `cells` has published numbers: those of a link's day; and, where `link` is 0, those of a kind's week, whose Monday
///   is the `day`. `known_unfurls` reads `slack=2 telegram=1`. It is ordered as `counts` is; the index finds a page's or a
///   campaign's days, and whether a kind is still needed.
/// - `pools` is what links of a day were too few for, until the week is closed. The row of a whole channel has the networks
///   of all that was pooled of it on that day; its numbers come there when the week is closed. `day` keeps days apart, because
///   networks are added up over days and not over links.
/// - `closings` is what is just being closed: the days (`is_week` = 0) and weeks by their numbers, each with the secret from
///   which everything that is drawn follows, and its k. It is empty in between.
/// - `closed_days` has each day that was begun to be closed; `min_count` is its k, and 0 until it is closed. What comes for one
///   of these days is late.
/// - `closed_weeks` has the same for weeks; `version` is 0 until the week is closed.
/// - `closed_before`: every day before this one is closed, also those without counts.
/// - `link_days` has a version for days whose links were changed or deleted, or made when the day was closed: who keeps
///   such a day in memory reads it again.
const CELLS: &str = "
    CREATE TABLE kinds (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL,
        channel TEXT NOT NULL,
        url TEXT NOT NULL,
        campaign TEXT NOT NULL,
        UNIQUE (site, channel, url, campaign)
    ) STRICT;

    CREATE TABLE cells (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        link INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        unfurls INTEGER NOT NULL,
        known_unfurls TEXT NOT NULL,
        clicks INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        opens INTEGER NOT NULL,
        PRIMARY KEY (site, day, link, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cells_by_kind ON cells (kind, day);

    CREATE TABLE pools (
        site INTEGER NOT NULL,
        week INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        day INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        networks INTEGER NOT NULL,
        opens INTEGER NOT NULL,
        PRIMARY KEY (site, week, kind, day)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pools_by_kind ON pools (kind);

    CREATE TABLE closings (
        site INTEGER NOT NULL,
        is_week INTEGER NOT NULL,
        number INTEGER NOT NULL,
        secret TEXT NOT NULL,
        min_count INTEGER NOT NULL,
        PRIMARY KEY (site, is_week, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE closed_days (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        min_count INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (site, day)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE closed_weeks (
        site INTEGER NOT NULL,
        week INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (site, week)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE closed_before (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        day INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE link_days (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (site, day)
    ) STRICT, WITHOUT ROWID;
";

/// Who may see the numbers. Each `body` is JSON.
///
/// - `people` has the site's identifier and the name in lower case; the body has the name as it was given, and a slow hash of the password.
/// - `sessions` and `views` have the hash of a token that one browser, or one address, has.
const ACCESS: &str = "
    CREATE TABLE people (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sessions (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE views (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// The pieces of work that one instance does for all of them, each with the time until which somebody
/// holds it.
const WORKS: &str = "
    CREATE TABLE works (
        name TEXT PRIMARY KEY,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Makes the tables where the file is new.
///
/// # Errors
/// [`StoreError::Corrupt`] when the file belongs to another version or to another program.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // Of two processes that open a new file, one makes the tables and the other finds them.
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let number = |sql| step.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(store_error);
    match number("PRAGMA user_version")? {
        VERSION => return Ok(()),
        0 if number("SELECT count(*) FROM sqlite_schema")? == 0 => {}
        0 => return Err(StoreError::Corrupt("the tables of another program".to_owned())),
        other => {
            let what = format!("tables of version {other}; this program reads version {VERSION}");
            return Err(StoreError::Corrupt(what));
        }
    }
    for tables in [TABLES, CELLS, ACCESS, WORKS] {
        step.execute_batch(tables).map_err(store_error)?;
    }
    let identity = StoreId::random();
    step.execute("INSERT INTO secrets (name, value) VALUES ('identity', ?1)", [identity.as_str().as_bytes()])
        .map_err(store_error)?;
    step.pragma_update(None, "user_version", VERSION).map_err(store_error)?;
    step.commit().map_err(store_error)
}

/// Returns the random identity that the file was given when it was made.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<Option<StoreId>> {
    let sql = "SELECT value FROM secrets WHERE name = 'identity'";
    let bytes: Option<Vec<u8>> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| StoreId::new(&text)))
}
