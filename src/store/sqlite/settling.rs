//! Settling: journal entries become counts, each entry once, whatever is asked twice.
//!
//! Everything is one partition with one checkpoint for each journal. A link whose rows are damaged holds up
//! no other: its counts are set aside, in the same transaction, and added when the rows can be read again.

use std::collections::BTreeMap;

use foldhash::HashMap;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::counts::{link_row, number, sql_number};
use super::visitors::{Place, Visitors};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::family::Family;
use crate::domain::link_key::LinkKey;
use crate::domain::visitor_set::Fingerprint;
use crate::store::{JournalId, Numbered, SetAside, Settled};

/// What a stretch of the journal adds to one link on one day.
#[derive(Default)]
struct Sum {
    unfurls: u64,
    known_unfurls: BTreeMap<Family, u64>,
    clicks: u64,
    aggregate_clicks: u64,
    visitors: Vec<Fingerprint>,
}

impl Sum {
    fn entries(&self) -> u64 {
        self.clicks + self.unfurls + self.aggregate_clicks
    }
}

/// What came of settling: counts, or the checkpoint where it is not as far as was said.
pub(super) enum Outcome {
    Settled(Settled),
    Behind(u64),
}

/// Adds the entries beyond the journal's checkpoint to the counts and moves the checkpoint, all in the caller's
/// transaction.
pub(super) fn settle(
    db: &Connection,
    visitors: &mut Visitors,
    journal: &JournalId,
    entries: &[Numbered],
) -> rusqlite::Result<Outcome> {
    let Some(last) = entries.last() else { return Ok(Outcome::Settled(Settled::default())) };
    let checkpoint = checkpoint(db, journal)?;
    if checkpoint < entries[0].previous {
        return Ok(Outcome::Behind(checkpoint));
    }
    let fresh = entries.partition_point(|numbered| numbered.number <= checkpoint);
    let mut settled = Settled { passed_over: fresh as u64, ..Settled::default() };
    if fresh < entries.len() {
        visitors.tags_are_of(journal);
        db.prepare_cached("SAVEPOINT stretch")?.execute([])?;
        match add_all(db, visitors, &entries[fresh..]) {
            Err(error) if is_damage(&error) => {
                db.prepare_cached("ROLLBACK TO stretch")?.execute([])?;
                add_each(db, visitors, &entries[fresh..], &mut settled)?;
            }
            added => {
                let (counted, gone) = added?;
                (settled.counted, settled.gone) = (counted, gone);
            }
        }
        db.prepare_cached("RELEASE stretch")?.execute([])?;
        // A file loses no link by itself; one that was put back to an earlier state is known by its checkpoints.
        settled.deleted = settled.gone;
        let sql = "INSERT INTO journals (name, checkpoint, day) VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint, day = max(day, excluded.day)";
        let day = last.entry.day.number();
        db.prepare_cached(sql)?.execute((journal.as_str(), sql_number(last.number), day))?;
    }
    Ok(Outcome::Settled(settled))
}

/// Whether an error says that rows cannot be read or changed as they are, and trying again would not help.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(cause, _) => {
            matches!(cause.code, ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation)
        }
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// Returns the number of the last entry that was settled; 0 where none was.
pub(super) fn checkpoint(db: &Connection, journal: &JournalId) -> rusqlite::Result<u64> {
    let mut statement = db.prepare_cached("SELECT checkpoint FROM journals WHERE name = ?1")?;
    let checkpoint = statement.query_row([journal.as_str()], |row| number(row, 0)).optional()?;
    Ok(checkpoint.unwrap_or(0))
}

/// Keeps a journal's checkpoint for the retention time from this day on.
pub(super) fn confirm(db: &Connection, journal: &JournalId, today: Day) -> rusqlite::Result<()> {
    let sql = "UPDATE journals SET day = max(day, ?2) WHERE name = ?1";
    db.prepare_cached(sql)?.execute((journal.as_str(), today.number())).map(drop)
}

/// Adds all entries, and returns how many were counted and how many were of links that are gone.
fn add_all(db: &Connection, visitors: &mut Visitors, entries: &[Numbered]) -> rusqlite::Result<(u64, u64)> {
    let (mut counted, mut gone) = (0, 0);
    let mut found = Vec::new();
    for ((link, day), sum) in sums(entries) {
        match place(db, visitors, link, day)? {
            Some(place) => found.push((place, day, sum)),
            None => gone += sum.entries(),
        }
    }
    // In the order in which they lie in the file.
    found.sort_unstable_by_key(|(place, day, _)| (place.site, *day, place.link));
    for (place, day, sum) in found {
        counted += sum.entries();
        add(db, visitors, place, day, sum)?;
    }
    Ok((counted, gone))
}

/// The same, link by link: what a damaged row refuses is set aside.
fn add_each(
    db: &Connection,
    visitors: &mut Visitors,
    entries: &[Numbered],
    settled: &mut Settled,
) -> rusqlite::Result<()> {
    for ((link, day), sum) in sums(entries) {
        let Sum { clicks, unfurls, aggregate_clicks, .. } = sum;
        let entries = sum.entries();
        db.prepare_cached("SAVEPOINT link")?.execute([])?;
        let added = place(db, visitors, link, day).and_then(|place| match place {
            Some(place) => add(db, visitors, place, day, sum).map(|()| true),
            None => Ok(false),
        });
        match added {
            Ok(true) => settled.counted += entries,
            Ok(false) => settled.gone += entries,
            Err(error) if is_damage(&error) => {
                db.prepare_cached("ROLLBACK TO link")?.execute([])?;
                set_aside(db, link, day, clicks, unfurls, aggregate_clicks)?;
                settled.set_aside.push(SetAside { name: aside_name(link, day), entries });
            }
            Err(error) => return Err(error),
        }
        db.prepare_cached("RELEASE link")?.execute([])?;
    }
    Ok(())
}

/// Keeps counts apart from those of their link.
fn set_aside(
    db: &Connection,
    link: &LinkKey,
    day: Day,
    clicks: u64,
    unfurls: u64,
    aggregate_clicks: u64,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO set_aside (link, day, clicks, unfurls, aggregate_clicks) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO UPDATE SET clicks = clicks + excluded.clicks, unfurls = unfurls + excluded.unfurls, \
               aggregate_clicks = aggregate_clicks + excluded.aggregate_clicks";
    let numbers = (sql_number(clicks), sql_number(unfurls), sql_number(aggregate_clicks));
    let row = (link.to_string(), day.number(), numbers.0, numbers.1, numbers.2);
    db.prepare_cached(sql)?.execute(row).map(drop)
}

/// Tries to add what was set aside, each link for itself, and returns what still cannot be added. Whose clicks they
/// were is not known any more, so they bring no visitors.
pub(super) fn retry_set_aside(db: &Connection, visitors: &mut Visitors) -> rusqlite::Result<Vec<SetAside>> {
    let sql = "SELECT link, day, clicks, unfurls, aggregate_clicks FROM set_aside";
    let rows: Vec<(String, i32, u64, u64, u64)> = db
        .prepare_cached(sql)?
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, number(row, 2)?, number(row, 3)?, number(row, 4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut left = Vec::new();
    for (text, day_number, clicks, unfurls, aggregate_clicks) in rows {
        let sum = Sum { unfurls, clicks, aggregate_clicks, ..Sum::default() };
        let entries = sum.entries();
        let (Ok(link), Some(day)) = (text.parse::<LinkKey>(), Day::from_number(day_number)) else {
            left.push(SetAside { name: text, entries });
            continue;
        };
        db.prepare_cached("SAVEPOINT link")?.execute([])?;
        let added = place(db, visitors, &link, day).and_then(|place| match place {
            Some(place) => add(db, visitors, place, day, sum),
            None => Ok(()),
        });
        let done = added.and_then(|()| {
            let sql = "DELETE FROM set_aside WHERE link = ?1 AND day = ?2";
            db.prepare_cached(sql)?.execute((text.as_str(), day_number)).map(drop)
        });
        match done {
            Ok(()) => {}
            Err(error) if is_damage(&error) => {
                db.prepare_cached("ROLLBACK TO link")?.execute([])?;
                left.push(SetAside { name: aside_name(&link, day), entries });
            }
            Err(error) => return Err(error),
        }
        db.prepare_cached("RELEASE link")?.execute([])?;
    }
    Ok(left)
}

/// The name under which the operator hears of counts that are set aside.
fn aside_name(link: &LinkKey, day: Day) -> String {
    format!("{} on {day}", link.code)
}

/// Returns where the counts of a link and day are, or will be; `None` where there is no such link.
fn place(
    db: &Connection,
    visitors: &mut Visitors,
    link: &LinkKey,
    day: Day,
) -> rusqlite::Result<Option<Place>> {
    if let Some(place) = visitors.place(day, link) {
        return Ok(Some(place));
    }
    let Some((row, site)) = link_row(db, link)? else { return Ok(None) };
    let sql = "SELECT visitors FROM counts WHERE site = ?1 AND day = ?2 AND link = ?3";
    let stored =
        db.prepare_cached(sql)?.query_row((site, day.number(), row), |row| number(row, 0)).optional()?;
    let place = Place { link: row, site };
    visitors.take_up(day, link, place, stored);
    Ok(Some(place))
}

fn sums(entries: &[Numbered]) -> HashMap<(&LinkKey, Day), Sum> {
    let mut sums: HashMap<_, Sum> = HashMap::default();
    for Numbered { entry, .. } in entries {
        let sum = sums.entry((&entry.link, entry.day)).or_default();
        match entry.kind {
            EntryKind::Unfurl(family) => {
                sum.unfurls += 1;
                if family != Family::Other {
                    *sum.known_unfurls.entry(family).or_default() += 1;
                }
            }
            EntryKind::AggregateClick => sum.aggregate_clicks += 1,
            EntryKind::Click(tag, _) => {
                sum.clicks += 1;
                sum.visitors.push(Fingerprint::of(&tag));
            }
        }
    }
    sums
}

fn add(db: &Connection, visitors: &mut Visitors, place: Place, day: Day, sum: Sum) -> rusqlite::Result<()> {
    let known = visitors.add(day, place.link, sum.visitors);
    let sql = "INSERT INTO counts (site, day, link, unfurls, clicks, visitors, aggregate_clicks) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET \
               unfurls = unfurls + excluded.unfurls, clicks = clicks + excluded.clicks, \
               visitors = excluded.visitors, \
               aggregate_clicks = aggregate_clicks + excluded.aggregate_clicks";
    db.prepare_cached(sql)?.execute((
        place.site,
        day.number(),
        place.link,
        sql_number(sum.unfurls),
        sql_number(sum.clicks),
        sql_number(known),
        sql_number(sum.aggregate_clicks),
    ))?;
    let sql = "INSERT INTO known_unfurls (site, day, link, app, unfurls) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO UPDATE SET unfurls = unfurls + excluded.unfurls";
    for (family, unfurls) in sum.known_unfurls {
        let place = (place.site, day.number(), place.link, family.name(), sql_number(unfurls));
        db.prepare_cached(sql)?.execute(place)?;
    }
    Ok(())
}
