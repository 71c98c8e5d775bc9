//! Requests to the byte, as no client library would send them.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// In which an answer must be there, whatever was sent.
const DEADLINE: Duration = Duration::from_secs(20);

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The status line and the headers, each with its line break.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The values of a header, in their order.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    /// The body, as far as it is text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends bytes on a connection of their own and reads the answer; `None` where the service closes
/// the connection without one. Panics when neither comes in time.
pub(crate) fn exchange(address: &str, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_write_timeout(Some(DEADLINE)).expect("a limit");
    // Who answers early may close before all of it is sent.
    let _ = stream.write_all(request);
    read(&mut stream)
}

/// Reads the next answer of a connection, past those that only say "go on".
pub(crate) fn read(stream: &mut TcpStream) -> Option<Answer> {
    let started = Instant::now();
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return Some(answer);
        }
        let left = DEADLINE.saturating_sub(started.elapsed());
        assert!(!left.is_zero(), "no whole answer in {DEADLINE:?}: {}", String::from_utf8_lossy(&bytes));
        stream.set_read_timeout(Some(left)).expect("a limit");
        let mut chunk = [0; 16 << 10];
        match stream.read(&mut chunk) {
            Ok(0) => return parse(&bytes, true),
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return parse(&bytes, true),
            Err(error) => panic!("no answer: {error}; until then {}", String::from_utf8_lossy(&bytes)),
        }
    }
}

/// The first answer in `bytes` that is none of the 1xx, when all of it is there. `ended`: no more
/// bytes will come.
fn parse(bytes: &[u8], ended: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let (head, rest) = bytes.split_at(end);
    let head = String::from_utf8(head.to_vec()).expect("the head of an answer is text");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    if (100..200).contains(&status) {
        return parse(rest, ended);
    }
    let mut answer = Answer { status, head, body: Vec::new() };
    let length =
        answer.headers("content-length").first().map(|text| text.parse::<usize>().expect("a length"));
    let whole = match length {
        Some(length) => rest.len() >= length,
        None if matches!(status, 204 | 304) => true,
        None => ended || rest.ends_with(b"0\r\n\r\n"),
    };
    answer.body = rest[..length.unwrap_or(rest.len()).min(rest.len())].to_vec();
    (whole || ended).then_some(answer)
}
