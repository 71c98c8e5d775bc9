//! The service is told to end while visitors come, and no click is lost.

use std::time::{Duration, Instant};

use crate::balance::balance;
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, Home};

/// How long the service may take for its end.
const SHUTDOWN: Duration = Duration::from_secs(10);
const SHUTDOWN_SETTING: [&str; 2] = ["--set", "server.shutdown_timeout_seconds=10"];

#[tokio::test]
async fn sigterm_under_load_loses_no_answered_click_and_leaves_an_empty_journal() {
    let home = Home::new();
    let arguments = [SHUTDOWN_SETTING, BEHIND_A_PROXY].concat();
    let service = home.serve(&arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 16));
    load.answers(1_000).await;
    let told = Instant::now();
    service.terminate();
    assert_eq!(service.end(), Some(0));
    let took = told.elapsed();
    let tally = load.stop().await;
    println!("the end took {took:?}");
    assert!(took < SHUTDOWN, "{took:?}");
    assert_eq!(home.segments().len(), 0, "what was recorded was settled before the end");

    let service = home.serve(&arguments);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.lost, balance.doubled), (0, 0));
    // Whoever was recorded was also answered: connections drained before the process ended.
    assert_eq!(balance.counted, tally.answered());
}
