//! What is changed in the embedded store, by the command line or by somebody who has gone.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::installation::Installation;
use crate::program::{DEADLINE, Home};
use crate::publisher::{Publisher, Visitor, Way};

/// How long somebody waits for the answer to a change.
const PATIENCE: Duration = Duration::from_millis(300);
/// Within this, a change that waited for a lock is made.
const MADE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_command_line_takes_down_or_restores_is_seen_within_a_second_under_load() {
    let installation = Installation::start("sqlite:data/entrenous.db").await;
    let code = installation.service.code(&installation.secret).await;
    let visitor = Visitor::at(&installation.service);
    let forwarded = Way::To("https://example.com/".to_owned());
    assert_eq!(visitor.look(&code).await, forwarded);
    let load = installation.load(&[]).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        for (command, expected) in [("take-down", &Way::End(451)), ("restore", &forwarded)] {
            let done = installation.home.run(&["link", command, &code]);
            assert_eq!(done.code, Some(0), "{}", done.errors);
            slowest = slowest.max(visitor.sees(&code, expected).await);
        }
    }
    println!("what the command line changed was seen {slowest:.1?} after it at most");
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    installation.counts_are_those_of(&tally).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_also_where_its_client_went_away_before_it_was_made() {
    let home = Home::new();
    let service = home.serve(&[]);
    let key = service.printed_key("ens_sk_").expect("a key");
    let (publisher, visitor) = (Publisher::at(&service, &key), Visitor::at(&service));
    publisher.make("gone", "https://example.com/").await;
    let other = Connection::open(home.path().join("data/entrenous.db")).expect("the file");
    let began = Instant::now();
    // Where the machine was too busy to begin in time, the change goes with its client.
    while publisher.read("gone").await["disabled"] != true {
        assert!(began.elapsed() < DEADLINE, "the change is never made");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let mut connection = TcpStream::connect(service.address()).expect("a connection");
        // Nobody reads the answer to the first request: so the connection ends with a reset.
        let requests = format!(
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\
             PATCH /api/v1/links/gone HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{{\"disabled\":true}}"
        );
        connection.write_all(requests.as_bytes()).expect("sent");
        tokio::time::sleep(PATIENCE).await;
        drop(connection);
        // This is remembered until the change is made.
        let way = visitor.look("gone").await;
        other.execute_batch("ROLLBACK").expect("the end of the lock");
        assert_eq!(way, Way::To("https://example.com/".to_owned()));
        let free = Instant::now();
        while free.elapsed() < MADE && publisher.read("gone").await["disabled"] != true {}
    }
    visitor.sees("gone", &Way::End(410)).await;
}
