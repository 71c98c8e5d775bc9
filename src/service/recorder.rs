//! Recording: a count is in the journal before its visitor is forwarded.
//!
//! Each worker thread collects the entries of its requests in a batch and hands the batch to the
//! one journal thread, which writes and syncs whatever batches wait and acknowledges them. A batch
//! fills while the one before it is written, and then for as long as requests that are ready join
//! it; there is no timer. An idle service records one entry at a time, a busy one hundreds with one
//! sync. Recording never fails a request: what the disk refuses is *shed*, and the metrics say so.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::sync::{oneshot, watch};
use tokio::task::{spawn_local, yield_now};

use super::journal::{Batch, Position, Writer};
use super::metrics::Metrics;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::site::SiteId;

/// How many waiting batches are written at once; there is at most one for each worker.
const BATCHES_A_WRITE: usize = 256;
/// For how many turns of a thread's requests a batch waits for more; a turn is some dozens of them,
/// less than a millisecond.
const TURNS: usize = 8;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the journal and will be in the store.
    Kept,
    /// The journal could not take it: it is not counted.
    Shed,
}

/// Hands batches to the journal thread. When all clones are dropped, the thread ends.
#[derive(Clone, Debug)]
pub struct Recorder {
    jobs: mpsc::Sender<Job>,
    metrics: Arc<Metrics>,
}

enum Job {
    Write(Batch, oneshot::Sender<Recorded>),
    Rotate(oneshot::Sender<Position>),
}

/// The journal thread's other ends.
#[derive(Debug)]
pub struct JournalThread {
    /// The durable end of the journal as it grows; closed when the thread has ended.
    pub end: watch::Receiver<Position>,
    /// Closed when the thread has ended: who waits for that alone is not woken for every write.
    pub ended: oneshot::Receiver<()>,
    /// The thread itself.
    pub handle: thread::JoinHandle<()>,
}

impl Recorder {
    /// Starts the journal thread.
    ///
    /// # Errors
    /// When the operating system makes no thread.
    pub fn start(writer: Writer, metrics: Arc<Metrics>) -> std::io::Result<(Self, JournalThread)> {
        let (jobs, queue) = mpsc::channel();
        let (end, end_receiver) = watch::channel(writer.end());
        let (alive, ended) = oneshot::channel();
        let handle = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            let _alive: oneshot::Sender<()> = alive;
            write_all(writer, &queue, &end);
        })?;
        Ok((Self { jobs, metrics }, JournalThread { end: end_receiver, ended, handle }))
    }

    /// Ends the present segment of the journal and returns the place behind it: when that is
    /// settled, nothing of what was recorded before this call is left on the disk.
    pub async fn rotate(&self) -> Position {
        let (acknowledge, acknowledged) = oneshot::channel();
        match self.jobs.send(Job::Rotate(acknowledge)) {
            Ok(()) => acknowledged.await.unwrap_or(Position::START),
            // Without a journal thread the process is about to end.
            Err(_) => Position::START,
        }
    }

    /// A recorder for the requests of the calling worker thread.
    #[must_use]
    pub fn for_worker(&self) -> WorkerRecorder {
        let recorder = self.clone();
        WorkerRecorder(Rc::new(Worker { recorder, open: RefCell::default(), flushing: Cell::new(false) }))
    }
}

/// The journal thread's work, until every [`Recorder`] is dropped.
fn write_all(mut writer: Writer, queue: &mpsc::Receiver<Job>, end: &watch::Sender<Position>) {
    let mut refused = false;
    while let Ok(first) = queue.recv() {
        let (mut batches, mut waiting, mut rotating) = (Vec::new(), Vec::new(), Vec::new());
        for job in std::iter::once(first).chain(queue.try_iter().take(BATCHES_A_WRITE)) {
            match job {
                Job::Write(batch, acknowledge) => {
                    batches.push(batch);
                    waiting.push(acknowledge);
                }
                Job::Rotate(acknowledge) => rotating.push(acknowledge),
            }
        }
        // Whoever waited may have ended meanwhile, so nobody need take an acknowledgement.
        if !batches.is_empty() {
            let recorded = write(&mut writer, &mut batches, end, &mut refused);
            for acknowledge in waiting {
                let _ = acknowledge.send(recorded);
            }
        }
        if !rotating.is_empty() {
            let position = writer.rotate();
            end.send_replace(position);
            for acknowledge in rotating {
                let _ = acknowledge.send(position);
            }
        }
    }
    // The settler's last pass deletes this segment too.
    end.send_replace(writer.rotate());
}

/// Writes batches. `refused`: whether the disk refused the last ones, so that a change is logged and
/// not each refusal.
fn write(
    writer: &mut Writer,
    batches: &mut [Batch],
    end: &watch::Sender<Position>,
    refused: &mut bool,
) -> Recorded {
    match writer.append(batches) {
        Ok(position) => {
            end.send_replace(position);
            if std::mem::take(refused) {
                tracing::info!("the journal can be written again");
            }
            Recorded::Kept
        }
        Err(error) => {
            if !std::mem::replace(refused, true) {
                // The segment ended with it, and can be settled and deleted.
                end.send_replace(writer.end());
                tracing::error!(%error, "the journal cannot be written: clicks are forwarded and not counted");
            }
            Recorded::Shed
        }
    }
}

/// Records the entries of one worker thread's requests. Clones share one batch.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "its batch may hold tags")]
pub struct WorkerRecorder(Rc<Worker>);

struct Worker {
    recorder: Recorder,
    open: RefCell<OpenBatch>,
    /// Whether a task is handing over batches.
    flushing: Cell<bool>,
}

/// The batch that fills now, and what its entries' requests wait for.
#[derive(Default)]
struct OpenBatch {
    batch: Batch,
    outcome: Rc<Outcome>,
}

/// What became of a batch, and who waits for it.
#[derive(Default)]
struct Outcome {
    recorded: Cell<Option<Recorded>>,
    waiting: RefCell<Vec<Waker>>,
}

impl WorkerRecorder {
    /// Takes an entry for the journal. It is recorded even if its request goes away meanwhile.
    pub fn record(&self, site: &SiteId, code: &Code, day: Day, kind: EntryKind) -> Recording {
        let outcome = {
            let mut open = self.0.open.borrow_mut();
            open.batch.push(site, code, day, kind);
            Rc::clone(&open.outcome)
        };
        if !self.0.flushing.replace(true) {
            spawn_local(Rc::clone(&self.0).flush());
        }
        Recording(outcome)
    }
}

/// Tells what became of an entry, when that is known.
#[must_use = "a visitor is forwarded when the click is recorded"]
#[expect(missing_debug_implementations, reason = "it is only waited for")]
pub struct Recording(Rc<Outcome>);

impl Future for Recording {
    type Output = Recorded;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Recorded> {
        if let Some(recorded) = self.0.recorded.get() {
            return Poll::Ready(recorded);
        }
        self.0.waiting.borrow_mut().push(context.waker().clone());
        Poll::Pending
    }
}

impl Worker {
    /// Hands over one batch after the other until none is left.
    async fn flush(self: Rc<Self>) {
        loop {
            self.gather().await;
            let OpenBatch { batch, outcome } = self.open.take();
            if batch.is_empty() {
                self.flushing.set(false);
                return;
            }
            let entries = batch.len();
            let (acknowledge, acknowledged) = oneshot::channel();
            let sent = self.recorder.jobs.send(Job::Write(batch, acknowledge));
            let recorded = match sent {
                Ok(()) => acknowledged.await.unwrap_or(Recorded::Shed),
                Err(_) => Recorded::Shed,
            };
            match recorded {
                Recorded::Kept => self.recorder.metrics.recorded.inc_by(entries),
                Recorded::Shed => self.recorder.metrics.shed.inc_by(entries),
            };
            outcome.recorded.set(Some(recorded));
            outcome.waiting.take().into_iter().for_each(Waker::wake);
        }
    }

    /// Lets requests that are ready join the open batch, for as long as a turn of them all brings more.
    async fn gather(&self) {
        for _ in 0..TURNS {
            let before = self.open.borrow().batch.len();
            yield_now().await;
            if self.open.borrow().batch.len() == before {
                return;
            }
        }
    }
}
