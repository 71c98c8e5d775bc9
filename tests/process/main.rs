//! The real binary, as its operator runs it: the command line, the settings, and how it ends.

mod command_line;
mod ending;
mod program;
