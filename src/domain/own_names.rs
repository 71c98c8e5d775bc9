//! The names under which this service is reached: no link may lead back to one of them.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::{Host, Url};

use crate::domain::destination::is_loopback;

/// Every name of the service, and the ports that it answers on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNames {
    hosts: Vec<Host>,
    ports: Vec<u16>,
}

/// The text is not a host name or an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a host name such as go.example.com")]
pub struct OwnNameError(String);

impl OwnNames {
    /// Takes the public address.
    #[must_use]
    pub fn new(public_url: &Url) -> Self {
        let mut ports: Vec<u16> = public_url.port_or_known_default().into_iter().collect();
        // A service behind a proxy answers on both, whichever its address names.
        if ports.iter().any(|port| is_usual(*port)) {
            ports = vec![80, 443];
        }
        Self { hosts: public_url.host().map(|host| plain(&host)).into_iter().collect(), ports }
    }

    /// The same with the address that the service listens on.
    #[must_use]
    pub fn listening_on(mut self, listen: SocketAddr) -> Self {
        self.ports.push(listen.port());
        if !listen.ip().is_unspecified() {
            self.hosts.push(match listen.ip().to_canonical() {
                IpAddr::V4(address) => Host::Ipv4(address),
                IpAddr::V6(address) => Host::Ipv6(address),
            });
        }
        self
    }

    /// The same with another host name, in any spelling.
    ///
    /// # Errors
    /// When the text is no host.
    pub fn with(mut self, name: &str) -> Result<Self, OwnNameError> {
        let host = Host::parse(name.trim_end_matches('.')).map_err(|_| OwnNameError(name.to_owned()))?;
        self.hosts.push(plain(&match &host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        }));
        Ok(self)
    }

    /// Whether an address reaches this service. Every name of the loopback is one host.
    #[must_use]
    pub fn lead_here(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let is_own_port = url.port_or_known_default().is_some_and(|port| self.ports.contains(&port));
        let loops = is_loopback(&host) && self.hosts.iter().any(|own| is_loopback(&borrowed(own)));
        is_own_port && (loops || self.hosts.contains(&plain(&host)))
    }
}

/// Takes a public address.
impl FromStr for OwnNames {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        Url::parse(text).map(|url| Self::new(&url))
    }
}

/// A host in the one spelling in which it is compared.
fn plain(host: &Host<&str>) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_lowercase()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => match address.to_ipv4_mapped() {
            Some(address) => Host::Ipv4(address),
            None => Host::Ipv6(*address),
        },
    }
}

fn borrowed(host: &Host) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(public_url: &str, listen: &str) -> OwnNames {
        let names: OwnNames = public_url.parse().expect("an address");
        names.listening_on(listen.parse().expect("an address"))
    }

    fn lead_here(names: &OwnNames, url: &str) -> bool {
        names.lead_here(&Url::parse(url).expect("an address"))
    }

    #[test]
    fn every_spelling_of_every_own_name_leads_back() {
        let names = names("https://go.example", "192.0.2.7:8080").with("Müller.example.").expect("a name");
        for url in [
            "https://go.example/abc",
            "http://GO.example./abc",
            "https://go.example.:443/",
            "http://go.example:80/",
            "http://go.example:8080/",
            "http://192.0.2.7:8080/abc",
            "http://3221225991:8080/",
            "http://[::ffff:192.0.2.7]:8080/",
            "https://xn--mller-kva.example/x",
            "https://MÜLLER.example/x",
        ] {
            assert!(lead_here(&names, url), "{url}");
        }
        for url in [
            "https://example/",
            "https://sub.go.example/",
            "https://go.example:8443/",
            "http://192.0.2.8:8080/",
        ] {
            assert!(!lead_here(&names, url), "{url}");
        }
        assert!(names.with("a b").is_err());
    }

    #[test]
    fn every_name_of_the_loopback_leads_back_to_a_service_on_it() {
        let names = names("http://localhost:8080", "127.0.0.1:8080");
        for url in [
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/x",
            "http://0.0.0.0:8080",
            "http://a.localhost:8080",
        ] {
            assert!(lead_here(&names, url), "{url}");
        }
        assert!(!lead_here(&names, "http://localhost:3000/"));
    }
}
