//! Logging, to standard error. Nothing that is logged may tell of a visitor: handlers log what
//! failed, `http` logs route pattern, status and duration, and what dependencies log is dropped.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{Level, Log};

/// Starts logging for the whole process; a second call changes nothing.
pub fn start(log: &Log) {
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // Dependencies may put a request's headers into their lines: none of theirs are taken.
    let filter = EnvFilter::new(format!("off,entrenous={level}"));
    let colours = std::io::stderr().is_terminal();
    let logger =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let _ = if log.json { logger.json().try_init() } else { logger.try_init() };
}
