//! A look through everything that Redis servers hold, as anybody with `redis-cli` could take it: what is in cells and
//! what waits, and whatever of days that are over is exact still.

#![allow(dead_code, reason = "each test crate uses a part")]

use redis::{Connection, cmd};
use serde_json::Value;

/// Clicks, visitors, clicks of people who were not asked, and unfurls.
pub(crate) type Sum = [u64; 4];

/// What was found of days that are over.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In cells of links.
    pub(crate) cells: Sum,
    /// In pools of weeks.
    pub(crate) pools: Sum,
    /// In cells of pages and channels.
    pub(crate) weeks: Sum,
    /// What should not be there when all is closed, or is no multiple of k.
    pub(crate) small: Vec<String>,
}

/// Looks through all keys of these servers; days before `today` are over.
pub(crate) fn search(servers: &mut [Connection], today: i32, min_count: u64) -> Found {
    let mut found = Found::default();
    for server in servers {
        for key in keys(server, "*") {
            look_at(server, &key, today, min_count, &mut found);
        }
    }
    found
}

/// The keys of a server that match a pattern.
pub(crate) fn keys(server: &mut Connection, pattern: &str) -> Vec<String> {
    cmd("KEYS").arg(pattern).query(server).expect("all keys")
}

fn look_at(server: &mut Connection, key: &str, today: i32, min_count: u64, found: &mut Found) {
    let is_over = |day: &str| day.parse().is_ok_and(|day: i32| day < today);
    let (kind, rest) = key.strip_prefix("ens:").and_then(|key| key.split_once(':')).unwrap_or((key, ""));
    let mut hash = || -> Vec<(String, String)> { cmd("HGETALL").arg(key).query(server).expect("a hash") };
    match kind {
        "x" | "y" => {
            for (field, value) in hash() {
                look_at_cell(key, &field, &value, min_count, found);
            }
        }
        // A closing that is under way, with its secret, and what was announced.
        "z" => {
            let is_left = |field: &str| field.strip_prefix(['a', 'v', 'c', 'k', 'g']).is_some_and(is_over);
            let left = hash().into_iter().filter(|(field, _)| is_left(field));
            found.small.extend(left.map(|(field, _)| format!("{key} {field}")));
        }
        "b" | "c" | "q" | "r" if is_over(rest.rsplit(':').next().unwrap_or_default()) => {
            found.small.push(key.to_owned());
        }
        "v" if rest.split(':').nth(2).is_some_and(is_over) => found.small.push(key.to_owned()),
        "s" => found.small.push(key.to_owned()),
        // Besides: days that are frozen, codes of deleted links, children, spellings of campaigns, and a day's key by its hash.
        "b" | "c" | "q" | "r" | "v" | "e" | "f" | "g" | "lp" | "n" | "l" | "i" | "o" | "k" | "p"
        | "{sites}" | "{store}" | "{access}" => {}
        _ => assert!(
            ["ens:counted", "ens:closed", "ens:session"].contains(&key),
            "nobody has looked through keys such as {key}"
        ),
    }
}

fn look_at_cell(key: &str, field: &str, value: &str, min_count: u64, found: &mut Found) {
    let (sum, cell) = match field.split_once(' ') {
        None if field == "mark" => return,
        Some(("l", _)) => (&mut found.cells, numbers(&json(value)["counts"])),
        Some(("k", _)) => (&mut found.weeks, numbers(&json(value))),
        Some(("p", _)) => return add(&mut found.pools, numbers(&json(value))),
        _ => return found.small.push(format!("{key} {field} {value}")),
    };
    add(sum, cell);
    if cell.iter().any(|number| !number.is_multiple_of(min_count)) {
        found.small.push(format!("{key} {field} {value}"));
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn numbers(counts: &Value) -> Sum {
    ["clicks", "visitors", "opens", "unfurls"].map(|name| counts[name].as_u64().unwrap_or(0))
}

fn add(sum: &mut Sum, more: Sum) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}
