//! The pages in a real Chromium: what a visitor and a marketer see and do, with and without
//! scripts, on a desktop and a phone, in light and dark.
//!
//! Nothing leaves the machine: every host that is not the service's own is the test's destination.
//! The share buttons are tried on the demo of `examples/`, which is served on an origin of its own.
//! Needs `chromium` and `chromedriver`; a test fails where they are missing. The walk through every
//! page also writes `target/screenshots/`.

#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/service.rs"]
mod service;

mod access;
mod audit;
mod browser;
mod buttons;
mod campaign;
mod consent;
mod destination;
mod driver;
mod every_page;
mod gate;
mod kit;
mod live;
mod magazine;
mod main_job;
mod marketer;
mod share;
mod share_for_all;
mod share_trouble;
mod sign_in;
mod small_server;
mod waiting;
