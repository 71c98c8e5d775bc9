//! Black-box tests: the whole service over a socket, on every store.

#[path = "../support/raw.rs"]
mod raw;
#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/service.rs"]
mod service;

mod click;
mod closing;
mod codes;
mod component;
mod consent;
mod cors;
mod exports;
mod hostile;
mod limits;
mod lineage;
mod links;
mod main_job;
mod midnight;
mod privacy;
mod qr;
mod share;
mod stats;
mod statuses;
mod unfurls;
mod utm;
mod waiting;
