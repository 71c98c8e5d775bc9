//! The real binary, as its operator runs it: the command line, the settings, and how it ends.

mod command_line;
mod ending;
mod failover;
#[path = "../support/load.rs"]
mod load;
mod program;
#[path = "../support/redis.rs"]
mod redis;
mod resharding;
mod steady;
