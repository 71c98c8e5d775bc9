//! Two instances on one Redis, each with a journal of its own, under load.

use std::time::{Duration, Instant};

use entrenous::clock::Clock;
use jiff::SignedDuration;
use serde_json::json;

use crate::installation::{Installation, instance};
use crate::program::Service;
use crate::publisher::{Publisher, Visitor, Way};
use crate::redis::RedisServer;

/// How often each kind of change is made.
const ROUNDS: usize = 3;
/// An expiry lies so far in the future: it has to be there when the change arrives, also on a busy
/// machine.
const EXPIRY: SignedDuration = SignedDuration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_count_as_one_and_see_each_others_changes_within_a_second() {
    let redis = RedisServer::start();
    as_one(&redis.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_neither_publish_nor_subscribe_does_without_the_news() {
    let redis = RedisServer::start();
    as_one(&redis.url_without_news()).await;
}

async fn as_one(url: &str) {
    let installation = Installation::start(url).await;
    let (other, _home) = instance(url);
    let load = installation.load(&[&other]).await;
    for round in 0..ROUNDS {
        let slowest = changes(&installation, &installation.service, &other, &format!("a{round}")).await;
        let back = changes(&installation, &other, &installation.service, &format!("b{round}")).await;
        println!("changes were seen after {slowest:.1?} at most, in the other direction {back:.1?}");
    }
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    installation.counts_are_those_of(&tally).await;
}

/// Makes a link at one instance, changes it in every way, and returns how long it took at most
/// until the other one did as it should.
async fn changes(installation: &Installation, here: &Service, there: &Service, code: &str) -> Duration {
    let publisher = Publisher::at(here, &installation.secret);
    let (here, there) = (Visitor::at(here), Visitor::at(there));
    let to = |path: &str| Way::To(format!("https://example.com/{path}"));
    let mut slowest = Duration::ZERO;
    // Both have looked, so both remember that there is no such link.
    assert_eq!((here.finds(code).await, there.finds(code).await), (Way::End(404), Way::End(404)));
    publisher.make(code, "https://example.com/1").await;
    let mut expected = to("1");
    let steps = [
        (json!({ "disabled": true }), Way::End(410)),
        (json!({ "disabled": false }), to("1")),
        (json!({ "url": "https://example.com/2" }), to("2")),
    ];
    for (change, then) in steps {
        slowest = slowest.max(there.sees(code, &expected).await);
        assert_eq!(here.finds(code).await, expected, "at once where it was changed");
        publisher.change(code, change).await;
        expected = then;
    }
    slowest = slowest.max(there.sees(code, &expected).await);

    let end = Clock::system().now() + EXPIRY;
    let left = || Duration::try_from(end - Clock::system().now()).unwrap_or_default();
    publisher.change(code, json!({ "expires_at": end.to_string() })).await;
    tokio::time::sleep(left()).await;
    let expired = Instant::now();
    slowest = slowest.max(there.sees_since(expired, code, &Way::End(410)).await);
    assert_eq!(here.finds(code).await, Way::End(410));

    publisher.delete(code).await;
    slowest = slowest.max(there.sees(code, &Way::End(404)).await);
    assert_eq!(here.finds(code).await, Way::End(404));
    publisher.make(code, "https://example.com/3").await;
    slowest = slowest.max(there.sees(code, &to("3")).await);
    assert_eq!(here.finds(code).await, to("3"));
    slowest
}
