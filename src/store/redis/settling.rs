//! Adding journal entries to the counts.
//!
//! First the links are announced: each code in its site's set of that day's active links, the day
//! in the site's lists of days, the site in the list of sites with counts. Then one script for each
//! link counts. Announcing is idempotent and comes first because whatever closes a day or forgets
//! its visitors starts from these lists: after a crash in between they name a link without counts,
//! which costs a look; in the reverse order there could be visitors whom nobody forgets. What came late, for a
//! day that is closed or is just being closed, is announced once more behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use redis::{Cmd, cmd};

use super::slow_log::PADDING;
use super::{RedisStore, keys, script};
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::family::Family;
use crate::domain::site::SiteId;
use crate::domain::visitor_set::Fingerprint;
use crate::store::{JournalId, Numbered, StoreError};

/// Most entries that one script adds, a bound on how long others wait for it. Entries of a link
/// beyond that are a further step with a further mark, which is as good.
const ENTRIES_A_STEP: usize = 1_000;
/// What the script takes for an aggregate click and for an unfurl, in the place of a fingerprint. One of a known
/// family is so many below as its place in the call's list of families.
const AGGREGATE: f64 = -1.0;
const UNFURL: f64 = -2.0;
/// Most codes in one announcement.
const CODES_AT_ONCE: usize = 1_000;

impl RedisStore {
    /// Announces the links, then adds the entries: link by link in order, many links at once.
    pub(super) async fn add_entries(
        &self,
        journal: &JournalId,
        entries: &[Numbered],
    ) -> Result<(), StoreError> {
        let mut links: HashMap<(&SiteId, &Code), Vec<&Numbered>> = HashMap::new();
        for entry in entries {
            links.entry((&entry.entry.site, &entry.entry.code)).or_default().push(entry);
        }
        let active = active(entries);
        self.announce(&active).await?;
        let mut links: Vec<_> = links.values().map(|entries| entries.chunks(ENTRIES_A_STEP)).collect();
        loop {
            // The next step of each link.
            let steps: Vec<Cmd> =
                links.iter_mut().filter_map(Iterator::next).map(|step| settle(journal, step)).collect();
            if steps.is_empty() {
                break;
            }
            if self.connection.call_all(&script::SETTLE, steps).await?.contains(&false) {
                return Err(StoreError::Behind);
            }
        }
        self.announce_late(&active).await
    }

    /// Announces entries of days that are closed, or are just being closed, once more: whoever closes them may
    /// have looked at a link before its entries were there, and found it to have nothing open.
    async fn announce_late(&self, active: &Active<'_>) -> Result<(), StoreError> {
        let begun =
            |(site, day): &(&SiteId, Day)| cmd("HEXISTS").arg(keys::marks(site)).arg(day.number()).take();
        let begun: Vec<bool> = self.connection.query_all(active.keys().map(begun).collect()).await?;
        let mut calls = Vec::new();
        for (((site, day), codes), begun) in active.iter().zip(begun) {
            let codes: Vec<_> = codes.iter().collect();
            for some in codes.chunks(CODES_AT_ONCE).filter(|_| begun) {
                let mut call = script::ANNOUNCE.on(&[keys::marks(site), keys::active(site, *day)]);
                call.arg(day.number()).arg(some);
                calls.push(call);
            }
        }
        self.connection.call_all::<i64>(&script::ANNOUNCE, calls).await.map(drop)
    }

    async fn announce(&self, active: &Active<'_>) -> Result<(), StoreError> {
        let mut commands: Vec<Cmd> = Vec::new();
        for ((site, day), codes) in active {
            commands.push(cmd("SADD").arg(keys::COUNTED_SITES).arg(site.as_str()).take());
            commands
                .push(cmd("ZADD").arg(keys::counted_days(site)).arg(day.number()).arg(day.number()).take());
            commands.push(cmd("HINCRBY").arg(keys::open_days(site)).arg(day.number()).arg(1).take());
            let codes: Vec<_> = codes.iter().copied().collect();
            for some in codes.chunks(CODES_AT_ONCE) {
                commands.push(cmd("SADD").arg(keys::active(site, *day)).arg(some).take());
            }
        }
        self.connection.query_all::<i64>(commands).await.map(|_| ())
    }
}

/// The codes that entries are of, by site and day.
type Active<'a> = BTreeMap<(&'a SiteId, Day), BTreeSet<&'a str>>;

fn active(entries: &[Numbered]) -> Active<'_> {
    let mut active = Active::new();
    for Numbered { entry, .. } in entries {
        active.entry((&entry.site, entry.day)).or_default().insert(entry.code.as_str());
    }
    active
}

/// The script's call for some entries of one link, in the order of their numbers; at least one.
fn settle(journal: &JournalId, entries: &[&Numbered]) -> Cmd {
    let first = &entries[0].entry;
    let mut days: Vec<Day> = entries.iter().map(|entry| entry.entry.day).collect();
    days.sort_unstable();
    days.dedup();
    let families: BTreeSet<Family> = entries.iter().filter_map(|entry| known_family(entry)).collect();
    let mut all = vec![keys::link(&first.code), keys::counts(&first.code)];
    all.extend(days.iter().map(|day| keys::visitors(&first.code, *day)));

    let mut call = script::SETTLE.on(&all);
    call.arg(journal.as_str()).arg(first.site.as_str()).arg(entries[0].previous).arg(days.len());
    for day in &days {
        call.arg(day.number());
    }
    for family in &families {
        call.arg(family.name());
    }
    let mut bytes = PADDING.to_vec();
    for Numbered { number, entry, .. } in entries {
        // Lua counts places from 1.
        let day = days.partition_point(|day| *day < entry.day) + 1;
        let what = match &entry.kind {
            EntryKind::Unfurl(family) => {
                let place = families.iter().position(|known| known == family).map_or(0, |at| at + 1);
                UNFURL - exact(place as u64)
            }
            EntryKind::AggregateClick => AGGREGATE,
            EntryKind::Click(tag) => exact(Fingerprint::of(tag).number()),
        };
        for number in [exact(*number), exact(day as u64), what] {
            bytes.extend(number.to_le_bytes());
        }
    }
    call.arg(bytes);
    call
}

/// The family of an unfurl, where it is known.
fn known_family(numbered: &Numbered) -> Option<Family> {
    match numbered.entry.kind {
        EntryKind::Unfurl(family) if family != Family::Other => Some(family),
        _ => None,
    }
}

/// Lua's only numbers are doubles.
#[expect(clippy::cast_precision_loss, reason = "entry numbers and fingerprints are below 2^53")]
fn exact(number: u64) -> f64 {
    number as f64
}
