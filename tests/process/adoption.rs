//! `entrenous doctor`: what it sees, and what an operator's decision holds for.

use std::path::{Path, PathBuf};
use std::time::Instant;

use entrenous::journal::Ledger;

use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service};

const ADOPT: [&str; 2] = ["doctor", "--adopt-store"];
/// Adds to the newest segment only.
const CLICKS: u64 = 20;

fn database(home: &Home) -> PathBuf {
    home.path().join("data/entrenous.db")
}

/// What `/readyz?all` says.
async fn all(service: &Service) -> String {
    let answer = reqwest::get(format!("{}/readyz?all", service.base)).await.expect("an answer");
    answer.text().await.expect("a text")
}

async fn until_told(service: &Service, fault: &str, lasts: bool) {
    let began = Instant::now();
    while all(service).await.contains(fault) != lasts {
        assert!(began.elapsed() < DEADLINE, "{fault}: not {lasts}: {}", all(service).await);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn clicks(service: &Service, secret: &str, code: &str, before: u64) {
    for _ in 0..CLICKS {
        assert!(service.click(code, "192.0.2.1").await.expect("an answer").is_redirection());
    }
    service.counted_at_least(secret, code, before + CLICKS).await;
}

fn ended(service: Service) {
    service.terminate();
    assert_eq!(service.end(), Some(0));
}

/// An installation that is stopped, with clicks in its store, and an older copy of that.
async fn with_a_backup(home: &Home) -> (String, String, PathBuf) {
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    ended(service);
    let backup = home.path().join("backup.db");
    std::fs::copy(database(home), &backup).expect("a copy");
    let service = home.serve(&BEHIND_A_PROXY);
    clicks(&service, &secret, &code, 0).await;
    ended(service);
    (secret, code, backup)
}

fn put_back(home: &Home, backup: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", database(home).display()));
    }
    std::fs::copy(backup, database(home)).expect("put back");
}

#[tokio::test]
async fn a_decision_that_is_older_than_a_loss_does_not_hold_for_it() {
    let home = Home::new();
    let (secret, code, backup) = with_a_backup(&home).await;
    // Nothing is wrong yet.
    assert_eq!(home.run(&ADOPT).code, Some(0));
    put_back(&home, &backup);
    let service = home.serve(&BEHIND_A_PROXY);
    until_told(&service, "store_rolled_back", true).await;
    let began = Instant::now();
    while !service.log().contains("was not followed") {
        assert!(began.elapsed() < DEADLINE, "nothing is said of the decision: {}", service.log());
        tokio::time::sleep(PAUSE).await;
    }
    assert!(all(&service).await.contains("store_rolled_back"), "{}", all(&service).await);
    assert_eq!(service.counted(&secret, &code).await.0, 0, "nothing is settled");

    // Now the operator knows.
    assert_eq!(home.run(&ADOPT).code, Some(0));
    until_told(&service, "store_rolled_back", false).await;
    clicks(&service, &secret, &code, 0).await;
}

#[tokio::test]
async fn a_decision_outlives_a_service_that_is_killed_before_it_follows() {
    let home = Home::new();
    let (secret, code, backup) = with_a_backup(&home).await;
    put_back(&home, &backup);
    let service = home.serve(&BEHIND_A_PROXY);
    until_told(&service, "store_rolled_back", true).await;
    assert_eq!(home.run(&ADOPT).code, Some(0));
    service.kill();
    assert_eq!(service.end(), None);
    let service = home.serve(&BEHIND_A_PROXY);
    until_told(&service, "store_rolled_back", false).await;
    clicks(&service, &secret, &code, 0).await;
    assert!(!home.path().join("data/journal/adopt").exists(), "it is followed once");
}

#[tokio::test]
async fn a_segment_that_is_made_after_a_decision_is_not_among_those_that_it_covers() {
    let home = Home::new();
    let (secret, code, backup) = with_a_backup(&home).await;
    put_back(&home, &backup);
    let mut service = home.serve(&BEHIND_A_PROXY);
    until_told(&service, "store_rolled_back", true).await;
    assert_eq!(home.run(&ADOPT).code, Some(0));
    until_told(&service, "store_rolled_back", false).await;
    let covered = || {
        let ledger = Ledger::read(&home.path().join("data/journal")).expect("readable").expect("a ledger");
        ledger.adopted
    };
    let adopted = covered();
    for round in 0..2 {
        clicks(&service, &secret, &code, round * CLICKS).await;
        for segment in home.segments() {
            let name = segment.file_stem().expect("a name").to_string_lossy().into_owned();
            let place: u64 = name.parse().expect("a place");
            assert!(place > adopted, "the segment {place}, and up to {adopted} are covered");
        }
        // No place is used again after a restart either.
        service.kill();
        assert_eq!(service.end(), None);
        service = home.serve(&BEHIND_A_PROXY);
    }
}

#[tokio::test]
async fn doctor_sees_what_the_store_lacks_though_the_journal_still_has_it() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    ended(service);
    let backup = home.path().join("backup.db");
    std::fs::copy(database(&home), &backup).expect("a copy");
    let service = home.serve(&BEHIND_A_PROXY);
    clicks(&service, &secret, &code, 0).await;
    service.kill();
    assert_eq!(service.end(), None);
    assert_eq!(home.run(&["doctor"]).code, Some(0));
    put_back(&home, &backup);
    let looked = home.run(&["doctor"]);
    assert_eq!(looked.code, Some(1), "{}", looked.text);
    assert!(looked.errors.contains("lacks up to 20 counts"), "{}", looked.errors);
}

#[test]
fn doctor_makes_no_store_where_there_is_none() {
    let home = Home::new();
    let looked = home.run(&["doctor"]);
    assert_eq!(looked.code, Some(1), "{}", looked.text);
    assert!(looked.errors.contains("there is no file data/entrenous.db"), "{}", looked.errors);
    assert!(!database(&home).exists());
}

#[tokio::test]
async fn a_ledger_that_goes_with_its_folder_is_written_again() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    clicks(&service, &secret, &code, 0).await;
    let journal = home.path().join("data/journal");
    let before = Ledger::read(&journal).expect("readable").expect("a ledger");
    std::fs::remove_dir_all(&journal).expect("removed");
    let began = Instant::now();
    while !journal.join("ledger").exists() {
        assert!(began.elapsed() < DEADLINE, "the ledger is not written again");
        assert!(service.click(&code, "192.0.2.1").await.expect("an answer").is_redirection());
        tokio::time::sleep(PAUSE).await;
    }
    service.kill();
    assert_eq!(service.end(), None);
    assert_eq!(Ledger::read(&journal).expect("readable").expect("a ledger").store, before.store);
    let other = home.serve(&["--store", "sqlite:data/other.db"]);
    until_told(&other, "store_foreign", true).await;
}
