//! The whole service on a free port, on a store of its own, with a clock that the test moves.
//!
//! Tests talk to it over a socket, as clients and visitors do.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test crate uses a part")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use entrenous::app::Application;
use entrenous::clock::{Clock, Reading};
use entrenous::domain::channel::Channels;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::destination::HostRule;
use entrenous::domain::link::LinkChange;
use entrenous::domain::min_count::MinCounts;
use entrenous::domain::site::{OriginRule, Site, SiteId};
use entrenous::service::accounts::sites::Sites;
use entrenous::service::metrics::Metrics;
use entrenous::settings::Settings;
use entrenous::store::{Store, StoreUrl};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::redis::{RedisCluster, RedisServer};

/// An ordinary browser.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
/// A bot that fetches link previews.
pub(crate) const WHATSAPP: &str = "WhatsApp/2.24.17.79 A";

const DEADLINE: Duration = Duration::from_secs(20);

/// Which store the service is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Redis,
    /// A Redis that has everything again after it was killed.
    PersistentRedis,
    Cluster,
}

/// Makes one test on each store of an `async fn(Backend)`.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name(crate::service::Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_redis() {
                super::$name(crate::service::Backend::Redis).await;
            }
        }
    )+};
}
pub(crate) use on_every_store;

/// The servers and the folder that outlive a restart of the service.
struct Ground {
    dir: TempDir,
    store_url: String,
    redis: Option<RedisServer>,
    _cluster: Option<RedisCluster>,
}

impl Ground {
    fn new(backend: Backend) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let redis = match backend {
            Backend::Redis => Some(RedisServer::start()),
            Backend::PersistentRedis => {
                let own = dir.path().join("redis");
                std::fs::create_dir(&own).expect("a folder");
                Some(RedisServer::start_persistent(&own))
            }
            Backend::Sqlite | Backend::Cluster => None,
        };
        let cluster = (backend == Backend::Cluster).then(RedisCluster::start);
        let store_url = match (&redis, &cluster) {
            (Some(redis), _) => redis.url(),
            (_, Some(cluster)) => cluster.url(),
            _ => format!("sqlite:{}", dir.path().join("entrenous.db").display()),
        };
        Self { dir, store_url, redis, _cluster: cluster }
    }
}

/// A running service with one site, whose keys the test has.
pub(crate) struct Service {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) publishable: String,
    pub(crate) secret: String,
    /// The identifiers of the sites whose keys the test has.
    sites: Arc<Mutex<Vec<(String, SiteId)>>>,
    clock: Arc<AtomicI64>,
    /// By how much the clock jumped while the machine was up, in milliseconds.
    jumped: Arc<AtomicI64>,
    /// How far its clock is ahead of that of the store, where the store has one of its own.
    ahead: Option<SignedDuration>,
    settings: Vec<(String, String)>,
    ground: Ground,
    running: Option<Running>,
    metrics: Option<Arc<Metrics>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Service {
    /// Starts a service that publishes every number and believes the loopback's forwarded-for
    /// headers, with a site `test` for any destination and the origin `https://page.example`.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// The same with settings of the test's own.
    pub(crate) async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let mut service = Self::prepare(backend, settings);
        let (publishable, secret) = service.site("test", |_| {}).await;
        (service.publishable, service.secret) = (publishable, secret);
        service.run().await;
        service
    }

    /// Starts a service for the first time, on an empty store: it makes the site to try things on
    /// by itself, and the test gets the keys that it would print.
    pub(crate) async fn first_start(settings: &[(&str, &str)]) -> Self {
        let mut service = Self::prepare(Backend::Sqlite, settings);
        service.run().await;
        assert!(!service.secret.is_empty(), "a first start makes a site");
        let site =
            Sites::new(service.store().await).by_name("default").await.expect("sites").expect("a site");
        service.sites.lock().expect("no panic").push((site.name, site.id));
        service
    }

    /// The same where the trial's site has the k of the setting, as that of an operator who changed it on an earlier day.
    pub(crate) async fn first_start_with_min_count(min_count: &str) -> Self {
        let mut service = Self::first_start(&[("stats.min_count", min_count)]).await;
        let k = service.min_count();
        let sites = Sites::new(service.store().await);
        sites.change("default", |site| site.min_count = k.clone()).await.expect("sites").expect("the site");
        // What it knew of the site is another one.
        service.restart().await;
        service
    }

    fn prepare(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let ground = Ground::new(backend);
        let journal = ground.dir.path().join("journal").display().to_string();
        let own = [
            ("server.listen", "127.0.0.1:0"),
            ("server.workers", "2"),
            ("server.trusted_proxies", "127.0.0.1"),
            ("server.drain_seconds", "0"),
            ("server.shutdown_timeout_seconds", "5"),
            ("store.url", &ground.store_url),
            ("journal.dir", &journal),
            ("journal.sync", "os"),
            ("journal.keep_seconds", "1"),
            ("stats.min_count", "1"),
            ("limits.create_per_minute", "0"),
            ("limits.reserve_per_minute", "0"),
            ("limits.miss_per_minute", "0"),
            ("limits.count_per_minute", "0"),
            ("limits.sign_in_per_minute", "0"),
        ];
        let settings: Vec<_> =
            own.iter().chain(settings).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let now = "2026-11-21T12:00:00Z".parse::<Timestamp>().expect("a time");
        Self {
            base: String::new(),
            client,
            publishable: String::new(),
            secret: String::new(),
            sites: Arc::default(),
            clock: Arc::new(AtomicI64::new(now.as_millisecond())),
            jumped: Arc::default(),
            ahead: None,
            settings,
            ground,
            running: None,
            metrics: None,
        }
    }

    /// Starts another instance on the same store, with the same clock and settings and a journal of its own.
    pub(crate) async fn beside(&self) -> Self {
        self.another(None).await
    }

    /// Starts another instance, on a machine whose clock is so far ahead of the store's, which is the first one's.
    pub(crate) async fn beside_ahead(&self, ahead: SignedDuration) -> Self {
        self.another(Some(ahead)).await
    }

    async fn another(&self, ahead: Option<SignedDuration>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let journal = dir.path().join("journal").display().to_string();
        let mut settings = self.settings.clone();
        settings.push(("journal.dir".to_owned(), journal));
        let store_url = self.ground.store_url.clone();
        let mut other = Self {
            base: String::new(),
            client: self.client.clone(),
            publishable: self.publishable.clone(),
            secret: self.secret.clone(),
            sites: Arc::clone(&self.sites),
            clock: Arc::clone(&self.clock),
            jumped: Arc::clone(&self.jumped),
            ahead,
            settings,
            ground: Ground { dir, store_url, redis: None, _cluster: None },
            running: None,
            metrics: None,
        };
        other.run().await;
        other
    }

    async fn run(&mut self) {
        let settings = self.settings();
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, address) = mpsc::channel();
        let clock = self.clock();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let mut application =
                    Application::build(settings, Channels::built_in(), clock).await.expect("a service");
                let mut shown = None;
                let show = |keys| {
                    shown = Some(keys);
                    Ok(())
                };
                assert!(application.make_first_site(show).await.expect("a first site"));
                started.send((application.address(), application.metrics(), shown)).expect("the test waits");
                let mut stopped = Some(stopped);
                let stop = async || match stopped.take() {
                    Some(stopped) => drop(stopped.await),
                    None => std::future::pending().await,
                };
                application.run_until_stopped(stop).await.expect("a clean end");
            });
        });
        let address = tokio::task::spawn_blocking(move || address.recv_timeout(DEADLINE));
        let (address, metrics, keys) = address.await.expect("no panic").expect("the service starts in time");
        if let Some(keys) = keys {
            keys.publishable.reveal().clone_into(&mut self.publishable);
            keys.secret.reveal().clone_into(&mut self.secret);
        }
        self.base = format!("http://{address}");
        self.metrics = Some(metrics);
        self.running = Some(Running { stop, thread });
    }

    fn clock(&self) -> Clock {
        let (now, jumped) = (Arc::clone(&self.clock), Arc::clone(&self.jumped));
        let time = move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).expect("a time");
        let of_store = time.clone();
        let ahead = self.ahead.unwrap_or_default();
        let clock = Clock::from_readings(move || {
            let (time, jumped) = (time(), SignedDuration::from_millis(jumped.load(Ordering::Relaxed)));
            Reading { wall: time + ahead, uptime: time.duration_since(Timestamp::UNIX_EPOCH) - jumped }
        });
        if self.ahead.is_some() { clock.with_store_time(of_store) } else { clock }
    }

    /// Moves the service's clock, which jumps: the machine is not up for longer or shorter by that.
    pub(crate) fn jump_to(&self, time: &str) {
        let time: Timestamp = time.parse().expect("a time");
        let before = self.clock.load(Ordering::Relaxed);
        self.jumped.fetch_add(time.as_millisecond() - before, Ordering::Relaxed);
        self.clock.store(time.as_millisecond(), Ordering::Relaxed);
    }

    /// Moves the service's clock, as time passes: the machine is up for as much longer.
    pub(crate) fn set_time(&self, time: &str) {
        let time: Timestamp = time.parse().expect("a time");
        self.clock.store(time.as_millisecond(), Ordering::Relaxed);
    }

    /// The service's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// The service's time, so many seconds later.
    pub(crate) fn in_seconds(&self, seconds: i64) -> String {
        (self.now() + SignedDuration::from_secs(seconds)).to_string()
    }

    /// The folder of the service's files.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.ground.dir.path()
    }

    /// Stops the service as SIGTERM does, and waits for its end.
    pub(crate) async fn stop(&mut self) {
        let Some(Running { stop, thread }) = self.running.take() else { return };
        let _ = stop.send(());
        let ended = tokio::task::spawn_blocking(move || thread.join());
        ended.await.expect("no panic").expect("the service ends cleanly");
    }

    /// Stops the service and starts it again on the same store and journal.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// The service's store, opened a second time.
    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let url = StoreUrl::parse(&self.ground.store_url).expect("a store's address");
        entrenous::store::open(&url, None).await.expect("the store")
    }

    /// The k of the sites that the test makes: what the setting is.
    fn min_count(&self) -> MinCounts {
        MinCounts::always(self.settings().stats.min_count)
    }

    fn settings(&self) -> Settings {
        Settings::read("/nowhere".as_ref(), &self.settings).expect("settings")
    }

    /// Makes a site as the command line does; returns its publishable and its secret key.
    pub(crate) async fn site(&self, name: &str, configure: impl FnOnce(&mut Site)) -> (String, String) {
        let mut site = Site {
            id: SiteId::random(),
            name: name.to_owned(),
            destinations: vec![HostRule::parse("*").expect("a rule")],
            origins: vec![OriginRule::parse("https://page.example").expect("an origin")],
            consent: None,
            utm: false.into(),
            stripping: entrenous::domain::stripping::Stripping::default(),
            forward_query: false,
            lineage: false,
            min_count: self.min_count(),
            public: false,
            badges: false,
            revision: 0,
            created_at: Timestamp::UNIX_EPOCH,
            keys: Vec::new(),
        };
        configure(&mut site);
        let (site, keys) = Sites::new(self.store().await).create(site, self.now()).await.expect("a site");
        self.sites.lock().expect("no panic").push((site.name, site.id));
        (keys.publishable.reveal().to_owned(), keys.secret.reveal().to_owned())
    }

    /// A request to a path of the service.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// A request with the secret key.
    pub(crate) fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&self.secret)
    }

    /// Makes a link and returns its body.
    pub(crate) async fn link(&self, body: Value) -> Value {
        self.link_of(&self.secret, body).await
    }

    /// Makes a link with a key of the test's choice.
    pub(crate) async fn link_of(&self, key: &str, body: Value) -> Value {
        let response = self.request(Method::POST, "/api/v1/links").bearer_auth(key).json(&body).send().await;
        let response = response.expect("an answer");
        let status = response.status();
        let body = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body
    }

    /// Makes a link to `https://example.com/` by WhatsApp and returns its code.
    pub(crate) async fn code(&self) -> String {
        code(&self.link(json!({ "url": "https://example.com/", "channel": "whatsapp" })).await)
    }

    /// A browser's request for a link.
    pub(crate) fn visit(&self, code: &str) -> RequestBuilder {
        self.request(Method::GET, &format!("/{code}"))
            .header("user-agent", FIREFOX)
            .header("accept", "text/html")
    }

    /// A robot's request for a link.
    pub(crate) fn fetch(&self, code: &str, user_agent: &str) -> RequestBuilder {
        self.request(Method::GET, &format!("/{code}")).header("user-agent", user_agent)
    }

    /// The identifier of the site of this name, as it stands in the name of its cookie.
    pub(crate) fn site_id(&self, name: &str) -> SiteId {
        let sites = self.sites.lock().expect("no panic");
        sites.iter().find(|(found, _)| found == name).expect("a site of the test").1.clone()
    }

    /// The consent cookie of the site of this name, over plain http.
    pub(crate) fn consent(&self, name: &str, answer: &str) -> String {
        format!("consent-{}={answer}", self.site_id(name))
    }

    /// The cookies of a browser whose person has allowed every site to count.
    pub(crate) fn granted(&self) -> String {
        self.cookies("g1")
    }

    /// The cookies of a browser whose person has refused that to every site.
    pub(crate) fn denied(&self) -> String {
        self.cookies("d1")
    }

    fn cookies(&self, answer: &str) -> String {
        let sites = self.sites.lock().expect("no panic");
        let cookies =
            sites.iter().map(|(_, id)| format!("consent-{id}={answer}; __Host-consent-{id}={answer}"));
        cookies.collect::<Vec<_>>().join("; ")
    }

    /// A browser's request whose person granted consent, from an address.
    pub(crate) async fn click(&self, code: &str, address: &str) -> Response {
        let request = self.visit(code).header("cookie", self.granted()).header("x-forwarded-for", address);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::FOUND);
        response
    }

    /// Lets so many people open a link, each so often and each from a network of their own. Where k is 5, 30 are enough
    /// for a number of their own, whatever is drawn, and as many as its rounding leaves.
    pub(crate) async fn crowd(&self, code: &str, people: u8, each: u8) {
        for person in 0..people {
            for _ in 0..each {
                self.click(code, &format!("198.18.{person}.1")).await;
            }
        }
        self.settled().await;
    }

    /// A link's statistics for the present day, when everything recorded is settled.
    pub(crate) async fn stats(&self, code: &str) -> Value {
        self.settled().await;
        self.get(&format!("/api/v1/links/{code}/stats")).await
    }

    /// The JSON that a path answers with the secret key.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.api(Method::GET, path).send().await.expect("an answer");
        let status = response.status();
        let body = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Waits until everything that was recorded is in the store.
    pub(crate) async fn settled(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.metric("entries_recorded_total").await != self.metric("entries_settled_total").await {
            assert!(Instant::now() < deadline, "not everything was settled in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until every day before the service's present one is closed.
    pub(crate) async fn days_closed(&self) {
        let midnight = u64::try_from(Day::of(self.now()).start().as_second()).expect("after 1970");
        let deadline = Instant::now() + DEADLINE;
        while self.metric("closed_before_timestamp_seconds").await != midnight {
            assert!(Instant::now() < deadline, "the days were not closed in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Moves the clock to an earlier day, when no closing of later days is under way any more.
    pub(crate) async fn go_back_to(&self, time: &str) {
        self.days_closed().await;
        self.set_time(time);
        self.days_closed().await;
    }

    /// The keys of what tells a link's visitors apart in a Redis. (SQLite has them in memory only;
    /// the store's own tests search its file.)
    pub(crate) async fn visitor_sets(&self, code: &str) -> Vec<String> {
        let Some(redis) = &self.ground.redis else { return Vec::new() };
        let client = ::redis::Client::open(redis.url()).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
        let keys: Vec<String> =
            ::redis::cmd("KEYS").arg("ens:v:*").query_async(&mut connection).await.expect("keys");
        let mut found = Vec::new();
        for key in keys {
            // Where a set is too large for that, its link is in the key's name.
            let links: Vec<String> =
                ::redis::cmd("HKEYS").arg(&key).query_async(&mut connection).await.unwrap_or_default();
            let is_there = |text: &String| text.contains(&format!("/{code}."));
            if is_there(&key) || links.iter().any(is_there) {
                found.push(key);
            }
        }
        found
    }

    /// The Redis server under the service, to be stopped and started.
    pub(crate) fn redis(&mut self) -> &mut RedisServer {
        self.ground.redis.as_mut().expect("a service on Redis")
    }

    /// The address and port of the service.
    pub(crate) fn address(&self) -> &str {
        self.base.strip_prefix("http://").expect("its own address")
    }

    /// The port of the service.
    pub(crate) fn port(&self) -> &str {
        self.address().rsplit_once(':').expect("its own address").1
    }

    /// Takes a link down for abuse.
    pub(crate) async fn take_down(&self, code: &str) {
        let change = LinkChange { taken_down: Some(true), ..LinkChange::default() };
        let (code, today) = (Code::parse(code).expect("a code"), Day::of(self.now()));
        self.store().await.change_link(&code, change, today).await.expect("changed").expect("a link");
    }

    /// How long the journal's segments are together.
    pub(crate) fn journal_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.dir().join("journal")).expect("a folder").flatten();
        let segments = files.filter(|file| file.path().extension().is_some_and(|e| e == "journal"));
        segments.map(|file| file.metadata().map_or(0, |data| data.len())).sum()
    }

    /// One of the service's metrics, exactly: what is told rounds visits.
    #[expect(clippy::unused_async, reason = "tests of a process ask over a socket, and are written alike")]
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics.as_ref().expect("the service runs");
        let text = metrics.encode_exactly().expect("text");
        let name = format!("entrenous_{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap_or_else(|| panic!("no metric {name}in {text}")).parse().expect("a number")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Its thread ends by itself shortly; the next test need not wait.
        if let Some(Running { stop, .. }) = self.running.take() {
            let _ = stop.send(());
        }
    }
}

/// The code in a link's body.
pub(crate) fn code(link: &Value) -> String {
    link["code"].as_str().expect("a code").to_owned()
}

/// The totals `[unfurls, clicks, visitors, opens]` in a link's statistics.
pub(crate) fn totals(stats: &Value) -> [Option<u64>; 4] {
    ["unfurls", "clicks", "visitors", "opens"].map(|name| stats["totals"][name].as_u64())
}

/// Sends a request whose answer must be a problem as RFC 9457 and the product have it.
pub(crate) async fn refused(request: RequestBuilder, status: u16, code: &str) -> Value {
    problem(request.send().await.expect("an answer"), status, code).await
}

/// The body of an answer that must be a problem as RFC 9457 and the product have it.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    let (found, path) = (response.status().as_u16(), response.url().path().to_owned());
    let media_type = response.headers().get("content-type").cloned();
    let text = response.text().await.expect("text");
    assert_eq!(found, status, "{path}: {text}");
    assert_eq!(media_type.expect("a media type"), "application/problem+json", "{path}");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&body["status"], &body["code"]), (&json!(status), &json!(code)), "{path}: {body}");
    for name in ["type", "title", "detail"] {
        assert!(body[name].as_str().is_some_and(|text| !text.is_empty()), "{path}: {name} in {body}");
    }
    body
}

/// Returns the names in a 422's `invalid_params`, each of which must come with a code and a reason.
pub(crate) fn wrong_names(problem: &Value) -> Vec<&str> {
    let params = problem["invalid_params"].as_array().expect("invalid_params");
    let has = |param: &Value, name: &str| param[name].as_str().is_some_and(|text| !text.is_empty());
    assert!(params.iter().all(|param| has(param, "code") && has(param, "reason")), "{problem}");
    params.iter().map(|param| param["name"].as_str().expect("a name")).collect()
}
