//! Closing the links of a day: each one's counts become its cell, or join the pool of its page.

use std::collections::BTreeMap;

use async_trait::async_trait;
use foldhash::HashMap;
use rusqlite::{Connection, Row};

use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::domain::networks::Networks;
use crate::domain::site::SiteId;
use crate::stats::counts::{Amount, Counts};
use crate::stats::disclosure::{Level, Undecided};
use crate::store::sqlite::cells::{KindRow, kind_row};
use crate::store::sqlite::closing::{Closing, Desk, ROWS, is_full, undecided, week_of_pools};
use crate::store::sqlite::counts::{number, read_day, sql_number};
use crate::store::sqlite::links::kind_on;
use crate::store::sqlite::reading::{each, known};
use crate::store::sqlite::visitors::{LinkRow, Visitors};
use crate::store::sqlite::{SqliteStore, cells};
use crate::store::{DayClosingStore, StoreError};

#[async_trait]
impl DayClosingStore for SqliteStore {
    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError> {
        self.file().reports.read(move |db| days_to_close(db, before)).await
    }

    async fn close_day(&self, site: &SiteId, day: Day, min_count: MinCount) -> Result<(), StoreError> {
        self.close(Closing::of_day(site.clone(), day, min_count)).await
    }

    async fn note_closed_before(&self, day: Day) -> Result<Day, StoreError> {
        self.file().writer.write(move |db, _| note_closed_before(db, day)).await.map(|()| day)
    }
}

/// Returns the days of all sites that there is something to close on, the oldest first.
pub(super) fn days_to_close(db: &Connection, before: Day) -> rusqlite::Result<Vec<(Day, SiteId)>> {
    // From one day with open counts to the next, without reading those of today.
    let sql = "
        WITH RECURSIVE open (site, day) AS (
            SELECT id, (SELECT min(day) FROM counts WHERE site = sites.id) FROM sites
            UNION ALL
            SELECT site, (SELECT min(day) FROM counts WHERE counts.site = open.site AND counts.day > open.day)
            FROM open WHERE day < ?1
        )
        SELECT day, ident FROM (
            SELECT site, day FROM open
            UNION SELECT site, number FROM closings WHERE NOT is_week
        ) JOIN sites ON sites.id = site WHERE day < ?1 ORDER BY day, ident";
    let mut statement = db.prepare_cached(sql)?;
    let day = |row: &Row<'_>| Ok((read_day(row, 0)?, SiteId::from_stored(row.get_ref(1)?.as_str()?)));
    statement.query_map([before.number()], day)?.collect()
}

/// Notes that all days before `day` are closed.
pub(super) fn note_closed_before(db: &Connection, day: Day) -> rusqlite::Result<()> {
    let sql = "INSERT INTO closed_before (only, day) VALUES (1, ?1)
               ON CONFLICT DO UPDATE SET day = max(day, excluded.day)";
    db.prepare_cached(sql)?.execute([day.number()]).map(drop)
}

/// The networks of each pool that a closing adds to, united over the links that have joined it so far. They are in memory
/// only: a closing that goes on after a kill counts what was united until then as one number, and never adds to it.
pub(super) type Unions = HashMap<KindRow, Networks>;

/// A link's counts that are to be closed.
struct OpenLink {
    link: LinkRow,
    undecided: Undecided,
    unfurls: Counts,
    /// Its channel, page and campaign; `None` where the link is gone, and its counts with it.
    kind: Option<[String; 3]>,
}

impl Desk<'_> {
    /// Closes some links of a day, and returns whether there may be more.
    pub(super) fn close_links(
        &self,
        day: Day,
        visitors: &mut Visitors,
        unions: &mut Unions,
    ) -> rusqlite::Result<bool> {
        let open = self.open_links(day)?;
        let Some(last) = open.last().map(|open| open.link) else { return Ok(false) };
        let mut pools: BTreeMap<KindRow, Undecided> = BTreeMap::new();
        for OpenLink { link, undecided, unfurls, kind } in &open {
            let Some([channel, page, campaign]) = kind else { continue };
            let subject = link.to_string();
            let (cell, rest) = self.secret.decide(Level::Link, &subject, *undecided, self.k);
            let mut cell = Counts::from(cell);
            cell.add(&self.secret.unfurls(&subject, &unfurls.unfurls_by_app(), self.k));
            if cell == Counts::default() && rest.is_nothing() {
                continue;
            }
            let kind = kind_row(self.db, self.site, channel, page, campaign)?;
            if cell != Counts::default() {
                cells::insert(self.db, self.site, day, *link, kind, &cell)?;
            }
            if !rest.is_nothing() {
                let channel = kind_row(self.db, self.site, channel, "", "")?;
                let networks = visitors.networks.of(self.site, day, *link);
                join(pools.entry(kind).or_default(), rest, networks, unions.entry(kind).or_default());
                let only_networks = Undecided { amount: Amount::default(), ..rest };
                let union = unions.entry(channel).or_default();
                join(pools.entry(channel).or_default(), only_networks, networks, union);
            }
        }
        self.add_to_pools(day, &pools)?;
        for sql in [
            "DELETE FROM known_unfurls WHERE site = ?1 AND day = ?2 AND link <= ?3",
            "DELETE FROM counts WHERE site = ?1 AND day = ?2 AND link <= ?3",
        ] {
            self.db.prepare_cached(sql)?.execute((self.site, day.number(), last))?;
        }
        visitors.let_links_of_day_go(self.site, day, open.iter().map(|open| open.link).collect());
        Ok(is_full(open.len()))
    }

    /// Marks a day as closed.
    pub(super) fn mark_day(&self, day: Day) -> rusqlite::Result<()> {
        let sql = "UPDATE closed_days SET min_count = ?3, version = version + 1 WHERE site = ?1 AND day = ?2";
        self.db.prepare_cached(sql)?.execute((self.site, day.number(), sql_number(self.k.get()))).map(drop)
    }

    fn open_links(&self, day: Day) -> rusqlite::Result<Vec<OpenLink>> {
        let sql = concat!(
            "SELECT link, clicks, visitors, networks, opens, unfurls, ",
            kind_on!("?2"),
            " FROM counts LEFT JOIN links ON links.id = link WHERE counts.site = ?1 AND day = ?2
              ORDER BY link LIMIT ?3"
        );
        let mut open = Vec::new();
        each(self.db, sql, (self.site, day.number(), ROWS), |row| {
            let text = |column| row.get::<_, Option<String>>(column);
            let (channel, page, campaign) = (text(6)?, text(7)?, text(8)?);
            open.push(OpenLink {
                link: row.get(0)?,
                undecided: undecided(row, 1)?,
                unfurls: Counts { unfurls: number(row, 5)?, ..Counts::default() },
                kind: channel.map(|name| [name, page.unwrap_or_default(), campaign.unwrap_or_default()]),
            });
            Ok(())
        })?;
        self.read_known_unfurls(day, &mut open)?;
        Ok(open)
    }

    /// Reads which of the links' unfurls are of which family. Rows of both tables lie in the same order.
    fn read_known_unfurls(&self, day: Day, open: &mut [OpenLink]) -> rusqlite::Result<()> {
        let (Some(first), Some(last)) = (open.first(), open.last()) else { return Ok(()) };
        let sql = "SELECT link, app, unfurls FROM known_unfurls
                   WHERE site = ?1 AND day = ?2 AND link BETWEEN ?3 AND ?4";
        let which = (self.site, day.number(), first.link, last.link);
        each(self.db, sql, which, |row| {
            let link: LinkRow = row.get(0)?;
            if let Ok(place) = open.binary_search_by_key(&link, |open| open.link) {
                open[place].unfurls.add(&known(row, 1)?);
            }
            Ok(())
        })
    }

    fn add_to_pools(&self, day: Day, pools: &BTreeMap<KindRow, Undecided>) -> rusqlite::Result<()> {
        let week = week_of_pools(self.db, self.site, day)?;
        let sql = "INSERT INTO pools (site, week, kind, day, clicks, visitors, networks, opens)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET
                   clicks = clicks + excluded.clicks, visitors = visitors + excluded.visitors,
                   networks = max(networks, excluded.networks),
                   opens = opens + excluded.opens";
        let mut statement = self.db.prepare_cached(sql)?;
        for (kind, Undecided { amount, networks }) in pools {
            statement.execute((
                self.site,
                week.number(),
                kind,
                day.number(),
                sql_number(amount.clicks),
                sql_number(amount.visitors),
                sql_number(*networks),
                sql_number(amount.opens),
            ))?;
        }
        Ok(())
    }
}

/// Lets what is left of a link join a pool: numbers are added, and networks are united. `known` are those that this
/// process knows of the link; where an earlier process knew more, their number counts, and never the sum.
fn join(pool: &mut Undecided, rest: Undecided, known: Networks, union: &mut Networks) {
    pool.amount += rest.amount;
    if rest.networks > 0 {
        *union |= known;
        pool.networks = pool.networks.max(rest.networks).max(union.count());
    }
}
