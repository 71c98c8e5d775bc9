//! Opening the file: who may read it, and how SQLite treats it.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::store_error;
use super::schema;
use crate::store::StoreError;

/// How long a statement waits for another process (the command line) that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Between attempts at what SQLite does not wait for.
const AGAIN: Duration = Duration::from_millis(5);

/// Distinct statements of this program; all of them stay prepared.
const STATEMENTS: usize = 128;

/// The connection that writes. Makes the file, its folders and its tables where they are missing.
pub(super) fn writing(path: &Path) -> Result<Connection, StoreError> {
    make_file(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(store_error)?;
    schema::prepare(&mut connection)?;
    write_ahead(&connection).map_err(store_error)?;
    // `secure_delete` overwrites what is deleted. `synchronous = FULL` syncs the write-ahead log
    // at each commit, which is when callers are answered. The log may grow to 16,000 pages
    // (64 MB) before it is copied into the file, so that a page that many links touch is copied once,
    // and as much of the file is kept in memory: the counts of a day of a million links.
    let habits = "
        PRAGMA synchronous = FULL;
        PRAGMA secure_delete = ON;
        PRAGMA foreign_keys = ON;
        PRAGMA wal_autocheckpoint = 16000;
        PRAGMA cache_size = -65536;
    ";
    connection.execute_batch(habits).map_err(store_error)?;
    Ok(connection)
}

/// Gives the file its write-ahead log. Where another process is just doing the same, SQLite does not wait for it by itself.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < BUSY =>
            {
                sleep(AGAIN);
            }
            done => return done,
        }
    }
}

/// A connection that only reads. The file has to be there.
pub(super) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // No thread ever shares a connection, so SQLite need not lock it.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    // Otherwise a statement is planned again for every new value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Only the owner may read what is made here; SQLite gives its other two files the same mode.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}
