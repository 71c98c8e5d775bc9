//! Entrenous: short links for what people share in private, counted without knowing who.
pub mod domain;
pub mod store;
