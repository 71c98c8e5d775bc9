//! Keeping: where a failover of the store can lose what it confirmed, settled segments of the
//! journal stay for a while, are settled a second time, and are deleted then.
//!
//! Promises that what the store lost is settled again, also of links that nobody clicks any more,
//! as long as the failover is over when a segment has been kept for its time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::journal::Position;
use super::pass::{Desk, Pass};
use super::recorder::Recorder;

/// Keeps segments, and lets them go.
#[derive(Debug)]
pub struct Keeper {
    /// What it works with.
    pub desk: Desk,
    /// Ends segments, so that they can go.
    pub recorder: Recorder,
    /// For how long a segment is kept at least when it is settled.
    pub time: Duration,
    /// The place up to which everything is settled once.
    pub settled: watch::Receiver<Position>,
    /// The place up to which everything is settled twice and deleted.
    pub let_go: watch::Sender<Position>,
}

impl Keeper {
    /// Keeps and lets go, until it is dropped. What it then still keeps, the next start settles again.
    pub async fn run(mut self) {
        let mut pass = Pass::second(&self.desk);
        loop {
            let end = self.recorder.rotate().await;
            if self.settled.wait_for(|settled| *settled >= end).await.is_err() {
                // The settler has ended, and with it this process.
                return;
            }
            sleep(self.time).await;
            pass.settle_up_to(end).await;
            pass.delete_read().await;
            pass.forget_deleted().await;
            self.let_go.send_replace(end);
        }
    }
}
