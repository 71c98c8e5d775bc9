//! Settling: journal entries become counts, each entry once, whatever is asked twice.

use std::collections::BTreeMap;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension};

use super::counts::{link_row, number, sql_number};
use super::visitors::{Place, Visitors};
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::family::Family;
use crate::domain::visitor_set::Fingerprint;
use crate::store::{JournalId, Numbered};

/// What a stretch of the journal adds to one link on one day.
#[derive(Default)]
struct Sum {
    unfurls: u64,
    known_unfurls: BTreeMap<Family, u64>,
    clicks: u64,
    aggregate_clicks: u64,
    visitors: Vec<Fingerprint>,
}

/// Adds the entries beyond the journal's mark to the counts and moves the mark, all in the
/// caller's transaction.
pub(super) fn settle(
    db: &Connection,
    visitors: &mut Visitors,
    journal: &JournalId,
    entries: &[Numbered],
) -> rusqlite::Result<()> {
    let Some(last) = entries.last() else { return Ok(()) };
    let mark = mark(db, journal)?;
    if last.number <= mark {
        return Ok(());
    }
    let mut sums: Vec<_> = sums(entries.iter().filter(|numbered| numbered.number > mark))
        .into_iter()
        .map(|((code, day), sum)| Ok(place(db, visitors, code, day)?.map(|place| (place, day, sum))))
        .filter_map(Result::transpose)
        .collect::<rusqlite::Result<_>>()?;
    // In the order in which they lie in the file.
    sums.sort_unstable_by_key(|(place, day, _)| (place.site, *day, place.link));
    for (place, day, sum) in sums {
        add(db, visitors, place, day, sum)?;
    }
    let sql = "INSERT INTO journals (name, mark) VALUES (?1, ?2) \
               ON CONFLICT DO UPDATE SET mark = excluded.mark";
    db.prepare_cached(sql)?.execute((journal.as_str(), sql_number(last.number)))?;
    Ok(())
}

/// The number of the last entry that was settled; 0 where none was.
fn mark(db: &Connection, journal: &JournalId) -> rusqlite::Result<u64> {
    let mut statement = db.prepare_cached("SELECT mark FROM journals WHERE name = ?1")?;
    let mark = statement.query_row([journal.as_str()], |row| number(row, 0)).optional()?;
    Ok(mark.unwrap_or(0))
}

/// Where the counts of a link and day are, or will be; `None` where there is no such link.
fn place(db: &Connection, visitors: &mut Visitors, code: &Code, day: Day) -> rusqlite::Result<Option<Place>> {
    if let Some(place) = visitors.place(day, code) {
        return Ok(Some(place));
    }
    let Some((link, site)) = link_row(db, code)? else { return Ok(None) };
    let sql = "SELECT visitors FROM counts WHERE site = ?1 AND day = ?2 AND link = ?3";
    let stored =
        db.prepare_cached(sql)?.query_row((site, day.number(), link), |row| number(row, 0)).optional()?;
    let place = Place { link, site };
    visitors.take_up(day, code, place, stored);
    Ok(Some(place))
}

fn sums<'a>(entries: impl Iterator<Item = &'a Numbered>) -> HashMap<(&'a Code, Day), Sum> {
    let mut sums: HashMap<_, Sum> = HashMap::default();
    for Numbered { entry, .. } in entries {
        let sum = sums.entry((&entry.code, entry.day)).or_default();
        match entry.kind {
            EntryKind::Unfurl(family) => {
                sum.unfurls += 1;
                if family != Family::Other {
                    *sum.known_unfurls.entry(family).or_default() += 1;
                }
            }
            EntryKind::AggregateClick => sum.aggregate_clicks += 1,
            EntryKind::Click(tag) => {
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
