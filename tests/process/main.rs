//! The real binary, as its operator runs it: the command line, the settings, how it ends, and what it
//! does when a disk, a client, the store or the operator is not kind to it.

mod adoption;
#[path = "../support/answering.rs"]
mod answering;
mod balance;
mod bounded_work;
mod claims;
mod clocks;
mod closing;
mod command_line;
#[path = "../support/cut_proxy.rs"]
mod cut_proxy;
mod day_keys;
mod digest;
mod disk;
mod disk_trouble;
mod ending;
#[path = "../support/events.rs"]
mod events;
mod failover;
mod few_files;
mod hanging_sync;
mod health;
mod held_parts;
mod hostile_clients;
mod installation;
mod journal_damage;
mod killing;
mod live;
#[path = "../support/load.rs"]
mod load;
mod locked_store;
mod nginx;
mod past_days;
mod people;
mod program;
mod publisher;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod redis_changes;
mod redis_closing;
#[path = "../support/redis_keys.rs"]
mod redis_keys;
mod redis_outage;
#[path = "../support/redis_search.rs"]
mod redis_search;
mod resharding;
mod rolling_restart;
#[path = "../support/site_counts.rs"]
mod site_counts;
mod sqlite_changes;
mod steady;
mod two_instances;
mod unknown_links;
mod unsettled;
mod utm;
