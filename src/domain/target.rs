//! The target: what a visit needs of a link, worked out once and small, as many are kept in memory.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::code::Code;
use crate::domain::destination::{Destination, LINEAGE_PARAMETER};
use crate::domain::link::{Link, LinkState, Text};
use crate::domain::link_key::LinkKey;
use crate::domain::site::Site;

/// The longest query string that is passed on, in bytes.
const MAX_FORWARDED_BYTES: usize = 4_096;

/// Where a link leads, until when, and by whose rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What the link is called inside.
    pub key: LinkKey,
    /// The site, shared by all of its links.
    pub site: Arc<Site>,
    /// Whether the code is found in upper and lower case alike.
    is_slug: bool,
    /// The destination with the parameters of the site's UTM rule. Where the site follows lineage, it names no link.
    destination: Destination,
    /// What the link is until its expiry.
    state: LinkState,
    expires_at: Option<Timestamp>,
}

impl Target {
    /// The target of a link of `site`.
    #[must_use]
    pub fn of(link: &Link, site: Arc<Site>) -> Self {
        let utm = || site.utm.parameters(&link.channel, link.campaign.as_ref().map(Text::as_str));
        let destination = if site.utm.is_on() { link.url.tagged(utm()) } else { link.url.clone() };
        let destination = if site.lineage { destination.without_lineage() } else { destination };
        // Before it was made, no link had expired.
        Self {
            key: link.key(),
            is_slug: link.is_slug,
            site,
            destination,
            state: link.state(Timestamp::MIN),
            expires_at: link.expires_at,
        }
    }

    /// The link's state at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkState {
        match self.state {
            LinkState::Live if self.expires_at.is_some_and(|end| end <= now) => LinkState::Expired,
            state => state,
        }
    }

    /// The host that a visitor is told about.
    #[must_use]
    pub fn host(&self) -> String {
        self.destination.host()
    }

    /// Whether somebody who asks for this code means this link.
    #[must_use]
    pub fn answers_to(&self, code: &Code) -> bool {
        self.key.code == *code || self.is_slug && self.key.code.folded() == code.folded()
    }

    /// The part of a visitor's query string that is passed on: all of it, or nothing.
    #[must_use]
    pub fn passed_on<'a>(&self, query: &'a str) -> Option<&'a str> {
        let is_passed_on = self.site.forward_query && !query.is_empty() && query.len() <= MAX_FORWARDED_BYTES;
        is_passed_on.then_some(query)
    }

    /// The address that a visitor with this query string is forwarded to. It names the link only where the visitor `has_consented`
    /// and the site follows lineage.
    #[must_use]
    pub fn location(&self, query: &str, has_consented: bool) -> Cow<'_, str> {
        let query = self.passed_on(query);
        let lineage =
            (has_consented && self.site.lineage).then(|| format!("{LINEAGE_PARAMETER}={}", self.key.code));
        if query.is_none() && lineage.is_none() {
            return self.destination.as_str().into();
        }
        // The link's own name first: whoever reads a parameter that stands twice takes the first one.
        self.destination.with_queries(lineage.as_deref().into_iter().chain(query)).into()
    }

    /// How much memory it takes, in bytes, without its site.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() - size_of::<Code>() + self.key.code.bytes() + self.destination.as_str().len()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::own_names::OwnNames;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::domain::channel::ChannelName;
    use crate::domain::destination::HostRule;
    use crate::domain::link::MAX_CAMPAIGN;
    use crate::domain::utm::Utm;

    fn link(rest: &str) -> Link {
        let json = r#"{"code":"abc","incarnation":"0000000000000001","site":"s1","url":"https://example.com/?a=1","channel":"sms","campaign":"x","created_at":0"#;
        serde_json::from_str(&format!("{json}{rest}}}")).expect("a link")
    }

    fn site(utm: bool, forward_query: bool) -> Arc<Site> {
        let json = r#"{"id":"s1","name":"a","destinations":["*"],"origins":[],"created_at":"2026-11-22T00:00:00Z","keys":[]}"#;
        let site: Site = serde_json::from_str(json).expect("a site");
        Arc::new(Site { utm: utm.into(), forward_query, ..site })
    }

    #[test]
    fn it_has_the_state_of_its_link_at_every_time() {
        let times = ["1969-12-31T00:00:00Z", "1970-01-01T00:00:01Z", "2026-11-22T12:00:00Z"];
        for rest in
            ["", r#","expires_at":1000"#, r#","disabled":true,"expires_at":1000"#, r#","taken_down":true"#]
        {
            let link = link(rest);
            let target = Target::of(&link, site(false, false));
            for now in times.map(|time| time.parse().expect("a time")) {
                assert_eq!(target.state(now), link.state(now), "{rest} at {now}");
            }
        }
    }

    #[test]
    fn the_links_code_is_added_only_where_the_site_wants_it() {
        let location = |utm, lineage| {
            let site = Site { lineage, ..Site::clone(&site(utm, true)) };
            let target = Target::of(&link(""), Arc::new(site));
            [false, true].map(|has_consented| target.location("ens=forged&b=2", has_consented).into_owned())
        };
        let plain = "https://example.com/?a=1&ens=forged&b=2";
        assert_eq!(location(false, true), [plain, "https://example.com/?a=1&ens=abc&ens=forged&b=2"]);
        let tags = "&utm_source=sms&utm_medium=share&utm_campaign=x";
        assert_eq!(
            location(true, true),
            [
                format!("https://example.com/?a=1{tags}&ens=forged&b=2"),
                format!("https://example.com/?a=1{tags}&ens=abc&ens=forged&b=2"),
            ]
        );
        assert_eq!(location(false, false), [plain, plain]);
        let site = Site { lineage: true, ..Site::clone(&site(false, false)) };
        let link = Link { url: destination("https://example.com/?ens=old&a=1#part"), ..link("") };
        let target = Target::of(&link, Arc::new(site));
        assert_eq!(
            target.location("", false),
            "https://example.com/?a=1#part",
            "another link's name goes, too"
        );
        assert_eq!(target.location("", true), "https://example.com/?a=1&ens=abc#part");
    }

    #[test]
    fn a_query_is_passed_on_byte_for_byte_and_not_beyond_its_limit() {
        let location = |url: &str, query: &str| {
            let link = Link { url: destination(url), ..link("") };
            Target::of(&link, site(false, true)).location(query, false).into_owned()
        };
        for query in [
            "id=1&id=2&id=3",
            "tag[]=1&tag[]=2",
            "some%20thing=a%20b",
            "abc",
            "q=a,b;c:d@e",
            "a=1&a=%0d%0a&&=&b",
        ] {
            assert_eq!(location("https://example.com/", query), format!("https://example.com/?{query}"));
            assert_eq!(
                location("https://example.com/?a=1#x", query),
                format!("https://example.com/?a=1&{query}#x")
            );
            assert_eq!(location("https://example.com/?#x", query), format!("https://example.com/?{query}#x"));
        }
        assert_eq!(location("https://example.com/", "a=é\u{7f}"), "https://example.com/?a=%C3%A9%7F");
        let longest = "a".repeat(MAX_FORWARDED_BYTES);
        assert_eq!(location("https://example.com/", &longest), format!("https://example.com/?{longest}"));
        assert_eq!(location("https://example.com/", &format!("{longest}a")), "https://example.com/");
    }

    fn destination(url: &str) -> Destination {
        let own = OwnNames::new(&Url::parse("https://go.test").expect("an address"));
        Destination::parse(url, &[HostRule::any()], &own).expect("a destination")
    }

    #[test]
    fn utm_and_query_are_added_only_where_the_site_wants_them() {
        let location = |utm, forward_query| {
            Target::of(&link(""), site(utm, forward_query)).location("a=2&fbclid=b", true).into_owned()
        };
        let tags = "&utm_source=sms&utm_medium=share&utm_campaign=x";
        assert_eq!(location(false, false), "https://example.com/?a=1");
        assert_eq!(location(true, false), format!("https://example.com/?a=1{tags}"));
        assert_eq!(location(false, true), "https://example.com/?a=1&a=2&fbclid=b");
        assert_eq!(location(true, true), format!("https://example.com/?a=1{tags}&a=2&fbclid=b"));
    }

    /// Stands for a channel and for a campaign in what a template has to become: no text has them.
    const CHANNEL: &str = "\u{0}";
    const CAMPAIGN: &str = "\u{1}";

    /// A template of texts that could break an address or add to it, and what it has to become.
    fn template() -> impl Strategy<Value = (String, String)> {
        let text = "[&=#?%+;/@:<>\"'a-zA-Zé€😀\\\\]{0,6}( [&=%a]{1,3})?";
        (text, any::<bool>(), text, any::<bool>(), text).prop_map(|(a, channel, b, campaign, c)| {
            let with = |channel_mark, campaign_mark| {
                let mark = |there, mark| if there { mark } else { "" };
                [&*a, mark(channel, channel_mark), &*b, mark(campaign, campaign_mark), &*c].concat()
            };
            (with("{channel}", "{campaign}"), with(CHANNEL, CAMPAIGN).trim().to_owned())
        })
    }

    proptest! {
        #[test]
        fn a_template_never_breaks_an_address_and_adds_no_other_parameter(
            address in "https?://[a-z]{1,8}(\\.example)?(:[1-9][0-9]{1,3})?(/\\PC{0,12})?(\\?\\PC{0,20}|\\?utm_medium=mine)?(#\\PC{0,8})?",
            (template, expected) in template(),
            campaign in "\\PC{0,30}|[{}a-z]{0,20}|\\{channel\\}|&utm_source=evil#top",
            channel in "[a-z][a-z0-9_-]{0,31}",
        ) {
            let own = "https://go.test".parse().expect("an address");
            let Ok(url) = Destination::parse(&address, &[HostRule::any()], &own) else { return Ok(()) };
            let Ok(campaign) = Text::parse(&campaign, MAX_CAMPAIGN) else { return Ok(()) };
            let channel = ChannelName::parse(&channel).expect("a channel");
            let link = Link { url, channel, campaign, ..link("") };
            let utm = Utm::of(format!("source={template}").parse().expect("templates"), BTreeMap::new());
            let target = Target::of(&link, Arc::new(Site { utm, ..Site::clone(&site(true, false)) }));
            let location = target.location("", false);

            let before = Url::parse(link.url.as_str()).expect("an address");
            let after = Url::parse(&location).expect("an address");
            prop_assert!(location.bytes().all(|byte| (0x21..0x7f).contains(&byte)), "{}", location);
            prop_assert_eq!(before.scheme(), after.scheme(), "{}", location);
            prop_assert_eq!(before.authority(), after.authority(), "{}", location);
            prop_assert_eq!(before.path(), after.path(), "{}", location);
            prop_assert_eq!(before.fragment(), after.fragment(), "{}", location);
            let query = before.query().unwrap_or_default();
            prop_assert!(after.query().unwrap_or_default().starts_with(query), "{}", location);

            let mut pairs: Vec<_> = before.query_pairs().into_owned().collect();
            let set: Vec<_> = pairs.iter().map(|(name, _)| name.clone()).collect();
            let campaign = link.campaign.as_ref().map(Text::as_str);
            let source = expected.replace(CHANNEL, link.channel.as_str());
            let source = match campaign {
                Some(campaign) => Some(source.replace(CAMPAIGN, campaign)),
                None => (!source.contains(CAMPAIGN)).then_some(source),
            };
            let medium = Some("share".to_owned());
            for (name, value) in
                [("utm_source", source), ("utm_medium", medium), ("utm_campaign", campaign.map(str::to_owned))]
            {
                let value = value.filter(|value| !value.is_empty() && !set.iter().any(|set| set == name));
                pairs.extend(value.map(|value| (name.to_owned(), value)));
            }
            prop_assert_eq!(after.query_pairs().into_owned().collect::<Vec<_>>(), pairs, "{}", location);
        }
    }
}
