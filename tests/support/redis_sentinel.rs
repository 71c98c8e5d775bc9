//! A Redis master with replicas that three Sentinels watch, for tests.

use tempfile::TempDir;

use super::{RedisServer, wait_for};

/// What the Sentinels call the master.
const NAME: &str = "main";
/// How many Sentinels there are; two of them decide.
const SENTINELS: usize = 3;

/// The servers and their Sentinels. The numbers of the servers are their places in the order of
/// their start; the first one begins as the master.
#[derive(Debug)]
pub(crate) struct WatchedRedis {
    servers: Vec<RedisServer>,
    sentinels: Vec<(RedisServer, TempDir)>,
}

impl WatchedRedis {
    /// Starts a master, so many replicas and the Sentinels, and waits until all know each other.
    pub(crate) fn start(replicas: usize) -> Self {
        let options = ["--save", "", "--appendonly", "no"];
        let mut servers = vec![RedisServer::start_with(&options, None)];
        let port = servers[0].port.to_string();
        let replica = [&options[..], &["--replicaof", "127.0.0.1", &port]].concat();
        servers.extend((0..replicas).map(|_| RedisServer::start_with(&replica, None)));
        let watched = Self { servers, sentinels: (0..SENTINELS).map(|_| sentinel(&port)).collect() };
        watched.wait_until_copied();
        for (sentinel, _) in &watched.sentinels {
            wait_for("every Sentinel knows the others and the replicas", || {
                let others = field(sentinel, "num-other-sentinels") == Some(SENTINELS - 1);
                (others && field(sentinel, "num-slaves") == Some(replicas)).then_some(())
            });
        }
        watched
    }

    /// The address for `store.url`, with every Sentinel.
    pub(crate) fn url(&self) -> String {
        let sentinels = self.sentinels.iter().map(|(one, _)| format!("127.0.0.1:{}", one.port));
        format!("redis+sentinel://{}/{NAME}", sentinels.collect::<Vec<_>>().join(","))
    }

    /// All processes: the servers and the Sentinels.
    pub(crate) fn all(&self) -> impl Iterator<Item = &RedisServer> {
        self.servers.iter().chain(self.sentinels.iter().map(|(sentinel, _)| sentinel))
    }

    /// One of the servers.
    pub(crate) fn server(&self, number: usize) -> &RedisServer {
        &self.servers[number]
    }

    /// Waits until the replicas have every write that the first server has taken until now.
    pub(crate) fn wait_until_copied(&self) {
        for replica in &self.servers[1..] {
            self.servers[0].wait_until_copied_to(replica);
        }
    }

    /// Ends a server at once.
    pub(crate) fn kill(&mut self, number: usize) {
        self.servers[number].kill();
    }

    /// Ends a Sentinel at once.
    pub(crate) fn kill_sentinel(&mut self, number: usize) {
        self.sentinels[number].0.kill();
    }

    /// Waits until the Sentinels have made another server the master than this one, and returns it.
    pub(crate) fn wait_for_other_master(&self, than: usize) -> usize {
        let named = |sentinel: &RedisServer| {
            let answer = sentinel.ask(&format!("SENTINEL GET-MASTER-ADDR-BY-NAME {NAME}"));
            let port: u16 = answer.lines().nth(4)?.trim().parse().ok()?;
            self.servers.iter().position(|server| server.port == port).filter(|number| *number != than)
        };
        let masters = self
            .sentinels
            .iter()
            .map(|(sentinel, _)| wait_for("every Sentinel names another master", || named(sentinel)));
        let masters: Vec<_> = masters.collect();
        assert!(masters.windows(2).all(|two| two[0] == two[1]), "they name {masters:?}");
        masters[0]
    }
}

fn sentinel(master_port: &str) -> (RedisServer, TempDir) {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("sentinel.conf");
    std::fs::write(&file, "").expect("written");
    let file = file.to_str().expect("a path that is text");
    let sentinel = RedisServer::start_with(&[file, "--sentinel"], Some(dir.path()));
    for command in [
        format!("SENTINEL MONITOR {NAME} 127.0.0.1 {master_port} 2"),
        format!("SENTINEL SET {NAME} down-after-milliseconds 1500"),
        format!("SENTINEL SET {NAME} failover-timeout 6000"),
    ] {
        let answer = sentinel.ask(&command);
        assert!(answer.starts_with("+OK"), "{command}: {answer}");
    }
    (sentinel, dir)
}

/// A number that a Sentinel tells of the master.
fn field(sentinel: &RedisServer, name: &str) -> Option<usize> {
    let answer = sentinel.ask(&format!("SENTINEL MASTER {NAME}"));
    let mut lines = answer.lines().skip_while(|line| *line != name);
    lines.nth(2)?.trim().parse().ok()
}
