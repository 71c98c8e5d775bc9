//! The embedded store: one SQLite file, which anybody can open to see what is, and is not, in it.
//!
//! One thread writes and commits together what waits (`writer`); a few connections read beside it
//! (`readers`). What tells visitors apart is in this process's memory only (`visitors`), so after a
//! restart nobody can tell which visitors of the same day were there before; the larger number counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use self::closing::Closing;
pub(super) use self::connection::Sharing;
use self::error::Ended;
use self::file::OpenFile;
use self::placement::Placement;
use self::settling::Outcome;
use self::visitors::Visitors;
use self::writer::Log;
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::Numbered;
use crate::domain::identity::{JournalId, StoreId};
use crate::domain::link::{Link, LinkChange, Text};
use crate::domain::link_key::LinkKey;
use crate::domain::min_count::MinCount;
use crate::domain::networks::Networks;
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::visitor::DayKey;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, DayMarks, DayRows, LinkCounts};
use crate::stats::lineage::Shares;
use crate::store::{
    Cursor, Deletion, Inserted, KeyPlace, LinkFilter, Listed, News, OnceName, SetAside, Settled, Store,
    StoreError,
};

mod access;
mod cells;
mod closing;
mod codes;
mod connection;
mod counts;
mod day_closing;
mod days;
mod error;
mod file;
mod lineage;
mod links;
mod networks;
mod placement;
mod readers;
mod reading;
mod records;
mod schema;
mod settling;
mod sites;
mod visitors;
mod week_closing;
mod works;
mod writer;

/// Between looks whether another file has taken the place of one whose writer has ended.
const AGAIN: Duration = Duration::from_millis(50);

/// How many cells are forgotten at once; what else has to be written goes on in between.
const CELLS_A_STEP: usize = 2_000;

/// A store in one SQLite file.
pub(super) struct SqliteStore {
    path: PathBuf,
    sharing: Sharing,
    /// Replaced where another file at the path is taken for the right one.
    file: RwLock<Arc<OpenFile>>,
}

impl SqliteStore {
    /// Opens the file at `path`, or makes it (mode 0600) and its folders (0700). What a request asks for
    /// is answered, or refused, in time; settling, closing and reports take their time.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the file is no database, or one of another version or of another program;
    /// [`StoreError::InUse`] when another process serves from it; [`StoreError::Unavailable`] when it cannot be
    /// opened.
    pub(super) async fn open(path: &Path, sharing: Sharing) -> Result<Self, StoreError> {
        // Absolute, so that every connection opens the same file whatever the process does.
        let path = std::path::absolute(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let file = Self::open_file(path.clone(), sharing).await?;
        Ok(Self { path, sharing, file: RwLock::new(Arc::new(file)) })
    }

    async fn open_file(path: PathBuf, sharing: Sharing) -> Result<OpenFile, StoreError> {
        spawn_blocking(move || OpenFile::open(&path, sharing)).await.map_err(|_| Ended("writer"))?
    }

    fn file(&self) -> Arc<OpenFile> {
        Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens what is at the path now in the place of the file that was open.
    async fn reopen(&self) -> Result<StoreId, StoreError> {
        let old = self.file();
        let left = spawn_blocking(move || old.leave_place()).await.map_err(|_| Ended("writer"))?;
        left.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let opened = Self::open_file(self.path.clone(), self.sharing).await?;
        let identity = opened.identity.clone();
        let old = std::mem::replace(
            &mut *self.file.write().unwrap_or_else(PoisonError::into_inner),
            Arc::new(opened),
        );
        // Whoever still uses it goes on; closing it may take a moment.
        drop(spawn_blocking(move || drop(old)));
        Ok(identity)
    }

    /// Takes all steps of a closing.
    async fn close(&self, mut closing: Closing) -> Result<(), StoreError> {
        while !closing.is_done() {
            let ends = closing.ends();
            let step = move |db: &Connection, visitors: &mut Visitors| closing.step(db, visitors);
            let file = self.file();
            closing = if ends { file.writer.erase(step).await? } else { file.writer.write(step).await? };
        }
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn probe(&self) -> Result<(), StoreError> {
        self.file().writer.write(|db, _| works::probe(db)).await?;
        self.file().lookups.read(|db| db.query_row("SELECT count(*) FROM works", [], |_| Ok(()))).await
    }

    async fn probe_ephemeral(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        let site = site.clone();
        self.file().writer.write_in_time(move |db, _| sites::insert(db, &site)).await
    }

    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.file().writer.erase_in_time(move |db, _| sites::replace(db, &old, &new)).await
    }

    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.file().writer.erase(move |db, visitors| sites::delete(db, visitors, &id)).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.file().lookups.read(sites::all).await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        let id = id.clone();
        self.file().lookups.read(move |db| sites::by_id(db, &id)).await
    }

    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        let hash = hash.clone();
        self.file().lookups.read(move |db| sites::by_key(db, &hash)).await
    }

    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let (link, once) = (link.clone(), once.to_vec());
        self.file().writer.write_in_time(move |db, _| links::insert(db, &link, &once)).await
    }

    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>> {
        // They queue in their order, and are committed together.
        join_all(links.iter().map(|(link, once)| self.insert_link(link, once))).await
    }

    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError> {
        let (site, name) = (site.clone(), *name);
        self.file().lookups.read(move |db| links::named_of_site(db, &site, &name)).await
    }

    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError> {
        if let Some(known) = self.known_campaign(site, campaign).await? {
            return Ok(known);
        }
        let (site, campaign) = (site.clone(), campaign.clone());
        self.file().writer.write_in_time(move |db, _| links::first_campaign(db, &site, &campaign)).await
    }

    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError> {
        let (site, campaign) = (site.clone(), campaign.clone());
        self.file().lookups.read(move |db| links::campaign_of_site(db, &site, &campaign)).await
    }

    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.file().lookups.read(move |db| links::in_any_case(db, &code)).await
    }

    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let (site, filter, after) = (site.clone(), filter.clone(), after.copied());
        self.file().reports.read(move |db| links::list(db, &site, &filter, after.as_ref(), limit)).await
    }

    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.file().writer.write_in_time(move |db, _| links::change(db, &code, change, today)).await
    }

    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError> {
        let code = code.clone();
        let file = self.file();
        let deleting = file.writer.erase_and_wait(move |db, visitors| links::delete(db, visitors, &code));
        Ok(match deleting.await? {
            (false, _) => Deletion::NotThere,
            (true, Log::Emptied) => Deletion::LetGo,
            (true, Log::Held) => Deletion::HeldByReader,
        })
    }

    fn identity(&self) -> StoreId {
        self.file().identity.clone()
    }

    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError> {
        let file = self.file();
        let (placement, there) = spawn_blocking(move || {
            let placement = file.placement();
            let is_replaced = placement == Placement::Replaced;
            (placement, if is_replaced { file.identity_at_path() } else { None })
        })
        .await
        .map_err(|_| Ended("reader"))?;
        match placement {
            Placement::InPlace => {
                let identity = self.file().lookups.read(schema::identity).await?;
                if identity.as_ref() != Some(&self.file().identity) {
                    return Err(StoreError::Foreign("the database file has other content now".to_owned()));
                }
                if identity.as_ref() != Some(expected) {
                    let there = self.identity();
                    return Err(StoreError::Foreign(format!(
                        "store.url leads to the store {there}, and the journal belongs to the store {expected}"
                    )));
                }
                Ok(())
            }
            // The right store was put in its place, or a backup of it; its checkpoints tell what it lacks.
            Placement::Replaced if there.as_ref() == Some(expected) => self.reopen().await.map(drop),
            Placement::Replaced => {
                Err(StoreError::Foreign("another file is in the place of the database file".to_owned()))
            }
            Placement::Gone => Err(StoreError::Foreign("the database file was deleted or moved".to_owned())),
            Placement::WithoutLog => Err(StoreError::Foreign(
                "the write-ahead log beside the database file was deleted or moved; restart the service"
                    .to_owned(),
            )),
        }
    }

    async fn adopt(&self) -> Result<StoreId, StoreError> {
        match self.file().placement() {
            // The file that is open is the one at the path; only this process may have a lock on it.
            Placement::InPlace | Placement::WithoutLog => Ok(self.identity()),
            Placement::Replaced | Placement::Gone => self.reopen().await,
        }
    }

    fn partitions(&self) -> usize {
        1
    }

    fn partition(&self, _: &LinkKey) -> usize {
        0
    }

    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError> {
        let (name, entries) = (journal.clone(), entries.to_vec());
        let file = self.file();
        let settling = file.writer.write(move |db, visitors| settling::settle(db, visitors, &name, &entries));
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

    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError> {
        let journal = journal.clone();
        self.file().writer.write(move |db, _| settling::checkpoint(db, &journal)).await
    }

    async fn confirm(
        &self,
        journal: &JournalId,
        _number: u64,
        today: Day,
        _has_ended: bool,
    ) -> Result<(), StoreError> {
        let journal = journal.clone();
        self.file().writer.write(move |db, _| settling::confirm(db, &journal, today)).await
    }

    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let none = |db: &Connection| {
            db.query_row("SELECT NOT EXISTS (SELECT 1 FROM set_aside)", [], |row| row.get(0))
        };
        if self.file().lookups.read(none).await? {
            return Ok(Vec::new());
        }
        self.file().writer.write(settling::retry_set_aside).await
    }

    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        // Nothing of them is in the file, so nothing has to leave it.
        self.file()
            .writer
            .write(move |_: &Connection, visitors| {
                visitors.let_visitors_go(day);
                Ok(())
            })
            .await
    }

    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        while self.file().writer.write(move |db, _| links::strip_shares_before(db, day, CELLS_A_STEP)).await?
        {
        }
        while self.file().writer.write(move |db, _| cells::delete_before(db, day, CELLS_A_STEP)).await? {}
        self.file()
            .writer
            .erase(move |db, visitors| {
                counts::delete_before(db, day)?;
                visitors.let_counts_go(day);
                Ok(())
            })
            .await
    }

    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError> {
        self.file().reports.read(move |db| closing::days_to_close(db, before)).await
    }

    async fn close_day(&self, site: &SiteId, day: Day, min_count: MinCount) -> Result<(), StoreError> {
        self.close(Closing::of_day(site.clone(), day, min_count)).await
    }

    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError> {
        self.file().reports.read(move |db| closing::weeks_to_close(db, before)).await
    }

    async fn close_week(&self, site: &SiteId, week: Week, min_count: MinCount) -> Result<(), StoreError> {
        self.close(Closing::of_week(site.clone(), week, min_count)).await
    }

    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::of_week(db, &site, week)).await
    }

    async fn open_totals(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Amount>, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::open_totals(db, &site, day)).await
    }

    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError> {
        let site = site.clone();
        let take = move |db: &Connection, visitors: &mut Visitors| {
            let site = days::site_row(db, &site)?;
            Ok(site.map(|site| visitors.networks.take_recent(site, day)).unwrap_or_default())
        };
        self.file().writer.write(take).await
    }

    async fn today_note(&self, _site: &SiteId, _day: Day) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn swap_today_note(
        &self,
        _site: &SiteId,
        _day: Day,
        _old: Option<&str>,
        _new: &str,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn note_closed_before(&self, day: Day) -> Result<Day, StoreError> {
        self.file().writer.write(move |db, _| closing::note_closed_before(db, day)).await.map(|()| day)
    }

    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        let code = code.clone();
        self.file().reports.read(move |db| reading::of_link(db, &code, first, last)).await
    }

    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::marks(db, &site, first, last)).await
    }

    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| days::rows(db, &site, day, shares_before)).await
    }

    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError> {
        let site = site.clone();
        self.file().reports.read(move |db| lineage::of_site(db, &site, first, last, shares_before)).await
    }

    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync)) {
        loop {
            let file = self.file();
            let mut foreign = file.writer.foreign_commits();
            let inner = Arc::downgrade(&file);
            drop(file);
            tell(News::Everything);
            while foreign.changed().await.is_ok() {
                tell(News::Everything);
            }
            // The writer has ended: with this store, or because another file has taken the place of this one.
            while inner.upgrade().is_some() {
                sleep(AGAIN).await;
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

    fn key_place(&self) -> KeyPlace {
        KeyPlace::Process
    }

    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        let file = self.file();
        let agreed = file.writer.write(move |db, _| {
            let sql = "INSERT OR IGNORE INTO secrets (name, value) VALUES ('session', ?1)";
            db.prepare_cached(sql)?.execute([proposal])?;
            let mut statement = db.prepare_cached("SELECT value FROM secrets WHERE name = 'session'")?;
            statement.query_row([], |row| row.get(0))
        });
        agreed.await
    }
}
