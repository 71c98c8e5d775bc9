//! A look through everything that Redis servers hold, as anybody with `redis-cli` could take it: what is in cells and
//! what waits, and whatever of days that are over stands for too few.

#![allow(dead_code, reason = "each test crate uses a part")]

use redis::{Connection, cmd};
use serde_json::Value;

/// Clicks, visitors, clicks of people who were not asked, and unfurls.
pub(crate) type Sum = [u64; 4];

/// What was found of days that are over.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) cells: Sum,
    pub(crate) waiting: Sum,
    /// What should not be there when all is closed, or stands for too few.
    pub(crate) small: Vec<String>,
}

impl Found {
    /// What is in cells and what waits.
    pub(crate) fn all(&self) -> Sum {
        std::array::from_fn(|place| self.cells[place] + self.waiting[place])
    }
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
        "x" => {
            for (field, value) in hash() {
                look_at_day(key, &field, &value, min_count, found);
            }
        }
        "h" => {
            for (field, value) in hash() {
                let sum = numbers(&json(&value));
                add(&mut found.waiting, sum);
                if sum[3] > 0 {
                    found.small.push(format!("{key} {field} {value}"));
                }
            }
        }
        "c" => {
            let of_day = |field: &str| is_over(field.trim_start_matches(['u', 'x']));
            let small = hash().into_iter().filter(|(field, _)| of_day(field));
            found.small.extend(small.map(|(field, value)| format!("{key} {field} {value}")));
        }
        "a" | "v" if is_over(rest.rsplit(':').next().unwrap_or_default()) => found.small.push(key.to_owned()),
        "s" => found.small.push(key.to_owned()),
        // Besides: codes of deleted links, children, spellings of campaigns, and a day's key by its hash.
        "a" | "v" | "e" | "g" | "lp" | "n" | "l" | "i" | "o" | "z" | "d" | "w" | "k" | "p" | "{sites}"
        | "{store}" => {}
        _ => assert!(
            ["ens:counted", "ens:closed", "ens:session"].contains(&key),
            "nobody has looked through keys such as {key}"
        ),
    }
}

fn look_at_day(key: &str, field: &str, value: &str, min_count: u64, found: &mut Found) {
    let cells = match field.split_once(' ') {
        None if field == "mark" && value.contains(" clear ") => Vec::new(),
        Some(("k", _)) => vec![numbers(&json(value))],
        Some(("l", _)) => {
            let cells = json(value);
            cells.as_array().expect("a list").iter().map(|cell| numbers(&cell["counts"])).collect()
        }
        _ => return found.small.push(format!("{key} {field} {value}")),
    };
    for cell in cells {
        add(&mut found.cells, cell);
        let [clicks, visitors, unasked, _] = cell;
        let few = |people, number| (number > 0 || people > 0) && people < min_count;
        if few(visitors, clicks) || few(unasked, unasked) {
            found.small.push(format!("{key} {field} {value}"));
        }
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn numbers(counts: &Value) -> Sum {
    ["clicks", "visitors", "aggregate_clicks", "unfurls"].map(|name| counts[name].as_u64().unwrap_or(0))
}

fn add(sum: &mut Sum, more: Sum) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}
