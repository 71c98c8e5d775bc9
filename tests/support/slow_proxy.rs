//! A TCP proxy in front of a server that is far away: each answer takes a while, and round trips are counted.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The proxy; its connections end with it.
#[derive(Debug)]
pub(crate) struct SlowProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    latency: Duration,
    round_trips: AtomicUsize,
    ended: AtomicBool,
}

impl SlowProxy {
    /// Begins to pass everything between a free port and the server's port, both of the loopback; answers come this much
    /// later.
    pub(crate) fn start(server: u16, latency: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("the listener's own address").port();
        let (round_trips, ended) = Default::default();
        let shared = Arc::new(Shared { server, latency, round_trips, ended });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.ended.load(Ordering::Relaxed) {
                    return;
                }
                let connection = Arc::clone(&accepting);
                // A client or a server that has gone ends the connection and nothing else.
                std::thread::spawn(move || client.and_then(|client| connection.pass_on(&client)));
            }
        });
        Self { port, shared }
    }

    /// The address for `store.url`.
    pub(crate) fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// How often somebody has asked something after what was asked before had been answered.
    pub(crate) fn round_trips(&self) -> usize {
        self.shared.round_trips.load(Ordering::Relaxed)
    }
}

impl Drop for SlowProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // This wakes the thread that waits for clients.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn pass_on(self: &Arc<Self>, client: &TcpStream) -> std::io::Result<()> {
        let server = TcpStream::connect(("127.0.0.1", self.server))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let answered = Arc::new(AtomicBool::new(true));
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        let (shared, was_answered) = (Arc::clone(self), Arc::clone(&answered));
        std::thread::spawn(move || -> std::io::Result<()> {
            let mut bytes = vec![0; 65_536];
            loop {
                let length = from.read(&mut bytes)?;
                if length == 0 {
                    return to.shutdown(Shutdown::Write);
                }
                if was_answered.swap(false, Ordering::SeqCst) {
                    shared.round_trips.fetch_add(1, Ordering::Relaxed);
                }
                to.write_all(&bytes[..length])?;
            }
        });
        let passed = self.answer(&server, client, &answered);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        passed
    }

    fn answer(
        &self,
        mut server: &TcpStream,
        mut client: &TcpStream,
        answered: &AtomicBool,
    ) -> std::io::Result<()> {
        let mut bytes = vec![0; 65_536];
        loop {
            let mut length = server.read(&mut bytes)?;
            if length == 0 || self.ended.load(Ordering::Relaxed) {
                return Ok(());
            }
            // The way is long, not narrow: what has arrived when its time is over goes on together.
            std::thread::sleep(self.latency);
            server.set_nonblocking(true)?;
            while length < bytes.len() {
                match server.read(&mut bytes[length..]) {
                    Ok(0) | Err(_) => break,
                    Ok(more) => length += more,
                }
            }
            server.set_nonblocking(false)?;
            answered.store(true, Ordering::SeqCst);
            client.write_all(&bytes[..length])?;
        }
    }
}
