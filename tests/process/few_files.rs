//! The process may open few files: it serves as many connections as leave the store and the journal
//! theirs, or says at the start what it needs.

use std::net::TcpStream;

use crate::balance::{balance, settled};
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, Home};

const WORKERS: [&str; 2] = ["--set", "server.workers=2"];
/// What the listener takes at which the test reads metrics, and which is off where nobody asks for it.
const FILES_OF_METRICS: u32 = 16;

#[tokio::test]
async fn with_64_files_everybody_is_served_beside_silent_clients() {
    let home = Home::new();
    let arguments = [WORKERS, BEHIND_A_PROXY, ["--set", "server.request_timeout_seconds=1"]].concat();
    let service = home.serve_with_no_more_files(64 + FILES_OF_METRICS, &arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let before = service.open_files();
    // More than it may have open.
    let silent: Vec<_> =
        (0..100).map(|_| TcpStream::connect(service.socket()).expect("a place in the queue")).collect();
    let plan = LoadPlan::new(service.socket(), &codes, 4);
    let load = Load::start(LoadPlan { per_connection: Some(10), ..plan });
    load.answers(500).await;
    let most = service.open_files();
    let tally = load.stop().await;
    drop(silent);
    service.code(&secret).await;
    println!("{before} files without silent clients, {most} with them; {tally}");
    tally.assert_nothing_failed();
    assert_eq!(service.metric("entries_shed_total").await, 0);
    assert!(!service.log().contains("Too many open files"), "{}", service.log());

    let service = settled(&home, service, &arguments);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.counted, balance.lost, balance.doubled), (tally.answered(), 0, 0));
}

#[tokio::test]
async fn too_few_files_are_refused_at_the_start_with_what_is_needed() {
    let home = Home::new();
    let ended = home.run_with_no_more_files(40, &[&WORKERS[..], &["--listen", "127.0.0.1:0"]].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    for part in ["ulimit -n", "40", "server.workers"] {
        assert!(ended.errors.contains(part), "{}", ended.errors);
    }
    assert!(!home.path().join("data").exists(), "nothing was begun");
}
