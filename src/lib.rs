//! Entrenous: short links for what people share in private, counted without knowing who.
//!
//! A share mints a [`domain::link::Link`] that is tagged with its channel. A click on it is
//! classified, counted under consent, written to a journal and forwarded; from the journal it is
//! settled into a store, where only numbers are.
//!
//! The code has rings, and imports point inwards only: `web` → [`service`] → [`store`] and [`journal`] → [`stats`] →
//! [`domain`]. Read them from the inside. [`app`] wires them together, [`cli`] is the command line, and [`i18n`] holds the
//! texts of pages and e-mails.

pub mod app;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod i18n;
mod inode;
pub mod journal;
pub mod memory;
mod net;
pub mod service;
pub mod settings;
pub mod stats;
pub mod store;
pub mod telemetry;
mod web;
