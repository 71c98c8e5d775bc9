//! Holds the minified scripts and style sheets to their sources.

use std::path::Path;
use std::process::Command;

#[test]
fn the_minified_files_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let check = Command::new(root.join("scripts/assets")).arg("--check").output().expect("node");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}
