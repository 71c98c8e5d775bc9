//! Reading: a few connections, each used by one thread at a time, beside the one that writes.
//!
//! A thread that has read goes on with what waits by then, so that many lookups at once wake few
//! threads.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::connection;
use super::error::{Ended, store_error};
use crate::store::StoreError;

/// Connections that read, opened when they are first needed and then kept.
pub(super) struct Readers(Arc<Desk>);

struct Desk {
    path: PathBuf,
    /// How many threads read at a time.
    most: usize,
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
    /// At most `most` at a time read the file at `path`.
    pub(super) fn new(path: PathBuf, most: usize) -> Self {
        Self(Arc::new(Desk { path, most, queue: Mutex::default() }))
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
        if self.0.take_up(Box::new(question)) {
            let desk = Arc::clone(&self.0);
            spawn_blocking(move || desk.work());
        }
        answered.await.map_err(|_| Ended("reader"))?.map_err(store_error)
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
