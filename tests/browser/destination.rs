//! Where links lead in these tests: a small web server of the test's own, which answers for every
//! host on the internet and remembers who asked.

use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

const PAGE: &str = "<!doctype html><html lang=en><title>An article</title><link rel=icon href=data:,><h1>You have arrived</h1>";

/// A destination; it ends with the test.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) port: u16,
    /// The head of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Destination {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&seen)));
            }
        });
        Self { port, requests }
    }

    /// The heads of the requests since the last call, in small letters; without what Chromium asks
    /// its maker's hosts of its own accord.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = std::mem::take(&mut *self.requests.lock().expect("no panic"));
        requests.into_iter().filter(|head| head.contains(".example\r\n")).collect()
    }
}

async fn answer(stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut part = [0; 4096];
        let ready = stream.readable().await;
        match stream.try_read(&mut part) {
            Ok(0) => return,
            Ok(length) => head.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
        // A browser may try https first; that is no request.
        if ready.is_err() || head.first() == Some(&0x16) {
            return;
        }
    }
    seen.lock().expect("no panic").push(String::from_utf8_lossy(&head).to_lowercase());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    let mut rest = answer.as_bytes();
    while !rest.is_empty() {
        if stream.writable().await.is_err() {
            return;
        }
        match stream.try_write(rest) {
            Ok(length) => rest = &rest[length..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
