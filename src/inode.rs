//! Which file it is, whatever its name: how it is found out that somebody has moved, removed or replaced one that is open.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file's place in its file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inode {
    device: u64,
    number: u64,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The file that was asked for.
    Same,
    /// Another one.
    Another,
    /// No file.
    Nothing,
}

impl From<Metadata> for Inode {
    fn from(metadata: Metadata) -> Self {
        Self { device: metadata.dev(), number: metadata.ino() }
    }
}

impl Inode {
    /// Returns that of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        Ok(file.metadata()?.into())
    }

    /// Returns that of the file at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(fs::metadata(path)?.into())
    }

    /// Says what is at a path. Who cannot look does not know of a change.
    pub(crate) fn place(self, path: &Path) -> Place {
        match Self::at(path) {
            Ok(there) if there == self => Place::Same,
            Ok(_) => Place::Another,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::Nothing,
            Err(_) => Place::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_it_is_and_not_by_its_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, other) = (dir.path().join("a"), dir.path().join("b"));
        let file = File::create(&path).expect("a file");
        let inode = Inode::of(&file).expect("it is open");
        assert_eq!(inode.place(&path), Place::Same);
        fs::rename(&path, &other).expect("moved");
        assert_eq!((inode.place(&path), inode.place(&other)), (Place::Nothing, Place::Same));
        fs::write(&path, "").expect("another file");
        assert_eq!(inode.place(&path), Place::Another);
    }
}
