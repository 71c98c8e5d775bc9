//! Whole days of a site, for reports; and what tells that one has changed since it was read.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use foldhash::HashMap;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::session::hour;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, Counts, DayCounts, DayMarks, DayRow, DayRows};
use crate::store::sqlite::cells;
use crate::store::sqlite::cells::{KindRow, NO_LINK};
use crate::store::sqlite::closing::is_closing_week;
use crate::store::sqlite::counts::{LinkSite, number, read_day};
use crate::store::sqlite::links::{kind_on, required, text};
use crate::store::sqlite::reading::{closed_days, each, known};
use crate::store::sqlite::visitors::LinkRow;

/// What tells whether days have changed.
pub(super) fn marks(db: &Connection, site: &SiteId, first: Day, last: Day) -> rusqlite::Result<DayMarks> {
    let moment = db.unchecked_transaction()?;
    let Some(site) = site_row(&moment, site)? else { return Ok(DayMarks::default()) };
    let mut marks = DayMarks { closed: closed_days(&moment, site, first, last)?, ..DayMarks::default() };
    let days = (site, first.number(), last.number());
    // From one day with open counts to the next.
    let sql = "
        WITH RECURSIVE open_days (day) AS (
            SELECT min(day) FROM counts WHERE site = ?1 AND day >= ?2
            UNION ALL
            SELECT (SELECT min(day) FROM counts WHERE site = ?1 AND day > open_days.day)
            FROM open_days WHERE open_days.day < ?3
        )
        SELECT day FROM open_days WHERE day <= ?3
        UNION SELECT number FROM closings WHERE site = ?1 AND NOT is_week AND number BETWEEN ?2 AND ?3";
    each(&moment, sql, days, |row| {
        marks.open.insert(read_day(row, 0)?);
        Ok(())
    })?;
    let sql = "SELECT day, version FROM link_days WHERE site = ?1 AND day BETWEEN ?2 AND ?3";
    each(&moment, sql, days, |row| {
        marks.links.insert(read_day(row, 0)?, number(row, 1)?);
        Ok(())
    })?;
    Ok(marks)
}

/// A link that was made on a day has been changed or is being deleted.
pub(super) fn link_changed(db: &Connection, site: LinkSite, made: Day) -> rusqlite::Result<()> {
    let sql = "INSERT INTO link_days (site, day, version) VALUES (?1, ?2, 1)
               ON CONFLICT DO UPDATE SET version = version + 1";
    db.prepare_cached(sql)?.execute((site, made.number())).map(drop)
}

/// A link was made; on a day that is closed already, that is a change.
pub(super) fn link_made(db: &Connection, site: LinkSite, made: Day) -> rusqlite::Result<()> {
    let sql = "INSERT INTO link_days (site, day, version)
               SELECT ?1, ?2, 1 FROM closed_before WHERE day > ?2
               ON CONFLICT DO UPDATE SET version = version + 1";
    db.prepare_cached(sql)?.execute((site, made.number())).map(drop)
}

/// All of a day.
pub(super) fn rows(
    db: &Connection,
    site: &SiteId,
    day: Day,
    shares_before: Timestamp,
) -> rusqlite::Result<DayRows> {
    let moment = db.unchecked_transaction()?;
    let Some(site) = site_row(&moment, site)? else { return Ok(DayRows::default()) };
    let mut table = Table::default();
    let start = |day: Day| day.start().as_millisecond();
    let sql = concat!(
        "SELECT id, code, ",
        kind_on!("?4"),
        " FROM links WHERE site = ?1 AND created_at >= ?2 AND created_at < ?3"
    );
    let end = start(day.plus(1)).min(hour(shares_before).as_millisecond());
    each(&moment, sql, (site, start(day), end, day.number()), |row| {
        table.of_link(row)?.open.add(&Counts { shares: 1, ..Counts::default() });
        Ok(())
    })?;
    let the_day = (site, day.number());
    let sql = concat!(
        "SELECT link, code, ",
        kind_on!("?2"),
        ", unfurls, '', clicks, visitors, opens
         FROM counts CROSS JOIN links ON links.id = link WHERE counts.site = ?1 AND day = ?2"
    );
    each(&moment, sql, the_day, |row| {
        table.of_link(row)?.open.add(&cells::read(row, 5)?);
        Ok(())
    })?;
    let sql = concat!(
        "SELECT link, code, ",
        kind_on!("?2"),
        ", app, unfurls
         FROM known_unfurls CROSS JOIN links ON links.id = link WHERE known_unfurls.site = ?1 AND day = ?2"
    );
    each(&moment, sql, the_day, |row| {
        table.of_link(row)?.open.add(&known(row, 5)?);
        Ok(())
    })?;
    let sql = "SELECT kind, link, code, unfurls, known_unfurls, clicks, visitors, opens
               FROM cells CROSS JOIN links ON links.id = link WHERE cells.site = ?1 AND day = ?2 AND link > 0";
    each(&moment, sql, the_day, |row| {
        let kind = table.of_kind(&moment, row.get(0)?)?;
        table.row(kind, row.get(1)?, || text(row, 2))?.cells.add(&cells::read(row, 3)?);
        Ok(())
    })?;
    Ok(table.day)
}

/// All of a week, once it is closed.
pub(super) fn of_week(db: &Connection, site: &SiteId, week: Week) -> rusqlite::Result<DayRows> {
    let moment = db.unchecked_transaction()?;
    let Some(site) = site_row(&moment, site)? else { return Ok(DayRows::default()) };
    let mut table = Table::default();
    if is_closing_week(&moment, site, week)? {
        return Ok(table.day);
    }
    let sql = "SELECT kind, unfurls, known_unfurls, clicks, visitors, opens
               FROM cells WHERE site = ?1 AND day = ?2 AND link = ?3";
    each(&moment, sql, (site, week.first().number(), NO_LINK), |row| {
        let kind = table.of_kind(&moment, row.get(0)?)?;
        table.row(kind, NO_LINK, || Ok(None))?.cells.add(&cells::read(row, 1)?);
        Ok(())
    })?;
    Ok(table.day)
}

/// What is open of a day, by channel.
pub(super) fn open_totals(
    db: &Connection,
    site: &SiteId,
    day: Day,
) -> rusqlite::Result<BTreeMap<ChannelName, Amount>> {
    let sql = "SELECT channel, sum(clicks), sum(visitors), sum(opens)
               FROM counts CROSS JOIN links ON links.id = link
               WHERE counts.site = (SELECT id FROM sites WHERE ident = ?1) AND day = ?2 GROUP BY channel";
    let mut totals = BTreeMap::new();
    each(db, sql, (site.as_str(), day.number()), |row| {
        let (clicks, visitors) = (number(row, 1)?, number(row, 2)?);
        let amount = Amount { clicks, visitors, opens: number(row, 3)? };
        totals.insert(required(row, 0)?, amount);
        Ok(())
    })?;
    Ok(totals)
}

/// The number of a site's row.
pub(super) fn site_row(db: &Connection, site: &SiteId) -> rusqlite::Result<Option<LinkSite>> {
    let mut statement = db.prepare_cached("SELECT id FROM sites WHERE ident = ?1")?;
    statement.query_row([site.as_str()], |row| row.get(0)).optional()
}

/// A day, as it is brought together.
#[derive(Default)]
struct Table {
    day: DayRows,
    /// Places of kinds by their texts, one after the other, and by the numbers of their rows.
    kinds: HashMap<String, usize>,
    kind_rows: HashMap<KindRow, usize>,
    places: HashMap<(usize, LinkRow), usize>,
    texts: String,
}

impl Table {
    /// The counts of a row that begins with a link and its kind.
    fn of_link(&mut self, row: &Row<'_>) -> rusqlite::Result<&mut DayCounts> {
        let kind = self.kind(row, 2)?;
        self.row(kind, row.get(0)?, || text(row, 1))
    }

    fn row(
        &mut self,
        kind: usize,
        link: LinkRow,
        code: impl FnOnce() -> rusqlite::Result<Option<Code>>,
    ) -> rusqlite::Result<&mut DayCounts> {
        let place = match self.places.entry((kind, link)) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(new) => {
                self.day.rows.push(DayRow { kind, link: code()?, counts: DayCounts::default() });
                *new.insert(self.day.rows.len() - 1)
            }
        };
        Ok(&mut self.day.rows[place].counts)
    }

    fn of_kind(&mut self, db: &Connection, kind: KindRow) -> rusqlite::Result<usize> {
        if let Some(place) = self.kind_rows.get(&kind) {
            return Ok(*place);
        }
        let sql = "SELECT channel, nullif(url, ''), nullif(campaign, '') FROM kinds WHERE id = ?1";
        let place = db.prepare_cached(sql)?.query_row([kind], |row| self.kind(row, 0))?;
        self.kind_rows.insert(kind, place);
        Ok(place)
    }

    /// The place of the kind that a row names.
    fn kind(&mut self, row: &Row<'_>, first: usize) -> rusqlite::Result<usize> {
        self.texts.clear();
        for column in first..first + 3 {
            self.texts.push_str(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default());
            // No address and no name has a line break.
            self.texts.push('\n');
        }
        if let Some(place) = self.kinds.get(&self.texts) {
            return Ok(*place);
        }
        let (channel, page) = (required(row, first)?, text(row, first + 1)?);
        self.day.kinds.push(Dimensions { channel, page, campaign: text(row, first + 2)? });
        let place = self.day.kinds.len() - 1;
        self.kinds.insert(self.texts.clone(), place);
        Ok(place)
    }
}
