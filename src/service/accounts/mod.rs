//! Sites, the people who manage and read them, their passwords and sessions, and the views that they share.

pub mod attempts;
pub mod known_browsers;
pub mod passwords;
pub mod people;
pub mod sessions;
pub mod shared_views;
pub mod sites;
