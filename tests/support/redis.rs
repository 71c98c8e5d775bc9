//! Real Redis servers for tests, on free ports of the loopback: one, a Cluster, or some that
//! Sentinels watch.
//!
//! They keep nothing on disk unless asked, live in a folder of their own and end with the value
//! that started them. A missing `redis-server` fails the test that needs it.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

#[allow(unused_imports, reason = "each test crate uses a part")]
pub(crate) use cluster::RedisCluster;
#[allow(unused_imports, reason = "each test crate uses a part")]
pub(crate) use sentinel::WatchedRedis;

#[path = "redis_cluster.rs"]
mod cluster;
#[path = "moved_clock.rs"]
pub(crate) mod moved_clock;
#[path = "redis_sentinel.rs"]
mod sentinel;

const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);
/// How often another port is tried after somebody else took the one that was free.
const ATTEMPTS: usize = 20;

/// One `redis-server`.
#[derive(Debug)]
pub(crate) struct RedisServer {
    port: u16,
    options: Vec<String>,
    /// The file that says how far its wall clock is ahead, where it has one that a test moves.
    clock: Option<PathBuf>,
    child: Option<Child>,
    /// Where it works; removed with it unless the test gave a folder.
    dir: PathBuf,
    _own_dir: Option<TempDir>,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--save", "", "--appendonly", "no"], None)
    }

    /// Starts a server that has every write on disk before it answers, and reads what is there.
    pub(crate) fn start_persistent(dir: &Path) -> Self {
        let options = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
        Self::start_with(&options, Some(dir))
    }

    /// Starts a server with these options of its command line, in a folder of its own where none is
    /// given.
    pub(crate) fn start_with(options: &[&str], dir: Option<&Path>) -> Self {
        Self::start_as(options, dir, None)
    }

    /// The same, with a wall clock that is as far ahead as a file says at any time.
    pub(crate) fn start_with_clock(options: &[&str], dir: Option<&Path>, clock: &Path) -> Self {
        Self::start_as(options, dir, Some(clock.to_owned()))
    }

    fn start_as(options: &[&str], dir: Option<&Path>, clock: Option<PathBuf>) -> Self {
        let own_dir = dir.is_none().then(|| TempDir::new().expect("a folder for redis-server"));
        let dir = dir.or(own_dir.as_ref().map(TempDir::path)).expect("one of the two").to_owned();
        let options = options.iter().map(ToString::to_string).collect();
        let mut server = Self { port: 0, options, clock, child: None, dir, _own_dir: own_dir };
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            if server.run() {
                return server;
            }
        }
        panic!("redis-server did not start on any of {ATTEMPTS} free ports");
    }

    /// Starts the process on the port; false when it ended again, because the port was taken.
    fn run(&mut self) -> bool {
        let mut command = Command::new("redis-server");
        if let Some(clock) = &self.clock {
            moved_clock::give_to_redis(&mut command, clock);
        }
        let child = command
            // A file of settings must come first.
            .args(&self.options)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
            .arg("--dir")
            .arg(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("this test needs redis-server (package redis-server): {error}"));
        self.child = Some(child);
        wait_for("redis-server answers PING", || {
            let ended = self.child.as_mut().expect("just started").try_wait().expect("its own child");
            if ended.is_some() { Some(false) } else { self.answers().then_some(true) }
        })
    }

    fn answers(&self) -> bool {
        self.ask("PING").starts_with("+PONG")
    }

    /// Sends one command, whose parts are separated by spaces, and returns the answer as it is on
    /// the wire; nothing where there is none.
    pub(crate) fn ask(&self, command: &str) -> String {
        ask(self.port, command).unwrap_or_default()
    }

    /// The same for an answer that may be no text.
    pub(crate) fn ask_bytes(&self, command: &str) -> Vec<u8> {
        answer(self.port, command).unwrap_or_default()
    }

    /// The value of a field that `INFO` shows.
    pub(crate) fn info(&self, field: &str) -> Option<String> {
        let info = self.ask("INFO");
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| *name == field).map(|(_, value)| value.trim().to_owned())
    }

    /// Waits until a replica has every write that this server has taken until now.
    pub(crate) fn wait_until_copied_to(&self, replica: &Self) {
        let offset = |server: &Self, field| server.info(field).and_then(|text| text.parse::<u64>().ok());
        let written = offset(self, "master_repl_offset").expect("every server has one");
        wait_for("the replica has every write", || {
            let connected = replica.info("master_link_status").is_some_and(|status| status == "up");
            (connected && offset(replica, "slave_repl_offset") >= Some(written)).then_some(())
        });
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address for `store.url`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The address for a user who may do everything but publish and subscribe.
    pub(crate) fn url_without_news(&self) -> String {
        let made = ask(self.port, "ACL SETUSER deaf on >secret ~* +@all resetchannels");
        assert!(made.is_some_and(|answer| answer.starts_with("+OK")), "a user");
        format!("redis://deaf:secret@127.0.0.1:{}", self.port)
    }

    /// Stops the process without ending it: connections stay open and nothing is answered.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets a paused process go on.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the server runs").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the command kill");
        assert!(status.success(), "kill {signal} {id}");
    }

    /// Ends the process at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port, after [`Self::kill`].
    pub(crate) fn restart(&mut self) {
        self.kill();
        assert!(self.run(), "port {} was taken by somebody else meanwhile", self.port);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on, with room for a Cluster's second port 10,000 above.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("the listener's own address").port();
        if let Some(bus) = port.checked_add(10_000)
            && TcpListener::bind(("127.0.0.1", bus)).is_ok()
        {
            return port;
        }
        // The system hands ports out of a range that may lie too high altogether.
        let low = 20_000 + port % 30_000;
        if TcpListener::bind(("127.0.0.1", low)).is_ok()
            && TcpListener::bind(("127.0.0.1", low + 10_000)).is_ok()
        {
            return low;
        }
    }
}

/// Sends one command without quoting and returns the answer.
fn ask(port: u16, command: &str) -> Option<String> {
    String::from_utf8(answer(port, command)?).ok()
}

fn answer(port: u16, command: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
    // The server ends the connection when it has answered; a Sentinel does not know `QUIT`.
    stream.shutdown(Shutdown::Write).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}

/// Asks until there is an answer, and fails the test when there is none in time.
fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} and still not: {what}");
        sleep(PAUSE);
    }
}
