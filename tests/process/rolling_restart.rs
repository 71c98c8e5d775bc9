//! Two instances behind nginx are restarted one after the other while visitors come: nobody sees it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::installation::wait_for_room;
use crate::load::{Load, LoadPlan};
use crate::nginx::Nginx;
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service, serve};
use crate::publisher::Publisher;
use crate::redis::RedisServer;

/// So many answers come before the first restart, between two, and after the last.
const ANSWERS: u64 = 300;
/// Clicks in a second.
const PER_SECOND: u32 = 150;
const LINKS: usize = 20;
/// How many people open each link, again and again.
const VISITORS: u32 = 80;
/// For how long an instance takes visitors after it was told to end.
const DRAIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_behind_nginx_fails_no_request_and_every_click_counts_once() {
    wait_for_room().await;
    let redis = RedisServer::start();
    let homes = [Home::new(), Home::new()];
    let mut instances: Vec<Service> =
        homes.iter().map(|home| start(home, &redis.url(), "127.0.0.1:0")).collect();
    let secret = instances[0].printed_key("ens_sk_").expect("a key");
    let codes = instances[0].codes(&secret, LINKS).await;
    let addresses: Vec<SocketAddr> = instances.iter().map(Service::socket).collect();
    let folder = Home::new();
    let nginx = Nginx::start(folder.path(), &addresses);
    let load = Load::start(LoadPlan {
        per_second: Some(PER_SECOND),
        visitors: Some(VISITORS),
        ..LoadPlan::new(nginx.address(), &codes, 8)
    });
    load.answers(ANSWERS).await;
    for (home, address) in homes.iter().zip(&addresses) {
        let old = instances.remove(0);
        assert_eq!(old.socket(), *address);
        let told = Instant::now();
        old.terminate();
        drains(&old).await;
        assert_eq!(old.end(), Some(0));
        assert!(told.elapsed() >= DRAIN, "{:?}", told.elapsed());
        println!("an instance ended after {:?}", told.elapsed());
        let new = start(home, &redis.url(), &address.to_string());
        // nginx leaves an instance out for a while after a failure.
        new.until("entries_recorded_total", 1).await;
        instances.push(new);
        load.answers(ANSWERS).await;
    }
    let tally = load.stop().await;
    println!("{tally}");
    tally.assert_nothing_failed();
    let began = Instant::now();
    let publisher = Publisher::at(&instances[0], &secret);
    for link in &tally.links {
        let sent = (link.answered, link.visitors.len() as u64);
        let mut counted = publisher.counted(&link.code).await;
        while counted != sent {
            assert!(counted.0 <= sent.0, "{} counts twice: {counted:?} of {sent:?}", link.code);
            assert!(began.elapsed() < DEADLINE, "{}: {counted:?} of {sent:?}", link.code);
            tokio::time::sleep(PAUSE).await;
            counted = publisher.counted(&link.code).await;
        }
    }
}

/// Starts an instance that drains as an operator's does.
fn start(home: &Home, store: &str, address: &str) -> Service {
    let drain = format!("server.drain_seconds={}", DRAIN.as_secs());
    let settings = ["--set", "journal.sync=os", "--set", &drain, "--set", "stats.min_count=1"];
    serve(home.command(&[&BEHIND_A_PROXY[..], &settings, &["--store", store, "--listen", address]].concat()))
}

/// Waits until an instance says that it is about to end.
async fn drains(service: &Service) {
    let began = Instant::now();
    loop {
        let ready = reqwest::get(format!("{}/readyz", service.base)).await.expect("it still listens");
        if ready.status() == StatusCode::SERVICE_UNAVAILABLE {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "/readyz says nothing before the end");
        tokio::time::sleep(PAUSE).await;
    }
}
