//! Reading counts and cells, both at one moment.

use std::collections::BTreeMap;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::cells::{self, KindRow};
use super::counts::{LinkSite, link_row, number, of_link, read_day, with_days};
use super::links::{required, text};
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::counts::{Closed, ClosedDays, Counts, DayCounts, LinkCounts, SiteCounts, SiteRow};
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::family::Family;
use crate::domain::link::Text;
use crate::domain::site::SiteId;

/// What was counted for a link, by day.
pub(super) fn of_link(db: &Connection, code: &Code, first: Day, last: Day) -> rusqlite::Result<LinkCounts> {
    let moment = db.unchecked_transaction()?;
    let Some((link, site)) = link_row(&moment, code)? else { return Ok(LinkCounts::default()) };
    let which = (site, link, first.number(), last.number());
    let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
    let sql = with_days!(of_link!(
        "SELECT day, unfurls, '', clicks, visitors, aggregate_clicks",
        "counts",
        "open_days"
    ));
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
        "SELECT day, unfurls, known_unfurls, clicks, visitors, aggregate_clicks",
        "cells",
        "cell_days"
    ));
    each(&moment, sql, which, |row| {
        days.entry(read_day(row, 0)?).or_default().cells.add(&cells::read(row, 1)?);
        Ok(())
    })?;
    Ok(LinkCounts { days, closed: closed_days(&moment, site, first, last)? })
}

/// What was counted for a site's links, and the links themselves as shares.
pub(super) fn of_site(db: &Connection, site: &SiteId, first: Day, last: Day) -> rusqlite::Result<SiteCounts> {
    let moment = db.unchecked_transaction()?;
    let mut statement = moment.prepare_cached("SELECT id FROM sites WHERE ident = ?1")?;
    let site: Option<LinkSite> = statement.query_row([site.as_str()], |row| row.get(0)).optional()?;
    let Some(site) = site else { return Ok(SiteCounts::default()) };
    let mut table = Table::default();
    add_open(&moment, &mut table, site, first, last)?;
    add_cells(&moment, &mut table, site, first, last)?;
    Ok(SiteCounts { rows: table.into_rows(), closed: closed_days(&moment, site, first, last)? })
}

/// Adds shares and open counts, by what their links are now.
fn add_open(
    db: &Connection,
    table: &mut Table,
    site: LinkSite,
    first: Day,
    last: Day,
) -> rusqlite::Result<()> {
    let start = |day: Day| day.start().as_millisecond();
    let sql = "SELECT channel, url, campaign, created_at / 86400000 FROM links
               WHERE site = ?1 AND created_at >= ?2 AND created_at < ?3";
    each(db, sql, (site, start(first), start(last.plus(1))), |row| {
        table.of_link(row, 0)?.open.add(&Counts { shares: 1, ..Counts::default() });
        Ok(())
    })?;
    // CROSS JOIN keeps the order of the tables: the days' counts first, then each one's link. The
    // rows are added up here: SQLite would sort them by their texts for that, in a temporary file.
    let days = (site, first.number(), last.number());
    let sql = "SELECT channel, url, campaign, day, unfurls, '', clicks, visitors, aggregate_clicks
               FROM counts CROSS JOIN links ON links.id = link
               WHERE counts.site = ?1 AND day BETWEEN ?2 AND ?3";
    each(db, sql, days, |row| {
        table.of_link(row, 0)?.open.add(&cells::read(row, 4)?);
        Ok(())
    })?;
    let sql = "SELECT channel, url, campaign, day, app, unfurls
               FROM known_unfurls CROSS JOIN links ON links.id = link
               WHERE known_unfurls.site = ?1 AND day BETWEEN ?2 AND ?3";
    each(db, sql, days, |row| {
        table.of_link(row, 0)?.open.add(&known(row, 4)?);
        Ok(())
    })
}

/// Adds cells, and what a closing that is under way has taken from links, by their kinds.
fn add_cells(
    db: &Connection,
    table: &mut Table,
    site: LinkSite,
    first: Day,
    last: Day,
) -> rusqlite::Result<()> {
    let days = (site, first.number(), last.number());
    let mut kinds: HashMap<(KindRow, Day), DayCounts> = HashMap::default();
    let sql = "SELECT kind, day, unfurls, known_unfurls, clicks, visitors, aggregate_clicks FROM cells
               WHERE site = ?1 AND day BETWEEN ?2 AND ?3";
    each(db, sql, days, |row| {
        kinds.entry((row.get(0)?, read_day(row, 1)?)).or_default().cells.add(&cells::read(row, 2)?);
        Ok(())
    })?;
    let sql = "SELECT kind, day, 0, '', clicks, visitors, aggregate_clicks FROM rests
               WHERE site = ?1 AND day BETWEEN ?2 AND ?3";
    each(db, sql, days, |row| {
        kinds.entry((row.get(0)?, read_day(row, 1)?)).or_default().open.add(&cells::read(row, 2)?);
        Ok(())
    })?;
    let sql = "SELECT channel, nullif(url, ''), nullif(campaign, '') FROM kinds WHERE id = ?1";
    let mut named: HashMap<KindRow, Kind> = HashMap::default();
    for ((kind, day), counts) in kinds {
        if let std::collections::hash_map::Entry::Vacant(place) = named.entry(kind) {
            let name = |row: &Row<'_>| Ok((required(row, 0)?, text(row, 1)?, text(row, 2)?));
            place.insert(db.prepare_cached(sql)?.query_row([kind], name)?);
        }
        table.0.entry((named[&kind].clone(), day)).or_default().add(&counts);
    }
    Ok(())
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

/// A channel, a page and a campaign.
type Kind = (ChannelName, Option<Destination>, Option<Text>);

/// Counts by kind and day.
#[derive(Default)]
struct Table(BTreeMap<(Kind, Day), DayCounts>);

impl Table {
    /// The counts of a row that names a link's kind and a day.
    fn of_link(&mut self, row: &Row<'_>, first: usize) -> rusqlite::Result<&mut DayCounts> {
        let kind = (required(row, first)?, Some(required(row, first + 1)?), text(row, first + 2)?);
        Ok(self.0.entry((kind, read_day(row, first + 3)?)).or_default())
    }

    fn into_rows(self) -> Vec<SiteRow> {
        let row =
            |(((channel, page, campaign), day), counts)| SiteRow { channel, page, campaign, day, counts };
        self.0.into_iter().map(row).collect()
    }
}
