//! An adoption: an operator's decision that a store is the right one, whatever it lacks, on its way from the command line to
//! the service.
//!
//! It has with it what the operator could see: how far the store had the journals, and how many counts were told as lost with
//! their links. A store that has less when the service finds the decision has lost more since, of which the operator
//! knew nothing; then the decision does not hold.
//!
//! ```text
//! entrenous-adoption 1
//! store k3j9x0q2m4v8b1n7
//! lost 12
//! has p0o9i8u7y6t5r4e3 1240
//! ```

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::domain::identity::{JournalId, StoreId};
use crate::journal::private;

const FILE: &str = "adopt";
const NEW: &str = "adopt.new";
const FIRST_LINE: &str = "entrenous-adoption 1";

/// An operator's decision which store is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The store.
    pub store: StoreId,
    /// How many counts were told as lost with their links.
    pub lost: u64,
    /// How far the store had journals.
    pub has: Vec<(JournalId, u64)>,
}

impl Adoption {
    /// Asks the service that has this folder to follow the decision; it does so within seconds, or when it starts.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn request(&self, dir: &Path) -> io::Result<()> {
        let fresh = dir.join(NEW);
        let mut file = private().create(true).truncate(true).write(true).open(&fresh)?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, dir.join(FILE))
    }

    /// Reads the decision that waits in a folder; `None` where none does. One that cannot be understood is none, and
    /// is removed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        match fs::read(dir.join(FILE)) {
            Ok(bytes) => match String::from_utf8(bytes).ok().and_then(|text| Self::parse(&text)) {
                Some(adoption) => Ok(Some(adoption)),
                None => Self::remove(dir).map(|()| None),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes the decision: the service has followed it, or it does not hold.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nstore {}\nlost {}\n", self.store, self.lost);
        for (journal, number) in &self.has {
            let _ = writeln!(text, "has {} {number}", journal.as_str());
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let store = lines.next()?.strip_prefix("store ").filter(|store| !store.is_empty())?;
        let lost = lines.next()?.strip_prefix("lost ")?.parse().ok()?;
        let mut has = Vec::new();
        for line in lines {
            let (journal, number) = line.strip_prefix("has ")?.split_once(' ')?;
            has.push((JournalId::new(journal), number.parse().ok()?));
        }
        Some(Self { store: StoreId::new(store), lost, has })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adoption_is_read_until_it_is_removed_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(Adoption::read(dir.path()).expect("read"), None);
        let has = vec![(JournalId::random(), 7), (JournalId::random(), 0)];
        for has in [Vec::new(), has] {
            let adoption = Adoption { store: StoreId::random(), lost: 3, has };
            adoption.request(dir.path()).expect("written");
            assert_eq!(Adoption::read(dir.path()).expect("read"), Some(adoption.clone()));
            assert_eq!(Adoption::read(dir.path()).expect("read"), Some(adoption));
        }
        Adoption::remove(dir.path()).expect("removed");
        Adoption::remove(dir.path()).expect("nothing is there");
        assert_eq!(Adoption::read(dir.path()).expect("read"), None);
        for damaged in [&b"k3j9x0q2m4v8b1n7"[..], b"", b"\xff\n", b"entrenous-adoption 1\nstore a\nlost b\n"]
        {
            fs::write(dir.path().join(FILE), damaged).expect("written");
            assert_eq!(Adoption::read(dir.path()).expect("read"), None);
            assert!(!dir.path().join(FILE).exists());
        }
    }
}
