//! A mail server on a free port that keeps every letter in a folder, and letters as somebody reads them.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
        let raw = raw.replace("\r\n", "\n");
        let (head, body) = raw.split_once("\n\n").expect("a head and a body");
        let kind = header(head, "content-type");
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let (_, boundary) = kind.split_once("boundary=\"").expect("a boundary");
        let boundary = format!("--{}", boundary.split_once('"').expect("an end").0);
        let parts: Vec<_> = body.split(boundary.as_str()).skip(1).collect();
        assert_eq!(parts.len(), 3, "two parts and an end in {raw}");
        let read = |part: &str, wanted: &str| {
            let (head, body) = part.trim_start().split_once("\n\n").expect("a head and a body");
            let kind = header(head, "content-type");
            assert_eq!(kind, format!("{wanted}; charset=utf-8"));
            match header(head, "content-transfer-encoding").as_str() {
                "quoted-printable" => quoted_printable(body),
                "base64" => {
                    let bytes = STANDARD.decode(body.split_whitespace().collect::<String>());
                    String::from_utf8(bytes.expect("base64")).expect("UTF-8")
                }
                "7bit" => body.to_owned(),
                other => panic!("{other}"),
            }
        };
        let (text, html) = (read(parts[0], "text/plain"), read(parts[1], "text/html"));
        let named = |name| header(head, name);
        Self {
            to: named("to"),
            subject: named("subject"),
            id: named("message-id"),
            text: text.replace("\r\n", "\n"),
            html,
            raw,
        }
    }
}

/// A header, unfolded.
fn header(head: &str, name: &str) -> String {
    let mut lines =
        head.lines().skip_while(|line| !line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    let first = lines.next().unwrap_or_else(|| panic!("no {name} in {head}"));
    let mut value = first.split_once(':').expect("a colon").1.trim().to_owned();
    for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(more.trim());
    }
    value
}

/// RFC 2045, 6.7.
fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        if *first == b'=' {
            let digits = std::str::from_utf8(&others[..2]).expect("ASCII");
            bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
