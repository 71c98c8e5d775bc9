//! Reading and forgetting counts.

use std::collections::BTreeMap;

use rusqlite::{Connection, Error, OptionalExtension, Row};

use super::links::{required, text};
use super::visitors::LinkRow;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::domain::stats::{Counts, SiteCounts};

/// A link's site, by the number of its row.
pub(super) type LinkSite = i64;

/// Counts of link ?2 of site ?1 on the days ?3 to ?4. They are ordered by site and day, so this
/// steps from one day that has any counts to the next and looks for the link there.
macro_rules! of_link {
    ($verb:literal) => {
        concat!(
            "WITH RECURSIVE days (day) AS (
                SELECT min(day) FROM counts WHERE site = ?1 AND day >= ?3
                UNION ALL
                SELECT (SELECT min(day) FROM counts WHERE site = ?1 AND day > days.day)
                FROM days WHERE days.day < ?4
            ) ",
            $verb,
            " FROM counts WHERE site = ?1 AND link = ?2 AND day IN (SELECT day FROM days) AND day <= ?4"
        )
    };
}

/// The row of the link with this code, and its site's.
pub(super) fn link_row(db: &Connection, code: &Code) -> rusqlite::Result<Option<(LinkRow, LinkSite)>> {
    let mut statement = db.prepare_cached("SELECT id, site FROM links WHERE code = ?1")?;
    statement.query_row([code.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// What was counted for a link, by day.
pub(super) fn of_link(
    db: &Connection,
    code: &Code,
    first: Day,
    last: Day,
) -> rusqlite::Result<BTreeMap<Day, Counts>> {
    let Some((link, site)) = link_row(db, code)? else { return Ok(BTreeMap::new()) };
    let sql = of_link!("SELECT day, 0, unfurls, clicks, visitors, aggregate_clicks");
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement
        .query_map((site, link, first.number(), last.number()), |row| Ok((day(row, 0)?, counts(row, 1)?)))?;
    rows.collect()
}

/// What was counted for a site's links, and the links themselves as shares.
pub(super) fn of_site(
    db: &Connection,
    site: &SiteId,
    first: Day,
    last: Day,
) -> rusqlite::Result<Vec<SiteCounts>> {
    // CROSS JOIN keeps the order of the tables: the days' counts first, then each one's link. The
    // rows are added up here: SQLite would sort them by their texts for that, in a temporary file.
    let sql = "
        WITH wanted AS MATERIALIZED (SELECT id FROM sites WHERE ident = ?1)
        SELECT channel, url, campaign, created_at / 86400000, 1, 0, 0, 0, 0
        FROM links WHERE site = (SELECT id FROM wanted) AND created_at >= ?4 AND created_at < ?5
        UNION ALL
        SELECT channel, url, campaign, day, 0, unfurls, clicks, visitors, aggregate_clicks
        FROM counts CROSS JOIN links ON links.id = link
        WHERE counts.site = (SELECT id FROM wanted) AND day BETWEEN ?2 AND ?3";
    let mut statement = db.prepare_cached(sql)?;
    let start = |day: Day| day.start().as_millisecond();
    let mut rows =
        statement.query((site.as_str(), first.number(), last.number(), start(first), start(last.plus(1))))?;
    let mut sums: BTreeMap<_, Counts> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let kind = (required(row, 1)?, required(row, 0)?, text(row, 2)?, day(row, 3)?);
        sums.entry(kind).or_default().add(&counts(row, 4)?);
    }
    let named =
        |((page, channel, campaign, day), counts)| SiteCounts { channel, page, campaign, day, counts };
    Ok(sums.into_iter().map(named).collect())
}

/// Deletes what was counted for a link.
pub(super) fn delete_of_link(db: &Connection, site: LinkSite, link: LinkRow) -> rusqlite::Result<()> {
    let sql = of_link!("DELETE");
    db.prepare_cached(sql)?.execute((site, link, i32::MIN, i32::MAX)).map(drop)
}

/// Deletes the counts of days before `day`.
pub(super) fn delete_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let sql = "DELETE FROM counts WHERE site IN (SELECT id FROM sites) AND day < ?1";
    db.prepare_cached(sql)?.execute([day.number()]).map(drop)
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

fn day(row: &Row<'_>, column: usize) -> rusqlite::Result<Day> {
    let number: i32 = row.get(column)?;
    Day::from_number(number).ok_or(Error::IntegralValueOutOfRange(column, number.into()))
}

fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    Ok(Counts {
        shares: number(row, first)?,
        unfurls: number(row, first + 1)?,
        clicks: number(row, first + 2)?,
        visitors: number(row, first + 3)?,
        aggregate_clicks: number(row, first + 4)?,
    })
}
