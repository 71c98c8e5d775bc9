//! The service starts on a damaged journal: it keeps every intact record, says what it dropped, and
//! forwards whoever comes.

use std::path::Path;

use entrenous::journal::Ledger;

use crate::balance::{all_counted, balance, settled};
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE};
use crate::random::random_below;
use crate::unsettled::{Segment, Unsettled};

/// Where the journal's name begins in a segment.
const NAME: usize = 8;
/// Where the first header ends.
const HEADER: usize = 28;
/// Where the first record begins.
const BOTH_HEADERS: usize = 72;

#[tokio::test]
async fn a_torn_last_record_costs_itself_alone() {
    let damaged_bytes = recover_from(1, |segments| {
        change(&segments[0].path, |bytes| bytes.truncate(bytes.len() - 1));
        1
    });
    assert!(damaged_bytes.await > 0);
}

#[tokio::test]
async fn a_flipped_bit_costs_the_record_that_it_is_in_alone() {
    let damaged_bytes = recover_from(1, |segments| {
        change(&segments[0].path, |bytes| {
            let place = HEADER + random_below(bytes.len() - HEADER);
            bytes[place] ^= 1 << random_below(8);
        });
        1
    });
    assert!(damaged_bytes.await > 0);
}

#[tokio::test]
async fn a_tail_of_zeros_costs_nothing() {
    let damaged_bytes = recover_from(1, |segments| {
        change(&segments[0].path, |bytes| bytes.resize(bytes.len() + 5_000, 0));
        0
    });
    assert_eq!(damaged_bytes.await, 0);
}

#[tokio::test]
async fn a_missing_segment_costs_its_own_clicks_alone() {
    let damaged_bytes = recover_from(3, |segments| {
        std::fs::remove_file(&segments[1].path).expect("removed");
        segments[1].tally.answered()
    });
    assert_eq!(damaged_bytes.await, 0);
}

#[tokio::test]
async fn segments_without_a_record_confirm_nothing() {
    let home = Home::new();
    let before = Unsettled::new(&home, 2).await;
    change(&before.segments[0].path, |bytes| bytes.truncate(BOTH_HEADERS));
    change(&before.segments[1].path, |bytes| bytes[BOTH_HEADERS..].fill(0xff));
    let service = home.serve(&BEHIND_A_PROXY);
    let began = std::time::Instant::now();
    while before.segments.iter().any(|segment| segment.path.exists()) {
        assert!(began.elapsed() < DEADLINE, "it is never deleted");
        tokio::time::sleep(PAUSE).await;
    }
    let ledger = Ledger::read(&home.path().join("data/journal")).expect("readable").expect("a ledger");
    assert_eq!(ledger.confirmed, None);
    service.terminate();
    assert_eq!(service.end(), Some(0));
    let ledger = Ledger::read(&home.path().join("data/journal")).expect("readable").expect("a ledger");
    assert_eq!(ledger.confirmed, None);
}

#[tokio::test]
async fn a_flipped_bit_in_a_segments_header_counts_nothing_twice() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    load.answers(200).await;
    let tally = load.stop().await;
    all_counted(&service, &secret, &tally).await;
    service.kill();
    assert_eq!(service.end(), None);
    let [path] = home.segments().try_into().expect("the segment that was being written");
    change(&path, |bytes| bytes[NAME + random_below(HEADER - NAME)] ^= 1 << random_below(8));

    let service = settled(&home, home.serve(&BEHIND_A_PROXY), &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.lost, balance.doubled), (0, 0));
}

/// Damages a journal of so many segments, starts the service on it and lets visitors come. `damage`
/// tells how many clicks it destroyed; exactly those are lost. Returns how many bytes the service
/// found damaged.
async fn recover_from(segments: usize, damage: impl FnOnce(&[Segment]) -> u64) -> u64 {
    let home = Home::new();
    let before = Unsettled::new(&home, segments).await;
    let destroyed = damage(&before.segments);

    let service = home.serve(&BEHIND_A_PROXY);
    let load = Load::start(LoadPlan::new(service.socket(), &before.codes, 8));
    load.answers(200).await;
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    service.until_tens("entries_settled_total", before.clicks() - destroyed + tally.answered()).await;
    let damaged_bytes = service.metric("journal_damaged_bytes_total").await;
    assert_eq!(service.metric("entries_shed_total").await, 0);
    let said = service.log().lines().any(|line| line.contains("ERROR") && line.contains("damaged"));
    assert_eq!(said, damaged_bytes > 0, "{}", service.log());

    let service = settled(&home, service, &BEHIND_A_PROXY);
    let loads: Vec<_> = before.segments.iter().map(|segment| &segment.tally).chain([&tally]).collect();
    let balance = balance(&service, &before.secret, &loads).await;
    println!("{destroyed} clicks destroyed, {damaged_bytes} bytes damaged");
    assert_eq!((balance.lost, balance.doubled), (destroyed, 0));
    damaged_bytes
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("a segment");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("written");
}
