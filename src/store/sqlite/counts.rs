//! Open counts: where they are, and how they are forgotten. What is closed is in
//! [`cells`].

use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row};

use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::link_key::LinkKey;
use crate::domain::week::Week;
use crate::stats::counts::families_from_text;
use crate::store::sqlite::cells;
use crate::store::sqlite::visitors::LinkRow;

/// A link's site, by the number of its row.
pub(super) type LinkSite = i64;

/// The days from ?3 to ?4 on which site ?1 has rows in these tables. Both are ordered by site and
/// day, so this steps from one such day to the next.
macro_rules! with_days {
    ($($rest:tt)+) => {
        concat!(
            "WITH RECURSIVE open_days (day) AS (
                SELECT min(day) FROM counts WHERE site = ?1 AND day >= ?3
                UNION ALL
                SELECT (SELECT min(day) FROM counts WHERE site = ?1 AND day > open_days.day)
                FROM open_days WHERE open_days.day < ?4
            ), cell_days (day) AS (
                SELECT min(day) FROM cells WHERE site = ?1 AND day >= ?3
                UNION ALL
                SELECT (SELECT min(day) FROM cells WHERE site = ?1 AND day > cell_days.day)
                FROM cell_days WHERE cell_days.day < ?4
            ) ",
            $($rest)+
        )
    };
}
pub(super) use with_days;

/// What a table has of link ?2 of site ?1 on these days.
macro_rules! of_link {
    ($verb:literal, $table:literal, $days:literal) => {
        concat!(
            $verb,
            " FROM ",
            $table,
            " WHERE site = ?1 AND link = ?2 AND day IN (SELECT day FROM ",
            $days,
            ") AND day <= ?4"
        )
    };
}
pub(super) use of_link;

/// Returns the row of a link, and its site's; `None` where its code is another link's by now.
pub(super) fn link_row(db: &Connection, link: &LinkKey) -> rusqlite::Result<Option<(LinkRow, LinkSite)>> {
    let sql = "SELECT id, site FROM links WHERE code = ?1 AND incarnation = ?2";
    let key = (link.code.as_str(), link.incarnation.bits().cast_signed());
    db.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Deletes what was counted for a link; last what tells the days.
pub(super) fn delete_of_link(db: &Connection, site: LinkSite, link: LinkRow) -> rusqlite::Result<()> {
    let every_day = (site, link, i32::MIN, i32::MAX);
    let sql = with_days!(of_link!("DELETE", "known_unfurls", "open_days"));
    db.prepare_cached(sql)?.execute(every_day)?;
    let sql = with_days!(of_link!("DELETE", "counts", "open_days"));
    db.prepare_cached(sql)?.execute(every_day)?;
    let sql = with_days!(of_link!("DELETE", "cells", "cell_days"), " RETURNING day, kind");
    for (day, kind) in cells::rows(db, sql, every_day)? {
        cells::changed(db, site, day)?;
        cells::drop_unused_kind(db, kind)?;
    }
    Ok(())
}

/// Deletes the counts of days before `day`, and what stands beside cells of those days.
pub(super) fn delete_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM known_unfurls WHERE site IN (SELECT id FROM sites) AND day < ?1",
        "DELETE FROM counts WHERE site IN (SELECT id FROM sites) AND day < ?1",
        "DELETE FROM set_aside WHERE day < ?1",
        "DELETE FROM journals WHERE day < ?1",
        "DELETE FROM closed_days WHERE day < ?1",
    ] {
        db.prepare_cached(sql)?.execute([day.number()])?;
    }
    // Those that did not begin later go with the cells of their Monday.
    let first_kept = Week::of(day.plus(6));
    db.prepare_cached("DELETE FROM closed_weeks WHERE week < ?1")?.execute([first_kept.number()])?;
    cells::delete_pools_before(db, day)
}

/// A number of things, which SQLite keeps with a sign.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let signed: i64 = row.get(column)?;
    u64::try_from(signed).map_err(|_| Error::IntegralValueOutOfRange(column, signed))
}

/// A number of things as SQLite keeps it.
pub(super) fn sql_number(number: u64) -> i64 {
    i64::try_from(number).expect("counts and entry numbers stay below 2^53")
}

/// A day.
pub(super) fn read_day(row: &Row<'_>, column: usize) -> rusqlite::Result<Day> {
    let number: i32 = row.get(column)?;
    Day::from_number(number).ok_or(Error::IntegralValueOutOfRange(column, number.into()))
}

/// How many unfurls are known to be of which family, as a text.
pub(super) fn families(row: &Row<'_>, column: usize) -> rusqlite::Result<BTreeMap<Family, u64>> {
    let text = row.get_ref(column)?.as_str()?;
    families_from_text(text).ok_or_else(|| Error::InvalidColumnType(column, String::new(), Type::Text))
}
