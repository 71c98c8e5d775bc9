//! What a run could not write: how many clicks of visitors that it had forwarded were waiting behind a write that did not
//! return when the run ended. The next start tells it, once.

use std::fs;
use std::io;
use std::path::Path;

const FILE: &str = "unwritten";

/// Notes in a folder how many entries are lost with the end of this run.
///
/// # Errors
/// When the disk refuses.
pub fn note_unwritten(dir: &Path, entries: u64) -> io::Result<()> {
    let mut file = crate::journal::private().create(true).truncate(true).write(true).open(dir.join(FILE))?;
    io::Write::write_all(&mut file, entries.to_string().as_bytes())
}

/// Takes that number out of the folder; 0 where nothing was lost.
///
/// # Errors
/// When the disk refuses.
pub fn take_unwritten(dir: &Path) -> io::Result<u64> {
    let path = dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        text => text?,
    };
    fs::remove_file(path)?;
    Ok(text.trim().parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_taken_once() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(take_unwritten(dir.path()).expect("nothing is there"), 0);
        note_unwritten(dir.path(), 120).expect("written");
        note_unwritten(dir.path(), 7).expect("written");
        assert_eq!(take_unwritten(dir.path()).expect("read"), 7);
        assert_eq!(take_unwritten(dir.path()).expect("nothing is there"), 0);
    }
}
