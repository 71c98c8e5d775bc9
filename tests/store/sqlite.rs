//! The embedded store: every promise, and what holds for a file that anybody may open.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entrenous::domain::counts::Counts;
use entrenous::domain::day::Day;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family;
use entrenous::domain::visitor_set::Fingerprint;
use entrenous::store::{JournalId, Store, StoreError, StoreUrl};
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use tempfile::TempDir;

use crate::conformance::{
    self, every_promise, every_promise_of_closing, every_promise_of_closing_to_two, every_promise_to_two,
};
use crate::fixtures::{
    Journal, UNFURL, click, clicks, code, counted, day, link, stored_link, stored_site, tag, text, url,
};
use crate::site_counts::SiteCountsOf;

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
    // Who they were is forgotten; the number goes on from where it was.
    journal.settle(&*store, &link, day(20), [click(3), click(3)]).await;
    assert_eq!(counted(&*store, &link, day(20)).await, clicks(4, 3));
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

/// Files of earlier versions, as the programs of their times wrote them, in SQL.
const VERSION_1: &str = include_str!("../data/sqlite-version-1.sql");
const VERSION_2: &str = include_str!("../data/sqlite-version-2.sql");

/// What a file has in the columns that these tables had in version 1, in any order that stays.
fn contents(path: &Path) -> Vec<(&'static str, Vec<Vec<SqlValue>>)> {
    let tables = [
        ("sites", "id, ident, name, body"),
        ("site_keys", "hash, site"),
        (
            "links",
            "id, code, site, url, channel, campaign, title, parent, created_at, expires_at, disabled, taken_down",
        ),
        ("once_names", "site, name, link"),
        ("counts", "site, day, link, unfurls, clicks, visitors, aggregate_clicks"),
        ("journals", "name, mark"),
        ("secrets", "name, value"),
        ("sqlite_sequence", "name, seq"),
    ];
    let file = Connection::open(path).unwrap();
    let read = |(table, columns): (&'static str, &str)| {
        let mut statement = file.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).unwrap();
        let wide = statement.column_count();
        let rows = statement.query_map([], |row| (0..wide).map(|column| row.get(column)).collect());
        (table, rows.unwrap().collect::<Result<_, _>>().unwrap())
    };
    tables.map(read).into()
}

/// Every table and index with its columns, as SQLite understands them.
fn structure(path: &Path) -> Vec<Vec<SqlValue>> {
    let sql = "
        SELECT s.type, s.name, s.tbl_name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, l.strict, l.wr
        FROM sqlite_schema AS s JOIN pragma_table_xinfo(s.name) AS c JOIN pragma_table_list(s.name) AS l
        WHERE s.type = 'table'
        UNION ALL
        SELECT s.type, s.name, s.tbl_name, c.seqno, c.name, c.coll, c.\"desc\", c.\"key\", 0, 0, 0
        FROM sqlite_schema AS s JOIN pragma_index_xinfo(s.name) AS c
        WHERE s.type = 'index'
        ORDER BY 1, 2, 3, 4";
    let file = Connection::open(path).unwrap();
    let mut statement = file.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| (0..11).map(|column| row.get(column)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn of_version(script: &str) -> Data {
    Data::with_file(|path| Connection::open(path).unwrap().execute_batch(script).unwrap())
}

#[tokio::test]
async fn a_file_of_an_earlier_version_becomes_one_of_this_and_keeps_what_it_holds() {
    for script in [VERSION_1, VERSION_2] {
        let (old, new) = (of_version(script), Data::new());
        let before = contents(&old.path());
        assert!(before.iter().all(|(_, rows)| !rows.is_empty()), "every table holds something: {before:?}");
        drop(new.open().await);
        // The second time there is nothing to do.
        for _ in 0..2 {
            drop(old.open().await);
            assert_eq!(contents(&old.path()), before);
            assert_eq!(structure(&old.path()), structure(&new.path()));
        }
        let file = Connection::open(old.path()).unwrap();
        assert_eq!(file.query_row("PRAGMA user_version", [], |row| row.get(0)), Ok(4));
        assert_eq!(file.query_row("PRAGMA integrity_check", [], |row| row.get(0)), Ok("ok".to_owned()));
    }
}

#[tokio::test]
async fn a_file_of_version_3_is_given_places_for_who_may_see_it() {
    let (old, new) = (Data::new(), Data::new());
    let site = stored_site(&*old.open().await, "press").await;
    drop(new.open().await);
    let file = Connection::open(old.path()).unwrap();
    let back = "DROP TABLE people; DROP TABLE sessions; DROP TABLE views; DROP TABLE works;
        PRAGMA user_version = 3";
    file.execute_batch(back).unwrap();
    assert_eq!(old.open().await.sites().await.unwrap(), [site]);
    assert_eq!(structure(&old.path()), structure(&new.path()));
}

#[tokio::test]
async fn what_a_file_of_version_2_holds_is_closed() {
    let data = of_version(VERSION_2);
    let store = data.open().await;
    let first = store.link(&code("first")).await.unwrap().expect("a link");
    assert_eq!(first.campaign, text("été & co"));
    let (site, the_day) = (first.site.clone(), Day::of(first.created_at));
    assert!(store.days_to_close(the_day, 5).await.unwrap().is_empty(), "it is not over");
    let days = store.days_to_close(the_day.plus(1), 5).await.unwrap();
    assert_eq!(days.len(), 2, "two sites: {days:?}");
    for (day, site) in days {
        store.close_day(&site, day, 5).await.unwrap();
    }
    let cell = async |named: &str| {
        let counts = store.link_counts(&code(named), the_day, the_day).await.unwrap();
        counts.days.get(&the_day).map(|counts| counts.cells.clone())
    };
    let known_unfurls = BTreeMap::from([(Family::Slack, 1), (Family::Telegram, 1)]);
    assert_eq!(cell("first").await, Some(Counts { unfurls: 2, known_unfurls, ..clicks(9, 7) }));
    assert_eq!(cell("second").await, None, "its three wait");
    assert_eq!(cell("third").await, Some(Counts { aggregate_clicks: 6, ..Counts::default() }));
    let known_unfurls = BTreeMap::from([(Family::WhatsApp, 1)]);
    assert_eq!(cell("radio1").await, Some(Counts { unfurls: 1, known_unfurls, ..Counts::default() }));
    // The four and two of the channel's two pages.
    let counts = store.site_counts(&site, the_day, the_day).await.unwrap();
    let of_channel = counts.rows.iter().find(|row| row.page.is_none()).expect("a channel's cell");
    assert_eq!((of_channel.channel.as_str(), &of_channel.counts.cells), ("sms", &clicks(6, 6)));
    drop(store);
    let file = Connection::open(data.path()).unwrap();
    let left = "SELECT (SELECT count(*) FROM counts) + (SELECT count(*) FROM known_unfurls)
                + (SELECT count(*) FROM rests)";
    assert_eq!(file.query_row(left, [], |row| row.get(0)), Ok(0));
    let waiting = "SELECT group_concat(channel || ' ' || visitors, ', ' ORDER BY channel) FROM waiting";
    assert_eq!(file.query_row(waiting, [], |row| row.get(0)), Ok("email 3, telegram 1".to_owned()));
}

#[tokio::test]
async fn what_a_file_of_version_1_holds_is_read_and_counted_on() {
    let data = of_version(VERSION_1);
    let store = data.open().await;
    let sites = store.sites().await.unwrap();
    assert_eq!(sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(), ["The Courier", "radio"]);
    assert!(sites.iter().all(|site| !site.lineage));
    for site in &sites {
        for key in &site.keys {
            assert_eq!(store.site_by_key(&key.hash).await.unwrap().as_ref(), Some(site));
        }
    }
    // The parent of `orphan` was deleted; the link that has its code now is a child of its child.
    for (named, generation) in [
        ("first", 0),
        ("second", 1),
        ("third", 2),
        ("orphan", 1),
        ("orphans-child", 2),
        ("gone", 3),
        ("radio1", 0),
    ] {
        let link = store.link(&code(named)).await.unwrap().expect("a link");
        assert_eq!(link.generation, generation, "{named}");
    }
    let link = store.link(&code("first")).await.unwrap().expect("a link");
    assert_eq!(link.campaign, text("été & co"));
    let counted_then = Counts { unfurls: 2, ..clicks(3, 3) };
    let the_day = Day::of(link.created_at);
    assert_eq!(counted(&*store, &link, the_day).await, counted_then);
    assert_eq!(counted_then.unfurls_by_app(), BTreeMap::from([(Family::Other, 2)]));

    // The journal goes on behind its mark.
    let slack = EntryKind::Unfurl(Family::Slack);
    let mut journal = Journal { id: JournalId::new("journal0version1"), last: 1_795_334_236_578_386 };
    journal.settle(&*store, &link, the_day, [slack, slack, UNFURL, click(1)]).await;
    let expected = Counts { unfurls: 4, known_unfurls: BTreeMap::from([(Family::Slack, 1)]), ..clicks(4, 4) };
    assert_eq!(counted(&*store, &link, the_day).await, expected);
    assert!(store.delete_link(&link.code).await.unwrap());
    let left: i64 = Connection::open(data.path())
        .unwrap()
        .query_row("SELECT count(*) FROM known_unfurls", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn of_processes_that_open_a_file_of_version_1_at_once_one_makes_it_what_it_is_now() {
    let data = of_version(VERSION_1);
    let opened = futures_util::future::join_all((0..8).map(|_| data.try_open())).await;
    for store in opened {
        assert_eq!(store.expect("a store").sites().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_file_of_version_1_that_cannot_be_changed_stays_what_it_was() {
    let data = of_version(VERSION_1);
    // Something in the way of the last step.
    let obstacle = "CREATE TABLE known_unfurls (mine TEXT)";
    Connection::open(data.path()).unwrap().execute_batch(obstacle).unwrap();
    let before = contents(&data.path());
    assert!(data.try_open().await.is_err());
    assert_eq!(contents(&data.path()), before);
    let file = Connection::open(data.path()).unwrap();
    assert_eq!(file.query_row("PRAGMA user_version", [], |row| row.get(0)), Ok(1));
    assert!(file.prepare("SELECT generation FROM links").is_err(), "no part of the change is left");
    // When it is out of the way, all of it is done.
    file.execute_batch("DROP TABLE known_unfurls").unwrap();
    drop(file);
    drop(data.open().await);
    assert_eq!(contents(&data.path()), before);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_makes_the_store_unavailable() {
    let data = Data::new();
    fs::write(data.path().parent().unwrap(), "a file where the folder should be").unwrap();
    assert!(matches!(data.try_open().await.err(), Some(StoreError::Unavailable(_))));
}
