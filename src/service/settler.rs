//! Settling: what the journal holds is added to the store's counts, many entries at once, a few
//! times a second.
//!
//! A settler that stops, or is killed, at any point and starts again counts nothing twice: the
//! store keeps the number of the last entry it took from this journal with the counts themselves.
//! Where the store has the only copy of what it confirms, a settled segment is deleted at once; where
//! it copies that to others a moment later and may lose it, the [`Keeper`](super::keeper::Keeper)
//! deletes.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::journal::Position;
use super::pass::{Desk, Pass};

/// How long entries gather before they are settled together; a click reaches the store within
/// 250 ms of its recording.
const GATHER: Duration = Duration::from_millis(150);
/// How often it forgets what stood in segments that are gone.
const FORGET: Duration = Duration::from_mins(1);

/// Moves entries from the journal to the store.
#[derive(Debug)]
pub struct Settler {
    /// What it works with.
    pub desk: Desk,
    /// The place up to which everything is settled.
    pub settled: watch::Sender<Position>,
}

impl Settler {
    /// Settles what earlier runs left in the folder, and then what is recorded, until the journal
    /// thread has ended and its last entry is settled.
    pub async fn run(self, mut end: watch::Receiver<Position>) {
        let mut pass = Pass::first(&self.desk);
        let mut forgot = Instant::now();
        loop {
            let position = *end.borrow_and_update();
            pass.settle_up_to(position).await;
            if !self.desk.keeps {
                pass.delete_read().await;
            }
            self.settled.send_replace(position);
            if forgot.elapsed() > FORGET {
                pass.forget_deleted().await;
                forgot = Instant::now();
            }
            if end.changed().await.is_err() {
                return;
            }
            sleep(GATHER).await;
        }
    }
}
