//! What happens between a request and the store: links are made and resolved, clicks are recorded
//! and settled, days end and are closed; people sign in and share views. Knows nothing of HTTP.

pub mod attempts;
pub(crate) mod cache;
pub mod closing;
pub mod day_keys;
pub mod digest;
pub mod journal;
pub mod keeper;
pub mod kit;
pub mod links;
pub mod live;
pub mod metrics;
pub mod midnight;
pub(crate) mod origins;
pub mod pass;
pub mod passwords;
pub mod people;
pub mod recorder;
pub mod reports;
pub mod sessions;
pub mod settler;
pub mod shared_views;
pub mod sites;
pub mod taps;
pub mod targets;
