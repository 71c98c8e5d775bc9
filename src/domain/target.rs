//! The target: what a visit needs of a link, worked out once and small, as many are kept in memory.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::destination::Destination;
use super::link::{Link, LinkState, Text};
use super::site::Site;

/// Where a link leads, until when, and by whose rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The site, shared by all of its links.
    pub site: Arc<Site>,
    /// The destination with the parameters of the site's UTM rule, and with the link's code where it wants that.
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
        let destination = if site.lineage { destination.led_to_by(&link.code) } else { destination };
        // Before it was made, no link had expired.
        Self { site, destination, state: link.state(Timestamp::MIN), expires_at: link.expires_at }
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

    /// The address that a visitor with this query string is forwarded to.
    #[must_use]
    pub fn location(&self, query: &str) -> Cow<'_, str> {
        if self.site.forward_query && !query.is_empty() {
            self.destination.forward(query).into()
        } else {
            self.destination.as_str().into()
        }
    }

    /// How much memory it takes, in bytes, without its site.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.destination.as_str().len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::domain::channel::ChannelName;
    use crate::domain::destination::HostRule;
    use crate::domain::link::MAX_CAMPAIGN;
    use crate::domain::utm::Utm;

    fn link(rest: &str) -> Link {
        let json = r#"{"code":"abc","site":"s1","url":"https://example.com/?a=1","channel":"sms","campaign":"x","created_at":0"#;
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
            Target::of(&link(""), Arc::new(site)).location("ens=forged&b=2").into_owned()
        };
        assert_eq!(location(false, true), "https://example.com/?a=1&ens=abc&b=2");
        let tags = "&utm_source=sms&utm_medium=share&utm_campaign=x";
        assert_eq!(location(true, true), format!("https://example.com/?a=1{tags}&ens=abc&b=2"));
        assert_eq!(location(false, false), "https://example.com/?a=1&ens=forged&b=2");
    }

    #[test]
    fn utm_and_query_are_added_only_where_the_site_wants_them() {
        let location = |utm, forward_query| {
            Target::of(&link(""), site(utm, forward_query)).location("a=2&fbclid=b").into_owned()
        };
        let tags = "&utm_source=sms&utm_medium=share&utm_campaign=x";
        assert_eq!(location(false, false), "https://example.com/?a=1");
        assert_eq!(location(true, false), format!("https://example.com/?a=1{tags}"));
        assert_eq!(location(false, true), "https://example.com/?a=1&fbclid=b");
        assert_eq!(location(true, true), format!("https://example.com/?a=1{tags}&fbclid=b"));
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
            let own = Url::parse("https://go.test").expect("an address");
            let Ok(url) = Destination::parse(&address, &[HostRule::any()], &own) else { return Ok(()) };
            let Ok(campaign) = Text::parse(&campaign, MAX_CAMPAIGN) else { return Ok(()) };
            let channel = ChannelName::parse(&channel).expect("a channel");
            let link = Link { url, channel, campaign, ..link("") };
            let utm = Utm::of(format!("source={template}").parse().expect("templates"), BTreeMap::new());
            let target = Target::of(&link, Arc::new(Site { utm, ..Site::clone(&site(true, false)) }));
            let location = target.location("");

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
