//! What links have open on a day, and how it is taken from them.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::cmd;

use super::counts::read;
use super::links::{CHUNK, CHUNKS};
use super::marks::State;
use super::{RedisStore, keys, script};
use crate::domain::code::Code;
use crate::domain::counts::Counts;
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// A link's counts of a day.
#[derive(Debug)]
pub(super) struct OpenLink {
    pub(super) link: Link,
    /// All that stands in the link's hash, taken over or not.
    pub(super) counts: Counts,
    /// The turn in which what was taken over left it.
    pub(super) mark: Option<String>,
}

impl RedisStore {
    /// The counts of those of these links that have any and are the site's.
    pub(super) async fn open_links(
        &self,
        site: &SiteId,
        codes: &[Code],
        day: Day,
    ) -> Result<Vec<OpenLink>, StoreError> {
        let chunks: Vec<_> = codes.chunks(CHUNK).map(|some| self.open_chunk(site, some, day)).collect();
        stream::iter(chunks).buffered(CHUNKS).try_concat().await
    }

    async fn open_chunk(&self, site: &SiteId, codes: &[Code], day: Day) -> Result<Vec<OpenLink>, StoreError> {
        let links = self.many_links(codes.iter()).await?;
        let fields = [day.number().to_string(), keys::known_unfurls(day), keys::turn(day)];
        let fields = |code| cmd("HMGET").arg(keys::counts(code)).arg(&fields).take();
        let values: Vec<[Option<String>; 3]> =
            self.connection.query_all(codes.iter().map(fields).collect()).await?;
        let mut open = Vec::new();
        for (link, [counts, known, mark]) in links.into_iter().zip(values) {
            if let (Some(link), Some(counts)) = (link.filter(|link| link.site == *site), counts) {
                let counts = read(&counts, &known.unwrap_or_default())?;
                open.push(OpenLink { link, counts, mark });
            }
        }
        Ok(open)
    }

    /// Drops what tells these links' visitors of a day apart.
    pub(super) async fn forget_visitors(&self, codes: &[Code], day: Day) -> Result<(), StoreError> {
        let unlink = |code| cmd("UNLINK").arg(keys::visitors(code, day)).take();
        self.connection.query_all::<i64>(codes.iter().map(unlink).collect()).await.map(drop)
    }

    /// Drops counts that count nothing: entries that a failover lost had been taken over and taken from the
    /// link, and were settled again.
    pub(super) async fn drop_empty(
        &self,
        site: &SiteId,
        links: &[&Link],
        day: Day,
        state: &State,
    ) -> Result<(), StoreError> {
        let nothing = Counts::default();
        let calls = links.iter().map(|link| {
            let made = link.created_at.as_millisecond();
            subtraction(site, &link.code, made, day, "", &nothing, self.deadline(state.now))
        });
        self.connection.call_all::<i64>(&script::SUBTRACT, calls.collect()).await.map(drop)
    }

    /// Until when a step may be taken by whoever saw the server's clock at `now`: anybody who goes on to what must
    /// come after it waits for longer.
    pub(super) fn deadline(&self, now: i64) -> i64 {
        now + i64::try_from(self.keep.as_secs() / 2).unwrap_or(0)
    }
}

/// The script's call that takes counts from a link.
pub(super) fn subtraction(
    site: &SiteId,
    code: &Code,
    made: i64,
    day: Day,
    turn: &str,
    counts: &Counts,
    deadline: i64,
) -> redis::Cmd {
    let mut call = script::SUBTRACT.on(&[keys::link(code), keys::counts(code), keys::visitors(code, day)]);
    call.arg(site.as_str()).arg(made).arg(day.number()).arg(turn).arg(deadline);
    call.arg(counts.clicks).arg(counts.unfurls).arg(counts.aggregate_clicks).arg(counts.visitors);
    call.arg(crate::domain::counts::families_to_text(&counts.known_unfurls));
    call
}
