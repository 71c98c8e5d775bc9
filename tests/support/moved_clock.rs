//! A wall clock for another program, which a test moves.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::path::Path;
use std::process::Command;

/// Gives a program a wall clock that is as far ahead as this file says at any time, such as `+1d`.
pub(crate) fn give(command: &mut Command, ahead: &Path) {
    // The program `faketime` knows where its library is.
    let asked = Command::new("faketime").args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let library = asked.expect("this test needs faketime (package faketime)").stdout;
    let library = String::from_utf8(library).expect("UTF-8");
    assert!(library.contains("faketime"), "{library}");
    command.env("LD_PRELOAD", library.trim()).env("FAKETIME_TIMESTAMP_FILE", ahead);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

/// Sets it.
pub(crate) fn set(file: &Path, ahead: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{ahead}\n")).expect("written");
    std::fs::rename(&new, file).expect("in its place");
}

/// Does the same for a Redis, into which `faketime` cannot be loaded. The file has seconds.
pub(crate) fn give_to_redis(command: &mut Command, ahead: &Path) {
    let (library, new) = (ahead.with_extension("so"), ahead.with_extension("so.new"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/moved_clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&new).arg(source);
    let output = compiler.output().expect("this test needs a C compiler (cc)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&new, &library).expect("in its place");
    command.env("LD_PRELOAD", library).env("MOVED_BY", ahead);
}
