//! What an earlier closing made with a smaller k, and is too small now, moves up into the cells
//! above it: before the closing of the same day goes on.

use super::cells::{self, KindRow, NO_LINK};
use super::closing::{Desk, Next, ROWS, is_full};
use super::counts::sql_number;
use super::visitors::LinkRow;
use super::waiting;
use crate::domain::cell::Amount;

/// A condition of cells that stand for fewer than ?3 visitors.
const SMALL: &str = "((visitors > 0 AND visitors < ?3) OR (aggregate_clicks > 0 AND aggregate_clicks < ?3))";

impl Desk<'_> {
    /// Moves up what links' cells have too little of, behind a cell of a link and a kind.
    pub(super) fn raise_small_links(&self, link: LinkRow, kind: KindRow) -> rusqlite::Result<Next> {
        let sql = format!(
            "SELECT link, kind, clicks, visitors, aggregate_clicks FROM cells
             WHERE site = ?1 AND day = ?2 AND (link, kind) > (?4, ?5) AND {SMALL} ORDER BY link, kind LIMIT ?6"
        );
        let (site, day) = self.key();
        let which = (site, day, sql_number(self.min_count), link, kind, ROWS);
        let small = self.amounts(&sql, which, |row| Ok((row.get(0)?, row.get(1)?)), 2)?;
        self.raise(&small, |&(link, kind)| (link, kind), |&(_, kind)| Ok(kind))?;
        Ok(match small.last() {
            Some(&((link, kind), _)) if is_full(small.len()) => Next::SmallLinks(link, kind),
            _ => Next::SmallPages(0),
        })
    }

    /// The same of pages' cells.
    pub(super) fn raise_small_pages(&self, kind: KindRow) -> rusqlite::Result<Next> {
        let sql = format!(
            "SELECT kind, channel, clicks, visitors, aggregate_clicks
             FROM cells CROSS JOIN kinds ON kinds.id = kind
             WHERE cells.site = ?1 AND day = ?2 AND link = 0 AND kind > ?4 AND url != '' AND {SMALL}
             ORDER BY kind LIMIT ?5"
        );
        let (site, day) = self.key();
        let which = (site, day, sql_number(self.min_count), kind, ROWS);
        let small = self.amounts(&sql, which, |row| Ok((row.get(0)?, row.get::<_, String>(1)?)), 2)?;
        self.raise(&small, |&(kind, _)| (NO_LINK, kind), |(_, channel)| self.channel_kind(channel))?;
        Ok(match small.last() {
            Some(&((kind, _), _)) if is_full(small.len()) => Next::SmallPages(kind),
            _ => Next::SmallChannels,
        })
    }

    /// Moves from cells what is too little for one to the cells above them.
    fn raise<Key>(
        &self,
        small: &[(Key, Amount)],
        place: impl Fn(&Key) -> (LinkRow, KindRow),
        upper: impl Fn(&Key) -> rusqlite::Result<KindRow>,
    ) -> rusqlite::Result<()> {
        for (key, amount) in small {
            let ((link, kind), (_, rises)) = (place(key), amount.part(Amount::default(), self.min_count));
            let above = self.place(NO_LINK, upper(key)?);
            cells::add(self.db, above, &rises.into())?;
            cells::take(self.db, self.place(link, kind), rises)?;
        }
        self.changed(!small.is_empty())
    }

    /// The same of channels' cells, all at once: what moves up waits.
    pub(super) fn raise_small_channels(&self) -> rusqlite::Result<Next> {
        let sql = format!(
            "SELECT kind, channel, clicks, visitors, aggregate_clicks
             FROM cells CROSS JOIN kinds ON kinds.id = kind
             WHERE cells.site = ?1 AND day = ?2 AND link = 0 AND url = '' AND {SMALL}"
        );
        let (site, day) = self.key();
        let which = (site, day, sql_number(self.min_count));
        let small = self.amounts(&sql, which, |row| Ok((row.get(0)?, row.get::<_, String>(1)?)), 2)?;
        for ((kind, channel), amount) in &small {
            let (_, rises) = amount.part(Amount::default(), self.min_count);
            waiting::add(self.db, self.site, self.day, channel, rises)?;
            cells::take(self.db, self.place(NO_LINK, *kind), rises)?;
        }
        self.changed(!small.is_empty())?;
        Ok(Next::Links)
    }
}
