//! The names of a link's keys in Redis.

#![allow(dead_code, reason = "each test crate uses a part")]

/// The number of the partition that a code is in, which is one for codes that differ in case only.
pub(crate) fn partition(code: &str) -> u32 {
    crc32fast::hash(code.to_ascii_lowercase().as_bytes()) % 256
}

/// What stands in braces in each key of a partition.
pub(crate) fn tag(partition: u32) -> String {
    format!("p{partition:03}")
}

/// The key of a link: of its record (`l`), which is one for codes that differ in case only, or its counts (`c`).
pub(crate) fn of_link(kind: &str, code: &str) -> String {
    let partition = partition(code);
    let code = if kind == "l" { code.to_ascii_lowercase() } else { code.to_owned() };
    format!("ens:{kind}:{{{}}}:{code}", tag(partition))
}

/// The key of a link's visitors on a day with this number.
pub(crate) fn visitors(code: &str, day: i32) -> String {
    format!("{}:{day}", of_link("v", code))
}

/// The key of a partition (`p`), or of what is set aside in it (`s`).
pub(crate) fn of_partition(kind: &str, partition: u32) -> String {
    format!("ens:{kind}:{{{}}}", tag(partition))
}
