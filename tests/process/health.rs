//! How a service starts, ends and tells what is wrong, as its operator sees it.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};

use crate::disk::Disk;
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service, serve, tens};
use crate::redis::{RedisCluster, RedisServer};

/// The status of a path; none where nobody listens.
async fn status(service: &Service, path: &str) -> Option<StatusCode> {
    let client = Client::builder().pool_max_idle_per_host(0).build().expect("a client");
    client.get(format!("{}{path}", service.base)).send().await.ok().map(|answer| answer.status())
}

/// Waits until a path has this status.
async fn until(service: &Service, path: &str, expected: StatusCode) {
    let began = Instant::now();
    while status(service, path).await != Some(expected) {
        assert!(began.elapsed() < DEADLINE, "{path} is not {expected} after {DEADLINE:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until the log has a text.
async fn logs(service: &Service, text: &str) {
    let began = Instant::now();
    while !service.log().contains(text) {
        assert!(began.elapsed() < DEADLINE, "no {text:?} in the log: {}", service.log());
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test]
async fn sigterm_says_so_at_readyz_and_takes_visitors_until_the_drain_is_over() {
    let home = Home::new();
    let service = home.serve(&["--set", "server.drain_seconds=3", BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]]);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    assert_eq!(status(&service, "/readyz").await, Some(StatusCode::OK));
    let told = Instant::now();
    service.terminate();
    until(&service, "/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    println!("/readyz says so after {:?}", told.elapsed());
    let mut clicks = 0;
    while told.elapsed() < Duration::from_secs(2) {
        // Of one address, no more than `limits.count_per_minute` would be counted, which a fast machine reaches.
        let address = format!("198.51.{}.{}", clicks / 250, clicks % 250);
        assert_eq!(service.click(&code, &address).await.expect("an answer"), StatusCode::FOUND);
        assert_eq!(status(&service, "/readyz?all").await, Some(StatusCode::SERVICE_UNAVAILABLE));
        clicks += 1;
    }
    assert!(service.log().contains("server.drain_seconds"), "{}", service.log());
    assert_eq!(service.end(), Some(0));
    assert!(told.elapsed() >= Duration::from_secs(3), "{:?}", told.elapsed());

    let service = home.serve(&BEHIND_A_PROXY);
    assert_eq!(service.counted(&secret, &code).await.0, clicks);
}

#[tokio::test]
async fn a_second_signal_ends_the_drain() {
    let service = Home::new().serve(&["--set", "server.drain_seconds=600"]);
    service.terminate();
    until(&service, "/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    service.signal("-INT");
    assert_eq!(service.end(), Some(0));
}

#[tokio::test]
async fn sighup_ends_nothing_and_says_that_no_settings_are_read() {
    let service = Home::new().serve(&[]);
    for _ in 0..2 {
        service.signal("-HUP");
    }
    logs(&service, "SIGHUP").await;
    assert_eq!(status(&service, "/readyz").await, Some(StatusCode::OK));
    service.terminate();
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_journal_folder_that_cannot_be_written_ends_the_start_with_its_setting_and_its_path() {
    let home = Home::new();
    std::fs::write(home.path().join("file"), "").expect("written");
    let disk = Disk::mount(&home.path().join("disk"), 64);
    disk.read_only();
    for dir in ["file/journal", "disk/journal", "disk"] {
        let ended = home.run(&["--listen", "127.0.0.1:0", "--set", &format!("journal.dir={dir}")]);
        assert_eq!(ended.code, Some(1), "{dir}: {}", ended.errors);
        assert!(ended.errors.contains(&format!("journal.dir: {dir}")), "{}", ended.errors);
        assert!(!ended.text.contains("ens_"), "no keys were made: {}", ended.text);
    }
}

#[tokio::test]
async fn a_journal_folder_that_vanishes_is_made_again_and_clicks_are_counted() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    for number in 1..=20 {
        assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
        service.counted_at_least(&secret, &code, number).await;
    }
    let journal = home.path().join("data/journal");
    std::fs::remove_dir_all(&journal).expect("removed");
    let began = Instant::now();
    while !journal.is_dir() {
        assert!(began.elapsed() < DEADLINE, "the folder is not made again");
        let clicked = service.click(&code, "192.0.2.1").await.expect("an answer");
        assert_eq!(clicked, StatusCode::FOUND, "nobody waits for the folder");
        tokio::time::sleep(PAUSE).await;
    }
    println!("made again after {:?}", began.elapsed());
    // What comes from now on is counted, to the last click.
    until(&service, "/readyz?all", StatusCode::OK).await;
    let before = service.counted(&secret, &code).await.0;
    for _ in 0..20 {
        assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
    }
    service.counted_at_least(&secret, &code, before + 20).await;
}

#[test]
fn a_store_that_is_away_at_the_start_is_tried_until_it_is_there() {
    let mut redis = RedisServer::start();
    redis.kill();
    let home = Home::new();
    let mut child =
        home.command(&["--listen", "127.0.0.1:0", "--store", &redis.url()]).spawn().expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let told = log.find(|line| line.contains("store.start_seconds")).expect("it says that it waits");
    assert!(told.contains(&format!("store.url: {}", redis.url())), "{told}");
    redis.restart();
    let next = log.next().expect("it goes on");
    assert!(next.contains("starting"), "once is enough: {next}");
    let mut printed = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(printed.any(|line| line.starts_with("Entrenous is ")));
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_store_that_stays_away_ends_the_start_with_its_setting() {
    let mut redis = RedisServer::start();
    redis.kill();
    let began = Instant::now();
    let arguments = ["--listen", "127.0.0.1:0", "--store", &redis.url(), "--set", "store.start_seconds=1"];
    let ended = Home::new().run(&arguments);
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("store.url: redis://127.0.0.1"), "{}", ended.errors);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_wrong_password_ends_the_start_at_once_and_is_not_repeated() {
    let redis = RedisServer::start();
    assert!(redis.ask("CONFIG SET requirepass s3cret").starts_with("+OK"));
    for user in [":wr0ng@", "nobody:wr0ng@", ""] {
        let url = redis.url().replace("://", &format!("://{user}"));
        let arguments = ["--listen", "127.0.0.1:0", "--store", &url, "--set", "store.start_seconds=600"];
        let ended = Home::new().run(&arguments);
        assert_eq!(ended.code, Some(1), "{user}: {}", ended.errors);
        assert!(ended.errors.contains("store.url") && ended.errors.contains("password"), "{}", ended.errors);
        assert!(!ended.errors.contains("wr0ng"), "{}", ended.errors);
    }
}

#[test]
fn a_redis_that_evicts_keys_is_refused_with_its_policy_and_what_to_set() {
    let redis = RedisServer::start();
    let set = |name: &str, value: &str| {
        assert!(redis.ask(&format!("CONFIG SET {name} {value}")).starts_with("+OK"), "{name} {value}");
    };
    let start = |store: &str, ephemeral: Option<&str>| {
        let ephemeral = ephemeral.map(|url| format!("store.ephemeral_url={url}"));
        let more = ephemeral.iter().flat_map(|setting| ["--set", setting.as_str()]);
        let command = ["site", "list", "--store", store].into_iter().chain(more);
        Home::new().run(&command.collect::<Vec<_>>())
    };
    for policy in ["allkeys-lru", "volatile-ttl"] {
        set("maxmemory-policy", policy);
        set("maxmemory", "0");
        assert_eq!(start(&redis.url(), None).code, Some(0), "without a limit nothing is evicted");
        set("maxmemory", "100mb");
        let ended = start(&redis.url(), None);
        assert_eq!(ended.code, Some(1), "{}", ended.errors);
        for part in ["store.url", policy, "noeviction"] {
            assert!(ended.errors.contains(part), "{part}: {}", ended.errors);
        }
        // A managed service may hide one or both.
        for (rules, code) in [("-info", Some(1)), ("-config", Some(1)), ("-info -config", Some(0))] {
            let made = redis.ask(&format!("ACL SETUSER managed reset on >secret ~* &* +@all {rules}"));
            assert!(made.starts_with("+OK"), "{made}");
            let ended = start(&redis.url().replace("://", "://managed:secret@"), None);
            assert_eq!(ended.code, code, "{rules}: {}", ended.errors);
        }
    }
    // The one of the day keys as well.
    let fit = RedisServer::start();
    let arguments = ["--listen", "127.0.0.1:0", "--store", &fit.url()];
    let setting = format!("store.ephemeral_url={}", redis.url());
    let ended = Home::new().run(&[&arguments[..], &["--set", &setting]].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("store.ephemeral_url: "), "{}", ended.errors);
}

#[test]
fn a_cluster_of_which_one_master_evicts_keys_is_refused_and_so_is_a_wrong_password() {
    let mut cluster = RedisCluster::start();
    assert_eq!(Home::new().run(&["site", "list", "--store", &cluster.url()]).code, Some(0));
    for (name, value) in [("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-random")] {
        assert!(cluster.node(2).ask(&format!("CONFIG SET {name} {value}")).starts_with("+OK"));
    }
    let ended = Home::new().run(&["site", "list", "--store", &cluster.url()]);
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("allkeys-random"), "{}", ended.errors);

    for node in cluster.nodes() {
        assert!(node.ask("CONFIG SET requirepass s3cret").starts_with("+OK"));
    }
    for user in ["", ":wr0ng@"] {
        let url = cluster.url().replace("://", &format!("://{user}"));
        let arguments = ["--listen", "127.0.0.1:0", "--store", &url, "--set", "store.start_seconds=600"];
        let ended = Home::new().run(&arguments);
        assert_eq!(ended.code, Some(1), "{user}: {}", ended.errors);
        assert!(ended.errors.contains("password") && !ended.errors.contains("wr0ng"), "{}", ended.errors);
    }
}

#[tokio::test]
async fn the_start_logs_what_runs_where_and_no_password() {
    let redis = RedisServer::start();
    assert!(redis.ask("CONFIG SET requirepass s3cret").starts_with("+OK"));
    let service = Home::new().serve(&["--store", &redis.url().replace("://", "://:s3cret@")]);
    let log = service.log();
    let line = log.lines().find(|line| line.contains("starting")).expect("a line");
    let own = format!("http://localhost:{}", service.socket().port());
    for part in [env!("CARGO_PKG_VERSION"), &redis.url(), "data/journal", service.address(), &own] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}

#[tokio::test]
async fn keys_that_could_not_be_printed_were_not_made() {
    let home = Home::new();
    let mut command = home.command(&["--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::from(File::options().write(true).open("/dev/full").expect("a device")));
    let ended = crate::program::run(command);
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("cannot be printed"), "{}", ended.errors);
    assert_eq!(home.run(&["site", "list"]).text, "");
    let service = serve(home.command(&["--listen", "127.0.0.1:0"]));
    let secret = service.printed_key("ens_sk_").expect("the keys are shown now");
    assert_eq!(service.share(&secret).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_waits_for_the_store_is_a_true_gauge_and_earlier_runs_count() {
    let redis = RedisServer::start();
    let home = Home::new();
    let store = redis.url();
    let arguments = ["--store", &store, BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]];
    let service = home.serve(&arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
    service.counted_at_least(&secret, &code, 1).await;
    assert_eq!(service.metric("entries_unsettled").await, 0);
    redis.pause();
    for number in 1..=30 {
        assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
        assert_eq!(service.metric("entries_unsettled").await, tens(number));
    }
    service.kill();
    assert_eq!(service.end(), None);
    redis.resume();
    // The first click is kept for a minute and settled again.
    let service = home.serve(&arguments);
    service.until("entries_settled_total", 30).await;
    let began = Instant::now();
    while service.metric("entries_unsettled").await != 0 {
        assert!(began.elapsed() < DEADLINE, "{}", service.metric("entries_unsettled").await);
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(service.counted(&secret, &code).await.0, 31);
}

#[tokio::test]
async fn a_service_that_waits_for_its_store_ends_when_it_is_told_to() {
    let mut redis = RedisServer::start();
    redis.kill();
    let home = Home::new();
    let mut command = home.command(&[
        "--listen",
        "127.0.0.1:0",
        "--store",
        &redis.url(),
        "--set",
        "store.start_seconds=600",
    ]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
    // It says so when it has begun to wait.
    let errors = child.stderr.take().expect("a pipe");
    let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("store.start_seconds")));
    let sent = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("the command kill").success());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("its own child") {
            break status;
        }
        if began.elapsed() > DEADLINE {
            let _ = child.kill();
            panic!("it goes on waiting");
        }
        tokio::time::sleep(PAUSE).await;
    };
    assert_eq!(status.code(), Some(0));
    let refused = TcpStream::connect(("127.0.0.1", redis.port())).map_err(|error| error.kind()).err();
    assert_eq!(refused, Some(ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_redis_that_begins_to_evict_while_the_service_runs_is_told_until_it_keeps_everything_again() {
    let redis = RedisServer::start();
    let home = Home::new();
    let service = home.serve(&["--store", &redis.url()]);
    until(&service, "/readyz?all", StatusCode::OK).await;
    assert!(redis.ask("CONFIG SET maxmemory 500mb").starts_with("+OK"));
    assert!(redis.ask("CONFIG SET maxmemory-policy allkeys-lru").starts_with("+OK"));
    until(&service, "/readyz?all", StatusCode::SERVICE_UNAVAILABLE).await;
    logs(&service, "store.url: this Redis evicts keys").await;
    assert!(service.log().contains("store_unsuitable"), "{}", service.log());
    assert_eq!(status(&service, "/readyz").await, Some(StatusCode::OK), "visitors are taken");
    assert!(redis.ask("CONFIG SET maxmemory-policy noeviction").starts_with("+OK"));
    until(&service, "/readyz?all", StatusCode::OK).await;
}

#[tokio::test]
async fn what_was_held_back_while_redis_was_full_is_not_taken_for_a_loss() {
    let redis = RedisServer::start();
    let home = Home::new();
    let url = redis.url();
    let keep = ["--set", "journal.keep_seconds=1", "--store", url.as_str()];
    let service = home.serve(&[&keep[..], &BEHIND_A_PROXY[..]].concat());
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    for number in 1..=20 {
        if number == 5 {
            service.counted_at_least(&secret, &code, number - 1).await;
            assert!(redis.ask("CONFIG SET maxmemory 1mb").starts_with("+OK"));
        }
        assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
    }
    // For longer than it is kept.
    let failures = service.metric("settle_failures_total").await;
    service.until("settle_failures_total", failures + 12).await;
    assert!(redis.ask("CONFIG SET maxmemory 0").starts_with("+OK"));
    service.counted_at_least(&secret, &code, 20).await;
    until(&service, "/readyz?all", StatusCode::OK).await;
    let began = Instant::now();
    while service.metric("entries_unsettled").await != 0 {
        assert!(began.elapsed() < DEADLINE, "{}", service.metric("entries_unsettled").await);
        tokio::time::sleep(PAUSE).await;
    }
    assert!(!service.log().contains("had lost"), "{}", service.log());
    assert_eq!(service.counted(&secret, &code).await.0, 20);
}
