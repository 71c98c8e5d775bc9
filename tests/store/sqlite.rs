//! The embedded store: every promise, and what holds for a file that anybody may open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::domain::visitor_set::Fingerprint;
use entrenous::store::{Store, StoreError, StoreUrl};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::conformance::{
    self, every_promise, every_promise_of_closing, every_promise_of_closing_to_two, every_promise_to_two,
};
use crate::fixtures::{Journal, click, clicks, counted, day, link, stored_link, stored_site, tag, url};

/// A folder for one test's file, which goes with it.
pub(crate) struct Data(TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder for the test"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("new").join("entrenous.db")
    }

    async fn try_open(&self) -> Result<Arc<dyn Store>, StoreError> {
        let url = StoreUrl::parse(&format!("sqlite:{}", self.path().display())).expect("an address");
        entrenous::store::open(&url, None).await
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        self.try_open().await.expect("a store")
    }

    /// Puts a file there before the store comes.
    fn with_file(content: impl FnOnce(&Path)) -> Self {
        let data = Self::new();
        fs::create_dir(data.path().parent().expect("a folder")).unwrap();
        content(&data.path());
        data
    }

    /// Every byte of every file of the store, with the write-ahead log.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(self.path().parent().expect("a folder")).unwrap();
        files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn log_length(&self) -> u64 {
        fs::metadata(self.path().with_extension("db-wal")).map_or(0, |file| file.len())
    }
}

pub(crate) fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

macro_rules! to_one_store {
    ($($part:ident::$promise:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let data = Data::new();
            conformance::$part::$promise(data.open().await).await;
        }
    )* };
}
every_promise!(to_one_store);
every_promise_of_closing!(to_one_store);

macro_rules! to_two_handles {
    ($($part:ident::$promise:ident,)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let data = Data::new();
            conformance::$part::$promise(data.open().await, data.open().await).await;
        }
    )* };
}
every_promise_to_two!(to_two_handles);
every_promise_of_closing_to_two!(to_two_handles);

#[tokio::test]
async fn what_a_killed_run_left_in_its_journal_makes_nobody_two_visitors() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    // One person, whose tag is another one in each run's journal; the last runs' are settled by one process.
    for run in 0..5 {
        Journal::new(&format!("run{run}")).settle(&*store, &link, day(20), [click(run)]).await;
    }
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(5, 1));
    let mut journal = Journal::new("run5");
    journal.settle(&*store, &link, day(20), [click(10), click(11)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(7, 2));
}

#[tokio::test]
async fn a_closed_store_opens_again_with_everything_in_one_file() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1), click(2)]).await;
    drop(store);
    assert_eq!(data.log_length(), 0);
    let store = data.open().await;
    assert_eq!(store.sites().await.unwrap(), [site]);
    assert_eq!(store.link(&link.code).await.unwrap().as_ref(), Some(&link));
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(2, 2));
    // Who they were is forgotten, so nobody knows whether these were there before: the larger number counts.
    journal.settle(&*store, &link, day(20), [click(3), click(3)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(4, 2));
    journal.settle(&*store, &link, day(20), [click(4), click(5)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(6, 3));
}

#[tokio::test]
async fn what_was_answered_survives_a_crash_at_that_moment() {
    let (data, found) = (Data::new(), Data::with_file(|_| ()));
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), [click(1), click(2)]);
    store.settle(&journal.id, &entries).await.unwrap();
    // What is on the disk now, without the shared-memory file, which a crash makes worthless.
    assert!(data.log_length() > 0, "nothing is left to recover from the log");
    fs::copy(data.path(), found.path()).unwrap();
    fs::copy(data.path().with_extension("db-wal"), found.path().with_extension("db-wal")).unwrap();

    let recovered = found.open().await;
    assert_eq!(recovered.link(&link.code).await.unwrap().as_ref(), Some(&link));
    recovered.settle(&journal.id, &entries).await.unwrap();
    assert_eq!(counted(&*recovered, &link, day(20)).await, clicks(2, 2));
}

#[tokio::test]
async fn nothing_that_tells_visitors_apart_is_in_any_file() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..600).map(click)).await;
    let check = |when: &str| {
        let bytes = data.bytes();
        assert!(holds(&bytes, b"https://example.com/page"), "{when}: the search finds what is there");
        for visitor in (0..600).step_by(20) {
            let tag = tag(visitor);
            let mut six = [0; 8];
            six[2..].copy_from_slice(&tag.as_bytes()[..6]);
            let hex = format!("{:012x}", u64::from_be_bytes(six));
            let number = Fingerprint::of(&tag).number();
            // Six bytes of the tag in a row, in any writing, and the fingerprint as SQLite or this
            // machine would write a number. Chance puts such bytes into one file in ten million.
            assert!(!holds(&bytes, &tag.as_bytes()[..6]), "{when}: a tag");
            assert!(!holds(&bytes.to_ascii_lowercase(), hex.as_bytes()), "{when}: a tag as text");
            assert!(!holds(&bytes, &number.to_be_bytes()[1..]), "{when}: a fingerprint");
            assert!(!holds(&bytes, &number.to_le_bytes()[..7]), "{when}: a fingerprint");
            assert!(!holds(&bytes, number.to_string().as_bytes()), "{when}: a fingerprint as text");
        }
    };
    check("settled");
    store.forget_visitors_before(day(21)).await.unwrap();
    drop(store);
    check("closed");
}

#[tokio::test]
async fn a_deleted_link_is_in_no_file_when_the_answer_comes() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut secret = link(&site, "secretcode");
    secret.url = url("https://example.com/embarrassing");
    store.insert_link(&secret, &[]).await.unwrap();
    stored_link(&*store, &site, "other").await;
    assert!(holds(&data.bytes(), b"embarrassing") && holds(&data.bytes(), b"secretcode"));
    store.delete_link(&secret.code).await.unwrap();
    assert!(!holds(&data.bytes(), b"embarrassing") && !holds(&data.bytes(), b"secretcode"));
    assert!(holds(&data.bytes(), b"https://example.com/page"));
}

#[tokio::test]
async fn what_a_reader_keeps_in_the_log_goes_when_the_reader_is_done() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let reader = Connection::open(data.path()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM links", [], |_| Ok(())).unwrap();
    store.delete_link(&link.code).await.unwrap();
    assert!(data.log_length() > 0);
    reader.execute_batch("COMMIT").unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while data.log_length() > 0 {
        assert!(Instant::now() < deadline, "the log was never emptied");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_the_owner_may_read_what_the_store_makes() {
    let data = Data::new();
    let store = data.open().await;
    stored_site(&*store, "press").await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.path().parent().unwrap()), 0o700);
    assert_eq!(mode(&data.path()), 0o600);
    assert_eq!(mode(&data.path().with_extension("db-wal")), 0o600);
}

#[tokio::test]
async fn a_file_that_is_not_this_programs_is_left_alone() {
    let newer = Data::new();
    drop(newer.open().await);
    Connection::open(newer.path()).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let foreign = Data::with_file(|path| {
        Connection::open(path).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    });
    let letter = Data::with_file(|path| fs::write(path, "Dear Sir or Madam, ".repeat(100)).unwrap());
    for (data, why) in [(&newer, "version 999"), (&foreign, "another program"), (&letter, "no SQLite")] {
        let before = fs::read(data.path()).unwrap();
        match data.try_open().await.err() {
            Some(StoreError::Corrupt(reason)) => assert!(reason.contains(why), "{reason}"),
            other => panic!("{why}: {other:?}"),
        }
        assert!(fs::read(data.path()).unwrap() == before, "{why}: the file was changed");
    }
}

#[tokio::test]
async fn of_processes_that_open_a_new_file_at_once_one_makes_it_and_all_find_the_same_store() {
    let data = Data::new();
    let opened = futures_util::future::join_all((0..8).map(|_| data.try_open())).await;
    let stores: Vec<_> = opened.into_iter().map(|store| store.expect("a store")).collect();
    assert!(stores.iter().all(|store| store.identity() == stores[0].identity()));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_makes_the_store_unavailable() {
    let data = Data::new();
    fs::write(data.path().parent().unwrap(), "a file where the folder should be").unwrap();
    assert!(matches!(data.try_open().await.err(), Some(StoreError::Unavailable(_))));
}
