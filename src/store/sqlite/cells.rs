//! Cells: the rows of closed days, and the kinds that they are of.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::counts::{LinkSite, families, number, sql_number};
use super::visitors::LinkRow;
use crate::domain::cell::Amount;
use crate::domain::counts::{Counts, families_to_text};
use crate::domain::day::Day;

/// A combination of channel, page and campaign, by the number of its row.
pub(super) type KindRow = i64;

/// The number of no link: a cell that is of several.
pub(super) const NO_LINK: LinkRow = 0;

/// Where a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CellPlace {
    pub(super) site: LinkSite,
    pub(super) day: Day,
    pub(super) link: LinkRow,
    pub(super) kind: KindRow,
}

impl CellPlace {
    fn key(self) -> (LinkSite, i32, LinkRow, KindRow) {
        (self.site, self.day.number(), self.link, self.kind)
    }
}

/// The row of a kind. An empty `url` is that of the whole channel.
pub(super) fn known_kind(
    db: &Connection,
    site: LinkSite,
    channel: &str,
    url: &str,
    campaign: &str,
) -> rusqlite::Result<Option<KindRow>> {
    let sql = "SELECT id FROM kinds WHERE site = ?1 AND channel = ?2 AND url = ?3 AND campaign = ?4";
    db.prepare_cached(sql)?.query_row((site, channel, url, campaign), |row| row.get(0)).optional()
}

/// The same, made where there is none.
pub(super) fn kind_row(
    db: &Connection,
    site: LinkSite,
    channel: &str,
    url: &str,
    campaign: &str,
) -> rusqlite::Result<KindRow> {
    if let Some(known) = known_kind(db, site, channel, url, campaign)? {
        return Ok(known);
    }
    let sql = "INSERT INTO kinds (site, channel, url, campaign) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((site, channel, url, campaign))?;
    Ok(db.last_insert_rowid())
}

/// Forgets a kind that nothing is of any more.
pub(super) fn drop_unused_kind(db: &Connection, kind: KindRow) -> rusqlite::Result<()> {
    let sql = "DELETE FROM kinds WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM cells WHERE kind = ?1)
               AND NOT EXISTS (SELECT 1 FROM rests WHERE kind = ?1)";
    db.prepare_cached(sql)?.execute([kind]).map(drop)
}

/// What a cell has that stands for people; nothing where there is none.
pub(super) fn amount(db: &Connection, place: CellPlace) -> rusqlite::Result<Amount> {
    let sql = "SELECT clicks, visitors, aggregate_clicks FROM cells
               WHERE site = ?1 AND day = ?2 AND link = ?3 AND kind = ?4";
    let amount = |row: &Row<'_>| {
        let (clicks, visitors) = (number(row, 0)?, number(row, 1)?);
        Ok(Amount { clicks, visitors, aggregate_clicks: number(row, 2)? })
    };
    Ok(db.prepare_cached(sql)?.query_row(place.key(), amount).optional()?.unwrap_or_default())
}

/// Adds to a cell, or makes one.
pub(super) fn add(db: &Connection, place: CellPlace, counts: &Counts) -> rusqlite::Result<()> {
    let sql = "SELECT unfurls, known_unfurls, clicks, visitors, aggregate_clicks FROM cells
               WHERE site = ?1 AND day = ?2 AND link = ?3 AND kind = ?4";
    let there = db.prepare_cached(sql)?.query_row(place.key(), |row| read(row, 0)).optional()?;
    let mut sum = there.unwrap_or_default();
    sum.add(counts);
    let sql = "INSERT OR REPLACE INTO cells (site, day, link, kind, unfurls, known_unfurls, clicks, visitors, \
               aggregate_clicks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (site, day, link, kind) = place.key();
    db.prepare_cached(sql)?.execute((
        site,
        day,
        link,
        kind,
        sql_number(sum.unfurls),
        families_to_text(&sum.known_unfurls),
        sql_number(sum.clicks),
        sql_number(sum.visitors),
        sql_number(sum.aggregate_clicks),
    ))?;
    Ok(())
}

/// Takes from a cell what it has; one of which nothing is left goes.
pub(super) fn take(db: &Connection, place: CellPlace, amount: Amount) -> rusqlite::Result<()> {
    let (site, day, link, kind) = place.key();
    let Amount { clicks, visitors, aggregate_clicks } = amount;
    let sql = "UPDATE cells SET clicks = clicks - ?5, visitors = visitors - ?6,
               aggregate_clicks = aggregate_clicks - ?7
               WHERE site = ?1 AND day = ?2 AND link = ?3 AND kind = ?4";
    let numbers = (sql_number(clicks), sql_number(visitors), sql_number(aggregate_clicks));
    db.prepare_cached(sql)?.execute((site, day, link, kind, numbers.0, numbers.1, numbers.2))?;
    let sql = "DELETE FROM cells WHERE site = ?1 AND day = ?2 AND link = ?3 AND kind = ?4
               AND unfurls = 0 AND clicks = 0 AND visitors = 0 AND aggregate_clicks = 0";
    if db.prepare_cached(sql)?.execute(place.key())? > 0 {
        drop_unused_kind(db, kind)?;
    }
    Ok(())
}

/// Reads a cell's five numbers.
pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    Ok(Counts {
        shares: 0,
        unfurls: number(row, first)?,
        known_unfurls: families(row, first + 1)?,
        clicks: number(row, first + 2)?,
        visitors: number(row, first + 3)?,
        aggregate_clicks: number(row, first + 4)?,
    })
}

/// A day's cells have changed.
pub(super) fn changed(db: &Connection, site: LinkSite, day: i32) -> rusqlite::Result<()> {
    let sql = "UPDATE closed_days SET version = version + 1 WHERE site = ?1 AND day = ?2";
    db.prepare_cached(sql)?.execute((site, day)).map(drop)
}

/// Deletes at most `most` cells of days before `day`; returns whether there may be more.
pub(super) fn delete_before(db: &Connection, day: Day, most: usize) -> rusqlite::Result<bool> {
    // Rows lie by site and day, so that this begins at what is to go.
    let sql = "
        DELETE FROM cells WHERE (site, day, link, kind) IN (
            SELECT site, day, link, kind FROM sites CROSS JOIN cells ON cells.site = sites.id AND day < ?1 LIMIT ?2
        ) RETURNING day, kind";
    let gone = rows(db, sql, (day.number(), i64::try_from(most).unwrap_or(i64::MAX)))?;
    drop_unused_kinds(db, gone.iter().map(|(_, kind)| *kind))?;
    Ok(gone.len() == most)
}

/// Deletes what an interrupted closing of days before `day` has left between links and pages.
pub(super) fn delete_rests_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let gone = rows(db, "DELETE FROM rests WHERE day < ?1 RETURNING day, kind", [day.number()])?;
    drop_unused_kinds(db, gone.iter().map(|(_, kind)| *kind))
}

fn drop_unused_kinds(db: &Connection, kinds: impl Iterator<Item = KindRow>) -> rusqlite::Result<()> {
    let kinds: BTreeSet<KindRow> = kinds.collect();
    kinds.into_iter().try_for_each(|kind| drop_unused_kind(db, kind))
}

/// The days and kinds that a statement returns.
pub(super) fn rows(db: &Connection, sql: &str, which: impl Params) -> rusqlite::Result<Vec<(i32, KindRow)>> {
    let mut statement = db.prepare_cached(sql)?;
    statement.query_map(which, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
