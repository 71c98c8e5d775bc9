//! The three levels that a day's amounts are closed on: links, pages, channels.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::cells::{self, KindRow, NO_LINK, drop_unused_kind, kind_row, known_kind};
use super::closing::{Desk, Next, ROWS, is_full};
use super::counts::{number, sql_number};
use super::visitors::LinkRow;
use super::waiting;
use crate::domain::cell::{self, Amount, Gathered, Level};
use crate::domain::counts::Counts;
use crate::domain::family::Family;

/// A link's counts that are to be closed.
struct OpenLink {
    link: LinkRow,
    /// `None` where the link is gone, and its counts with it.
    kind: Option<KindRow>,
    counts: Counts,
}

impl Desk<'_> {
    /// Closes some links' open counts: into their cells, and what is too few into `rests`.
    pub(super) fn close_links(&self) -> rusqlite::Result<Next> {
        let open = self.open_links()?;
        let mut gathered = Vec::new();
        let mut sums: BTreeMap<(LinkRow, KindRow), Counts> = BTreeMap::new();
        for OpenLink { link, kind, counts } in &open {
            let Some(kind) = *kind else { continue };
            gathered.push(((*link, kind), self.gathered(*link, kind, Amount::of(counts))?));
            if counts.unfurls > 0 {
                let Counts { unfurls, known_unfurls, .. } = counts.clone();
                sums.insert((*link, kind), Counts { unfurls, known_unfurls, ..Counts::default() });
            }
        }
        let Level { cells, risen } = cell::close(gathered, |(_, kind)| *kind, self.min_count);
        for (place, amount) in cells {
            sums.entry(place).or_default().add(&amount.into());
        }
        for ((link, kind), counts) in &sums {
            cells::add(self.db, self.place(*link, *kind), counts)?;
        }
        for (kind, amount) in risen {
            self.add_rest(kind, amount)?;
        }
        for OpenLink { link, .. } in &open {
            for sql in [
                "DELETE FROM known_unfurls WHERE site = ?1 AND day = ?2 AND link = ?3",
                "DELETE FROM counts WHERE site = ?1 AND day = ?2 AND link = ?3",
            ] {
                self.db.prepare_cached(sql)?.execute((self.site, self.day.number(), link))?;
            }
        }
        self.changed(!sums.is_empty())?;
        Ok(if is_full(open.len()) { Next::Links } else { Next::Rests })
    }

    fn open_links(&self) -> rusqlite::Result<Vec<OpenLink>> {
        let sql = "SELECT link, unfurls, '', clicks, visitors, aggregate_clicks, channel, ifnull(page, url),
                   ifnull(campaign, '')
                   FROM counts LEFT JOIN links ON links.id = link WHERE counts.site = ?1 AND day = ?2 LIMIT ?3";
        let (site, day) = self.key();
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query((site, day, ROWS))?;
        let mut open = Vec::new();
        while let Some(row) = rows.next()? {
            let mut counts = cells::read(row, 1)?;
            let link = row.get(0)?;
            if counts.unfurls > 0 {
                counts.known_unfurls = self.known_unfurls(link)?;
            }
            let kind = match row.get_ref(6)?.as_str_or_null()? {
                Some(channel) => {
                    let (url, campaign) = (row.get_ref(7)?.as_str()?, row.get_ref(8)?.as_str()?);
                    Some(kind_row(self.db, self.site, channel, url, campaign)?)
                }
                None => None,
            };
            open.push(OpenLink { link, kind, counts });
        }
        Ok(open)
    }

    fn known_unfurls(&self, link: LinkRow) -> rusqlite::Result<BTreeMap<Family, u64>> {
        let sql = "SELECT app, unfurls FROM known_unfurls WHERE site = ?1 AND day = ?2 AND link = ?3";
        let mut statement = self.db.prepare_cached(sql)?;
        let family = |row: &Row<'_>| Ok((Family::from_name(row.get_ref(0)?.as_str()?), number(row, 1)?));
        let mut known: BTreeMap<_, _> =
            statement.query_map((self.site, self.day.number(), link), family)?.collect::<Result<_, _>>()?;
        // A later version's family.
        known.remove(&Family::Other);
        Ok(known)
    }

    fn add_rest(&self, kind: KindRow, amount: Amount) -> rusqlite::Result<()> {
        let Amount { clicks, visitors, aggregate_clicks } = amount;
        let sql = "INSERT INTO rests (site, day, kind, clicks, visitors, aggregate_clicks)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET clicks = clicks + excluded.clicks,
                   visitors = visitors + excluded.visitors,
                   aggregate_clicks = aggregate_clicks + excluded.aggregate_clicks";
        let ((site, day), clicks, visitors) = (self.key(), sql_number(clicks), sql_number(visitors));
        let rest = (site, day, kind, clicks, visitors, sql_number(aggregate_clicks));
        self.db.prepare_cached(sql)?.execute(rest).map(drop)
    }

    /// Closes what moved up from links: into their pages' cells, and what is too few waits.
    pub(super) fn close_rests(&self) -> rusqlite::Result<Next> {
        let sql = "SELECT kind, channel, clicks, visitors, aggregate_clicks
                   FROM rests CROSS JOIN kinds ON kinds.id = kind WHERE rests.site = ?1 AND day = ?2 LIMIT ?3";
        let ((site, day), key) = (self.key(), |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?)));
        let rests: Vec<((KindRow, String), Amount)> = self.amounts(sql, (site, day, ROWS), key, 2)?;
        let kinds: Vec<KindRow> = rests.iter().map(|((kind, _), _)| *kind).collect();
        let mut gathered = Vec::new();
        for ((kind, channel), more) in rests {
            gathered.push(((kind, channel), self.gathered(NO_LINK, kind, more)?));
        }
        let Level { cells, risen } = cell::close(gathered, |(_, channel)| channel.clone(), self.min_count);
        for ((kind, _), amount) in &cells {
            cells::add(self.db, self.place(NO_LINK, *kind), &(*amount).into())?;
        }
        for (channel, amount) in risen {
            waiting::add(self.db, self.site, self.day, &channel, amount)?;
        }
        for kind in &kinds {
            let sql = "DELETE FROM rests WHERE site = ?1 AND day = ?2 AND kind = ?3";
            self.db.prepare_cached(sql)?.execute((self.site, self.day.number(), kind))?;
            drop_unused_kind(self.db, *kind)?;
        }
        self.changed(!cells.is_empty())?;
        Ok(if is_full(kinds.len()) { Next::Rests } else { Next::Channels })
    }

    /// Closes what waits for the channels since this day or an earlier one, and marks the day as
    /// closed.
    pub(super) fn close_channels(&self) -> rusqlite::Result<Next> {
        let sql = "SELECT channel, sum(clicks), sum(visitors), sum(aggregate_clicks) FROM waiting
                   WHERE site = ?1 AND day <= ?2 GROUP BY channel";
        let waiting: Vec<(String, Amount)> = self.amounts(sql, self.key(), |row| row.get(0), 1)?;
        let mut gathered = Vec::new();
        for (channel, more) in waiting {
            let gathers = match known_kind(self.db, self.site, &channel, "", "")? {
                Some(kind) => self.gathered(NO_LINK, kind, more)?,
                None => Gathered { there: Amount::default(), more },
            };
            gathered.push((channel, gathers));
        }
        let Level { cells, .. } = cell::close(gathered, Clone::clone, self.min_count);
        for (channel, amount) in &cells {
            let kind = self.channel_kind(channel)?;
            cells::add(self.db, self.place(NO_LINK, kind), &(*amount).into())?;
            waiting::take(self.db, self.site, self.day, channel, *amount)?;
        }
        let done = self.mark()? >= self.min_count;
        let sql = "UPDATE closed_days SET min_count = ?3 WHERE site = ?1 AND day = ?2";
        let (site, day) = self.key();
        self.db.prepare_cached(sql)?.execute((site, day, sql_number(self.min_count)))?;
        self.changed(!done || !cells.is_empty())?;
        Ok(Next::Nothing)
    }

    /// An amount to be closed, and what is there already.
    fn gathered(&self, link: LinkRow, kind: KindRow, more: Amount) -> rusqlite::Result<Gathered> {
        Ok(Gathered { there: cells::amount(self.db, self.place(link, kind))?, more })
    }
}
