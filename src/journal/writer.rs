//! The writing end of the journal. One process has a folder for itself.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;

use crate::domain::identity::JournalId;
use crate::inode::{Inode, Place};
use crate::journal::folder::is_full;
use crate::journal::ledger::Ledger;
use crate::journal::record::Batch;
use crate::journal::segment::{FIRST_RECORD, Header};
use crate::journal::{Position, private, segment_path, segments};

/// A segment ends when it is this long; a settled segment is deleted as a whole.
const SEGMENT_BYTES: u64 = 16 << 20;

/// How much room is made ahead of the records that are synced one after the other: a sync that need
/// not also write down that the file has grown takes a fraction of the time.
const ROOM_BYTES: u64 = 1 << 20;

/// When a written entry counts as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// When it is on the disk: it survives a power cut.
    Always,
    /// When the operating system has it: it survives the end of the process.
    Os,
}

/// The text is not a way to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be always or os")]
pub struct SyncError;

impl std::str::FromStr for Sync {
    type Err = SyncError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "always" => Ok(Self::Always),
            "os" => Ok(Self::Os),
            _ => Err(SyncError),
        }
    }
}

/// A folder cannot be taken for the journal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes the journal in this folder.
    #[error("another process uses the journal folder {}", .0.display())]
    InUse(PathBuf),
    /// The disk refuses.
    #[error("{} cannot be written", .0.display())]
    Refused(PathBuf, #[source] io::Error),
}

/// Appends to the journal of one folder.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    sync: Sync,
    /// The name of this process's journal, which no other has.
    journal: JournalId,
    next_number: u64,
    /// The number of the last record that was written.
    last_number: u64,
    next_segment: u64,
    folder: Folder,
    /// The segment being written; none after a failure, until one can be made again.
    segment: Option<Segment>,
}

/// The folder, taken for this process. The folder itself is locked, so there is no file that somebody could
/// remove to let a second process in.
#[derive(Debug)]
struct Folder {
    lock: File,
}

impl Folder {
    /// Makes the folder where it is not there, and takes it.
    fn take(dir: &Path) -> Result<Self, TryLockError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(TryLockError::Error)?;
        let lock = File::open(dir).map_err(TryLockError::Error)?;
        lock.try_lock()?;
        Ok(Self { lock })
    }

    /// Whether this is still the folder at the path.
    fn is_at(&self, dir: &Path) -> bool {
        is_at(&self.lock, dir)
    }
}

/// Whether an open file is the one at this path, as far as anybody can tell.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    Inode::of(file).map_or(true, |inode| inode.place(path) == Place::Same)
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

    /// Writes the segment once more to its path, from which somebody has removed it: nobody has settled it yet.
    fn restore(&mut self) -> io::Result<()> {
        let file = private().create_new(true).read(true).write(true).open(&self.path)?;
        let mut bytes = vec![0; usize::try_from(self.end.offset).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, 0)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
        self.file = file;
        self.room = self.end.offset;
        Ok(())
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let _ = match self.end.offset {
            FIRST_RECORD => fs::remove_file(&self.path),
            end => self.file.set_len(end),
        };
    }
}

impl Writer {
    /// Takes a folder for this process, and makes it where it is not there. What is appended belongs to a journal of
    /// its own with a random name.
    ///
    /// # Errors
    /// When another process has it, or the disk refuses.
    pub fn open(dir: &Path, sync: Sync) -> Result<Self, OpenError> {
        let refused = |error| OpenError::Refused(dir.to_owned(), error);
        let folder = Folder::take(dir).map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse(dir.to_owned()),
            TryLockError::Error(error) => refused(error),
        })?;
        let last = segments(dir).map_err(refused)?.last().copied().unwrap_or(0);
        // An operator's decision covers segments by their places, so no place is used again.
        let adopted = Ledger::read(dir).ok().flatten().map_or(0, |ledger| ledger.adopted);
        let mut writer = Self {
            dir: dir.to_owned(),
            sync,
            journal: JournalId::random(),
            next_number: 1,
            last_number: 0,
            next_segment: last.max(adopted) + 1,
            folder,
            segment: None,
        };
        // So that a folder that cannot be written ends the start, and not the first click.
        match writer.create_segment() {
            // Without records, it goes again.
            Ok(segment) => drop(segment),
            // What fills the disk may be clicks that are settled and deleted soon.
            Err(error) if is_full(&error) => {}
            Err(error) => return Err(refused(error)),
        }
        Ok(writer)
    }

    /// The name of the journal that this process writes.
    #[must_use]
    pub fn journal(&self) -> &JournalId {
        &self.journal
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
        if self.segment.as_ref().is_none_or(|segment| segment.end.offset > FIRST_RECORD) {
            self.segment = None;
        }
        self.end()
    }

    /// Ends the journal and returns its end. An empty segment is not left behind.
    #[must_use]
    pub fn finish(mut self) -> Position {
        self.segment = None;
        self.end()
    }

    /// The durable end of the journal; of earlier runs' segments, everything is before it.
    #[must_use]
    pub fn end(&self) -> Position {
        let next = Position { segment: self.next_segment, offset: 0 };
        self.segment.as_ref().map_or(next, |segment| segment.end)
    }

    fn write(&mut self, batches: &mut [Batch]) -> io::Result<Position> {
        self.find_again()?;
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
        self.last_number = self.next_number - 1;
        Ok(end)
    }

    /// Makes the folder and the present segment again where somebody has removed or moved them.
    fn find_again(&mut self) -> io::Result<()> {
        let is_there = self.segment.as_ref().is_some_and(|segment| is_at(&segment.file, &segment.path));
        if is_there {
            return Ok(());
        }
        if !self.folder.is_at(&self.dir) {
            self.folder = Folder::take(&self.dir)?;
            tracing::warn!(path = %self.dir.display(), "journal.dir was removed or moved; it was made again");
        }
        if let Some(segment) = &mut self.segment {
            segment.restore()?;
        }
        Ok(())
    }

    fn create_segment(&mut self) -> io::Result<Segment> {
        let path = segment_path(&self.dir, self.next_segment);
        let file = private().create_new(true).read(true).write(true).open(&path)?;
        let end = Position { segment: self.next_segment, offset: FIRST_RECORD };
        self.next_segment += 1;
        let header = Header { journal: self.journal.clone(), after: self.last_number };
        match self.begin(&file, &header) {
            Ok(()) => Ok(Segment { file, path, end, room: FIRST_RECORD }),
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    fn begin(&self, file: &File, header: &Header) -> io::Result<()> {
        file.write_all_at(&header.to_bytes(), 0)?;
        if self.sync == Sync::Always {
            file.sync_data()?;
            // So that the file's name is on the disk too.
            File::open(&self.dir)?.sync_all()?;
        }
        Ok(())
    }
}
