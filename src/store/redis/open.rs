//! What links have open on a day, and how it is taken from them.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::cmd;

use super::counts::read;
use super::links::{self, CHUNK, CHUNKS};
use super::marks::State;
use super::settling::first_failure;
use super::{RedisStore, keys, script};
use crate::domain::code::Code;
use crate::domain::counts::Counts;
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
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

/// What links have open.
#[derive(Debug, Default)]
pub(super) struct OpenLinks {
    pub(super) links: Vec<OpenLink>,
    /// Those whose link or counts cannot be read: nobody knows what they have open.
    pub(super) damaged: Vec<Code>,
}

impl RedisStore {
    /// The counts of those of these links that have any and are the site's.
    pub(super) async fn open_links(
        &self,
        site: &SiteId,
        codes: &[Code],
        day: Day,
    ) -> Result<OpenLinks, StoreError> {
        let chunks: Vec<_> = codes.chunks(CHUNK).map(|some| self.open_chunk(site, some, day)).collect();
        let add = async |mut all: OpenLinks, some: OpenLinks| {
            all.links.extend(some.links);
            all.damaged.extend(some.damaged);
            Ok(all)
        };
        stream::iter(chunks).buffered(CHUNKS).try_fold(OpenLinks::default(), add).await
    }

    async fn open_chunk(&self, site: &SiteId, codes: &[Code], day: Day) -> Result<OpenLinks, StoreError> {
        let keys: Vec<_> = codes.iter().map(keys::link).collect();
        let links = self.connection.texts(&keys).await?;
        let fields = [day.number().to_string(), keys::known_unfurls(day), keys::turn(day)];
        let fields = |code| cmd("HMGET").arg(keys::counts(code)).arg(&fields).take();
        let values = self.connection.query_each::<[Option<String>; 3]>(codes.iter().map(fields).collect());
        let mut open = OpenLinks::default();
        for ((code, link), values) in codes.iter().zip(links).zip(values.await) {
            let found = match (links::read(link), values) {
                (_, Err(error @ StoreError::Unavailable(_))) => return Err(error),
                (Err(error), _) | (_, Err(error)) => Err(error),
                (Ok(Some(link)), Ok([Some(counts), known, mark])) if link.site == *site => {
                    let counts = read(&counts, &known.unwrap_or_default());
                    counts.map(|counts| Some(OpenLink { link, counts, mark }))
                }
                _ => Ok(None),
            };
            match found {
                Ok(found) => open.links.extend(found),
                Err(_) => open.damaged.push(code.clone()),
            }
        }
        Ok(open)
    }

    /// Ends these links' visitor sets of a day before their numbers are taken over: whoever comes later counts beside
    /// them.
    pub(super) async fn freeze_visitors(&self, codes: &[Code], day: Day) -> Result<(), StoreError> {
        let freeze = |code| {
            let mut call = script::FREEZE.on(&[keys::counts(code), keys::visitors(code, day)]);
            call.arg(day.number());
            call
        };
        let calls = codes.iter().map(freeze).collect();
        let frozen = self.connection.call_each::<i64>(&script::FREEZE, calls).await;
        // What is damaged is not taken over either.
        first_failure(frozen.into_iter().filter(|answer| !matches!(answer, Err(StoreError::Corrupt(_)))))
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
        let calls = links
            .iter()
            .map(|link| subtraction(site, &link.key(), day, "", &nothing, self.deadline(state.now)));
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
    link: &LinkKey,
    day: Day,
    turn: &str,
    counts: &Counts,
    deadline: i64,
) -> redis::Cmd {
    let code = &link.code;
    let mut call = script::SUBTRACT.on(&[keys::link(code), keys::counts(code), keys::visitors(code, day)]);
    call.arg(site.as_str()).arg(link.incarnation.to_string()).arg(day.number()).arg(turn).arg(deadline);
    call.arg(counts.clicks).arg(counts.unfurls).arg(counts.aggregate_clicks).arg(counts.visitors);
    call.arg(crate::domain::counts::families_to_text(&counts.known_unfurls));
    call
}
