//! A pass: the journal read once from its oldest segment on, and settled as it is read.
//!
//! A pass tells the store with every entry which one it settled before for the same link. So a
//! store that lost what it had confirmed, in a failover, notices before anything newer is added,
//! and the pass goes back to the oldest segment that is kept. Nothing is lost by that and nothing
//! counts twice: the store passes over what it has.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::journal::{Chunk, Position, Reader};
use super::metrics::Metrics;
use crate::domain::code::Code;
use crate::store::{JournalId, Store, StoreError};

/// Between attempts when the store or the disk refuses.
const RETRY: Duration = Duration::from_millis(250);

/// What passes work with.
#[derive(Clone)]
pub struct Desk {
    /// The journal's folder.
    pub dir: PathBuf,
    /// Where the counts go.
    pub store: Arc<dyn Store>,
    /// Whether the store may lose what it has confirmed: settled segments stay for a while.
    pub keeps: bool,
    /// What the operator is told.
    pub metrics: Arc<Metrics>,
}

/// One reading of the journal into the store.
pub(super) struct Pass {
    desk: Desk,
    reader: Reader,
    /// The journal that is read, and the number of the last entry of each link that was.
    journal: Option<JournalId>,
    last: HashMap<Code, u64>,
    /// The operator is told of what stands behind this place.
    told: Position,
}

/// The store had confirmed entries that it does not have.
struct Lost;

impl Pass {
    /// A pass of which the operator is told.
    pub(super) fn first(desk: &Desk) -> Self {
        let reader = Reader::new(&desk.dir);
        Self { desk: desk.clone(), reader, journal: None, last: HashMap::default(), told: Position::START }
    }

    /// A pass over what was told already.
    pub(super) fn second(desk: &Desk) -> Self {
        Self { told: Position::END, ..Self::first(desk) }
    }

    /// Reads and settles on, up to `end`.
    pub(super) async fn settle_up_to(&mut self, end: Position) {
        loop {
            let begin = self.reader.position();
            let mut chunk = match self.read(move |reader| reader.read(end)).await {
                Ok(chunk) => chunk,
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be read; trying again");
                    sleep(RETRY).await;
                    continue;
                }
            };
            if self.desk.keeps {
                self.link_up(&mut chunk);
            }
            let tells = begin >= self.told;
            if tells {
                self.tell_of_damage(&chunk);
                self.desk.metrics.unsettled.set(chunk.entries.len().try_into().unwrap_or(i64::MAX));
            }
            if let Err(Lost) = self.settle(&chunk).await {
                tracing::warn!("the store lost counts that it had confirmed; settling them again");
                self.reader = Reader::new(&self.desk.dir);
                self.last.clear();
                continue;
            }
            if tells {
                self.desk.metrics.unsettled.set(0);
                self.desk.metrics.settled.inc_by(chunk.entries.len() as u64);
                self.told = self.reader.position();
            }
            if chunk.caught_up {
                return;
            }
        }
    }

    /// Deletes the segments that were read to their end.
    pub(super) async fn delete_read(&mut self) {
        if let Err(error) = self.read(|reader| reader.delete_read()).await {
            tracing::warn!(%error, "a settled segment of the journal cannot be deleted");
        }
    }

    /// Forgets the entries of segments that are gone.
    pub(super) async fn forget_deleted(&mut self) {
        if let Ok(Some(oldest)) = self.read(|reader| reader.oldest_segment()).await {
            self.last.retain(|_, number| *number >= oldest);
        }
    }

    /// Notes with each entry which one of the same link was read before it.
    fn link_up(&mut self, chunk: &mut Chunk) {
        // A chunk without entries names no journal.
        if chunk.journal.is_some() && self.journal != chunk.journal {
            self.journal.clone_from(&chunk.journal);
            self.last.clear();
        }
        for entry in &mut chunk.entries {
            match self.last.get_mut(&entry.entry.code) {
                Some(last) => entry.previous = std::mem::replace(last, entry.number),
                None => drop(self.last.insert(entry.entry.code.clone(), entry.number)),
            }
        }
    }

    fn tell_of_damage(&self, chunk: &Chunk) {
        if chunk.damaged_bytes > 0 {
            let bytes = chunk.damaged_bytes;
            tracing::error!(
                bytes,
                "the journal was damaged: its intact entries were kept, these bytes were not"
            );
            self.desk.metrics.damaged_bytes.inc_by(bytes);
        }
    }

    /// Adds a chunk to the store, however often it takes.
    async fn settle(&self, chunk: &Chunk) -> Result<(), Lost> {
        let Some(journal) = chunk.journal.as_ref().filter(|_| !chunk.entries.is_empty()) else {
            return Ok(());
        };
        let mut complained = false;
        while let Err(error) = self.desk.store.settle(journal, &chunk.entries).await {
            if matches!(error, StoreError::Behind) {
                return Err(Lost);
            }
            self.desk.metrics.settle_failures.inc();
            if !std::mem::replace(&mut complained, true) {
                tracing::warn!(%error, "the store does not take counts; the journal keeps them");
            }
            sleep(RETRY).await;
        }
        if complained {
            tracing::info!("the store takes counts again");
        }
        Ok(())
    }

    /// Does a disk's work off the threads that answer requests.
    async fn read<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Reader) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let mut reader = std::mem::replace(&mut self.reader, Reader::new(&self.desk.dir));
        let done = spawn_blocking(move || {
            let result = work(&mut reader);
            (reader, result)
        });
        let (reader, result) =
            done.await.expect("reading the journal does not panic, and the runtime outlives this");
        self.reader = reader;
        result
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("dir", &self.dir).finish_non_exhaustive()
    }
}
