//! What is left outside of the program's memory, before and after a day's end: no address, no user agent, no referrer, no
//! key.

use std::path::Path;
use std::time::Instant;

use reqwest::{Client, redirect};

use crate::answering::granted;
use crate::program::{DEADLINE, PAUSE};
use crate::redis::RedisServer;
use crate::scene::{Scene, VISITORS, day_key};
use crate::traces::{Secret, assert_none, assert_none_in_files, assert_none_in_redis, networks};
use crate::visits::States;

const ADDRESS: &str = "2001:db8:5ea7:c0de:1234:5678:9abc:def1";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0 Zebrafish/73.19";
const PREVIEW: &str = "WhatsApp/2.24.17.79 A Okapi/88.21";
const REFERRER: &str = "https://diary.referrer.example/wombat-page";
/// It says whatever it can.
const TALKATIVE: [&str; 2] = ["--set", "log.level=trace"];

fn secrets() -> Vec<Secret> {
    let network = ADDRESS.parse::<std::net::Ipv6Addr>().expect("an address").octets();
    vec![
        Secret::new("the address", ADDRESS.as_bytes()),
        Secret::new("the network", &network[..8]),
        Secret::new("the network's text", b"5ea7:c0de"),
        Secret::new("the user agent", b"Zebrafish/73.19"),
        Secret::new("the bot's user agent", b"Okapi/88.21"),
        Secret::new("the referrer", b"wombat-page"),
    ]
}

/// How often each of them comes: metrics tell visits in tens.
const TIMES: usize = 5;

/// Somebody opens a link who has consented, and a bot looks at it.
async fn visits(scene: &Scene) {
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let cookie = granted(scene.service.socket(), &scene.codes[0]).expect("the cookie of the site");
    for agent in [AGENT, PREVIEW].repeat(TIMES) {
        let visit = client.get(format!("{}/{}", scene.service.base, scene.codes[0]));
        let visit = visit.header("user-agent", agent).header("referer", REFERRER).header("cookie", &cookie);
        let answer = visit.header("x-forwarded-for", ADDRESS).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 302);
    }
    scene.settled(2 * TIMES as u64).await;
}

/// Searches everything that the program shows and writes; returns the names of its files.
async fn search(scene: &Scene, secrets: &[Secret]) -> Vec<String> {
    assert_none("the log", scene.service.log().as_bytes(), secrets);
    let client = Client::new();
    let metrics = format!("http://{}/metrics", scene.service.metrics());
    let open = ["/readyz?all", "/healthz"].map(|path| format!("{}{path}", scene.service.base));
    for address in std::iter::once(metrics).chain(open) {
        let answer = client.get(&address).send().await.expect("an answer");
        assert_none(&address, &answer.bytes().await.expect("a body"), secrets);
    }
    for path in ["/api/v1/links", "/api/v1/stats?group_by=channel", "/api/v1/stats?group_by=day"] {
        let request = client.get(format!("{}{path}", scene.service.base)).bearer_auth(&scene.secret);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        assert_none(path, &answer.bytes().await.expect("a body"), secrets);
    }
    if let Some(redis) = &scene.redis {
        assert_none_in_redis(redis, secrets);
    }
    assert_none_in_files(scene.home.path(), secrets)
}

/// Whether a file of this kind is among them.
fn has_a(files: &[String], kind: &str) -> bool {
    files.iter().any(|name| Path::new(name).extension().is_some_and(|extension| extension == kind))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_visitor_is_left_anywhere_before_and_after_its_day_on_sqlite() {
    let scene = Scene::on_sqlite(&TALKATIVE).await;
    visits(&scene).await;
    let files = search(&scene, &secrets()).await;
    for file in ["entrenous.db", "entrenous.db-wal", "entrenous.db-shm", "ledger"] {
        assert!(files.iter().any(|name| name == file), "{file} is among {files:?}");
    }
    assert!(has_a(&files, "journal"), "{files:?}");
    scene.midnight().await;
    search(&scene, &secrets()).await;
    assert!(scene.service.log().contains("DEBUG"), "it was talkative");
    scene.service.terminate();
    let Scene { service, home, .. } = scene;
    assert_eq!(service.end(), Some(0));
    let files = assert_none_in_files(home.path(), &secrets());
    assert!(!has_a(&files, "journal"), "the day's journal is gone: {files:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_visitor_is_left_anywhere_before_and_after_its_day_on_redis() {
    let keys = RedisServer::start();
    let place = format!("store.ephemeral_url={}", keys.url());
    let settings = [&TALKATIVE[..], &["--set", "journal.keep_seconds=1", "--set", &place]].concat();
    // It writes down all that it is told, and remembers every command as slow.
    let options =
        ["--save", "3600 1", "--appendonly", "yes", "--appendfsync", "always", "--slowlog-log-slower-than"];
    let options = [&options[..], &["0", "--slowlog-max-len", "100000"]].concat();
    let scene = Scene::on_redis(&options, &settings).await;
    visits(&scene).await;
    scene.visits_of_many().await;
    scene.settled(2 * TIMES as u64 + u64::from(VISITORS)).await;
    let mut secrets = secrets();
    let key = day_key(&keys.url()).await;
    secrets.push(Secret::new("the day key", &key));
    secrets.extend(networks(&States::of(&key), &scene.visits_by(&key).await));
    let files = search(&scene, &secrets).await;
    assert!(has_a(&files, "aof"), "{files:?}");
    assert!(files.iter().any(|name| name == "dump.rdb"), "{files:?}");
    scene.midnight().await;
    search(&scene, &secrets).await;
    let started = Instant::now();
    while !scene.redis.as_ref().expect("a Redis").ask("KEYS ens:v:*").starts_with("*0") {
        assert!(started.elapsed() < DEADLINE, "visitor sets are left");
        tokio::time::sleep(PAUSE).await;
    }
}
