//! The JSON API.

pub(crate) mod codes;
pub(crate) mod cors;
pub(crate) mod links;
pub(crate) mod shared_views;
pub(crate) mod stats;
