//! Counts that a failover of Redis loses, of links that are gone when they are settled again: of one that somebody deleted
//! nothing is told, and of one that was lost, too, it is told until an operator has decided, over a restart as well.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::redis_keys::{of_partition, partition, record, tag};
use crate::service::{Backend, Service};

/// For how long what was settled is kept: long enough for what happens before it is settled again.
const SETTINGS: [(&str, &str); 1] = [("journal.keep_seconds", "4")];
const CLICKS: u64 = 3;
const DEADLINE: Duration = Duration::from_mins(1);

/// A service with a link whose clicks its Redis has lost again, as in a failover.
async fn after_a_failover() -> (Service, String) {
    let mut service = Service::start_with(Backend::Redis, &SETTINGS).await;
    let code = service.code().await;
    for number in 1..=CLICKS {
        service.click(&code, &format!("192.0.2.{number}")).await;
    }
    service.settled().await;
    let key = of_partition("p", partition(&code));
    let fields = service.redis().ask(&format!("HKEYS {key}"));
    let is_journal = |line: &&str| !line.starts_with(['*', '$']) && *line != "store";
    for journal in fields.lines().filter(is_journal) {
        assert!(service.redis().ask(&format!("HDEL {key} {journal}")).starts_with(":1"));
    }
    let parts = service.redis().ask(&format!("KEYS ens:c:{{{}}}:*", tag(partition(&code))));
    let part = parts.lines().find(|line| line.starts_with("ens:")).expect("it was counted").to_owned();
    assert!(service.redis().ask(&format!("DEL {part}")).starts_with(":1"));
    (service, code)
}

/// What `/readyz?all` says.
async fn all(service: &Service) -> String {
    let answer = service.request(Method::GET, "/readyz?all").send().await.expect("an answer");
    answer.text().await.expect("a text")
}

/// Waits until `/readyz?all` has a text, or has it no longer.
async fn until_told(service: &Service, text: &str, lasts: bool) {
    let began = Instant::now();
    while all(service).await.contains(text) != lasts {
        assert!(began.elapsed() < DEADLINE, "{text}: not {lasts}: {}", all(service).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the clicks were settled again and their segment is gone.
async fn settled_again(service: &Service) {
    let began = Instant::now();
    while service.metric("entries_gone_total").await < CLICKS || service.journal_bytes() > 0 {
        assert!(began.elapsed() < DEADLINE, "nothing is settled again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn of_a_link_that_was_deleted_before_its_lost_clicks_are_settled_again_nothing_is_told() {
    let (service, code) = after_a_failover().await;
    let deleted =
        service.api(Method::DELETE, &format!("/api/v1/links/{code}")).send().await.expect("an answer");
    assert_eq!(deleted.status().as_u16(), 204);
    settled_again(&service).await;
    assert!(!all(&service).await.contains("store_rolled_back"), "{}", all(&service).await);
}

#[tokio::test]
async fn how_many_counts_went_with_lost_links_is_told_over_a_restart() {
    let (mut service, code) = after_a_failover().await;
    assert!(service.redis().ask(&format!("DEL {}", record(&code))).starts_with(":1"));
    until_told(&service, "with 3 counts that it had confirmed", true).await;
    service.restart().await;
    until_told(&service, "store_rolled_back", true).await;
    assert!(all(&service).await.contains("with 3 counts that it had confirmed"), "{}", all(&service).await);
}
