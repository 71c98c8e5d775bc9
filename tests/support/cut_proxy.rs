//! A TCP proxy in front of a server, which cuts connections in the middle of an answer for as long
//! as the test wants it to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The proxy; its connections end with it.
#[derive(Debug)]
pub(crate) struct CutProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    cutting: AtomicBool,
    /// How many answers were cut.
    cuts: AtomicUsize,
    ended: AtomicBool,
}

impl CutProxy {
    /// Begins to pass everything between a free port and the server's port, both of the loopback.
    pub(crate) fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("the listener's own address").port();
        let (cutting, cuts, ended) = Default::default();
        let shared = Arc::new(Shared { server, cutting, cuts, ended });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                if accepting.ended.load(Ordering::Relaxed) {
                    return;
                }
                let connection = Arc::clone(&accepting);
                // A client or a server that has gone ends the connection and nothing else.
                std::thread::spawn(move || client.and_then(|client| connection.pass_on(&client, number)));
            }
        });
        Self { port, shared }
    }

    /// The address for `store.url`.
    pub(crate) fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on every connection breaks after some bytes of answers, which are more or fewer
    /// from one connection to the next.
    pub(crate) fn cut(&self) {
        self.shared.cutting.store(true, Ordering::Relaxed);
    }

    /// From now on everything passes again.
    pub(crate) fn pass(&self) {
        self.shared.cutting.store(false, Ordering::Relaxed);
    }

    /// How many connections broke in the middle of an answer.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for CutProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // This wakes the thread that waits for clients.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn pass_on(&self, client: &TcpStream, number: usize) -> std::io::Result<()> {
        let server = TcpStream::connect(("127.0.0.1", self.server))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let answered = self.answer(&server, client, number);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        answered
    }

    /// Passes answers on until the connection ends or is cut. The cut may come within the greeting
    /// of a connection, and behind it within an answer to what the server has then done.
    fn answer(&self, mut server: &TcpStream, mut client: &TcpStream, number: usize) -> std::io::Result<()> {
        let mut left = 1 + number * 17 % 97;
        let mut bytes = [0; 4_096];
        loop {
            let length = server.read(&mut bytes)?;
            let cut = self.cutting.load(Ordering::Relaxed) && left < length;
            client.write_all(&bytes[..if cut { left } else { length }])?;
            if cut {
                self.cuts.fetch_add(1, Ordering::Relaxed);
            }
            if cut || length == 0 || self.ended.load(Ordering::Relaxed) {
                return Ok(());
            }
            if self.cutting.load(Ordering::Relaxed) {
                left -= length;
            }
        }
    }
}
