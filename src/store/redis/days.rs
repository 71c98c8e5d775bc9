//! Whole days of a site, for reports; and what tells that one has changed since it was read.

use foldhash::HashMap;

use futures_util::future::try_join;
use jiff::Timestamp;

use super::cells::{Cell, Kind};
use super::counts::DayOfSite;
use super::marks::Marks;
use super::{RedisStore, keys, script};
use crate::domain::code::Code;
use crate::domain::counts::{Counts, DayCounts, DayMarks, DayRow, DayRows, Kind as Named};
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

impl RedisStore {
    /// What tells whether days have changed.
    pub(super) async fn marks_of_days(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<DayMarks, StoreError> {
        let mut found = DayMarks { closed: self.closed_days().await?, ..DayMarks::default() };
        let Marks { days, open, links } = self.marks_within(site, first, last).await?;
        found.closed.days = days.into_iter().map(|(day, mark)| (day, mark.closed())).collect();
        (found.open, found.links) = (open, links);
        Ok(found)
    }

    /// A link was changed or deleted: its share is not what it was. Behind the change, so that whoever sees the new
    /// version reads what the link is now; in another slot, so a crash in between leaves the old version.
    pub(super) async fn link_changed(&self, link: &Link) -> Result<(), StoreError> {
        let mut rise = script::RISE.on(&[keys::marks(&link.site)]);
        rise.arg(format!("l{}", Day::of(link.created_at).number()));
        self.connection.call::<i64>(&script::RISE, &rise).await.map(drop)
    }

    /// All of a day.
    pub(super) async fn rows_of_day(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError> {
        let mut table = Table::default();
        let (made, of_day) =
            try_join(self.links_made(site, day, shares_before), self.day_of_site(site, day)).await?;
        for link in made {
            let share = Counts { shares: 1, ..Counts::default() };
            table.of(Kind::of(&link), Some(link.code)).open.add(&share);
        }
        let DayOfSite { sheet, open } = of_day;
        for (link, counts) in open {
            table.of(Kind::of(&link), Some(link.code)).open.add(&counts);
        }
        for (kind, numbers) in sheet.rests {
            table.of(kind, None).open.add(&numbers.counts()?);
        }
        for (kind, numbers) in sheet.kinds {
            table.of(kind, None).cells.add(&numbers.counts()?);
        }
        // After a crash in the middle of a deletion, cells may be left whose link is gone, or was made anew.
        let links = self.many_links(sheet.links.iter().map(|(link, _)| &link.code)).await?;
        for ((key, cells), link) in sheet.links.into_iter().zip(links) {
            if link.is_none_or(|link| link.key() != key) {
                continue;
            }
            for Cell { kind, counts } in cells {
                table.of(kind, Some(key.code.clone())).cells.add(&counts.counts()?);
            }
        }
        Ok(table.day)
    }
}

/// A day, as it is brought together.
#[derive(Default)]
struct Table {
    day: DayRows,
    kinds: HashMap<Kind, usize>,
    places: HashMap<(usize, Option<Code>), usize>,
}

impl Table {
    fn of(&mut self, kind: Kind, link: Option<Code>) -> &mut DayCounts {
        let day = &mut self.day;
        let kind = *self.kinds.entry(kind).or_insert_with_key(|kind| {
            let Kind { channel, page, campaign } = kind.clone();
            day.kinds.push(Named { channel, page, campaign });
            day.kinds.len() - 1
        });
        let place = *self.places.entry((kind, link)).or_insert_with_key(|(_, link)| {
            day.rows.push(DayRow { kind, link: link.clone(), counts: DayCounts::default() });
            day.rows.len() - 1
        });
        &mut day.rows[place].counts
    }
}
