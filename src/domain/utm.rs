//! UTM rules: what a site's links tell the analytics of their destination, for all channels and for
//! single ones. Only the channel and the campaign can be told, so no visitor is told apart.
//!
//! Promises that what stands in a template, a campaign or a channel becomes the value of one of three
//! parameters and nothing else: whoever adds it to an address escapes it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::channel::ChannelName;
use super::utm_template::{Part, Templates, fill};

/// Whether a site's links carry UTM parameters, and which.
///
/// As JSON, `false` is none, `true` the plain rule, and anything else an object of templates such as
/// `{"source": "news-{channel}", "channels": {"email": {"medium": "newsletter"}}}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Utm(Option<Rule>);

/// Templates for every channel, and those that single channels have in their place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Rule {
    #[serde(flatten)]
    all: Templates,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<ChannelName, Templates>,
}

/// A site that knows no templates was stored with a switch, and still is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Switch(bool),
    Rule(Rule),
}

impl From<Stored> for Utm {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Switch(on) => on.into(),
            Stored::Rule(rule) => Self(Some(rule)),
        }
    }
}

impl From<Utm> for Stored {
    fn from(utm: Utm) -> Self {
        match utm.0 {
            None => Self::Switch(false),
            Some(rule) if rule == Rule::default() => Self::Switch(true),
            Some(rule) => Self::Rule(rule),
        }
    }
}

impl From<bool> for Utm {
    /// `true` is the plain rule: the channel as source, `share` as medium, and the campaign.
    fn from(on: bool) -> Self {
        Self(on.then(Rule::default))
    }
}

impl Utm {
    /// A rule of its own templates; what they leave open is as in the plain rule, and what those of a
    /// channel leave open as in those for all.
    #[must_use]
    pub fn of(all: Templates, channels: BTreeMap<ChannelName, Templates>) -> Self {
        Self(Some(Rule { all, channels }))
    }

    /// Whether there are parameters at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The names and values, not escaped yet, that a link of this channel and campaign is given. A
    /// parameter that would be empty, or whose template names a campaign that there is not, is left out.
    pub fn parameters<'a>(
        &'a self,
        channel: &'a ChannelName,
        campaign: Option<&'a str>,
    ) -> impl Iterator<Item = (&'static str, String)> + 'a {
        let rule = self.0.iter();
        let parts = rule.flat_map(|rule| Part::ALL.into_iter().map(move |part| (rule, part)));
        parts.filter_map(move |(rule, part)| {
            let own = rule.channels.get(channel).and_then(|templates| templates.get(part));
            let template = own.or_else(|| rule.all.get(part)).unwrap_or(part.plain());
            let value = fill(template, channel.as_str(), campaign)?;
            (!value.is_empty()).then(|| (part.parameter(), value))
        })
    }

    /// About how much memory it takes beside itself, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().flat_map(|rule| rule.channels.values().chain([&rule.all])).map(Templates::bytes).sum()
    }
}

impl fmt::Display for Utm {
    /// In the form of the command line: the templates for all channels, then those of single ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rule) = &self.0 else { return f.write_str("off") };
        for (number, part) in Part::ALL.into_iter().enumerate() {
            let template = rule.all.get(part).unwrap_or(part.plain());
            write!(f, "{}{}={template}", if number > 0 { "," } else { "" }, part.as_str())?;
        }
        rule.channels.iter().try_for_each(|(channel, templates)| write!(f, " {channel}:{templates}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::Site;

    fn channel(name: &str) -> ChannelName {
        ChannelName::parse(name).expect("a channel")
    }

    fn rule(all: &str, channels: &[(&str, &str)]) -> Utm {
        let templates = |text: &str| text.parse::<Templates>().expect("templates");
        let channels = channels.iter().map(|(name, text)| (channel(name), templates(text)));
        Utm::of(if all.is_empty() { Templates::default() } else { templates(all) }, channels.collect())
    }

    fn told(utm: &Utm, name: &str, campaign: Option<&str>) -> String {
        let channel = channel(name);
        let told: Vec<_> =
            utm.parameters(&channel, campaign).map(|(name, value)| format!("{name}={value}")).collect();
        told.join(" ")
    }

    #[test]
    fn a_channel_is_told_by_its_own_templates_then_the_sites_then_the_plain_ones() {
        let utm = rule("source=press,medium={channel}-link", &[("email", "source=news {campaign}")]);
        assert_eq!(told(&utm, "sms", Some("x")), "utm_source=press utm_medium=sms-link utm_campaign=x");
        assert_eq!(told(&utm, "email", Some("x")), "utm_source=news x utm_medium=email-link utm_campaign=x");
        assert_eq!(told(&true.into(), "sms", Some("x")), "utm_source=sms utm_medium=share utm_campaign=x");
        assert_eq!(told(&false.into(), "sms", Some("x")), "");
    }

    #[test]
    fn what_has_nothing_to_say_is_left_out() {
        let utm = rule("medium=,campaign=c-{campaign}", &[("email", "source=news-{campaign}")]);
        assert_eq!(told(&utm, "sms", None), "utm_source=sms");
        assert_eq!(told(&utm, "email", None), "");
        assert_eq!(told(&utm, "email", Some("x")), "utm_source=news-x utm_campaign=c-x");
        assert_eq!(told(&rule("source=,medium=,campaign=", &[]), "sms", Some("x")), "");
    }

    #[test]
    fn what_was_stored_with_a_switch_is_read_and_stored_as_before() {
        let site = |utm: &str| {
            let json = r#"{"id":"s1","name":"a","destinations":[],"origins":[],"created_at":"2026-11-22T00:00:00Z","keys":[]"#;
            let site: Site = serde_json::from_str(&format!("{json}{utm}}}")).expect("a site");
            let stored = serde_json::to_value(&site).expect("JSON");
            assert_eq!(serde_json::from_value::<Site>(stored.clone()).expect("a site"), site);
            (site.utm, stored["utm"].clone())
        };
        assert_eq!(site(""), (Utm::default(), false.into()));
        assert_eq!(site(r#","utm":false"#), (false.into(), false.into()));
        assert_eq!(site(r#","utm":true"#), (true.into(), true.into()));
        let own = r#"{"source":"a-{channel}","channels":{"email":{"medium":"letter","campaign":""}}}"#;
        let (utm, stored) = site(&format!(",\"utm\":{own}"));
        assert_eq!(utm, rule("source=a-{channel}", &[("email", "medium=letter,campaign=")]));
        assert_eq!(stored, serde_json::from_str::<serde_json::Value>(own).expect("JSON"));
    }

    #[test]
    fn what_is_stored_in_another_form_is_refused() {
        for wrong in [
            "1",
            r#""true""#,
            r#"{"term":"x"}"#,
            r#"{"source":"{visitor}"}"#,
            r#"{"source":1}"#,
            r#"{"channels":{"E-Mail":{}}}"#,
            r#"{"channels":{"email":{"sauce":"x"}}}"#,
        ] {
            assert!(serde_json::from_str::<Utm>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_shown_as_it_is_given() {
        assert_eq!(Utm::from(false).to_string(), "off");
        assert_eq!(Utm::from(true).to_string(), "source={channel},medium=share,campaign={campaign}");
        assert_eq!(
            rule("medium=a", &[("email", "campaign=,source=b"), ("sms", "medium=c")]).to_string(),
            "source={channel},medium=a,campaign={campaign} email:source=b,campaign= sms:medium=c"
        );
    }
}
