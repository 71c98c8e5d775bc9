//! How far a site's days are: one hash for all of them, which tells what there is to do and which cells have changed.
//!
//! | field | value |
//! | --- | --- |
//! | a day | its [`Mark`]; the day's own hash has a copy, which is as old as the cells beside it |
//! | `a` and a day | how often late entries were announced for it |
//! | `b` and a day | the same as it was when nothing of it was open |
//! | `l` and a day | rises when links that were made on it are changed or deleted, or were made later |
//! | `step` | random letters, new with each change of any day: whoever changes something says what they had looked at |

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foldhash::HashMap;
use redis::cmd;

use super::{RedisStore, failure, keys, script};
use crate::domain::counts::{Closed, ClosedDays};
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// The marks of a period of fewer days are asked for one by one, those of others all at once.
const SHORT: i32 = 31;
/// How long a new step's letters are.
const LETTERS: usize = 12;

/// What has become of links' open counts that were taken over. They are taken from the links when the store can no longer
/// lose that they were taken over, and what remembers them goes when it can no longer lose that either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is remembered.
    Clear,
    /// Amounts were taken over, and more may come. Links still have them.
    Taken,
    /// No more come in this turn. Links still have them.
    Fixed,
    /// They are being taken from the links.
    Leaving,
    /// Links no longer have them.
    Left,
    /// Nothing tells any more how many they were, and soon not either whose.
    Ending,
}

impl Stage {
    const ALL: [(Self, &str); 6] = [
        (Self::Clear, "clear"),
        (Self::Taken, "taken"),
        (Self::Fixed, "fixed"),
        (Self::Leaving, "leaving"),
        (Self::Left, "left"),
        (Self::Ending, "ending"),
    ];
}

/// How far one day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Each cell stands for at least so many visitors; 0 until the day has been closed once.
    pub(super) min_count: u64,
    /// Rises with each change of its cells; 0 while it never had any.
    pub(super) version: u64,
    /// Whether amounts moved since the day was last closed.
    pub(super) moved: bool,
    /// What has become of what was taken over.
    pub(super) stage: Stage,
    /// How many times that began to leave the links.
    pub(super) turn: u64,
    /// When the stage began, in seconds.
    pub(super) since: i64,
}

impl Mark {
    /// Of a day that nobody has begun to close.
    pub(super) const NEW: Self =
        Self { min_count: 0, version: 0, moved: false, stage: Stage::Clear, turn: 0, since: 0 };

    /// Reads what [`Self::text`] wrote.
    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let read = || {
            let mut words = text.split(' ');
            let (min_count, version) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            let (moved, stage) = (words.next()? == "1", words.next()?);
            let stage = Stage::ALL.iter().find(|(_, name)| *name == stage)?.0;
            let (turn, since) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Self { min_count, version, moved, stage, turn, since })
        };
        read().ok_or_else(|| failure::corrupt("a day's mark"))
    }

    /// The text that is kept.
    pub(super) fn text(self) -> String {
        let Self { min_count, version, moved, stage, turn, since } = self;
        let name = Stage::ALL.iter().find(|(known, _)| *known == stage).expect("all are named").1;
        format!("{min_count} {version} {} {name} {turn} {since}", u8::from(moved))
    }

    /// Whether what was taken over can be added to no more, until it has left the links.
    pub(super) fn is_leaving(self) -> bool {
        !matches!(self.stage, Stage::Clear | Stage::Taken)
    }

    /// Whether a link with this mark beside its counts has in them what was taken over.
    pub(super) fn is_within(self, link_mark: Option<&str>) -> bool {
        match self.stage {
            Stage::Clear | Stage::Left | Stage::Ending => false,
            Stage::Taken => true,
            Stage::Fixed | Stage::Leaving => link_mark != Some(&*self.turn.to_string()),
        }
    }

    /// Whether the stage has lasted for so long that a failover can lose nothing of what was before it. Both times are of
    /// whole seconds, so what is a minute by them may be almost a second less.
    pub(super) fn is_over(self, now: i64, keep: Duration) -> bool {
        let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        self.stage != Stage::Clear && now.saturating_sub(self.since) > keep
    }

    /// The mark with another stage from now on.
    pub(super) fn at(self, stage: Stage, now: i64) -> Self {
        Self { stage, since: now, ..self }
    }

    /// The mark when cells have changed. The version rises to the present second at least, so that one that a failover lost
    /// is not given to other cells.
    pub(super) fn changed(self, changed: bool, now: i64) -> Self {
        let risen = (self.version + 1).max(u64::try_from(now).unwrap_or(0));
        Self { version: if changed { risen } else { self.version }, ..self }
    }

    /// What readers learn of it.
    pub(super) fn closed(self) -> Closed {
        Closed { min_count: self.min_count, version: self.version }
    }
}

/// One day as whoever takes a step of its closing finds it.
#[derive(Debug)]
pub(super) struct State {
    /// The server's time in seconds.
    pub(super) now: i64,
    /// The last step that anybody took of any of the site's days.
    pub(super) step: String,
    pub(super) mark: Mark,
    /// How often entries had been announced.
    pub(super) announced: String,
}

/// All days of a site.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) days: BTreeMap<Day, Mark>,
    /// Those for which entries were announced that may not be closed.
    pub(super) open: BTreeSet<Day>,
    /// The versions of the links that were made on a day.
    pub(super) links: BTreeMap<Day, u64>,
}

impl Marks {
    /// Makes them of their fields and of the days on which anything was counted.
    fn read(fields: &HashMap<String, String>, counted: Vec<Day>) -> Result<Self, StoreError> {
        let mut marks = Self::default();
        for (field, value) in fields {
            if let Some(day) = day_of(field) {
                marks.days.insert(day, Mark::read(value)?);
            } else if let Some(day) = field.strip_prefix('a').and_then(day_of)
                && fields.get(&format!("b{}", day.number())) != Some(value)
            {
                marks.open.insert(day);
            } else if let Some(day) = field.strip_prefix('l').and_then(day_of) {
                marks.links.insert(day, value.parse().map_err(|_| failure::corrupt("a version"))?);
            }
        }
        // What comes before anybody begins to close a day is no late entry.
        marks.open.extend(counted.into_iter().filter(|day| !marks.days.contains_key(day)));
        Ok(marks)
    }
}

/// A step that nobody has taken before.
pub(super) fn new_step() -> String {
    nanoid::nanoid!(LETTERS)
}

impl RedisStore {
    /// How far a day is.
    pub(super) async fn state(&self, site: &SiteId, day: Day) -> Result<State, StoreError> {
        let number = day.number();
        let mut look = script::LOOK.on(&[keys::marks(site)]);
        look.arg("step").arg(number).arg(format!("a{number}"));
        let (now, values): (i64, [Option<String>; 3]) = self.connection.call(&script::LOOK, &look).await?;
        let [step, mark, announced] = values.map(Option::unwrap_or_default);
        let mark = if mark.is_empty() { Mark::NEW } else { Mark::read(&mark)? };
        Ok(State { now, step, mark, announced })
    }

    /// The time in seconds, as the server of a site's marks has it.
    async fn now(&self, site: &SiteId) -> Result<i64, StoreError> {
        let mut look = script::LOOK.on(&[keys::marks(site)]);
        look.arg("step");
        let (now, _): (i64, [Option<String>; 1]) = self.connection.call(&script::LOOK, &look).await?;
        Ok(now)
    }

    /// How far all days of a site are. No script reads them, because it would turn each of a year's fields into a value of its
    /// own language and back.
    pub(super) async fn marks(&self, site: &SiteId) -> Result<Marks, StoreError> {
        let fields = self.connection.query(cmd("HGETALL").arg(keys::marks(site))).await?;
        Marks::read(&fields, self.counted_days(site).await?)
    }

    /// How far the days of a period are.
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
            marks.days.retain(|day, _| within(day));
            marks.open.retain(within);
            marks.links.retain(|day, _| within(day));
            return Ok(marks);
        }
        let fields: Vec<String> = first
            .to(last)
            .flat_map(|day| ["", "a", "b", "l"].map(|sort| format!("{sort}{}", day.number())))
            .collect();
        let values: Vec<Option<String>> =
            self.connection.query(cmd("HMGET").arg(keys::marks(site)).arg(&fields)).await?;
        let there = fields.into_iter().zip(values).filter_map(|(field, value)| Some((field, value?)));
        let counted = self.counted_days_within(site, first.number(), last.number()).await?;
        Marks::read(&there.collect(), counted)
    }

    /// The days before `before` of all sites that there is something to do on.
    pub(super) async fn due_days(
        &self,
        before: Day,
        min_count: u64,
    ) -> Result<Vec<(Day, SiteId)>, StoreError> {
        let mut due = BTreeSet::new();
        for site in self.counted_sites().await? {
            let now = self.now(&site).await?;
            let marks = self.marks(&site).await?;
            let again = marks
                .days
                .iter()
                .filter(|(_, mark)| mark.min_count < min_count || mark.is_over(now, self.keep));
            let days = again.map(|(day, _)| *day).chain(marks.open.iter().copied());
            due.extend(days.filter(|day| *day < before).map(|day| (day, site.as_str().to_owned())));
        }
        Ok(due.into_iter().map(|(day, site)| (day, SiteId::from_stored(&site))).collect())
    }

    /// Notes that the days before `day` of all sites are closed.
    pub(super) async fn note_closed(&self, day: Day) -> Result<(), StoreError> {
        let mut note = script::NOTE.on(&[keys::CLOSED_BEFORE.to_owned()]);
        note.arg(day.number());
        self.connection.call(&script::NOTE, &note).await
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
    super::counts::day_of(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        for (stage, _) in Stage::ALL {
            let mark = Mark { min_count: 5, version: 7, moved: true, stage, turn: 2, since: 1_795_334_578 };
            assert_eq!(Mark::read(&mark.text()).ok(), Some(mark));
        }
        for wrong in ["", "5", "5 7 1 taken 2", "5 7 1 nowhere 2 3", "a 7 1 taken 2 3"] {
            assert!(Mark::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stage_lasts_for_all_of_its_time() {
        let keep = Duration::from_mins(1);
        let taken = Mark::NEW.at(Stage::Taken, 1_000);
        // From 1,000.9 to 1,060.1 it is less than a minute.
        assert!(!taken.is_over(1_060, keep) && taken.is_over(1_061, keep));
        assert!(!Mark::NEW.is_over(2_000, keep), "nothing is remembered");
    }

    #[test]
    fn what_was_taken_over_is_within_a_links_counts_until_its_turn_is_marked_there() {
        let at = |stage| Mark { turn: 2, ..Mark::NEW }.at(stage, 0);
        assert!(at(Stage::Taken).is_within(Some("2")), "that mark is of the turn before");
        for stage in [Stage::Fixed, Stage::Leaving] {
            assert!(at(stage).is_within(None) && at(stage).is_within(Some("1")));
            assert!(!at(stage).is_within(Some("2")));
        }
        for stage in [Stage::Left, Stage::Ending, Stage::Clear] {
            assert!(!at(stage).is_within(None));
        }
    }
}
