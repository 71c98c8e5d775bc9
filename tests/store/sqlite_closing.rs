//! What the SQLite file holds while days and weeks are closed, and what it holds no more afterwards.

use std::iter::repeat_n;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::entry::Numbered;
use entrenous::domain::week::Week;
use entrenous::stats::counts::{Amount, Counts};
use entrenous::stats::disclosure::{Level, Secret, Undecided};
use rusqlite::Connection;

use crate::fixtures::{Journal, counted, crowd, day, insert, k, link, stored_link, stored_site, url};
use crate::sqlite::{Data, holds};

/// A number that a query finds in the file.
fn number(data: &Data, sql: &str) -> i64 {
    Connection::open(data.path()).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_closing_goes_on_with_the_secret_and_the_k_that_it_began_with() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let secret = Secret::random();
    // Of a hundred links, about half are cells, whatever the secret is.
    let mut links = Vec::new();
    let mut journal = Journal::new("j");
    for named in 0..100 {
        let link = stored_link(&*store, &site, &format!("l{named}")).await;
        journal.come(&*store, &link, day(20), crowd(0..15).chain(crowd(0..3))).await;
        links.push(link);
    }
    let begun = "INSERT INTO closed_days (site, day, min_count, version) VALUES (1, 20777, 0, 0)";
    assert_eq!(day(20).number(), 20_777);
    let file = Connection::open(data.path()).unwrap();
    file.execute(begun, []).unwrap();
    let begun =
        "INSERT INTO closings (site, is_week, number, secret, min_count) VALUES (1, 0, 20777, ?1, 10)";
    file.execute(begun, [secret.to_text()]).unwrap();
    let marks = store.day_marks(&site.id, day(20), day(20)).await.unwrap();
    assert_eq!((marks.closed.days[&day(20)].min_count, marks.open.contains(&day(20))), (0, true));

    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    let all = Undecided { amount: Amount { clicks: 18, visitors: 15, opens: 0 }, networks: 15 };
    for (link, row) in links.iter().zip(1..) {
        let (cell, _) = secret.decide(Level::Link, &format!("{row}"), all, k(10));
        assert_eq!(counted(&*store, link, day(20)).await, Counts::from(cell), "{}", link.code);
    }
    let marks = store.day_marks(&site.id, day(20), day(20)).await.unwrap();
    assert_eq!((marks.closed.days[&day(20)].min_count, marks.open.contains(&day(20))), (10, false));
    assert_eq!(data.log_length(), 0);
    assert!(!holds(&data.bytes(), secret.to_text().as_bytes()), "the secret is gone with the last step");
}

#[tokio::test]
async fn a_closing_that_only_lacks_its_end_is_due() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let week = Week::of(day(20));
    let due = async || {
        let days = store.days_to_close(day(23)).await.unwrap();
        (days, store.weeks_to_close(week.next()).await.unwrap())
    };
    let begin = |is_week: bool, number: i32| {
        let sql = "INSERT INTO closings (site, is_week, number, secret, min_count) VALUES (1, ?1, ?2, ?3, 5)";
        let row = (is_week, number, Secret::random().to_text());
        Connection::open(data.path()).unwrap().execute(sql, row).unwrap();
    };
    assert_eq!(due().await, (vec![], vec![]));
    begin(true, week.number());
    assert_eq!(due().await, (vec![], vec![(week, site.id.clone())]));
    begin(false, day(22).number());
    assert_eq!(due().await, (vec![(day(22), site.id.clone())], vec![]), "a week waits for its days");
    store.close_day(&site.id, day(22), k(5)).await.unwrap();
    store.close_week(&site.id, week, k(5)).await.unwrap();
    assert_eq!(due().await, (vec![], vec![]));
}

#[tokio::test]
async fn after_a_restart_the_greater_number_of_networks_counts_and_never_the_sum() {
    let data = Data::new();
    let networks = |table: &str| number(&data, &format!("SELECT max(networks) FROM {table}"));
    let mut link = None;
    for (run, people, expected) in [(0, 0..6, 6), (1, 10..14, 6), (2, 20..28, 8)] {
        let store = data.open().await;
        let link = match &link {
            Some(link) => link,
            None => link.insert(stored_link(&*store, &stored_site(&*store, "press").await, "abc").await),
        };
        let mut journal = Journal::new(&format!("run{run}"));
        journal.come(&*store, link, day(20), crowd(people)).await;
        // The end of the day takes the visitors, and leaves the networks for the closing.
        store.forget_visitors_before(day(21)).await.unwrap();
        journal.come(&*store, link, day(20), crowd(27..28).filter(|_| run == 2)).await;
        assert_eq!(networks("counts"), expected);
    }
    let store = data.open().await;
    let site = store.sites().await.unwrap().remove(0);
    store.close_day(&site.id, day(20), k(20)).await.unwrap();
    assert_eq!(networks("pools"), 8);
}

#[tokio::test]
async fn what_was_too_small_for_a_cell_is_in_no_file_when_its_week_is_closed() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let kinds = || number(&data, "SELECT count(*) FROM kinds");
    for (named, page, people) in [("few", "read-by-one", 1), ("many", "read-by-twelve", 12)] {
        let mut link = link(&site, named);
        link.url = url(&format!("https://example.com/{page}"));
        insert(&*store, &link).await;
        journal.come(&*store, &link, day(20), crowd(0..people)).await;
    }
    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    assert_eq!(kinds(), 3, "a cell's page, a pool's page, and a pool's channel");
    for code in ["few", "many"] {
        assert!(store.delete_link(&crate::fixtures::code(code)).await.unwrap().was_there());
    }
    assert!(!holds(&data.bytes(), b"read-by-twelve"), "the page of a deleted link's cells");
    assert!(holds(&data.bytes(), b"read-by-one"), "a pool keeps what it has");
    store.close_week(&site.id, Week::of(day(20)), k(5)).await.unwrap();
    assert_eq!(kinds(), 0);
    assert_eq!(data.log_length(), 0);
    assert!(!holds(&data.bytes(), b"read-by-one"));
}

/// The numbers of a day's counts as SQLite writes them one after another: clicks in two bytes, visitors, networks and clicks
/// of people who were not asked in one each.
fn numbers(clicks: u16, visitors: u8, networks: u8, unasked: u8) -> [u8; 5] {
    let [high, low] = clicks.to_be_bytes();
    [high, low, visitors, networks, unasked]
}

#[tokio::test]
async fn no_exact_number_of_a_closed_day_or_week_is_in_any_file() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    // A link with a cell, one whose page becomes a cell in the week, and two that are too few even then.
    let counted =
        [("a", 4_444, 33, 31, 41), ("b", 2_222, 13, 7, 6), ("c", 1_111, 3, 2, 4), ("d", 1_777, 4, 3, 3)];
    for (page, clicks, visitors, networks, unasked) in counted {
        let mut link = link(&site, page);
        link.url = url(&format!("https://example.com/{page}"));
        insert(&*store, &link).await;
        for on in [20, 21] {
            let visits = (0..clicks).map(|number| u32::from(number % u16::from(visitors)));
            let visits = visits.map(|person| (person, u8::try_from(person % u32::from(networks)).unwrap()));
            journal.come(&*store, &link, day(on), visits).await;
            let unasked = repeat_n(EntryKind::Open, usize::from(unasked));
            journal.settle(&*store, &link, day(on), unasked).await;
        }
    }
    let there = |when: &str| {
        let bytes = data.bytes();
        counted.map(|(_, clicks, visitors, networks, unasked)| {
            let found = holds(&bytes, &numbers(clicks, visitors, networks, unasked));
            // What stands for nobody's network alone would be a number all the same.
            let [high, low] = clicks.to_be_bytes();
            assert!(found || !holds(&bytes, &[high, low, visitors]), "{clicks}: {when}");
            found
        })
    };
    assert_eq!(there("open"), [true; 4]);
    for on in [20, 21] {
        store.close_day(&site.id, day(on), k(5)).await.unwrap();
    }
    assert_eq!(data.log_length(), 0);
    assert_eq!(
        there("days are closed"),
        [false, true, true, true],
        "pools are exact until their week is closed"
    );
    assert_eq!(number(&data, "SELECT count(*) FROM counts"), 0);
    store.close_week(&site.id, Week::of(day(20)), k(5)).await.unwrap();
    assert_eq!(data.log_length(), 0);
    assert_eq!(there("the week is closed"), [false; 4]);
    // The last two have at most three networks on each day, so their channel has six, or is deleted with them.
    for table in ["pools", "closings"] {
        assert_eq!(number(&data, &format!("SELECT count(*) FROM {table}")), 0);
    }
    let exact = "SELECT count(*) FROM cells
                 WHERE clicks % 5 != 0 OR visitors % 5 != 0 OR opens % 5 != 0 OR unfurls % 5 != 0";
    assert_eq!(number(&data, exact), 0);
    assert!(number(&data, "SELECT count(*) FROM cells WHERE link > 0") >= 2);
    assert!(number(&data, "SELECT count(*) FROM cells WHERE link = 0") >= 1);
}

#[tokio::test]
async fn a_killed_closing_costs_a_pool_nothing_but_networks() {
    let data = Data::new();
    let store = data.open().await;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    // More links than one step closes, each with a network of its own and one that all have.
    let links: Vec<_> = (0..1_200).map(|number| (link(&site, &format!("l{number}")), Vec::new())).collect();
    assert!(store.insert_links(&links).await.iter().all(Result::is_ok));
    let mut entries: Vec<Numbered> = Vec::new();
    for ((link, _), number) in links.iter().zip(0..) {
        let visits = [(number, u8::try_from(number % 200).unwrap()), (5_000, 250)];
        entries.extend(journal.visits(link, day(20), visits));
    }
    store.settle(&journal.id, &entries).await.unwrap();
    let pool = || {
        let sql = "SELECT sum(clicks), sum(visitors), max(networks) FROM pools";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let sums: (Option<i64>, Option<i64>, Option<i64>) =
            Connection::open(data.path()).unwrap().query_row(sql, [], row).unwrap();
        sums
    };
    // Given up as soon as something has joined the pool.
    tokio::select! {
        biased;
        closed = store.close_day(&site.id, day(20), k(5)) => panic!("it was done before it was given up: {closed:?}"),
        () = async { while pool().0.is_none() { tokio::task::yield_now().await } } => {}
    }
    drop(store);
    assert!(number(&data, "SELECT count(*) FROM counts") > 0);
    let store = data.open().await;
    store.close_day(&site.id, day(20), k(5)).await.unwrap();
    let (clicks, visitors, networks) = pool();
    assert_eq!((clicks, visitors), (Some(2_400), Some(2_400)));
    assert!((2..=201).contains(&networks.unwrap()), "{networks:?}");
    assert_eq!(number(&data, "SELECT count(*) FROM closings"), 0);
}
