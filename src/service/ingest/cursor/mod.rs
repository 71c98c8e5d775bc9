//! A cursor: the journal read once from its oldest segment on, and settled as it is read.
//!
//! A cursor tells the store with every entry which one of the same partition came before it. So a store that lost
//! what it had confirmed, in a failover or because a backup was put back, is found out before anything newer is
//! added. What the store has already is passed over, so reading again from an earlier place counts nothing twice.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::domain::entry::EntryKind;
use crate::domain::entry::Numbered;
use crate::domain::identity::JournalId;
use crate::journal::{Chunk, Position, Reader};
use crate::memory::overwrite_long_stack;
use crate::service::health::Fault;
use crate::service::ingest::context::{Context, Finished, Halt};
use crate::service::rollover::day_keys::DayKeys;
use crate::store::{SetAside, Settled, StoreError};

/// Between attempts when the store or the disk refuses.
const RETRY: Duration = Duration::from_millis(250);
/// The most damaged records that one reason names.
const NAMED: usize = 5;

mod lag;

/// Which entries a cursor settles, and what is told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    /// All, for the first time; partitions that are out of reach are left for later.
    First,
    /// All, once more.
    Again,
    /// Those of partitions that were out of reach.
    Only(BTreeSet<usize>),
}

/// One reading of the journal into the store.
pub(crate) struct Cursor {
    context: Context,
    reader: Reader,
    scope: Scope,
    /// What is read at the moment.
    reading: Option<Reading>,
    /// Segments that were read to their end and not yet taken by [`Self::take_finished`].
    finished: VecDeque<Finished>,
    /// Partitions that are out of reach, and the place from which they lag behind.
    lag: Option<Box<Cursor>>,
    /// The place behind everything that was settled once.
    told: Position,
    /// The place behind all damage that the operator was told of.
    heard: Position,
    /// Whether it reads again what was told.
    retelling: bool,
    /// The place behind everything that the store was asked to add.
    tried: Position,
    /// Of the chunk that is tried again: the partitions that were settled.
    done: BTreeSet<usize>,
    /// Whether it is tried again to be announced.
    is_announcing: bool,
    /// Whether a segment was passed over whose records nobody can assign.
    after_unreadable: bool,
    /// Up to this number, a copy of the journal explains that the store had entries already; 0 where it never had.
    copied: u64,
}

/// The journal that is read.
#[derive(Clone)]
struct Reading {
    journal: JournalId,
    /// The segment; none where it was read to its end.
    segment: Option<u64>,
    /// Everything up to this number is in the store for good.
    floor: u64,
    /// The number of the last entry that was read.
    last: u64,
    /// The number of the last entry of each partition that was settled.
    previous: Vec<u64>,
}

/// What is known of a chunk that is settled.
struct Stretch {
    /// Where it begins.
    begin: Position,
    /// What was read of its journal before it.
    start: Option<Reading>,
    /// Whether nothing of it was told before.
    is_new: bool,
    /// Whether the store was asked to add nothing of it before.
    is_first_try: bool,
}

impl Cursor {
    /// A cursor at the oldest segment that settles everything for the first time.
    pub(crate) fn first(context: &Context) -> Self {
        Self::new(context, Position::START, Scope::First)
    }

    /// A cursor at the oldest segment over what was settled before.
    pub(crate) fn again(context: &Context) -> Self {
        Self::new(context, Position::START, Scope::Again)
    }

    fn new(context: &Context, at: Position, scope: Scope) -> Self {
        let reader = Reader::from(&context.dir, at);
        Self {
            context: context.clone(),
            reader,
            scope,
            reading: None,
            finished: VecDeque::new(),
            lag: None,
            told: Position::START,
            heard: Position::START,
            retelling: false,
            tried: Position::START,
            done: BTreeSet::new(),
            is_announcing: false,
            after_unreadable: false,
            copied: 0,
        }
    }

    /// The same cursor at the oldest segment again. What was told is not told again.
    pub(crate) fn back(self) -> Self {
        if self.lag.is_some() {
            // What lags behind is read again with everything else.
            self.context.health.clear(Fault::StorePartUnavailable);
        }
        Self {
            told: self.told,
            heard: self.heard,
            retelling: self.told > Position::START,
            tried: self.tried,
            copied: self.copied,
            ..Self::new(&self.context, Position::START, self.scope)
        }
    }

    /// Reads and settles on, up to `end`, and returns how many entries were read.
    pub(crate) async fn advance(&mut self, end: Position) -> Result<u64, Halt> {
        let mut read = 0;
        loop {
            let begin = self.reader.position();
            let limit = if self.retelling { end.min(self.told) } else { end };
            let mut chunk = match self.read(limit).await {
                Ok(chunk) => chunk,
                Err(error) => {
                    let path = self.context.dir.display();
                    let reason = format!("journal.dir: the journal in {path} cannot be read: {error}");
                    self.context.health.raise(Fault::JournalUnreadable, reason);
                    sleep(RETRY).await;
                    continue;
                }
            };
            self.context.health.clear(Fault::JournalUnreadable);
            self.begin_segment(&chunk).await?;
            let is_new = self.scope == Scope::First && !self.retelling;
            let start = self.reading.clone();
            if self.scope == Scope::First && begin >= self.heard {
                self.tell_of_damage(&chunk);
                self.heard = self.reader.position();
            }
            if let Some(journal) = chunk.journal.as_ref().filter(|journal| **journal != self.context.journal)
            {
                self.context.backlog.found(journal, &chunk.entries);
            }
            self.link_up(&mut chunk);
            read += chunk.entries.len() as u64;
            let is_first_try = begin >= self.tried;
            self.tried = self.tried.max(self.reader.position());
            let caught_up = chunk.caught_up;
            self.settle(chunk, &Stretch { begin, start, is_new, is_first_try }).await?;
            if is_new {
                self.told = self.reader.position();
            }
            if caught_up && std::mem::take(&mut self.retelling) && self.told < end {
                continue;
            }
            if caught_up {
                self.finish_segments_before(self.reader.position().segment());
                return Ok(read);
            }
        }
    }

    /// The newest entry that the store has confirmed, where it has confirmed all before it.
    pub(crate) fn progress(&self) -> Option<(JournalId, u64)> {
        let reading = self.reading.as_ref().filter(|reading| self.lag.is_none() && reading.last > 0)?;
        Some((reading.journal.clone(), reading.last))
    }

    /// Segments that were read to their end since this was asked last.
    pub(crate) fn take_finished(&mut self) -> Vec<Finished> {
        // What lags behind is read again from there.
        let kept = self.lag.as_ref().map_or(u64::MAX, |lag| lag.reader.position().segment());
        let ready = self.finished.partition_point(|finished| finished.segment < kept);
        self.finished.drain(..ready).collect()
    }

    /// Asks the store about a journal when its first chunk is read, or a segment's.
    async fn begin_segment(&mut self, chunk: &Chunk) -> Result<(), Halt> {
        if chunk.unreadable.is_some() {
            self.after_unreadable = true;
        }
        let Some(journal) = &chunk.journal else { return Ok(()) };
        let segment = self.reader.position().segment();
        let after_unreadable = std::mem::take(&mut self.after_unreadable);
        match &mut self.reading {
            Some(reading) if reading.segment == Some(segment) => return Ok(()),
            Some(reading) if reading.journal == *journal => {
                let missing = chunk.after.saturating_sub(reading.last.max(reading.floor));
                self.finished.extend(reading.finish());
                reading.segment = Some(segment);
                if missing > 0 && self.scope == Scope::First && !after_unreadable {
                    let path = self.context.dir.display();
                    let reason = format!(
                        "journal.dir: a segment of the journal in {path} is gone that was not settled; up to {missing} counts are lost"
                    );
                    self.context.health.raise(Fault::JournalDamaged, reason);
                }
                return Ok(());
            }
            Some(reading) => self.finished.extend(reading.finish()),
            None => {}
        }
        let floor = self.checkpoint(journal).await;
        let is_adopted = segment <= self.context.ledger().adopted;
        if chunk.after > floor && !is_adopted && !after_unreadable {
            return Err(Halt::Behind { checkpoint: floor, confirmed: chunk.after });
        }
        let known = if is_adopted { 0 } else { floor };
        self.reading = Some(Reading {
            journal: journal.clone(),
            segment: Some(segment),
            floor,
            last: 0,
            previous: vec![known; self.context.store.partitions()],
        });
        Ok(())
    }

    /// Notes as finished whatever was read and is before `segment`.
    fn finish_segments_before(&mut self, segment: u64) {
        if let Some(reading) =
            self.reading.as_mut().filter(|reading| reading.segment.is_some_and(|it| it < segment))
        {
            self.finished.extend(reading.finish());
        }
    }

    async fn checkpoint(&self, journal: &JournalId) -> u64 {
        loop {
            match self.context.store.checkpoint(journal).await {
                Ok(checkpoint) => {
                    self.context.health.clear(Fault::StoreUnavailable);
                    return checkpoint;
                }
                Err(error) => self.unavailable(&error).await,
            }
        }
    }

    async fn unavailable(&self, error: &StoreError) {
        self.context.metrics.settle_failures.inc();
        let reason =
            format!("store.url: the store does not take counts, and the journal keeps them: {error}");
        self.context.health.raise(Fault::StoreUnavailable, reason);
        sleep(RETRY).await;
    }

    /// Leaves out what is in the store for good, and notes with each entry which one of its partition was read before
    /// it, and of which network it is. Networks of another run's journal are not told: its key is not this one's.
    fn link_up(&mut self, chunk: &mut Chunk) {
        let (Some(reading), Some(journal)) = (&mut self.reading, &chunk.journal) else { return };
        if let Some(last) = chunk.entries.last() {
            reading.last = last.number;
        }
        let known = chunk.entries.partition_point(|numbered| numbered.number <= reading.floor);
        let store = &self.context.store;
        let place = |numbered: Numbered| (store.partition(&numbered.entry.link), numbered.number);
        self.context.backlog.dealt_with(journal, chunk.entries.drain(..known).map(place));
        self.context.metrics.passed_over.inc_by(known as u64);
        if let Scope::Only(partitions) = &self.scope {
            let store = &self.context.store;
            // What is announced of a site stands beside all partitions.
            if !partitions.contains(&store.partitions()) {
                chunk.entries.retain(|numbered| partitions.contains(&store.partition(&numbered.entry.link)));
            }
        } else if let Some(lag) = &self.lag
            && let Scope::Only(partitions) = &lag.scope
        {
            let store = &self.context.store;
            chunk.entries.retain(|numbered| !partitions.contains(&store.partition(&numbered.entry.link)));
        }
        for numbered in &mut chunk.entries {
            let previous = &mut reading.previous[self.context.store.partition(&numbered.entry.link)];
            numbered.previous = std::mem::replace(previous, numbered.number);
        }
        if *journal == self.context.journal {
            reveal_networks(&mut chunk.entries, &self.context.day_keys);
        }
    }

    fn tell_of_damage(&self, chunk: &Chunk) {
        let path = self.context.dir.display();
        if chunk.damaged_bytes > 0 {
            let bytes = chunk.damaged_bytes;
            self.context.metrics.damaged_bytes.inc_by(bytes);
            let reason = format!(
                "journal.dir: the journal in {path} was damaged: its intact entries were kept, {bytes} bytes were not"
            );
            self.context.health.raise(Fault::JournalDamaged, reason);
        }
        if let Some(segment) = &chunk.unreadable {
            let segment = segment.display();
            let reason = format!(
                "journal.dir: the header of a segment is damaged, so nobody knows whose its entries are; it was kept as {segment}"
            );
            self.context.health.raise(Fault::JournalDamaged, reason);
        }
    }

    /// Adds a chunk to the store, however often it takes: first what it has confirmed before, as far as that is known.
    async fn settle(&mut self, mut chunk: Chunk, stretch: &Stretch) -> Result<(), Halt> {
        let Some(journal) = chunk.journal.take() else { return Ok(()) };
        // Of a partition, these come before all others.
        let confirmed: Vec<Numbered> = match self.confirmed(&journal) {
            Some(is_confirmed) => chunk.entries.extract_if(.., |numbered| is_confirmed(numbered)).collect(),
            None => Vec::new(),
        };
        self.settle_part(&journal, &confirmed, stretch, true).await?;
        self.settle_part(&journal, &chunk.entries, stretch, false).await
    }

    /// Tells which entries of the journal that is read the store has confirmed before, to this run or an earlier one,
    /// whatever it has of them now; `None` where it is none of them.
    fn confirmed(&self, journal: &JournalId) -> Option<impl Fn(&Numbered) -> bool + use<>> {
        let segment = self.reading.as_ref()?.segment?;
        // Of what an operator's decision covers, they know that the store lacks some.
        if segment <= self.context.ledger().adopted {
            return None;
        }
        let known = self.context.backlog.known(journal);
        let before = self.context.before();
        let before = before.as_ref().filter(|(of, _)| of == journal).map_or(0, |(_, number)| *number);
        let store = Arc::clone(&self.context.store);
        Some(move |numbered: &Numbered| {
            let partition = store.partition(&numbered.entry.link);
            numbered.number <= before || known.get(partition).is_some_and(|last| numbered.number <= *last)
        })
    }

    async fn settle_part(
        &mut self,
        journal: &JournalId,
        entries: &[Numbered],
        stretch: &Stretch,
        is_confirmed: bool,
    ) -> Result<(), Halt> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut is_first_attempt = stretch.is_first_try;
        loop {
            match self.context.store.settle(journal, entries).await {
                Ok(settled) => {
                    // What an earlier try added without an answer is passed over now.
                    self.account(&settled, stretch.is_new && !is_first_attempt);
                    if is_confirmed {
                        self.tell_of_loss(&settled).await;
                    }
                    if stretch.is_new && is_first_attempt && *journal == self.context.journal {
                        self.explain(settled.passed_over, entries[0].number);
                    }
                    self.note_dealt_with(journal, entries, &settled);
                    is_first_attempt = false;
                    if settled.held.is_empty() {
                        self.context.health.clear(Fault::StoreUnavailable);
                        return Ok(());
                    }
                    if self.scope == Scope::First && settled.held.len() < self.context.store.partitions() {
                        // The store answers: these parts of it hold up no others.
                        self.leave_behind(&settled, stretch);
                        return Ok(());
                    }
                    let what = settled.held[0].1.clone();
                    self.unavailable(&StoreError::Unavailable(what.into())).await;
                }
                Err(StoreError::Behind { checkpoint }) => return Err(behind(checkpoint, entries)),
                Err(StoreError::Foreign(what)) => return Err(Halt::Foreign(what)),
                Err(error) => {
                    is_first_attempt = false;
                    self.unavailable(&error).await;
                    // The store may have been replaced while this waited.
                    if let Ok(Err(halt)) = self.context.check_store().await {
                        return Err(halt);
                    }
                }
            }
        }
    }

    /// Notes what the store has dealt with: everything but what it holds back.
    fn note_dealt_with(&self, journal: &JournalId, entries: &[Numbered], settled: &Settled) {
        let store = &self.context.store;
        let is_held = |partition| settled.held.iter().any(|(held, _)| *held == partition);
        let places = entries.iter().map(|numbered| (store.partition(&numbered.entry.link), numbered.number));
        self.context.backlog.dealt_with(journal, places.filter(|(partition, _)| !is_held(*partition)));
    }

    fn account(&self, settled: &Settled, had_no_answer: bool) {
        let Settled { counted, passed_over, gone, set_aside, .. } = settled;
        let metrics = &self.context.metrics;
        if had_no_answer {
            metrics.settled.inc_by(*counted + *passed_over);
        } else {
            metrics.settled.inc_by(*counted);
            metrics.passed_over.inc_by(*passed_over);
        }
        metrics.gone.inc_by(*gone);
        metrics.set_aside.inc_by(set_aside.iter().map(|aside| aside.entries).sum());
        if !set_aside.is_empty() {
            self.context.health.raise(Fault::CountsSetAside, set_aside_reason(set_aside));
        }
    }

    /// Tells that the store has lost what it had confirmed. The counts were just added again; those of links that went with
    /// them cannot be, and of those that somebody has deleted since need not be.
    async fn tell_of_loss(&self, settled: &Settled) {
        if settled.counted > 0 {
            let counted = settled.counted;
            tracing::warn!(
                "store.url: the store had lost {counted} counts that it had confirmed; it has them again"
            );
        }
        let lost = settled.gone - settled.deleted.min(settled.gone);
        if lost > 0 {
            self.context
                .change_ledger(|ledger| {
                    ledger.lost += lost;
                    true
                })
                .await;
            self.context.tell_of_lost_links();
        }
    }

    /// Reports that the store already had entries of this run. `first` is the number of the first entry that was given.
    /// A process with a copy of the journal may have settled the entries that were in it when it was copied. It cannot
    /// have entries that were recorded after this process first noticed it.
    fn explain(&mut self, passed_over: u64, first: u64) {
        if passed_over == 0 {
            return;
        }
        if self.copied == 0 {
            let metrics = &self.context.metrics;
            self.copied = metrics.recorded.get() + metrics.shed.get();
            let path = self.context.dir.display();
            tracing::warn!(
                "journal.dir: another process has settled {passed_over} counts of a copy of the journal in {path}; \
                 each counts once"
            );
        } else if first > self.copied {
            let reason = format!(
                "store.url: the store passed over {passed_over} new counts as if it had them already, and no copy of the \
                 journal explains it; they may be lost"
            );
            self.context.health.raise(Fault::PassedOver, reason);
        }
    }

    /// Does a disk's work off the threads that answer requests.
    async fn read(&mut self, end: Position) -> io::Result<Chunk> {
        let mut reader = std::mem::replace(&mut self.reader, Reader::new(&self.context.dir));
        let done = spawn_blocking(move || {
            let result = reader.read(end);
            overwrite_long_stack();
            (reader, result)
        });
        let (reader, result) =
            done.await.expect("reading the journal does not panic, and the runtime outlives this");
        self.reader = reader;
        result
    }
}

impl Reading {
    /// Ends its segment, unless that has happened.
    fn finish(&mut self) -> Option<Finished> {
        let segment = self.segment.take()?;
        Some(Finished { segment, journal: self.journal.clone(), last: self.last })
    }
}

/// Notes the networks of the clicks of the day that there is a key of. Those of other days have gone with their keys.
fn reveal_networks(entries: &mut [Numbered], day_keys: &DayKeys) {
    let Some((day, tagger)) = day_keys.present() else { return };
    for numbered in entries.iter_mut().filter(|numbered| numbered.entry.day == day) {
        if let EntryKind::Click(tag, Some(masked)) = numbered.entry.kind {
            numbered.network = tagger.reveal(&tag, masked);
        }
    }
}

/// The store has a checkpoint below what came before some of these entries.
fn behind(checkpoint: u64, entries: &[Numbered]) -> Halt {
    let confirmed = entries.iter().map(|numbered| numbered.previous).max().unwrap_or(0);
    Halt::Behind { checkpoint, confirmed }
}

/// Says whose counts are set aside.
pub(crate) fn set_aside_reason(set_aside: &[SetAside]) -> String {
    let mut names: Vec<_> = set_aside.iter().take(NAMED).map(|aside| aside.name.as_str()).collect();
    if set_aside.len() > NAMED {
        names.push("and others");
    }
    let entries: u64 = set_aside.iter().map(|aside| aside.entries).sum();
    format!(
        "store.url: {entries} counts were set aside, because records in the store are damaged: {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {

    use std::iter::zip;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::day::Day;
    use crate::domain::entry::Entry;
    use crate::domain::networks::Bucket;
    use crate::domain::site::SiteId;
    use crate::domain::visitor::Network;
    use crate::store::{StoreUrl, open};

    #[tokio::test]
    async fn a_click_has_its_network_on_its_own_day_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let url =
            StoreUrl::parse(&format!("sqlite:{}", dir.path().join("a.db").display())).expect("an address");
        let day_keys = DayKeys::new(open(&url, None).await.expect("a store"));
        let [noon, next] =
            ["2026-11-21", "2026-11-22"].map(|day| format!("{day}T12:00:00Z").parse::<Timestamp>());
        let (noon, next) = (noon.expect("a time"), next.expect("a time"));
        let (site, link) = (SiteId::from_stored("courier"), "/abc.0000000000000001".parse().expect("a key"));
        let tagger = day_keys.tagger(noon).await;
        let entry =
            |kind, time| Entry { site: site.clone(), link: Clone::clone(&link), day: Day::of(time), kind };
        let click = |last: u8, time| {
            let (tag, masked) = tagger.click(&site, &link, &Network::of([192, 0, 2, last].into()), "UA");
            entry(EntryKind::Click(tag, masked), time)
        };
        let of_no_network = |mut of: Entry| {
            if let EntryKind::Click(_, masked) = &mut of.kind {
                *masked = None;
            }
            of
        };
        let entries = [
            click(1, noon),
            click(254, noon),
            of_no_network(click(1, noon)),
            entry(EntryKind::Open, noon),
            click(1, next),
        ];
        let mut entries: Vec<Numbered> = zip(1.., entries)
            .map(|(number, entry)| Numbered { number, previous: 0, network: None, entry })
            .collect();
        reveal_networks(&mut entries, &day_keys);
        let networks: Vec<_> = entries.iter().map(|numbered| numbered.network.map(Bucket::byte)).collect();
        assert!(networks[0].is_some() && networks[0] == networks[1], "both are of one network");
        assert_eq!(networks[2..], [None; 3]);

        drop(tagger);
        day_keys.turn(next).await;
        for numbered in &mut entries {
            numbered.network = None;
        }
        reveal_networks(&mut entries[..4], &day_keys);
        assert!(entries[..4].iter().all(|numbered| numbered.network.is_none()), "its key has gone");
    }
}
