//! Clients that are slow, silent, greedy or many. While they are there ordinary visitors notice
//! nothing of it, and afterwards the service holds none of their connections.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::balance::{balance, settled};
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service};
use crate::random::random_below;

/// How many clients are hostile at the same time, where they are not very many.
const HOSTILE: usize = 200;
/// How many connections the load beside them has, and the service's own files come and go.
const OTHERS: usize = 40;
/// No more than one in a hundred ordinary visitors waits longer, unless the machine is so busy that
/// they wait for a tenth of that in quiet times too. Who waited behind a hostile client would wait
/// until that one is given up, which takes 3 seconds and more.
const P99: Duration = Duration::from_secs(2);
/// Between the beginnings of two hostile clients.
const APART: Duration = Duration::from_micros(300);
/// What a request and an idle connection are given.
const TIMEOUTS: [&str; 4] =
    ["--set", "server.request_timeout_seconds=3", "--set", "server.idle_timeout_seconds=4"];
/// A request that is answered with 200 and no more.
const WHOLE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_given_up() {
    beside_visitors(async |service, _| {
        hold(service, HOSTILE, &["GET / HTTP/1.1\r\nX-Slow: "], Some(b'a')).await
    })
    .await;
}

#[tokio::test]
async fn a_later_head_that_comes_byte_by_byte_is_given_up() {
    let later = "GET / HTTP/1.1\r\nX-Slow: ";
    beside_visitors(async |service, _| hold(service, HOSTILE, &[WHOLE, later], Some(b'a')).await).await;
}

#[tokio::test]
async fn a_later_head_of_which_nothing_more_comes_is_given_up() {
    beside_visitors(async |service, _| hold(service, HOSTILE, &[WHOLE, "G"], None).await).await;
    let both = format!("{WHOLE}G");
    beside_visitors(async |service, _| hold(service, HOSTILE, &[&both], None).await).await;
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_given_up() {
    beside_visitors(async |service, secret| {
        let beginning = format!(
            "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {secret}\r\n\
             Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        );
        hold(service, HOSTILE, &[&beginning], Some(b' ')).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_nobody_wants_and_that_does_not_end_is_given_up() {
    for framing in ["Content-Length: 60000", "Transfer-Encoding: chunked"] {
        // Of a chunk of 65,535 bytes.
        let beginning = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\nffff\r\n");
        beside_visitors(async |service, _| hold(service, HOSTILE, &[&beginning], Some(b' ')).await).await;
    }
}

#[tokio::test]
async fn a_client_that_reads_no_answer_is_given_up() {
    let request = "GET /static/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
    beside_visitors(async |service, _| {
        let address = service.socket();
        until_closed(service, HOSTILE / 20, async || {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.set_recv_buffer_size(4 << 10).expect("a small buffer");
            let mut stream = socket.connect(address).await.expect("a connection");
            // Soon nothing more goes in: every buffer on the way is full of answers.
            while stream.write_all(request.as_bytes()).await.is_ok() {}
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_silent_connections_are_given_up() {
    // This process has the other end of each.
    let limit = Rlimit { current: Some(12_000), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).expect("this test needs the right to 12,000 open files (ulimit -Hn)");
    let home = Home::new();
    // As most systems start a service. It takes the time to open them all, so they are given more.
    let service = home.serve_with_files(1_024, &BEHIND_A_PROXY);
    let most = visit_beside(&home, service, async |service, _| hold(service, 10_000, &[], None).await).await;
    assert!(most > 9_000, "not more than {most} at the same time");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    beside_visitors(async |service, _| {
        let head = format!("GET / HTTP/1.1\r\nX-Long: {}", "a".repeat(200 << 10));
        let answers = join_all((0..HOSTILE / 4).map(|_| exchange(service.socket(), head.as_bytes()))).await;
        for answer in answers {
            let status = answer.split_whitespace().nth(1);
            // The service may close before all of it is sent, so that its answer does not arrive.
            assert!(matches!(status, None | Some("400" | "431")), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order_and_counted() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    let cookie = crate::answering::granted(service.socket(), &code).expect("a cookie");
    let clicks: Vec<bool> = (0..300).map(|_| random_below(2) == 0).collect();
    let requests = clicks.iter().enumerate().map(|(number, click)| {
        let path = if *click { code.as_str() } else { "healthz" };
        let last = if number + 1 == clicks.len() { "Connection: close\r\n" } else { "" };
        format!(
            "GET /{path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 Firefox/150.0\r\n\
             Cookie: {cookie}\r\nX-Forwarded-For: 10.0.{}.{}\r\n{last}\r\n",
            number / 256,
            number % 256
        )
    });
    let packet: String = requests.collect();
    let answers = exchange(service.socket(), packet.as_bytes()).await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    let expected: Vec<_> = clicks.iter().map(|click| if *click { "302" } else { "200" }).collect();
    assert_eq!(statuses, expected);
    let clicks = clicks.into_iter().filter(|click| *click).count() as u64;
    let service = settled(&home, service, &BEHIND_A_PROXY);
    println!("{clicks} clicks among 300 requests in one packet");
    assert_eq!(service.counted(&secret, &code).await, (clicks, clicks));
}

/// Lets ordinary visitors come while something hostile goes on, and sees that all of them were
/// forwarded in time and counted.
async fn beside_visitors<T>(hostile: impl AsyncFnOnce(&Service, &str) -> T) -> T {
    let home = Home::new();
    let service = home.serve(&[&TIMEOUTS[..], &BEHIND_A_PROXY].concat());
    visit_beside(&home, service, hostile).await
}

async fn visit_beside<T>(home: &Home, service: Service, hostile: impl AsyncFnOnce(&Service, &str) -> T) -> T {
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    // New visitors come all the time, and each of them stays for a few clicks.
    let plan = LoadPlan::new(service.socket(), &codes, 8);
    let load = Load::start(LoadPlan { per_second: Some(100), per_connection: Some(5), ..plan });
    load.answers(100).await;
    let quiet = load.tally().latencies().p99;
    let outcome = hostile(&service, &secret).await;
    load.answers(50).await;
    let tally = load.stop().await;

    let service = settled(home, service, &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    tally.assert_nothing_failed();
    assert_eq!((balance.lost, balance.doubled), (0, 0));
    assert!(tally.latencies().p99 < P99.max(10 * quiet), "{tally}, and before {quiet:?}");
    outcome
}

/// Opens so many connections and sends the parts on each, every one when something was answered to
/// the one before, and then one byte every second, until the service has closed all connections.
/// Returns how many it had open at the same time.
async fn hold(service: &Service, connections: usize, parts: &[&str], drip: Option<u8>) -> usize {
    let address = service.socket();
    until_closed(service, connections, async || {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let (mut from, mut to) = stream.split();
        let mut buffer = [0; 1 << 10];
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                assert!(from.read(&mut buffer).await.expect("an answer") > 0);
            }
            // One that the service closes early does not take all of it.
            let _ = to.write_all(part.as_bytes()).await;
        }
        let dripping = async {
            loop {
                sleep(Duration::from_secs(1)).await;
                if let Some(byte) = drip
                    && to.write_all(&[byte]).await.is_err()
                {
                    return;
                }
            }
        };
        let reading = async { while from.read(&mut buffer).await.is_ok_and(|length| length > 0) {} };
        tokio::select! {
            () = dripping => {}
            () = reading => {}
        }
    })
    .await
}

/// Lets so many clients do the same, each until the service closes its connection. Returns how many
/// connections the service had open at the same time.
async fn until_closed(service: &Service, clients: usize, client: impl AsyncFn()) -> usize {
    let (before, started) = (service.open_files(), Instant::now());
    let mut most = 0;
    let watching = async {
        loop {
            most = most.max(service.open_files().saturating_sub(before));
            sleep(PAUSE * 50).await;
        }
    };
    tokio::select! {
        () = watching => {}
        _ = join_all((0..clients).map(async |number| {
            sleep(APART * u32::try_from(number).expect("a few thousand")).await;
            client().await;
        })) => {}
        () = sleep(DEADLINE) => panic!("not all of {clients} connections are closed after {DEADLINE:?}"),
    }
    while service.open_files() > before + OTHERS {
        assert!(started.elapsed() < 2 * DEADLINE, "the service keeps connections that it closed");
        sleep(PAUSE).await;
    }
    println!("{clients} connections, {most} at the same time, took {:.1?}", started.elapsed());
    most
}

/// Sends bytes on a connection of their own and returns everything that comes until its end.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let (mut from, mut to) = stream.split();
    let mut answer = Vec::new();
    // Who answers early may close before all of it is sent.
    let both = async { tokio::join!(to.write_all(request), from.read_to_end(&mut answer)) };
    let _ = timeout(DEADLINE, both).await.expect("the service closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}
