//! What stands between the browser and the service: it remembers every request, and holds it up or
//! loses it as the test wants.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::small_server::{Asked, SmallServer, answer};

/// The gate; its address is the service's for whoever comes through it.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) base: String,
    shared: Arc<Shared>,
    _server: SmallServer,
}

/// What happens to calls of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Each waits so long before it reaches the service.
    Delay(Duration),
    /// None reaches it.
    Down,
    /// Codes are refused, as to a network that has asked for too many; links are made.
    NoCodes,
    /// The next so many claims do not reach it.
    LostClaims(u32),
    /// The next so many claims reach it, and their answers get lost.
    LostAnswers(u32),
}

#[derive(Debug)]
struct Shared {
    /// The service's address and port.
    service: Mutex<String>,
    trouble: Mutex<Trouble>,
    asked: Mutex<Vec<Asked>>,
}

impl Gate {
    /// Opens the gate, which leads nowhere yet.
    pub(crate) fn open() -> Self {
        let shared = Arc::new(Shared {
            service: Mutex::default(),
            trouble: Mutex::new(Trouble::None),
            asked: Mutex::default(),
        });
        let passing = Arc::clone(&shared);
        let server = SmallServer::start(move |asked| passing.pass(&asked));
        Self { base: format!("http://localhost:{}", server.port), shared, _server: server }
    }

    pub(crate) fn leads_to(&self, service: &str) {
        service.clone_into(&mut self.shared.service.lock().expect("no panic"));
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        *self.shared.trouble.lock().expect("no panic") = trouble;
    }

    /// The requests so far that begin so, such as `GET /share.js`.
    pub(crate) fn asked(&self, beginning: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().expect("no panic");
        asked.iter().filter(|asked| asked.what().starts_with(beginning)).cloned().collect()
    }

    /// The bodies of all that was sent to make a link.
    pub(crate) fn links(&self) -> Vec<Value> {
        let asked = self.asked("POST /api/v1/links");
        asked.iter().map(|asked| serde_json::from_str(&asked.body).expect("JSON")).collect()
    }
}

impl Shared {
    fn pass(&self, asked: &Asked) -> Option<Vec<u8>> {
        let api = asked.what().contains(" /api/");
        let making = asked.what().starts_with("POST /api/v1/links");
        self.asked.lock().expect("no panic").push(asked.clone());
        let trouble = *self.trouble.lock().expect("no panic");
        match trouble {
            Trouble::Delay(time) if api => sleep(time),
            Trouble::Down if api => return None,
            Trouble::NoCodes if asked.what().starts_with("POST /api/v1/codes") => {
                let origin = [("Access-Control-Allow-Origin", asked.header("origin").unwrap_or_default())];
                return Some(answer("429 Too Many Requests", &origin, b"{}"));
            }
            Trouble::LostClaims(left) if making && left > 0 => {
                *self.trouble.lock().expect("no panic") = Trouble::LostClaims(left - 1);
                return None;
            }
            Trouble::LostAnswers(left) if making && left > 0 => {
                *self.trouble.lock().expect("no panic") = Trouble::LostAnswers(left - 1);
                self.ask(asked)?;
                return None;
            }
            _ => {}
        }
        self.ask(asked)
    }

    /// The service's answer.
    fn ask(&self, asked: &Asked) -> Option<Vec<u8>> {
        let mut service = TcpStream::connect(&*self.service.lock().expect("no panic")).ok()?;
        let other = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
        let head: Vec<_> = asked.head.lines().filter(other).collect();
        let request = format!("{}\r\nConnection: close\r\n\r\n{}", head.join("\r\n"), asked.body);
        service.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        service.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}
