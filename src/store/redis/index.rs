//! A site's index, and a walk through it: newest first.
//!
//! A link's score is the hour in which it was made, times 2^32, plus its number among the links of that hour: so the order
//! in which links were made is kept, and no finer time.

use jiff::Timestamp;
use redis::cmd;

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::store::redis::links::stored_code;
use crate::store::redis::{RedisStore, keys};
use crate::store::{Cursor, StoreError};

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
    /// Its score.
    pub(super) score: i64,
}

/// How many numbers an hour has.
const HOUR_NUMBERS: i64 = 1 << 32;
/// Seconds.
const HOUR: i64 = 3_600;

/// Returns the hour of a time, counted from 1970.
pub(super) fn hour_number(time: Timestamp) -> i64 {
    time.as_second().div_euclid(HOUR)
}

/// Returns the least score of an hour.
fn score_of(hour: i64) -> i64 {
    hour.saturating_mul(HOUR_NUMBERS)
}

impl Place {
    /// Returns the hour in which the link was made.
    pub(super) fn hour(&self) -> i64 {
        self.score.div_euclid(HOUR_NUMBERS)
    }

    /// Returns the place right behind the link.
    pub(super) fn cursor(&self) -> Cursor {
        let sequence = u64::try_from(self.score.rem_euclid(HOUR_NUMBERS)).unwrap_or(0);
        Cursor { hour: self.hour(), sequence }
    }
}

/// Returns the score of the link that a cursor stands behind.
pub(super) fn score_behind(cursor: &Cursor) -> i64 {
    let number = i64::try_from(cursor.sequence).unwrap_or(i64::MAX).min(HOUR_NUMBERS - 1);
    score_of(cursor.hour).saturating_add(number)
}

impl Walk {
    /// Begins a walk through the links with scores from `oldest` to `newest`.
    pub(super) fn new(site: &SiteId, newest: i64, oldest: i64) -> Self {
        Self { key: keys::index(site), newest, oldest, passed: 0 }
    }

    /// Begins a walk through the links that were made on the days from `first` to `last`, before the hour of `before`.
    pub(super) fn over_days(site: &SiteId, first: Day, last: Day, before: Timestamp) -> Self {
        let end = hour_number(last.plus(1).start()).min(hour_number(before));
        Self::new(site, score_of(end) - 1, score_of(hour_number(first.start())))
    }

    /// Begins a walk through the links that were made before a day, and of which that is still known.
    pub(super) fn before_day(site: &SiteId, day: Day) -> Self {
        Self::new(site, score_of(hour_number(day.start())) - 1, score_of(1))
    }

    /// The next entries, at most `count`; none at the end.
    pub(super) async fn next(&mut self, store: &RedisStore, count: usize) -> Result<Vec<Place>, StoreError> {
        let mut range = cmd("ZREVRANGEBYSCORE");
        range.arg(&self.key).arg(self.newest).arg(self.oldest);
        range.arg("WITHSCORES").arg("LIMIT").arg(self.passed).arg(count);
        let entries: Vec<(String, f64)> = store.connection.query(&range).await?;
        let places = entries
            .iter()
            .map(|(code, score)| Ok(Place { code: stored_code(code)?, score: whole(*score) }))
            .collect::<Result<Vec<_>, StoreError>>()?;
        if let Some(last) = places.last() {
            let of_its_time = places.iter().rev().take_while(|place| place.score == last.score).count();
            self.passed = if last.score == self.newest { self.passed + of_its_time } else { of_its_time };
            self.newest = last.score;
        }
        Ok(places)
    }
}

/// Scores are whole and below 2^53 until the year 2209.
#[expect(clippy::cast_possible_truncation, reason = "a score is a whole number below 2^53")]
fn whole(score: f64) -> i64 {
    score as i64
}
