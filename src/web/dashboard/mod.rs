//! The pages of the signed-in, and the statistics that are public or shared.

pub(crate) mod access_templates;
pub(crate) mod bulk;
pub(crate) mod bulk_files;
pub(crate) mod bulk_templates;
pub(crate) mod chart;
pub(crate) mod export;
pub(crate) mod link;
pub(crate) mod link_edit;
pub(crate) mod live;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod public;
pub(crate) mod public_cache;
pub(crate) mod scope;
pub(crate) mod script;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod shared_view;
pub(crate) mod shared_views;
pub(crate) mod sign_in;
