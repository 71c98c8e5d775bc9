//! What happens between a request and the store: links are made and resolved, clicks are recorded
//! and settled, days end and are closed. Knows nothing of HTTP.

pub(crate) mod cache;
pub mod closing;
pub mod day_keys;
pub mod journal;
pub mod keeper;
pub mod links;
pub mod metrics;
pub mod midnight;
pub(crate) mod origins;
pub mod pass;
pub mod recorder;
pub mod reports;
pub mod settler;
pub mod sites;
pub mod taps;
pub mod targets;
