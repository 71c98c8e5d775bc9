//! The lag: partitions of the store that are out of reach, and the place from which they are read again.
//!
//! A cursor that meets such partitions goes on without them. Beside it a second one, its lag, tries their entries again
//! from where they were left, and what it has settled is no longer left out.

use std::collections::BTreeSet;

use crate::journal::{Chunk, Position, Reader};
use crate::service::health::Fault;
use crate::service::ingest::context::Halt;
use crate::service::ingest::cursor::{Cursor, Scope, Stretch, behind};
use crate::store::{Settled, StoreError};

impl Cursor {
    /// Settles what lags behind as far as this cursor has come, where it can be reached again.
    pub(in crate::service) async fn catch_up(&mut self) -> Result<(), Halt> {
        let Some(mut lag) = self.lag.take() else { return Ok(()) };
        let end = self.reader.position();
        // Boxed, because a cursor's cursor is a cursor.
        if Box::pin(lag.try_to_advance(end)).await? {
            if let (Some(lag), Some(reading)) = (&lag.reading, &mut self.reading)
                && lag.journal == reading.journal
            {
                for (previous, settled) in reading.previous.iter_mut().zip(&lag.previous) {
                    *previous = (*previous).max(*settled);
                }
            }
            self.context.health.clear(Fault::StorePartUnavailable);
        } else {
            self.lag = Some(lag);
        }
        Ok(())
    }

    /// Reads and settles on up to `end`, once; whether everything could be settled.
    async fn try_to_advance(&mut self, end: Position) -> Result<bool, Halt> {
        loop {
            let begin = self.reader.position();
            let Ok(mut chunk) = self.read(end).await else { return Ok(false) };
            self.begin_segment(&chunk).await?;
            let before = self.reading.clone();
            self.link_up(&mut chunk);
            let (done, store) = (&self.done, &self.context.store);
            chunk.entries.retain(|numbered| !done.contains(&store.partition(&numbered.entry.link)));
            if !self.try_to_settle(&chunk).await? {
                // It is read again, and nothing of it counts as settled.
                self.reader = Reader::from(&self.context.dir, begin);
                self.reading = before;
                return Ok(false);
            }
            if chunk.caught_up {
                return Ok(true);
            }
        }
    }

    /// Adds a chunk to the store, once; whether all of it could be settled.
    async fn try_to_settle(&mut self, chunk: &Chunk) -> Result<bool, Halt> {
        let Some(journal) = chunk.journal.as_ref().filter(|_| !chunk.entries.is_empty()) else {
            self.done.clear();
            return Ok(true);
        };
        match self.context.store.settle(journal, &chunk.entries).await {
            Ok(settled) => {
                // Entries are given once more only where nobody answered for them, or to be announced.
                let had_no_answer = !self.is_announcing;
                self.account(&settled, had_no_answer);
                self.note_dealt_with(journal, &chunk.entries, &settled);
                let held: BTreeSet<usize> = settled.held.iter().map(|(partition, _)| *partition).collect();
                let store = &self.context.store;
                self.is_announcing = held.contains(&store.partitions());
                if held.is_empty() {
                    self.done.clear();
                    return Ok(true);
                }
                if self.is_announcing {
                    self.done.clear();
                } else {
                    let all = chunk.entries.iter().map(|numbered| store.partition(&numbered.entry.link));
                    self.done.extend(all.filter(|partition| !held.contains(partition)));
                }
                self.context.metrics.settle_failures.inc();
                Ok(false)
            }
            Err(StoreError::Behind { checkpoint }) => Err(behind(checkpoint, &chunk.entries)),
            Err(StoreError::Foreign(what)) => Err(Halt::Foreign(what)),
            Err(_) => {
                self.context.metrics.settle_failures.inc();
                Ok(false)
            }
        }
    }

    /// Goes on without the partitions that are out of reach; they are read again from where the stretch begins.
    pub(super) fn leave_behind(&mut self, settled: &Settled, stretch: &Stretch) {
        let reason = &settled.held[0].1;
        let held = settled.held.len();
        let text = format!(
            "store.url: {held} of {} parts of the store are out of reach, and the journal keeps their counts: {reason}",
            self.context.store.partitions()
        );
        self.context.metrics.settle_failures.inc();
        self.context.health.raise(Fault::StorePartUnavailable, text);
        let is_announcing = settled.held.iter().any(|(held, _)| *held == self.context.store.partitions());
        let held = settled.held.iter().map(|(partition, _)| *partition);
        if let Some(lag) = &mut self.lag {
            lag.is_announcing |= is_announcing;
            if let Scope::Only(partitions) = &mut lag.scope {
                let new: Vec<usize> = held.filter(|partition| partitions.insert(*partition)).collect();
                if let (Some(reading), Some(start)) = (&mut lag.reading, &stretch.start)
                    && reading.journal == start.journal
                {
                    for partition in new.into_iter().filter(|partition| *partition < start.previous.len()) {
                        reading.previous[partition] = start.previous[partition];
                    }
                }
            }
        } else {
            let scope = Scope::Only(held.collect());
            let lag = Self {
                reading: stretch.start.clone(),
                is_announcing,
                ..Self::new(&self.context, stretch.begin, scope)
            };
            self.lag = Some(Box::new(lag));
        }
    }
}
