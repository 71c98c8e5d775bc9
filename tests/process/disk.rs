//! A small disk in memory, mounted by a test that fills it or takes the right to write away.

use std::fs::{File, create_dir_all};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file that takes up the room.
const BALLAST: &str = "ballast";

/// A mounted disk. It goes with the value.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts an empty disk of so many KiB.
    pub(crate) fn mount(at: &Path, kib: u32) -> Self {
        create_dir_all(at).expect("a folder");
        let disk = Self(at.to_owned());
        disk.run("mount", &["-t", "tmpfs", "-o", &format!("size={kib}k,mode=0700"), "entrenous-test"]);
        disk
    }

    /// Takes the right to write away. Nobody may have a file open for writing.
    pub(crate) fn read_only(&self) {
        self.run("mount", &["-o", "remount,ro"]);
    }

    /// Gives the right to write back.
    pub(crate) fn writable(&self) {
        self.run("mount", &["-o", "remount,rw"]);
    }

    /// Takes up all the room but so many KiB.
    pub(crate) fn fill_but(&self, kib: u64) {
        let mut ballast = File::create(self.0.join(BALLAST)).expect("a file");
        let refused = loop {
            if let Err(error) = ballast.write_all(&[7; 1 << 10]) {
                break error;
            }
        };
        assert_eq!(refused.kind(), ErrorKind::StorageFull);
        let length = ballast.metadata().expect("its length").len();
        ballast.set_len(length - (kib << 10)).expect("a shorter file");
    }

    /// Gives back what [`Self::fill_but`] took.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.0.join(BALLAST)).expect("removed");
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).arg(&self.0).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
        assert!(
            output.status.success(),
            "this test mounts a small disk, which needs the rights of root (CAP_SYS_ADMIN); {program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while somebody still uses it: the test may have failed in the middle.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}
