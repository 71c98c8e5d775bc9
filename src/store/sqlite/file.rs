//! The file: the connections to it, and whether it is still the one at its path.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::domain::identity::StoreId;
use crate::inode::{Inode, Place};
use crate::store::StoreError;
use crate::store::sqlite::connection;
use crate::store::sqlite::connection::Sharing;
use crate::store::sqlite::error::store_error;
use crate::store::sqlite::readers::Readers;
use crate::store::sqlite::schema;
use crate::store::sqlite::writer::Writer;

/// Connections for lookups by name, which a visitor waits for.
const LOOKUPS: usize = 4;
/// Connections for lists and statistics, which may take a while; they never hold up a lookup.
const REPORTS: usize = 2;

/// A database file that is open.
pub(super) struct OpenFile {
    // In this order: the readers let go of the file before the writer tidies it up, and the lock ends last.
    pub(super) lookups: Readers,
    pub(super) reports: Readers,
    pub(super) writer: Writer,
    pub(super) identity: StoreId,
    path: PathBuf,
    inode: Inode,
    /// The files beside it that belong to it: its write-ahead log and that log's index.
    beside: Vec<(PathBuf, Inode)>,
    /// Held as long as this process serves from the file. It is the file itself that is locked, so no other file
    /// that somebody could remove stands for it.
    _lock: Option<File>,
}

impl OpenFile {
    /// Opens the file at `path`, or makes it (mode 0600) and its folders (0700).
    pub(super) fn open(path: &Path, sharing: Sharing) -> Result<Self, StoreError> {
        let unavailable = |error: io::Error| StoreError::Unavailable(Box::new(error));
        let lock = connection::make_file(path, sharing)?;
        let writing = connection::writing(path)?;
        let inode = Inode::at(path).map_err(unavailable)?;
        let identity = identity(&writing)?;
        let beside = ["-wal", "-shm"].map(|ending| beside(path, ending));
        let inode_of = |path: PathBuf| Some((path.clone(), Inode::at(&path).ok()?));
        let beside = beside.into_iter().filter_map(inode_of).collect();
        Ok(Self {
            beside,
            lookups: Readers::new(path.to_owned(), LOOKUPS, Some(sharing.patience())),
            reports: Readers::new(path.to_owned(), REPORTS, None),
            writer: Writer::start(writing, sharing.patience())?,
            identity,
            path: path.to_owned(),
            inode,
            _lock: lock,
        })
    }

    /// Whether the file at the path is the one that is open.
    pub(super) fn place(&self) -> Place {
        self.inode.place(&self.path)
    }

    /// The identity of whatever file is at the path now, where it is a store.
    pub(super) fn identity_at_path(&self) -> Option<StoreId> {
        let connection = connection::reading_alone(&self.path).ok()?;
        schema::identity(&connection).ok()?
    }

    /// Puts this file's log out of the way of another file that has taken its place: SQLite would take it for the other
    /// one's. Whoever has it open goes on with it.
    pub(super) fn leave_place(&self) -> io::Result<()> {
        for (path, inode) in &self.beside {
            if Inode::at(path).is_ok_and(|there| there == *inode) {
                std::fs::rename(path, beside(path, ".old"))?;
            }
        }
        Ok(())
    }
}

/// A file's name with an ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn identity(connection: &Connection) -> Result<StoreId, StoreError> {
    let identity = schema::identity(connection).map_err(store_error)?;
    identity.ok_or_else(|| StoreError::Corrupt("a store without an identity".to_owned()))
}
