//! Redis is away for half a minute, in each way that we know, while visitors come.
//!
//! Links that were opened before go on forwarding as fast as before, and afterwards every click and
//! every visitor is counted exactly.

use std::time::{Duration, Instant};

use ::redis::{Client, Connection, cmd};
use tempfile::TempDir;

use crate::cut_proxy::CutProxy;
use crate::installation::{Installation, LINKS};
use crate::load::Tally;
use crate::redis::RedisServer;

/// How long Redis is away.
const OUTAGE: Duration = Duration::from_secs(30);
/// The stretch before and after it with which it is compared.
const AROUND: Duration = Duration::from_secs(6);
/// Who would wait for the store would wait for longer than this.
const SOON: Duration = Duration::from_millis(200);
/// Of so many links, hardly one was read in the third of a second before the outage: where no news is
/// told, it may have been changed since.
const SELDOM: usize = 200;
/// However busy the machine is, hardly anybody waits for longer.
const LATE: Duration = Duration::from_millis(750);
/// Between two disturbances of one outage.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks a test's Redis over a connection of its own.
fn connection(redis: &RedisServer) -> Connection {
    Client::open(redis.url()).and_then(|client| client.get_connection()).expect("a connection")
}

/// Visitors come to the service on `url`; after a while `begin`, half a minute later `end`. Returns how
/// often Redis took no counts.
async fn outage<R>(
    url: &str,
    links: usize,
    redis: &mut R,
    begin: impl AsyncFnOnce(&mut R),
    end: impl FnOnce(&mut R),
) -> u64 {
    let installation = Installation::with(url, links).await;
    let load = installation.load(&[]).await;
    let start = Instant::now();
    tokio::time::sleep(AROUND).await;
    let away = Instant::now();
    begin(redis).await;
    tokio::time::sleep(OUTAGE.saturating_sub(away.elapsed())).await;
    let back = Instant::now();
    end(redis);
    tokio::time::sleep(AROUND).await;
    let over = Instant::now();
    let tally = load.stop().await;

    let before = tally.latencies_between(start, away);
    let during = tally.latencies_between(away, back);
    let after = tally.latencies_between(back, over);
    println!("before: {before}\nduring: {during}\nafter:  {after}");
    tally.assert_nothing_failed();
    // A machine that is busy with other tests makes everything slow now and then: that is seen in some
    // seconds, and who waits for the store in most of them.
    let usual = before.p99.max(after.p99);
    let without = usual_second(&tally, away, back);
    println!("in half of the seconds without Redis, p99 is {without:.1?} at most");
    assert!(without <= SOON.max(usual), "p99 is {usual:?}, and {without:?} in a second without Redis");
    assert!(during.p99 <= LATE.max(3 * usual), "p99 is {usual:?}, and {:?} without Redis", during.p99);
    let failures = installation.service.metric("settle_failures_total").await;
    println!("{failures} times, Redis took no counts");
    installation.counts_are_those_of(&tally).await;
    failures
}

/// The median of each second's p99.
fn usual_second(tally: &Tally, from: Instant, to: Instant) -> Duration {
    let second = Duration::from_secs(1);
    let begins = std::iter::successors(Some(from), |begin| Some(*begin + second));
    let seconds = begins.take_while(|begin| *begin + second <= to);
    let mut p99: Vec<_> = seconds.map(|begin| tally.latencies_between(begin, begin + second).p99).collect();
    p99.sort_unstable();
    p99[p99.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_dead() {
    let dir = TempDir::new().expect("a folder for redis-server");
    let mut redis = RedisServer::start_persistent(dir.path());
    let url = redis.url();
    let failures = outage(&url, LINKS, &mut redis, async |redis| redis.kill(), RedisServer::restart);
    assert!(failures.await > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_silent() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let failures = outage(&url, LINKS, &mut redis, async |redis| redis.pause(), |redis| redis.resume());
    assert!(failures.await > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_a_redis_that_tells_no_news_is_silent() {
    let mut redis = RedisServer::start();
    let url = redis.url_without_news();
    let failures = outage(&url, SELDOM, &mut redis, async |redis| redis.pause(), |redis| redis.resume());
    assert!(failures.await > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_answers_of_redis_are_cut_in_the_middle() {
    let redis = RedisServer::start();
    let mut proxy = CutProxy::start(redis.port());
    let url = proxy.redis_url();
    let failures = outage(&url, LINKS, &mut proxy, async |proxy| proxy.cut(), |proxy| proxy.pass());
    assert!(failures.await > 3);
    println!("{} answers were cut", proxy.cuts());
    assert!(proxy.cuts() > 10, "{} answers were cut", proxy.cuts());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_full() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let set = |redis: &RedisServer, name: &str, value: &str| {
        cmd("CONFIG").arg("SET").arg(name).arg(value).exec(&mut connection(redis)).expect("set");
    };
    let fill = async |redis: &mut RedisServer| {
        set(redis, "maxmemory-policy", "noeviction");
        set(redis, "maxmemory", "1");
        let refused = cmd("SET").arg("a").arg("b").exec(&mut connection(redis));
        assert_eq!(refused.expect_err("it is full").code(), Some("OOM"));
    };
    let failures = outage(&url, LINKS, &mut redis, fill, |redis| set(redis, "maxmemory", "0"));
    assert!(failures.await > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_forgets_its_scripts_again_and_again() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    let flush = async |redis: &mut RedisServer| {
        let (began, mut connection) = (Instant::now(), connection(redis));
        while began.elapsed() < OUTAGE {
            cmd("SCRIPT").arg("FLUSH").exec(&mut connection).expect("flushed");
            tokio::time::sleep(PAUSE).await;
        }
    };
    outage(&url, LINKS, &mut redis, flush, |_| ()).await;
    let calls: String = cmd("INFO").arg("commandstats").query(&mut connection(&redis)).expect("figures");
    let whole = calls.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")?.split(',').next());
    println!("scripts were sent again {whole:?} times");
    assert!(whole.is_some_and(|calls| calls.parse::<u32>().is_ok_and(|calls| calls > 5)));
}
