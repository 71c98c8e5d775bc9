//! The names of a link's keys in Redis.

#![allow(dead_code, reason = "each test crate uses a part")]

/// How many partitions there are.
pub(crate) const PARTITIONS: u32 = 64;

/// The number of the partition that a code is in, which is one for codes that differ in case only.
pub(crate) fn partition(code: &str) -> u32 {
    crc32fast::hash(code.to_ascii_lowercase().as_bytes()) % PARTITIONS
}

/// What stands in braces in each key of a partition.
pub(crate) fn tag(partition: u32) -> String {
    format!("p{partition:03}")
}

/// The key of a link's record, which is one for codes that differ in case only.
pub(crate) fn record(code: &str) -> String {
    format!("ens:l:{{{}}}:{}", tag(partition(code)), code.to_ascii_lowercase())
}

/// The key of the part with a link's counts on a site's day with this number.
pub(crate) fn part(code: &str, site: &str, day: i32) -> String {
    format!("ens:c:{{{}}}:{site}:{day}", tag(partition(code)))
}

/// The key of the visitors of that part.
pub(crate) fn visitors(code: &str, site: &str, day: i32) -> String {
    format!("ens:v:{{{}}}:{site}:{day}", tag(partition(code)))
}

/// The key of a partition (`p`), or of what is set aside in it (`s`).
pub(crate) fn of_partition(kind: &str, partition: u32) -> String {
    format!("ens:{kind}:{{{}}}", tag(partition))
}
