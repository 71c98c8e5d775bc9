//! The journal's disk is full: visitors are forwarded all the same, what could not be
//! recorded is told, and what comes later is recorded again.

use std::path::PathBuf;

use crate::balance::{balance, settled};
use crate::disk::Disk;
use crate::load::{Load, LoadPlan, Tally};
use crate::program::{BEHIND_A_PROXY, Home, Service, tens};
use crate::unsettled::{StoreLock, Unsettled};

/// So many clicks show that something goes on.
const CLICKS: u64 = 200;
/// About the bytes of a click in the journal.
const RECORD: u64 = 50;
/// What the log says of a disk that refuses, and of one that does no more.
const REFUSED: &str = "the journal cannot be written";
const WRITABLE: &str = "this is over fault=\"journal_unwritable\"";

#[tokio::test]
async fn on_a_read_only_disk_the_start_is_refused_with_its_reason_and_old_clicks_are_counted_later() {
    let home = Home::new();
    let disk = Disk::mount(&journal(&home), 4_096);
    let before = Unsettled::new(&home, 1).await;
    disk.read_only();
    let refused = home.run(&["--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(1), "{}", refused.errors);
    for part in ["journal.dir", "data/journal", "Read-only"] {
        assert!(refused.errors.contains(part), "{part} is missing: {}", refused.errors);
    }

    disk.writable();
    let service = settled(&home, home.serve(&BEHIND_A_PROXY), &BEHIND_A_PROXY);
    let balance = balance(&service, &before.secret, &[&before.segments[0].tally]).await;
    assert_eq!((balance.counted, balance.doubled), (before.clicks(), 0));
}

#[tokio::test]
async fn a_second_process_on_a_journal_folder_is_refused_even_when_its_files_were_removed() {
    let home = Home::new();
    let service = home.serve(&[]);
    for file in std::fs::read_dir(journal(&home)).expect("a folder") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    let second = home.run(&["--listen", "127.0.0.1:0", "--store", "sqlite:data/other.db"]);
    assert_eq!(second.code, Some(1), "{}", second.errors);
    assert!(second.errors.contains("another process"), "{}", second.errors);
    drop(service);
}

#[tokio::test]
async fn a_second_process_on_an_sqlite_file_is_refused() {
    let home = Home::new();
    let service = home.serve(&[]);
    let second = home.run(&["--listen", "127.0.0.1:0", "--set", "journal.dir=data/other"]);
    assert_eq!(second.code, Some(1), "{}", second.errors);
    for part in ["store.url", "another process"] {
        assert!(second.errors.contains(part), "{part} is missing: {}", second.errors);
    }
    drop(service);
}

#[tokio::test]
async fn on_a_full_disk_visitors_are_forwarded_and_recorded_again_when_there_is_room() {
    let home = Home::new();
    let disk = Disk::mount(&journal(&home), 1_024);
    disk.fill_but(64);
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    // What the store takes is deleted from the journal, so it takes nothing.
    let lock = StoreLock::new(&home);
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    service.until("entries_shed_total", CLICKS).await;
    let before = service.metric("entries_recorded_total").await;
    assert!(before >= CLICKS, "{before} were recorded before the disk was full");

    disk.free();
    service.until("entries_recorded_total", before + CLICKS).await;
    drop(lock);
    let tally = load.stop().await;
    assert!(logged(&service).1 >= 1, "{}", service.log());
    let recorded = recorded(&service, &tally).await;

    let service = settled(&home, service, &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((tens(balance.counted), balance.doubled), (recorded, 0));
}

#[tokio::test]
async fn when_the_store_is_on_the_full_disk_too_visitors_are_forwarded_and_counted_again_later() {
    let home = Home::new();
    let disk = Disk::mount(&home.path().join("data"), 2_048);
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    load.answers(CLICKS).await;
    disk.fill_but(0);
    service.until("entries_shed_total", CLICKS).await;
    let before = service.metric("entries_recorded_total").await;

    disk.free();
    service.until("entries_recorded_total", before + CLICKS).await;
    let tally = load.stop().await;
    let recorded = recorded(&service, &tally).await;

    let service = settled(&home, service, &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((tens(balance.counted), balance.doubled), (recorded, 0));
}

#[tokio::test]
async fn a_disk_that_is_full_of_settled_clicks_has_room_again() {
    let home = Home::new();
    let _disk = Disk::mount(&journal(&home), 64);
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 16).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    // Twice as many as have room on it.
    service.until("entries_recorded_total", 2 * (64 << 10) / RECORD).await;
    let tally = load.stop().await;
    assert!(logged(&service).0 >= 1, "the disk was never full");
    let recorded = recorded(&service, &tally).await;

    let service = settled(&home, service, &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((tens(balance.counted), balance.doubled), (recorded, 0));
}

fn journal(home: &Home) -> PathBuf {
    home.path().join("data/journal")
}

/// How often the service said that the disk refuses, and that it does no more.
fn logged(service: &Service) -> (usize, usize) {
    let lines = |text| service.log().lines().filter(|line| line.contains(text)).count();
    (lines(REFUSED), lines(WRITABLE))
}

/// How many clicks of a load were recorded: no visitor saw anything of it, and the others were told.
async fn recorded(service: &Service, tally: &Tally) -> u64 {
    tally.assert_nothing_failed();
    let recorded = service.metric("entries_recorded_total").await;
    let shed = service.metric("entries_shed_total").await;
    println!("{} answered, {recorded} recorded, {shed} shed, told in tens", tally.answered());
    let untold = tally.answered() - recorded - shed;
    assert!(untold < 20, "{untold} clicks were neither recorded nor shed");
    recorded
}
