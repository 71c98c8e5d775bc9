//! Writing: one thread has the one connection that writes, and commits what waits together.
//!
//! A batch is whatever queued while the last one was being written; no timer is involved. Each job
//! runs in a savepoint of one transaction, so a job that fails is undone alone, and every caller is
//! answered after the commit. When the commit itself fails, all of the batch failed.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::connection::BUSY;
use super::error::{Ended, shared_error, store_error};
use super::visitors::Visitors;
use crate::store::StoreError;

/// How many jobs one transaction takes, so that the first of them does not wait for long.
const BATCH: usize = 512;

/// How long a checkpoint waits for readers of older pages before it is put off.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often an idle thread looks whether another process has written.
const LOOK: Duration = Duration::from_millis(250);

/// The writing thread. Dropping this lets it finish its queue and waits for its end.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    foreign: watch::Receiver<i64>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let (told, foreign) = watch::channel(0);
        let desk = Desk { connection, visitors: Visitors::default(), owes_checkpoint: false, foreign: told };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || desk.work(&queue))
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Self { jobs: Some(jobs), foreign, thread: Some(thread) })
    }

    /// Changes when another process, such as the command line, has committed something.
    pub(super) fn foreign_commits(&self) -> watch::Receiver<i64> {
        self.foreign.clone()
    }

    /// Whether the thread is there to take jobs.
    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Runs `work` in a transaction. The answer comes when it is on the disk; it is carried out
    /// also where nobody waits for the answer any more.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        self.queue(false, work).await
    }

    /// Like [`Self::write`], for work that deletes: when the answer comes, the write-ahead log has
    /// been emptied too, unless somebody is still reading from it; then that follows.
    pub(super) async fn erase<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        self.queue(true, work).await
    }

    async fn queue<T, W>(&self, erases: bool, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Pending { erases, work: Some(work), done: None, answer };
        let jobs = self.jobs.as_ref().expect("the queue closes only when the writer is dropped");
        jobs.send(Box::new(job)).map_err(|_| Ended("writer"))?;
        answered.await.map_err(|_| Ended("writer"))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// A job, whatever its answer is.
trait Job: Send {
    fn erases(&self) -> bool;
    fn run(&mut self, connection: &Connection, visitors: &mut Visitors) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Pending<T, W> {
    erases: bool,
    work: Option<W>,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Job for Pending<T, W>
where
    T: Send,
    W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send,
{
    fn erases(&self) -> bool {
        self.erases
    }

    fn run(&mut self, connection: &Connection, visitors: &mut Visitors) -> rusqlite::Result<()> {
        let work = self.work.take().expect("a job runs once");
        self.done = Some(work(connection, visitors)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let done = self.done;
        // Nobody may be waiting any more.
        let _ = self.answer.send(outcome.map(|()| done.expect("a job that succeeded left its answer")));
    }
}

/// What the thread works with.
struct Desk {
    connection: Connection,
    visitors: Visitors,
    owes_checkpoint: bool,
    foreign: watch::Sender<i64>,
}

impl Desk {
    fn work(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next(queue) {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(BATCH - 1));
            let outcomes = self.transact(&mut batch).map_err(Arc::new);
            match &outcomes {
                Ok(_) => self.visitors.committed(),
                Err(_) => self.undo(),
            }
            if outcomes.is_ok() && batch.iter().any(|job| job.erases()) {
                self.empty_log();
            }
            match outcomes {
                Ok(outcomes) => {
                    for (job, outcome) in batch.into_iter().zip(outcomes) {
                        job.answer(outcome.map_err(store_error));
                    }
                }
                Err(error) => batch.into_iter().for_each(|job| job.answer(Err(shared_error(&error)))),
            }
        }
        self.empty_log();
    }

    /// The next job, or `None` at the end. In between it looks for what other processes did, and
    /// tries a checkpoint that was put off.
    fn next(&mut self, queue: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        loop {
            self.look_around();
            let pause = if self.owes_checkpoint { PATIENCE } else { LOOK };
            match queue.recv_timeout(pause) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) if self.owes_checkpoint => self.empty_log(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Tells when the file was changed by another connection than this one: inside this process
    /// none but this one writes.
    fn look_around(&self) {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut version| version.query_row([], |row| row.get(0)));
        if let Ok(version) = version {
            self.foreign.send_if_modified(|known| std::mem::replace(known, version) != version);
        }
    }

    /// Runs all jobs and commits: what became of each, or why none of them holds.
    fn transact(&mut self, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<Vec<rusqlite::Result<()>>> {
        self.execute("BEGIN IMMEDIATE")?;
        let outcomes = batch.iter_mut().map(|job| self.attempt(job.as_mut())).collect::<Result<_, _>>()?;
        self.execute("COMMIT")?;
        Ok(outcomes)
    }

    fn attempt(&mut self, job: &mut dyn Job) -> rusqlite::Result<rusqlite::Result<()>> {
        self.execute("SAVEPOINT job")?;
        let outcome = job.run(&self.connection, &mut self.visitors);
        match outcome {
            // A full disk, among others, makes SQLite give up the whole transaction.
            Err(error) if self.connection.is_autocommit() => return Err(error),
            Err(_) => self.execute("ROLLBACK TO job")?,
            Ok(()) => {}
        }
        self.execute("RELEASE job")?;
        Ok(outcome)
    }

    fn undo(&mut self) {
        self.visitors.abandoned();
        if !self.connection.is_autocommit() {
            // Where even this fails, the next BEGIN fails too and its callers hear of it.
            let _ = self.execute("ROLLBACK");
        }
    }

    /// Copies the write-ahead log into the file and cuts it to nothing.
    fn empty_log(&mut self) {
        let _ = self.connection.busy_timeout(PATIENCE);
        let busy =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        let _ = self.connection.busy_timeout(BUSY);
        self.owes_checkpoint = busy.unwrap_or(true);
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn on_a_full_disk_what_was_answered_holds_and_the_rest_has_left_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (body BLOB); PRAGMA max_page_count = 100").unwrap();
        let writer = Writer::start(connection).unwrap();
        let write = |pages: usize| {
            writer.write(move |db, _| db.execute("INSERT INTO notes VALUES (?1)", [vec![7; pages * 4_096]]))
        };
        let outcomes = join_all([1, 500, 1, 500, 1].map(write)).await;
        for full in [&outcomes[1], &outcomes[3]] {
            assert!(matches!(full, Err(StoreError::Unavailable(_))));
        }
        assert!(write(1).await.is_ok(), "what fits is written again");
        let held = outcomes.iter().filter(|outcome| outcome.is_ok()).count() + 1;
        let rows =
            writer.write(|db, _| db.query_row("SELECT count(*) FROM notes", [], |row| row.get::<_, i64>(0)));
        assert_eq!(usize::try_from(rows.await.unwrap()), Ok(held));
    }

    #[tokio::test]
    async fn a_dropped_writer_finishes_its_queue() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE notes (body INTEGER)").unwrap();
        let writer = Writer::start(connection).unwrap();
        for number in 0..50 {
            let work = writer.write(move |db, _| db.execute("INSERT INTO notes VALUES (?1)", [number]));
            // Asked once, so that the job is queued, and then given up.
            assert!(futures_util::FutureExt::now_or_never(work).is_none_or(|answer| answer.is_ok()));
        }
        drop(writer);
        let connection = Connection::open(&path).unwrap();
        let rows: i64 = connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 50);
    }
}
