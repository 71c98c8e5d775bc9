//! The journal: finished counts on this machine's disk, before any visitor is forwarded.
//!
//! A folder of *segments*, each a header and then records, oldest first. Promises: what
//! [`Writer::append`] accepted is read again by [`Reader`], in order and with its number, even
//! after the process was killed at any moment; a damaged record costs itself and no other. Numbers
//! rise and are never used twice in one folder, not even when a power cut took written records away.

mod reader;
mod record;
mod writer;

use std::io;
use std::path::{Path, PathBuf};

pub use reader::{Chunk, Reader};
pub use record::Batch;
pub use writer::{InUse, Sync, Writer};

/// Every segment begins with these bytes, then the journal's name, then a CRC-32 of both.
const MAGIC: &[u8; 8] = b"ENSJRNL1";
/// Length of a journal's name.
const NAME_BYTES: usize = 16;
/// Length of a segment's header.
const HEADER_BYTES: usize = MAGIC.len() + NAME_BYTES + 4;
/// A segment's file name is the number of its first record, then this.
const EXTENSION: &str = "journal";

/// A place in the journal: everything before it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment, by the number of its first record.
    segment: u64,
    /// Bytes from the segment's beginning.
    offset: u64,
}

impl Position {
    /// Before everything.
    pub const START: Self = Self { segment: 0, offset: 0 };
    /// Behind everything.
    pub const END: Self = Self { segment: u64::MAX, offset: u64::MAX };
}

fn segment_path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:020}.{EXTENSION}"))
}

/// The segments in a folder, oldest first; none where the folder could not be made yet.
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

#[cfg(test)]
mod tests;
