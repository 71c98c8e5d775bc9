//! The reading end of the journal: hands on every intact record once and deletes finished segments.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::domain::entry::Numbered;
use crate::domain::identity::JournalId;
use crate::journal::record::{LONGEST, decode};
use crate::journal::segment::{FIRST_RECORD, Header};
use crate::journal::writer::is_at;
use crate::journal::{Position, segment_path, segments};

/// How much is read at once: about 20,000 clicks.
const CHUNK_BYTES: usize = 1 << 20;
/// What a click usually takes.
const CLICK_BYTES: usize = 62;

/// Reads a journal from its oldest segment on.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    /// The place up to which records were handed on.
    at: Position,
    /// The segment at `at`.
    open: Option<(File, Header)>,
    /// How many zeros stand right before `at`.
    room: u64,
}

/// Some records, in order, all of one segment.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "entries may hold tags")]
pub struct Chunk {
    /// The journal that they belong to; none where there are no entries.
    pub journal: Option<JournalId>,
    /// The number of the last record of that journal before the segment; 0 where it is the first one.
    pub after: u64,
    /// The intact records.
    pub entries: Vec<Numbered>,
    /// Bytes in which no intact record was found.
    pub damaged_bytes: u64,
    /// The segment whose header is damaged: which journal its records belong to is not known. It was passed over, and its
    /// file has another name now.
    pub unreadable: Option<PathBuf>,
    /// Whether everything up to the asked position has now been handed on.
    pub caught_up: bool,
}

impl Reader {
    /// Begins at the oldest segment of the folder.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self::from(dir, Position::START)
    }

    /// Begins at a place that was read up to before.
    #[must_use]
    pub fn from(dir: &Path, at: Position) -> Self {
        Self { dir: dir.to_owned(), at, open: None, room: 0 }
    }

    /// The place up to which it has read.
    #[must_use]
    pub fn position(&self) -> Position {
        self.at
    }

    /// Reads on, at most to `end`; a segment before that of `end` is read to the end of its file.
    ///
    /// # Errors
    /// When the disk refuses; the same call may be made again.
    pub fn read(&mut self, end: Position) -> io::Result<Chunk> {
        loop {
            if self.open.is_none() {
                match self.open_next(end)? {
                    Opened::Segment => {}
                    Opened::Nothing => return Ok(Chunk { caught_up: true, ..Chunk::default() }),
                    Opened::Unreadable(path) => {
                        return Ok(Chunk { unreadable: Some(path), ..Chunk::default() });
                    }
                }
            }
            let Some((file, header)) = &self.open else { continue };
            if !is_at(file, &segment_path(&self.dir, self.at.segment)) {
                // The segment was removed, and the writer has made it again.
                self.open = None;
                continue;
            }
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
            let (chunk, used) = parse(&bytes, whole, header, &mut self.room);
            self.at.offset += used as u64;
            return Ok(chunk);
        }
    }

    /// Deletes every segment before `segment`, and says whether there were any.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn delete_before(dir: &Path, segment: u64) -> io::Result<()> {
        for old in segments(dir)?.into_iter().filter(|old| *old < segment) {
            fs::remove_file(segment_path(dir, old))?;
        }
        Ok(())
    }

    /// Opens the first segment at or behind the present place.
    fn open_next(&mut self, end: Position) -> io::Result<Opened> {
        loop {
            let next = segments(&self.dir)?.into_iter().find(|segment| *segment >= self.at.segment);
            // A segment that begins at `end` is still being made.
            let is_durable = |segment: &u64| Position { segment: *segment, offset: 0 } < end;
            let Some(segment) = next.filter(is_durable) else { return Ok(Opened::Nothing) };
            let path = segment_path(&self.dir, segment);
            let file = File::open(&path)?;
            match Header::read(&file) {
                Ok(Some(header)) => {
                    if self.at.segment != segment || self.at.offset < FIRST_RECORD {
                        self.at = Position { segment, offset: FIRST_RECORD };
                        self.room = 0;
                    }
                    self.open = Some((file, header));
                    return Ok(Opened::Segment);
                }
                // The process ended while it made this segment: nothing was recorded in it.
                Ok(None) => self.at = Position { segment: segment + 1, offset: 0 },
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    let damaged = path.with_extension("damaged");
                    fs::rename(&path, &damaged)?;
                    self.at = Position { segment: segment + 1, offset: 0 };
                    return Ok(Opened::Unreadable(damaged));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// What was found behind a place.
enum Opened {
    Segment,
    Nothing,
    Unreadable(PathBuf),
}

/// Takes the records out of `bytes`; where none stands, looks for the next one byte by byte.
/// Returns how many bytes are done with; unless they are the `whole` rest, the last ones may be
/// the beginning of a record and are left for the next call. Zeros are `room` that was made for
/// records, and damage where something follows them.
fn parse(bytes: &[u8], whole: bool, header: &Header, room: &mut u64) -> (Chunk, usize) {
    let entries = Vec::with_capacity(bytes.len() / CLICK_BYTES);
    let Header { journal, after } = header.clone();
    let mut chunk = Chunk { journal: Some(journal), after, entries, ..Chunk::default() };
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
