//! What the trait `Store` promises, held for each store: SQLite, Redis, Redis with Sentinels, and a Redis
//! Cluster.

#![allow(clippy::unwrap_used, reason = "a test that finds what it should not find ends there")]

mod cluster;
mod conformance;
mod dice;
mod fixtures;
mod redis;
mod redis_closing;
mod redis_cost;
mod redis_crashes;
mod redis_damage;
mod redis_identity;
#[path = "../support/redis_keys.rs"]
mod redis_keys;
mod redis_news;
mod redis_parts;
mod redis_round_trips;
#[path = "../support/redis_search.rs"]
mod redis_search;
#[allow(unreachable_pub, reason = "other tests use it too")]
#[path = "../support/redis.rs"]
mod redis_servers;
mod redis_visitors;
mod sentinel;
#[path = "../support/site_counts.rs"]
mod site_counts;
#[path = "../support/slow_proxy.rs"]
mod slow_proxy;
mod sqlite;
mod sqlite_closing;
mod sqlite_trouble;
