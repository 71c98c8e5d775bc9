//! Adding journal entries to the counts.
//!
//! First the links are announced: each code in its site's set of that day's active links, the day
//! in the site's lists of days, the site in the list of sites with counts. Then one script for each
//! partition counts. Announcing is idempotent and comes first because whatever closes a day or forgets
//! its visitors starts from these lists: after a crash in between they name a link without counts,
//! which costs a look; in the reverse order there could be visitors whom nobody forgets. What came late, for a
//! day that is closed or is just being closed, is announced once more behind it.
//!
//! A site that cannot be announced holds up no counting: its entries are announced when they are settled again, which
//! whoever settles them is told to do, and does after a crash too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use redis::{Cmd, cmd};

use super::identity::{foreign, foreign_partition};
use super::slow_log::PADDING;
use super::{RedisStore, failure, keys, script};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::family::Family;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::domain::visitor_set::Fingerprint;
use crate::store::{JournalId, Numbered, SetAside, Settled, StoreError};

/// Most entries that one script adds, a bound on how long others wait for it. Entries of a partition
/// beyond that are a further step with a further checkpoint, which is as good.
const ENTRIES_A_STEP: usize = 1_000;
/// Most entries in calls that are sent at once: a server takes far less than the time that it is given for them.
const ENTRIES_AT_ONCE: usize = 20_000;
/// What the script takes for an aggregate click and for an unfurl, in the place of a fingerprint. One of a known
/// family is so many below as its place in the call's list of families.
const AGGREGATE: f64 = -1.0;
const UNFURL: f64 = -2.0;
/// Most codes in one announcement.
const CODES_AT_ONCE: usize = 1_000;

impl RedisStore {
    /// Announces the links, then adds the entries: of each partition in order, many partitions at once.
    pub(super) async fn add_entries(
        &self,
        journal: &JournalId,
        entries: &[Numbered],
    ) -> Result<Settled, StoreError> {
        let mut sum = Sum::default();
        if entries.is_empty() {
            return sum.settled();
        }
        let mut partitions: BTreeMap<usize, Vec<&Numbered>> = BTreeMap::new();
        for entry in entries {
            partitions.entry(keys::partition_of(&entry.entry.link.code)).or_default().push(entry);
        }
        let active = Active::of(entries);
        let mut known = self.know_journal(journal, &active).await;
        if matches!(known, Err(StoreError::Unavailable(_))) && self.answers_anywhere().await {
            // A connection that broke is another one by now, and may lead to another store.
            known = self.know_journal(journal, &active).await;
        }
        match known {
            Err(StoreError::Unavailable(reason)) if self.answers_anywhere().await => {
                sum.hold_announcing(Err(StoreError::Unavailable(reason)));
            }
            Err(error @ (StoreError::Foreign(_) | StoreError::Unavailable(_))) => return Err(error),
            outcome => sum.hold_announcing(outcome),
        }
        sum.hold_announcing(self.announce(&active).await);
        let identity = self.known_identity();
        let mut steps: Vec<_> =
            partitions.iter().map(|(number, entries)| (*number, entries.chunks(ENTRIES_A_STEP))).collect();
        while !steps.is_empty() {
            // The next step of each partition that is not held up.
            let mut next = Vec::new();
            steps.retain_mut(|(number, steps)| match steps.next() {
                Some(step) if !sum.holds(*number) => {
                    next.push((*number, step.len(), settle(&identity, journal, *number, step)));
                    true
                }
                _ => false,
            });
            for some in at_once(next) {
                let (numbers, calls): (Vec<_>, Vec<_>) =
                    some.into_iter().map(|(number, _, call)| (number, call)).unzip();
                let answers = self.connection.call_each(&script::SETTLE, calls.clone()).await;
                for ((number, answer), call) in numbers.into_iter().zip(answers).zip(calls) {
                    let previous = partitions[&number][0].previous;
                    sum.add(number, self.again_where_dropped(journal, number, previous, answer, call).await);
                }
            }
            if sum.refused.is_some() {
                break;
            }
        }
        if !sum.has_settled && sum.refused.is_none() && !self.answers_anywhere().await {
            return Err(sum.unavailable());
        }
        sum.hold_announcing(self.announce_late(&active).await);
        sum.settled()
    }

    /// What a partition says when it is asked once more, where it says that it has no checkpoint of a journal and that
    /// was dropped.
    async fn again_where_dropped(
        &self,
        journal: &JournalId,
        partition: usize,
        previous: u64,
        answer: Result<Vec<String>, StoreError>,
        call: Cmd,
    ) -> Result<Vec<String>, StoreError> {
        match &answer {
            Ok(words) if words.len() == 2 && words[0] == "behind" && words[1] == "0" => {
                if !self.track_again(journal, partition, previous).await? {
                    return answer;
                }
            }
            _ => return answer,
        }
        let again = self.connection.call_each(&script::SETTLE, vec![call]).await;
        again.into_iter().next().unwrap_or(answer)
    }

    /// Whether any partition can be reached.
    async fn answers_anywhere(&self) -> bool {
        let ask = |number| cmd("EXISTS").arg(keys::partition(number)).take();
        let answers = self.connection.query_each::<i64>((0..keys::PARTITIONS).step_by(16).map(ask).collect());
        answers.await.iter().any(Result::is_ok)
    }

    /// Announces entries of days that are closed, or are just being closed, once more: whoever closes them may
    /// have looked at a link before its entries were there, and found it to have nothing open.
    pub(super) async fn announce_late(&self, active: &Active<'_>) -> Result<(), StoreError> {
        let begun =
            |(site, day): &(&SiteId, Day)| cmd("HEXISTS").arg(keys::marks(site)).arg(day.number()).take();
        let begun = self.connection.query_each::<bool>(active.0.keys().map(begun).collect()).await;
        let mut calls = Vec::new();
        let mut failed = Ok(());
        for (((site, day), codes), begun) in active.0.iter().zip(begun) {
            match begun {
                Ok(true) => {
                    let codes: Vec<_> = codes.iter().collect();
                    for some in codes.chunks(CODES_AT_ONCE) {
                        let mut call = script::ANNOUNCE.on(&[keys::marks(site), keys::active(site, *day)]);
                        call.arg(day.number()).arg(some);
                        calls.push(call);
                    }
                }
                Ok(false) => {}
                Err(error) => failed = Err(error),
            }
        }
        first_failure(self.connection.call_each::<i64>(&script::ANNOUNCE, calls).await).and(failed)
    }

    pub(super) async fn announce(&self, active: &Active<'_>) -> Result<(), StoreError> {
        let mut commands: Vec<Cmd> = Vec::new();
        for ((site, day), codes) in &active.0 {
            commands.push(cmd("SADD").arg(keys::COUNTED_SITES).arg(site.as_str()).take());
            commands
                .push(cmd("ZADD").arg(keys::counted_days(site)).arg(day.number()).arg(day.number()).take());
            commands.push(cmd("HINCRBY").arg(keys::open_days(site)).arg(day.number()).arg(1).take());
            let codes: Vec<_> = codes.iter().copied().collect();
            for some in codes.chunks(CODES_AT_ONCE) {
                commands.push(cmd("SADD").arg(keys::active(site, *day)).arg(some).take());
            }
        }
        first_failure(self.connection.query_each::<i64>(commands).await)
    }

    /// Lets the journal be known where the store is the one that it was: nothing is announced to another one.
    async fn know_journal(&self, journal: &JournalId, active: &Active<'_>) -> Result<(), StoreError> {
        let last = active.0.keys().map(|(_, day)| day.number()).max().unwrap_or_default();
        let identity = self.known_identity();
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
    fn add(&mut self, partition: usize, answer: Result<Vec<String>, StoreError>) {
        let words = match answer {
            Ok(words) => words,
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
                self.settled.counted += number(words.next());
                self.settled.passed_over += number(words.next());
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
            self.settled.held.push((number, format!("links cannot be announced: {}", reason(&error))));
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

/// The codes that entries are of, by site and day.
pub(super) struct Active<'a>(BTreeMap<(&'a SiteId, Day), BTreeSet<&'a str>>);

impl<'a> Active<'a> {
    fn of(entries: &'a [Numbered]) -> Self {
        Self::of_links(entries.iter().map(|Numbered { entry, .. }| (&entry.site, entry.day, &entry.link)))
    }

    /// Those of links on days.
    pub(super) fn of_links(links: impl Iterator<Item = (&'a SiteId, Day, &'a LinkKey)>) -> Self {
        let mut active: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (site, day, link) in links {
            active.entry((site, day)).or_default().insert(link.code.as_str());
        }
        Self(active)
    }
}

/// Divides calls, each with its number of entries, into stretches that a server answers in good time.
fn at_once(calls: Vec<(usize, usize, Cmd)>) -> Vec<Vec<(usize, usize, Cmd)>> {
    let mut stretches: Vec<Vec<_>> = Vec::new();
    let mut entries = ENTRIES_AT_ONCE;
    for call in calls {
        if entries + call.1 > ENTRIES_AT_ONCE {
            stretches.push(Vec::new());
            entries = 0;
        }
        entries += call.1;
        stretches.last_mut().expect("there is one").push(call);
    }
    stretches
}

/// The script's call for some entries of one partition, in the order of their numbers; at least one.
fn settle(
    identity: &crate::store::StoreId,
    journal: &JournalId,
    partition: usize,
    entries: &[&Numbered],
) -> Cmd {
    let mut links: HashMap<(&SiteId, &LinkKey), usize> = HashMap::new();
    let mut days: HashMap<(usize, Day), usize> = HashMap::new();
    let mut families: Vec<Family> = Vec::new();
    let (mut of_links, mut of_days) = (Vec::new(), Vec::new());
    let mut bytes = PADDING.to_vec();
    for Numbered { number, entry, .. } in entries {
        // Lua counts places from 1.
        let link = *links.entry((&entry.site, &entry.link)).or_insert_with_key(|link| {
            of_links.push(*link);
            of_links.len()
        });
        let day = *days.entry((link, entry.day)).or_insert_with(|| {
            of_days.push((link, &entry.link, entry.day));
            of_days.len()
        });
        let what = match &entry.kind {
            EntryKind::Unfurl(Family::Other) => UNFURL,
            EntryKind::Unfurl(family) => {
                let place = families.iter().position(|known| known == family).unwrap_or_else(|| {
                    families.push(*family);
                    families.len() - 1
                });
                UNFURL - exact(place as u64 + 1)
            }
            EntryKind::AggregateClick => AGGREGATE,
            EntryKind::Click(tag, _) => exact(Fingerprint::of(tag).number()),
        };
        for number in [exact(*number), exact(day as u64), what] {
            bytes.extend(number.to_le_bytes());
        }
    }
    let mut all = vec![keys::partition(partition), keys::set_aside(partition), keys::deleted(partition)];
    all.extend(of_links.iter().flat_map(|(_, link)| [keys::link(&link.code), keys::counts(&link.code)]));
    all.extend(of_days.iter().map(|(_, link, day)| keys::visitors(&link.code, *day)));

    let mut call = script::SETTLE.on(&all);
    call.arg(identity.as_str()).arg(journal.as_str()).arg(entries[0].previous);
    call.arg(of_links.len()).arg(of_days.len()).arg(families.len());
    for (site, link) in of_links {
        call.arg(link.to_string()).arg(link.incarnation.to_string()).arg(site.as_str());
    }
    for (link, _, day) in of_days {
        call.arg(link).arg(day.number());
    }
    for family in families {
        call.arg(family.name());
    }
    call.arg(bytes);
    call
}

/// Lua's only numbers are doubles.
#[expect(clippy::cast_precision_loss, reason = "entry numbers and fingerprints are below 2^53")]
fn exact(number: u64) -> f64 {
    number as f64
}
