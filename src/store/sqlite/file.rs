//! The file: the connections to it, and whether it is still the one at its path.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::domain::identity::StoreId;
use crate::store::StoreError;
use crate::store::sqlite::connection;
use crate::store::sqlite::connection::Sharing;
use crate::store::sqlite::error::store_error;
use crate::store::sqlite::placement::{Files, Placement};
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
    files: Files,
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
        let identity = identity(&writing)?;
        let files = Files::at(path).map_err(unavailable)?;
        Ok(Self {
            lookups: Readers::new(path.to_owned(), LOOKUPS, Some(sharing.patience())),
            reports: Readers::new(path.to_owned(), REPORTS, None),
            writer: Writer::start(writing, files.clone(), sharing.patience())?,
            identity,
            path: path.to_owned(),
            files,
            _lock: lock,
        })
    }

    /// Looks whether the files are where they were when they were opened.
    pub(super) fn placement(&self) -> Placement {
        self.files.placement()
    }

    /// The identity of whatever file is at the path now, where it is a store.
    pub(super) fn identity_at_path(&self) -> Option<StoreId> {
        let connection = connection::reading_alone(&self.path).ok()?;
        schema::identity(&connection).ok()?
    }

    /// Puts this file's log out of the way of another file that has taken its place.
    pub(super) fn leave_place(&self) -> io::Result<()> {
        self.files.leave_place()
    }
}

fn identity(connection: &Connection) -> Result<StoreId, StoreError> {
    let identity = schema::identity(connection).map_err(store_error)?;
    identity.ok_or_else(|| StoreError::Corrupt("a store without an identity".to_owned()))
}
