//! The port to what outlives the process: sites, links and counts, and who may see them.
//!
//! Two implementations, chosen by the address in `store.url`: an embedded SQLite file and Redis
//! (standalone, Sentinel or Cluster). One conformance suite, `tests/store`, holds for all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
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

mod access;
mod redis;
mod sqlite;
mod works;

pub use access::Access;
use sqlite::Sharing;
pub use works::Works;

/// What Entrenous asks of a store. Every method may be called from many tasks at once.
#[async_trait]
pub trait Store: Access + Works + Send + Sync {
    /// Writes something without content, reads, and leaves nothing behind: whether the store can do its work.
    ///
    /// # Errors
    /// [`StoreError::Unsuitable`] where it does, and evicts what it has when its memory is full.
    async fn probe(&self) -> Result<(), StoreError>;

    /// Does the same where the shared day keys are, if that is another place, and looks whether they reach a disk there;
    /// then that is a [`StoreError::Unsuitable`].
    async fn probe_ephemeral(&self) -> Result<(), StoreError>;

    /// The store's own time; `None` where it has no other clock than this machine's.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Adds a site. Of two sites of one name the first stays and the other is a
    /// [`StoreError::Conflict`].
    async fn insert_site(&self, site: &Site) -> Result<(), StoreError>;

    /// Puts a site in the place of what it was; keys that it no longer lists end. `false`, and nothing changes, where it
    /// is not that any more: of two changes at once none undoes the other. The name of another site is a
    /// [`StoreError::Conflict`].
    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError>;

    /// Forgets a site with its keys, its links and everything that was counted for it. Hashes of its links' codes stay,
    /// and nobody is given them. May be called again after it was interrupted. Returns whether the site was there.
    async fn delete_site(&self, id: &SiteId) -> Result<bool, StoreError>;

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// The site with this identifier.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// The site that has a key with this hash.
    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError>;

    /// Adds a link, unless one of the `once` names already stands for a link of its site: then that
    /// link is the answer. Of concurrent calls with one such name, one creates and all others get
    /// its link. A name that stands for another request is [`Inserted::Reused`], and nothing is made. A code that is
    /// taken, in whatever case, or that a deleted link of another site had, is a [`StoreError::Conflict`] and changes nothing.
    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError>;

    /// Adds many links, each for itself as [`Store::insert_link`] does, and returns what became of each in their order:
    /// of two with one name the first is made. It waits for the store as often as for one link, or hardly more often.
    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>>;

    /// What [`Store::insert_link`] would find by this name: [`Inserted::Existing`], [`Inserted::Reused`], or nothing.
    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError>;

    /// The spelling in which a site's links had this campaign first: that of an earlier one that is alike when both are
    /// [folded](Text::folded), and else the one that is given, from now on. It is forgotten with the last link that has it.
    async fn first_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Text, StoreError>;

    /// The same where the site's links have it.
    async fn known_campaign(&self, site: &SiteId, campaign: &Text) -> Result<Option<Text>, StoreError>;

    /// The link with this code.
    async fn link(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        Ok(self.link_in_any_case(code).await?.filter(|link| link.code == *code))
    }

    /// The link whose code is this one or differs from it in case only; there is never a second one.
    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError>;

    /// Links of a site, newest first (of one hour, the one that was made last first), that come after
    /// `after` in that order: `limit` of them, or all that there are.
    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Changes a link and returns what it became; concurrent changes of different fields all hold.
    /// It counts elsewhere, where that is changed, from the day after `today` on.
    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError>;

    /// Forgets a link, its counts, its cells and the `once` names that stand for it, and whatever names only it had: its
    /// page's and its campaign's. Links whose parent it was forget that. What moved up from it into cells of its page or
    /// its channel stays: nothing there tells whose it was. A hash of its code stays too, so that no other site is ever
    /// given it.
    ///
    /// Waits until the store has let go of what was deleted, or tells that somebody who reads still holds it.
    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError>;

    /// The random identity that the store was given when it was made, as this process first saw it, or last
    /// [verified](Store::verify) or adopted it.
    fn identity(&self) -> StoreId;

    /// Checks that the store at its address is the `expected` one, and works with it from now on, whichever store was
    /// there before.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where it was emptied, replaced, deleted or moved, or was never the expected one;
    /// [`StoreError::Behind`] where it was put back to an earlier state, and lacks what this process had
    /// [confirmed](Store::confirm).
    async fn verify(&self, expected: &StoreId) -> Result<(), StoreError>;

    /// Takes the store that is there now for the right one, whatever became of the earlier one, and returns
    /// its identity.
    async fn adopt(&self) -> Result<StoreId, StoreError>;

    /// The number of the store's partitions: parts of it that can be out of reach each for itself.
    fn partitions(&self) -> usize;

    /// The partition that a link's counts are in.
    fn partition(&self, link: &LinkKey) -> usize;

    /// Adds journal entries to the counts, in one atomic step for each partition: the counts, the visitors,
    /// and the last entry's number as the partition's *checkpoint* of this journal. Entries up to the
    /// checkpoint are passed over, so settling entries again, in whatever groups, changes nothing. Entries come in
    /// the order of their numbers. Entries of links that are gone count nothing, and never count for a later
    /// link of the same code.
    ///
    /// A partition that cannot be reached or read holds up only itself: [`Settled::held`] names it, and its
    /// entries are to be settled again. Counts of a link whose record is damaged are set aside in the store, in
    /// the same atomic step, and [`Settled::set_aside`] names it.
    ///
    /// # Errors
    /// [`StoreError::Behind`] where a partition's checkpoint is below the `previous` of its first entry here: the
    /// store has lost what it had confirmed. Nothing was added to that partition. [`StoreError::Foreign`] where the
    /// store is another one. On an error some partitions may have been settled and others not; settle the
    /// same entries again.
    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError>;

    /// The number up to which everything of a journal is in the store for good; 0 where nothing is known of it. Whoever
    /// begins to read a journal of an earlier run asks first, and settles nothing up to there: the store may know no
    /// more than this of a journal that has ended.
    async fn checkpoint(&self, journal: &JournalId) -> Result<u64, StoreError>;

    /// Notes that everything of a journal up to `number` is in the store for good, in every partition alike, so that
    /// the checkpoints do not tell where anything was counted. `today` is kept with it until the retention time is over;
    /// a journal that `has_ended` needs no other bookkeeping any more.
    ///
    /// # Errors
    /// [`StoreError::Behind`] where a partition lacks what was confirmed before, which would be hidden from then on;
    /// [`StoreError::Foreign`] where the store is another one. Then nothing is noted, or in some partitions only.
    async fn confirm(
        &self,
        journal: &JournalId,
        number: u64,
        today: Day,
        has_ended: bool,
    ) -> Result<(), StoreError>;

    /// Tries to add what was set aside to the counts again, and returns what still cannot be.
    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError>;

    /// Drops what told the visitors of days before `day` apart; their numbers stay. A later entry
    /// of such a day begins a set of its own. Networks stay until their day is closed.
    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError>;

    /// Drops the counts and the cells of days before `day`, the end of the retention time, what of those days
    /// waits for a cell or was set aside, and the checkpoints of journals that were last confirmed before it. Links stay;
    /// those of shares that were made before `day` are [stripped](Link::strip), and no `once` name stands for them any more.
    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError>;

    /// The days before `before` of all sites on which something is open, the oldest first.
    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError>;

    /// Closes a past day of a site as [`disclosure`](crate::stats::disclosure) says. A link's counts become its cell where they are
    /// enough, under what it was [counted under](Link::kind_on) on that day; what is not enough joins the pool of its page, channel and
    /// campaign. Its unfurls are rounded in any case. The link's own numbers, its visitors and its networks go in the same
    /// step. A pool has each day's networks by itself, united over its links. Everything that is drawn follows from one
    /// secret, which is deleted with the last step.
    ///
    /// From its first step on, what is settled for that day came late: it counts on the first day after it whose closing has not
    /// begun. Where the day's week is closed already, what joins a pool joins that of the first week after it that is not.
    ///
    /// May be called at any time again, also by several instances at once, and may be killed at any point: each amount
    /// moves once, nothing is lost, and the next call goes on where the last one got to. It takes many short steps, so
    /// that settling and creating links go on beside it. Until its last step, readers see the day as open.
    async fn close_day(&self, site: &SiteId, day: Day, min_count: MinCount) -> Result<(), StoreError>;

    /// The weeks before `before` of all sites that have pools, the oldest first, where nothing of the week's days is open any
    /// more.
    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError>;

    /// Closes a past week of a site, whose days are closed: what is enough of a pool becomes a cell of its page, channel and
    /// campaign; what is left becomes one of its channel where it is enough, and is deleted where it is not. Of what comes
    /// together there, those from several pages on one day may be of the same networks: each day's largest number counts. The
    /// same holds as for [`Store::close_day`].
    async fn close_week(&self, site: &SiteId, week: Week, min_count: MinCount) -> Result<(), StoreError>;

    /// Notes that every day before `day` of every site has been closed where there was anything to
    /// close. So a day without counts is closed too, and nothing tells it from one that had a few.
    /// A later day stays noted. Where a closing takes its time and an earlier day is still open, it is that day that is noted.
    /// Returns the day.
    async fn note_closed_before(&self, day: Day) -> Result<Day, StoreError>;

    /// What was counted for a link, by day, read at one moment; `shares` is 0 there.
    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError>;

    /// What tells whether a site's days have changed, read at one moment. It is asked before each report, for
    /// hundreds of days, so it reads no counts. Each version has risen when a change has been answered.
    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError>;

    /// All that there is of a site's day, read at one moment: its cells, what is open, and the links that were made on it
    /// before the hour of `shares_before` as shares. Each stands under what its link is [counted under](Link::kind_on) on that day.
    /// Marks that were read before tell at most less than what is read here.
    async fn day_rows(
        &self,
        site: &SiteId,
        day: Day,
        shares_before: Timestamp,
    ) -> Result<DayRows, StoreError>;

    /// A site's cells of a week: rows without a link, of pages and of whole channels.
    async fn week_rows(&self, site: &SiteId, week: Week) -> Result<DayRows, StoreError>;

    /// What is open of a site's day, by channel.
    async fn open_totals(&self, site: &SiteId, day: Day)
    -> Result<BTreeMap<ChannelName, Amount>, StoreError>;

    /// The networks whose clicks were settled for a site's day since this was asked last, by channel; they are forgotten with that.
    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError>;

    /// What the instances on this store remember of a site's day to show its numbers of today; it ends with the day. Where one
    /// process has the store for itself, nothing: it remembers by itself.
    async fn today_note(&self, site: &SiteId, day: Day) -> Result<Option<String>, StoreError>;

    /// Puts another note in the place of what it was, where it is still that. Returns whether it was.
    async fn swap_today_note(
        &self,
        site: &SiteId,
        day: Day,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError>;

    /// A site's links that were made on these days and before the hour of `shares_before`, one row for each channel, generation and channel of
    /// the parent. Whatever is gone, or was made again later, is nobody's parent.
    async fn site_shares(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
        shares_before: Timestamp,
    ) -> Result<Vec<Shares>, StoreError>;

    /// Tells what other processes change in links and sites, and what this one changes may be among
    /// it; for as long as it is polled, and it never ends.
    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync));

    /// The key of a day that all instances on this store agree on: `proposal` where none did yet.
    /// Where one process has the store for itself, that is the proposal, and the store never sees
    /// it. Elsewhere it is kept in memory until `day` is over: for the time that is left at `now`.
    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError>;

    /// Where that key is, as far as is known.
    fn key_place(&self) -> KeyPlace;

    /// The secret that seals the claims of reserved codes and remembers opened views on all instances: `proposal` where
    /// there is none yet.
    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError>;
}

/// Where a day key is while its day lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In this process, and nowhere else.
    Process,
    /// In the memory of a server, too, which says that it writes nothing to a disk.
    Memory,
    /// In the memory of a server, too, which does not say whether it writes to a disk.
    Unknown,
    /// On the disk of a server, too.
    Disk,
}

impl KeyPlace {
    /// Returns the place's stable name, as it stands at `/readyz?all`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Memory => "memory",
            Self::Unknown => "unknown",
            Self::Disk => "disk",
        }
    }
}

/// What [`Store::watch`] tells. While the store does not answer it tells nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// This link was changed or deleted.
    Changed(Code),
    /// Anything may have been changed before now. From now on, changes are told.
    Everything,
    /// The store answers, and changes are not told; comes again and again for as long as that lasts.
    Silence,
}

/// What became of [`Store::insert_link`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart as soon as it is there")]
pub enum Inserted {
    /// The link is new.
    Created,
    /// An earlier link stands for one of the `once` names.
    Existing(Link),
    /// One of the `once` names stands for what was asked with another fingerprint.
    Reused,
}

/// A hash of an `Idempotency-Key`, an `external_id` or a claimed code, which makes creation happen
/// once for each site. Only the hash is kept: a client may have put anything into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceName {
    /// The hash.
    pub name: [u8; 16],
    /// Until when it stands for its link, and for what; for ever and for anything where there is nothing here.
    pub passing: Option<Passing>,
}

/// What makes a `once` name stand for one request, for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing {
    /// A hash of the request.
    pub fingerprint: [u8; 16],
    /// When the request came, in seconds since 1970.
    pub now: i64,
    /// Until when the name stands for its link: a day later, at a full hour, so that it does not tell when that was made.
    pub until: i64,
}

impl OnceName {
    /// A name that stands for its link for as long as that is there.
    #[must_use]
    pub const fn lasting(name: [u8; 16]) -> Self {
        Self { name, passing: None }
    }

    /// A name that stands for a request of this fingerprint for 24 hours, until the next full hour.
    #[must_use]
    pub fn passing(name: [u8; 16], fingerprint: [u8; 16], now: Timestamp) -> Self {
        const HOUR: i64 = 3_600;
        let until =
            (now.as_millisecond() + 24 * HOUR * 1_000 + HOUR * 1_000 - 1).div_euclid(HOUR * 1_000) * HOUR;
        Self { name, passing: Some(Passing { fingerprint, now: now.as_second(), until }) }
    }
}

/// The hash under which the code of a deleted link is kept. It is the same for codes that differ in case only, because
/// an address may be written in either.
fn deleted_code(code: &Code) -> [u8; 16] {
    let hash = Sha256::digest(format!("deleted code\0{}", code.as_str().to_ascii_lowercase()));
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}

/// Which links [`Store::links`] lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Only those of this channel.
    pub channel: Option<ChannelName>,
    /// Only those of this campaign.
    pub campaign: Option<Text>,
    /// Only those of this page.
    pub page: Option<Destination>,
}

/// A place in a list of links: right behind one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The hour in which the link was made, counted from 1970.
    pub hour: i64,
    /// Its number among those of its hour; numbers rise, and tell nothing else.
    pub sequence: u64,
}

/// A link in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The link.
    pub link: Link,
    /// The place right behind it.
    pub place: Cursor,
}

/// What became of [`Store::delete_link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// There was no such link.
    NotThere,
    /// The store has let go of everything.
    LetGo,
    /// The link is gone, and what was deleted stays in the store's log until somebody who reads has ended.
    HeldByReader,
}

impl Deletion {
    /// Returns whether there was such a link.
    #[must_use]
    pub fn was_there(self) -> bool {
        self != Self::NotThere
    }
}

/// What became of entries that were settled. The numbers add up to those that were given, less those of
/// partitions that are held up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Entries that were added to the counts now.
    pub counted: u64,
    /// Entries that had been dealt with before: their numbers are not above the checkpoint.
    pub passed_over: u64,
    /// Entries of links that are gone.
    pub gone: u64,
    /// Those of them whose links somebody is known to have deleted. Others may be of links that the store has lost.
    pub deleted: u64,
    /// Entries whose links' records are damaged; the store keeps them apart.
    pub set_aside: Vec<SetAside>,
    /// Partitions that could not be settled, each with the reason. A partition number of [`Store::partitions`] stands
    /// for what is announced of a site: all entries are to be settled again for it.
    pub held: Vec<(usize, String)>,
}

/// Counts of one link that were set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The damaged record's name: a key, or a link and a day.
    pub name: String,
    /// How many entries.
    pub entries: u64,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name or the code is taken.
    #[error("the name is taken")]
    Conflict,
    /// The store cannot be reached, or cannot write. Worth trying again.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store is there and cannot be used as it is set up. The same try fails again.
    #[error("{0}")]
    Unsuitable(String),
    /// The store lost entries that it had confirmed, as a failover to a server that did not have
    /// them yet does, or a backup that is put back.
    #[error("the store lost counts that it had confirmed")]
    Behind {
        /// The number of the last entry that it has.
        checkpoint: u64,
    },
    /// Another process serves from the same store, which only one can.
    #[error("another process serves from it")]
    InUse,
    /// The store is not the one that it was.
    #[error("the store is another one than before: {0}")]
    Foreign(String),
    /// The store holds what this version does not understand.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
}

/// An address in `store.url` that names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// It begins with none of the known schemes.
    #[error("must begin with sqlite:, redis://, rediss://, redis+sentinel:// or redis+cluster://")]
    Scheme,
    /// The rest of it is wrong.
    #[error(transparent)]
    Redis(#[from] redis::AddressError),
    /// The path of the file is missing.
    #[error("names no file after sqlite:")]
    NoFile,
}

/// An address of a store, checked as far as it can be without asking it. Its `Debug` and `Display`
/// leave out user names and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// Takes `sqlite:PATH`, `redis://…`, `rediss://…`, `redis+sentinel://h1:p,h2:p/name` or
    /// `redis+cluster://h1:p,h2:p`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self(text.to_owned())),
            Some(("sqlite", _)) => Err(StoreUrlError::NoFile),
            Some(("redis" | "rediss" | "redis+sentinel" | "redis+cluster", _)) => {
                redis::check_url(text)?;
                Ok(Self(text.to_owned()))
            }
            _ => Err(StoreUrlError::Scheme),
        }
    }

    /// The file of an embedded store.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.0.strip_prefix("sqlite:").map(Path::new)
    }

    /// Whether several instances can use this store at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.0.starts_with("sqlite:")
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once("://") {
            Some((scheme, rest)) => {
                let open = rest.rsplit_once('@').map_or(rest, |(_, open)| open);
                write!(f, "{scheme}://{open}")
            }
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// For how long a store that others answer for may lose what it has confirmed, where nobody says.
const KEEP: Duration = Duration::from_mins(1);

/// Opens the store at `url` beside the process that serves from it; day keys that are shared are kept at
/// `ephemeral` where that is given.
///
/// # Errors
/// When it cannot be reached, or holds what this version does not understand.
pub async fn open(url: &StoreUrl, ephemeral: Option<&StoreUrl>) -> Result<Arc<dyn Store>, StoreError> {
    open_as(url, ephemeral, KEEP, Sharing::Beside).await
}

/// Opens the store at `url` to serve from it. What requests ask of an embedded store is answered or refused in little
/// more than a second. A shared store may lose, in a failover, what it has confirmed within `keep`: for so long it
/// relies on nothing that it could not do again.
///
/// # Errors
/// Those of [`open`], and [`StoreError::InUse`] where another process serves from an embedded store.
pub async fn open_to_serve(
    url: &StoreUrl,
    ephemeral: Option<&StoreUrl>,
    keep: Duration,
) -> Result<Arc<dyn Store>, StoreError> {
    open_as(url, ephemeral, keep, Sharing::Sole).await
}

async fn open_as(
    url: &StoreUrl,
    ephemeral: Option<&StoreUrl>,
    keep: Duration,
    sharing: Sharing,
) -> Result<Arc<dyn Store>, StoreError> {
    match url.0.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::SqliteStore::open(path.as_ref(), sharing).await?)),
        _ => Ok(Arc::new(redis::RedisStore::open(&url.0, ephemeral.map(|url| url.0.as_str()), keep).await?)),
    }
}
