//! The service ends while visitors come, in good order or by force, and no click is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use reqwest::StatusCode;

use crate::program::{DEADLINE, Home, Service};

/// How many visitors come at the same time.
const AT_ONCE: u64 = 16;
/// Every address that a visitor says it comes from is believed.
const BEHIND_A_PROXY: [&str; 2] = ["--set", "server.trusted_proxies=127.0.0.1"];

#[tokio::test]
async fn sigterm_under_load_loses_no_answered_click_and_leaves_an_empty_journal() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    let answered = clicks_until(&service, &code, 500, || service.terminate()).await;
    assert_eq!(service.end(), Some(0));
    assert_eq!(segments(&home), 0, "what was recorded was settled before the end");

    let service = home.serve(&BEHIND_A_PROXY);
    let (clicks, _) = service.counted(&secret, &code).await;
    assert!((answered..=answered + AT_ONCE).contains(&clicks), "{answered} answered, {clicks} counted");
}

#[tokio::test]
async fn kill_9_under_load_loses_no_forwarded_click_and_counts_none_twice() {
    let home = Home::new();
    // What survives a power cut survives this too; `os` promises no more than this.
    let arguments = ["--set", "journal.sync=os", BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]];
    let first = home.serve(&arguments);
    let secret = first.printed_key("ens_sk_").expect("a key");
    let code = first.code(&secret).await;
    drop(first);
    let mut before = 0;
    for round in 0..3 {
        let mut random = [0];
        getrandom::fill(&mut random).expect("random bytes");
        let service = home.serve(&arguments);
        let answered = clicks_until(&service, &code, 100 + 3 * u64::from(random[0]), || service.kill()).await;
        assert_eq!(service.end(), None);

        let restarted = home.serve(&arguments);
        restarted.counted_at_least(&secret, &code, before + answered).await;
        restarted.terminate();
        assert_eq!(restarted.end(), Some(0));
        let again = home.serve(&arguments);
        let (clicks, _) = again.counted(&secret, &code).await;
        let counted = clicks - before;
        assert!(
            (answered..=answered + AT_ONCE).contains(&counted),
            "round {round}: {answered} forwarded, {counted} counted"
        );
        before = clicks;
    }
}

/// Lets visitors click until `end` has ended the service, which it is asked to do after so many
/// answers. Returns how many visitors were forwarded.
async fn clicks_until(service: &Service, code: &str, enough: u64, end: impl Fn()) -> u64 {
    let (sent, answered) = (AtomicU64::new(0), AtomicU64::new(0));
    let visitor = || async {
        loop {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let address = format!("10.0.{}.{}", number / 256 % 256, number % 256);
            match service.click(code, &address).await {
                Ok(status) => assert_eq!(status, StatusCode::FOUND),
                Err(_) => return,
            }
            if answered.fetch_add(1, Ordering::Relaxed) + 1 == enough {
                end();
            }
        }
    };
    let started = Instant::now();
    futures_util::future::join_all((0..AT_ONCE).map(|_| visitor())).await;
    assert!(started.elapsed() < DEADLINE, "the service answers on and on");
    answered.into_inner()
}

/// How many segments the journal has.
fn segments(home: &Home) -> usize {
    let files = std::fs::read_dir(home.path().join("data/journal")).expect("a folder").flatten();
    files.filter(|file| file.path().extension().is_some_and(|extension| extension == "journal")).count()
}
