//! What happens between a request and the store: links are made and resolved, clicks are recorded
//! and settled, days end and are closed; people sign in and share views. Knows nothing of HTTP.

pub mod attempts;
pub mod backlog;
pub(crate) mod cache;
pub mod closing;
pub mod context;
pub mod count_limit;
pub(crate) mod cursor;
pub mod day_keys;
pub mod digest;
pub mod flusher;
pub mod folder;
pub mod health;
pub mod journal;
pub mod kit;
pub mod known_browsers;
pub mod links;
pub mod live;
pub mod metrics;
pub mod midnight;
pub mod passwords;
pub mod people;
pub mod plausibility;
pub mod prober;
pub mod recorder;
pub mod replay;
pub mod reports;
pub mod sessions;
pub mod shared_clock;
pub mod shared_views;
pub mod sites;
pub mod steady_time;
pub mod taps;
pub mod targets;
pub mod today;
