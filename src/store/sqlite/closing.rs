//! Closing a day or a week, step by step. Each step is one transaction that moves a few hundred amounts at
//! most, and the next one begins at what is left. So the writer is free for others in between, and
//! a process that is killed between two steps has moved some amounts and not others.
//!
//! The links of a day become cells or join pools (`day_closing`); the pools of a week become cells or are deleted
//! (`week_closing`). Each step reads the closing's secret from its row in `closings`, so it draws what an earlier process, or
//! another one at the same time, would have drawn.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row};

use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::Amount;
use crate::stats::disclosure::{Secret, Undecided};
use crate::store::StoreError;
use crate::store::sqlite::counts::{LinkSite, number, read_day, sql_number};
use crate::store::sqlite::day_closing::Unions;
use crate::store::sqlite::visitors::Visitors;
use crate::store::sqlite::{SqliteStore, sites};

impl SqliteStore {
    /// Takes all steps of a closing.
    pub(super) async fn close(&self, mut closing: Closing) -> Result<(), StoreError> {
        while !closing.is_done() {
            let ends = closing.ends();
            let step = move |db: &Connection, visitors: &mut Visitors| closing.step(db, visitors);
            let file = self.file();
            closing = if ends { file.writer.erase(step).await? } else { file.writer.write(step).await? };
        }
        Ok(())
    }
}

/// How many links or pages one step closes.
pub(super) const ROWS: u16 = 500;

/// Returns whether a step with so many of them has to be followed by another one of its kind.
pub(super) fn is_full(rows: usize) -> bool {
    rows == usize::from(ROWS)
}

/// Returns the day on which a site counts what happened on `day`: that day, or the first one after it whose closing has not
/// begun. A later day that was closed too early, because the clock was ahead, changes nothing.
pub(super) fn counted_on(db: &Connection, site: LinkSite, day: Day) -> rusqlite::Result<Day> {
    let sql = "
        WITH RECURSIVE late (day) AS (
            SELECT ?2 UNION ALL SELECT day + 1 FROM late
            WHERE EXISTS (SELECT 1 FROM closed_days WHERE closed_days.site = ?1 AND closed_days.day = late.day)
        )
        SELECT max(day) FROM late";
    db.prepare_cached(sql)?.query_row((site, day.number()), |row| read_day(row, 0))
}

/// Returns the week whose pools a day's belong to: its own, or the first one after it whose closing has not begun.
pub(super) fn week_of_pools(db: &Connection, site: LinkSite, day: Day) -> rusqlite::Result<Week> {
    let sql = "
        WITH RECURSIVE late (week) AS (
            SELECT ?2 UNION ALL SELECT week + 1 FROM late
            WHERE EXISTS (SELECT 1 FROM closed_weeks WHERE closed_weeks.site = ?1 AND closed_weeks.week = late.week)
        )
        SELECT max(week) FROM late";
    db.prepare_cached(sql)?.query_row((site, Week::of(day).number()), |row| read_week(row, 0))
}

/// Returns whether cells of a week are still being made.
pub(super) fn is_closing_week(db: &Connection, site: LinkSite, week: Week) -> rusqlite::Result<bool> {
    Period::Week(week).is_begun(db, site)
}

/// What is closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day(Day),
    Week(Week),
}

impl Period {
    fn key(self, site: LinkSite) -> (LinkSite, bool, i32) {
        match self {
            Self::Day(day) => (site, false, day.number()),
            Self::Week(week) => (site, true, week.number()),
        }
    }

    fn is_begun(self, db: &Connection, site: LinkSite) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM closings WHERE site = ?1 AND is_week = ?2 AND number = ?3)";
        db.prepare_cached(sql)?.query_row(self.key(site), |row| row.get(0))
    }

    /// Marks it as begun, and returns whether there is anything to close.
    fn mark_begun(self, db: &Connection, site: LinkSite) -> rusqlite::Result<bool> {
        let (_, _, number) = self.key(site);
        let (is_needed, mark) = match self {
            Self::Day(_) => (
                "SELECT EXISTS (SELECT 1 FROM counts WHERE site = ?1 AND day = ?2)
                 OR NOT EXISTS (SELECT 1 FROM closed_days WHERE site = ?1 AND day = ?2 AND min_count > 0)",
                "INSERT OR IGNORE INTO closed_days (site, day, min_count, version) VALUES (?1, ?2, 0, 0)",
            ),
            Self::Week(_) => (
                "SELECT EXISTS (SELECT 1 FROM pools WHERE site = ?1 AND week = ?2)",
                "INSERT OR IGNORE INTO closed_weeks (site, week, version) VALUES (?1, ?2, 0)",
            ),
        };
        let is_needed = self.is_begun(db, site)?
            || db.prepare_cached(is_needed)?.query_row((site, number), |row| row.get(0))?;
        if is_needed {
            db.prepare_cached(mark)?.execute((site, number))?;
        }
        Ok(is_needed)
    }
}

/// The closing of one day or week of a site.
pub(super) struct Closing {
    site: SiteId,
    period: Period,
    min_count: MinCount,
    next: Next,
    unions: Unions,
}

/// What the next step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Writes the bookkeeping. What comes from then on is late.
    Begin,
    /// Closes some of the day's links or of the week's pages.
    Most,
    /// Closes a week's channels, marks the day or the week as closed, and deletes the secret.
    End,
    /// There is none.
    Nothing,
}

impl Closing {
    pub(super) fn of_day(site: SiteId, day: Day, min_count: MinCount) -> Self {
        Self::new(site, Period::Day(day), min_count)
    }

    pub(super) fn of_week(site: SiteId, week: Week, min_count: MinCount) -> Self {
        Self::new(site, Period::Week(week), min_count)
    }

    fn new(site: SiteId, period: Period, min_count: MinCount) -> Self {
        Self { site, period, min_count, next: Next::Begin, unions: Unions::default() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Returns whether what earlier steps deleted should be nowhere any more when the next one is done.
    pub(super) fn ends(&self) -> bool {
        self.next == Next::End
    }

    /// Does the next step in the caller's transaction.
    pub(super) fn step(mut self, db: &Connection, visitors: &mut Visitors) -> rusqlite::Result<Self> {
        let site = sites::row_number(db, &self.site)?;
        if self.next == Next::Begin {
            self.next = self.begin(db, site)?;
            return Ok(self);
        }
        let Some(desk) = Desk::open(db, site, self.period)? else {
            // Another process has done the rest.
            self.next = Next::Nothing;
            return Ok(self);
        };
        if self.next == Next::Most {
            let may_be_more = match self.period {
                Period::Day(day) => desk.close_links(day, visitors, &mut self.unions)?,
                Period::Week(week) => desk.close_pages(week)?,
            };
            self.next = if may_be_more { Next::Most } else { Next::End };
            return Ok(self);
        }
        desk.end(self.period)?;
        match self.period {
            Period::Day(day) => {
                desk.mark_day(day)?;
                visitors.let_day_go(site, day);
            }
            Period::Week(week) => desk.close_channels(week)?,
        }
        self.next = Next::Nothing;
        Ok(self)
    }

    fn begin(&self, db: &Connection, site: LinkSite) -> rusqlite::Result<Next> {
        if !self.period.mark_begun(db, site)? {
            return Ok(Next::Nothing);
        }
        let sql = "INSERT OR IGNORE INTO closings (site, is_week, number, secret, min_count)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let (site, is_week, number) = self.period.key(site);
        let (secret, k) = (Secret::random().to_text(), sql_number(self.min_count.get()));
        db.prepare_cached(sql)?.execute((site, is_week, number, secret, k))?;
        Ok(Next::Most)
    }
}

/// What a step works with.
pub(super) struct Desk<'a> {
    pub(super) db: &'a Connection,
    pub(super) site: LinkSite,
    pub(super) secret: Secret,
    /// The k that the closing began with.
    pub(super) k: MinCount,
}

impl<'a> Desk<'a> {
    fn open(db: &'a Connection, site: LinkSite, period: Period) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT secret, min_count FROM closings WHERE site = ?1 AND is_week = ?2 AND number = ?3";
        let desk = |row: &Row<'_>| {
            let secret = Secret::from_text(row.get_ref(0)?.as_str()?)
                .ok_or_else(|| Error::InvalidColumnType(0, String::new(), Type::Text))?;
            let k = MinCount::try_from(number(row, 1)?)
                .map_err(|_| Error::InvalidColumnType(1, String::new(), Type::Integer))?;
            Ok(Self { db, site, secret, k })
        };
        db.prepare_cached(sql)?.query_row(period.key(site), desk).optional()
    }

    /// Deletes the bookkeeping.
    fn end(&self, period: Period) -> rusqlite::Result<()> {
        let sql = "DELETE FROM closings WHERE site = ?1 AND is_week = ?2 AND number = ?3";
        self.db.prepare_cached(sql)?.execute(period.key(self.site)).map(drop)
    }
}

/// Reads clicks, visitors, networks and opens.
pub(super) fn undecided(row: &Row<'_>, first: usize) -> rusqlite::Result<Undecided> {
    let (clicks, visitors) = (number(row, first)?, number(row, first + 1)?);
    let opens = number(row, first + 3)?;
    Ok(Undecided { amount: Amount { clicks, visitors, opens }, networks: number(row, first + 2)? })
}

/// Reads a week.
pub(super) fn read_week(row: &Row<'_>, column: usize) -> rusqlite::Result<Week> {
    let number: i32 = row.get(column)?;
    Week::from_number(number).ok_or(Error::IntegralValueOutOfRange(column, number.into()))
}
