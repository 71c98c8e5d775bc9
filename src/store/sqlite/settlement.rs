//! Settling: journal entries become counts, each entry once, whatever is asked twice.
//!
//! Everything is one partition with one checkpoint for each journal. A link whose rows are damaged holds up
//! no other: its counts are set aside, in the same transaction, and added when the rows can be read again.

use std::collections::BTreeMap;

use async_trait::async_trait;
use foldhash::HashMap;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::domain::day::Day;
use crate::domain::entry::{EntryKind, Numbered};
use crate::domain::family::Family;
use crate::domain::identity::JournalId;
use crate::domain::link_key::LinkKey;
use crate::domain::networks::Networks;
use crate::domain::visitor_set::Fingerprint;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::checkpoints::checkpoint;
use crate::store::sqlite::closing::counted_on;
use crate::store::sqlite::counts::{LinkSite, number, sql_number};
use crate::store::sqlite::links::required;
use crate::store::sqlite::placement::Placement;
use crate::store::sqlite::visitors::{Place, Visitors};
use crate::store::{SetAside, SetAsideStore, Settled, SettlementStore, StoreError};

#[async_trait]
impl SettlementStore for SqliteStore {
    fn partitions(&self) -> usize {
        1
    }

    fn partition(&self, _: &LinkKey) -> usize {
        0
    }

    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError> {
        let (name, entries) = (journal.clone(), entries.to_vec());
        let file = self.file();
        let settling = file.writer.write(move |db, visitors| settle(db, visitors, &name, &entries));
        let outcome = settling.await?;
        // What was written into a file that is gone from its place is not in the store.
        if matches!(file.placement(), Placement::Replaced | Placement::Gone) {
            return Err(StoreError::Foreign("the database file was deleted, moved or replaced".to_owned()));
        }
        match outcome {
            Outcome::Settled(settled) => Ok(settled),
            Outcome::Behind(checkpoint) => Err(StoreError::Behind { checkpoint }),
        }
    }
}

#[async_trait]
impl SetAsideStore for SqliteStore {
    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let none = |db: &Connection| {
            db.query_row("SELECT NOT EXISTS (SELECT 1 FROM set_aside)", [], |row| row.get(0))
        };
        if self.file().lookups.read(none).await? {
            return Ok(Vec::new());
        }
        self.file().writer.write(retry_set_aside).await
    }
}

/// What a stretch of the journal adds to one link on one day.
#[derive(Default)]
struct Sum {
    unfurls: u64,
    known_unfurls: BTreeMap<Family, u64>,
    clicks: u64,
    opens: u64,
    visitors: Vec<Fingerprint>,
    networks: Networks,
}

impl Sum {
    fn entries(&self) -> u64 {
        self.clicks + self.unfurls + self.opens
    }

    /// What this is where it counts on another day, of which the key that made its buckets is not.
    fn counted_on(self, day: Day, on: Day) -> Self {
        if on == day { self } else { Self { networks: Networks::default(), ..self } }
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
        let mut desk = Desk::new(db, visitors);
        match desk.add_all(&entries[fresh..]) {
            Err(error) if is_damage(&error) => {
                db.prepare_cached("ROLLBACK TO stretch")?.execute([])?;
                desk.add_each(&entries[fresh..], &mut settled)?;
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

/// What adds to counts.
struct Desk<'a> {
    db: &'a Connection,
    visitors: &'a mut Visitors,
    /// On which day a site counts what happened on a day, as far as it was looked up.
    counted_on: HashMap<(LinkSite, Day), Day>,
}

impl<'a> Desk<'a> {
    fn new(db: &'a Connection, visitors: &'a mut Visitors) -> Self {
        Self { db, visitors, counted_on: HashMap::default() }
    }

    /// Adds all entries, and returns how many were counted and how many were of links that are gone.
    fn add_all(&mut self, entries: &[Numbered]) -> rusqlite::Result<(u64, u64)> {
        let (mut counted, mut gone) = (0, 0);
        let mut found = Vec::new();
        for ((link, day), sum) in sums(entries) {
            match self.place(link, day)? {
                Some((place, on)) => found.push((place, on, sum.counted_on(day, on))),
                None => gone += sum.entries(),
            }
        }
        // In the order in which they lie in the file.
        found.sort_unstable_by_key(|(place, day, _)| (place.site, *day, place.link));
        for (place, day, sum) in found {
            counted += sum.entries();
            self.add(place, day, sum)?;
        }
        Ok((counted, gone))
    }

    /// The same, link by link: what a damaged row refuses is set aside.
    fn add_each(&mut self, entries: &[Numbered], settled: &mut Settled) -> rusqlite::Result<()> {
        for ((link, day), sum) in sums(entries) {
            let Sum { clicks, unfurls, opens, .. } = sum;
            let entries = sum.entries();
            self.db.prepare_cached("SAVEPOINT link")?.execute([])?;
            match self.add_to_link(link, day, sum) {
                Ok(true) => settled.counted += entries,
                Ok(false) => settled.gone += entries,
                Err(error) if is_damage(&error) => {
                    self.db.prepare_cached("ROLLBACK TO link")?.execute([])?;
                    set_aside(self.db, link, day, clicks, unfurls, opens)?;
                    settled.set_aside.push(SetAside { name: aside_name(link, day), entries });
                }
                Err(error) => return Err(error),
            }
            self.db.prepare_cached("RELEASE link")?.execute([])?;
        }
        Ok(())
    }

    /// Adds to one link; `false` where there is no such link.
    fn add_to_link(&mut self, link: &LinkKey, day: Day, sum: Sum) -> rusqlite::Result<bool> {
        let Some((place, on)) = self.place(link, day)? else { return Ok(false) };
        self.add(place, on, sum.counted_on(day, on)).map(|()| true)
    }

    /// Returns where the counts of a link are, or will be, and on which day: what comes late counts on the first day after its own whose
    /// closing has not begun. `None` where there is no such link.
    fn place(&mut self, link: &LinkKey, day: Day) -> rusqlite::Result<Option<(Place, Day)>> {
        let known = self.visitors.place(day, link);
        let Some(place) = known.map_or_else(|| self.look_up(link), |place| Ok(Some(place)))? else {
            return Ok(None);
        };
        let on = self.counted_on(place.site, day)?;
        if self.visitors.place(on, link).is_none() {
            let sql = "SELECT visitors FROM counts WHERE site = ?1 AND day = ?2 AND link = ?3";
            let which = (place.site, on.number(), place.link);
            let stored = self.db.prepare_cached(sql)?.query_row(which, |row| number(row, 0)).optional()?;
            self.visitors.take_up(on, link, place, stored);
        }
        Ok(Some((place, on)))
    }

    fn look_up(&mut self, link: &LinkKey) -> rusqlite::Result<Option<Place>> {
        let sql = "SELECT id, site, channel FROM links WHERE code = ?1 AND incarnation = ?2";
        let key = (link.code.as_str(), link.incarnation.bits().cast_signed());
        let networks = &mut self.visitors.networks;
        let place = self.db.prepare_cached(sql)?.query_row(key, |row| {
            Ok(Place { link: row.get(0)?, site: row.get(1)?, channel: networks.channel(required(row, 2)?) })
        });
        place.optional()
    }

    fn counted_on(&mut self, site: LinkSite, day: Day) -> rusqlite::Result<Day> {
        if let Some(known) = self.counted_on.get(&(site, day)) {
            return Ok(*known);
        }
        let on = counted_on(self.db, site, day)?;
        self.counted_on.insert((site, day), on);
        Ok(on)
    }

    fn add(&mut self, place: Place, day: Day, sum: Sum) -> rusqlite::Result<()> {
        let Place { link, site, channel } = place;
        let known = self.visitors.add(day, link, sum.visitors);
        let networks = self.visitors.networks.add((site, day), link, channel, sum.networks);
        let sql = "INSERT INTO counts (site, day, link, unfurls, clicks, visitors, networks, opens) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET \
                   unfurls = unfurls + excluded.unfurls, clicks = clicks + excluded.clicks, \
                   visitors = excluded.visitors, networks = max(networks, excluded.networks), \
                   opens = opens + excluded.opens";
        self.db.prepare_cached(sql)?.execute((
            site,
            day.number(),
            link,
            sql_number(sum.unfurls),
            sql_number(sum.clicks),
            sql_number(known),
            sql_number(networks),
            sql_number(sum.opens),
        ))?;
        let sql = "INSERT INTO known_unfurls (site, day, link, app, unfurls) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT DO UPDATE SET unfurls = unfurls + excluded.unfurls";
        for (family, unfurls) in sum.known_unfurls {
            let row = (site, day.number(), link, family.name(), sql_number(unfurls));
            self.db.prepare_cached(sql)?.execute(row)?;
        }
        Ok(())
    }
}

/// Keeps counts apart from those of their link.
fn set_aside(
    db: &Connection,
    link: &LinkKey,
    day: Day,
    clicks: u64,
    unfurls: u64,
    opens: u64,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO set_aside (link, day, clicks, unfurls, opens) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO UPDATE SET clicks = clicks + excluded.clicks, unfurls = unfurls + excluded.unfurls, \
               opens = opens + excluded.opens";
    let numbers = (sql_number(clicks), sql_number(unfurls), sql_number(opens));
    let row = (link.to_string(), day.number(), numbers.0, numbers.1, numbers.2);
    db.prepare_cached(sql)?.execute(row).map(drop)
}

/// Tries to add what was set aside, each link for itself, and returns what still cannot be added. Whose clicks they
/// were is not known any more, so they bring no visitors.
pub(super) fn retry_set_aside(db: &Connection, visitors: &mut Visitors) -> rusqlite::Result<Vec<SetAside>> {
    let sql = "SELECT link, day, clicks, unfurls, opens FROM set_aside";
    let rows: Vec<(String, i32, u64, u64, u64)> = db
        .prepare_cached(sql)?
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, number(row, 2)?, number(row, 3)?, number(row, 4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut desk = Desk::new(db, visitors);
    let mut left = Vec::new();
    for (text, day_number, clicks, unfurls, opens) in rows {
        let sum = Sum { unfurls, clicks, opens, ..Sum::default() };
        let entries = sum.entries();
        let (Ok(link), Some(day)) = (text.parse::<LinkKey>(), Day::from_number(day_number)) else {
            left.push(SetAside { name: text, entries });
            continue;
        };
        db.prepare_cached("SAVEPOINT link")?.execute([])?;
        let done = desk.add_to_link(&link, day, sum).and_then(|_| {
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

fn sums(entries: &[Numbered]) -> HashMap<(&LinkKey, Day), Sum> {
    let mut sums: HashMap<_, Sum> = HashMap::default();
    for Numbered { entry, network, .. } in entries {
        let sum = sums.entry((&entry.link, entry.day)).or_default();
        match entry.kind {
            EntryKind::Unfurl(family) => {
                sum.unfurls += 1;
                if family != Family::Other {
                    *sum.known_unfurls.entry(family).or_default() += 1;
                }
            }
            EntryKind::Open => sum.opens += 1,
            EntryKind::Click(tag, _) => {
                sum.clicks += 1;
                sum.visitors.push(Fingerprint::of(&tag));
                if let Some(network) = network {
                    sum.networks.insert(*network);
                }
            }
        }
    }
    sums
}
