//! The port to what outlives the process: sites, links and counts, and who may see them.
//!
//! Two implementations, chosen by the address in `store.url`: an embedded SQLite file and Redis
//! (standalone, Sentinel or Cluster). One conformance suite, `tests/store`, holds for all of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::counts::{DayMarks, DayRows, LinkCounts};
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::entry::Entry;
use crate::domain::lineage::Shares;
use crate::domain::link::{Link, LinkChange, Text};
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::visitor::DayKey;

mod access;
mod redis;
mod sqlite;
mod works;

pub use access::Access;
pub use works::Works;

/// What Entrenous asks of a store. Every method may be called from many tasks at once.
#[async_trait]
pub trait Store: Access + Works + Send + Sync {
    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Adds a site. Of two sites of one name the first stays and the other is a
    /// [`StoreError::Conflict`].
    async fn insert_site(&self, site: &Site) -> Result<(), StoreError>;

    /// Puts a site in the place of what it was; keys that it no longer lists end. `false`, and nothing changes, where it
    /// is not that any more: of two changes at once none undoes the other. The name of another site is a
    /// [`StoreError::Conflict`].
    async fn replace_site(&self, old: &Site, new: &Site) -> Result<bool, StoreError>;

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// The site with this identifier.
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// The site that has a key with this hash.
    async fn site_by_key(&self, hash: &KeyHash) -> Result<Option<Site>, StoreError>;

    /// Adds a link, unless one of the `once` names already stands for a link of its site: then that
    /// link is the answer. Of concurrent calls with one such name, one creates and all others get
    /// its link. A code that is taken is a [`StoreError::Conflict`] and changes nothing.
    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError>;

    /// The link with this code.
    async fn link(&self, code: &Code) -> Result<Option<Link>, StoreError>;

    /// Links of a site, newest first (of one millisecond, the greater code first), that come after
    /// `after` in that order: `limit` of them, or all that there are.
    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError>;

    /// Changes a link and returns what it became; concurrent changes of different fields all hold.
    async fn change_link(&self, code: &Code, change: LinkChange) -> Result<Option<Link>, StoreError>;

    /// Forgets a link, its counts, its cells and the `once` names that stand for it. Returns
    /// whether it was there. What moved up from it into cells of its page or its channel stays:
    /// nothing there tells whose it was.
    async fn delete_link(&self, code: &Code) -> Result<bool, StoreError>;

    /// Adds journal entries to the counts, in one atomic step for each link: its counts, its
    /// visitors, and the last entry's number as the mark of this journal. Entries up to that mark
    /// are passed over, so settling entries again, in whatever groups, changes nothing. Entries
    /// come in the order of their numbers. Entries of links that are gone count nothing; when a code
    /// is made again for the same site, entries of the earlier link that come later may count for
    /// the new one.
    ///
    /// A store that can lose what it has confirmed sees it where a link's mark is below the `previous`
    /// of its first entry here: then it adds nothing to that link and answers [`StoreError::Behind`].
    /// Settle older entries first.
    ///
    /// On an error some links may have been settled and others not; settle the same entries again.
    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<(), StoreError>;

    /// Drops what told the visitors of days before `day` apart; their numbers stay. A later entry
    /// of such a day begins a set of its own.
    async fn forget_visitors_before(&self, day: Day) -> Result<(), StoreError>;

    /// Drops the counts and the cells of days before `day`, the end of the retention time, and what
    /// of those days waits for a cell. Links stay.
    async fn forget_counts_before(&self, day: Day) -> Result<(), StoreError>;

    /// The days before `before` of all sites that [`Store::close_day`] has something to do on, the
    /// oldest first: something of them is not in a cell and does not wait for one, or they were
    /// closed with a smaller `min_count`.
    async fn days_to_close(&self, before: Day, min_count: u64) -> Result<Vec<(Day, SiteId)>, StoreError>;

    /// Closes a past day of a site as [`cell`](crate::domain::cell) says, into cells of at least
    /// `min_count` visitors, and marks it as closed. What is open of it moves, with its unfurls,
    /// which stay with their link, under the page and the campaign that the link has now; a later
    /// change of the link moves nothing of it. Clicks that come late join the cells that are there.
    /// What waits for a channel joins the cell of the day that it is of, or of a later one: never
    /// that of an earlier day. Cells that an earlier closing made with a smaller `min_count` move
    /// up where they are too small now. Visitors of that day are no longer told apart.
    ///
    /// May be called at any time again, also by several instances at once, and may be killed at any
    /// point: each amount moves once, nothing is lost, and the next call goes on where the last one
    /// got to. It takes many short steps, so that settling and creating links go on beside it.
    /// Until its last step, the day counts as open for readers, who see each amount in the cells or
    /// as open, and never twice; what waits they do not see.
    ///
    /// What is settled for that day meanwhile may move too, or is left for the next call; then
    /// [`Store::days_to_close`] names the day again.
    async fn close_day(&self, site: &SiteId, day: Day, min_count: u64) -> Result<(), StoreError>;

    /// Notes that every day before `day` of every site has been closed where there was anything to
    /// close. So a day without counts is closed too, and nothing tells it from one that had a few.
    /// A later day stays noted.
    async fn note_closed_before(&self, day: Day) -> Result<(), StoreError>;

    /// What was counted for a link, by day, read at one moment; `shares` is 0 there.
    async fn link_counts(&self, code: &Code, first: Day, last: Day) -> Result<LinkCounts, StoreError>;

    /// What tells whether a site's days have changed, read at one moment. It is asked before each report, for
    /// hundreds of days, so it reads no counts. Each version has risen when a change has been answered.
    async fn day_marks(&self, site: &SiteId, first: Day, last: Day) -> Result<DayMarks, StoreError>;

    /// All that there is of a site's day, read at one moment: its cells, what is open, and the links that were made on it
    /// as shares. Shares and what is open stand under the page and the campaign that the link has now.
    /// Marks that were read before tell at most less than what is read here.
    async fn day_rows(&self, site: &SiteId, day: Day) -> Result<DayRows, StoreError>;

    /// A site's links that were made on these days, one row for each channel, generation and channel of
    /// the parent. Whatever is gone, or was made again later, is nobody's parent.
    async fn site_shares(&self, site: &SiteId, first: Day, last: Day) -> Result<Vec<Shares>, StoreError>;

    /// Tells what other processes change in links and sites, and what this one changes may be among
    /// it; for as long as it is polled, and it never ends.
    async fn watch(&self, tell: &(dyn Fn(News) + Send + Sync));

    /// The key of a day that all instances on this store agree on: `proposal` where none did yet.
    /// Where one process has the store for itself, that is the proposal, and the store never sees
    /// it. Elsewhere it is kept in memory until `day` is over: for the time that is left at `now`.
    async fn agree_day_key(&self, day: Day, proposal: DayKey, now: Timestamp) -> Result<DayKey, StoreError>;

    /// The secret that seals the claims of reserved codes and remembers opened views on all instances: `proposal` where
    /// there is none yet.
    async fn agree_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError>;
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
pub enum Inserted {
    /// The link is new.
    Created,
    /// An earlier link stands for one of the `once` names.
    Existing(Link),
}

/// A hash of an `Idempotency-Key`, an `external_id` or a claimed code, which makes creation happen
/// once for each site. Only the hash is kept: a client may have put anything into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceName(pub [u8; 16]);

/// Which links [`Store::links`] lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Only those of this channel.
    pub channel: Option<ChannelName>,
    /// Only those of this campaign.
    pub campaign: Option<Text>,
    /// Only those that lead here.
    pub url: Option<Destination>,
}

/// A place in a list of links: right behind this link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When the link was made, in whole milliseconds.
    pub created_at: Timestamp,
    /// Its code.
    pub code: Code,
}

/// The name of a journal, one for each folder: 16 random letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JournalId(Box<str>);

impl JournalId {
    /// Takes a journal's name.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A journal entry with its number; numbers rise in one journal, are never used twice, and stay
/// below 2^53.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it may hold a tag")]
pub struct Numbered {
    /// Its number.
    pub number: u64,
    /// The number of the entry of the same link that was settled before it; 0 where nobody knows.
    pub previous: u64,
    /// The entry.
    pub entry: Entry,
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
    /// The store lost entries that it had confirmed, as a failover to a server that did not have
    /// them yet does.
    #[error("the store lost counts that it had confirmed")]
    Behind,
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
    #[error("{0}")]
    Address(String),
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
            Some(("sqlite", _)) => Err(StoreUrlError::Address("names no file after sqlite:".to_owned())),
            Some(("redis" | "rediss" | "redis+sentinel" | "redis+cluster", _)) => {
                redis::check_url(text).map_err(StoreUrlError::Address)?;
                Ok(Self(text.to_owned()))
            }
            _ => Err(StoreUrlError::Scheme),
        }
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

/// Opens the store at `url`; day keys that are shared are kept at `ephemeral` where that is given.
///
/// # Errors
/// When it cannot be reached, or holds what this version does not understand.
pub async fn open(url: &StoreUrl, ephemeral: Option<&StoreUrl>) -> Result<Arc<dyn Store>, StoreError> {
    open_keeping(url, ephemeral, KEEP).await
}

/// The same of a store that may lose, in a failover, what it has confirmed within `keep`: for so long it relies on
/// nothing that it could not do again.
///
/// # Errors
/// Those of [`open`].
pub async fn open_keeping(
    url: &StoreUrl,
    ephemeral: Option<&StoreUrl>,
    keep: Duration,
) -> Result<Arc<dyn Store>, StoreError> {
    match url.0.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::SqliteStore::open(path.as_ref()).await?)),
        _ => Ok(Arc::new(redis::RedisStore::open(&url.0, ephemeral.map(|url| url.0.as_str()), keep).await?)),
    }
}
