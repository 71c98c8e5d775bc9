//! The way of a click: it is recorded in the journal, and flushed from there into the store, exactly once.

pub mod backlog;
pub mod context;
pub mod count_limit;
pub(crate) mod cursor;
pub mod flusher;
pub mod plausibility;
pub mod recorder;
pub mod replay;
