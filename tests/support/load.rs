//! Steady load on a service: visitors who granted consent open links, and every answer is counted.
//!
//! Each of so many connections sends one request after the other, over a thread of its own, so a
//! test may block. A connection that breaks is made again and the load goes on. What it promises:
//! `answered` are the 302s that arrived in full, so each of them must be in the store; `sent` are
//! the requests that were begun, so no more than these may be there.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};

use crate::answering::granted;

#[allow(unused_imports, reason = "each test crate uses a part")]
pub(crate) use tally::{Answered, Clicks, Latencies, Tally};

#[path = "load_tally.rs"]
mod tally;

/// An ordinary browser.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
/// A request without an answer is given up after this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between attempts to connect to a service that is away.
const RETRY: Duration = Duration::from_millis(5);
/// In which a test's condition comes true.
const DEADLINE: Duration = Duration::from_mins(1);

/// What is sent, and how fast.
#[derive(Debug, Clone)]
pub(crate) struct LoadPlan {
    /// The instances; connections are spread over them evenly. They must believe the loopback's
    /// forwarded-for headers (`server.trusted_proxies=127.0.0.1`).
    pub(crate) addresses: Vec<SocketAddr>,
    /// The links, opened in turn.
    pub(crate) codes: Vec<String>,
    /// How many connections are kept open. At most so many requests are under way at a moment.
    pub(crate) connections: usize,
    /// Requests in a second, by all connections together; as fast as answers come where it is none.
    pub(crate) per_second: Option<u32>,
    /// After so many requests a connection is made anew; it is kept where it is none.
    pub(crate) per_connection: Option<u32>,
    /// How many people there are; each opens every link in turn. Every click is by another person
    /// where it is none.
    pub(crate) visitors: Option<u32>,
}

impl LoadPlan {
    /// So many connections, as fast as answers come, every click by another person.
    pub(crate) fn new(address: SocketAddr, codes: &[String], connections: usize) -> Self {
        let (addresses, codes) = (vec![address], codes.to_vec());
        Self { addresses, codes, connections, per_second: None, per_connection: None, visitors: None }
    }
}

/// Load that goes on until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    plan: LoadPlan,
    addresses: Mutex<Vec<SocketAddr>>,
    tally: Mutex<Tally>,
    /// The number of the next request.
    next: AtomicU32,
    /// The cookie of everybody who opens a link.
    cookie: OnceLock<String>,
    stopped: AtomicBool,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nobody panics while counting")
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn address(&self, connection: usize) -> SocketAddr {
        let addresses = self.addresses.lock().expect("nobody panics while reading");
        addresses[connection % addresses.len()]
    }
}

impl Load {
    /// Begins to send.
    pub(crate) fn start(plan: LoadPlan) -> Self {
        assert!(!plan.addresses.is_empty() && !plan.codes.is_empty() && plan.connections > 0);
        let shared = Arc::new(Shared {
            addresses: Mutex::new(plan.addresses.clone()),
            tally: Mutex::new(Tally::new(&plan.codes)),
            next: AtomicU32::new(0),
            cookie: OnceLock::new(),
            stopped: AtomicBool::new(false),
            plan,
        });
        let at_work = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            while at_work.cookie.get().is_none() {
                if at_work.is_stopped() {
                    return;
                }
                match granted(at_work.address(0), &at_work.plan.codes[0]) {
                    Some(cookie) => drop(at_work.cookie.set(cookie)),
                    None => std::thread::sleep(RETRY),
                }
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let connections = (0..at_work.plan.connections).map(|number| connection(number, &at_work));
            runtime.expect("a runtime").block_on(futures_util::future::join_all(connections));
        });
        Self { shared, thread: Some(thread) }
    }

    /// Sends to other addresses from now on, where connections broke or are made anew: a service
    /// that was started again listens elsewhere.
    pub(crate) fn aim_at(&self, addresses: &[SocketAddr]) {
        *self.shared.addresses.lock().expect("nobody panics while reading") = addresses.to_vec();
    }

    /// What has come of it until now.
    pub(crate) fn tally(&self) -> Tally {
        self.shared.tally().clone()
    }

    /// Waits until so many more clicks were answered.
    pub(crate) async fn answers(&self, more: u64) {
        let until = self.shared.tally().answered() + more;
        let started = Instant::now();
        while self.shared.tally().answered() < until {
            assert!(started.elapsed() < DEADLINE, "no {more} answers in {DEADLINE:?}: {}", self.tally());
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends nothing more, waits for the answers to what was sent, and tells what came of it.
    pub(crate) async fn stop(mut self) -> Tally {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it stops once");
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        joined.expect("no panic").expect("the load ends without a panic");
        self.tally()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Its thread ends by itself when the last answers are there.
        self.shared.stopped.store(true, Ordering::Relaxed);
    }
}

/// Sends one request after the other until the load is stopped.
async fn connection(number: usize, shared: &Shared) {
    let connections = u32::try_from(shared.plan.connections).expect("a few thousand");
    let mut pace = shared.plan.per_second.map(|per_second| {
        let period = Duration::from_secs(1) * connections / per_second;
        let first = period * u32::try_from(number).expect("a few thousand") / connections;
        let mut pace = interval_at(tokio::time::Instant::now() + first, period);
        pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
        pace
    });
    // The connection, and how many requests it has had.
    let mut open: Option<(TcpStream, u32)> = None;
    while !shared.is_stopped() {
        if let Some(pace) = &mut pace {
            pace.tick().await;
            if shared.is_stopped() {
                return;
            }
        }
        let begun = Instant::now();
        // One that the service closed while nothing was asked did not fail.
        let usable = open.take().filter(|(stream, had)| {
            let silent = stream.try_read(&mut [0]);
            let silent = matches!(silent, Err(error) if error.kind() == ErrorKind::WouldBlock);
            silent && shared.plan.per_connection.is_none_or(|most| *had < most)
        });
        let open_now = match usable {
            Some(usable) => Some(usable),
            None => connect(shared.address(number)).await.map(|stream| (stream, 0)),
        };
        let Some((mut stream, had)) = open_now else {
            shared.tally().unreachable += 1;
            sleep(RETRY).await;
            continue;
        };
        if click(&mut stream, begun, shared).await {
            open = Some((stream, had + 1));
        }
    }
}

async fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
    stream.set_nodelay(true).ok()?;
    // To a port that nobody has, the system may connect a socket to itself.
    (stream.local_addr().ok()? != stream.peer_addr().ok()?).then_some(stream)
}

/// Opens the next link; returns whether the connection can be used again.
async fn click(stream: &mut TcpStream, begun: Instant, shared: &Shared) -> bool {
    let number = shared.next.fetch_add(1, Ordering::Relaxed);
    let links = u32::try_from(shared.plan.codes.len()).expect("a few links");
    let visitor = shared.plan.visitors.map_or(number, |visitors| number / links % visitors);
    let link = (number % links) as usize;
    let [_, a, b, c] = visitor.to_be_bytes();
    let request = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nCookie: {}\r\n\
         X-Forwarded-For: 10.{a}.{b}.{c}\r\n\r\n",
        shared.plan.codes[link],
        shared.cookie.get().expect("known before the first click")
    );
    shared.tally().sent(link, visitor);
    if let Ok(Ok((status, again))) = timeout(PATIENCE, ask(stream, request.as_bytes())).await {
        shared.tally().answer(link, visitor, status, Answered { at: begun, after: begun.elapsed() });
        again
    } else {
        shared.tally().broken += 1;
        false
    }
}

/// Sends a request and reads the whole answer: its status, and whether the connection goes on.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<(u16, bool)> {
    stream.write_all(request).await?;
    let mut bytes = Vec::with_capacity(1 << 10);
    let head = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&bytes[..head]).map_err(Error::other)?.to_ascii_lowercase();
    let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let header = |name| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    // Who says no length says it by the end of the connection, or in pieces: it is not read on.
    let Some(length) = header("content-length:").and_then(|length| length.parse::<usize>().ok()) else {
        return Ok((status, false));
    };
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((status, header("connection:") != Some("close")))
}
