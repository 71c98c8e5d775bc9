//! Where links lead in these tests: a small web server of the test's own, which answers for every
//! host on the internet and remembers who asked.

use std::sync::{Arc, Mutex};

use crate::small_server::{SmallServer, answer};

const PAGE: &str = "<!doctype html><html lang=en><title>An article</title><link rel=icon href=data:,><h1>You have arrived</h1>";

/// A destination; it ends with the test.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) port: u16,
    /// The head of each request.
    requests: Arc<Mutex<Vec<String>>>,
    _server: SmallServer,
}

impl Destination {
    #[expect(clippy::unused_async, reason = "tests start everything in one way")]
    pub(crate) async fn start() -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let server = SmallServer::start(move |asked| {
            seen.lock().expect("no panic").push(format!("{}\r\n", asked.head.to_lowercase()));
            Some(answer("200 OK", &[("Content-Type", "text/html")], PAGE.as_bytes()))
        });
        Self { port: server.port, requests, _server: server }
    }

    /// The heads of the requests since the last call, in small letters; without what Chromium asks
    /// its maker's hosts of its own accord.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = std::mem::take(&mut *self.requests.lock().expect("no panic"));
        requests.into_iter().filter(|head| head.contains(".example\r\n")).collect()
    }
}
