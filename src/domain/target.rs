//! The target: what a visit needs of a link, worked out once and small, as many are kept in memory.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::destination::{Destination, Utm};
use super::link::{Link, LinkState, Text};
use super::site::Site;

/// Where a link leads, until when, and by whose rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The site, shared by all of its links.
    pub site: Arc<Site>,
    /// The destination with the parameters of the site's UTM rule.
    destination: Destination,
    /// What the link is until its expiry.
    state: LinkState,
    expires_at: Option<Timestamp>,
}

impl Target {
    /// The target of a link of `site`.
    #[must_use]
    pub fn of(link: &Link, site: Arc<Site>) -> Self {
        let utm = Utm { channel: &link.channel, campaign: link.campaign.as_ref().map(Text::as_str) };
        let destination = if site.utm { link.url.tagged(&utm) } else { link.url.clone() };
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
    use super::*;

    fn link(rest: &str) -> Link {
        let json = r#"{"code":"abc","site":"s1","url":"https://example.com/?a=1","channel":"sms","campaign":"x","created_at":0"#;
        serde_json::from_str(&format!("{json}{rest}}}")).expect("a link")
    }

    fn site(utm: bool, forward_query: bool) -> Arc<Site> {
        let json = r#"{"id":"s1","name":"a","destinations":["*"],"origins":[],"created_at":"2026-11-22T00:00:00Z","keys":[]}"#;
        let site: Site = serde_json::from_str(json).expect("a site");
        Arc::new(Site { utm, forward_query, ..site })
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
}
