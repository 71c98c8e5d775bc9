//! Black-box tests: the whole service over a socket, on every store.

#[path = "../support/answering.rs"]
mod answering;
#[path = "../support/events.rs"]
mod events;
#[path = "../support/mail.rs"]
mod mail;
#[path = "../support/raw.rs"]
mod raw;
#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/redis_keys.rs"]
mod redis_keys;
#[path = "../support/service.rs"]
mod service;

mod access;
mod addresses;
mod bounds;
mod click;
mod closing;
mod codes;
mod component;
mod consent;
mod cors;
mod destinations;
mod digest;
mod doors;
mod exports;
mod health;
mod hostile;
mod kit;
mod limits;
mod lineage;
mod links;
mod live;
mod lost_links;
mod main_job;
mod midnight;
mod navigation;
mod nothing_tells;
mod open_day;
mod privacy;
mod qr;
mod restarts;
mod same_numbers;
mod share;
mod shared_time;
mod site_settings;
mod stats;
mod statuses;
mod steady_time;
mod transfer_encoding;
mod unfurls;
mod utm;
mod views;
mod waiting;
mod words;
