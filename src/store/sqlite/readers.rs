//! Reading: a few connections, each used by one thread at a time, beside the one that writes.
//!
//! A thread that has read goes on with what waits by then, so that many lookups at once wake few
//! threads.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::store::StoreError;
use crate::store::sqlite::connection;
use crate::store::sqlite::error::{Busy, Ended, store_error};

/// After so many times its patience, also who waits in a queue that moves gives up.
const MOST_PATIENCES: u32 = 8;

/// Connections that read, opened when they are first needed and then kept.
pub(super) struct Readers {
    desk: Arc<Desk>,
    /// How long nothing may be answered before who waits gives up; any time where it is none.
    patience: Option<Duration>,
}

struct Desk {
    path: PathBuf,
    /// How many threads read at a time.
    most: usize,
    /// How many questions were answered or left out.
    answered: AtomicU64,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Question>,
    /// Connections that no thread uses.
    free: Vec<Connection>,
    /// Threads that read.
    working: usize,
}

/// Asks and answers, or answers that nothing can be read.
type Question = Box<dyn FnOnce(rusqlite::Result<&Connection>) + Send>;

impl Readers {
    /// At most `most` at a time read the file at `path`. Who asks gives up when nothing at all was answered
    /// for `patience`: a file that hangs is not waited for, a long queue that moves is.
    pub(super) fn new(path: PathBuf, most: usize, patience: Option<Duration>) -> Self {
        Self {
            desk: Arc::new(Desk { path, most, answered: AtomicU64::new(0), queue: Mutex::default() }),
            patience,
        }
    }

    /// Runs `work` on a thread that may block. It sees everything that was answered before.
    pub(super) async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question = move |connection: rusqlite::Result<&Connection>| {
            // Nobody may be waiting any more.
            if !answer.is_closed() {
                let _ = answer.send(connection.and_then(work));
            }
        };
        if self.desk.take_up(Box::new(question)) {
            let desk = Arc::clone(&self.desk);
            spawn_blocking(move || desk.work());
        }
        let answered = match self.patience {
            None => answered.await,
            Some(patience) => self.while_it_moves(patience, answered).await?,
        };
        answered.map_err(|_| Ended("reader"))?.map_err(store_error)
    }

    /// Waits for an answer for as long as others get theirs.
    async fn while_it_moves<T>(
        &self,
        patience: Duration,
        mut answered: oneshot::Receiver<T>,
    ) -> Result<Result<T, RecvError>, Busy> {
        for _ in 0..MOST_PATIENCES {
            let before = self.desk.answered.load(Ordering::Relaxed);
            match timeout(patience, &mut answered).await {
                Ok(answer) => return Ok(answer),
                Err(_) if self.desk.answered.load(Ordering::Relaxed) == before => break,
                Err(_) => {}
            }
        }
        Err(Busy("reader"))
    }
}

impl Desk {
    /// Takes up a question; whether it needs a thread more.
    fn take_up(&self, question: Question) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(question);
        let more = queue.working < self.most;
        queue.working += usize::from(more);
        more
    }

    /// Answers until nothing waits.
    fn work(&self) {
        let mut connection = None;
        while let Some(question) = self.next(&mut connection) {
            let opened = connection.take().map_or_else(|| connection::reading(&self.path), Ok);
            // Whoever asked what cannot be answered hears of it; the others are answered.
            let _ = catch_unwind(AssertUnwindSafe(|| match opened {
                Ok(opened) => question(Ok(connection.insert(opened))),
                Err(error) => question(Err(error)),
            }));
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next question; where there is none, the connection is free and the thread is done.
    fn next(&self, connection: &mut Option<Connection>) -> Option<Question> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.working -= 1;
            queue.free.extend(connection.take());
        } else if connection.is_none() {
            *connection = queue.free.pop();
        }
        next
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
