//! The journal: finished counts on this machine's disk, before any visitor is forwarded.
//!
//! A folder of *segments*, each a header and then records, oldest first; a *ledger*, which says whose journal it is and
//! what of it was deleted; and the *progress*, which says what the store has confirmed. Promises: what [`Writer::append`] accepted is read again by
//! [`Reader`], in order and with its number, even after the process was killed at any moment; a damaged record costs
//! itself and no other.
//!
//! Each start of the service writes a journal of its own, with a random name and numbers from 1. So no number is
//! ever used twice under one name, whatever the clock, a power cut or a copied folder does: a copy has the same
//! records under the same names, and whoever writes on in it writes under another name (ADR 19).

mod adoption;
pub mod folder;
mod ledger;
mod progress;
mod reader;
mod record;
mod segment;
#[cfg(test)]
mod tests;
mod unwritten;
mod writer;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use adoption::Adoption;
pub use ledger::{Confirmed, Ledger, LedgerError};
pub use progress::Progress;
pub use reader::{Chunk, Reader};
pub use record::Batch;
pub use unwritten::{note_unwritten, take_unwritten};
pub use writer::{OpenError, Sync, Writer};

/// A segment's file name is its place among the folder's segments, then this.
const EXTENSION: &str = "journal";

/// A place in the journal: everything before it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment, by its place among the folder's segments.
    segment: u64,
    /// Bytes from the segment's beginning.
    offset: u64,
}

impl Position {
    /// Before everything.
    pub const START: Self = Self { segment: 0, offset: 0 };
    /// Behind everything.
    pub const END: Self = Self { segment: u64::MAX, offset: u64::MAX };

    /// The segment that the place is in.
    #[must_use]
    pub fn segment(self) -> u64 {
        self.segment
    }

    /// The last segment that can have records before the place.
    #[must_use]
    pub fn last_segment_before(self) -> u64 {
        if self.offset > segment::FIRST_RECORD { self.segment } else { self.segment.saturating_sub(1) }
    }
}

fn segment_path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:020}.{EXTENSION}"))
}

/// Returns the segments in a folder, oldest first; none where there is no folder.
fn segments(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    let files = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        files => files?,
    };
    for file in files {
        let path = file?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|e| e == EXTENSION)) {
            found.push(number);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Files of the journal are for this user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
