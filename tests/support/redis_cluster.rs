//! A Redis Cluster for tests: three masters, alone or with a replica each.

use std::process::{Command, Stdio};

use super::{RedisServer, wait_for};

/// A Cluster. The numbers of its nodes are their places in the order of their start.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts three masters and waits until each of them knows that all slots are served.
    pub(crate) fn start() -> Self {
        Self::start_with(0)
    }

    /// Starts three masters, each with a replica that takes its place within seconds of its end.
    pub(crate) fn start_with_replicas() -> Self {
        let cluster = Self::start_with(1);
        for node in &cluster.nodes {
            wait_for("every replica is connected", || {
                let field = if is_master(node) { "connected_slaves" } else { "master_link_status" };
                let connected = node.info(field)?;
                (connected == "1" || connected == "up").then_some(())
            });
        }
        cluster
    }

    fn start_with(replicas: usize) -> Self {
        let options = ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes"];
        let options = [&options[..], &["--cluster-node-timeout", "1500"]].concat();
        let count = 3 * (1 + replicas);
        let nodes: Vec<_> = (0..count).map(|_| RedisServer::start_with(&options, None)).collect();
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let create = ["create"].map(str::to_owned).into_iter().chain(addresses);
        redis_cli(create.chain(["--cluster-replicas".to_owned(), replicas.to_string()]));
        for node in &nodes {
            wait_for("the cluster's state is ok", || {
                let answer = node.ask("CLUSTER INFO");
                let known = format!("cluster_known_nodes:{count}");
                (answer.contains("cluster_state:ok") && answer.contains(&known)).then_some(())
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

    /// One of the nodes.
    pub(crate) fn node(&self, number: usize) -> &RedisServer {
        &self.nodes[number]
    }

    /// The hash slot of a key.
    pub(crate) fn slot(&self, key: &str) -> u16 {
        let answer = self.living().ask(&format!("CLUSTER KEYSLOT {key}"));
        let slot = answer.lines().next().and_then(|line| line.strip_prefix(':'));
        slot.and_then(|slot| slot.parse().ok()).expect("a slot")
    }

    /// The master that serves a slot.
    pub(crate) fn master_of(&self, slot: u16) -> usize {
        let rows = rows(self.living());
        let row = rows.iter().find(|row| row.is_master() && row.serves(slot));
        self.number(row.unwrap_or_else(|| panic!("nobody serves slot {slot}")))
    }

    /// The replica of a master.
    pub(crate) fn replica_of(&self, master: usize) -> usize {
        let rows = rows(self.living());
        let id = self.id(master);
        self.number(rows.iter().find(|row| row.master() == id).expect("it has a replica"))
    }

    /// Waits until every master's writes of until now are on its replica, too.
    pub(crate) fn wait_until_copied(&self) {
        for (number, master) in self.nodes.iter().enumerate().filter(|(_, node)| is_master(node)) {
            master.wait_until_copied_to(&self.nodes[self.replica_of(number)]);
        }
    }

    /// Ends a node at once.
    pub(crate) fn kill(&mut self, number: usize) {
        self.nodes[number].kill();
    }

    /// Waits until a node has become a master and all living nodes see every slot served.
    pub(crate) fn wait_for_promotion(&self, number: usize) {
        let id = self.id(number);
        for node in self.nodes.iter().filter(|node| node.child.is_some()) {
            wait_for("the replica is a master", || {
                let rows = rows(node);
                let promoted = rows.iter().any(|row| row.id() == id && row.is_master());
                (promoted && node.ask("CLUSTER INFO").contains("cluster_state:ok")).then_some(())
            });
        }
    }

    /// Moves so many slots, the lowest ones, with all their keys from one master to another.
    pub(crate) fn reshard(&self, from: usize, to: usize, slots: u16) {
        let node = format!("127.0.0.1:{}", self.nodes[from].port);
        let (from, to, slots) = (self.id(from), self.id(to), slots.to_string());
        let arguments =
            ["reshard", &node, "--cluster-from", &from, "--cluster-to", &to, "--cluster-slots", &slots];
        redis_cli(arguments.map(str::to_owned).into_iter());
    }

    fn living(&self) -> &RedisServer {
        self.nodes.iter().find(|node| node.child.is_some()).expect("not all nodes were killed")
    }

    fn id(&self, number: usize) -> String {
        let port = format!(":{}@", self.nodes[number].port);
        let rows = rows(self.living());
        let row = rows.iter().find(|row| row.0[1].contains(&port));
        row.expect("every node is known").id().to_owned()
    }

    fn number(&self, row: &Row) -> usize {
        let is = |node: &RedisServer| row.0[1].contains(&format!(":{}@", node.port));
        self.nodes.iter().position(is).expect("one of the nodes")
    }
}

/// A line of `CLUSTER NODES`: id, address, flags, master, three times and epochs, state, slots.
struct Row(Vec<String>);

impl Row {
    fn id(&self) -> &str {
        &self.0[0]
    }

    fn master(&self) -> &str {
        &self.0[3]
    }

    fn is_master(&self) -> bool {
        let mut flags = self.0[2].split(',');
        flags.clone().any(|flag| flag == "master") && !flags.any(|flag| flag.starts_with("fail"))
    }

    fn serves(&self, slot: u16) -> bool {
        self.0[8..].iter().any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&slot))
        })
    }
}

/// What a node knows of all of them.
fn rows(node: &RedisServer) -> Vec<Row> {
    let answer = node.ask("CLUSTER NODES");
    let rows = answer.lines().map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|parts| parts.len() >= 8).map(Row).collect()
}

fn is_master(node: &RedisServer) -> bool {
    node.info("role").as_deref() == Some("master")
}

/// Runs `redis-cli --cluster` to its end.
fn redis_cli(arguments: impl Iterator<Item = String>) {
    let output = Command::new("redis-cli")
        .arg("--cluster")
        .args(arguments)
        .arg("--cluster-yes")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("this test needs redis-cli (package redis-tools): {error}"));
    assert!(output.status.success(), "redis-cli: {}", String::from_utf8_lossy(&output.stdout));
}
