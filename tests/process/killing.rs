//! The service is killed at random moments under load, and goes on where it was.

use crate::balance::{balance, settled};
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, Home};
use crate::random::random_below;

/// How many visitors come at the same time.
const AT_ONCE: usize = 16;
/// So many that a visitor without an answer does not hide a click that counts twice.
const LINKS: usize = 48;
/// At most so many clicks are answered between two kills.
const BETWEEN: usize = 700;

#[tokio::test]
async fn kill_9_under_load_loses_no_forwarded_click_and_counts_none_twice() {
    kill_under_load("os", 20).await;
}

#[tokio::test]
async fn kill_9_with_every_write_synced_loses_no_forwarded_click_and_counts_none_twice() {
    kill_under_load("always", 5).await;
}

async fn kill_under_load(sync: &str, kills: u64) {
    let home = Home::new();
    let sync = format!("journal.sync={sync}");
    let arguments = ["--set", sync.as_str(), BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]];
    let mut service = home.serve(&arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, LINKS).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, AT_ONCE));
    for _ in 0..kills {
        load.answers(1 + random_below(BETWEEN) as u64).await;
        service.kill();
        assert_eq!(service.end(), None);
        service = home.serve(&arguments);
        load.aim_at(&[service.socket()]);
    }
    load.answers(BETWEEN as u64).await;
    let tally = load.stop().await;

    let service = settled(&home, service, &arguments);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.lost, balance.doubled), (0, 0));
    let unseen = balance.counted - tally.answered();
    assert!(unseen <= kills * AT_ONCE as u64, "{unseen} were counted without an answer");
}
