//! Random sequences of events: every answered click counts once, whatever happens, or the loss is told.
//!
//! A service is started, clicked, killed, stopped, copied and restarted; its clock jumps, its store goes away, is
//! emptied, exchanged and restored. A [model](model) knows what must have been counted then. `scripted` has the
//! sequences that once went wrong.
//!
//! The environment decides how many there are: `SEQUENCES` (200), half of them on each store. Seeds are random; what
//! failed is printed with its seed and as short as it could be made, and `SEQUENCE_SEED` plays one seed again:
//!
//! ```text
//! SEQUENCE_SEED=12345 cargo test --test sequences random -- --nocapture
//! ```

#[path = "../support/answering.rs"]
mod answering;
mod clicks;
mod counting;
mod event;
mod figures;
mod generation;
mod instance;
mod losses;
mod model;
mod playing;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod scripted;
mod service;
mod shrinking;
mod stores;
mod world;
