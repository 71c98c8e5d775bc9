//! The replay: where a failover of the store can lose what it confirmed, settled segments of the journal stay for a
//! while and are settled a second time. Then the store notes that it has them for good, and when a failover can no
//! longer take that note either, they are deleted.
//!
//! Promises that what the store lost is settled again, also of links that nobody clicks any more, as long as the failover
//! is over when a segment has been kept for its time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::journal::Position;
use crate::service::ingest::context::{Context, Finished};
use crate::service::ingest::cursor::Cursor;
use crate::service::ingest::recorder::Recorder;
use crate::store::StoreError;

/// Between attempts where the store is another one, until an operator has decided.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps segments, settles them again, and lets them go.
#[derive(Debug)]
pub struct Replay {
    /// What it works with.
    pub context: Context,
    /// Ends segments, so that they can go.
    pub recorder: Recorder,
    /// For how long a segment is kept at least when it is settled.
    pub time: Duration,
    /// The place up to which everything is settled once.
    pub settled: watch::Receiver<Position>,
    /// The place up to which everything is settled twice.
    pub settled_twice: watch::Sender<Position>,
}

/// What goes next: segments that were settled twice, and that a failover can no longer take the store's note of.
#[derive(Debug, Default)]
struct Noted {
    segments: Vec<Finished>,
    /// How many times an operator had taken another store for the right one when they were noted.
    adoptions: u64,
}

/// The store is not the one that the journal belongs to, or lacks what it had confirmed.
struct Wrong;

impl Replay {
    /// Keeps and lets go, until it is dropped. What it then still keeps, the next start settles again.
    pub async fn run(mut self) {
        let mut cursor = Cursor::again(&self.context);
        let mut noted = Noted::default();
        loop {
            let adoptions = self.context.adoptions();
            let end = self.recorder.rotate().await;
            if self.settled.wait_for(|settled| *settled >= end).await.is_err() {
                // The flusher has ended, and with it this process.
                return;
            }
            sleep(self.time).await;
            let Ok(segments) = self.settle_again(&mut cursor, end, adoptions).await else {
                // The flusher tells why, and waits for an operator. The store may need all of it again.
                cursor = cursor.back();
                noted = Noted::default();
                sleep(RETRY).await;
                continue;
            };
            if noted.adoptions == adoptions {
                self.context.delete(&noted.segments, adoptions).await;
            }
            self.settled_twice.send_replace(end);
            noted = Noted { segments, adoptions };
        }
    }

    /// Settles what is there up to `end` once more and has the store note it; returns the segments that were noted.
    async fn settle_again(
        &self,
        cursor: &mut Cursor,
        end: Position,
        adoptions: u64,
    ) -> Result<Vec<Finished>, Wrong> {
        if matches!(self.context.check_store().await, Ok(Err(_))) || self.context.adoptions() != adoptions {
            return Err(Wrong);
        }
        cursor.advance(end).await.map_err(|_| Wrong)?;
        let finished = cursor.take_finished();
        loop {
            if self.context.adoptions() != adoptions {
                return Err(Wrong);
            }
            match self.context.confirm(&finished).await {
                Ok(()) => return Ok(finished),
                Err(StoreError::Behind { .. } | StoreError::Foreign(_)) => return Err(Wrong),
                Err(error) => {
                    tracing::debug!(%error, "how far the journal is settled is noted later");
                    sleep(RETRY).await;
                }
            }
        }
    }
}
