//! Recording: a count is in the journal before its visitor is forwarded.
//!
//! Each worker thread collects the entries of its requests in a batch and hands the batch to the
//! one journal thread, which writes and syncs whatever batches wait and acknowledges them. A batch
//! fills while the one before it is written, and then for as long as requests that are ready join
//! it. An idle service records one entry at a time, a busy one hundreds with one sync. Recording
//! never fails a request: what the disk refuses is *shed*, and the metrics say so.
//!
//! Nobody waits for long. Each batch has one watch: when it is not acknowledged in time, the journal
//! is *stalled*, and every visitor is forwarded at once until a write returns. What is collected
//! meanwhile is written and counted then. Its size is bounded; beyond that, entries are shed.

mod waiting;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};
use tokio::task::{spawn_local, yield_now};
use tokio::time::{Instant, timeout_at};

pub use self::waiting::Terms;
use self::waiting::{SHARE, Waiting};
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::journal::{Batch, Position, Writer};
use crate::memory::overwrite_long_stack;
use crate::service::health::Fault;

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
    /// The journal takes too long: nobody waits, and the entry is written as soon as that is possible.
    Late,
}

/// Hands batches to the journal thread. When all clones are dropped, the thread ends.
#[derive(Clone, Debug)]
pub struct Recorder {
    jobs: mpsc::Sender<Job>,
    state: Arc<Waiting>,
}

enum Job {
    Write(Handed),
    Rotate(oneshot::Sender<Position>),
}

/// A batch on its way to the journal.
struct Handed {
    batch: Batch,
    /// The bytes that its worker took for it.
    taken: u64,
    acknowledge: oneshot::Sender<Recorded>,
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
    /// What waits for it.
    pub unwritten: Unwritten,
}

/// Tells what waits to be written.
#[derive(Clone, Debug)]
pub struct Unwritten(Arc<Waiting>);

impl Unwritten {
    /// Returns how many entries nobody has begun to write.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.0.on_the_way()
    }
}

impl Recorder {
    /// Starts the journal thread.
    ///
    /// # Errors
    /// When the operating system makes no thread.
    pub fn start(writer: Writer, terms: Terms) -> std::io::Result<(Self, JournalThread)> {
        let (jobs, queue) = mpsc::channel();
        let (end, end_receiver) = watch::channel(writer.end());
        let (alive, ended) = oneshot::channel();
        let state = Arc::new(Waiting::new(terms));
        let known = Arc::clone(&state);
        let unwritten = Unwritten(Arc::clone(&state));
        let handle = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            let _alive: oneshot::Sender<()> = alive;
            write_all(writer, &queue, &end, &known);
        })?;
        Ok((Self { jobs, state }, JournalThread { end: end_receiver, ended, handle, unwritten }))
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

    /// Gives a batch to the journal thread.
    fn hand_over(&self, open: OpenBatch) -> oneshot::Receiver<Recorded> {
        let (acknowledge, acknowledged) = oneshot::channel();
        let entries = open.batch.len();
        let handed = Handed { batch: open.batch, taken: open.taken, acknowledge };
        self.state.hand_over(entries);
        // Without a journal thread the process is about to end.
        if self.jobs.send(Job::Write(handed)).is_err() {
            self.state.terms.metrics.shed.inc_by(entries);
        }
        acknowledged
    }

    /// A recorder for the requests of the calling worker thread.
    #[must_use]
    pub fn for_worker(&self) -> WorkerRecorder {
        let recorder = self.clone();
        WorkerRecorder(Rc::new(Worker { recorder, open: RefCell::default(), flushing: Cell::new(false) }))
    }
}

/// The journal thread's work, until every [`Recorder`] is dropped.
fn write_all(
    mut writer: Writer,
    queue: &mpsc::Receiver<Job>,
    end: &watch::Sender<Position>,
    state: &Waiting,
) {
    let mut refused = false;
    while let Ok(first) = queue.recv() {
        let (mut batches, mut waiting, mut rotating) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken = 0;
        for job in std::iter::once(first).chain(queue.try_iter().take(BATCHES_A_WRITE)) {
            match job {
                Job::Write(handed) => {
                    state.take_up(handed.batch.len());
                    batches.push(handed.batch);
                    taken += handed.taken;
                    waiting.push(handed.acknowledge);
                }
                Job::Rotate(acknowledge) => rotating.push(acknowledge),
            }
        }
        // Whoever waited may have ended meanwhile, so nobody need take an acknowledgement.
        if !batches.is_empty() {
            let recorded = write(&mut writer, &mut batches, end, &mut refused, &state.terms);
            state.give_back(taken);
            for acknowledge in waiting {
                let _ = acknowledge.send(recorded);
            }
            // In this order: who gives up waiting meanwhile looks for the acknowledgement once more.
            state.returned();
        }
        if !rotating.is_empty() {
            let position = writer.rotate();
            // Tags of a day that has just ended may be left there.
            overwrite_long_stack();
            end.send_replace(position);
            for acknowledge in rotating {
                let _ = acknowledge.send(position);
            }
        }
    }
    // The flusher deletes this segment too.
    end.send_replace(writer.finish());
}

/// Writes batches, and counts what became of them here, because their workers may have ended.
/// `refused`: whether the disk refused the last ones.
fn write(
    writer: &mut Writer,
    batches: &mut [Batch],
    end: &watch::Sender<Position>,
    refused: &mut bool,
    terms: &Terms,
) -> Recorded {
    let entries = batches.iter().map(Batch::len).sum();
    match writer.append(batches) {
        Ok(position) => {
            terms.metrics.recorded(entries);
            end.send_replace(position);
            if std::mem::take(refused) {
                terms.health.clear(Fault::JournalUnwritable);
            }
            Recorded::Kept
        }
        Err(error) => {
            terms.metrics.shed.inc_by(entries);
            if !std::mem::replace(refused, true) {
                // The segment ended with it, and can be settled and deleted.
                end.send_replace(writer.end());
            }
            let reason = format!(
                "the journal cannot be written in journal.dir ({}): clicks are forwarded and not counted: {error}",
                terms.dir.display()
            );
            terms.health.raise(Fault::JournalUnwritable, reason);
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
    /// How many bytes are taken for it of those that may wait to be written.
    taken: u64,
    /// When its first entry came.
    since: Option<Instant>,
    outcome: Rc<Outcome>,
}

/// What became of a batch, and who waits for it.
#[derive(Default)]
struct Outcome {
    recorded: Cell<Option<Recorded>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Outcome {
    fn is_known(&self) -> bool {
        self.recorded.get().is_some()
    }

    /// Tells whoever waits; where they were told already, nobody does.
    fn tell(&self, recorded: Recorded) {
        if !self.is_known() {
            self.recorded.set(Some(recorded));
            self.waiting.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl WorkerRecorder {
    /// Takes an entry for the journal. It is recorded even if its request goes away meanwhile.
    pub fn record(&self, site: &SiteId, link: &LinkKey, day: Day, kind: EntryKind) -> Recording {
        let state = &self.0.recorder.state;
        let outcome = {
            let mut open = self.0.open.borrow_mut();
            if open.batch.bytes() >= open.taken {
                if !state.take_share() {
                    state.terms.metrics.shed.inc();
                    return Recording(None);
                }
                open.taken += SHARE;
                open.since.get_or_insert_with(Instant::now);
            }
            open.batch.push(site, link, day, kind);
            if state.is_stalled() {
                open.outcome.tell(Recorded::Late);
            }
            Rc::clone(&open.outcome)
        };
        if !self.0.flushing.replace(true) {
            spawn_local(Rc::clone(&self.0).flush());
        }
        Recording(Some(outcome))
    }
}

/// Tells what became of an entry, when that is known; of one that was shed at once, there is nothing
/// to wait for.
#[must_use = "a visitor is forwarded when the click is recorded"]
#[expect(missing_debug_implementations, reason = "it is only waited for")]
pub struct Recording(Option<Rc<Outcome>>);

impl Future for Recording {
    type Output = Recorded;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Recorded> {
        let Some(outcome) = &self.0 else { return Poll::Ready(Recorded::Shed) };
        if let Some(recorded) = outcome.recorded.get() {
            return Poll::Ready(recorded);
        }
        outcome.waiting.borrow_mut().push(context.waker().clone());
        Poll::Pending
    }
}

impl Worker {
    /// Hands over one batch after the other until none is left.
    async fn flush(self: Rc<Self>) {
        loop {
            self.gather().await;
            let open = self.open.take();
            if open.batch.is_empty() {
                self.flushing.set(false);
                return;
            }
            // Where it is known already that nobody waits for this batch, the first who may wait now is
            // the first of the next one.
            let first = open.since.filter(|_| !open.outcome.is_known()).unwrap_or_else(Instant::now);
            let outcome = Rc::clone(&open.outcome);
            let acknowledged = self.recorder.hand_over(open);
            let recorded = self.watch(acknowledged, first, &outcome).await;
            outcome.tell(recorded);
        }
    }

    /// Waits for the acknowledgement of a batch, and watches that no visitor waits for too long. The
    /// open batch's visitors came after `first`, so that this one watch serves them too.
    async fn watch(
        &self,
        mut acknowledged: oneshot::Receiver<Recorded>,
        first: Instant,
        outcome: &Outcome,
    ) -> Recorded {
        let state = &self.recorder.state;
        if let Ok(recorded) = timeout_at(first + state.terms.wait, &mut acknowledged).await {
            return recorded.unwrap_or(Recorded::Shed);
        }
        state.stall();
        outcome.tell(Recorded::Late);
        self.open.borrow().outcome.tell(Recorded::Late);
        match acknowledged.try_recv() {
            Ok(recorded) => {
                state.resume();
                recorded
            }
            Err(TryRecvError::Closed) => Recorded::Shed,
            Err(TryRecvError::Empty) => acknowledged.await.unwrap_or(Recorded::Shed),
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

impl Drop for Worker {
    /// What nobody waits for may still be here when the requests have ended.
    fn drop(&mut self) {
        let open = self.open.take();
        if !open.batch.is_empty() {
            drop(self.recorder.hand_over(open));
        }
    }
}
