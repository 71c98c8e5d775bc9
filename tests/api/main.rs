//! Black-box tests: the whole service over a socket, on every store.

#[path = "../support/events.rs"]
mod events;
#[path = "../support/mail.rs"]
mod mail;
#[path = "../support/raw.rs"]
mod raw;
#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/service.rs"]
mod service;

mod access;
mod click;
mod closing;
mod codes;
mod component;
mod consent;
mod cors;
mod digest;
mod exports;
mod hostile;
mod kit;
mod limits;
mod lineage;
mod links;
mod live;
mod main_job;
mod midnight;
mod privacy;
mod qr;
mod same_numbers;
mod share;
mod site_settings;
mod stats;
mod statuses;
mod unfurls;
mod utm;
mod views;
mod waiting;
mod words;
