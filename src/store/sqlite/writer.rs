//! Writing: one thread has the one connection that writes, and commits what waits together.
//!
//! A batch is whatever queued while the last one was being written; no timer is involved. Each job
//! runs in a savepoint of one transaction, so a job that fails is undone alone, and every caller is
//! answered after the commit. When the commit itself fails, all of the batch failed.
//!
//! A job that a request waits for has a limit. Its caller hears within it that the store is busy, and
//! a job whose turn comes too late for an answer is not begun.

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ffi};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::memory::overwrite_long_stack;
use crate::store::StoreError;
use crate::store::sqlite::connection::BUSY;
use crate::store::sqlite::error::{Busy, Ended, shared_error, store_error};
use crate::store::sqlite::placement::{Files, Placement};
use crate::store::sqlite::visitors::Visitors;

/// How many jobs one transaction takes, so that the first of them does not wait for long.
const BATCH: usize = 512;

/// How long a checkpoint waits for readers of older pages before it is put off.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often an idle thread looks whether another process has written.
const LOOK: Duration = Duration::from_millis(250);

/// How long the answer to a deletion waits for readers of what was deleted.
const HOLDING: Duration = Duration::from_millis(500);

/// How long the end of the process waits for the thread, whose disk may hang.
const PARTING: Duration = Duration::from_secs(10);

/// What became of the write-ahead log, which has what was deleted until it is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// It was emptied.
    Emptied,
    /// Somebody who reads still holds it.
    Held,
}

/// What a job has to do with that log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Erases {
    Nothing,
    /// It is emptied behind the job, as soon as that is possible.
    Soon,
    /// The answer waits for that.
    AndWaits,
}

/// The writing thread. Dropping this lets it finish its queue and waits a while for its end.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    foreign: watch::Receiver<i64>,
    /// How long a request waits.
    patience: Duration,
    thread: Option<JoinHandle<()>>,
    /// Closed when the thread has ended.
    ended: Mutex<Receiver<Infallible>>,
}

impl Writer {
    /// Starts the thread. A request waits for it no longer than `patience`.
    pub(super) fn start(
        connection: Connection,
        files: Files,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let (told, foreign) = watch::channel(0);
        let (alive, ended) = mpsc::channel();
        let desk = Desk {
            connection,
            files,
            visitors: Visitors::default(),
            owes_checkpoint: false,
            held: Vec::new(),
            foreign: told,
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let _alive: mpsc::Sender<Infallible> = alive;
                desk.work(&queue);
            })
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Self { jobs: Some(jobs), foreign, patience, thread: Some(thread), ended: Mutex::new(ended) })
    }

    /// Changes when another process, such as the command line, has committed something.
    pub(super) fn foreign_commits(&self) -> watch::Receiver<i64> {
        self.foreign.clone()
    }

    /// Runs `work` in a transaction, however long it has to wait for its turn. The answer comes when it
    /// is on the disk; it is carried out also where nobody waits for the answer any more.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.queue(Erases::Nothing, None, work).await?.0)
    }

    /// Like [`Self::write`], for work that deletes: when the answer comes, the write-ahead log has
    /// been emptied too, unless somebody is still reading from it; then that follows.
    pub(super) async fn erase<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.queue(Erases::Soon, None, work).await?.0)
    }

    /// Like [`Self::write`], for a request: where the answer does not come in time, the store is not
    /// available. The work is then left out, unless it had begun.
    pub(super) async fn write_in_time<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.queue(Erases::Nothing, Some(self.patience), work).await?.0)
    }

    /// Like [`Self::erase`], for a request, as [`Self::write_in_time`].
    pub(super) async fn erase_in_time<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(self.queue(Erases::Soon, Some(self.patience), work).await?.0)
    }

    /// Like [`Self::erase_in_time`], and waits a while for readers to let go of the log.
    pub(super) async fn erase_and_wait<T, W>(&self, work: W) -> Result<(T, Log), StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        self.queue(Erases::AndWaits, Some(self.patience), work).await
    }

    async fn queue<T, W>(
        &self,
        erases: Erases,
        patience: Option<Duration>,
        work: W,
    ) -> Result<(T, Log), StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        // What begins has the last third of the time to be committed, so that hardly anything is done
        // of which its caller hears that it is not.
        let begin_by = patience.map(|patience| Instant::now() + patience * 2 / 3);
        let job = Pending { erases, begin_by, work: Some(work), done: None, answer };
        let jobs = self.jobs.as_ref().expect("the queue closes only when the writer is dropped");
        jobs.send(Box::new(job)).map_err(|_| Ended("writer"))?;
        let answered = match patience {
            None => answered.await,
            Some(patience) => {
                let patience = if erases == Erases::AndWaits { patience + HOLDING } else { patience };
                timeout(patience, answered).await.map_err(|_| Busy("writer"))?
            }
        };
        answered.map_err(|_| Ended("writer"))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(PARTING) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("a write to the store's file does not return; it is not waited for");
        } else if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// A job, whatever its answer is.
trait Job: Send {
    fn erases(&self) -> Erases;
    /// Whether a request waits for it.
    fn is_of_request(&self) -> bool;
    /// Whether it is too late to begin it.
    fn is_late(&self) -> bool;
    fn run(&mut self, connection: &Connection, visitors: &mut Visitors) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>, log: Log);
}

struct Pending<T, W> {
    erases: Erases,
    begin_by: Option<Instant>,
    work: Option<W>,
    done: Option<T>,
    answer: oneshot::Sender<Result<(T, Log), StoreError>>,
}

impl<T, W> Job for Pending<T, W>
where
    T: Send,
    W: FnOnce(&Connection, &mut Visitors) -> rusqlite::Result<T> + Send,
{
    fn erases(&self) -> Erases {
        self.erases
    }

    fn is_of_request(&self) -> bool {
        self.begin_by.is_some()
    }

    fn is_late(&self) -> bool {
        self.begin_by.is_some_and(|latest| Instant::now() > latest)
    }

    fn run(&mut self, connection: &Connection, visitors: &mut Visitors) -> rusqlite::Result<()> {
        let work = self.work.take().expect("a job runs once");
        self.done = Some(work(connection, visitors)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>, log: Log) {
        let done = self.done;
        // Nobody may be waiting any more.
        let done = outcome.map(|()| (done.expect("a job that succeeded left its answer"), log));
        let _ = self.answer.send(done);
    }
}

/// What the thread works with.
struct Desk {
    connection: Connection,
    files: Files,
    visitors: Visitors,
    owes_checkpoint: bool,
    /// Jobs that are done, and whose answers wait for the log until a time.
    held: Vec<(Box<dyn Job>, Instant)>,
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
            let erases = outcomes.is_ok() && batch.iter().any(|job| job.erases() != Erases::Nothing);
            let is_kept = outcomes.is_err() || self.keep();
            if erases || !self.held.is_empty() {
                self.empty_log();
            }
            match outcomes {
                Ok(outcomes) => {
                    for (job, outcome) in batch.into_iter().zip(outcomes) {
                        if !is_kept && job.is_of_request() {
                            job.answer(outcome.map_err(store_error).and(Err(lost())), self.log());
                        } else if self.owes_checkpoint && outcome.is_ok() && job.erases() == Erases::AndWaits
                        {
                            self.held.push((job, Instant::now() + HOLDING));
                        } else {
                            job.answer(outcome.map_err(store_error), self.log());
                        }
                    }
                }
                Err(error) => {
                    for job in batch {
                        job.answer(Err(shared_error(&error)), self.log());
                    }
                }
            }
            // Fingerprints of visitors may be left there.
            overwrite_long_stack();
            self.answer_held(Instant::now());
        }
        self.empty_log();
        self.held.drain(..).for_each(|(job, _)| job.answer(Ok(()), Log::Held));
    }

    /// Answers those who wait for the log, when it is empty or their time is over.
    fn answer_held(&mut self, now: Instant) {
        let log = self.log();
        let waits = |(_, until): &mut (Box<dyn Job>, Instant)| log == Log::Emptied || *until <= now;
        self.held.extract_if(.., waits).for_each(|(job, _)| job.answer(Ok(()), log));
    }

    fn log(&self) -> Log {
        if self.owes_checkpoint { Log::Held } else { Log::Emptied }
    }

    /// The next job, or `None` at the end. In between it looks for what other processes did, and
    /// tries a checkpoint that was put off.
    fn next(&mut self, queue: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        loop {
            self.look_around();
            let pause = if self.owes_checkpoint { PATIENCE } else { LOOK };
            match queue.recv_timeout(pause) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) if self.owes_checkpoint => {
                    self.empty_log();
                    self.answer_held(Instant::now());
                }
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
        // Here, because the transaction itself may have waited for another process.
        if job.is_late() {
            return Ok(Err(too_late()));
        }
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

    /// Makes sure that what was committed is found at the path after a restart. Returns false where that cannot be.
    fn keep(&mut self) -> bool {
        match self.files.placement() {
            Placement::InPlace => true,
            // What is in the log gets into the file, as long as this process has both of them.
            Placement::WithoutLog => {
                self.empty_log();
                !self.owes_checkpoint
            }
            Placement::Replaced | Placement::Gone => false,
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// What a request hears whose work was committed into files that nobody will find.
fn lost() -> StoreError {
    StoreError::Foreign("the database file or its write-ahead log was deleted, moved or replaced".to_owned())
}

/// What becomes of a job whose turn came too late.
fn too_late() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_BUSY),
        Some("its turn came too late".to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    const PATIENT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_request_hears_in_time_that_the_file_is_locked_and_its_work_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE notes (body INTEGER)").unwrap();
        connection.busy_timeout(PATIENT).unwrap();
        let patience = Duration::from_millis(300);
        let writer = Writer::start(connection, Files::at(&path).unwrap(), patience).unwrap();
        let insert = |number: i64| {
            move |db: &Connection, _: &mut Visitors| db.execute("INSERT INTO notes VALUES (?1)", [number])
        };
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        let (hurried, deleting) =
            tokio::join!(writer.write_in_time(insert(1)), writer.erase_in_time(insert(2)));
        assert!(matches!(hurried, Err(StoreError::Unavailable(_))));
        assert!(matches!(deleting, Err(StoreError::Unavailable(_))));
        assert!(began.elapsed() >= patience);
        // Queued behind the two, so that their turns have passed when it is done.
        let patient = writer.write(insert(3));
        let unlocked = async { other.execute_batch("ROLLBACK").unwrap() };
        let (patient, ()) = tokio::join!(patient, unlocked);
        assert_eq!(patient.unwrap(), 1);
        let rows: Vec<i64> = writer
            .write(|db, _| db.prepare("SELECT body FROM notes")?.query_map([], |row| row.get(0))?.collect())
            .await
            .unwrap();
        assert_eq!(rows, [3]);
    }

    #[tokio::test]
    async fn on_a_full_disk_what_was_answered_holds_and_the_rest_has_left_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE notes (body BLOB); PRAGMA max_page_count = 100").unwrap();
        let writer = Writer::start(connection, Files::at(&path).unwrap(), PATIENT).unwrap();
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
        let writer = Writer::start(connection, Files::at(&path).unwrap(), PATIENT).unwrap();
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
