//! A walk through a site's index: newest first and, of one millisecond, the greater code first,
//! which is the reverse of a sorted set's own order.

use redis::cmd;

use super::links::stored_code;
use super::{RedisStore, keys};
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// Where a walk stands. It holds a score and not a rank, so links that are made meanwhile, which
/// are newer, shift nothing.
#[derive(Debug)]
pub(super) struct Walk {
    key: String,
    newest: i64,
    oldest: i64,
    /// How many entries of the score `newest` are behind it.
    passed: usize,
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The link's code.
    pub(super) code: Code,
    /// When it was made, in milliseconds since 1970.
    pub(super) created_at: i64,
}

impl Walk {
    /// Begins a walk through the links that were made from `oldest` to `newest`, in milliseconds.
    pub(super) fn new(site: &SiteId, newest: i64, oldest: i64) -> Self {
        Self { key: keys::index(site), newest, oldest, passed: 0 }
    }

    /// Begins a walk through the links that were made on the days from `first` to `last`.
    pub(super) fn over_days(site: &SiteId, first: Day, last: Day) -> Self {
        Self::new(site, last.plus(1).start().as_millisecond() - 1, first.start().as_millisecond())
    }

    /// The next entries, at most `count`; none at the end.
    pub(super) async fn next(&mut self, store: &RedisStore, count: usize) -> Result<Vec<Place>, StoreError> {
        let mut range = cmd("ZREVRANGEBYSCORE");
        range.arg(&self.key).arg(self.newest).arg(self.oldest);
        range.arg("WITHSCORES").arg("LIMIT").arg(self.passed).arg(count);
        let entries: Vec<(String, f64)> = store.connection.query(&range).await?;
        let places = entries
            .iter()
            .map(|(code, score)| Ok(Place { code: stored_code(code)?, created_at: whole(*score) }))
            .collect::<Result<Vec<_>, StoreError>>()?;
        if let Some(last) = places.last() {
            let of_its_time =
                places.iter().rev().take_while(|place| place.created_at == last.created_at).count();
            self.passed =
                if last.created_at == self.newest { self.passed + of_its_time } else { of_its_time };
            self.newest = last.created_at;
        }
        Ok(places)
    }
}

/// Scores are milliseconds: whole and far below 2^53.
#[expect(clippy::cast_possible_truncation, reason = "a score is a whole number below 2^53")]
fn whole(score: f64) -> i64 {
    score as i64
}
