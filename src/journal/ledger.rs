//! The ledger: which store a folder's journals belong to, and how far the store had confirmed what was deleted.
//!
//! It is written and synced before a segment is deleted. So at every start the store can be asked whether it still
//! has what this folder no longer has; a store that was emptied, replaced or put back from a backup is found out,
//! and nothing more is deleted until an operator says which is right.
//!
//! ```text
//! entrenous-ledger 1
//! store k3j9x0q2m4v8b1n7
//! confirmed p0o9i8u7y6t5r4e3 1240 2026-11-30T14
//! adopted 7
//! lost 12
//! ```
//! `confirmed` names a journal, the number of its last record that was deleted, and the hour. `adopted` says up to which
//! segment an operator has taken the store for the right one whatever it lacks, and `lost` how many counts the store has
//! lost with their links since. All three can be missing.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::domain::identity::{JournalId, StoreId};
use crate::journal::private;

const FILE: &str = "ledger";
const SPARE: &str = "ledger.spare";
const FIRST_LINE: &str = "entrenous-ledger 1";

/// What is known of what a folder no longer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The store that the folder's journals belong to.
    pub store: StoreId,
    /// The newest record that was deleted after the store had confirmed it.
    pub confirmed: Option<Confirmed>,
    /// The last segment that an operator's decision covers.
    pub adopted: u64,
    /// How many counts the store has lost with their links since then.
    pub lost: u64,
}

/// What the store had confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The journal.
    pub journal: JournalId,
    /// The number of its last record that was deleted.
    pub number: u64,
    /// The hour of that, UTC, as `2026-11-30T14`.
    pub hour: String,
}

/// The ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk refuses.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// Something else stands in it.
    #[error("the file ledger is damaged")]
    Damaged,
}

impl Ledger {
    /// The ledger of a folder whose journals have belonged to no store yet.
    #[must_use]
    pub fn new(store: StoreId) -> Self {
        Self { store, confirmed: None, adopted: 0, lost: 0 }
    }

    /// Reads the folder's ledger; `None` where it has none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Self>, LedgerError> {
        match fs::read_to_string(dir.join(FILE)) {
            Ok(text) => Self::parse(&text).map(Some).ok_or(LedgerError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(LedgerError::Damaged),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a folder has none.
    #[must_use]
    pub fn is_gone(dir: &Path) -> bool {
        fs::metadata(dir.join(FILE)).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Puts it into the folder: all of it or nothing, and on the disk when this returns.
    ///
    /// The text goes into a spare file that is there already, so that it can be written on a disk that the journal
    /// itself has filled: only then can settled segments be deleted.
    ///
    /// # Errors
    /// When the disk refuses; then the folder has what it had.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let (spare, text) = (dir.join(SPARE), self.text());
        write_over(&spare, text.as_bytes())?;
        fs::rename(&spare, dir.join(FILE))?;
        File::open(dir)?.sync_all()?;
        // Where there is no room for the next spare now, the next call makes it.
        let _ = write_over(&spare, text.as_bytes());
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nstore {}\n", self.store);
        if let Some(Confirmed { journal, number, hour }) = &self.confirmed {
            let _ = writeln!(text, "confirmed {} {number} {hour}", journal.as_str());
        }
        if self.lost > 0 {
            let _ = writeln!(text, "lost {}", self.lost);
        }
        if self.adopted > 0 {
            let _ = writeln!(text, "adopted {}", self.adopted);
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut ledger = match (lines.next()?, lines.next()?.strip_prefix("store ")?) {
            (FIRST_LINE, store) if !store.is_empty() => Self::new(StoreId::new(store)),
            _ => return None,
        };
        for line in lines {
            match *line.split(' ').collect::<Vec<_>>() {
                ["confirmed", journal, number, hour] => {
                    let (journal, number) = (JournalId::new(journal), number.parse().ok()?);
                    ledger.confirmed = Some(Confirmed { journal, number, hour: hour.to_owned() });
                }
                ["lost", counts] => ledger.lost = counts.parse().ok()?,
                ["adopted", segment] => ledger.adopted = segment.parse().ok()?,
                _ => return None,
            }
        }
        Some(ledger)
    }
}

/// Writes a file in the room that it has, and makes it where it is not there.
fn write_over(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = private().create(true).truncate(false).write(true).open(path)?;
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_read_as_it_was_written_and_a_damaged_one_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(matches!(Ledger::read(dir.path()), Ok(None)));
        let new = Ledger::new(StoreId::random());
        let confirmed =
            Confirmed { journal: JournalId::random(), number: 7, hour: "2026-11-30T14".to_owned() };
        let used = Ledger { confirmed: Some(confirmed), adopted: 3, lost: 9, ..new.clone() };
        for ledger in [new, used] {
            ledger.write(dir.path()).expect("written");
            assert_eq!(Ledger::read(dir.path()).expect("readable"), Some(ledger));
        }
        let text = fs::read_to_string(dir.path().join(FILE)).expect("a text");
        for damaged in [
            "",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}more\n"),
            "entrenous-ledger 1\nstore \n",
        ] {
            fs::write(dir.path().join(FILE), damaged).expect("written");
            assert!(matches!(Ledger::read(dir.path()), Err(LedgerError::Damaged)), "{damaged:?}");
        }
    }
}
