//! A mail server on a free port that keeps every letter in a folder, and letters as somebody reads them.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mailparse::{MailHeaderMap, ParsedMail};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
const ATTEMPTS: usize = 5;

/// A server with an empty folder.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl MailServer {
    /// Starts a server and waits until it greets.
    pub(crate) fn start() -> Self {
        for _ in 0..ATTEMPTS {
            let mut server = Self::not_running();
            if server.run() {
                return server;
            }
        }
        panic!("aiosmtpd did not start on any of {ATTEMPTS} free ports");
    }

    /// A place where nobody listens yet.
    pub(crate) fn not_running() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        Self { port, folder: TempDir::new().expect("a folder for letters"), child: None }
    }

    /// Starts the process on the port; false when it ended again, because the port was taken.
    pub(crate) fn run(&mut self) -> bool {
        let child = Command::new("aiosmtpd")
            .args(["--nosetuid", "--class", "aiosmtpd.handlers.Mailbox", "--listen"])
            .arg(format!("127.0.0.1:{}", self.port))
            .arg(self.folder.path().join("letters"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child =
            Some(child.unwrap_or_else(|error| {
                panic!("this test needs aiosmtpd (package python3-aiosmtpd): {error}")
            }));
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.as_mut().expect("just started").try_wait().expect("its own child");
            if ended.is_some() {
                return false;
            }
            assert!(began.elapsed() < DEADLINE, "aiosmtpd does not listen after {DEADLINE:?}");
            sleep(PAUSE);
        }
        true
    }

    /// Its address, as the setting takes it.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Every letter that it took.
    pub(crate) fn letters(&self) -> Vec<Received> {
        let folder: PathBuf = self.folder.path().join("letters/new");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let text = |file: std::fs::DirEntry| std::fs::read_to_string(file.path()).expect("a letter");
        files.map(|file| Received::of(&text(file))).collect()
    }

    /// Waits until it took so many letters.
    pub(crate) async fn took(&self, letters: usize) -> Vec<Received> {
        let began = Instant::now();
        loop {
            let taken = self.letters();
            if taken.len() >= letters {
                return taken;
            }
            assert!(began.elapsed() < DEADLINE, "{} of {letters} letters came", taken.len());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A letter of two alternatives.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) raw: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Received {
    fn of(raw: &str) -> Self {
        let letter = mailparse::parse_mail(raw.as_bytes()).expect("a letter");
        let named =
            |name| letter.headers.get_first_value(name).unwrap_or_else(|| panic!("no {name} in {raw}"));
        assert_eq!(letter.ctype.mimetype, "multipart/alternative");
        let [text, html] = letter.subparts.as_slice() else { panic!("not two parts in {raw}") };
        let read = |part: &ParsedMail<'_>, kind| {
            assert_eq!((part.ctype.mimetype.as_str(), part.ctype.charset.as_str()), (kind, "utf-8"));
            part.get_body().expect("a text").replace("\r\n", "\n")
        };
        Self {
            to: named("to"),
            subject: named("subject"),
            id: named("message-id"),
            text: read(text, "text/plain"),
            html: read(html, "text/html"),
            raw: raw.to_owned(),
        }
    }
}
