//! The service is killed again and again while it closes days, and no click is lost or counted
//! twice by that.

use std::time::{Duration, Instant};

use entrenous::clock::Clock;
use entrenous::domain::day::Day;
use rusqlite::Connection;

use crate::past_days::{PastDays, people};
use crate::program::{DEADLINE, Home, Service, serve};
use crate::random::random_below;

/// So many that closing them takes a while.
const LINKS: u16 = 6_000;
/// So many that also what moves up from links takes more than one step.
const PAGES: u16 = 1_500;
/// Days that were missed while the service was off.
const DAYS: u16 = 3;
/// How often the service has to be killed in the middle of its work.
const KILLS: i64 = 10;
const K: i64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_while_days_are_closed_loses_no_click_and_counts_none_twice() {
    let home = Home::new();
    home.site("press");
    let today = Day::of(Clock::system().now());
    let file = home.path().join("data/entrenous.db");
    let past = PastDays { links: LINKS, pages: PAGES, days: DAYS };
    past.fill(&format!("sqlite:{}", file.display()), today).await;
    let look = || Connection::open(&file).expect("the file");
    let whole = sum(&look());
    let rows = left(&look());
    assert_eq!(rows, i64::from(LINKS) * i64::from(DAYS), "every link was clicked on each day");

    let mut kills = 0;
    let mut most = rows;
    while kills < KILLS {
        let service = start(&home);
        // Anywhere in the work that is left, but not so late that none would be left for the next
        // time.
        let least = most * (KILLS - kills) / (KILLS - kills + 1);
        let chance = random_below(usize::try_from(most - least).expect("few rows"));
        let stop = least + i64::try_from(chance).expect("few rows");
        let connection = look();
        let began = Instant::now();
        let mut seen = left(&connection);
        while seen > stop {
            assert!(began.elapsed() < DEADLINE, "{seen} rows are still open");
            std::thread::sleep(Duration::from_millis(1));
            seen = left(&connection);
        }
        // What was seen is the end of a step: on to anywhere in one of the next.
        std::thread::sleep(Duration::from_micros(random_below(40_000) as u64));
        service.kill();
        assert_eq!(service.end(), None);
        most = left(&connection);
        println!("killed with {most} of {rows} counts of links still open");
        assert_eq!(sum(&connection), whole);
        assert!(most > 0, "it was done before it could be killed");
        kills += 1;
    }

    // Killed once more just before its end, where nothing of a link is open and the days are not
    // marked.
    let service = start(&home);
    let (connection, began) = (look(), Instant::now());
    while left(&connection) > 0 {
        assert!(began.elapsed() < DEADLINE, "the days are not closed");
        std::thread::sleep(Duration::from_millis(1));
    }
    service.kill();
    assert_eq!(service.end(), None);
    assert_eq!(sum(&connection), whole);

    let service = start(&home);
    let midnight = u64::try_from(today.start().as_second()).expect("after 1970");
    service.until("closed_before_timestamp_seconds", midnight).await;
    service.terminate();
    assert_eq!(service.end(), Some(0));
    assert_eq!(sum(&connection), whole);
    assert_eq!(left(&connection), 0);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(number("SELECT count(*) FROM rests"), 0);
    let small = "SELECT count(*) FROM cells WHERE visitors BETWEEN 1 AND 4 OR visitors = 0 AND clicks > 0";
    assert_eq!(number(small), 0);
    let own = "SELECT count(*) FROM cells WHERE visitors > 0 AND link > 0";
    assert_eq!(number(own), own_cells() * i64::from(DAYS));
    assert_eq!(number("SELECT count(*) FROM kinds WHERE id NOT IN (SELECT kind FROM cells)"), 0);
    assert!(number("SELECT ifnull(max(visitors), 0) FROM waiting") < K);
    assert_eq!(number("SELECT count(*) FROM closed_days WHERE min_count = 5"), i64::from(DAYS));
}

fn start(home: &Home) -> Service {
    let settings = ["--set", "server.drain_seconds=0", "--set", &format!("stats.min_count={K}")];
    serve(home.command(&[&["--listen", "127.0.0.1:0"][..], &settings].concat()))
}

/// Counts of links that are still open, of days that are over.
fn left(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM counts", [], |row| row.get(0)).expect("a number")
}

/// All clicks, visitors and unfurls, wherever they are.
fn sum(connection: &Connection) -> (i64, i64, i64) {
    let sql = "SELECT sum(clicks), sum(visitors), sum(unfurls) FROM (
        SELECT clicks, visitors, unfurls FROM counts UNION ALL SELECT clicks, visitors, unfurls FROM cells
        UNION ALL SELECT clicks, visitors, 0 FROM rests UNION ALL SELECT clicks, visitors, 0 FROM waiting)";
    let numbers = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    numbers.expect("three numbers")
}

/// How many links have a cell of their own each day.
fn own_cells() -> i64 {
    let own = (0..LINKS).filter(|link| i64::from(people(*link)) >= K);
    own.count().try_into().expect("few links")
}
