//! Adding journal entries to the counts.
//!
//! First the days are announced: each in its site's marks, the site in the list of sites with counts. Then the networks
//! of the clicks go where the day keys are. Then one script for each partition counts. Announcing is idempotent and comes
//! first because whatever closes a day or forgets its visitors starts from these marks: after a crash in between they
//! name a day without counts, which costs a look; in the reverse order there could be visitors whom nobody forgets.
//!
//! The entries of a link are added up before they are sent. So a partition says where it has dealt with some of them already,
//! and is asked again without these; and where a site counts nothing any more on a day, its entries are asked again as those
//! of the next day, which is announced before.
//!
//! Whoever closes days forgets that one was announced when nothing is counted on it. So each call looks behind its counting
//! whether what it announced is still there.
//!
//! A site that cannot be announced holds up no counting: its entries are announced when they are settled again, which
//! whoever settles them is told to do, and does after a crash too.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use foldhash::{HashMap, HashMapExt, HashSet};
use redis::{Cmd, FromRedisValue, Value, cmd};

use crate::domain::day::Day;
use crate::domain::entry::{EntryKind, Numbered};
use crate::domain::family::Family;
use crate::domain::identity::JournalId;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::domain::visitor_set::Fingerprint;
use crate::store::redis::identity::{foreign, foreign_partition};
use crate::store::redis::slow_log::PADDING;
use crate::store::redis::{RedisStore, counts, failure, keys, script};
use crate::store::{IdentityStore, SetAside, Settled, SettlementStore, StoreError};

/// Most entries that one script adds, a bound on how long others wait for it. Entries of a partition
/// beyond that are a further step with a further checkpoint, which is as good.
const ENTRIES_A_STEP: usize = 1_000;
/// Most entries in calls that are sent at once: a server takes far less than the time that it is given for them.
const ENTRIES_AT_ONCE: usize = 20_000;
/// How often a partition is asked again for entries that it has dealt with, or that came late.
const ATTEMPTS: usize = 8;

/// The days of sites on which a partition counts nothing any more, each with the day that counts instead.
type Frozen<'a> = BTreeMap<(&'a SiteId, Day), Day>;

#[async_trait]
impl SettlementStore for RedisStore {
    fn partitions(&self) -> usize {
        keys::PARTITIONS
    }

    fn partition(&self, link: &LinkKey) -> usize {
        keys::partition_of(&link.code)
    }

    /// Announces the days, then adds the entries: of each partition in order, many partitions at once.
    async fn settle(&self, journal: &JournalId, entries: &[Numbered]) -> Result<Settled, StoreError> {
        let mut sum = Sum::default();
        if entries.is_empty() {
            return sum.settled();
        }
        let mut partitions: BTreeMap<usize, Vec<&Numbered>> = BTreeMap::new();
        for entry in entries {
            partitions.entry(keys::partition_of(&entry.entry.link.code)).or_default().push(entry);
        }
        let days = Days::of(entries);
        let mut known = self.know_journal(journal, &days).await;
        if matches!(known, Err(StoreError::Unavailable(_))) && self.answers_anywhere().await {
            // A connection that broke is another one by now, and may lead to another store.
            known = self.know_journal(journal, &days).await;
        }
        match known {
            Err(StoreError::Unavailable(reason)) if self.answers_anywhere().await => {
                sum.hold_announcing(Err(StoreError::Unavailable(reason)));
            }
            Err(error @ (StoreError::Foreign(_) | StoreError::Unavailable(_))) => return Err(error),
            outcome => sum.hold_announcing(outcome),
        }
        let begun = self.announce(&days).await.unwrap_or_else(|error| {
            sum.hold_announcing(Err(error));
            BTreeSet::new()
        });
        let is_begun = |site: &SiteId, day| begun.contains(&(site, day));
        self.add_networks(keys::networks, entries.iter(), is_begun).await;
        let mut counted: Vec<&Numbered> = Vec::new();
        let mut frozen: BTreeMap<usize, Frozen<'_>> = BTreeMap::new();
        let mut steps: Vec<_> =
            partitions.iter().map(|(number, entries)| (*number, entries.chunks(ENTRIES_A_STEP))).collect();
        while !steps.is_empty() {
            // The next step of each partition that is not held up.
            let mut next = Vec::new();
            steps.retain_mut(|(number, steps)| match steps.next() {
                Some(step) if !sum.holds(*number) => {
                    next.push((*number, step));
                    true
                }
                _ => false,
            });
            for some in at_once(next) {
                let call = |(number, step): &(usize, &[&Numbered])| {
                    let frozen = frozen.get(number).cloned().unwrap_or_default();
                    Groups::of(step, &frozen).call(&self.identity(), journal, *number, step)
                };
                let calls: Vec<Cmd> = some.iter().map(call).collect();
                let answers = self.connection.call_each::<Vec<String>>(&script::SETTLE, calls).await;
                for ((number, step), answer) in some.into_iter().zip(answers) {
                    let frozen = frozen.entry(number).or_default();
                    let previous = partitions[&number][0].previous;
                    let settled = self.until_settled(journal, number, step, previous, frozen, answer).await;
                    sum.add(
                        number,
                        settled.map(|(words, new)| {
                            let passed_over = (step.len() - new.len()) as u64;
                            counted.extend(new);
                            (words, passed_over)
                        }),
                    );
                }
            }
            if sum.refused.is_some() {
                break;
            }
        }
        if !sum.has_settled && sum.refused.is_none() && !self.answers_anywhere().await {
            return Err(sum.unavailable());
        }
        self.add_networks(keys::recent_networks, counted.iter().copied(), is_begun).await;
        let late = frozen.values().flatten().map(|((site, _), on)| (*site, *on));
        sum.hold_announcing(self.announce_missing(&days.and(late)).await);
        sum.settled()
    }
}

impl RedisStore {
    /// What a partition answers in the end, where it has dealt with some of the entries already, counts nothing any more on
    /// some days, or has dropped the journal's checkpoint. Returns the entries that were not passed over, too.
    async fn until_settled<'a>(
        &self,
        journal: &JournalId,
        partition: usize,
        step: &[&'a Numbered],
        previous: u64,
        frozen: &mut Frozen<'a>,
        mut answer: Result<Vec<String>, StoreError>,
    ) -> Result<(Vec<String>, Vec<&'a Numbered>), StoreError> {
        let mut step: Vec<&'a Numbered> = step.to_vec();
        for _ in 0..ATTEMPTS {
            let words = answer?;
            let number = words.get(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
            match words.first().map(String::as_str) {
                Some("partly") => {
                    step.retain(|entry| entry.number > number);
                    if step.is_empty() {
                        return Ok((vec!["settled".to_owned()], step));
                    }
                }
                Some("late") => {
                    let groups = Groups::of(&step, frozen);
                    for ((site, day), on) in groups.0.keys().zip(&words[1..]) {
                        if let Some(on) = counts::day_of(on).filter(|on| on > day) {
                            self.announce(&Days::of_one(site, on)).await?;
                            // What counted on this day, because it was late itself, counts there, too.
                            frozen
                                .iter_mut()
                                .filter(|((of, _), to)| of == site && *to == day)
                                .for_each(|(_, to)| *to = on);
                            frozen.insert((*site, *day), on);
                        }
                    }
                }
                Some("behind") if number == 0 && self.track_again(journal, partition, previous).await? => {}
                _ => return Ok((words, step)),
            }
            let call = Groups::of(&step, frozen).call(&self.identity(), journal, partition, &step);
            answer = self.connection.call(&script::SETTLE, &call).await;
        }
        Err(failure::unavailable("a partition was changed too often at the same time"))
    }

    /// Whether any partition can be reached.
    async fn answers_anywhere(&self) -> bool {
        let ask = |number| cmd("EXISTS").arg(keys::partition(number)).take();
        let answers = self.connection.query_each::<i64>((0..keys::PARTITIONS).step_by(16).map(ask).collect());
        answers.await.iter().any(Result::is_ok)
    }

    /// Announces days, and returns those whose closing has begun.
    pub(super) async fn announce<'a>(
        &self,
        days: &Days<'a>,
    ) -> Result<BTreeSet<(&'a SiteId, Day)>, StoreError> {
        let mut commands = Vec::new();
        for (site, days) in &days.0 {
            let mut call = script::ANNOUNCE.on(&[keys::marks(site)]);
            call.arg(days.iter().map(|day| day.number()).collect::<Vec<_>>());
            commands.push(call);
            commands.push(cmd("SADD").arg(keys::COUNTED_SITES).arg(site.as_str()).take());
        }
        let answers: Vec<Value> = self.connection.call_all(&script::ANNOUNCE, commands).await?;
        let answers = answers.into_iter().step_by(2).map(Vec::<bool>::from_redis_value);
        let answers: Vec<Vec<bool>> =
            answers.collect::<Result<_, _>>().map_err(|_| failure::corrupt("a site's marks"))?;
        let begun = days.0.iter().zip(answers).flat_map(|((site, days), answer)| {
            let begun = days.iter().zip(answer).filter(|(_, begun)| *begun);
            begun.map(|(day, _)| (*site, *day)).collect::<Vec<_>>()
        });
        Ok(begun.collect())
    }

    /// Announces those of these days again of which that has been forgotten.
    pub(super) async fn announce_missing(&self, days: &Days<'_>) -> Result<(), StoreError> {
        let each = || days.0.iter().flat_map(|(site, days)| days.iter().map(|day| (*site, *day)));
        let ask = |(site, day): (&SiteId, Day)| {
            cmd("HEXISTS").arg(keys::marks(site)).arg(format!("a{}", day.number())).take()
        };
        let there: Vec<bool> = self.connection.query_all(each().map(ask).collect()).await?;
        let missing = each().zip(there).filter(|(_, there)| !there).map(|(of_site, _)| of_site);
        let missing = Days::of_each(missing);
        if missing.0.is_empty() { Ok(()) } else { self.announce(&missing).await.map(drop) }
    }

    /// Lets the journal be known where the store is the one that it was: nothing is announced to another one.
    async fn know_journal(&self, journal: &JournalId, days: &Days<'_>) -> Result<(), StoreError> {
        let last = days.0.values().flatten().max().map_or(0, |day| day.number());
        let identity = self.identity();
        let mut know = script::KNOW.on(&[keys::IDENTITY.to_owned(), keys::JOURNALS.to_owned()]);
        know.arg(identity.as_str()).arg(journal.as_str()).arg(format!("0 {last} 0 0"));
        let other: Option<String> = self.connection.call(&script::KNOW, &know).await?;
        other.map_or(Ok(()), |other| Err(foreign(&other, &identity)))
    }
}

/// The answers' first error.
pub(super) fn first_failure<T>(
    answers: impl IntoIterator<Item = Result<T, StoreError>>,
) -> Result<(), StoreError> {
    answers.into_iter().try_for_each(|answer| answer.map(drop))
}

/// What has become of the entries so far.
#[derive(Default)]
struct Sum {
    settled: Settled,
    has_settled: bool,
    /// The last reason for which nothing can be asked of a partition.
    unavailable: Option<StoreError>,
    /// Why the store is not to be settled at all.
    refused: Option<StoreError>,
}

impl Sum {
    /// Adds what the script answered for a partition.
    fn add(&mut self, partition: usize, answer: Result<(Vec<String>, u64), StoreError>) {
        let (words, passed_over) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.settled.held.push((partition, reason(&error)));
                if matches!(error, StoreError::Unavailable(_)) {
                    self.unavailable = Some(error);
                } else {
                    self.has_settled = true; // The server has answered.
                }
                return;
            }
        };
        self.has_settled = true;
        let mut words = words.iter().map(String::as_str);
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or(0);
        match words.next() {
            Some("settled") => {
                self.settled.passed_over += passed_over;
                self.settled.counted += number(words.next());
                self.settled.gone += number(words.next());
                self.settled.deleted += number(words.next());
                while let (Some(name), entries) = (words.next(), words.next()) {
                    add_to(&mut self.settled.set_aside, name, number(entries));
                }
            }
            Some("behind") => {
                let checkpoint = number(words.next());
                let behind = StoreError::Behind { checkpoint };
                match &mut self.refused {
                    Some(StoreError::Behind { checkpoint: lowest }) => *lowest = checkpoint.min(*lowest),
                    Some(_) => {}
                    refused => *refused = Some(behind),
                }
            }
            Some("foreign") => self.refused = Some(foreign_partition(partition)),
            _ => self.settled.held.push((partition, damaged(words.next().unwrap_or_default()))),
        }
    }

    /// Notes that something could not be announced.
    fn hold_announcing(&mut self, outcome: Result<(), StoreError>) {
        let number = keys::PARTITIONS;
        if let Err(error) = outcome
            && !self.holds(number)
        {
            self.settled.held.push((number, format!("days cannot be announced: {}", reason(&error))));
        }
    }

    fn holds(&self, partition: usize) -> bool {
        self.settled.held.iter().any(|(held, _)| *held == partition)
    }

    fn unavailable(self) -> StoreError {
        self.unavailable.unwrap_or_else(|| failure::unavailable("nothing could be settled"))
    }

    fn settled(self) -> Result<Settled, StoreError> {
        self.refused.map_or(Ok(self.settled), Err)
    }
}

/// Adds to what is set aside under a name.
pub(super) fn add_to(set_aside: &mut Vec<SetAside>, name: &str, entries: u64) {
    match set_aside.iter_mut().find(|aside| aside.name == name) {
        Some(aside) => aside.entries += entries,
        None => set_aside.push(SetAside { name: name.to_owned(), entries }),
    }
}

/// Says that a key cannot be read.
pub(super) fn damaged(key: &str) -> String {
    format!("{key} cannot be read")
}

/// An error with its cause, for people.
pub(super) fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// The days that entries are of, by site.
pub(super) struct Days<'a>(BTreeMap<&'a SiteId, BTreeSet<Day>>);

impl<'a> Days<'a> {
    fn of(entries: &'a [Numbered]) -> Self {
        Self::of_each(entries.iter().map(|Numbered { entry, .. }| (&entry.site, entry.day)))
    }

    /// One day of a site.
    pub(super) fn of_one(site: &'a SiteId, day: Day) -> Self {
        Self::of_each(std::iter::once((site, day)))
    }

    /// These and some more.
    fn and(mut self, more: impl Iterator<Item = (&'a SiteId, Day)>) -> Self {
        for (site, day) in more {
            self.0.entry(site).or_default().insert(day);
        }
        self
    }

    /// Days of sites.
    pub(super) fn of_each(all: impl Iterator<Item = (&'a SiteId, Day)>) -> Self {
        Self(BTreeMap::new()).and(all)
    }
}

/// Divides steps of partitions into stretches that a server answers in good time.
fn at_once<'s, 'e>(steps: Vec<(usize, &'s [&'e Numbered])>) -> Vec<Vec<(usize, &'s [&'e Numbered])>> {
    let mut stretches: Vec<Vec<_>> = Vec::new();
    let mut entries = ENTRIES_AT_ONCE;
    for step in steps {
        if entries + step.1.len() > ENTRIES_AT_ONCE {
            stretches.push(Vec::new());
            entries = 0;
        }
        entries += step.1.len();
        stretches.last_mut().expect("there is one").push(step);
    }
    stretches
}

/// What entries add to one link.
#[derive(Default)]
struct More {
    clicks: u32,
    opens: u32,
    unfurls: u32,
    /// Unfurls of families that are known.
    families: Vec<(Family, u32)>,
    /// The visitors, each once, in the order in which they came first.
    visitors: Vec<f64>,
}

impl More {
    fn add(&mut self, kind: &EntryKind, is_new: impl FnOnce(Fingerprint) -> bool) {
        match kind {
            EntryKind::Open => self.opens += 1,
            EntryKind::Click(tag, _) => {
                self.clicks += 1;
                let visitor = Fingerprint::of(tag);
                if is_new(visitor) {
                    self.visitors.push(exact(visitor.number()));
                }
            }
            EntryKind::Unfurl(family) => {
                self.unfurls += 1;
                if *family != Family::Other {
                    match self.families.iter_mut().find(|(known, _)| known == family) {
                        Some((_, unfurls)) => *unfurls += 1,
                        None => self.families.push((*family, 1)),
                    }
                }
            }
        }
    }

    /// Writes it as the script reads it.
    fn write(&self, families: &mut Vec<Family>, bytes: &mut Vec<u8>) {
        for number in [self.clicks, self.opens, self.unfurls] {
            bytes.extend(number.to_le_bytes());
        }
        // A step has a thousand entries, and there are some dozen families.
        bytes.extend(u16::try_from(self.visitors.len()).unwrap_or(u16::MAX).to_le_bytes());
        bytes.push(u8::try_from(self.families.len()).unwrap_or(u8::MAX));
        for (family, unfurls) in &self.families {
            let place = families.iter().position(|known| known == family).unwrap_or_else(|| {
                families.push(*family);
                families.len() - 1
            });
            // Lua counts places from 1.
            bytes.push(u8::try_from(place + 1).unwrap_or(u8::MAX));
            bytes.extend(unfurls.to_le_bytes());
        }
        bytes.extend(self.visitors.iter().flat_map(|visitor| visitor.to_le_bytes()));
    }
}

/// The links of entries with what is to be added to them, by site and by the day on which that counts.
struct Groups<'a>(BTreeMap<(&'a SiteId, Day), Vec<(&'a LinkKey, More)>>);

impl<'a> Groups<'a> {
    fn of(entries: &[&'a Numbered], frozen: &Frozen<'a>) -> Self {
        let mut groups: BTreeMap<_, Vec<(&'a LinkKey, More)>> = BTreeMap::new();
        let mut places: HashMap<(&LinkKey, Day), usize> = HashMap::with_capacity(entries.len());
        let mut seen: HashSet<(&LinkKey, Day, u64)> = HashSet::default();
        for Numbered { entry, .. } in entries {
            let day = frozen.get(&(&entry.site, entry.day)).copied().unwrap_or(entry.day);
            let group = groups.entry((&entry.site, day)).or_default();
            let place = *places.entry((&entry.link, day)).or_insert_with(|| {
                group.push((&entry.link, More::default()));
                group.len() - 1
            });
            let is_new = |visitor: Fingerprint| seen.insert((&entry.link, day, visitor.number()));
            group[place].1.add(&entry.kind, is_new);
        }
        Self(groups)
    }

    /// The script's call for these entries of one partition, in the order of their numbers; at least one.
    fn call(
        &self,
        identity: &crate::domain::identity::StoreId,
        journal: &JournalId,
        partition: usize,
        entries: &[&Numbered],
    ) -> Cmd {
        let links = || self.0.values().flatten();
        let mut families: Vec<Family> = Vec::new();
        let mut bytes = PADDING.to_vec();
        for (_, more) in links() {
            more.write(&mut families, &mut bytes);
        }
        let mut all = vec![keys::partition(partition), keys::set_aside(partition), keys::deleted(partition)];
        all.extend(links().map(|(link, _)| keys::link(&link.code)));
        for (site, day) in self.0.keys() {
            all.extend([
                keys::part(partition, site, *day),
                keys::visitors(partition, site, *day),
                keys::frozen(partition, site),
            ]);
        }
        let (first, last) = (entries[0], entries[entries.len() - 1]);
        let mut call = script::SETTLE.on(&all);
        call.arg(identity.as_str()).arg(journal.as_str()).arg(first.previous);
        call.arg(first.number).arg(last.number);
        call.arg(self.0.len()).arg(links().count());
        call.arg(families.iter().map(|family| family.name()).collect::<Vec<_>>().join(" "));
        for ((site, day), links) in &self.0 {
            call.arg(site.as_str()).arg(day.number()).arg(links.len());
        }
        for (link, _) in links() {
            call.arg(link.to_string());
        }
        call.arg(bytes);
        call
    }
}

/// Lua's only numbers are doubles.
#[expect(clippy::cast_precision_loss, reason = "fingerprints are below 2^52")]
fn exact(number: u64) -> f64 {
    number as f64
}
