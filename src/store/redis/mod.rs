//! The store in Redis or Valkey, standalone or Cluster, for more than one instance.
//!
//! Promises what [`Store`] asks, on a Cluster too: every script and every command of more than one
//! key stays in one hash slot, and what needs several slots is a row of steps whose order survives
//! a crash between any two of them (said where the steps are). Refuses to keep anything personal:
//! what tells visitors apart are 52-bit fingerprints in keys that end within hours of their day.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use self::address::Address;
pub(super) use self::address::AddressError;
use self::connection::Connection;
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::Numbered;
use crate::domain::identity::JournalId;
use crate::domain::identity::StoreId;
use crate::domain::link::{Link, LinkChange, Text};
use crate::domain::link_key::LinkKey;
use crate::domain::min_count::MinCount;
use crate::domain::networks::Networks;
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::visitor::DayKey;
use crate::domain::week::Week;
use crate::stats::counts::Amount;
use crate::stats::counts::{DayMarks, DayRows, LinkCounts};
use crate::stats::lineage::Shares;
use crate::store::{Cursor, Deletion, Inserted, KeyPlace, LinkFilter, Listed, News, OnceName, SetAside};
use crate::store::{Settled, Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;

mod access;
mod address;
mod agreement;
mod aside;
mod campaigns;
mod cells;
mod closing;
mod codes;
mod connection;
mod counts;
mod days;
mod failure;
mod forgetting;
mod identity;
mod index;
mod insertion;
mod journals;
mod keys;
mod lineage;
mod links;
mod marks;
mod networks;
mod news;
mod persistence;
mod probing;
mod record;
mod records;
mod script;
mod sentinel;
mod server;
mod settling;
mod sites;
mod slow_log;
mod subscription;
mod suitability;
mod time;
mod weeks;
mod works;

/// Checks an address as far as it can be without asking a server.
///
/// # Errors
/// With what is wrong; the text never repeats the address, which may hold a password.
pub(super) fn check_url(url: &str) -> Result<(), AddressError> {
    Address::parse(url).map(|_| ())
}

/// The store behind one address, and the place of what must never reach a disk.
pub(super) struct RedisStore {
    connection: Connection,
    ephemeral: Option<Connection>,
    /// The address of the server that has the shared day keys. It may hold a password.
    url_of_keys: String,
    /// Whether that server writes to a disk, as it said last.
    key_place: Mutex<KeyPlace>,
    /// For how long a failover may lose what was confirmed.
    keep: Duration,
    /// As it was found at the beginning, or verified or adopted since.
    identity: RwLock<StoreId>,
    /// How many partitions were looked at to verify that.
    looked_at: AtomicUsize,
    /// What this process has confirmed of journals.
    floors: journals::Floors,
}

impl RedisStore {
    /// Connects to `url`, and to `ephemeral` for the shared day keys where that is given. A failover may lose what was
    /// confirmed for as long as `keep`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when one of them does not answer, [`StoreError::Unsuitable`] when one refuses the
    /// user or the password, or evicts keys, or `ephemeral` writes to a disk.
    pub(super) async fn open(url: &str, ephemeral: Option<&str>, keep: Duration) -> Result<Self, StoreError> {
        let connection = Connection::open(url).await?;
        suitability::check(&connection, "store.url").await?;
        let url_of_keys = ephemeral.unwrap_or(url).to_owned();
        let ephemeral = match ephemeral {
            Some(url) => Some(open_ephemeral(url).await.map_err(of_ephemeral)?),
            None => None,
        };
        let key_place = persistence::of(ephemeral.as_ref().unwrap_or(&connection)).await?;
        if ephemeral.is_some() {
            persistence::refuse(key_place).map_err(of_ephemeral)?;
        }
        persistence::warn(key_place, ephemeral.is_some());
        let key_place = Mutex::new(key_place);
        let identity = RwLock::new(identity::found(&connection).await?);
        let (looked_at, floors) = Default::default();
        let store = Self { connection, ephemeral, url_of_keys, key_place, keep, identity, looked_at, floors };
        // It can be done at any time, and must not keep the service from its start.
        if let Err(error) = store.tidy_checkpoints(None).await {
            tracing::warn!(
                reason = settling::reason(&error),
                "old checkpoints could not be dropped from the store"
            );
        }
        Ok(store)
    }
}

/// Opens the place of what must never reach a disk.
async fn open_ephemeral(url: &str) -> Result<Connection, StoreError> {
    let connection = Connection::open(url).await?;
    suitability::check(&connection, EPHEMERAL).await?;
    Ok(connection)
}

/// The name of the setting with that place's address.
const EPHEMERAL: &str = "store.ephemeral_url";

/// Says of a failure that it is that place's.
fn of_ephemeral(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(reason) => failure::unavailable(format!("{EPHEMERAL}: {reason}")),
        StoreError::Unsuitable(reason) => StoreError::Unsuitable(format!("{EPHEMERAL}: {reason}")),
        other => other,
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn probe(&self) -> Result<(), StoreError> {
        self.try_store().await
    }

    async fn probe_ephemeral(&self) -> Result<(), StoreError> {
        self.try_ephemeral().await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.own_time().await.map(Some)
    }

    async fn insert_site(&self, site: &Site) -> Result<(), StoreError> {
        self.add_site(site).await
    }

    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError> {
        self.change_site(old, new).await
    }

    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError> {
        self.end_site(id).await
    }

    async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.all_sites().await
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        self.one_site(id).await
    }

    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError> {
        self.site_of_key(hash).await
    }

    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        self.create(link, once).await
    }

    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>> {
        self.create_all(links).await
    }

    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError> {
        self.holder_of_name(site, name).await
    }

    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError> {
        self.first_spelling(site, campaign).await
    }

    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError> {
        self.known_spelling(site, campaign).await
    }

    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        self.one_link(code).await
    }

    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.list(site, filter, after, limit).await
    }

    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError> {
        self.change(code, change, today).await
    }

    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError> {
        self.forget_link(code).await
    }

    fn identity(&self) -> StoreId {
        self.known_identity()
    }

    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError> {
        self.check_identity(expected).await
    }

    async fn adopt(&self) -> Result<StoreId, StoreError> {
        self.adopt_identity().await
    }

    fn partitions(&self) -> usize {
        keys::PARTITIONS
    }

    fn partition(&self, link: &LinkKey) -> usize {
        keys::partition_of(&link.code)
    }

    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError> {
        self.add_entries(journal, entries).await
    }

    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError> {
        self.floor_of(journal).await
    }

    async fn confirm(
        &self,
        journal: &JournalId,
        number: u64,
        today: Day,
        has_ended: bool,
    ) -> Result<(), StoreError> {
        self.raise_floor(journal, number, today, has_ended).await
    }

    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        self.restore_set_aside().await
    }

    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError> {
        self.end_visitor_sets(day).await?;
        // Fingerprints and networks of the day may stand in the driver's buffers, which are overwritten when they are freed.
        self.connection.renew().await?;
        match &self.ephemeral {
            Some(ephemeral) => ephemeral.renew().await,
            None => Ok(()),
        }
    }

    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError> {
        for site in self.all_sites().await? {
            self.strip_shares(&site.id, day).await?;
        }
        self.end_counts(day).await
    }

    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError> {
        self.due_days(before).await
    }

    async fn close_day(&self, site: &SiteId, day: Day, min_count: MinCount) -> Result<(), StoreError> {
        self.close(site, day, min_count).await
    }

    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError> {
        self.due_weeks(before).await
    }

    async fn close_week(&self, site: &SiteId, week: Week, min_count: MinCount) -> Result<(), StoreError> {
        self.close_pools(site, week, min_count).await
    }

    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError> {
        self.rows_of_week(site, week).await
    }

    async fn open_totals(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Amount>, StoreError> {
        self.open_by_channel(site, day).await
    }

    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError> {
        self.recent_networks(site, day).await
    }

    async fn today_note(&self, site: &SiteId, day: Day) -> Result<Option<String>, StoreError> {
        self.note_of_today(site, day).await
    }

    async fn swap_today_note(
        &self,
        site: &SiteId,
        day: Day,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError> {
        self.swap_note_of_today(site, day, old, new).await
    }

    async fn note_closed_before(&self, day: Day) -> Result<Day, StoreError> {
        self.note_closed(day).await
    }

    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError> {
        self.counts_of_link(code, first, last).await
    }

    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError> {
        self.marks_of_days(site, first, last).await
    }

    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError> {
        self.rows_of_day(site, day, shares_before).await
    }

    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError> {
        self.shares_of_site(site, first, last, shares_before).await
    }

    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync)) {
        self.listen(tell).await;
    }

    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError> {
        self.shared_day_key(day, proposal, now).await
    }

    fn key_place(&self) -> KeyPlace {
        *self.key_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        self.shared_session_secret(proposal).await
    }
}
