//! The destination: where a link leads, and the hosts that a site lets its links lead to.
//!
//! Promises that every destination is an absolute `http` or `https` address in its ASCII form,
//! safe to put in a header. Parsing follows the WHATWG URL standard, by the `url` crate.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url, form_urlencoded};

/// The longest destination in bytes, as given and in its ASCII form.
pub const MAX_DESTINATION_BYTES: usize = 2_048;

/// Where a link leads: an absolute `http` or `https` address in ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Destination(Box<str>);

/// Why an address is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Longer than 2,048 bytes.
    #[error("must be at most 2048 bytes long")]
    TooLong,
    /// A line break, a NUL or another control character stands in it.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// The `url` crate refuses it, for this reason.
    #[error("is not an absolute address: {0}")]
    Unparsable(url::ParseError),
    /// A scheme such as `javascript:` or `data:`.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// It carries a user name or a password.
    #[error("must not contain a user name or password")]
    Credentials,
    /// The site does not allow links to this host.
    #[error("has a host that this site does not allow")]
    HostNotAllowed,
    /// It leads back to this service.
    #[error("must not lead back to this service")]
    LeadsBack,
}

/// A host that a site's links may lead to: `example.com` and its subdomains, one IP address, or any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRule(Option<Host>);

/// The text is neither a host name, an IP address nor `*`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a host name such as example.com, an IP address, or *")]
pub struct HostRuleError(String);

impl HostRule {
    /// Takes `example.com`, `127.0.0.1`, `[::1]`, or `*` for any host.
    ///
    /// # Errors
    /// When the text is none of these (a scheme, a port or a path is too much).
    pub fn parse(text: &str) -> Result<Self, HostRuleError> {
        if text == "*" {
            return Ok(Self(None));
        }
        match Host::parse(text.trim_end_matches('.')) {
            Ok(host) if !text.contains('*') => Ok(Self(Some(host))),
            _ => Err(HostRuleError(text.to_owned())),
        }
    }

    /// The rule that covers every host.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    fn covers(&self, host: &Host<&str>) -> bool {
        match (&self.0, host) {
            (None, _) => true,
            (Some(Host::Domain(rule)), Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == rule || name.strip_suffix(rule.as_str()).is_some_and(|sub| sub.ends_with('.'))
            }
            (Some(Host::Ipv4(rule)), Host::Ipv4(address)) => rule == address,
            (Some(Host::Ipv6(rule)), Host::Ipv6(address)) => rule == address,
            _ => false,
        }
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("*"),
            Some(host) => host.fmt(f),
        }
    }
}

impl TryFrom<String> for HostRule {
    type Error = HostRuleError;

    fn try_from(text: String) -> Result<Self, HostRuleError> {
        Self::parse(&text)
    }
}

impl From<HostRule> for String {
    fn from(rule: HostRule) -> Self {
        rule.to_string()
    }
}

impl Destination {
    /// Takes an address as a client gave it.
    ///
    /// `allowed` are the site's hosts, `own` is this service's public address.
    ///
    /// # Errors
    /// With the first rule that it breaks.
    pub fn parse(text: &str, allowed: &[HostRule], own: &Url) -> Result<Self, DestinationError> {
        if text.len() > MAX_DESTINATION_BYTES {
            return Err(DestinationError::TooLong);
        }
        // The URL standard silently drops tabs and line breaks; a person should hear of them.
        if text.chars().any(char::is_control) {
            return Err(DestinationError::ControlCharacter);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => DestinationError::Scheme,
            error => DestinationError::Unparsable(error),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(DestinationError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DestinationError::Credentials);
        }
        if url.as_str().len() > MAX_DESTINATION_BYTES {
            return Err(DestinationError::TooLong);
        }
        let Some(host) = url.host() else {
            return Err(DestinationError::Unparsable(url::ParseError::EmptyHost));
        };
        if leads_back(&url, &host, own) {
            return Err(DestinationError::LeadsBack);
        }
        if !allowed.iter().any(|rule| rule.covers(&host)) {
            return Err(DestinationError::HostNotAllowed);
        }
        Ok(Self(url.as_str().into()))
    }

    /// The destination's own address, in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host that a visitor is told about, in ASCII; with its port where the address names one.
    #[must_use]
    pub fn host(&self) -> String {
        let url = self.url();
        let host = url.host_str().unwrap_or_default();
        url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// This destination with those of the parameters that it does not set itself.
    #[must_use]
    pub fn tagged(&self, parameters: impl Iterator<Item = (&'static str, String)>) -> Self {
        Self(self.with(parameters).into())
    }

    /// The address that a visitor with this query string is forwarded to: this destination with
    /// the parameters that it does not set itself.
    #[must_use]
    pub fn forward(&self, query: &str) -> String {
        self.with(form_urlencoded::parse(query.as_bytes()))
    }

    fn with(&self, parameters: impl Iterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> String {
        let mut url = self.url();
        for (name, value) in parameters {
            if !url.query_pairs().any(|(set, _)| set == name.as_ref()) {
                url.query_pairs_mut().append_pair(name.as_ref(), value.as_ref());
            }
        }
        url.into()
    }

    /// This destination with the code of the link that leads there, in the place of any other that it names.
    #[must_use]
    pub fn led_to_by(&self, code: &super::code::Code) -> Self {
        use super::lineage::PARAMETER;

        let mut url = self.url();
        let is_other = |pair: &&str| {
            let pair = form_urlencoded::parse(pair.as_bytes()).next();
            pair.is_none_or(|(name, _)| name != PARAMETER)
        };
        // Not taken apart and put together again, which would write the other parameters in another way.
        let others = url.query().filter(|query| !query.is_empty()).map(|query| query.split('&'));
        let own = format!("{PARAMETER}={code}");
        let pairs: Vec<&str> = others.into_iter().flatten().filter(is_other).chain([own.as_str()]).collect();
        let query = pairs.join("&");
        url.set_query(Some(&query));
        Self(String::from(url).into())
    }

    fn url(&self) -> Url {
        Url::parse(&self.0).expect("a destination is a serialised Url, which parses again")
    }
}

impl std::borrow::Borrow<str> for Destination {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `url` reaches this service: the same host (every name of the loopback is one host) on
/// the same port, or on the other scheme's default port.
fn leads_back(url: &Url, host: &Host<&str>, own: &Url) -> bool {
    let Some(own_host) = own.host() else { return false };
    let same_host = match (&own_host, host) {
        (Host::Domain(own), Host::Domain(name)) => own.trim_end_matches('.') == name.trim_end_matches('.'),
        _ => own_host == *host,
    };
    let default = |port: Option<u16>| matches!(port, Some(80 | 443));
    let (port, own_port) = (url.port_or_known_default(), own.port_or_known_default());
    (same_host || (is_loopback(&own_host) && is_loopback(host)))
        && (port == own_port || (default(port) && default(own_port)))
}

/// Whether a host is this machine: `localhost`, its subdomains, 127.0.0.0/8, `::1`, or unspecified.
#[must_use]
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::code::Code;

    fn own() -> Url {
        Url::parse("https://go.example").expect("an address")
    }

    fn parse(text: &str, rules: &[&str]) -> Result<String, DestinationError> {
        let rules: Vec<_> = rules.iter().map(|rule| HostRule::parse(rule).expect("a rule")).collect();
        Destination::parse(text, &rules, &own()).map(|destination| destination.to_string())
    }

    #[test]
    fn a_host_covers_its_subdomains_and_no_look_alike() {
        for good in ["https://example.com/a", "http://www.EXAMPLE.com:8080/", "https://a.b.example.com."] {
            assert!(parse(good, &["example.com"]).is_ok(), "{good}");
        }
        for bad in ["https://notexample.com/", "https://example.com.evil.test/", "https://1.2.3.4/"] {
            assert_eq!(parse(bad, &["example.com"]), Err(DestinationError::HostNotAllowed), "{bad}");
        }
    }

    #[test]
    fn an_international_name_is_kept_in_ascii() {
        assert_eq!(
            parse("https://bücher.example/ä", &["*"]).as_deref(),
            Ok("https://xn--bcher-kva.example/%C3%A4")
        );
        assert!(parse("https://bücher.example/", &["bücher.example"]).is_ok());
    }

    #[test]
    fn what_a_browser_would_run_or_leak_is_refused() {
        use DestinationError::{ControlCharacter, Credentials, LeadsBack, Scheme, TooLong};
        for (text, why) in [
            ("javascript:alert(1)", Scheme),
            ("data:text/html,hi", Scheme),
            ("file:///etc/passwd", Scheme),
            ("https://me:secret@example.com/", Credentials),
            ("https://example.com/\r\nSet-Cookie: a=b", ControlCharacter),
            ("https://example.com/\0", ControlCharacter),
            ("https://go.example/other", LeadsBack),
            ("http://GO.example./", LeadsBack),
        ] {
            assert_eq!(parse(text, &["*"]), Err(why), "{text}");
        }
        assert_eq!(parse(&format!("https://example.com/{}", "a".repeat(2_048)), &["*"]), Err(TooLong));
        assert_eq!(parse("example.com/a", &["*"]), Err(Scheme));
        assert!(matches!(parse("https://", &["*"]), Err(DestinationError::Unparsable(_))));
    }

    #[test]
    fn every_name_of_the_loopback_leads_back_to_a_service_on_it() {
        let own = Url::parse("http://localhost:8080").expect("an address");
        let any = [HostRule(None)];
        for back in
            ["http://127.0.0.1:8080/", "http://[::1]:8080/x", "http://0.0.0.0:8080", "http://localhost:8080"]
        {
            assert_eq!(Destination::parse(back, &any, &own), Err(DestinationError::LeadsBack), "{back}");
        }
        assert!(Destination::parse("http://localhost:3000/", &any, &own).is_ok());
    }

    #[test]
    fn utm_and_forwarded_parameters_never_replace_what_the_destination_sets() {
        let destination = Destination("https://example.com/a?utm_source=mine&x=1#part".into());
        let utm = [("utm_source", "whatsapp"), ("utm_medium", "share"), ("utm_campaign", "été & co")];
        let utm = utm.into_iter().map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            destination.tagged(utm).forward("x=2&fbclid=abc"),
            "https://example.com/a?utm_source=mine&x=1&utm_medium=share&utm_campaign=%C3%A9t%C3%A9+%26+co&fbclid=abc#part",
        );
        assert_eq!(destination.forward(""), destination.as_str());
    }

    #[test]
    fn the_code_of_the_link_replaces_another_one_and_leaves_the_rest_as_it_is() {
        let code = Code::parse("new").expect("a code");
        for (before, after) in [
            ("https://example.com/a", "https://example.com/a?ens=new"),
            ("https://example.com/a?#part", "https://example.com/a?ens=new#part"),
            (
                "https://example.com/?q=a%20b+c&flag&x=%C3%A4;y",
                "https://example.com/?q=a%20b+c&flag&x=%C3%A4;y&ens=new",
            ),
            ("https://example.com/?ens=old&x=1&ens=older", "https://example.com/?x=1&ens=new"),
            ("https://example.com/?%65ns=old&ens&tens=1&ENS=2", "https://example.com/?tens=1&ENS=2&ens=new"),
        ] {
            assert_eq!(Destination(before.into()).led_to_by(&code).as_str(), after);
        }
        let led = Destination("https://example.com/".into()).led_to_by(&code);
        assert_eq!(led.forward("ens=forged&x=1"), "https://example.com/?ens=new&x=1");
        assert_eq!(led.led_to_by(&code), led);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_ascii_and_safe_in_a_header(text in "(https?://)?\\PC{0,40}", query in "\\PC{0,40}") {
            if let Ok(destination) = Destination::parse(&text, &[HostRule(None)], &own()) {
                let led = destination.led_to_by(&Code::parse("abc").expect("a code"));
                for address in [destination.as_str().to_owned(), destination.forward(&query), led.forward(&query)] {
                    prop_assert!(address.bytes().all(|b| (0x21..0x7f).contains(&b)), "{address}");
                    prop_assert!(Url::parse(&address).is_ok());
                }
            }
        }

        #[test]
        fn no_host_rule_makes_the_parser_panic(text in "\\PC{0,60}") {
            let _ = HostRule::parse(&text);
        }
    }
}
