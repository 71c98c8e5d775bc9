//! Real Redis servers for tests: one, or a Cluster of three masters, on free ports of the loopback.
//!
//! They keep nothing on disk unless asked, live in a folder of their own and end with the value
//! that started them. A missing `redis-server` fails the test that needs it.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);
/// How often another port is tried after somebody else took the one that was free.
const ATTEMPTS: usize = 20;

/// One `redis-server`.
#[derive(Debug)]
pub(crate) struct RedisServer {
    port: u16,
    options: Vec<String>,
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

    fn start_with(options: &[&str], dir: Option<&Path>) -> Self {
        let own_dir = dir.is_none().then(|| TempDir::new().expect("a folder for redis-server"));
        let dir = dir.or(own_dir.as_ref().map(TempDir::path)).expect("one of the two").to_owned();
        let options = options.iter().map(ToString::to_string).collect();
        let mut server = Self { port: 0, options, child: None, dir, _own_dir: own_dir };
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
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
            .arg("--dir")
            .arg(&self.dir)
            .args(&self.options)
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
        ask(self.port, "PING").is_some_and(|answer| answer.starts_with("+PONG"))
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address for `store.url`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
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

/// A Cluster of three masters without replicas.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the nodes and waits until each of them knows that all slots are served.
    pub(crate) fn start() -> Self {
        let options = ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes"];
        let nodes: Vec<_> = (0..3).map(|_| RedisServer::start_with(&options, None)).collect();
        let output = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)))
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("this test needs redis-cli (package redis-tools): {error}"));
        assert!(output.status.success(), "redis-cli: {}", String::from_utf8_lossy(&output.stdout));
        for node in &nodes {
            wait_for("the cluster's state is ok", || {
                let answer = ask(node.port, "CLUSTER INFO").unwrap_or_default();
                let all = answer.contains("cluster_state:ok") && answer.contains("cluster_known_nodes:3");
                all.then_some(())
            });
        }
        Self { nodes }
    }

    /// The address for `store.url`, with every node.
    pub(crate) fn url(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// The nodes.
    pub(crate) fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
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

/// Sends one command without quoting and returns the beginning of the answer.
fn ask(port: u16, command: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

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
