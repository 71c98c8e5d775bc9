//! Responses to visitors: they open links, are asked for consent, read what is stored, and share.

pub(crate) mod badge;
pub(crate) mod consent;
pub(crate) mod fast_path;
pub(crate) mod home;
pub(crate) mod pending;
pub(crate) mod qr;
pub(crate) mod receipt;
pub(crate) mod redirect;
pub(crate) mod share;
pub(crate) mod share_js;
pub(crate) mod visit;
pub(crate) mod well_known;
