//! The real binary, as its operator runs it: the command line, the settings, how it ends, and what it
//! does when a disk, a client or the operator is not kind to it.

mod balance;
mod command_line;
mod disk;
mod disk_trouble;
mod ending;
mod failover;
mod hostile_clients;
mod journal_damage;
mod killing;
#[path = "../support/load.rs"]
mod load;
mod program;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod resharding;
mod steady;
mod unsettled;
