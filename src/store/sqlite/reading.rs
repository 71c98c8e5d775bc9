//! Reading counts and cells, both at one moment.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row};

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::week::Week;
use crate::stats::counts::{Closed, ClosedDays, Counts, DayCounts, LinkCounts};
use crate::store::sqlite::cells;
use crate::store::sqlite::closing::read_week;
use crate::store::sqlite::counts::{LinkSite, link_row, number, of_link, read_day, with_days};
use crate::store::sqlite::links;

/// What was counted for a link, by day.
pub(super) fn of_link(db: &Connection, code: &Code, first: Day, last: Day) -> rusqlite::Result<LinkCounts> {
    let moment = db.unchecked_transaction()?;
    let Some(key) = links::by_code(&moment, code)?.map(|link| link.key()) else {
        return Ok(LinkCounts::default());
    };
    let Some((link, site)) = link_row(&moment, &key)? else { return Ok(LinkCounts::default()) };
    let which = (site, link, first.number(), last.number());
    let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
    let sql = with_days!(of_link!("SELECT day, unfurls, '', clicks, visitors, opens", "counts", "open_days"));
    each(&moment, sql, which, |row| {
        days.entry(read_day(row, 0)?).or_default().open.add(&cells::read(row, 1)?);
        Ok(())
    })?;
    let sql = with_days!(of_link!("SELECT day, app, unfurls", "known_unfurls", "open_days"));
    each(&moment, sql, which, |row| {
        days.entry(read_day(row, 0)?).or_default().open.add(&known(row, 1)?);
        Ok(())
    })?;
    let sql = with_days!(of_link!(
        "SELECT day, unfurls, known_unfurls, clicks, visitors, opens",
        "cells",
        "cell_days"
    ));
    each(&moment, sql, which, |row| {
        days.entry(read_day(row, 0)?).or_default().cells.add(&cells::read(row, 1)?);
        Ok(())
    })?;
    Ok(LinkCounts { days, closed: closed_days(&moment, site, first, last)? })
}

/// Which days are closed.
pub(super) fn closed_days(
    db: &Connection,
    site: LinkSite,
    first: Day,
    last: Day,
) -> rusqlite::Result<ClosedDays> {
    let mut closed = ClosedDays::default();
    each(db, "SELECT day FROM closed_before", (), |row| {
        closed.before = Some(read_day(row, 0)?);
        Ok(())
    })?;
    let sql = "SELECT day, min_count, version FROM closed_days WHERE site = ?1 AND day BETWEEN ?2 AND ?3";
    each(db, sql, (site, first.number(), last.number()), |row| {
        let mark = Closed { min_count: number(row, 1)?, version: number(row, 2)? };
        closed.days.insert(read_day(row, 0)?, mark);
        Ok(())
    })?;
    let sql =
        "SELECT week, version FROM closed_weeks WHERE site = ?1 AND week BETWEEN ?2 AND ?3 AND version > 0";
    each(db, sql, (site, Week::of(first).number(), Week::of(last).number()), |row| {
        closed.weeks.insert(read_week(row, 0)?, number(row, 1)?);
        Ok(())
    })?;
    Ok(closed)
}

/// Unfurls of one family among others that another row has counted.
pub(super) fn known(row: &Row<'_>, column: usize) -> rusqlite::Result<Counts> {
    let known_unfurls = match Family::from_name(row.get_ref(column)?.as_str()?) {
        // A later version's family.
        Family::Other => BTreeMap::new(),
        family => BTreeMap::from([(family, number(row, column + 1)?)]),
    };
    Ok(Counts { known_unfurls, ..Counts::default() })
}

pub(super) fn each(
    db: &Connection,
    sql: &str,
    which: impl Params,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(which)?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}
