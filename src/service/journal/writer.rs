//! The writing end of the journal. One process has a folder for itself.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::FallocateFlags;

use super::record::Batch;
use super::{HEADER_BYTES, MAGIC, NAME_BYTES, Position, segment_path, segments};
use crate::store::JournalId;

/// A segment ends when it is this long; a settled segment is deleted as a whole.
const SEGMENT_BYTES: u64 = 16 << 20;

/// How much room is made ahead of the records that are synced one after the other: a sync that need
/// not also write down that the file has grown takes a fraction of the time.
const ROOM_BYTES: u64 = 1 << 20;

/// Where a segment without records ends.
const EMPTY: u64 = HEADER_BYTES as u64;

/// When a written entry counts as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// When it is on the disk: it survives a power cut.
    Always,
    /// When the operating system has it: it survives the end of the process.
    Os,
}

impl std::str::FromStr for Sync {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "always" => Ok(Self::Always),
            "os" => Ok(Self::Os),
            _ => Err("must be always or os"),
        }
    }
}

/// Another process writes the journal in this folder.
#[derive(Debug, thiserror::Error)]
#[error("another process uses the journal folder {0}")]
pub struct InUse(PathBuf);

/// Appends to the journal of one folder.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    sync: Sync,
    next_number: u64,
    /// That the folder is this process's own; not yet where the disk refused.
    taken: Option<Taken>,
    /// The segment being written; none after a failure, until one can be made again.
    segment: Option<Segment>,
}

#[derive(Debug)]
struct Taken {
    /// The journal's name, the same for the folder's whole life.
    name: JournalId,
    /// Held locked as long as this process writes.
    _lock: File,
}

/// The segment being written. It is cut off at its end when it is dropped: what stands behind that
/// is room, or the rest of a write that failed.
#[derive(Debug)]
struct Segment {
    file: File,
    path: PathBuf,
    end: Position,
    /// Where its room ends.
    room: u64,
}

impl Segment {
    /// Makes room for records up to `end`. Without it the file grows as it is written; where the
    /// disk is full, the write says so.
    fn make_room(&mut self, end: u64) {
        if self.room < end {
            let room = end + ROOM_BYTES;
            let _ = rustix::fs::fallocate(&self.file, FallocateFlags::empty(), self.room, room - self.room);
            self.room = room;
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let _ = match self.end.offset {
            EMPTY => fs::remove_file(&self.path),
            end => self.file.set_len(end),
        };
    }
}

impl Writer {
    /// Takes a folder for this process, and makes it where it is not there. Where the disk refuses
    /// that, the first append that can takes it: nobody waits for a click to be counted.
    ///
    /// # Errors
    /// When another process has it.
    pub fn open(dir: &Path, sync: Sync, now: Timestamp) -> Result<Self, InUse> {
        // Numbers begin at the clock's microseconds, beyond every number that earlier runs gave
        // out. With `Sync::Os`, a power cut may take away records that the store already counted;
        // going on from the highest number left would use theirs again.
        let next_number = u64::try_from(now.as_microsecond()).unwrap_or(0);
        let mut writer = Self { dir: dir.to_owned(), sync, next_number, taken: None, segment: None };
        match writer.take() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(InUse(dir.to_owned())),
            Err(error) => tracing::error!(%error, "the journal folder cannot be used yet; trying again"),
            Ok(()) => {}
        }
        Ok(writer)
    }

    fn take(&mut self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let path = self.dir.join("lock");
        let lock = private().create(true).write(true).truncate(false).open(&path);
        // What may only be read can be locked all the same.
        let lock = lock.or_else(|error| File::open(&path).map_err(|_| error))?;
        lock.try_lock()?;
        let name = name(&self.dir)?;
        let last = segments(&self.dir)?.last().copied().unwrap_or(0);
        self.next_number = self.next_number.max(last + SEGMENT_BYTES);
        self.taken = Some(Taken { name, _lock: lock });
        Ok(())
    }

    /// The journal's name; none until the folder could be taken.
    #[must_use]
    pub fn name(&self) -> Option<&JournalId> {
        self.taken.as_ref().map(|taken| &taken.name)
    }

    /// Writes batches, all or nothing, and returns the durable end of the journal.
    ///
    /// # Errors
    /// When the disk refuses; then nothing of these batches is in the journal.
    pub fn append(&mut self, batches: &mut [Batch]) -> io::Result<Position> {
        if self.segment.as_ref().is_some_and(|segment| segment.end.offset >= SEGMENT_BYTES) {
            self.segment = None;
        }
        let result = self.write(batches);
        if result.is_err() {
            // So that on a full disk its room is free again when it is settled.
            self.segment = None;
        }
        result
    }

    /// Ends the present segment, so that it can be deleted when it is settled, and returns the
    /// journal's new end: the place where the next segment will begin.
    pub fn rotate(&mut self) -> Position {
        self.segment = None;
        self.end()
    }

    /// The durable end of the journal; of earlier runs' segments, everything is before it.
    #[must_use]
    pub fn end(&self) -> Position {
        let next = Position { segment: self.next_number, offset: 0 };
        self.segment.as_ref().map_or(next, |segment| segment.end)
    }

    fn write(&mut self, batches: &mut [Batch]) -> io::Result<Position> {
        if self.taken.is_none() {
            self.take()?;
        }
        if self.segment.is_none() {
            self.segment = Some(self.create_segment()?);
        }
        let segment = self.segment.as_mut().expect("made above");
        let mut end = segment.end;
        if self.sync == Sync::Always {
            segment.make_room(end.offset + batches.iter().map(Batch::bytes).sum::<u64>());
        }
        for batch in batches {
            // Numbers are used up even when the write fails: parts of it may stay on the disk.
            let first = self.next_number;
            self.next_number += batch.len();
            let bytes = batch.seal(first);
            segment.file.write_all_at(bytes, end.offset)?;
            end.offset += bytes.len() as u64;
        }
        if self.sync == Sync::Always {
            segment.file.sync_data()?;
        }
        segment.end = end;
        Ok(end)
    }

    fn create_segment(&self) -> io::Result<Segment> {
        let path = segment_path(&self.dir, self.next_number);
        let file = private().create(true).truncate(true).write(true).open(&path)?;
        let end = Position { segment: self.next_number, offset: EMPTY };
        match self.begin(&file) {
            Ok(()) => Ok(Segment { file, path, end, room: EMPTY }),
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    fn begin(&self, mut file: &File) -> io::Result<()> {
        let name = self.name().expect("a folder is taken before it is written");
        let text = [MAGIC, name.as_str().as_bytes()].concat();
        file.write_all(&text)?;
        file.write_all(&crc32fast::hash(&text).to_le_bytes())?;
        if self.sync == Sync::Always {
            file.sync_all()?;
            File::open(&self.dir)?.sync_all()?;
        }
        Ok(())
    }
}

/// Files of the journal are for this user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Reads the folder's name, or gives it one.
fn name(dir: &Path) -> io::Result<JournalId> {
    let path = dir.join("name");
    match fs::read_to_string(&path) {
        Ok(name) if name.len() == NAME_BYTES && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            return Ok(JournalId::new(&name));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let letters: Vec<char> = ('a'..='z').chain('0'..='9').collect();
    let name = nanoid::nanoid!(NAME_BYTES, &letters);
    let fresh = dir.join("name.new");
    let mut file = private().create(true).truncate(true).write(true).open(&fresh)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, path)?;
    File::open(dir)?.sync_all()?;
    Ok(JournalId::new(&name))
}
