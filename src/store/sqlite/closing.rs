//! Closing a day, step by step. Each step is one transaction that moves a few hundred amounts at
//! most, and the next one begins at what is left. So the writer is free for others in between, and
//! a process that is killed between two steps has moved some amounts and not others.
//!
//! Amounts of links move from `counts` into `cells` and `rests`, from `rests` into `cells` and
//! `waiting`, and from there into `cells`: one table for what each level of
//! [`cell`](crate::domain::cell) has to close (`levels`). Before that, cells of an earlier closing
//! that are too small by now move up in the same way (`raising`).

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::cells::{self, CellPlace, KindRow, NO_LINK, kind_row};
use super::counts::{LinkSite, number, read_day, sql_number};
use super::sites;
use super::visitors::{LinkRow, Visitors};
use crate::domain::cell::Amount;
use crate::domain::day::Day;
use crate::domain::site::SiteId;

/// How many amounts one step moves.
pub(super) const ROWS: u16 = 500;

/// Whether a step with so many rows has to be followed by another one of its kind.
pub(super) fn is_full(rows: usize) -> bool {
    rows == usize::from(ROWS)
}

/// The days of all sites that there is something to close on, the oldest first.
pub(super) fn days_to_close(
    db: &Connection,
    before: Day,
    min_count: u64,
) -> rusqlite::Result<Vec<(Day, SiteId)>> {
    // From one day with open counts to the next, without reading those of today.
    let sql = "
        WITH RECURSIVE open (site, day) AS (
            SELECT id, (SELECT min(day) FROM counts WHERE site = sites.id) FROM sites
            UNION ALL
            SELECT site, (SELECT min(day) FROM counts WHERE counts.site = open.site AND counts.day > open.day)
            FROM open WHERE day < ?1
        )
        SELECT day, ident FROM (
            SELECT site, day FROM open
            UNION SELECT site, day FROM rests
            UNION SELECT site, day FROM closed_days WHERE min_count < ?2
        ) JOIN sites ON sites.id = site WHERE day < ?1 ORDER BY day, ident";
    let mut statement = db.prepare_cached(sql)?;
    let day = |row: &Row<'_>| Ok((read_day(row, 0)?, SiteId::from_stored(row.get_ref(1)?.as_str()?)));
    statement.query_map((before.number(), sql_number(min_count)), day)?.collect()
}

/// Notes that all days before `day` are closed.
pub(super) fn note_closed_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let sql = "INSERT INTO closed_before (only, day) VALUES (1, ?1)
               ON CONFLICT DO UPDATE SET day = max(day, excluded.day)";
    db.prepare_cached(sql)?.execute([day.number()]).map(drop)
}

/// The closing of one day.
pub(super) struct Closing {
    site: SiteId,
    day: Day,
    min_count: u64,
    next: Next,
}

/// What the next step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Marks the day as one that is being closed.
    Begin,
    /// Moves up links' cells that are too small, behind this one.
    SmallLinks(LinkRow, KindRow),
    /// The same of pages' cells.
    SmallPages(KindRow),
    /// The same of channels' cells: all at once, they are few.
    SmallChannels,
    /// Closes links' open counts.
    Links,
    /// Closes what moved up from links.
    Rests,
    /// Closes what waits for the channels, and marks the day as closed.
    Channels,
    /// There is none.
    Nothing,
}

impl Closing {
    pub(super) fn new(site: SiteId, day: Day, min_count: u64) -> Self {
        Self { site, day, min_count, next: Next::Begin }
    }

    pub(super) fn is_done(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Whether what earlier steps deleted should be nowhere any more when the next one is done.
    pub(super) fn ends(&self) -> bool {
        self.next == Next::Channels
    }

    /// Does the next step in the caller's transaction.
    pub(super) fn step(mut self, db: &Connection, visitors: &mut Visitors) -> rusqlite::Result<Self> {
        let Self { day, min_count, .. } = self;
        let desk = Desk { db, site: sites::row_number(db, &self.site)?, day, min_count };
        self.next = match self.next {
            Next::Begin => desk.begin()?,
            Next::SmallLinks(link, kind) => desk.raise_small_links(link, kind)?,
            Next::SmallPages(kind) => desk.raise_small_pages(kind)?,
            Next::SmallChannels => desk.raise_small_channels()?,
            Next::Links => {
                visitors.let_day_go(day);
                desk.close_links()?
            }
            Next::Rests => desk.close_rests()?,
            Next::Channels => desk.close_channels()?,
            Next::Nothing => Next::Nothing,
        };
        Ok(self)
    }
}

/// What a step works with.
pub(super) struct Desk<'a> {
    pub(super) db: &'a Connection,
    pub(super) site: LinkSite,
    pub(super) day: Day,
    pub(super) min_count: u64,
}

impl Desk<'_> {
    fn begin(&self) -> rusqlite::Result<Next> {
        let sql = "INSERT OR IGNORE INTO closed_days (site, day, min_count, version) VALUES (?1, ?2, 0, 0)";
        self.db.prepare_cached(sql)?.execute(self.key())?;
        Ok(if self.mark()? < self.min_count { Next::SmallLinks(NO_LINK, KindRow::MAX) } else { Next::Links })
    }

    /// The kind of all of a channel's pages.
    pub(super) fn channel_kind(&self, channel: &str) -> rusqlite::Result<KindRow> {
        kind_row(self.db, self.site, channel, "", "")
    }

    /// With how many visitors the day was closed; 0 where it was not.
    pub(super) fn mark(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT min_count FROM closed_days WHERE site = ?1 AND day = ?2";
        let mark = self.db.prepare_cached(sql)?.query_row(self.key(), |row| number(row, 0)).optional()?;
        Ok(mark.unwrap_or(0))
    }

    pub(super) fn changed(&self, changed: bool) -> rusqlite::Result<()> {
        if changed { cells::changed(self.db, self.site, self.day.number()) } else { Ok(()) }
    }

    pub(super) fn key(&self) -> (LinkSite, i32) {
        (self.site, self.day.number())
    }

    pub(super) fn place(&self, link: LinkRow, kind: KindRow) -> CellPlace {
        CellPlace { site: self.site, day: self.day, link, kind }
    }

    /// Rows of a key and, from column `first` on, an amount.
    pub(super) fn amounts<Key>(
        &self,
        sql: &str,
        which: impl Params,
        key: impl Fn(&Row<'_>) -> rusqlite::Result<Key>,
        first: usize,
    ) -> rusqlite::Result<Vec<(Key, Amount)>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(which, |row| {
            let [clicks, visitors, aggregate_clicks] =
                [number(row, first)?, number(row, first + 1)?, number(row, first + 2)?];
            Ok((key(row)?, Amount { clicks, visitors, aggregate_clicks }))
        })?;
        rows.collect()
    }
}
