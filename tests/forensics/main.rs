//! What somebody finds who has everything: the memory of the running program, its files, those of its Redis, its logs. It
//! plays an investigator who knows some visits and wants to confirm them when their day is over.

#[path = "../support/answering.rs"]
mod answering;
mod image;
#[allow(dead_code, reason = "each test crate uses a part")]
#[path = "../process/program.rs"]
mod program;
#[path = "../support/redis.rs"]
mod redis;
mod scene;
mod traces;
mod visits;

mod key_place;
mod leftovers;
mod memory;
