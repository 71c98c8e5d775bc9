//! Channels: how a link was shared, and the address with which each app takes a share.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// Everything but RFC 3986's unreserved characters is escaped: right in a query as in `mailto:`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The channels that every installation has: the file is part of the binary.
const BUILT_IN: &str = include_str!("../../config/channels.toml");

/// A channel's name: 1 to 32 lower-case letters, digits, `-` or `_`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelName(Box<str>);

/// The text is no channel name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 32 lower-case letters, digits, '-' or '_', beginning with a letter")]
pub struct ChannelNameError;

impl ChannelName {
    /// Takes a name such as `whatsapp`.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self, ChannelNameError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let good = (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(allowed);
        if good { Ok(Self(text.into())) } else { Err(ChannelNameError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChannelName {
    type Error = ChannelNameError;

    fn try_from(text: String) -> Result<Self, ChannelNameError> {
        Self::parse(&text)
    }
}

impl From<ChannelName> for String {
    fn from(name: ChannelName) -> Self {
        name.0.into()
    }
}

/// One channel as `config/channels.toml` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What people call it, such as `WhatsApp`.
    pub label: String,
    /// The app's share address with `{url}`, `{title}` and `{text}` (title and address) in it;
    /// none where there is no such address.
    pub share: Option<String>,
    /// Where the form of that address is documented.
    pub documented: Option<String>,
}

/// All channels that a share may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels(BTreeMap<ChannelName, Channel>);

/// A channels file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    /// It is not TOML of the documented form.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A share address has another placeholder than the three.
    #[error(
        "[{channel}] share has an unknown placeholder {{{placeholder}}}; known are {{url}}, {{title}} and {{text}}"
    )]
    Placeholder {
        /// The channel it stands in.
        channel: ChannelName,
        /// The text between the braces.
        placeholder: String,
    },
}

impl Channels {
    /// The channels that come with Entrenous.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test holds that the built-in file parses")
    }

    /// The built-in channels, with those of an operator's `file` added or put in their place.
    ///
    /// # Errors
    /// When the file has another form than `config/channels.toml`.
    pub fn with(file: &str) -> Result<Self, ChannelsError> {
        let mut all = Self::built_in();
        all.0.extend(Self::parse(file)?.0);
        Ok(all)
    }

    fn parse(file: &str) -> Result<Self, ChannelsError> {
        let channels: BTreeMap<ChannelName, Channel> = toml::from_str(file)?;
        for (channel, share) in channels.iter().filter_map(|(name, c)| Some((name, c.share.as_ref()?))) {
            let unknown = share.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            if let Some(placeholder) = unknown.into_iter().find(|p| !matches!(*p, "url" | "title" | "text")) {
                let (channel, placeholder) = (channel.clone(), placeholder.to_owned());
                return Err(ChannelsError::Placeholder { channel, placeholder });
            }
        }
        Ok(Self(channels))
    }

    /// The channel of this name, with the name as the catalogue has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&ChannelName, &Channel)> {
        self.0.get_key_value(&ChannelName::parse(name).ok()?)
    }

    /// Every channel in the order of its name.
    pub fn iter(&self) -> impl Iterator<Item = (&ChannelName, &Channel)> {
        self.0.iter()
    }

    /// The address that opens the channel's app with `short_url` and `title` filled in, or `None`
    /// where the channel has none (a copied link, a QR code, an app without a share address).
    #[must_use]
    pub fn share_url(&self, name: &ChannelName, short_url: &str, title: Option<&str>) -> Option<String> {
        let share = self.0.get(name)?.share.as_ref()?;
        let title = title.unwrap_or_default();
        let text = if title.is_empty() { short_url.to_owned() } else { format!("{title} {short_url}") };
        // One pass: a title that itself holds "{url}" is text and stays text.
        let mut address = String::with_capacity(share.len() + 2 * text.len());
        let mut rest = share.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
            let value = match placeholder {
                "url" => short_url,
                "title" => title,
                _ => &text,
            };
            address.push_str(before);
            address.extend(utf8_percent_encode(value, ESCAPED));
            rest = after;
        }
        address.push_str(rest);
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ChannelName {
        ChannelName::parse(text).expect("a channel name")
    }

    #[test]
    fn the_twelve_channels_of_the_product_come_built_in() {
        let channels = Channels::built_in();
        for name in
            "whatsapp email sms copy messenger telegram signal viber wechat native qr other".split(' ')
        {
            assert!(channels.get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_built_in_share_address_says_where_it_is_documented() {
        for (name, channel) in Channels::built_in().iter() {
            assert_eq!(channel.share.is_some(), channel.documented.is_some(), "{name}");
        }
    }

    #[test]
    fn a_share_address_escapes_what_a_title_holds() {
        let channels = Channels::built_in();
        let title = Some("Fish & chips {url}\r\nBcc: x@example.com?");
        let address =
            channels.share_url(&name("email"), "https://go.example/abc", title).expect("an address");
        let parsed = url::Url::parse(&address).expect("an address");
        assert_eq!(parsed.scheme(), "mailto");
        assert_eq!(parsed.query_pairs().count(), 2);
        assert!(!address.contains(['\r', '\n', ' ', '{']), "{address}");
        assert_eq!(
            channels.share_url(&name("whatsapp"), "https://go.example/abc", None).as_deref(),
            Some("https://wa.me/?text=https%3A%2F%2Fgo.example%2Fabc"),
        );
        assert_eq!(channels.share_url(&name("copy"), "https://go.example/abc", None), None);
    }

    #[test]
    fn an_operator_adds_a_channel_and_hears_of_a_mistake() {
        let channels = Channels::with("[threema]\nlabel = \"Threema\"\n").expect("a file");
        assert!(channels.get("threema").is_some() && channels.get("whatsapp").is_some());
        let wrong = Channels::with("[x]\nlabel = \"X\"\nshare = \"https://x.example/{link}\"\n");
        assert!(wrong.is_err_and(|e| e.to_string().contains("{link}")));
        assert!(Channels::with("[Über]\nlabel = \"x\"\n").is_err());
        assert!(Channels::with("[x]\nlabl = \"x\"\n").is_err_and(|e| e.to_string().contains("labl")));
    }
}
