//! A web server of a few lines, for what is not the service: one request for each connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The server; it ends with the test.
#[derive(Debug)]
pub(crate) struct SmallServer {
    pub(crate) port: u16,
    ended: Arc<AtomicBool>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The request line and the headers, without the empty line.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// Method, path and query: `GET /article?page=2`.
    pub(crate) fn what(&self) -> &str {
        self.head.lines().next().and_then(|line| line.rsplit_once(' ')).map_or("", |(what, _)| what)
    }

    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()).next()
    }
}

impl SmallServer {
    /// Answers on a free port with what `answer` gives: the bytes of a whole answer, or nothing,
    /// and the connection breaks.
    pub(crate) fn start(answer: impl Fn(Asked) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("the listener's own address").port();
        let ended = Arc::new(AtomicBool::new(false));
        let (answer, stop) = (Arc::new(answer), Arc::clone(&ended));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let answer = Arc::clone(&answer);
                thread::spawn(move || {
                    let bytes = read(&client).and_then(|asked| answer(asked));
                    // A client that has gone ends the connection and nothing else.
                    let _ = (&client).write_all(&bytes.unwrap_or_default());
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, ended }
    }
}

impl Drop for SmallServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // This wakes the thread that waits for clients.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A whole answer that closes its connection.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (headers, length) = (headers.concat(), body.len());
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The request of a connection; none where it is no HTTP, such as a browser's first try with TLS.
fn read(mut client: &TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let length = client.read(&mut part).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        if bytes.first() == Some(&0x16) {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let asked = Asked { head: head.to_owned(), body: body.to_owned() };
        let expected = asked.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        if body.len() >= expected {
            return Some(asked);
        }
    }
}
