//! Pages that stay open: told of what another instance counts, and in nobody's way when the service ends.

use std::time::{Duration, Instant};

use reqwest::{Client, redirect};

use crate::events::Events;
use crate::installation::instance;
use crate::program::{BEHIND_A_PROXY, Home, Service};
use crate::redis::RedisServer;

/// A burst is seen within this.
const SOON: Duration = Duration::from_secs(2);
/// A service with nothing to do ends within this. It would wait 20 seconds for a connection.
const END: Duration = Duration::from_secs(5);

/// A browser that is signed in at an instance.
async fn signed_in(service: &Service, secret: &str) -> Client {
    let browser = Client::builder().redirect(redirect::Policy::none()).cookie_store(true);
    let browser = browser.build().expect("a client");
    let form = [("name", ""), ("secret", secret)];
    let answer = browser.post(format!("{}/stats/sign-in", service.base)).form(&form).send().await;
    assert_eq!(answer.expect("an answer").status(), 303);
    browser
}

/// The stream of a link at an instance, after what it tells of the present.
async fn follow(service: &Service, browser: &Client, code: &str) -> Events {
    let mut events = Events::open(browser, &format!("{}/stats/live?link={code}", service.base)).await;
    events.changed().await.expect("what there is now");
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_at_one_instance_are_told_at_another_within_two_seconds() {
    let redis = RedisServer::start();
    let (here, _home) = instance(&redis.url());
    let (there, _other_home) = instance(&redis.url());
    let secret = here.printed_key("ens_sk_").expect("a key");
    let code = here.code(&secret).await;
    let browser = signed_in(&there, &secret).await;
    let mut events = follow(&there, &browser, &code).await;
    for round in 0..3 {
        for visitor in 0..20 {
            here.click(&code, &format!("192.0.{round}.{visitor}")).await.expect("an answer");
        }
        let clicked = Instant::now();
        assert!(events.tells_within(SOON).await, "not told after {SOON:?}");
        println!("told after {:?}", clicked.elapsed());
        // It may have been told in parts.
        while events.tells_within(SOON).await {}
    }
}

#[tokio::test]
async fn open_streams_do_not_hold_up_the_end() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    let (browser, mut streams) = (signed_in(&service, &secret).await, Vec::new());
    for _ in 0..20 {
        streams.push(follow(&service, &browser, &code).await);
    }
    let told = Instant::now();
    service.terminate();
    for events in &mut streams {
        assert_eq!(events.changed().await, None, "the stream ends");
    }
    drop(streams);
    assert_eq!(service.end(), Some(0));
    println!("the end took {:?}", told.elapsed());
    assert!(told.elapsed() < END, "{:?}", told.elapsed());
}
