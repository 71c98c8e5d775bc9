//! Where a Redis is: the addresses that `store.url` takes.

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// One server, or the first nodes of a Cluster. No `Debug`: it may hold a password.
pub(super) enum Address {
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
    Single(Box<ConnectionInfo>),
    /// `redis+cluster://[user:password@]host[:port],…`
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    /// Takes one of the forms above.
    ///
    /// # Errors
    /// With what is wrong, in words that never repeat the address.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        match url.split_once("://") {
            Some(("redis+cluster", nodes)) => cluster(nodes).map(Self::Cluster),
            Some((scheme @ ("redis" | "rediss"), rest)) => {
                if rest.contains(',') {
                    return Err(format!(
                        "names more than one server; {scheme}:// takes one, redis+cluster:// takes more"
                    ));
                }
                server(url).map(Box::new).map(Self::Single)
            }
            _ => Err("must begin with redis://, rediss:// or redis+cluster://".to_owned()),
        }
    }
}

/// The user's name and password stand once, in front of the first node, and hold for all nodes.
fn cluster(nodes: &str) -> Result<Vec<ConnectionInfo>, String> {
    let (user, nodes) = nodes.rsplit_once('@').map_or(("", nodes), |(user, nodes)| (user, nodes));
    let at = if user.is_empty() { "" } else { "@" };
    nodes
        .trim_end_matches('/')
        .split(',')
        .map(|node| {
            if node.is_empty() || node.contains(['/', '?', '#']) {
                return Err(
                    "must list the Cluster's nodes as host:port,host:port and nothing else".to_owned()
                );
            }
            server(&format!("redis://{user}{at}{node}"))
        })
        .collect()
}

fn server(url: &str) -> Result<ConnectionInfo, String> {
    // Both parsers are asked: the driver's takes an empty host, and its words may repeat values.
    let parsed = url::Url::parse(url).map_err(|error| format!("is not an address: {error}"))?;
    if parsed.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    let database = parsed.path().trim_matches('/');
    if !database.is_empty() && database.parse::<u32>().is_err() {
        return Err("must end after the port or with the number of a database, such as /0".to_owned());
    }
    let info = url
        .into_connection_info()
        .map_err(|_| "must have the form redis://user:password@host:port/database".to_owned())?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err("must not switch the check of the server's certificate off".to_owned());
    }
    Ok(info.set_tcp_settings(tcp_settings()))
}

/// Small commands must not wait for each other's acknowledgements, and a host that vanished
/// without a word must be noticed: the system's own patience is a quarter of an hour.
pub(super) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(std::time::Duration::from_secs(5));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_and_clusters_are_taken() {
        for good in [
            "redis://127.0.0.1",
            "redis://localhost:6380/3",
            "redis://:secret@localhost",
            "rediss://user:p%40ss@redis.example:6380/0",
            "redis+cluster://a:7000,b:7001",
            "redis+cluster://user:p%2Css@a:7000,[::1]:7001/",
        ] {
            assert_eq!(Address::parse(good).map(|_| ()), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_password_with_an_at_or_a_comma_is_not_taken_for_a_host() {
        let Ok(Address::Cluster(nodes)) = Address::parse("redis+cluster://user:a,b@h1:1,h2:2") else {
            panic!("a cluster's address");
        };
        let hosts: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
        assert_eq!(hosts, ["h1:1", "h2:2"]);
        assert!(nodes.iter().all(|node| node.redis_settings().password() == Some("a,b")));
    }

    #[test]
    fn a_wrong_address_is_explained_without_its_password() {
        for wrong in [
            "redis://",
            "redis:///3",
            "redis://user:hunter2@",
            "redis://user:hunter2@host:port",
            "redis://user:hunter2@host/name",
            "redis://user:hunter2@a:1,b:2",
            "rediss://user:hunter2@host/#insecure",
            "redis://user:hunter2@host/0?protocol=hunter2",
            "redis+cluster://",
            "redis+cluster://user:hunter2@a:1,,b:2",
            "redis+cluster://user:hunter2@a:1/0",
            "redis+cluster://user:hunter2@a:99999",
            "valkey://user:hunter2@a",
        ] {
            let error = Address::parse(wrong).err().unwrap_or_else(|| panic!("{wrong} is taken"));
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
