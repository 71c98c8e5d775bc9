//! The embedded store: one SQLite file, which anybody can open to see what is, and is not, in it.
//!
//! One thread writes and commits together what waits (`writer`); a few connections read beside it
//! (`readers`). What tells visitors apart is in this process's memory only (`visitors`), so after a
//! restart nobody can tell which visitors of the same day were there before; the larger number counts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::task::spawn_blocking;

use self::error::Ended;
use self::file::OpenFile;
use crate::store::StoreError;

pub(super) use self::connection::Sharing;

mod campaigns;
mod cells;
mod checkpoints;
mod closing;
mod codes;
mod connection;
mod coordination;
mod counts;
mod day_closing;
mod days;
mod error;
mod file;
mod health;
mod identity;
mod leases;
mod lineage;
mod link_creation;
mod links;
mod networks;
mod people;
mod placement;
mod readers;
mod reading;
mod records;
mod retention;
mod schema;
mod secrets;
mod sessions;
mod settlement;
mod shared_views;
mod sites;
mod stats;
mod today;
mod visitors;
mod week_closing;
mod writer;

/// A store in one SQLite file.
pub(super) struct SqliteStore {
    path: PathBuf,
    sharing: Sharing,
    /// Replaced where another file at the path is taken for the right one.
    file: RwLock<Arc<OpenFile>>,
}

impl SqliteStore {
    /// Opens the file at `path`, or makes it (mode 0600) and its folders (0700). What a request asks for
    /// is answered, or refused, in time; settling, closing and reports take their time.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the file is no database, or one of another version or of another program;
    /// [`StoreError::InUse`] when another process serves from it; [`StoreError::Unavailable`] when it cannot be
    /// opened.
    pub(super) async fn open(path: &Path, sharing: Sharing) -> Result<Self, StoreError> {
        // Absolute, so that every connection opens the same file whatever the process does.
        let path = std::path::absolute(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let file = Self::open_file(path.clone(), sharing).await?;
        Ok(Self { path, sharing, file: RwLock::new(Arc::new(file)) })
    }

    async fn open_file(path: PathBuf, sharing: Sharing) -> Result<OpenFile, StoreError> {
        spawn_blocking(move || OpenFile::open(&path, sharing)).await.map_err(|_| Ended("writer"))?
    }

    fn file(&self) -> Arc<OpenFile> {
        Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner))
    }
}
