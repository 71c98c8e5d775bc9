//! The destination: where a link leads, and the hosts that a site lets its links lead to.
//!
//! Promises that every destination is an absolute `http` or `https` address in its ASCII form,
//! safe to put in a header. Parsing follows the WHATWG URL standard, by the `url` crate.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::{Host, Url, form_urlencoded};

use crate::domain::own_names::OwnNames;
use crate::domain::rule::{CodedError, Detail};
use crate::domain::stripping::Stripping;

/// The longest destination in bytes, as given and in its ASCII form.
pub const MAX_DESTINATION_BYTES: usize = 4_096;

/// What is encoded in a query string that is passed on: none of it can stand in an address.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'#');

/// The parameter by which a forwarded address names the link that led there.
pub const LINEAGE_PARAMETER: &str = "ens";

/// Where a link leads: an absolute `http` or `https` address in ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Destination(Box<str>);

/// Why an address is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Longer than 4,096 bytes.
    #[error("must be at most 4096 bytes long")]
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

impl CodedError for DestinationError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::Unparsable(_) => "not_an_address",
            Self::Scheme => "not_http",
            Self::Credentials => "credentials",
            Self::HostNotAllowed => "host_not_allowed",
            Self::LeadsBack => "leads_back",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::TooLong => {
                vec![("max", Detail::text(MAX_DESTINATION_BYTES)), ("unit", Detail::text("bytes"))]
            }
            Self::ControlCharacter
            | Self::Unparsable(_)
            | Self::Scheme
            | Self::Credentials
            | Self::HostNotAllowed
            | Self::LeadsBack => Vec::new(),
        }
    }
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
    /// Takes an address as a client gave it, without the white space and the invisible characters around it.
    ///
    /// `allowed` are the site's hosts, `own` are this service's names.
    ///
    /// # Errors
    /// With the first rule that it breaks.
    pub fn parse(text: &str, allowed: &[HostRule], own: &OwnNames) -> Result<Self, DestinationError> {
        let destination = Self::parse_for_any_host(text, own)?;
        let is_allowed =
            destination.url().host().is_some_and(|host| allowed.iter().any(|rule| rule.covers(&host)));
        if is_allowed { Ok(destination) } else { Err(DestinationError::HostNotAllowed) }
    }

    /// Takes an address by every rule but that of the site's hosts.
    ///
    /// # Errors
    /// With the first rule that it breaks.
    pub fn parse_for_any_host(text: &str, own: &OwnNames) -> Result<Self, DestinationError> {
        let text = text.trim_matches(is_invisible);
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
        if url.host().is_none() {
            return Err(DestinationError::Unparsable(url::ParseError::EmptyHost));
        }
        if own.lead_here(&url) {
            return Err(DestinationError::LeadsBack);
        }
        Ok(Self(url.as_str().into()))
    }

    /// Returns this destination without the parameters that name a person or a session.
    #[must_use]
    pub fn stripped(&self, stripping: &Stripping) -> Self {
        let mut url = self.url();
        strip(&mut url, stripping, |_| false);
        if let Some(fragment) = url.fragment() {
            // Some pages keep parameters there: `#access_token=…`, `#/reset?token=…`.
            let (before, pairs) =
                fragment.split_once('?').map_or(("", fragment), |(path, pairs)| (path, pairs));
            let left = if pairs.contains('=') { stripping.pairs(pairs, |_| false) } else { pairs.to_owned() };
            let left = match (before, &*left) {
                ("", left) => left.to_owned(),
                (before, "") => before.to_owned(),
                (before, left) => format!("{before}?{left}"),
            };
            url.set_fragment(Some(&*left).filter(|left| !left.is_empty()));
        }
        Self(String::from(url).into())
    }

    /// Returns the page that statistics count an address as, by the list that holds for every site.
    #[must_use]
    pub fn page_of(address: &str) -> Option<Self> {
        let url = Url::parse(address.trim_matches(is_invisible)).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        is_web.then(|| Self(String::from(url).into()).page(&Stripping::default()))
    }

    /// Returns the page that statistics count this destination as: without its fragment, the parameters that say where a
    /// visitor came from or who it was, and a slash at the end, and the same for http and https.
    #[must_use]
    pub fn page(&self, stripping: &Stripping) -> Self {
        let mut url = self.url();
        url.set_fragment(None);
        strip(&mut url, stripping, |name| {
            let name = name.to_ascii_lowercase();
            name.starts_with("utm_") || name == LINEAGE_PARAMETER
        });
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        // Only the one scheme has to become the other, and the usual port of the one is none of the other.
        url.set_scheme("https").expect("both schemes are special ones");
        Self(String::from(url).into())
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

    /// This address with more query strings behind its own, byte for byte. What may not stand in a header is
    /// percent-encoded, as a browser would have done.
    #[must_use]
    pub fn with_queries<'a>(&self, queries: impl Iterator<Item = &'a str>) -> String {
        let (address, fragment) = self.0.split_at(self.0.find('#').unwrap_or(self.0.len()));
        let mut all = address.to_owned();
        let mut joint = match address.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        for query in queries {
            all.push_str(joint);
            all.extend(utf8_percent_encode(query, NOT_IN_A_QUERY));
            joint = "&";
        }
        all.push_str(fragment);
        all
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

    /// This destination without the code of a link that led somebody there.
    #[must_use]
    pub fn without_lineage(&self) -> Self {
        let mut url = self.url();
        let is_other = |pair: &&str| {
            let pair = form_urlencoded::parse(pair.as_bytes()).next();
            pair.is_none_or(|(name, _)| name != LINEAGE_PARAMETER)
        };
        // Not taken apart and put together again, which would write the other parameters in another way.
        let Some(query) = url.query() else { return self.clone() };
        let others: Vec<&str> = query.split('&').filter(is_other).collect();
        let others = Some(others.join("&")).filter(|others| !others.is_empty());
        url.set_query(others.as_deref());
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

/// Takes the parameters of a query string away that `stripping` or `also` names, and sessions from the path.
fn strip(url: &mut Url, stripping: &Stripping, also: impl Fn(&str) -> bool) {
    if url.path().contains(';') {
        let path = stripping.path(url.path());
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        let left = stripping.pairs(query, also);
        url.set_query(Some(&*left).filter(|left| !left.is_empty()));
    }
}

/// Whether a character around a pasted address is no part of it: white space, what has no width, and marks of direction.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffc}'
        )
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

    fn own() -> OwnNames {
        "https://go.example".parse().expect("an address")
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
        assert_eq!(parse(&format!("https://example.com/{}", "a".repeat(4_096)), &["*"]), Err(TooLong));
        assert_eq!(parse("example.com/a", &["*"]), Err(Scheme));
        assert!(matches!(parse("https://", &["*"]), Err(DestinationError::Unparsable(_))));
    }

    #[test]
    fn what_stands_around_a_pasted_address_is_no_part_of_it() {
        for around in [
            "\n", " ", "\t\r\n", "\u{200b}", "\u{a0}", "\u{feff}", "\u{202a}", "\u{202b}", "\u{202c}",
            "\u{2066}",
        ] {
            for text in
                [format!("{around}https://example.com/a{around}"), format!("https://example.com/a{around}")]
            {
                assert_eq!(parse(&text, &["*"]).as_deref(), Ok("https://example.com/a"), "{text:?}");
            }
        }
        assert_eq!(parse("https://example.com/a\nb", &["*"]), Err(DestinationError::ControlCharacter));
    }

    #[test]
    fn a_stripped_destination_names_nobody_and_is_otherwise_as_it_was() {
        let stripped = |text: &str| Destination(text.into()).stripped(&Stripping::default()).to_string();
        for (before, after) in [
            (
                "https://x.example/?mc_eid=4f2a77b1c0&_hsenc=p2A&msclkid=77&igshid=abc&id=5",
                "https://x.example/?id=5",
            ),
            ("https://x.example/a?fbclid=1#part", "https://x.example/a#part"),
            (
                "https://x.example/a?q=a%20b+c&flag&gclid=1&x=%C3%A4;y",
                "https://x.example/a?q=a%20b+c&flag&x=%C3%A4;y",
            ),
            ("https://x.example/a;jsessionid=1F?id=5", "https://x.example/a?id=5"),
            ("https://x.example/#access_token=1&token_type=bearer", "https://x.example/"),
            ("https://x.example/#/reset?token=1", "https://x.example/#/reset"),
            ("https://x.example/#/list?page=2", "https://x.example/#/list?page=2"),
            ("https://x.example/a?#email", "https://x.example/a#email"),
        ] {
            assert_eq!(stripped(before), after, "{before}");
            assert_eq!(stripped(after), after);
        }
    }

    #[test]
    fn one_page_has_one_name() {
        let page = |text: &str| Destination(text.into()).page(&Stripping::default()).to_string();
        for one in [
            "https://x.example/a",
            "https://x.example/a/",
            "http://x.example/a",
            "https://x.example/a#s",
            "https://x.example/a?utm_source=n",
            "https://x.example/a/?UTM_Medium=n&fbclid=1&ens=abc#s",
            "https://x.example/a?",
        ] {
            assert_eq!(page(one), "https://x.example/a", "{one}");
        }
        assert_eq!(page("http://x.example/"), "https://x.example/");
        assert_eq!(page("http://x.example:8080/a?id=5&utm_source=n"), "https://x.example:8080/a?id=5");
        assert_ne!(page("https://x.example/a"), page("https://x.example/A"));
    }

    #[test]
    fn utm_parameters_never_replace_what_the_destination_sets() {
        let destination = Destination("https://example.com/a?utm_source=mine&x=1#part".into());
        let utm = [("utm_source", "whatsapp"), ("utm_medium", "share"), ("utm_campaign", "été & co")];
        let utm = utm.into_iter().map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            destination.tagged(utm).as_str(),
            "https://example.com/a?utm_source=mine&x=1&utm_medium=share&utm_campaign=%C3%A9t%C3%A9+%26+co#part",
        );
    }

    #[test]
    fn the_name_of_another_link_is_taken_out_and_the_rest_stays_as_it_is() {
        for (before, after) in [
            ("https://example.com/a", "https://example.com/a"),
            ("https://example.com/a?ens=old#part", "https://example.com/a#part"),
            (
                "https://example.com/?q=a%20b+c&flag&x=%C3%A4;y",
                "https://example.com/?q=a%20b+c&flag&x=%C3%A4;y",
            ),
            ("https://example.com/?ens=old&x=1&ens=older", "https://example.com/?x=1"),
            ("https://example.com/?%65ns=old&ens&tens=1&ENS=2", "https://example.com/?tens=1&ENS=2"),
        ] {
            assert_eq!(Destination(before.into()).without_lineage().as_str(), after);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_ascii_and_safe_in_a_header(text in "(https?://)?\\PC{0,40}", query in "\\PC{0,40}") {
            if let Ok(destination) = Destination::parse(&text, &[HostRule(None)], &own()) {
                let plain = destination.without_lineage();
                for address in [destination.as_str().to_owned(), plain.to_string(), plain.with_queries([&*query].into_iter())] {
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
