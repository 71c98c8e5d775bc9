//! How far a site's days and weeks are: one hash for all of them, which tells what there is to do and which cells have changed.
//!
//! | field | value |
//! | --- | --- |
//! | `a` and a day | how often something was announced that is to be counted on it; it goes when the day's closing is done |
//! | `v` and a day | the same as it was when what told the day's visitors apart was forgotten |
//! | `c` and a day | its [`Closing`], while that is under way |
//! | `k` and a day | that closing's secret |
//! | `g` and a day | incarnations of links that were deleted while cells were put together |
//! | `m` and a day | k and a version, where it has cells; the day's own hash has the same |
//! | `l` and a day | rises when links that were made on it are changed or deleted, or were made later |
//! | `w` and a week | a version, where it has cells; 0 where it has pools |
//! | `s` and a week | its [`Closing`], while that is under way, and `kw` its secret |
//! | `weeks` | the last week that is closed |

use std::collections::BTreeMap;
use std::time::Duration;

use foldhash::HashMap;
use redis::cmd;

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Closed, ClosedDays};
use crate::stats::disclosure::Secret;
use crate::store::StoreError;
use crate::store::redis::slow_log::PADDING;
use crate::store::redis::{RedisStore, counts, failure, keys, script};

/// The marks of a period of fewer days are asked for one by one, those of others all at once.
const SHORT: i32 = 31;
/// How long a closing's random letters are.
const LETTERS: usize = 12;
/// What else stands there of a day.
const OF_DAY: [&str; 7] = ["a", "v", "c", "k", "g", "m", "l"];

/// How far a closing is. [`crate::store::redis::day_closing`] tells what each stage waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Partitions are told to count nothing more.
    Freezing,
    /// They count nothing more.
    Frozen,
    /// The cells hold.
    Written,
    /// What they were made of was deleted.
    Dropped,
}

impl Stage {
    const ALL: [(Self, &str); 4] = [
        (Self::Freezing, "freezing"),
        (Self::Frozen, "frozen"),
        (Self::Written, "written"),
        (Self::Dropped, "dropped"),
    ];
}

/// A closing that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) stage: Stage,
    /// When the stage began, in milliseconds; 0 where it does not have to last.
    pub(super) since: i64,
    pub(super) k: MinCount,
    /// Random letters: two closings never look alike.
    token: String,
}

impl Closing {
    /// One that begins.
    pub(super) fn new(stage: Stage, since: i64, k: MinCount) -> Self {
        Self { stage, since, k, token: nanoid::nanoid!(LETTERS) }
    }

    /// Reads what [`Self::text`] wrote.
    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let read = || {
            let mut words = text.split(' ');
            let stage = words.next()?;
            let stage = Stage::ALL.iter().find(|(_, name)| *name == stage)?.0;
            let (since, k) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Self { stage, since, k, token: words.next()?.to_owned() })
        };
        read().ok_or_else(|| failure::corrupt("a closing"))
    }

    /// The text that is kept.
    pub(super) fn text(&self) -> String {
        let Self { stage, since, k, token } = self;
        let name = Stage::ALL.iter().find(|(known, _)| known == stage).expect("all are named").1;
        format!("{name} {since} {k} {token}")
    }

    /// The closing in another stage from now on.
    pub(super) fn at(&self, stage: Stage, now: i64) -> Self {
        Self { stage, since: now, ..self.clone() }
    }

    /// For how long the stage has to last still, until a failover can lose nothing of what was before it. Both times are of
    /// whole milliseconds, so what is a second by them may be almost a millisecond less.
    pub(super) fn left(&self, now: i64, keep: Duration) -> Duration {
        if keep.is_zero() || self.since == 0 {
            return Duration::ZERO;
        }
        let passed = u64::try_from(now.saturating_sub(self.since)).unwrap_or(0);
        (keep + Duration::from_millis(1)).saturating_sub(Duration::from_millis(passed))
    }
}

/// All days and weeks of a site.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The days for which something was announced, each with how often.
    pub(super) announced: BTreeMap<Day, String>,
    /// The same as it was when visitors were forgotten.
    pub(super) forgotten: BTreeMap<Day, String>,
    pub(super) closings: BTreeMap<Day, Closing>,
    pub(super) closed: BTreeMap<Day, Closed>,
    /// The versions of the links that were made on a day.
    pub(super) links: BTreeMap<Day, u64>,
    /// Each with a version, or 0 where it has pools.
    pub(super) weeks: BTreeMap<Week, u64>,
    pub(super) week_closings: BTreeMap<Week, Closing>,
}

impl Marks {
    fn read(fields: &HashMap<String, String>) -> Result<Self, StoreError> {
        let mut marks = Self::default();
        for (field, value) in fields {
            let version = || value.parse().map_err(|_| failure::corrupt("a version"));
            let (sort, rest) = field.split_at_checked(1).unwrap_or_default();
            if let ("w" | "s", Some(week)) = (sort, week_of(rest)) {
                if sort == "w" {
                    marks.weeks.insert(week, version()?);
                } else {
                    marks.week_closings.insert(week, Closing::read(value)?);
                }
            } else if let Some(day) = day_of(rest) {
                match sort {
                    "a" => drop(marks.announced.insert(day, value.clone())),
                    "v" => drop(marks.forgotten.insert(day, value.clone())),
                    "c" => drop(marks.closings.insert(day, Closing::read(value)?)),
                    "m" => drop(marks.closed.insert(day, read_closed(value)?)),
                    "l" => drop(marks.links.insert(day, version()?)),
                    _ => {}
                }
            }
        }
        Ok(marks)
    }

    /// Whether what was counted on a day is open: it has become no cell.
    pub(super) fn is_open(&self, day: Day) -> bool {
        let stage = self.closings.get(&day).map(|closing| closing.stage);
        self.announced.contains_key(&day) && !matches!(stage, Some(Stage::Written | Stage::Dropped))
    }

    /// Those days.
    pub(super) fn open(&self) -> impl Iterator<Item = Day> {
        self.announced.keys().copied().filter(|day| self.is_open(*day))
    }

    /// The days of which a part, or what tells visitors apart, may be there.
    pub(super) fn counted(&self) -> impl Iterator<Item = Day> {
        self.announced.keys().copied()
    }

    /// The days that have cells, or are given some.
    pub(super) fn with_cells(&self) -> Vec<Day> {
        let mut days: Vec<Day> = self.closed.keys().chain(self.closings.keys()).copied().collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Whether a week has pools that can be closed: nothing can join them any more.
    pub(super) fn is_due(&self, week: Week) -> bool {
        self.weeks.get(&week) == Some(&0) && self.announced.keys().all(|day| *day > week.last())
    }

    /// Every day that anything is known of.
    pub(super) fn all_days(&self) -> Vec<Day> {
        let mut days = self.with_cells();
        days.extend(self.announced.keys());
        days.extend(self.links.keys());
        days.sort_unstable();
        days.dedup();
        days
    }
}

/// What readers learn of a closed day.
pub(super) fn read_closed(mark: &str) -> Result<Closed, StoreError> {
    let words = mark.split_once(' ').and_then(|(k, version)| Some((k.parse().ok()?, version.parse().ok()?)));
    let (min_count, version) = words.ok_or_else(|| failure::corrupt("a day's mark"))?;
    Ok(Closed { min_count, version })
}

/// All fields of a day.
pub(super) fn fields_of(day: Day) -> Vec<String> {
    OF_DAY.map(|sort| format!("{sort}{}", day.number())).to_vec()
}

impl RedisStore {
    /// A link was changed or deleted: its share is not what it was. Behind the change, so that whoever sees the new
    /// version reads what the link is now; in another slot, so a crash in between leaves the old version.
    pub(super) async fn link_changed(&self, link: &Link) -> Result<(), StoreError> {
        let mut rise = script::RISE.on(&[keys::marks(&link.site)]);
        rise.arg(format!("l{}", Day::of(link.created_at).number()));
        self.connection.call::<i64>(&script::RISE, &rise).await.map(drop)
    }

    /// Some fields of a site's marks, with the server's time in milliseconds.
    pub(super) async fn look<const N: usize>(
        &self,
        site: &SiteId,
        fields: &[String; N],
    ) -> Result<(i64, [Option<String>; N]), StoreError> {
        let mut look = script::LOOK.on(&[keys::marks(site)]);
        look.arg(fields);
        let (now, values): (i64, Vec<Option<String>>) = self.connection.call(&script::LOOK, &look).await?;
        Ok((now, values.try_into().map_err(|_| failure::corrupt("a mark"))?))
    }

    /// The week whose pools are a week's: its own, or the first one after it that is not closed.
    pub(super) async fn week_of_pools(&self, site: &SiteId, mut week: Week) -> Result<Week, StoreError> {
        loop {
            let (_, [version]) = self.look(site, &[format!("w{}", week.number())]).await?;
            if version.is_none_or(|version| version == "0") {
                return Ok(week);
            }
            week = week.next();
        }
    }

    /// Begins a closing, unless somebody has. The secret must not be seen in the server's slow log.
    pub(super) async fn begin_closing(
        &self,
        site: &SiteId,
        field: &str,
        secret_field: &str,
        closing: &Closing,
    ) -> Result<(), StoreError> {
        let secret = [PADDING.as_slice(), Secret::random().to_text().as_bytes()].concat();
        let mut begin = script::BEGIN.on(&[keys::marks(site)]);
        begin.arg(field).arg(closing.text()).arg(secret_field).arg(secret);
        self.connection.call::<()>(&script::BEGIN, &begin).await
    }

    /// How far all days of a site are. No script reads them, because it would turn each of a year's fields into a value of its
    /// own language and back.
    pub(super) async fn marks(&self, site: &SiteId) -> Result<Marks, StoreError> {
        let fields = self.connection.query(cmd("HGETALL").arg(keys::marks(site))).await?;
        Marks::read(&fields)
    }

    /// How far the days of a period are, and the weeks that lie wholly in it.
    pub(super) async fn marks_within(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<Marks, StoreError> {
        if first > last {
            return Ok(Marks::default());
        }
        if last.number() - first.number() >= SHORT {
            let mut marks = self.marks(site).await?;
            let within = |day: &Day| (first..=last).contains(day);
            marks.announced.retain(|day, _| within(day));
            marks.closed.retain(|day, _| within(day));
            marks.links.retain(|day, _| within(day));
            marks.weeks.retain(|week, _| first <= week.first() && week.last() <= last);
            return Ok(marks);
        }
        let of_days = first.to(last).flat_map(|day| ["a", "c", "m", "l"].map(|sort| (sort, day.number())));
        let of_weeks = Week::within(first, last).map(|week| ("w", week.number()));
        let fields: Vec<String> =
            of_days.chain(of_weeks).map(|(sort, number)| format!("{sort}{number}")).collect();
        let values: Vec<Option<String>> =
            self.connection.query(cmd("HMGET").arg(keys::marks(site)).arg(&fields)).await?;
        let there = fields.into_iter().zip(values).filter_map(|(field, value)| Some((field, value?)));
        Marks::read(&there.collect())
    }

    /// That note, and no days: their own marks are read with them. It is read before them, so that a day without
    /// anything is not taken for a closed one while it is filled.
    pub(super) async fn closed_days(&self) -> Result<ClosedDays, StoreError> {
        let noted: Option<String> = self.connection.query(cmd("GET").arg(keys::CLOSED_BEFORE)).await?;
        let day = |text: String| day_of(&text).ok_or_else(|| failure::corrupt("a day"));
        Ok(ClosedDays { before: noted.map(day).transpose()?, ..ClosedDays::default() })
    }
}

fn day_of(text: &str) -> Option<Day> {
    counts::day_of(text)
}

/// The week that a field stands for, where it is one.
pub(super) fn week_of(text: &str) -> Option<Week> {
    Week::from_number(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_is_read_as_it_was_written() {
        for (stage, _) in Stage::ALL {
            let closing = Closing::new(stage, 1_795_334_578_000, MinCount::DEFAULT);
            assert_eq!(Closing::read(&closing.text()).ok(), Some(closing));
        }
        for wrong in ["", "5", "frozen 7 5", "nowhere 7 5 abc", "frozen 7 3 abc"] {
            assert!(Closing::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stage_lasts_for_all_of_its_time() {
        let keep = Duration::from_mins(1);
        let frozen = Closing::new(Stage::Frozen, 1_000, MinCount::DEFAULT);
        // From 1,000.9 to 61,000.1 it is less than a minute.
        assert_eq!(frozen.left(61_000, keep), Duration::from_millis(1));
        assert_eq!(frozen.left(61_001, keep), Duration::ZERO);
        assert_eq!(frozen.left(1_000, Duration::ZERO), Duration::ZERO, "nothing can be lost");
        assert_eq!(frozen.at(Stage::Freezing, 0).left(1_000, keep), Duration::ZERO);
    }
}
