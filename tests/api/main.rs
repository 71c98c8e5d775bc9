//! Black-box tests: the whole service over a socket, on every store.

#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/service.rs"]
mod service;

mod click;
mod main_job;
mod midnight;
