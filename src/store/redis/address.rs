//! Where a Redis is: the addresses that `store.url` takes.

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

/// One server, those who know it, or the first nodes of a Cluster. No `Debug`: it may hold a password.
pub(super) enum Address {
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
    Single(Box<ConnectionInfo>),
    /// `redis+sentinel://[user:password@]host[:port],…/name[/database]`
    Sentinel(Box<Watched>),
    /// `redis+cluster://[user:password@]host[:port],…`
    Cluster(Vec<ConnectionInfo>),
}

/// Servers of which one is the master, and the Sentinels that know which.
pub(super) struct Watched {
    /// Where the Sentinels are.
    pub(super) sentinels: Vec<ConnectionInfo>,
    /// What they call the master.
    pub(super) name: String,
    /// User, password and database of the servers. A Sentinel that asks for a password gets theirs.
    pub(super) servers: RedisConnectionInfo,
}

/// Where a Sentinel listens if nothing else is said.
const SENTINEL_PORT: u16 = 26_379;

/// Why a text is not the address of a Redis. No sentence repeats the address, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has another scheme.
    #[error("must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://")]
    Scheme,
    /// It has several servers where this scheme takes one.
    #[error("names more than one server; {0}:// takes one, redis+sentinel:// and redis+cluster:// take more")]
    SeveralServers(&'static str),
    /// It is not a list of a Cluster's nodes.
    #[error("must list the Cluster's nodes as host:port,host:port and nothing else")]
    Nodes,
    /// It is not a list of Sentinels with a name.
    #[error("must have the form redis+sentinel://host:port,host:port/name, or …/name/0")]
    Sentinels,
    /// It cannot be parsed.
    #[error("is not an address: {0}")]
    Unparsable(#[from] url::ParseError),
    /// It has no host.
    #[error("names no host")]
    NoHost,
    /// Something else than a database follows the port.
    #[error("must end after the port or with the number of a database, such as /0")]
    Database,
    /// The driver refuses it.
    #[error("must have the form redis://user:password@host:port/database")]
    Malformed,
    /// It asks to trust any certificate.
    #[error("must not switch the check of the server's certificate off")]
    Insecure,
}

impl Address {
    /// Takes one of the forms above.
    ///
    /// # Errors
    /// With what is wrong, in words that never repeat the address.
    pub(super) fn parse(url: &str) -> Result<Self, AddressError> {
        match url.split_once("://") {
            Some(("redis+cluster", nodes)) => cluster(nodes).map(Self::Cluster),
            Some(("redis+sentinel", rest)) => sentinel(rest).map(Box::new).map(Self::Sentinel),
            Some((scheme @ ("redis" | "rediss"), rest)) => {
                if rest.contains(',') {
                    let scheme = if scheme == "redis" { "redis" } else { "rediss" };
                    return Err(AddressError::SeveralServers(scheme));
                }
                server(url).map(Box::new).map(Self::Single)
            }
            _ => Err(AddressError::Scheme),
        }
    }
}

/// The user's name and password stand once, in front of the first node, and hold for all nodes.
fn cluster(nodes: &str) -> Result<Vec<ConnectionInfo>, AddressError> {
    let (user, nodes) = split_user(nodes);
    let nodes = nodes.trim_end_matches('/').split(',').map(|node| {
        if node.is_empty() || node.contains(['/', '?', '#']) {
            return Err(AddressError::Nodes);
        }
        server(&format!("redis://{user}{node}"))
    });
    nodes.collect()
}

/// The user's name and password stand in front of the first Sentinel and hold for the servers.
fn sentinel(rest: &str) -> Result<Watched, AddressError> {
    let (user, rest) = split_user(rest);
    let (hosts, path) = rest.split_once('/').ok_or(AddressError::Sentinels)?;
    let (name, database) = path.split_once('/').unwrap_or((path, "0"));
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(sound) {
        return Err(AddressError::Sentinels);
    }
    let database: u32 = database.parse().map_err(|_| AddressError::Sentinels)?;
    let sentinels = hosts.split(',').map(|host| {
        if host.is_empty() || host.contains(['?', '#']) {
            return Err(AddressError::Sentinels);
        }
        let info = server(&format!("redis://{host}"))?;
        Ok(match info.addr() {
            // The driver has put a server's port where there was none.
            ConnectionAddr::Tcp(name, port) if !host.ends_with(&format!(":{port}")) => {
                let address = ConnectionAddr::Tcp(name.clone(), SENTINEL_PORT);
                info.set_addr(address)
            }
            _ => info,
        })
    });
    let sentinels = sentinels.collect::<Result<_, _>>()?;
    let login = server(&format!("redis://{user}localhost/{database}"))?;
    Ok(Watched { sentinels, name: name.to_owned(), servers: login.redis_settings().clone() })
}

/// What stands in front of the hosts, with its @, and the rest.
fn split_user(rest: &str) -> (&str, &str) {
    rest.split_at(rest.rfind('@').map_or(0, |at| at + 1))
}

fn server(url: &str) -> Result<ConnectionInfo, AddressError> {
    // Both parsers are asked: the driver's takes an empty host, and its words may repeat values.
    let parsed = url::Url::parse(url)?;
    if parsed.host_str().is_none_or(str::is_empty) {
        return Err(AddressError::NoHost);
    }
    let database = parsed.path().trim_matches('/');
    if !database.is_empty() && database.parse::<u32>().is_err() {
        return Err(AddressError::Database);
    }
    let info = url.into_connection_info().map_err(|_| AddressError::Malformed)?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err(AddressError::Insecure);
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
            "redis+sentinel://a/main",
            "redis+sentinel://:p%2Css@a:26380,[::1]:26381/eu-main.1/3",
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
    fn sentinels_have_a_port_of_their_own_and_the_password_is_the_servers() {
        let parsed = Address::parse("redis+sentinel://me:a,b@h1,h2:6379,[::1]/main/2");
        let Ok(Address::Sentinel(watched)) = parsed else { panic!("an address of Sentinels") };
        let hosts: Vec<_> = watched.sentinels.iter().map(|one| one.addr().to_string()).collect();
        assert_eq!(hosts, ["h1:26379", "h2:6379", "::1:26379"]);
        assert!(watched.sentinels.iter().all(|one| one.redis_settings().password().is_none()));
        let servers = &watched.servers;
        assert_eq!((servers.username(), servers.password()), (Some("me"), Some("a,b")));
        assert_eq!((watched.name.as_str(), servers.db()), ("main", 2));
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
            "redis+sentinel://user:hunter2@a:1,b:2",
            "redis+sentinel://user:hunter2@a:1,b:2/",
            "redis+sentinel://user:hunter2@a:1,,b:2/main",
            "redis+sentinel://user:hunter2@/main",
            "redis+sentinel://user:hunter2@a:1/main/hunter2",
            "redis+sentinel://user:hunter2@a:1/main/0/hunter2",
            "redis+sentinel://user:hunter2@a:1/main?password=hunter2",
            "redis+sentinel://user:hunter2@a:1?x=/main",
            "redis+sentinel://a:1/main@hunter2",
            "valkey://user:hunter2@a",
        ] {
            let error = Address::parse(wrong).err().unwrap_or_else(|| panic!("{wrong} is taken")).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
