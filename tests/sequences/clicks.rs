//! People who open links, and the calls of a publisher, over plain sockets: the test must know of each request
//! whether it reached the service and whether the response came back whole.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::answering::granted;

/// An ordinary browser.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
/// After this, nobody waits for a response.
const LIMIT: Duration = Duration::from_secs(20);
/// How many connections a steady load has, and how many clicks each of them sends at most.
const LOAD: (u32, u32) = (4, 300);
/// How long a load waits for so many responses: none come where the store is away.
const LOAD_LIMIT: Duration = Duration::from_secs(2);

/// What became of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The whole 302 came back, at this moment.
    Answered(Instant),
    /// It reached the service perhaps.
    Unanswered,
    /// It did not reach the service, or the response was not a 302: it counts nothing.
    Nothing,
}

/// How somebody opens a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Click<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) code: &'a str,
    pub(crate) consent: bool,
}

impl Click<'_> {
    /// The cookie of everybody who opens it with consent. Where the service does not tell it, nobody opens the link: it
    /// would answer nobody at all.
    fn cookie(self) -> Option<String> {
        if !self.consent {
            return Some(String::new());
        }
        granted(self.address, self.code).map(|cookie| format!("Cookie: {cookie}\r\n"))
    }

    /// Opens it as somebody new.
    fn send(self, cookie: &str) -> Outcome {
        static PERSON: AtomicU32 = AtomicU32::new(0);
        let [_, a, b, c] = PERSON.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let request = format!(
            "GET /{} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nAccept: text/html\r\n\
             X-Forwarded-For: 10.{a}.{b}.{c}\r\n{cookie}Connection: close\r\n\r\n",
            self.code
        );
        let Ok(mut stream) = TcpStream::connect_timeout(&self.address, LIMIT) else {
            return Outcome::Nothing;
        };
        let Some(response) = exchange(&mut stream, &request) else { return Outcome::Unanswered };
        let whole = response.windows(4).any(|four| four == b"\r\n\r\n");
        match response.get(9..12) {
            Some(b"302") if whole => Outcome::Answered(Instant::now()),
            Some(_) if whole => Outcome::Nothing,
            _ => Outcome::Unanswered,
        }
    }

    /// So many people open it, so many of them at once.
    pub(crate) fn send_many(self, clicks: u32, at_once: u32) -> Vec<Outcome> {
        let next = AtomicU32::new(0);
        let Some(cookie) = self.cookie() else {
            return vec![Outcome::Nothing; usize::try_from(clicks).expect("a few clicks")];
        };
        let one = || {
            let mut outcomes = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < clicks {
                outcomes.push(self.send(&cookie));
            }
            outcomes
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(one)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        })
    }

    /// People open it until the service is gone. `then` happens when so many of them were answered; meanwhile others come.
    pub(crate) fn send_until<T>(self, answers: u32, then: impl FnOnce() -> T) -> (Vec<Outcome>, T) {
        let (over, answered) = (AtomicBool::new(false), AtomicU32::new(0));
        let Some(cookie) = self.cookie() else { return (Vec::new(), then()) };
        let one = || {
            let mut outcomes = Vec::new();
            for _ in 0..LOAD.1 {
                let outcome = self.send(&cookie);
                answered.fetch_add(u32::from(matches!(outcome, Outcome::Answered(_))), Ordering::Relaxed);
                if over.load(Ordering::Relaxed) && outcome == Outcome::Nothing {
                    break;
                }
                outcomes.push(outcome);
            }
            outcomes
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..LOAD.0).map(|_| scope.spawn(one)).collect();
            let began = Instant::now();
            while answered.load(Ordering::Relaxed) < answers && began.elapsed() < LOAD_LIMIT {
                thread::sleep(Duration::from_micros(100));
            }
            let done = then();
            over.store(true, Ordering::Relaxed);
            (threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect(), done)
        })
    }
}

/// Sends a request and returns what came back until the end; `None` where nothing did.
fn exchange(stream: &mut TcpStream, request: &str) -> Option<Vec<u8>> {
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut response = Vec::new();
    // A connection that breaks is as good as one that ends: what is whole is seen in the response.
    let _ = stream.read_to_end(&mut response);
    (!response.is_empty()).then_some(response)
}

/// A call of the API, or of an operator: the status and the body; `None` where no response came.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> Option<(u16, String)> {
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let body = body.map(ToString::to_string).unwrap_or_default();
    let media_type = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{key}{media_type}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
    let response = String::from_utf8(exchange(&mut stream, &request)?).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    let in_chunks = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if in_chunks { whole(body)? } else { body.to_owned() };
    Some((head.get(9..12)?.parse().ok()?, body))
}

/// Puts the chunks of a body together; `None` where some are missing.
fn whole(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..length)?);
        chunks = rest.get(length + 2..)?;
    }
}
