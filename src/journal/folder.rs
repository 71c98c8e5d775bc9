//! The journal's folder: whether it can be written, and that it is there.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The file that is written to see whether files can be; it is no segment of a journal.
const PROBE: &str = "probe";

/// Makes the folder for this user alone where it is not there, and writes a file and removes it.
///
/// # Errors
/// When the disk or the system refuses one of these.
pub fn try_to_write(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let path = dir.join(PROBE);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
    let written = file.write_all(b"1");
    drop(file);
    fs::remove_file(path)?;
    written
}

/// Returns whether a refusal is over by itself when the journal is flushed: then the disk has room again.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_made_for_this_user_alone_and_nothing_is_left_in_it() {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("data/journal");
        for _ in 0..2 {
            try_to_write(&dir).expect("written");
            assert_eq!(fs::metadata(&dir).expect("a folder").permissions().mode() & 0o777, 0o700);
            assert_eq!(fs::read_dir(&dir).expect("a folder").count(), 0);
        }
        fs::write(parent.path().join("file"), "").expect("written");
        assert!(try_to_write(&parent.path().join("file/journal")).is_err());
    }
}
