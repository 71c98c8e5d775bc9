//! Entrenous: short links for what people share in private, counted without knowing who.
//!
//! A share mints a [`domain::link::Link`] that is tagged with its channel. A click on it is
//! classified, counted under consent, written to a journal and forwarded; from the journal it is
//! settled into a store, where only numbers are.
//!
//! The code has four rings, and nothing points outwards: `http` → [`service`] → [`store`] →
//! [`domain`]. Read them from the inside. [`app`] wires them; [`cli`] is the command line; [`language`] is
//! what pages and letters say.

pub mod app;
pub mod cli;
pub mod clock;
mod connections;
pub mod domain;
mod http;
mod inode;
pub mod language;
pub mod memory;
pub mod service;
pub mod settings;
pub mod store;
pub mod telemetry;
