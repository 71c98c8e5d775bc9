//! The real binary, as its operator runs it: the command line, the settings, how it ends, and what it
//! does when a disk, a client, the store or the operator is not kind to it.

mod balance;
mod claims;
mod closing;
mod command_line;
#[path = "../support/cut_proxy.rs"]
mod cut_proxy;
mod digest;
mod disk;
mod disk_trouble;
mod ending;
#[path = "../support/events.rs"]
mod events;
mod failover;
mod hostile_clients;
mod installation;
mod journal_damage;
mod killing;
mod live;
#[path = "../support/load.rs"]
mod load;
mod past_days;
mod people;
mod program;
mod publisher;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod redis_changes;
mod redis_closing;
mod redis_outage;
#[path = "../support/redis_search.rs"]
mod redis_search;
mod resharding;
#[path = "../support/site_counts.rs"]
mod site_counts;
mod sqlite_changes;
mod steady;
mod two_instances;
mod unknown_links;
mod unsettled;
mod utm;
