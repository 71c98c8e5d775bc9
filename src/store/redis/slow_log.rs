//! Keeping the slow log clean.
//!
//! A Redis that was slow for a moment remembers a command with its arguments in the slow log until
//! others push it out, which can take months. It cuts every argument to its first 128 bytes, so
//! what must not outlive its day stands behind that many bytes of nothing. What this does not cover
//! is a step inside a script, such as one `HSET` for a hundred links: it takes microseconds, and is remembered only where
//! the whole machine stood still in the middle of it.

/// What such an argument begins with.
pub(super) const PADDING: [u8; 128] = [b' '; 128];
