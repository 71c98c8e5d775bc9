//! The program in a folder of its own, with no settings but those of the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An ordinary browser.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
/// Within this, whatever a test waits for has happened.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// The working folder of one installation; it goes with the value.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// The program, to be started here: its files are below this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
        let settings = std::env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("ENTRENOUS")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(self.command(arguments))
    }

    /// Starts the service on a free port and waits until it says where it is.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Service {
        let mut command = self.command(arguments);
        command.args(["--listen", "127.0.0.1:0", "--set", "stats.min_count=1"]);
        serve(command)
    }

    /// Makes a site for any destination and returns its two keys.
    pub(crate) fn site(&self, name: &str) -> Value {
        let made = self.run(&["site", "create", name, "--destination", "*", "--json"]);
        assert_eq!(made.code, Some(0), "{}", made.errors);
        serde_json::from_str(&made.text).expect("JSON")
    }
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) errors: String,
}

/// Runs a command to its end; one that does not end in time is killed and fails the test.
pub(crate) fn run(mut command: Command) -> Ended {
    let mut child = command.spawn().expect("the program starts");
    if wait(&mut child).is_none() {
        let _ = child.kill();
        panic!("the program did not end: {:?}", child.wait_with_output());
    }
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it has ended");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: status.code(), text: text(stdout), errors: text(stderr) }
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        if let Some(status) = child.try_wait().expect("its own child") {
            return Some(status);
        }
        std::thread::sleep(PAUSE);
    }
    None
}

/// A running service. It is killed where the test does not end it.
pub(crate) struct Service {
    child: Child,
    /// What it printed until it was ready.
    pub(crate) greeting: String,
    pub(crate) base: String,
    client: Client,
}

/// Starts a service and waits until it says where it is.
pub(crate) fn serve(mut command: Command) -> Service {
    let mut child = command.stderr(Stdio::inherit()).spawn().expect("the program starts");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let (lines, printed) = mpsc::channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let mut greeting = String::new();
    let port = loop {
        let Ok(line) = printed.recv_timeout(DEADLINE) else {
            let _ = child.kill();
            panic!("the service is not ready after {DEADLINE:?}; it printed {greeting:?}");
        };
        greeting.push_str(&line);
        greeting.push('\n');
        if let Some((_, port)) = line.split_once("http://localhost:") {
            break port.trim_end_matches('/').to_owned();
        }
    };
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    Service { child, greeting, base: format!("http://127.0.0.1:{port}"), client }
}

impl Service {
    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The key of this kind that it printed.
    pub(crate) fn printed_key(&self, beginning: &str) -> Option<String> {
        self.greeting.split_whitespace().find(|word| word.starts_with(beginning)).map(str::to_owned)
    }

    /// Tries to make a link.
    pub(crate) async fn share(&self, key: &str) -> Response {
        let body = json!({ "url": "https://example.com/", "channel": "sms" });
        let request = self.client.post(format!("{}/api/v1/links", self.base)).bearer_auth(key).json(&body);
        request.send().await.expect("an answer")
    }

    /// Makes a link and returns its code.
    pub(crate) async fn code(&self, key: &str) -> String {
        let made = self.share(key).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        let made: Value = made.json().await.expect("JSON");
        made["code"].as_str().expect("a code").to_owned()
    }

    /// Opens a link as somebody who granted consent, from an address that a proxy told.
    pub(crate) async fn click(&self, code: &str, address: &str) -> Result<StatusCode, reqwest::Error> {
        let request = self.client.get(format!("{}/{code}", self.base)).header("user-agent", FIREFOX);
        let request = request.header("cookie", "consent=g1").header("x-forwarded-for", address);
        Ok(request.timeout(DEADLINE).send().await?.status())
    }

    /// A link's clicks and visitors in the store.
    pub(crate) async fn counted(&self, key: &str, code: &str) -> (u64, u64) {
        let request = self.client.get(format!("{}/api/v1/links/{code}/stats", self.base)).bearer_auth(key);
        let stats: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let total = |name| stats["totals"][name].as_u64().expect("a number");
        (total("clicks"), total("visitors"))
    }

    /// Waits until a link has at least so many clicks in the store.
    pub(crate) async fn counted_at_least(&self, key: &str, code: &str, clicks: u64) {
        let started = Instant::now();
        while self.counted(key, code).await.0 < clicks {
            assert!(started.elapsed() < DEADLINE, "{clicks} clicks are not in the store after {DEADLINE:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks it to end, as an operator does.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("the command kill (package procps)").success());
    }

    /// Waits for its end and returns its exit code; none where a signal ended it.
    pub(crate) fn end(mut self) -> Option<i32> {
        wait(&mut self.child).expect("the service ends in time").code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
