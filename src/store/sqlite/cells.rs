//! Cells: the rows of closed days and weeks, and the kinds that they are of.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::domain::day::Day;
use crate::domain::week::Week;
use crate::stats::counts::{Counts, families_to_text};
use crate::store::sqlite::counts::{LinkSite, families, number, sql_number};
use crate::store::sqlite::visitors::LinkRow;

/// A combination of channel, page and campaign, by the number of its row.
pub(super) type KindRow = i64;

/// The number of no link: a cell of a week, of a whole page or channel.
pub(super) const NO_LINK: LinkRow = 0;

/// The row of a kind, made where there is none. An empty `url` is that of the whole channel.
pub(super) fn kind_row(
    db: &Connection,
    site: LinkSite,
    channel: &str,
    url: &str,
    campaign: &str,
) -> rusqlite::Result<KindRow> {
    let sql = "SELECT id FROM kinds WHERE site = ?1 AND channel = ?2 AND url = ?3 AND campaign = ?4";
    let known =
        db.prepare_cached(sql)?.query_row((site, channel, url, campaign), |row| row.get(0)).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let sql = "INSERT INTO kinds (site, channel, url, campaign) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((site, channel, url, campaign))?;
    Ok(db.last_insert_rowid())
}

/// Forgets a kind that nothing is of any more.
pub(super) fn drop_unused_kind(db: &Connection, kind: KindRow) -> rusqlite::Result<()> {
    let sql = "DELETE FROM kinds WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM cells WHERE kind = ?1)
               AND NOT EXISTS (SELECT 1 FROM pools WHERE kind = ?1)";
    db.prepare_cached(sql)?.execute([kind]).map(drop)
}

/// Makes a cell. It never changes.
pub(super) fn insert(
    db: &Connection,
    site: LinkSite,
    day: Day,
    link: LinkRow,
    kind: KindRow,
    cell: &Counts,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO cells (site, day, link, kind, unfurls, known_unfurls, clicks, visitors, \
               opens) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = (
        site,
        day.number(),
        link,
        kind,
        sql_number(cell.unfurls),
        families_to_text(&cell.known_unfurls),
        sql_number(cell.clicks),
        sql_number(cell.visitors),
        sql_number(cell.opens),
    );
    db.prepare_cached(sql)?.execute(row).map(drop)
}

/// Reads a cell's five numbers.
pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    Ok(Counts {
        shares: 0,
        unfurls: number(row, first)?,
        known_unfurls: families(row, first + 1)?,
        clicks: number(row, first + 2)?,
        visitors: number(row, first + 3)?,
        opens: number(row, first + 4)?,
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

/// Deletes the pools of days before `day`, which nobody has closed for so long.
pub(super) fn delete_pools_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let sql = "DELETE FROM pools WHERE site IN (SELECT id FROM sites) AND week <= ?1 AND day < ?2 RETURNING day, kind";
    let gone = rows(db, sql, (Week::of(day).number(), day.number()))?;
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
