//! What the SQLite file holds while days are closed, and what it holds no more afterwards.

use std::iter::repeat_n;

use entrenous::domain::counts::Counts;
use entrenous::domain::entry::EntryKind;
use rusqlite::Connection;

use crate::fixtures::{Journal, click, clicks, day, k, link, stored_link, stored_site, url};
use crate::site_counts::SiteCountsOf;
use crate::sqlite::{Data, holds};

#[tokio::test]
async fn what_an_interrupted_closing_has_taken_from_links_is_read_and_closed() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1)]).await;
    // What is in the file after its first step, with four visitors of other links of this page.
    let page = "INSERT INTO kinds VALUES (9, 1, 'sms', 'https://example.com/page', '');
                INSERT INTO rests VALUES (1, 20777, 9, 6, 4, 0);
                INSERT INTO closed_days VALUES (1, 20777, 0, 0);";
    assert_eq!(day(20).number(), 20_777);
    Connection::open(data.path()).unwrap().execute_batch(page).unwrap();
    let read = async || store.site_counts(&site.id, day(20), day(20)).await.unwrap();
    let half_way = read().await;
    let shown: Vec<_> = half_way.rows.iter().map(|row| row.counts.all()).collect();
    assert_eq!(shown, [Counts { shares: 1, ..clicks(7, 5) }]);
    assert!(!half_way.closed.has(day(20), 5));
    assert_eq!(store.days_to_close(day(21)).await.unwrap(), [(day(20), site.id.clone())]);
    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    let done = read().await;
    assert_eq!(done.rows[0].counts.cells, clicks(7, 5));
    assert!(done.closed.has(day(20), 5));
}

#[tokio::test]
async fn what_was_too_small_for_a_cell_is_in_no_file_when_its_day_is_closed() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut secret = link(&site, "abc");
    secret.url = url("https://example.com/read-by-one");
    store.insert_link(&secret, &[]).await.unwrap();
    let mut journal = Journal::new("j");
    journal.settle(&*store, &secret, day(20), [click(1)]).await;
    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    // The link itself is still there, so its page is.
    let named = |file: &Connection| -> i64 {
        file.query_row("SELECT count(*) FROM kinds", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(named(&Connection::open(data.path()).unwrap()), 0);
    assert!(store.delete_link(&secret.code).await.unwrap().was_there());
    assert!(!holds(&data.bytes(), b"read-by-one"));

    let mut read = link(&site, "def");
    read.url = url("https://example.com/read-by-six");
    store.insert_link(&read, &[]).await.unwrap();
    journal.settle(&*store, &read, day(20), (0..6).map(click)).await;
    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    assert_eq!(named(&Connection::open(data.path()).unwrap()), 1);
    assert!(store.delete_link(&read.code).await.unwrap().was_there());
    assert!(!holds(&data.bytes(), b"read-by-six"), "nor is the page of a deleted link's cells");
}

/// The numbers of a day's counts as SQLite writes them one after another: clicks in two bytes,
/// visitors and clicks of people who were not asked in one each.
fn numbers(clicks: u16, visitors: u8, unasked: u8) -> [u8; 4] {
    let [high, low] = clicks.to_be_bytes();
    [high, low, visitors, unasked]
}

#[tokio::test]
async fn no_number_below_k_is_in_any_file_when_its_day_is_closed_but_what_waits() {
    const K: u8 = 5;
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let counted = [("a", 1_111, 3, 4), ("b", 2_222, 4, 3), ("c", 4_444, 6, 7)];
    for (page, clicks, visitors, unasked) in counted {
        let mut link = link(&site, page);
        link.url = url(&format!("https://example.com/{page}"));
        store.insert_link(&link, &[]).await.unwrap();
        let kinds = (0..clicks).map(|number| click(u32::from(number % u16::from(visitors))));
        let unasked = repeat_n(EntryKind::AggregateClick, usize::from(unasked));
        journal.settle(&*store, &link, day(20), kinds.chain(unasked)).await;
        journal.settle(&*store, &link, day(21), [click(1)]).await;
    }
    for (_, clicks, visitors, unasked) in counted {
        assert!(holds(&data.bytes(), &numbers(clicks, visitors, unasked)), "{clicks} while the day is open");
    }
    for on in [20, 21] {
        store.close_day(&site.id, day(on), k(u64::from(K))).await.unwrap();
    }
    assert_eq!(data.log_length(), 0);
    for (_, clicks, visitors, unasked) in counted {
        let stays = visitors >= K;
        assert_eq!(holds(&data.bytes(), &numbers(clicks, visitors, unasked)), stays, "{clicks}");
    }
    // The two together are a cell of their channel.
    assert!(holds(&data.bytes(), &numbers(3_333, 7, 7)));
    // Whatever tables there are.
    let file = Connection::open(data.path()).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'
                  AND EXISTS (SELECT 1 FROM pragma_table_info(sqlite_schema.name) WHERE name = 'visitors')";
    let mut tables = file.prepare(tables).unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let small = |table: &str| -> i64 {
        let sql = format!(
            "SELECT count(*) FROM {table} WHERE visitors BETWEEN 1 AND 4 OR aggregate_clicks BETWEEN 1 AND 4
             OR visitors = 0 AND clicks > 0"
        );
        file.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert!(tables.len() >= 4, "{tables:?}");
    for table in &tables {
        assert_eq!(small(table), i64::from(table == "waiting"), "{table}");
    }
}
