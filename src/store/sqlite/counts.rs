//! Reading and forgetting counts.

use std::collections::BTreeMap;

use rusqlite::{Connection, Error, OptionalExtension, Row};

use super::links::{required, text};
use super::visitors::LinkRow;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::site::SiteId;
use crate::domain::stats::{Counts, SiteCounts};

/// A link's site, by the number of its row.
pub(super) type LinkSite = i64;

/// The days ?3 to ?4 on which site ?1 has any counts. These are ordered by site and day, so this steps from
/// one such day to the next.
macro_rules! on_its_days {
    ($($rest:tt)+) => {
        concat!(
            "WITH RECURSIVE days (day) AS (
                SELECT min(day) FROM counts WHERE site = ?1 AND day >= ?3
                UNION ALL
                SELECT (SELECT min(day) FROM counts WHERE site = ?1 AND day > days.day)
                FROM days WHERE days.day < ?4
            ) ",
            $($rest)+
        )
    };
}

/// What a table has of link ?2 of site ?1 on these days.
macro_rules! of_link {
    ($verb:literal, $table:literal) => {
        concat!(
            $verb,
            " FROM ",
            $table,
            " WHERE site = ?1 AND link = ?2 AND day IN (SELECT day FROM days) AND day <= ?4"
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
    let sql = on_its_days!(concat!(
        of_link!("SELECT day, NULL, 0, unfurls, clicks, visitors, aggregate_clicks", "counts"),
        " UNION ALL ",
        of_link!("SELECT day, app, 0, unfurls, 0, 0, 0", "known_unfurls")
    ));
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query((site, link, first.number(), last.number()))?;
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        days.entry(day(row, 0)?).or_default().add(&counts(row, 1)?);
    }
    Ok(days)
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
        SELECT channel, url, campaign, created_at / 86400000, NULL, 1, 0, 0, 0, 0
        FROM links WHERE site = (SELECT id FROM wanted) AND created_at >= ?4 AND created_at < ?5
        UNION ALL
        SELECT channel, url, campaign, day, NULL, 0, unfurls, clicks, visitors, aggregate_clicks
        FROM counts CROSS JOIN links ON links.id = link
        WHERE counts.site = (SELECT id FROM wanted) AND day BETWEEN ?2 AND ?3
        UNION ALL
        SELECT channel, url, campaign, day, app, 0, unfurls, 0, 0, 0
        FROM known_unfurls CROSS JOIN links ON links.id = link
        WHERE known_unfurls.site = (SELECT id FROM wanted) AND day BETWEEN ?2 AND ?3";
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

/// Deletes what was counted for a link; last what tells the days.
pub(super) fn delete_of_link(db: &Connection, site: LinkSite, link: LinkRow) -> rusqlite::Result<()> {
    let every_day = (site, link, i32::MIN, i32::MAX);
    db.prepare_cached(on_its_days!(of_link!("DELETE", "known_unfurls")))?.execute(every_day)?;
    db.prepare_cached(on_its_days!(of_link!("DELETE", "counts")))?.execute(every_day).map(drop)
}

/// Deletes the counts of days before `day`.
pub(super) fn delete_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let sql = "DELETE FROM known_unfurls WHERE site IN (SELECT id FROM sites) AND day < ?1";
    db.prepare_cached(sql)?.execute([day.number()])?;
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

/// Reads a row of counts; where it begins with an app, its unfurls are those of that family among others
/// that another row has counted.
fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    let unfurls = number(row, first + 2)?;
    match row.get_ref(first)?.as_str_or_null()?.map(Family::from_name) {
        None => Ok(Counts {
            shares: number(row, first + 1)?,
            unfurls,
            known_unfurls: BTreeMap::new(),
            clicks: number(row, first + 3)?,
            visitors: number(row, first + 4)?,
            aggregate_clicks: number(row, first + 5)?,
        }),
        // A later version's family.
        Some(Family::Other) => Ok(Counts::default()),
        Some(family) => {
            Ok(Counts { known_unfurls: BTreeMap::from([(family, unfurls)]), ..Counts::default() })
        }
    }
}
