//! What handlers respond with: problems, pages, files, pictures and documents, and what is added to each response.

pub(crate) mod asset;
pub(crate) mod documents;
pub(crate) mod export;
pub(crate) mod finish;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod minify;
pub(crate) mod page;
pub(crate) mod problem;
pub(crate) mod qr_image;
pub(crate) mod templates;
