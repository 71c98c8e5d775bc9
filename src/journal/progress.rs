//! The progress: the newest record that the store has confirmed, whether or not it is deleted.
//!
//! It is written after each settling and not synced, so it survives a killed process; after a power cut it may be
//! older. It tells a start what the store must have, so that a store that was put back to an earlier state is found out
//! although the journal still has everything.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::domain::identity::JournalId;
use crate::journal::private;

const FILE: &str = "progress";
/// Each text is as long as this, so that it replaces the one before it as a whole.
const LENGTH: usize = 64;

/// Where the progress is written.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    file: Option<File>,
}

impl Progress {
    /// The progress of a folder.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { path: dir.join(FILE), file: None }
    }

    /// Reads what was written last; `None` where nothing was, or it is damaged.
    #[must_use]
    pub fn read(dir: &Path) -> Option<(JournalId, u64)> {
        let text = fs::read_to_string(dir.join(FILE)).ok()?;
        let (body, checksum) = text.trim_end().rsplit_once(' ')?;
        if checksum != format!("{:08x}", crc32fast::hash(body.as_bytes())) {
            return None;
        }
        let (journal, number) = body.split_once(' ')?;
        Some((JournalId::new(journal), number.parse().ok()?))
    }

    /// Forgets what was written: another store is the right one from now on.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Writes the number of the newest record of a journal that the store has confirmed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, journal: &JournalId, number: u64) -> io::Result<()> {
        let body = format!("{} {number}", journal.as_str());
        let text = format!("{body} {:08x}", crc32fast::hash(body.as_bytes()));
        let text = format!("{text:<width$}\n", width = LENGTH - 1);
        // Somebody may have removed the folder.
        if self.file.is_none() || !self.path.exists() {
            self.file = Some(private().create(true).truncate(false).write(true).open(&self.path)?);
        }
        let file = self.file.as_ref().expect("opened above");
        let written = file.write_all_at(text.as_bytes(), 0);
        if written.is_err() {
            self.file = None;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_is_read_as_it_was_written_last_and_not_at_all_where_it_is_damaged() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Progress::read(dir.path()), None);
        let (mut progress, journal) = (Progress::new(dir.path()), JournalId::random());
        for number in [1_000_000, 7, u64::MAX] {
            progress.write(&journal, number).expect("written");
            assert_eq!(Progress::read(dir.path()), Some((journal.clone(), number)));
        }
        let path = dir.path().join(FILE);
        let text = fs::read_to_string(&path).expect("a text");
        fs::write(&path, text.replacen('1', "2", 1)).expect("written");
        assert_eq!(Progress::read(dir.path()), None);
        fs::remove_file(path).expect("removed");
        progress.write(&journal, 8).expect("written");
        assert_eq!(Progress::read(dir.path()), Some((journal, 8)));
        Progress::forget(dir.path()).expect("removed");
        Progress::forget(dir.path()).expect("nothing is there");
        assert_eq!(Progress::read(dir.path()), None);
    }
}
