//! Placement: whether the database file and its write-ahead log are still where they were when they were opened.
//!
//! SQLite goes on writing into files that somebody has moved or deleted, and whatever it commits there is lost with them.

use std::path::{Path, PathBuf};

use crate::inode::{Inode, Place};

/// The files of an open database.
#[derive(Debug, Clone)]
pub(super) struct Files {
    path: PathBuf,
    database: Inode,
    /// The write-ahead log and its index, where they were there.
    log: Vec<(PathBuf, Inode)>,
}

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// All of them are where they were.
    InPlace,
    /// The log or its index is gone, so that nobody will find what has not been copied into the database file.
    WithoutLog,
    /// Another database file has taken the place of this one.
    Replaced,
    /// The database file was deleted or moved.
    Gone,
}

impl Files {
    /// Notes the files of the database that is open at `path`.
    pub(super) fn at(path: &Path) -> std::io::Result<Self> {
        let noted = |path: PathBuf| Some((path.clone(), Inode::at(&path).ok()?));
        let log = ["-wal", "-shm"].map(|ending| beside(path, ending));
        Ok(Self {
            path: path.to_owned(),
            database: Inode::at(path)?,
            log: log.into_iter().filter_map(noted).collect(),
        })
    }

    /// Looks where the files are now.
    pub(super) fn placement(&self) -> Placement {
        match self.database.place(&self.path) {
            Place::Nothing => Placement::Gone,
            Place::Another => Placement::Replaced,
            Place::Same if self.log.iter().all(|(path, inode)| inode.place(path) == Place::Same) => {
                Placement::InPlace
            }
            Place::Same => Placement::WithoutLog,
        }
    }

    /// Puts the log out of the way of another database file that has taken this one's place: SQLite would take it for
    /// the other one's. Connections that have it open go on with it.
    pub(super) fn leave_place(&self) -> std::io::Result<()> {
        for (path, inode) in &self.log {
            if inode.place(path) == Place::Same && path.exists() {
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
