//! Reading what was counted.

use std::collections::BTreeMap;

use redis::cmd;

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::stats::counts::{Counts, families_from_text};
use crate::store::StoreError;
use crate::store::redis::cells::MARK;
use crate::store::redis::links::CHUNK;
use crate::store::redis::{RedisStore, failure, keys};

/// The length of a record without the families' text, and that of one with a sketch.
const EXACT_RECORD: usize = 21;
const SKETCH_RECORD: usize = 37;
/// How many links' records are asked for in one step.
const SCAN: usize = 1_000;

impl RedisStore {
    /// What the links of a site have open on a day; nothing where it has become cells.
    pub(super) async fn open_links(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<Vec<(Link, Counts)>, StoreError> {
        let ask = |number| cmd("HGETALL").arg(keys::part(number, site, day)).take();
        let parts = self.connection.query_each((0..keys::PARTITIONS).map(ask).collect()).await;
        let mut counts: Vec<(LinkKey, Counts)> = Vec::new();
        for part in parts {
            let part: Vec<(String, Vec<u8>)> = match part {
                Err(StoreError::Corrupt(_)) => continue, // What can be read is read.
                part => part?,
            };
            counts.extend(
                part.iter().filter_map(|(link, value)| Some((link.parse().ok()?, read(value).ok()?))),
            );
        }
        let mut open = Vec::new();
        for some in counts.chunks(CHUNK) {
            let links = self.many_links(some.iter().map(|(link, _)| &link.code)).await?;
            let there = |((key, counts), link): (&(LinkKey, Counts), Option<Link>)| {
                let link = link.filter(|link| link.key() == *key && link.site == *site)?;
                Some((link, counts.clone()))
            };
            open.extend(some.iter().zip(links).filter_map(there));
        }
        // What was read may have become cells in the meantime.
        if self.has_cells(site, day).await? { Ok(Vec::new()) } else { Ok(open) }
    }

    /// Deletes the parts of a day, and returns how many there were.
    pub(super) async fn drop_parts(&self, site: &SiteId, day: Day) -> Result<i64, StoreError> {
        let delete = |number| cmd("UNLINK").arg(keys::part(number, site, day)).take();
        let deleted: Vec<i64> =
            self.connection.query_all((0..keys::PARTITIONS).map(delete).collect()).await?;
        Ok(deleted.into_iter().sum())
    }

    /// Whether a day's cells hold.
    pub(super) async fn has_cells(&self, site: &SiteId, day: Day) -> Result<bool, StoreError> {
        self.connection.query(cmd("HEXISTS").arg(keys::sheet(site, day)).arg(MARK)).await
    }

    /// The links' keys and records of one part, each once, read in short steps.
    pub(super) async fn part(
        &self,
        number: usize,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        let (key, mut cursor, mut part) = (keys::part(number, site, day), 0_u64, BTreeMap::new());
        loop {
            let scan = cmd("HSCAN").arg(&key).arg(cursor).arg("COUNT").arg(SCAN).take();
            let (next, found): (u64, Vec<(String, Vec<u8>)>) = self.connection.query(&scan).await?;
            part.extend(found);
            if next == 0 {
                return Ok(part);
            }
            cursor = next;
        }
    }
}

/// The weeks that are closed.
pub(super) fn closed_weeks(
    weeks: &BTreeMap<crate::domain::week::Week, u64>,
) -> BTreeMap<crate::domain::week::Week, u64> {
    weeks.iter().filter(|(_, version)| **version > 0).map(|(week, version)| (*week, *version)).collect()
}

/// The day that a field stands for, where it is one.
pub(super) fn day_of(field: &str) -> Option<Day> {
    Day::from_number(field.parse().ok()?)
}

/// Reads a link's record as `record.lua` packs it.
pub(super) fn read(record: &[u8]) -> Result<Counts, StoreError> {
    let read = || {
        let length = match record.first()? {
            0 => EXACT_RECORD,
            1 => SKETCH_RECORD,
            _ => return None,
        };
        let (numbers, known) = record.split_at_checked(length)?;
        let mut numbers = numbers.get(1..EXACT_RECORD)?.chunks_exact(4);
        let mut next = || numbers.next()?.try_into().ok().map(u32::from_le_bytes).map(u64::from);
        let (clicks, opens, unfurls) = (next()?, next()?, next()?);
        let visitors = next()?.max(next()?);
        let known_unfurls = families_from_text(str::from_utf8(known).ok()?)?;
        Some(Counts { shares: 0, unfurls, known_unfurls, clicks, visitors, opens })
    };
    read().ok_or_else(|| failure::corrupt("a record of counts"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::family::Family;

    #[test]
    fn a_record_is_read_as_the_script_packs_it() {
        let numbers = [3_u32, 2, 5, 1, 2].map(u32::to_le_bytes).concat();
        let exact = [&[0], &*numbers, b"slack=4"].concat();
        let expected = Counts {
            unfurls: 5,
            known_unfurls: BTreeMap::from([(Family::Slack, 4)]),
            clicks: 3,
            visitors: 2,
            opens: 2,
            shares: 0,
        };
        assert_eq!(read(&exact).ok(), Some(expected.clone()));
        let sketch = [&[1], &*numbers, &[0; 16], b"slack=4"].concat();
        assert_eq!(read(&sketch).ok(), Some(expected));
        for wrong in [&[][..], &[2; 40], &exact[..20], &sketch[..30], &[&exact[..], b"x"].concat()] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
