//! Days are closed on Redis while the service is killed, while another instance does the same, and while a master of a
//! Cluster ends: whatever was clicked is there once afterwards, on its own day, and nothing else is left anywhere in Redis.

use std::time::{Duration, Instant};

use ::redis::{Client, Connection};
use entrenous::clock::Clock;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::site::SiteId;
use entrenous::store::{Store, StoreUrl, open_to_serve};

use crate::load::{Load, LoadPlan, Tally};
use crate::past_days::PastDays;
use crate::program::{DEADLINE, Home, Service, serve};
use crate::random::random_below;
use crate::redis::{RedisCluster, RedisServer};
use crate::redis_search::search;
use crate::site_counts::SiteCountsOf;

/// So many that closing them takes a while, and many steps on each level.
const PAST: PastDays = PastDays { links: 5_000, pages: 1_300, days: 3 };
/// With it, all that is counted becomes cells, and exact ones.
const K: MinCount = MinCount::EXACT;
/// How often the service has to be killed in the middle of its work.
const KILLS: u64 = 6;
/// The links that are opened today meanwhile.
const LINKS: usize = 12;
const AT_ONCE: usize = 8;
const PER_SECOND: u32 = 150;
/// Seconds within which a failover may lose what was confirmed: where there is one, and where there is none (any more).
const LONG: u16 = 20;
const SHORT: u16 = 2;
const PAUSE: Duration = Duration::from_millis(2);

/// A store with days that are over, and links of today.
struct Scene {
    url: String,
    home: Home,
    site: SiteId,
    codes: Vec<String>,
    today: Day,
    keep: u16,
}

/// How many links' counts of past days there are.
fn whole() -> u64 {
    u64::from(PAST.links) * u64::from(PAST.days)
}

impl Scene {
    async fn set(url: &str, keep: u16) -> Self {
        let home = Home::new();
        let service = start(&home, url, keep);
        let secret = service.printed_key("ens_sk_").expect("a key");
        let codes = service.codes(&secret, LINKS).await;
        service.terminate();
        assert_eq!(service.end(), Some(0));
        let today = Day::of(Clock::system().now());
        let site = PAST.fill(url, today).await;
        Self { url: url.to_owned(), home, site, codes, today, keep }
    }

    fn start(&self) -> Service {
        start(&self.home, &self.url, self.keep)
    }

    fn load(&self, service: &Service) -> Load {
        let plan = LoadPlan::new(service.socket(), &self.codes, AT_ONCE);
        Load::start(LoadPlan { per_second: Some(PER_SECOND), ..plan })
    }

    /// How many links' counts of past days have no cell yet.
    fn left(&self, server: &RedisServer) -> u64 {
        let days = (1..=i32::from(PAST.days)).map(|ago| self.today.plus(-ago).number());
        let ask = |day| server.ask(&format!("HLEN ens:x:{{{}}}:{day}", self.site));
        let number = |answer: String| answer.lines().next()?.strip_prefix(':')?.parse::<u64>().ok();
        let there: u64 = days.map(|day| number(ask(day)).expect("a number")).sum();
        whole().saturating_sub(there)
    }

    /// Waits until the closing of a past day is in this stage.
    fn wait_for(&self, server: &RedisServer, stage: &str) {
        let (began, day) = (Instant::now(), self.today.plus(-1).number());
        let ask = || server.ask(&format!("HGET ens:z:{{{}}} c{day}", self.site));
        while !ask().contains(stage) {
            assert!(began.elapsed() < 2 * DEADLINE, "it is never {stage}: {}", ask());
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until at most so many are left.
    fn wait_until(&self, server: &RedisServer, most: u64) {
        let began = Instant::now();
        while self.left(server) > most {
            assert!(began.elapsed() < 2 * DEADLINE, "{} are left", self.left(server));
            std::thread::sleep(PAUSE);
        }
    }

    async fn until_closed(&self, service: &Service) {
        let midnight = u64::try_from(self.today.start().as_second()).expect("after 1970");
        service.until("closed_before_timestamp_seconds", midnight).await;
    }

    async fn store(&self) -> std::sync::Arc<dyn Store> {
        let (url, keep) =
            (StoreUrl::parse(&self.url).expect("an address"), Duration::from_secs(SHORT.into()));
        open_to_serve(&url, None, keep).await.expect("a store")
    }

    /// Takes the part of an instance until nothing is left to be done, and then looks through everything.
    async fn assert_exact(&self, servers: &[&RedisServer]) {
        let store = self.store().await;
        let began = Instant::now();
        let mut nodes: Vec<Connection> = servers.iter().map(|server| connect(server)).collect();
        let found = loop {
            close(&*store, self.today).await;
            let found = search(&mut nodes, self.today.number(), K.get());
            if found.small.is_empty() {
                break found;
            }
            assert!(
                began.elapsed() < DEADLINE,
                "{} small ones, such as {}",
                found.small.len(),
                found.small[0]
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        println!("  nothing else is left {:.1?} after the end", began.elapsed());
        let (clicks, unfurls) = PAST.clicks_and_unfurls();
        assert_eq!((found.cells, found.pools, found.weeks), ([clicks, clicks, 0, unfurls], [0; 4], [0; 4]));
        let counts = store.site_counts(&self.site, self.today.plus(-30), self.today.plus(-1)).await;
        let counts = counts.expect("counts");
        for ago in 1..=i32::from(PAST.days) {
            let day = self.today.plus(-ago);
            let of_day = counts.rows.iter().filter(|row| row.day == day).map(|row| &row.counts.cells);
            let sum = of_day
                .fold([0, 0], |[clicks, unfurls], cells| [clicks + cells.clicks, unfurls + cells.unfurls]);
            assert_eq!(sum, [clicks, unfurls].map(|all| all / u64::from(PAST.days)), "{day}");
            assert!(counts.closed.has(day, K.get()));
        }
    }

    /// Asserts that today's answered clicks are there, and none twice.
    async fn assert_balance(&self, tally: &Tally) {
        println!("  {tally}");
        let (store, began) = (self.store().await, Instant::now());
        for link in &tally.links {
            let code = Code::parse(&link.code).expect("a code");
            loop {
                let counts = store.link_counts(&code, self.today, self.today).await.expect("counts");
                let clicks: u64 = counts.days.values().map(|day| day.all().clicks).sum();
                assert_eq!(link.doubled(clicks), 0, "clicks of {} count twice", link.code);
                if link.lost(clicks) == 0 {
                    break;
                }
                assert!(began.elapsed() < DEADLINE, "{} clicks are lost", link.lost(clicks));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Closes what is due, as far as that can be done now.
async fn close(store: &dyn Store, today: Day) {
    for (day, site) in store.days_to_close(today).await.unwrap_or_default() {
        // A node may be away.
        let _ = store.close_day(&site, day, K).await;
    }
}

fn start(home: &Home, url: &str, keep: u16) -> Service {
    let numbers = [format!("journal.keep_seconds={keep}"), format!("stats.min_count={K}")];
    let (proxy, sync, drain) =
        ("server.trusted_proxies=127.0.0.1", "journal.sync=os", "server.drain_seconds=0");
    let settings = [proxy, sync, drain, &numbers[0], &numbers[1]];
    let settings = settings.into_iter().flat_map(|setting| ["--set", setting]);
    let place = ["--listen", "127.0.0.1:0", "--store", url];
    serve(home.command(&place.into_iter().chain(settings).collect::<Vec<_>>()))
}

fn connect(server: &RedisServer) -> Connection {
    let client = Client::open(server.url()).expect("an address");
    client.get_connection().expect("a connection")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_while_days_are_closed_on_redis_under_load_loses_no_click_and_counts_none_twice() {
    let redis = RedisServer::start();
    let scene = Scene::set(&redis.url(), SHORT).await;
    let whole = scene.left(&redis);
    assert_eq!(whole, self::whole());

    let mut service = scene.start();
    let load = scene.load(&service);
    for kill in 0..KILLS {
        // Anywhere in the work that is left, but not so late that none would be left for the next time.
        let (most, least) = (scene.left(&redis), whole * (KILLS - 1 - kill) / KILLS);
        let chance = random_below(usize::try_from(most.saturating_sub(least).max(1)).expect("few"));
        scene.wait_until(&redis, least + chance as u64);
        std::thread::sleep(Duration::from_micros(random_below(20_000) as u64));
        service.kill();
        assert_eq!(service.end(), None);
        println!("killed with {} of {whole} counts of links still open", scene.left(&redis));
        service = scene.start();
        load.aim_at(&[service.socket()]);
    }
    scene.until_closed(&service).await;
    load.answers(u64::from(PER_SECOND)).await;
    let tally = load.stop().await;
    scene.assert_balance(&tally).await;
    service.terminate();
    assert_eq!(service.end(), Some(0));
    scene.assert_exact(&[&redis]).await;
    scene.assert_balance(&tally).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_close_the_same_days_on_redis_at_once_count_nothing_twice() {
    let redis = RedisServer::start();
    let scene = Scene::set(&redis.url(), SHORT).await;
    let home = Home::new();
    let (one, other) = (scene.start(), start(&home, &scene.url, SHORT));
    scene.until_closed(&one).await;
    scene.until_closed(&other).await;
    for service in [one, other] {
        assert_eq!(service.metric("closing_failures_total").await, 0);
        service.terminate();
        assert_eq!(service.end(), Some(0));
    }
    scene.assert_exact(&[&redis]).await;
}

/// When a master of a Cluster ends, and from when on its replica has got nothing of what it took.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// That the day is closed, and that partitions count nothing more for it.
    OfTheBeginning,
    /// Cells that were put together.
    OfCells,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_of_a_cluster_that_ends_when_closings_have_begun_costs_no_click_and_counts_none_twice() {
    lose(Loss::OfTheBeginning).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_of_a_cluster_that_ends_while_days_are_closed_costs_no_click_and_counts_none_twice() {
    lose(Loss::OfCells).await;
}

async fn lose(loss: Loss) {
    let mut cluster = RedisCluster::start_with_replicas();
    let scene = Scene::set(&cluster.url(), LONG).await;
    cluster.wait_until_copied();
    // The one with the site's days, and with a third of the links.
    let master = cluster.master_of(cluster.slot(&format!("{{{}}}", scene.site)));
    let replica = cluster.replica_of(master);
    // From here on its replica gets nothing of what it takes.
    let cut_off = || {
        cluster.node(replica).pause();
        assert!(cluster.node(master).ask("CLIENT KILL TYPE replica").starts_with(":1"));
    };
    if loss == Loss::OfTheBeginning {
        cut_off();
    }
    let service = scene.start();
    let load = scene.load(&service);
    // An instance that looks more often at what is due than the service does.
    let (url, keep) = (StoreUrl::parse(&scene.url).expect("an address"), Duration::from_secs(LONG.into()));
    let other = open_to_serve(&url, None, keep).await.expect("a store");
    let today = scene.today;
    let closing = tokio::spawn(async move {
        loop {
            close(&*other, today).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let node = cluster.node(master);
    match loss {
        Loss::OfTheBeginning => tokio::task::block_in_place(|| scene.wait_for(node, "frozen")),
        Loss::OfCells => tokio::task::block_in_place(|| {
            scene.wait_until(node, whole() - 1);
            cut_off();
            scene.wait_until(node, whole() / 2);
        }),
    }
    let left = scene.left(node);
    assert!(left > 0, "it was done before its master could be killed");
    cluster.kill(master);
    cluster.node(replica).resume();
    cluster.wait_for_promotion(replica);
    let again = scene.left(cluster.node(replica)).saturating_sub(left);
    println!("  {left} of {} had no cell yet, and {again} have none again at the new master", whole());
    load.answers(u64::from(PER_SECOND)).await;
    scene.until_closed(&service).await;
    let tally = load.stop().await;
    tally.assert_nothing_failed();
    scene.assert_balance(&tally).await;
    service.terminate();
    assert_eq!(service.end(), Some(0));
    closing.abort();
    let masters: Vec<usize> = (0..3).map(|third| cluster.master_of(5_461 * third + 1)).collect();
    let masters: Vec<&RedisServer> = masters.into_iter().map(|number| cluster.node(number)).collect();
    scene.assert_exact(&masters).await;
    scene.assert_balance(&tally).await;
}
