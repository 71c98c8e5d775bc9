//! The service is killed again and again while it closes days, and no click is lost or counted
//! twice by that.

use std::time::{Duration, Instant};

use entrenous::clock::Clock;
use entrenous::domain::day::Day;
use entrenous::domain::min_count::{MinCount, MinCounts};
use entrenous::domain::site::Site;
use entrenous::domain::week::Week;
use entrenous::store::{StoreUrl, open};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::past_days::PastDays;
use crate::program::{DEADLINE, Home, Service, serve};
use crate::random::random_below;

/// So many that closing them takes a while.
const LINKS: u16 = 12_000;
/// So many that each day's pools take more than one step when their week is closed.
const PAGES: u16 = 1_500;
/// Days that were missed while the service was off.
const DAYS: u16 = 3;
/// How often the service has to be killed in the middle of its work.
const KILLS: i64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_while_exact_days_are_closed_loses_no_click_and_counts_none_twice() {
    close_and_kill(MinCount::EXACT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_while_links_join_pools_loses_no_click_and_counts_none_twice() {
    close_and_kill(MinCount::DEFAULT).await;
}

/// With k = 1 every count becomes an exact cell. With a greater one every count of a visitor joins a pool, because nobody
/// knows from which networks the visitors of an earlier run came.
async fn close_and_kill(k: MinCount) {
    let home = Home::new();
    home.site("press");
    let today = Day::of(Clock::system().now());
    let file = home.path().join("data/entrenous.db");
    let past = PastDays { links: LINKS, pages: PAGES, days: DAYS };
    let address = format!("sqlite:{}", file.display());
    past.fill(&address, today).await;
    choose(&address, k).await;
    let look = || Connection::open(&file).expect("the file");
    let whole = sum(&look(), Day::of(Timestamp::UNIX_EPOCH));
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
        // What was seen is the end of a step: on to anywhere in one of the next, of which there are fewer towards the end.
        let pause = usize::try_from(40_000 * seen / rows).expect("few rows");
        std::thread::sleep(Duration::from_micros(random_below(pause + 1) as u64));
        service.kill();
        assert_eq!(service.end(), None);
        most = left(&connection);
        println!("killed with {most} of {rows} counts of links still open");
        assert_eq!(sum(&connection, Day::of(Timestamp::UNIX_EPOCH)), whole);
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

    let service = start(&home);
    let midnight = u64::try_from(today.start().as_second()).expect("after 1970");
    service.until("closed_before_timestamp_seconds", midnight).await;
    service.terminate();
    assert_eq!(service.end(), Some(0));
    assert_eq!(left(&connection), 0);
    // Pools of an ended week come from no network that is known, and are deleted with it.
    let first = if k.is_exact() { Day::of(Timestamp::UNIX_EPOCH) } else { Week::of(today).first() };
    let days = (1..=i32::from(DAYS)).filter(|ago| today.plus(-ago) >= first).count();
    let of_these = |number: i64| number / i64::from(DAYS) * i64::try_from(days).expect("few days");
    assert_eq!(sum(&connection, first), (of_these(whole.0), of_these(whole.1)));
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    let cells = number("SELECT count(*) FROM cells WHERE visitors > 0");
    assert_eq!(cells, if k.is_exact() { i64::from(LINKS) * i64::from(DAYS) } else { 0 });
    // Every fifth link has one unfurl, rounded to none or to k.
    let unfurls = number("SELECT sum(unfurls) FROM cells");
    if k.is_exact() {
        assert_eq!(unfurls, i64::from(LINKS / 5) * i64::from(DAYS));
    } else {
        assert_eq!(number("SELECT count(*) FROM cells WHERE unfurls != 5"), 0);
    }
    let unused = "SELECT count(*) FROM kinds
                  WHERE id NOT IN (SELECT kind FROM cells) AND id NOT IN (SELECT kind FROM pools)";
    assert_eq!(number(unused), 0);
    assert_eq!(number("SELECT count(*) FROM closings"), 0, "each secret is gone with its closing");
    let closed = format!("SELECT count(*) FROM closed_days WHERE min_count = {k}");
    assert_eq!(number(&closed), i64::from(DAYS));
}

fn start(home: &Home) -> Service {
    let settings = ["--listen", "127.0.0.1:0", "--set", "server.drain_seconds=0"];
    serve(home.command(&settings))
}

/// Gives the only site this k, since ever.
async fn choose(address: &str, k: MinCount) {
    let store = open(&StoreUrl::parse(address).expect("an address"), None).await.expect("a store");
    let site = store.sites().await.expect("sites").pop().expect("a site");
    let changed = Site { min_count: MinCounts::always(k), ..site.clone() };
    assert!(store.replace_site(&site, &changed).await.expect("replaced"));
}

/// Counts of links that are still open, of days that are over.
fn left(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM counts", [], |row| row.get(0)).expect("a number")
}

/// All clicks and visitors since a day, wherever they are.
fn sum(connection: &Connection, first: Day) -> (i64, i64) {
    let sql = "SELECT ifnull(sum(clicks), 0), ifnull(sum(visitors), 0) FROM (
        SELECT day, clicks, visitors FROM counts UNION ALL SELECT day, clicks, visitors FROM cells
        UNION ALL SELECT day, clicks, visitors FROM pools) WHERE day >= ?1";
    let numbers = connection.query_row(sql, [first.number()], |row| Ok((row.get(0)?, row.get(1)?)));
    numbers.expect("two numbers")
}
