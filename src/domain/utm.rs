//! UTM rules: what a site's links tell the analytics of their destination, for all channels and for
//! single ones. Only the channel and the campaign can be told, so no visitor is told apart.
//!
//! Promises that what stands in a template, a campaign or a channel becomes the value of one of three
//! parameters and nothing else: whoever adds it to an address escapes it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::channel::{ChannelName, ChannelNameError, Channels};
use crate::domain::rule::{CodedError, Detail};
use crate::domain::utm_template::{Part, Templates, TemplatesError, fill};

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

/// What a single channel has in the place of the templates for all: `email:medium=newsletter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfChannel {
    channel: ChannelName,
    templates: Templates,
}

/// Why texts make no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UtmError {
    /// It is of no channel.
    #[error("takes CHANNEL:PART=TEMPLATE,… such as email:medium=newsletter")]
    NoChannel,
    /// A channel's name has another form.
    #[error("the channel {0}")]
    ChannelName(#[from] ChannelNameError),
    /// Templates are not taken.
    #[error(transparent)]
    Templates(#[from] TemplatesError),
    /// Those of a channel are not.
    #[error("{0}: {1}")]
    OfChannel(ChannelName, TemplatesError),
    /// There is no such channel.
    #[error("there is no channel '{0}'; known are {1}")]
    UnknownChannel(ChannelName, String),
    /// There are two lines for one channel.
    #[error("the channel '{0}' is given twice")]
    ChannelTwice(ChannelName),
    /// There are two lines for all channels.
    #[error("the templates for all channels are given twice")]
    AllTwice,
}

impl CodedError for UtmError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoChannel => "utm_without_channel",
            Self::ChannelName(_) => "utm_channel_name",
            Self::Templates(error) => error.code(),
            Self::OfChannel(..) => "utm_of_channel",
            Self::UnknownChannel(..) => "utm_unknown_channel",
            Self::ChannelTwice(_) => "utm_channel_twice",
            Self::AllTwice => "utm_all_twice",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::ChannelName(error) => vec![("reason", Detail::Reason(error.reason()))],
            Self::Templates(error) => error.details(),
            Self::OfChannel(channel, error) => {
                vec![("channel", Detail::text(channel)), ("reason", Detail::Reason(error.reason()))]
            }
            Self::UnknownChannel(channel, known) => {
                vec![("channel", Detail::text(channel)), ("known", Detail::text(known))]
            }
            Self::ChannelTwice(channel) => vec![("channel", Detail::text(channel))],
            Self::NoChannel | Self::AllTwice => Vec::new(),
        }
    }
}

impl FromStr for OfChannel {
    type Err = UtmError;

    fn from_str(text: &str) -> Result<Self, UtmError> {
        let (channel, templates) = text.split_once(':').ok_or(UtmError::NoChannel)?;
        let channel = ChannelName::parse(channel)?;
        match templates.parse() {
            Ok(templates) => Ok(Self { channel, templates }),
            Err(error) => Err(UtmError::OfChannel(channel, error)),
        }
    }
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

    /// The same of templates as they are given, for channels that are known, each once.
    ///
    /// # Errors
    /// With the first channel that is unknown or given twice.
    pub fn of_channels(
        all: Templates,
        channels: impl IntoIterator<Item = OfChannel>,
        known: &Channels,
    ) -> Result<Self, UtmError> {
        let mut own = BTreeMap::new();
        for OfChannel { channel, templates } in channels {
            if known.get(channel.as_str()).is_none() {
                let names: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
                return Err(UtmError::UnknownChannel(channel, names.join(", ")));
            }
            if own.insert(channel.clone(), templates).is_some() {
                return Err(UtmError::ChannelTwice(channel));
            }
        }
        Ok(Self::of(all, own))
    }

    /// Reads what [`Utm::lines`] writes, one below the other; without a line it is off.
    ///
    /// # Errors
    /// With the first line that is no templates, or that there is already.
    pub fn from_lines(text: &str, known: &Channels) -> Result<Self, UtmError> {
        let (mut all, mut channels) = (None, Vec::new());
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        for line in &lines {
            // Before the first equals sign there is no colon but a channel's.
            if line.split('=').next().is_some_and(|name| name.contains(':')) {
                channels.push(line.parse()?);
            } else if all.replace(line.parse::<Templates>()?).is_some() {
                return Err(UtmError::AllTwice);
            }
        }
        if lines.is_empty() {
            return Ok(Self::default());
        }
        Self::of_channels(all.unwrap_or_default().beyond_plain(), channels, known)
    }

    /// The templates for all channels and, in a line of its own, what each of the others has; nothing where it is off.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Some(rule) = &self.0 else { return Vec::new() };
        let part = |part: Part| format!("{}={}", part.as_str(), rule.all.get(part).unwrap_or(part.plain()));
        let all = Part::ALL.map(part).join(",");
        let own = rule.channels.iter().map(|(channel, templates)| format!("{channel}:{templates}"));
        std::iter::once(all).chain(own).collect()
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
        if self.is_on() { f.write_str(&self.lines().join(" ")) } else { f.write_str("off") }
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
    fn its_lines_are_read_as_they_are_written() {
        let known = Channels::built_in();
        let read = |text: &str| Utm::from_lines(text, &known);
        for utm in [
            Utm::from(false),
            Utm::from(true),
            rule("medium=a: b", &[("email", "campaign=,source=b"), ("sms", "medium=c")]),
            rule("source=,medium=,campaign=", &[]),
        ] {
            assert_eq!(read(&utm.lines().join("\r\n")), Ok(utm));
        }
        assert_eq!(read(" \n\n"), Ok(false.into()));
        assert_eq!(read("\n sms:medium=c "), Ok(rule("", &[("sms", "medium=c")])));
        // What says the same as the plain rule is the plain rule.
        assert_eq!(read("medium=share"), Ok(true.into()));
        for (wrong, why) in [
            ("on", "'on' is none of source=…, medium=… and campaign=…, which commas separate"),
            ("source=a\nmedium=b", "the templates for all channels are given twice"),
            ("sms:source=a\nsms:source=b", "the channel 'sms' is given twice"),
            ("SMS:source=a", "the channel must be 1 to 32 lower-case letters"),
            ("pigeon:source=a", "there is no channel 'pigeon'; known are copy"),
            ("sms:term=a", "sms: 'term=a' is none of"),
        ] {
            let error = read(wrong).expect_err(wrong).to_string();
            assert!(error.starts_with(why), "{wrong}: {error}");
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
