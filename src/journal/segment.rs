//! How a segment begins: twice the same header, so that damage to one costs nothing.
//!
//! ```text
//! "ENSJRNL2" │ journal's name, 16 bytes │ number of the record before the first one u64 │ CRC-32 of these u32
//! ```

use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use crate::domain::identity::{JournalId, NAME_LENGTH};

/// Every header begins with these bytes.
const MAGIC: &[u8; 8] = b"ENSJRNL2";
/// Length of one header.
const HEADER_BYTES: usize = MAGIC.len() + NAME_LENGTH + 8 + 4;
/// Where the first record stands.
pub(super) const FIRST_RECORD: u64 = 2 * HEADER_BYTES as u64;

/// What stands at the beginning of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The journal that its records belong to.
    pub(super) journal: JournalId,
    /// The number of the last record of that journal before this segment; 0 where it is the first one.
    pub(super) after: u64,
}

impl Header {
    /// Returns the bytes that a segment begins with.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.journal.as_str().as_bytes());
        bytes.extend(self.after.to_le_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes.repeat(2)
    }

    /// Reads the header of a segment; `None` where the process ended while it made the segment, so that nothing was
    /// recorded in it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] where both copies are damaged, and what the disk says.
    pub(super) fn read(file: &impl FileExt) -> io::Result<Option<Self>> {
        let mut bytes = [0; 2 * HEADER_BYTES];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let header = bytes.chunks_exact(HEADER_BYTES).find_map(Self::parse);
        header.map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (text, checksum) = bytes.split_last_chunk::<4>()?;
        let is_intact = crc32fast::hash(text) == u32::from_le_bytes(*checksum);
        let rest = text.strip_prefix(MAGIC).filter(|_| is_intact)?;
        let (name, after) = rest.split_last_chunk::<8>()?;
        let name = std::str::from_utf8(name).ok()?;
        Some(Self { journal: JournalId::new(name), after: u64::from_le_bytes(*after) })
    }
}
