//! Redis is away for half a minute, in each way that we know, while visitors come.
//!
//! Links that were opened before go on forwarding as fast as before, and afterwards every click and
//! every visitor is counted exactly.

use std::time::{Duration, Instant};

use ::redis::{Client, Cmd, Connection, cmd};
use tempfile::TempDir;

use crate::cut_proxy::CutProxy;
use crate::installation::Installation;
use crate::redis::RedisServer;

/// How long Redis is away.
const OUTAGE: Duration = Duration::from_secs(30);
/// The stretch before and after it with which it is compared.
const AROUND: Duration = Duration::from_secs(6);
/// Who would wait for the store would wait for longer than this.
const SOON: Duration = Duration::from_millis(100);
/// Between two disturbances of one outage.
const PAUSE: Duration = Duration::from_millis(20);

/// A test's Redis, which keeps what it answered.
struct Redis {
    server: RedisServer,
    _dir: TempDir,
}

impl Redis {
    fn start() -> Self {
        let dir = TempDir::new().expect("a folder for redis-server");
        Self { server: RedisServer::start_persistent(dir.path()), _dir: dir }
    }

    fn connection(&self) -> Connection {
        Client::open(self.server.url()).and_then(|client| client.get_connection()).expect("a connection")
    }

    fn ask(&self, command: &Cmd) {
        command.exec(&mut self.connection()).expect("done");
    }
}

/// Visitors come to the service on `url`; after a while `begin`, half a minute later `end`.
async fn outage<R>(url: &str, redis: &mut R, begin: impl AsyncFnOnce(&mut R), end: impl FnOnce(&mut R)) {
    let installation = Installation::start(url).await;
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
    // A machine that is busy with other tests makes everything slow, before, during and after.
    let usual = before.p99.max(after.p99);
    assert!(during.p99 <= SOON.max(3 * usual), "p99 is {usual:?}, and {:?} without Redis", during.p99);
    installation.counts_are_those_of(&tally, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_dead() {
    let mut redis = Redis::start();
    let url = redis.server.url();
    outage(&url, &mut redis, async |redis| redis.server.kill(), |redis| redis.server.restart()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_silent() {
    let mut redis = Redis::start();
    let url = redis.server.url();
    outage(&url, &mut redis, async |redis| redis.server.pause(), |redis| redis.server.resume()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_a_redis_that_tells_no_news_is_silent() {
    let mut redis = Redis::start();
    let url = redis.server.url_without_news();
    outage(&url, &mut redis, async |redis| redis.server.pause(), |redis| redis.server.resume()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_answers_of_redis_are_cut_in_the_middle() {
    let redis = Redis::start();
    let mut proxy = CutProxy::start(redis.server.port());
    let url = proxy.redis_url();
    outage(&url, &mut proxy, async |proxy| proxy.cut(), |proxy| proxy.pass()).await;
    println!("{} answers were cut", proxy.cuts());
    assert!(proxy.cuts() > 50, "{} answers were cut", proxy.cuts());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_is_full() {
    let mut redis = Redis::start();
    let url = redis.server.url();
    let most = |bytes: u32| cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).clone();
    let fill = async |redis: &mut Redis| {
        redis.ask(cmd("CONFIG").arg("SET").arg("maxmemory-policy").arg("noeviction"));
        redis.ask(&most(1));
        let refused = cmd("SET").arg("a").arg("b").exec(&mut redis.connection());
        assert_eq!(refused.expect_err("it is full").code(), Some("OOM"));
    };
    outage(&url, &mut redis, fill, |redis| redis.ask(&most(0))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_links_forward_while_redis_forgets_its_scripts_again_and_again() {
    let mut redis = Redis::start();
    let url = redis.server.url();
    let flush = async |redis: &mut Redis| {
        let began = Instant::now();
        let mut connection = redis.connection();
        while began.elapsed() < OUTAGE {
            cmd("SCRIPT").arg("FLUSH").exec(&mut connection).expect("flushed");
            tokio::time::sleep(PAUSE).await;
        }
    };
    outage(&url, &mut redis, flush, |_| ()).await;
}
