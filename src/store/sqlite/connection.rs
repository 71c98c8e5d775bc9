//! Opening the file: who may read it, and how SQLite treats it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::StoreError;
use crate::store::sqlite::error::store_error;
use crate::store::sqlite::schema;

/// How long a statement waits for another process (the command line) that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Between attempts at what SQLite does not wait for.
const AGAIN: Duration = Duration::from_millis(5);

/// Distinct statements of this program; all of them stay prepared.
const STATEMENTS: usize = 128;

/// The connection that writes. Makes the tables where the file is new.
pub(super) fn writing(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(store_error)?;
    schema::prepare(&mut connection)?;
    write_ahead(&connection).map_err(store_error)?;
    // `secure_delete` overwrites what is deleted. `synchronous = FULL` syncs the write-ahead log
    // at each commit, which is when callers are answered. The log may grow to 16,000 pages
    // (64 MB) before it is copied into the file, so that a page that many links touch is copied once,
    // and as much of the file is kept in memory: the counts of a day of a million links. What a savepoint needs
    // to be undone stays in memory too: in a file, it cost a fifth of all writing.
    let habits = "
        PRAGMA synchronous = FULL;
        PRAGMA secure_delete = ON;
        PRAGMA foreign_keys = ON;
        PRAGMA wal_autocheckpoint = 16000;
        PRAGMA cache_size = -65536;
        PRAGMA temp_store = MEMORY;
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

/// A connection that reads what is in the file itself and neither reads nor makes another file beside it.
pub(super) fn reading_alone(path: &Path) -> rusqlite::Result<Connection> {
    // Any path is a URL's path when these characters are written out.
    let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let url = format!("file:{name}?immutable=1");
    open(url.as_ref(), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
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

/// Whether this process is the one that serves from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Sharing {
    /// It serves, and no other process does: what tells visitors apart is in its memory.
    Sole,
    /// It works beside the one that serves, as the command line does.
    Beside,
}

impl Sharing {
    /// How long somebody who asks for one thing waits for it.
    pub(super) fn patience(self) -> Duration {
        match self {
            // A visitor or a publisher waits for this.
            Self::Sole => Duration::from_millis(1_400),
            // A command may share the file with a busy service.
            Self::Beside => Duration::from_secs(15),
        }
    }
}

/// Makes the file and its folders where they are missing, and takes the file for the process that serves from it.
/// Only the owner may read what is made here; SQLite gives its other two files the same mode.
///
/// SQLite's own locks on the file are `fcntl`'s, which end when any descriptor of the file is closed. So the
/// file is opened before SQLite opens it, and the one who holds what is returned closes it after SQLite.
pub(super) fn make_file(path: &Path, sharing: Sharing) -> Result<Option<File>, StoreError> {
    let unavailable = |error: io::Error| StoreError::Unavailable(Box::new(error));
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unavailable)?;
    }
    if sharing == Sharing::Beside && path.exists() {
        return Ok(None);
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(unavailable)?;
    if sharing == Sharing::Beside {
        return Ok(None);
    }
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}
