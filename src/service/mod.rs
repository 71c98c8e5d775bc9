//! What happens between a request and the store: links are made and resolved, clicks are recorded
//! and settled, days end and are closed; people sign in and share views. Knows nothing of HTTP.

pub mod accounts;
pub mod health;
pub mod ingest;
pub mod links;
pub mod metrics;
pub mod prober;
pub mod reports;
pub mod rollover;
pub mod shared_clock;
pub mod steady_time;
