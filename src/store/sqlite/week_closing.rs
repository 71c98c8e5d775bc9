//! Closing the pools of a week: each one becomes a cell of its page, or joins its channel, which becomes a cell or is deleted.

use crate::store::sqlite::counts::LinkSite;
use async_trait::async_trait;
use rusqlite::Connection;

use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::Amount;
use crate::stats::disclosure::{Level, Undecided};
use crate::store::sqlite::cells::{KindRow, NO_LINK, drop_unused_kind, kind_row};
use crate::store::sqlite::closing::{Closing, Desk, is_full, read_week, undecided};
use crate::store::sqlite::counts::{read_day, sql_number};
use crate::store::sqlite::reading::each;
use crate::store::sqlite::{SqliteStore, cells};
use crate::store::{StoreError, WeekClosingStore};

#[async_trait]
impl WeekClosingStore for SqliteStore {
    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError> {
        self.file().reports.read(move |db| weeks_to_close(db, before)).await
    }

    async fn close_week(&self, site: &SiteId, week: Week, min_count: MinCount) -> Result<(), StoreError> {
        self.close(Closing::of_week(site.clone(), week, min_count)).await
    }
}

/// Returns the weeks of all sites that have pools and no day that is open, the oldest first.
pub(super) fn weeks_to_close(db: &Connection, before: Week) -> rusqlite::Result<Vec<(Week, SiteId)>> {
    // From one week with pools to the next.
    let sql = "
        WITH RECURSIVE pooled (site, week) AS (
            SELECT id, (SELECT min(week) FROM pools WHERE site = sites.id) FROM sites
            UNION ALL
            SELECT site, (SELECT min(week) FROM pools WHERE pools.site = pooled.site AND pools.week > pooled.week)
            FROM pooled WHERE week < ?1
        )
        SELECT week, ident, site FROM (
            SELECT site, week FROM pooled
            UNION SELECT site, number FROM closings WHERE is_week
        ) JOIN sites ON sites.id = site WHERE week < ?1 ORDER BY week, ident";
    let mut weeks = Vec::new();
    each(db, sql, [before.number()], |row| {
        let (week, site) = (read_week(row, 0)?, SiteId::from_stored(row.get_ref(1)?.as_str()?));
        if !has_open_day(db, row.get(2)?, week)? {
            weeks.push((week, site));
        }
        Ok(())
    })?;
    Ok(weeks)
}

fn has_open_day(db: &Connection, site: LinkSite, week: Week) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM counts WHERE site = ?1 AND day BETWEEN ?2 AND ?3) OR EXISTS
               (SELECT 1 FROM closings WHERE site = ?1 AND NOT is_week AND number BETWEEN ?2 AND ?3)";
    let which = (site, week.first().number(), week.last().number());
    db.prepare_cached(sql)?.query_row(which, |row| row.get(0))
}

/// A page's pool, by day.
struct Page {
    kind: KindRow,
    channel: String,
    days: Vec<(Day, Undecided)>,
}

impl Page {
    fn all(&self) -> Undecided {
        let mut all = Undecided::default();
        self.days.iter().for_each(|(_, of_day)| all += *of_day);
        all
    }
}

impl Desk<'_> {
    /// Closes the pools of some pages, and returns whether there may be more.
    pub(super) fn close_pages(&self, week: Week) -> rusqlite::Result<bool> {
        let pages = self.pages(week)?;
        for page in &pages {
            let (cell, rest) = self.secret.decide(Level::Page, &page.kind.to_string(), page.all(), self.k);
            self.insert_cell(week, page.kind, cell)?;
            let channel = kind_row(self.db, self.site, &page.channel, "", "")?;
            for (day, of_day) in &page.days {
                self.join_channel(week, channel, *day, *of_day, rest)?;
            }
            let sql = "DELETE FROM pools WHERE site = ?1 AND week = ?2 AND kind = ?3";
            self.db.prepare_cached(sql)?.execute((self.site, week.number(), page.kind))?;
            drop_unused_kind(self.db, page.kind)?;
        }
        Ok(is_full(pages.len()))
    }

    /// Closes the pools of the channels, when those of the pages are gone, and marks the week as closed.
    pub(super) fn close_channels(&self, week: Week) -> rusqlite::Result<()> {
        let sql = "SELECT kind, sum(clicks), sum(visitors), sum(networks), sum(opens) FROM pools
                   WHERE site = ?1 AND week = ?2 GROUP BY kind";
        let which = (self.site, week.number());
        let mut channels: Vec<(KindRow, Undecided)> = Vec::new();
        each(self.db, sql, which, |row| {
            channels.push((row.get(0)?, undecided(row, 1)?));
            Ok(())
        })?;
        for (kind, all) in &channels {
            let (cell, _) = self.secret.decide(Level::Channel, &kind.to_string(), *all, self.k);
            self.insert_cell(week, *kind, cell)?;
        }
        self.db.prepare_cached("DELETE FROM pools WHERE site = ?1 AND week = ?2")?.execute(which)?;
        for (kind, _) in &channels {
            drop_unused_kind(self.db, *kind)?;
        }
        let sql = "UPDATE closed_weeks SET version = version + 1 WHERE site = ?1 AND week = ?2";
        self.db.prepare_cached(sql)?.execute(which).map(drop)
    }

    fn pages(&self, week: Week) -> rusqlite::Result<Vec<Page>> {
        let sql = "SELECT pools.kind, channel, day, clicks, visitors, networks, opens
                   FROM pools CROSS JOIN kinds ON kinds.id = pools.kind
                   WHERE pools.site = ?1 AND week = ?2 AND url != '' ORDER BY pools.kind, day";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query((self.site, week.number()))?;
        let mut pages: Vec<Page> = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, of_day) = (row.get(0)?, (read_day(row, 2)?, undecided(row, 3)?));
            let full = is_full(pages.len());
            match pages.last_mut().filter(|page| page.kind == kind) {
                Some(page) => page.days.push(of_day),
                None if full => break,
                None => pages.push(Page { kind, channel: row.get(1)?, days: vec![of_day] }),
            }
        }
        Ok(pages)
    }

    /// Lets what is left of a page join its channel's row of the same day. How many networks stand behind all that is left
    /// there cannot be known, because the sets are gone; it is at least that of all that was pooled, less those of
    /// pages that became cells, and at least that of each page that is left.
    fn join_channel(
        &self,
        week: Week,
        channel: KindRow,
        day: Day,
        of_day: Undecided,
        rest: Undecided,
    ) -> rusqlite::Result<()> {
        let Undecided { amount: Amount { clicks, visitors, opens }, networks } = of_day;
        let clicks_are_left = rest.amount.clicks > 0;
        let left = |number, is_left| if is_left { sql_number(number) } else { 0 };
        let sql = "UPDATE pools SET clicks = clicks + ?5, visitors = visitors + ?6,
                   networks = max(networks - ?7, ?8), opens = opens + ?9
                   WHERE site = ?1 AND week = ?2 AND kind = ?3 AND day = ?4";
        let which = (self.site, week.number(), channel, day.number());
        self.db
            .prepare_cached(sql)?
            .execute((
                which.0,
                which.1,
                which.2,
                which.3,
                left(clicks, clicks_are_left),
                left(visitors, clicks_are_left),
                left(networks, !clicks_are_left),
                left(networks, clicks_are_left),
                left(opens, rest.amount.opens > 0),
            ))
            .map(drop)
    }

    fn insert_cell(&self, week: Week, kind: KindRow, cell: Amount) -> rusqlite::Result<()> {
        if cell.is_nothing() {
            return Ok(());
        }
        cells::insert(self.db, self.site, week.first(), NO_LINK, kind, &cell.into())
    }
}
