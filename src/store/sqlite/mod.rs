//! The embedded store: one SQLite file, which anybody can open to see what is, and is not, in it.
//!
//! One thread writes and commits together what waits (`writer`); a few connections read beside it
//! (`readers`). What tells visitors apart is in this process's memory only (`visitors`), so after a
//! restart a returning visitor of the same day counts once more.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use self::closing::Closing;
use self::error::Ended;
use self::readers::Readers;
use self::visitors::Visitors;
use self::writer::Writer;
use super::{Cursor, Inserted, JournalId, LinkFilter, News, Numbered, OnceName, Store, StoreError};
use crate::domain::code::Code;
use crate::domain::counts::{DayMarks, DayRows, LinkCounts};
use crate::domain::day::Day;
use crate::domain::lineage::Shares;
use crate::domain::link::{Link, LinkChange};
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::visitor::DayKey;

mod access;
mod cells;
mod closing;
mod connection;
mod counts;
mod days;
mod error;
mod levels;
mod lineage;
mod links;
mod raising;
mod readers;
mod reading;
mod records;
mod schema;
mod settling;
mod sites;
mod visitors;
mod waiting;
mod works;
mod writer;

/// Connections for lookups by name, which a visitor waits for.
const LOOKUPS: usize = 4;

/// Connections for lists and statistics, which may take a while; they never hold up a lookup.
const REPORTS: usize = 2;

/// How many cells are forgotten at once; what else has to be written goes on in between.
const CELLS_A_STEP: usize = 2_000;

/// A store in one SQLite file.
pub(super) struct SqliteStore {
    // In this order: the readers let go of the file before the writer tidies it up.
    lookups: Readers,
    reports: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file at `path`, or makes it (mode 0600) and its folders (0700).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the file is no database, or one of a later version or of
    /// another program; [`StoreError::Unavailable`] when it cannot be opened.
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        // Absolute, so that every connection opens the same file whatever the process does.
        let path = std::path::absolute(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let file = path.clone();
        let connection = spawn_blocking(move || connection::writing(&file)).await;
        Ok(Self {
            lookups: Readers::new(path.clone(), LOOKUPS),
            reports: Readers::new(path, REPORTS),
            writer: Writer::start(connection.map_err(|_| Ended("writer"))??)?,
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        if !self.writer.is_running() {
            return Err(Ended("writer").into());
        }
        self.lookups.read(|db| db.query_row("SELECT 1 FROM sqlite_schema", [], |_| Ok(()))).await
    }

    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        let site = site.clone();
        self.writer.write(move |db, _| sites::insert(db, &site)).await
    }

    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.writer.erase(move |db, _| sites::replace(db, &old, &new)).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.lookups.read(sites::all).await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        let id = id.clone();
        self.lookups.read(move |db| sites::by_id(db, &id)).await
    }

    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        let hash = hash.clone();
        self.lookups.read(move |db| sites::by_key(db, &hash)).await
    }

    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let (link, once) = (link.clone(), once.to_vec());
        self.writer.write(move |db, _| links::insert(db, &link, &once)).await
    }

    async fn link(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.lookups.read(move |db| links::by_code(db, &code)).await
    }

    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let (site, filter, after) = (site.clone(), filter.clone(), after.cloned());
        self.reports.read(move |db| links::list(db, &site, &filter, after.as_ref(), limit)).await
    }

    async fn change_link(&self, code: &Code, change: LinkChange) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.writer.write(move |db, _| links::change(db, &code, change)).await
    }

    async fn delete_link(&self, code: &Code) -> Result<bool, StoreError> {
        let code = code.clone();
        self.writer.erase(move |db, visitors| links::delete(db, visitors, &code)).await
    }

    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<(), StoreError> {
        let (journal, entries) = (journal.clone(), entries.to_vec());
        self.writer.write(move |db, visitors| settling::settle(db, visitors, &journal, &entries)).await
    }

    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        // Nothing of them is in the file, so nothing has to leave it.
        self.writer
            .write(move |_: &Connection, visitors| {
                visitors.let_days_go(day);
                Ok(())
            })
            .await
    }

    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        while self.writer.write(move |db, _| cells::delete_before(db, day, CELLS_A_STEP)).await? {}
        self.writer
            .erase(move |db, visitors| {
                counts::delete_before(db, day)?;
                visitors.let_days_go(day);
                Ok(())
            })
            .await
    }

    async fn days_to_close(&self, before: Day, min_count: u64) -> Result<Vec<(Day, SiteId)>, StoreError> {
        self.reports.read(move |db| closing::days_to_close(db, before, min_count)).await
    }

    async fn close_day(&self, site: &SiteId, day: Day, min_count: u64) -> Result<(), StoreError> {
        let mut closing = Closing::new(site.clone(), day, min_count);
        while !closing.is_done() {
            let ends = closing.ends();
            let step = move |db: &Connection, visitors: &mut Visitors| closing.step(db, visitors);
            closing = if ends { self.writer.erase(step).await? } else { self.writer.write(step).await? };
        }
        Ok(())
    }

    async fn note_closed_before(&self, day: Day) -> Result<(), StoreError> {
        self.writer.write(move |db, _| closing::note_closed_before(db, day)).await
    }

    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        let code = code.clone();
        self.reports.read(move |db| reading::of_link(db, &code, first, last)).await
    }

    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        let site = site.clone();
        self.reports.read(move |db| days::marks(db, &site, first, last)).await
    }

    async fn day_rows(&self, site: &SiteId, day: Day) -> Result<DayRows, StoreError> {
        let site = site.clone();
        self.reports.read(move |db| days::rows(db, &site, day)).await
    }

    async fn site_shares(&self, site: &SiteId, first: Day, last: Day) -> Result<Vec<Shares>, StoreError> {
        let site = site.clone();
        self.reports.read(move |db| lineage::of_site(db, &site, first, last)).await
    }

    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync)) {
        let mut foreign = self.writer.foreign_commits();
        loop {
            tell(News::Everything);
            if foreign.changed().await.is_err() {
                // The writer has ended; nothing can be told any more.
                return std::future::pending().await;
            }
        }
    }

    async fn agree_day_key(
        &self,
        _day: Day,
        proposal: DayKey,
        _now: Timestamp,
    ) -> Result<DayKey, StoreError> {
        Ok(proposal)
    }

    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        let agreed = self.writer.write(move |db, _| {
            let sql = "INSERT OR IGNORE INTO secrets (name, value) VALUES ('session', ?1)";
            db.prepare_cached(sql)?.execute([proposal])?;
            let mut statement = db.prepare_cached("SELECT value FROM secrets WHERE name = 'session'")?;
            statement.query_row([], |row| row.get(0))
        });
        agreed.await
    }
}
