//! Settling: what the journal holds is added to the store's counts, many entries at once, a few
//! times a second.
//!
//! A settler that stops, or is killed, at any point and starts again counts nothing twice: the
//! store keeps the number of the last entry it took from this journal with the counts themselves.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::journal::{Chunk, Position, Reader};
use super::metrics::Metrics;
use crate::store::Store;

/// How long entries gather before they are settled together; a click reaches the store within
/// 250 ms of its recording.
const GATHER: Duration = Duration::from_millis(100);
/// Between attempts when the store or the disk refuses.
const RETRY: Duration = Duration::from_millis(250);

/// Moves entries from the journal to the store.
#[derive(Clone)]
pub struct Settler {
    /// The journal's folder.
    pub dir: PathBuf,
    /// Where the counts go.
    pub store: Arc<dyn Store>,
    /// What the operator is told.
    pub metrics: Arc<Metrics>,
    /// The place up to which everything is settled.
    pub settled: watch::Sender<Position>,
}

impl Settler {
    /// Settles what earlier runs left in the folder, and then what is recorded, until the journal
    /// thread has ended and its last entry is settled.
    pub async fn run(self, mut end: watch::Receiver<Position>) {
        let mut reader = Reader::new(&self.dir);
        loop {
            let position = *end.borrow_and_update();
            reader = self.settle_up_to(reader, position).await;
            self.settled.send_replace(position);
            if end.changed().await.is_err() {
                return;
            }
            sleep(GATHER).await;
        }
    }

    /// Reads and settles up to `end`, then deletes the segments that are done with.
    async fn settle_up_to(&self, mut reader: Reader, end: Position) -> Reader {
        loop {
            let (back, chunk) = blocking(reader, move |reader| reader.read(end)).await;
            reader = back;
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be read; trying again");
                    sleep(RETRY).await;
                    continue;
                }
            };
            self.settle(&chunk).await;
            if chunk.caught_up {
                break;
            }
        }
        let (reader, deleted) = blocking(reader, |reader| reader.delete_read()).await;
        if let Err(error) = deleted {
            tracing::warn!(%error, "a settled segment of the journal cannot be deleted");
        }
        reader
    }

    /// Adds a chunk to the store, however often it takes.
    async fn settle(&self, chunk: &Chunk) {
        if chunk.damaged_bytes > 0 {
            let bytes = chunk.damaged_bytes;
            tracing::error!(
                bytes,
                "the journal was damaged: its intact entries were kept, these bytes were not"
            );
            self.metrics.damaged_bytes.inc_by(bytes);
        }
        let Some(journal) = chunk.journal.as_ref().filter(|_| !chunk.entries.is_empty()) else { return };
        let waiting = i64::try_from(chunk.entries.len()).unwrap_or(i64::MAX);
        self.metrics.unsettled.set(waiting);
        let mut complained = false;
        while let Err(error) = self.store.settle(journal, &chunk.entries).await {
            self.metrics.settle_failures.inc();
            if !std::mem::replace(&mut complained, true) {
                tracing::warn!(%error, "the store does not take counts; the journal keeps them");
            }
            sleep(RETRY).await;
        }
        if complained {
            tracing::info!("the store takes counts again");
        }
        self.metrics.unsettled.set(0);
        self.metrics.settled.inc_by(chunk.entries.len() as u64);
    }
}

impl std::fmt::Debug for Settler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settler").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Does a disk's work off the threads that answer requests.
async fn blocking<T: Send + 'static>(
    mut reader: Reader,
    work: impl FnOnce(&mut Reader) -> io::Result<T> + Send + 'static,
) -> (Reader, io::Result<T>) {
    let done = spawn_blocking(move || {
        let result = work(&mut reader);
        (reader, result)
    });
    done.await.expect("reading the journal does not panic, and the runtime outlives the settler")
}
