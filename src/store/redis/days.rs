//! Whole days of a site, for reports; and what tells that one has changed since it was read.

use foldhash::HashMap;

use jiff::Timestamp;
use redis::cmd;

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::stats::counts::{Counts, DayCounts, DayMarks, DayRow, DayRows};
use crate::store::StoreError;
use crate::store::redis::cells::{Cell, MARK, OF_LINK, from_json};
use crate::store::redis::counts::closed_weeks;
use crate::store::redis::{RedisStore, failure, keys, script};

impl RedisStore {
    /// What tells whether days have changed.
    pub(super) async fn marks_of_days(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<DayMarks, StoreError> {
        let mut found = DayMarks { closed: self.closed_days().await?, ..DayMarks::default() };
        let marks = self.marks_within(site, first, last).await?;
        found.open = marks.open().collect();
        found.closed.weeks = closed_weeks(&marks.weeks);
        (found.closed.days, found.links) = (marks.closed, marks.links);
        Ok(found)
    }

    /// A link was changed or deleted: its share is not what it was. Behind the change, so that whoever sees the new
    /// version reads what the link is now; in another slot, so a crash in between leaves the old version.
    pub(super) async fn link_changed(&self, link: &Link) -> Result<(), StoreError> {
        let mut rise = script::RISE.on(&[keys::marks(&link.site)]);
        rise.arg(format!("l{}", Day::of(link.created_at).number()));
        self.connection.call::<i64>(&script::RISE, &rise).await.map(drop)
    }

    /// All of a day: its cells where they hold, and else what is open, which was read before. So what becomes a cell in between
    /// is seen once.
    pub(super) async fn rows_of_day(
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
