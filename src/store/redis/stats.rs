//! Reading counts for reports: of links, of whole days and weeks, and of the lineage of links.

use crate::store::redis::marks::read_closed;
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use foldhash::HashMap;
use jiff::Timestamp;
use redis::cmd;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, Counts, DayCounts, DayMarks, DayRow, DayRows, LinkCounts};
use crate::stats::lineage::Shares;
use crate::store::redis::cells::{Cell, Kind, MARK, Numbers, OF_KIND, OF_LINK, from_json};
use crate::store::redis::counts::closed_weeks;
use crate::store::redis::index::Walk;
use crate::store::redis::links::CHUNK;
use crate::store::redis::{RedisStore, counts, failure, keys};
use crate::store::{LinkStore, StatsStore, StoreError};

#[async_trait]
impl StatsStore for RedisStore {
    /// What was counted for a link, by day: what is open of it first, and then its cells. So what becomes a cell in
    /// between is seen once.
    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        let mut counts = LinkCounts { closed: self.closed_days().await?, ..LinkCounts::default() };
        let Some(link) = self.link_in_any_case(code).await?.filter(|link| link.code == *code) else {
            return Ok(counts);
        };
        let key = link.key().to_string();
        let open: Vec<Day> = self.marks_within(&link.site, first, last).await?.open().collect();
        let partition = keys::partition_of(code);
        let ask = |day: &Day| cmd("HGET").arg(keys::part(partition, &link.site, *day)).arg(&key).take();
        let values: Vec<Option<Vec<u8>>> = self.connection.query_all(open.iter().map(ask).collect()).await?;
        for (day, value) in open.iter().zip(values) {
            if let Some(value) = value {
                counts.days.entry(*day).or_default().open = counts::read(&value)?;
            }
        }
        let mut days = self.marks_within(&link.site, first, last).await?;
        counts.closed.weeks = closed_weeks(&days.weeks);
        // Those that were open may have been closed since, and forgotten.
        days.closed.retain(|day, _| (first..=last).contains(day));
        let days: Vec<Day> = days.closed.into_keys().collect();
        let names = [MARK.to_owned(), format!("{OF_LINK}{key}")];
        let of_link = |day: &Day| cmd("HMGET").arg(keys::sheet(&link.site, *day)).arg(&names).take();
        let values: Vec<[Option<String>; 2]> =
            self.connection.query_all(days.iter().map(of_link).collect()).await?;
        for (day, [mark, cell]) in days.into_iter().zip(values) {
            let Some(mark) = mark else { continue };
            counts.closed.days.insert(day, read_closed(&mark)?);
            let cells =
                cell.map_or_else(|| Ok(Counts::default()), |cell| from_json::<Cell>(&cell)?.counts.counts())?;
            counts.days.insert(day, DayCounts { cells, open: Counts::default() });
        }
        counts.days.retain(|_, counts| *counts != DayCounts::default());
        Ok(counts)
    }

    /// What tells whether days have changed.
    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        let mut found = DayMarks { closed: self.closed_days().await?, ..DayMarks::default() };
        let marks = self.marks_within(site, first, last).await?;
        found.open = marks.open().collect();
        found.closed.weeks = closed_weeks(&marks.weeks);
        (found.closed.days, found.links) = (marks.closed, marks.links);
        Ok(found)
    }

    /// All of a day: its cells where they hold, and else what is open, which was read before. So what becomes a cell in between
    /// is seen once.
    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError> {
        let mut table = Table::default();
        for link in self.links_made(site, day, shares_before).await? {
            let share = Counts { shares: 1, ..Counts::default() };
            table.of(link.kind_on(day), link.code).open.add(&share);
        }
        let open =
            if self.has_cells(site, day).await? { Vec::new() } else { self.open_links(site, day).await? };
        let sheet: Vec<(String, String)> =
            self.connection.query(cmd("HGETALL").arg(keys::sheet(site, day))).await?;
        if !sheet.iter().any(|(field, _)| field == MARK) {
            for (link, counts) in open {
                table.of(link.kind_on(day), link.code).open.add(&counts);
            }
            return Ok(table.day);
        }
        let mut cells: Vec<(LinkKey, Cell)> = Vec::with_capacity(sheet.len());
        for (field, cell) in &sheet {
            if let Some(link) = field.strip_prefix(OF_LINK) {
                let link = link.parse().map_err(|_| failure::corrupt("a link's key"))?;
                cells.push((link, from_json(cell)?));
            }
        }
        // After a crash in the middle of a deletion, cells may be left whose link is gone, or was made anew.
        let links = self.many_links(cells.iter().map(|(link, _)| &link.code)).await?;
        for ((key, Cell { kind, counts }), link) in cells.into_iter().zip(links) {
            if link.is_some_and(|link| link.key() == key) {
                table.of(kind.into(), key.code).cells.add(&counts.counts()?);
            }
        }
        Ok(table.day)
    }

    /// A week's cells.
    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError> {
        let mut found = DayRows::default();
        let fields: BTreeMap<String, String> =
            self.connection.query(cmd("HGETALL").arg(keys::week(site, week))).await?;
        if !fields.contains_key(MARK) {
            return Ok(found);
        }
        for (field, numbers) in fields {
            if let Some(kind) = field.strip_prefix(OF_KIND) {
                let cells = from_json::<Numbers>(&numbers)?.counts()?;
                found.kinds.push(from_json::<Kind>(kind)?.into());
                let counts = DayCounts { cells, open: Counts::default() };
                found.rows.push(DayRow { kind: found.kinds.len() - 1, link: None, counts });
            }
        }
        Ok(found)
    }

    /// What is open of a site's day, by channel.
    async fn open_totals(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Amount>, StoreError> {
        let mut sums: BTreeMap<ChannelName, Amount> = BTreeMap::new();
        if !self.has_cells(site, day).await? {
            for (link, counts) in self.open_links(site, day).await? {
                *sums.entry(link.channel).or_default() += Amount::of(&counts);
            }
        }
        sums.retain(|_, amount| !amount.is_nothing());
        Ok(sums)
    }

    /// The links that were made, by channel, generation and channel of the parent.
    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError> {
        let mut sums: BTreeMap<(ChannelName, u32, Option<ChannelName>), u64> = BTreeMap::new();
        let mut walk = Walk::over_days(site, first, last, shares_before);
        loop {
            let places = walk.next(self, CHUNK).await?;
            if places.is_empty() {
                break;
            }
            let links = self.links_at(site, &places).await?;
            let links: Vec<_> = links.into_iter().map(|listed| listed.link).collect();
            let parents = self.parents_of(&links).await?;
            for Link { channel, generation, parent, created_at, .. } in links {
                let parent = parent.and_then(|code| parents.get(&code));
                let parent = parent.filter(|parent| parent.site == *site && parent.created_at <= created_at);
                let parent_channel = parent.map(|parent| parent.channel.clone());
                *sums.entry((channel, generation, parent_channel)).or_default() += 1;
            }
        }
        let row = |((channel, generation, parent_channel), shares)| Shares {
            channel,
            generation,
            parent_channel,
            shares,
        };
        Ok(sums.into_iter().map(row).collect())
    }
}

impl RedisStore {
    /// The links that these name as their parents, those that there are.
    async fn parents_of(&self, links: &[Link]) -> Result<BTreeMap<Code, Link>, StoreError> {
        let codes: BTreeSet<&Code> = links.iter().filter_map(|link| link.parent.as_ref()).collect();
        let parents = self.many_links(codes.into_iter()).await?;
        Ok(parents.into_iter().flatten().map(|link| (link.code.clone(), link)).collect())
    }
}

/// A day, as it is brought together.
#[derive(Default)]
struct Table {
    day: DayRows,
    kinds: HashMap<Dimensions, usize>,
    places: HashMap<(usize, Code), usize>,
}

impl Table {
    fn of(&mut self, kind: Dimensions, link: Code) -> &mut DayCounts {
        let day = &mut self.day;
        let kind = *self.kinds.entry(kind).or_insert_with_key(|kind| {
            day.kinds.push(kind.clone());
            day.kinds.len() - 1
        });
        let place = *self.places.entry((kind, link)).or_insert_with_key(|(_, link)| {
            day.rows.push(DayRow { kind, link: Some(link.clone()), counts: DayCounts::default() });
            day.rows.len() - 1
        });
        &mut day.rows[place].counts
    }
}
