//! What is never stored, logged or exported: a visitor with unmistakable values goes through every
//! route of the real binary at its most talkative, and then everything that it left is searched.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::redis::Value as RedisValue;
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::redis::RedisServer;
use crate::service::code;

const DEADLINE: Duration = Duration::from_secs(30);

const ADDRESS: &str = "198.51.100.173";
const ADDRESS_V6: &str = "2001:db8:5ea7:c0de:1234:5678:9abc:def1";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0 Zebrafish/73.19";
const PREVIEW: &str = "WhatsApp/2.24.17.79 A Okapi/88.21";
const REFERRER: &str = "https://diary.referrer.example/wombat-page";
const QUERY: &str = "fbclid=quokka-4711";
const COOKIE: &str = "tracker=axolotl-0815";
const PATH: &str = "narwhal-path";

/// The binary, running.
struct Binary {
    child: Child,
    base: String,
    /// Where its metrics are.
    metrics: String,
    publishable: String,
    secret: String,
    /// All that it wrote, to either stream.
    output: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Binary {
    fn start(dir: &Path, store: &str) -> Self {
        let settings = [
            "server.listen=127.0.0.1:0".to_owned(),
            "metrics.listen=127.0.0.1:0".to_owned(),
            "server.trusted_proxies=127.0.0.1".to_owned(),
            "server.workers=2".to_owned(),
            "server.drain_seconds=0".to_owned(),
            format!("store.url={store}"),
            format!("journal.dir={}", dir.join("journal").display()),
            "stats.min_count=1".to_owned(),
            "log.level=trace".to_owned(),
        ];
        let mut child = Command::new(env!("CARGO_BIN_EXE_entrenous"))
            .arg("--config")
            .arg(dir)
            .args(settings.iter().flat_map(|setting| ["--set", setting.as_str()]))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take().expect("piped");
        let readers = vec![collect(stdout, &output), collect(stderr, &output)];
        let (base, metrics, publishable, secret) = Default::default();
        let mut binary = Self { child, base, metrics, publishable, secret, output, readers };
        let deadline = Instant::now() + DEADLINE;
        while binary.base.is_empty() {
            let text = binary.written();
            let word = |before: &str| {
                let rest = text.split_once(before)?.1;
                rest.split_once('\n').map(|(word, _)| word.trim().to_owned())
            };
            let words = [word("publishable key"), word("secret key"), word("Entrenous is ready to try at ")];
            let metrics = text.split_once("metrics=127.0.0.1:").and_then(|(_, rest)| {
                rest.split(|letter: char| !letter.is_ascii_digit()).next().map(str::to_owned)
            });
            if let ([Some(publishable), Some(secret), Some(base)], Some(port)) = (words, metrics) {
                (binary.publishable, binary.secret) = (publishable, secret);
                binary.metrics = format!("http://127.0.0.1:{port}");
                base.trim_end_matches('/').clone_into(&mut binary.base);
            }
            assert!(Instant::now() < deadline, "the binary does not start: {text}");
            std::thread::sleep(Duration::from_millis(10));
        }
        binary
    }

    fn written(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().expect("no panic")).into_owned()
    }

    /// Ends it as an operator does, and returns all that it wrote.
    fn stop(mut self) -> Vec<u8> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("the command kill").success());
        let deadline = Instant::now() + DEADLINE;
        while self.child.try_wait().expect("its own child").is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        for reader in self.readers.drain(..) {
            reader.join().expect("no panic");
        }
        self.output.lock().expect("no panic").clone()
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: impl Read + Send + 'static, output: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            output.lock().expect("no panic").append(&mut line);
        }
    })
}

/// Everything that would give the visitor away, and what to call it in a failure.
fn forbidden() -> Vec<(String, Vec<u8>)> {
    let words =
        ["Zebrafish", "Okapi", "wombat", "quokka", "axolotl", "narwhal", ADDRESS, ADDRESS_V6, "5ea7:c0de"];
    let mut all: Vec<_> = words.iter().map(|word| ((*word).to_owned(), word.as_bytes().to_vec())).collect();
    let v4 = ADDRESS.parse::<std::net::Ipv4Addr>().expect("an address").octets();
    let v6 = ADDRESS_V6.parse::<std::net::Ipv6Addr>().expect("an address").octets();
    let both = format!("{ADDRESS}{AGENT}");
    let mut values: Vec<(&str, &[u8])> =
        vec![("IPv4", &v4), ("IPv6", &v6), ("IPv6 /64", &v6[..8]), ("both", both.as_bytes())];
    for text in [ADDRESS, ADDRESS_V6, AGENT, PREVIEW, REFERRER, QUERY, COOKIE] {
        values.push((text, text.as_bytes()));
    }
    for (name, value) in values {
        // A hash without a key is as good as the value: whoever guesses can check.
        let hash = Sha256::digest(value);
        let hex = base16ct::lower::encode_string;
        all.push((format!("SHA-256 of {name} in hex"), hex(&hash[..8]).into_bytes()));
        all.push((format!("SHA-256 of {name}"), hash[..8].to_vec()));
        all.push((format!("{name} in hex"), hex(value).into_bytes()));
        if name.starts_with("IP") {
            all.push((format!("the bytes of {name}"), value.to_vec()));
        }
    }
    all
}

fn search(place: &str, bytes: &[u8]) {
    let lower = bytes.to_ascii_lowercase();
    for (name, value) in forbidden() {
        let found =
            [bytes, &lower].into_iter().any(|bytes| bytes.windows(value.len()).any(|window| window == value));
        assert!(!found, "{name} is in {place}");
    }
}

/// Searches every file below a folder; returns how many there were.
fn search_files(dir: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files += search_files(&path);
        } else if let Ok(bytes) = std::fs::read(&path) {
            // One that went meanwhile has nothing left.
            search(&path.display().to_string(), &bytes);
            files += 1;
        }
    }
    files
}

/// The visitor: a request with everything that one can tell.
fn visitor(client: &Client, method: Method, url: &str, agent: &str, address: &str) -> RequestBuilder {
    let glue = if url.contains('?') { '&' } else { '?' };
    client
        .request(method, format!("{url}{glue}{QUERY}"))
        .header("user-agent", agent)
        .header("referer", REFERRER)
        .header("x-forwarded-for", address)
        .header("accept", "text/html")
}

/// Every route, some that may come, and addresses that are none; `PATH` tells its visitor.
const PATHS: [&str; 44] = [
    "/seen",
    "/seen+",
    "/seen/consent",
    "/",
    "/try",
    "/privacy",
    "/privacy/consent",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/style.css",
    "/stats",
    "/stats/seen",
    "/stats/sign-in",
    "/stats/sign-out",
    "/stats/people",
    "/stats/sessions",
    "/stats/sessions/end",
    "/stats/views",
    "/stats/shared/PATH",
    "/stats/public/PATH",
    "/seen/badge.svg",
    "/api/v1/views",
    "/api/v1/views/PATH",
    "/stats/new",
    "/stats/kit/seen",
    "/stats/kit/seen/links.csv",
    "/stats/kit/seen/qr.zip",
    "/stats/live",
    "/api/v1/links",
    "/api/v1/links/bulk",
    "/api/v1/links/seen",
    "/api/v1/links/seen/stats",
    "/api/v1/stats",
    "/share/whatsapp",
    "/share.js",
    "/api/openapi.json",
    "/robots.txt",
    "/favicon.ico",
    "/.well-known/gpc.json",
    "/PATH",
    "/api/v1/links/PATH",
    "/stats/PATH",
    "/a/PATH/c",
];

/// What is shown to whoever has the key.
const EXPORTS: [&str; 21] = [
    "/metrics",
    "/stats",
    "/stats/seen",
    "/stats/seen.csv",
    "/stats/seen.json",
    "/stats/people",
    "/stats/sessions",
    "/stats/views",
    "/api/v1/views",
    "/stats/new",
    "/stats/kit/seen",
    "/stats/kit/seen/links.csv",
    "/stats/kit/seen/qr.zip",
    "/api/v1/links",
    "/api/v1/links/seen",
    "/api/v1/links/seen/stats",
    "/api/v1/links/seen/stats?format=csv",
    "/api/v1/stats?group_by=channel",
    "/api/v1/stats?group_by=page",
    "/api/v1/stats?group_by=campaign",
    "/api/v1/stats?group_by=day",
];

fn browser() -> Client {
    let client = Client::builder().redirect(redirect::Policy::none()).cookie_store(true);
    client.build().expect("a client")
}

/// Makes a link, drives the visitor through everything, and returns what was exported then.
async fn drive(binary: &Binary) -> Vec<(&'static str, Vec<u8>)> {
    let (client, base) = (browser(), &binary.base);
    let body = json!({ "url": "https://example.com/", "channel": "whatsapp", "slug": "seen" });
    let made =
        client.post(format!("{base}/api/v1/links")).bearer_auth(&binary.secret).json(&body).send().await;
    assert_eq!(code(&made.expect("an answer").json::<Value>().await.expect("JSON")), "seen");

    let mut statuses = BTreeSet::new();
    for address in [ADDRESS, ADDRESS_V6] {
        for agent in [AGENT, PREVIEW] {
            for request in requests(&browser(), binary, agent, address) {
                let answer = request.send().await.expect("an answer");
                let (status, path) = (answer.status().as_u16(), answer.url().path());
                assert!(status < 500, "{path}: {status}");
                statuses.insert(status);
            }
        }
    }
    for expected in [200, 302, 303, 401, 404, 405, 415, 422] {
        assert!(statuses.contains(&expected), "{expected} in {statuses:?}");
    }
    share(binary).await;
    // Two addresses with consent, each by the link and by its form; and a bot's previews.
    let stats = settled(&client, binary).await;
    assert_eq!(stats["totals"]["visitors"], 2, "{stats}");
    assert!(stats["totals"]["unfurls"].as_u64().is_some_and(|unfurls| unfurls > 0), "{stats}");

    let form = [("secret_key", &binary.secret)];
    let signed = client.post(format!("{base}/stats/sign-in")).form(&form).send().await;
    assert_eq!(signed.expect("an answer").status().as_u16(), 303);
    let mut exports = Vec::new();
    for path in EXPORTS {
        let base = if path == "/metrics" { &binary.metrics } else { base };
        let answer = client.get(format!("{base}{path}")).bearer_auth(&binary.secret).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        exports.push((path, answer.bytes().await.expect("a body").to_vec()));
    }
    exports
}

/// The visitor's requests: every path with every method and every answer to the question, and what
/// a client with a key does wrong.
fn requests(client: &Client, binary: &Binary, agent: &str, address: &str) -> Vec<RequestBuilder> {
    let to = |method: &Method, path: &str| {
        let url = format!("{}{}", binary.base, path.replace("PATH", PATH));
        visitor(client, method.clone(), &url, agent, address)
    };
    let form = [("choice", "allow"), ("secret_key", QUERY), ("next", REFERRER), ("url", PATH)];
    let wrong = json!({ "url": QUERY, "channel": "sms", "links": AGENT, "title": 7 });
    let mut all = Vec::new();
    let address = binary.base.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let address = address.parse().expect("an address");
    let granted = crate::answering::granted(address, "seen").expect("the cookie of the site");
    for cookie in [granted.clone(), granted.replace("=g1", "=d1"), "x=y".to_owned()] {
        let cookie = format!("{COOKIE}; {cookie}");
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for path in PATHS {
                let request = to(&method, path).header("cookie", &cookie);
                all.push(match method {
                    Method::POST if path.starts_with("/api") => request.json(&wrong),
                    Method::POST => request.form(&form),
                    _ => request,
                });
            }
        }
    }
    for path in ["/api/v1/links", "/api/v1/links/bulk"] {
        let request = || to(&Method::POST, path).bearer_auth(&binary.secret).header("cookie", COOKIE);
        all.extend([request().body(AGENT), request().json(&wrong), request().json(&QUERY)]);
    }
    all
}

/// The visitor shares, twice by a quick tap, and a bot follows the same button.
async fn share(binary: &Binary) {
    let key = &binary.publishable;
    for (agent, expected) in [(AGENT, [302, 303]), (AGENT, [302, 303]), (PREVIEW, [302, 302])] {
        for (channel, expected) in ["whatsapp", "copy"].into_iter().zip(expected) {
            let url =
                format!("{}/share/{channel}?key={key}&url=https://example.com/&title=Fish", binary.base);
            let answer = visitor(&browser(), Method::GET, &url, agent, ADDRESS).send().await;
            assert_eq!(answer.expect("an answer").status().as_u16(), expected, "{channel}");
        }
    }
}

/// The link's statistics when what its visitors and a bot did is in the store.
async fn settled(client: &Client, binary: &Binary) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let stats =
            client.get(format!("{}/api/v1/links/seen/stats", binary.base)).bearer_auth(&binary.secret);
        let stats: Value = stats.send().await.expect("an answer").json().await.expect("JSON");
        let total = |name: &str| stats["totals"][name].as_u64().unwrap_or(0);
        if total("visitors") >= 2 && total("unfurls") > 0 {
            return stats;
        }
        assert!(Instant::now() < deadline, "not everything was settled in time: {stats}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn nothing_of_a_visitor_is_in_files_logs_metrics_or_exports_on_sqlite() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = format!("sqlite:{}", dir.path().join("entrenous.db").display());
    let binary = Binary::start(dir.path(), &store);
    for (place, bytes) in drive(&binary).await {
        search(place, &bytes);
    }
    // While it runs: the file, its write-ahead log, the journal; and what is left when it has ended.
    assert!(search_files(dir.path()) >= 3, "a file, a log and a journal");
    let written = binary.stop();
    search_files(dir.path());
    search("what it wrote", &written);
    let text = String::from_utf8_lossy(&written);
    assert!(text.contains("DEBUG") && text.contains("/{code}"), "it was talkative: {text}");
}

#[tokio::test]
async fn nothing_of_a_visitor_is_in_keys_values_logs_metrics_or_exports_on_redis() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = RedisServer::start();
    let binary = Binary::start(dir.path(), &server.url());
    for (place, bytes) in drive(&binary).await {
        search(place, &bytes);
    }
    assert!(search_redis(&server).await >= 8, "sites, links, counts, visitors, …");
    search_files(dir.path());
    let written = binary.stop();
    search_files(dir.path());
    search_redis(&server).await;
    search("what it wrote", &written);
}

/// Searches every key and its value, as it is dumped and as it is read; returns how many there were.
async fn search_redis(server: &RedisServer) -> usize {
    let client = ::redis::Client::open(server.url()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let keys: Vec<Vec<u8>> = ::redis::cmd("KEYS").arg("*").query_async(&mut connection).await.expect("keys");
    for key in &keys {
        let name = String::from_utf8_lossy(key).into_owned();
        search("the keys", key);
        let kind: String = ::redis::cmd("TYPE").arg(key).query_async(&mut connection).await.expect("a type");
        let read = match kind.as_str() {
            "string" => ::redis::cmd("GET").arg(key).to_owned(),
            "hash" => ::redis::cmd("HGETALL").arg(key).to_owned(),
            "set" => ::redis::cmd("SMEMBERS").arg(key).to_owned(),
            "zset" => ::redis::cmd("ZRANGE").arg(key).arg(0).arg(-1).to_owned(),
            other => panic!("{name} is a {other}"),
        };
        for command in [read, ::redis::cmd("DUMP").arg(key).to_owned()] {
            let value: RedisValue = command.query_async(&mut connection).await.expect("a value");
            let mut bytes = Vec::new();
            flatten(&value, &mut bytes);
            assert!(!bytes.is_empty(), "{name}");
            search(&name, &bytes);
        }
    }
    keys.len()
}

/// All bytes in a value, one after the other.
fn flatten(value: &RedisValue, bytes: &mut Vec<u8>) {
    match value {
        RedisValue::BulkString(text) => bytes.extend_from_slice(text),
        RedisValue::SimpleString(text) => bytes.extend_from_slice(text.as_bytes()),
        RedisValue::Array(values) | RedisValue::Set(values) => {
            for value in values {
                flatten(value, bytes);
            }
        }
        RedisValue::Map(pairs) => {
            for (key, value) in pairs {
                flatten(key, bytes);
                flatten(value, bytes);
            }
        }
        other => bytes.extend_from_slice(format!("{other:?}").as_bytes()),
    }
    bytes.push(0);
}
