//! The reading end of the journal: hands on every intact record once and deletes finished segments.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record::{LONGEST, decode};
use super::{HEADER_BYTES, MAGIC, Position, segment_path, segments};
use crate::store::{JournalId, Numbered};

/// How much is read at once: about 20,000 clicks.
const CHUNK_BYTES: usize = 1 << 20;
/// What a click usually takes.
const USUAL: usize = 52;

/// Reads a journal from its oldest segment on.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    /// The place up to which records were handed on.
    at: Position,
    /// The segment at `at`, with the name of the journal that it belongs to.
    open: Option<(File, JournalId)>,
    /// How many zeros stand right before `at`.
    room: u64,
}

/// Some records, in order, all of one journal.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "entries may hold tags")]
pub struct Chunk {
    /// The journal that they belong to; none where there are no entries.
    pub journal: Option<JournalId>,
    /// The intact records.
    pub entries: Vec<Numbered>,
    /// Bytes in which no intact record was found.
    pub damaged_bytes: u64,
    /// Whether everything up to the asked position has now been handed on.
    pub caught_up: bool,
}

impl Reader {
    /// Begins at the oldest segment of the folder.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), at: Position::START, open: None, room: 0 }
    }

    /// The place up to which it has read.
    #[must_use]
    pub fn position(&self) -> Position {
        self.at
    }

    /// The number of the first record of the oldest segment that there is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn oldest_segment(&self) -> io::Result<Option<u64>> {
        Ok(segments(&self.dir)?.first().copied())
    }

    /// Reads on, at most to `end`; a segment before that of `end` is read to the end of its file.
    ///
    /// # Errors
    /// When the disk refuses; the same call may be made again.
    pub fn read(&mut self, end: Position) -> io::Result<Chunk> {
        loop {
            if self.open.is_none() && !self.open_next(end)? {
                return Ok(Chunk { caught_up: true, ..Chunk::default() });
            }
            let Some((file, journal)) = &self.open else { continue };
            let last = self.at.segment >= end.segment;
            let limit = if last { end.offset } else { file.metadata()?.len() };
            if self.at.offset >= limit {
                if last {
                    return Ok(Chunk { caught_up: true, ..Chunk::default() });
                }
                self.open = None;
                self.at = Position { segment: self.at.segment + 1, offset: 0 };
                continue;
            }
            let wanted = usize::try_from(limit - self.at.offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let mut bytes = vec![0; wanted];
            file.read_exact_at(&mut bytes, self.at.offset)?;
            let whole = self.at.offset + wanted as u64 == limit;
            let (chunk, used) = parse(&bytes, whole, journal.clone(), &mut self.room);
            self.at.offset += used as u64;
            return Ok(chunk);
        }
    }

    /// Deletes every segment that was read to its end; call it when what was read is settled.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn delete_read(&self) -> io::Result<()> {
        for segment in segments(&self.dir)?.into_iter().filter(|segment| *segment < self.at.segment) {
            fs::remove_file(segment_path(&self.dir, segment))?;
        }
        Ok(())
    }

    /// Opens the first segment at or behind the present place; `false` where `end` is reached.
    fn open_next(&mut self, end: Position) -> io::Result<bool> {
        let next = segments(&self.dir)?.into_iter().find(|segment| *segment >= self.at.segment);
        // A segment that begins at `end` is still being made.
        let durable = |segment: &u64| Position { segment: *segment, offset: 0 } < end;
        let Some(segment) = next.filter(durable) else { return Ok(false) };
        let file = File::open(segment_path(&self.dir, segment))?;
        let mut header = [0; HEADER_BYTES];
        match file.read_exact_at(&mut header, 0) {
            Ok(()) => {}
            // The process ended while it made this segment: nothing was recorded in it.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.at = Position { segment: segment + 1, offset: 0 };
                return self.open_next(end);
            }
            Err(error) => return Err(error),
        }
        // A damaged header costs no record: the journal's name also stands in the folder. It must not
        // pass for another name, under which the store would count again what it has counted.
        let name = match name_in(&header) {
            Some(name) => name,
            None => JournalId::new(&fs::read_to_string(self.dir.join("name"))?),
        };
        self.at = Position { segment, offset: HEADER_BYTES as u64 };
        (self.open, self.room) = (Some((file, name)), 0);
        Ok(true)
    }
}

/// The journal's name in an intact header.
fn name_in(header: &[u8; HEADER_BYTES]) -> Option<JournalId> {
    let (text, checksum) = header.split_last_chunk::<4>()?;
    let intact = crc32fast::hash(text) == u32::from_le_bytes(*checksum);
    let name = text.strip_prefix(MAGIC).filter(|_| intact)?;
    std::str::from_utf8(name).ok().map(JournalId::new)
}

/// Takes the records out of `bytes`; where none stands, looks for the next one byte by byte.
/// Returns how many bytes are done with; unless they are the `whole` rest, the last ones may be
/// the beginning of a record and are left for the next call. Zeros are `room` that was made for
/// records, and damage where something follows them.
fn parse(bytes: &[u8], whole: bool, journal: JournalId, room: &mut u64) -> (Chunk, usize) {
    let entries = Vec::with_capacity(bytes.len() / USUAL);
    let mut chunk = Chunk { journal: Some(journal), entries, ..Chunk::default() };
    let mut at = 0;
    while at < bytes.len() {
        match decode(&bytes[at..]) {
            Some((numbered, length)) => {
                chunk.damaged_bytes += std::mem::take(room);
                chunk.entries.push(numbered);
                at += length;
            }
            None if !whole && bytes.len() - at < LONGEST => break,
            None if bytes[at] == 0 => {
                *room += 1;
                at += 1;
            }
            None => {
                chunk.damaged_bytes += std::mem::take(room) + 1;
                at += 1;
            }
        }
    }
    (chunk, at)
}
