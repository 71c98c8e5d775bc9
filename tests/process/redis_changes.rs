//! What others change in Redis while one instance cannot reach it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cut_proxy::CutProxy;
use crate::installation::{Installation, instance};
use crate::publisher::{Publisher, Visitor, Way};
use crate::redis::RedisServer;

/// How long the instance is on its own.
const OUTAGE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_during_an_outage_is_seen_within_a_second_of_its_end() {
    let redis = RedisServer::start();
    let proxy = CutProxy::start(redis.port());
    let installation = Installation::start(&proxy.redis_url()).await;
    let (other, _home) = instance(&redis.url());
    let publisher = Publisher::at(&other, &installation.secret);
    let (cut_off, connected) = (Visitor::unasked_at(&installation.service), Visitor::unasked_at(&other));
    let to = |path: &str| Way::To(format!("https://example.com/{path}"));
    let links = ["disabled", "moved", "deleted", "same"];
    for code in links {
        publisher.make(code, &format!("https://example.com/{code}")).await;
        assert_eq!(cut_off.look(code).await, to(code));
    }
    let load = installation.load(&[]).await;
    // By now the news of their making have been told, during which nothing is remembered.
    for code in links {
        assert_eq!(cut_off.look(code).await, to(code));
    }

    let began = Instant::now();
    proxy.cut();
    // The connections that it had break with the next answer.
    while proxy.cuts() < 5 {
        assert!(began.elapsed() < OUTAGE, "nothing was cut");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    publisher.change("disabled", json!({ "disabled": true })).await;
    publisher.change("moved", json!({ "url": "https://example.com/elsewhere" })).await;
    publisher.delete("deleted").await;
    let now = [Way::End(410), to("elsewhere"), Way::End(404), to("same")];
    for (code, way) in links.iter().zip(&now) {
        assert_eq!(connected.look(code).await, *way);
    }
    while began.elapsed() < OUTAGE {
        // That a link is not there fits into the few bytes that still pass, so this may be known.
        for code in links.into_iter().filter(|code| *code != "deleted") {
            assert_eq!(cut_off.look(code).await, to(code), "what it knew goes on");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    proxy.pass();
    let back = Instant::now();
    let seen = links.iter().zip(&now).map(|(code, way)| cut_off.sees_since(back, code, way));
    let seen = futures_util::future::join_all(seen).await;
    println!("{} answers were cut; then the changes were seen after {seen:.1?}", proxy.cuts());
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    installation.counts_are_those_of(&tally).await;
}
