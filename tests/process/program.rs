//! The program in a folder of its own, with no settings but those of the test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::answering::granted;

use crate::redis::moved_clock;

/// An ordinary browser.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
/// The service believes every address that a visitor says it comes from.
pub(crate) const BEHIND_A_PROXY: [&str; 2] = ["--set", "server.trusted_proxies=127.0.0.1"];
const PROGRAM: &str = env!("CARGO_BIN_EXE_entrenous");
/// Where the test's service listens, and that it publishes every number.
const ON_A_FREE_PORT: [&str; 4] = ["--listen", "127.0.0.1:0", "--set", "stats.min_count=1"];
/// And where it tells its metrics.
const METRICS: (&str, &str) = ("ENTRENOUS__METRICS__LISTEN", "127.0.0.1:0");
/// It ends as soon as it is told to, where a test says nothing else.
const NO_DRAIN: (&str, &str) = ("ENTRENOUS__SERVER__DRAIN_SECONDS", "0");
/// Within this, whatever a test waits for has happened.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks at what a test waits for.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The working folder of one installation; it goes with the value.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// The segments of its journal, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.path().join("data/journal")).expect("a folder").flatten();
        let paths = files.map(|file| file.path());
        let mut segments: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|extension| extension == "journal")).collect();
        segments.sort();
        segments
    }

    /// The program, to be started here: its files are below this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(PROGRAM), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        let settings = std::env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("ENTRENOUS")) {
            command.env_remove(name);
        }
        command.env(NO_DRAIN.0, NO_DRAIN.1).env(METRICS.0, METRICS.1);
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
        serve(self.prepared(Command::new(PROGRAM), &[arguments, &ON_A_FREE_PORT].concat()))
    }

    /// The same, with the right to no more than so many open files to begin with.
    pub(crate) fn serve_with_files(&self, files: u32, arguments: &[&str]) -> Service {
        serve(self.limited(&format!("-Sn {files}"), &[arguments, &ON_A_FREE_PORT].concat()))
    }

    /// The same, with the right to no more than so many open files ever.
    pub(crate) fn serve_with_no_more_files(&self, files: u32, arguments: &[&str]) -> Service {
        serve(self.limited(&format!("-n {files}"), &[arguments, &ON_A_FREE_PORT].concat()))
    }

    /// Runs the program to its end, with the right to no more than so many open files ever.
    pub(crate) fn run_with_no_more_files(&self, files: u32, arguments: &[&str]) -> Ended {
        run(self.limited(&format!("-n {files}"), arguments))
    }

    fn limited(&self, limit: &str, arguments: &[&str]) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\""), PROGRAM]);
        self.prepared(shell, arguments)
    }

    /// The same, with a wall clock that is as far ahead as this file says at any time, such as `+1d`.
    pub(crate) fn serve_with_clock(&self, ahead: &std::path::Path, arguments: &[&str]) -> Service {
        let mut command = self.prepared(Command::new(PROGRAM), &[arguments, &ON_A_FREE_PORT].concat());
        moved_clock::give(&mut command, ahead);
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

/// A number of visits as metrics tell it.
pub(crate) fn tens(number: u64) -> u64 {
    number / 10 * 10
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
    /// What it has logged until now.
    log: Arc<Mutex<String>>,
}

/// Starts a service and waits until it says where it is.
pub(crate) fn serve(mut command: Command) -> Service {
    let mut child = command.spawn().expect("the program starts");
    let log = Arc::default();
    let (errors, to) = (BufReader::new(child.stderr.take().expect("a pipe")), Arc::clone(&log));
    std::thread::spawn(move || keep(errors, &to));
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
    Service { child, greeting, base: format!("http://127.0.0.1:{port}"), client, log }
}

/// Keeps the lines of a log, and prints them where the test fails.
fn keep(lines: impl BufRead, log: &Mutex<String>) {
    for line in lines.lines().map_while(Result::ok) {
        eprintln!("{line}");
        let mut log = log.lock().expect("nobody panics while reading");
        log.push_str(&line);
        log.push('\n');
    }
}

impl Service {
    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The same as a socket's address.
    pub(crate) fn socket(&self) -> SocketAddr {
        self.address().parse().expect("an address and a port")
    }

    /// The key of this kind that it printed.
    pub(crate) fn printed_key(&self, beginning: &str) -> Option<String> {
        self.greeting.split_whitespace().find(|word| word.starts_with(beginning)).map(str::to_owned)
    }

    /// What it has logged until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics while writing").clone()
    }

    /// The processor time that it has used until now, that of threads which have ended included, in nanoseconds. The system
    /// tells it in steps of a hundredth of a second.
    pub(crate) fn processor_time(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .expect("the state of a process");
        let (_, behind_name) = text.rsplit_once(") ").expect("the name of a process");
        let ticks =
            behind_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        ticks.sum::<u64>() * 10_000_000
    }

    /// The number of its process.
    #[allow(dead_code, reason = "each test crate uses a part")]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// How many files and connections it has open.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("the folder of a process").count()
    }

    /// One of its metrics. What visits change is told in tens, rounded down.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let request = self.client.get(format!("http://{}/metrics", self.metrics())).timeout(DEADLINE).send();
        let text = request.await.expect("an answer").text().await.expect("text");
        let name = format!("entrenous_{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap_or_else(|| panic!("no metric {name}in {text}")).parse().expect("a number")
    }

    /// Where it tells its metrics.
    pub(crate) fn metrics(&self) -> SocketAddr {
        // What it logs comes another way than what it prints, and may come later.
        let started = Instant::now();
        let log = loop {
            let log = self.log();
            if log.split_once("metrics=").is_some_and(|(_, rest)| rest.contains('\n')) {
                break log;
            }
            assert!(started.elapsed() < DEADLINE, "it does not say where its metrics are: {log}");
            std::thread::sleep(PAUSE);
        };
        let (_, rest) = log.split_once("metrics=").expect("the line of the start");
        let end = rest.find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter)));
        rest[..end.unwrap_or(rest.len())].parse().expect("an address and a port")
    }

    /// Waits until one of its metrics is at least so much.
    pub(crate) async fn until(&self, metric: &str, least: u64) {
        let started = Instant::now();
        while self.metric(metric).await < least {
            assert!(started.elapsed() < DEADLINE, "{metric} is not {least} after {DEADLINE:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until one of its metrics of visits is so much, as far as it is told.
    pub(crate) async fn until_tens(&self, metric: &str, least: u64) {
        self.until(metric, tens(least)).await;
    }

    /// Makes so many links and returns their codes.
    pub(crate) async fn codes(&self, key: &str, count: usize) -> Vec<String> {
        let mut codes = Vec::new();
        for _ in 0..count {
            codes.push(self.code(key).await);
        }
        codes
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
        self.clicking(code, address).await
    }

    /// The same, to be waited for apart from the service.
    pub(crate) fn clicking(
        &self,
        code: &str,
        address: &str,
    ) -> impl Future<Output = Result<StatusCode, reqwest::Error>> + Send + use<> {
        let request = self.client.get(format!("{}/{code}", self.base)).header("user-agent", FIREFOX);
        let request = request.header("x-forwarded-for", address);
        let (socket, code) = (self.socket(), code.to_owned());
        async move {
            let cookie = spawn_blocking(move || granted(socket, &code)).await.expect("no panic");
            let request = request.header("cookie", cookie.unwrap_or_default());
            Ok(request.timeout(DEADLINE).send().await?.status())
        }
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

    /// Sends it a signal, such as `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
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
