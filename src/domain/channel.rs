//! Channels: how a link was shared, and the address with which each app takes a share.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::device::Device;
use crate::domain::rule::CodedError;

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

impl CodedError for ChannelNameError {
    fn code(&self) -> &'static str {
        "malformed_channel"
    }
}

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
    /// The app's share address with `{url}`, `{title}` and `{text}` (words and address) in it;
    /// none where there is no such address.
    pub share: Option<String>,
    /// The same on phones and tablets, in place of `share`; alone, the app takes shares only there.
    pub share_phone: Option<String>,
    /// Where the form of that address is documented, or why there is none.
    pub documented: Option<String>,
}

impl Channel {
    /// The share address for a device, with its placeholders.
    #[must_use]
    pub fn share_on(&self, device: Device) -> Option<&str> {
        match device {
            Device::Phone => self.share_phone.as_deref().or(self.share.as_deref()),
            Device::Desktop => self.share.as_deref(),
        }
    }
}

/// What a share says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The short address.
    pub url: &'a str,
    /// The page's title, or nothing.
    pub title: &'a str,
    /// Words in front of the address; nothing for the title.
    pub words: &'a str,
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
    /// A share address would run a script, or open a document, in the page that it stands in.
    #[error(
        "[{channel}] share must not begin with {scheme}: such an address runs a script in the page that it stands in"
    )]
    Script {
        /// The channel it stands in.
        channel: ChannelName,
        /// What it begins with.
        scheme: String,
    },
    /// A share address cannot be gone to.
    #[error("[{channel}] share must be an absolute address of printable ASCII characters")]
    Address {
        /// The channel it stands in.
        channel: ChannelName,
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
        for (name, channel) in &channels {
            for share in channel.share.iter().chain(&channel.share_phone) {
                check(name, share)?;
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

    /// The address that opens the channel's app on a device with the message filled in, or `None`
    /// where there is none (a copied link, a QR code, an app that takes no share from there).
    #[must_use]
    pub fn share_url(&self, name: &ChannelName, device: Device, message: &Message<'_>) -> Option<String> {
        let share = self.0.get(name)?.share_on(device)?;
        let Message { url, title, words } = *message;
        let words = if words.is_empty() { title } else { words };
        let text = if words.is_empty() { url.to_owned() } else { format!("{words} {url}") };
        // One pass: a title that itself holds "{url}" is text and stays text.
        let mut address = String::with_capacity(share.len() + 2 * text.len());
        let mut rest = share;
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
            let value = match placeholder {
                "url" => url,
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

/// Schemes whose addresses run a script or bring a document of their own, in one browser or another.
const RUNS: [&str; 11] = [
    "javascript",
    "data",
    "vbscript",
    "blob",
    "filesystem",
    "file",
    "about",
    "view-source",
    "livescript",
    "mocha",
    "jar",
];

/// Whether a share address can be filled in and gone to.
fn check(channel: &ChannelName, share: &str) -> Result<(), ChannelsError> {
    let channel = channel.clone();
    let mut placeholders = share.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    if let Some(placeholder) = placeholders.find(|name| !matches!(*name, "url" | "title" | "text")) {
        return Err(ChannelsError::Placeholder { channel, placeholder: placeholder.to_owned() });
    }
    let printable = share.bytes().all(|byte| byte.is_ascii_graphic());
    match Url::parse(share) {
        Ok(url) if RUNS.contains(&url.scheme()) => {
            Err(ChannelsError::Script { channel, scheme: format!("{}:", url.scheme()) })
        }
        Ok(_) if printable => Ok(()),
        _ => Err(ChannelsError::Address { channel }),
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
    fn every_built_in_channel_says_where_it_is_documented() {
        for (name, channel) in Channels::built_in().iter() {
            let documented = channel.documented.as_deref().is_some_and(|page| page.starts_with("https://"));
            assert!(documented || name.as_str() == "other", "{name}");
        }
    }

    const SHORT: &str = "https://go.example/abc";

    fn address(channel: &str, device: Device, title: &str, words: &str) -> Option<String> {
        Channels::built_in().share_url(&name(channel), device, &Message { url: SHORT, title, words })
    }

    #[test]
    fn a_share_address_escapes_what_a_title_holds() {
        let title = "Fish & chips {url}\r\nBcc: x@example.com?";
        let email = address("email", Device::Desktop, title, "").expect("an address");
        let parsed = Url::parse(&email).expect("an address");
        assert_eq!(parsed.scheme(), "mailto");
        assert_eq!(parsed.query_pairs().count(), 2);
        assert!(!email.contains(['\r', '\n', ' ', '{']), "{email}");
        assert_eq!(
            address("whatsapp", Device::Desktop, "", "").as_deref(),
            Some("https://wa.me/?text=https%3A%2F%2Fgo.example%2Fabc"),
        );
        assert_eq!(address("copy", Device::Phone, "", ""), None);
    }

    #[test]
    fn own_words_stand_in_the_place_of_the_title_and_leave_a_subject_alone() {
        let email = address("email", Device::Phone, "Fish", "Look:").expect("an address");
        let parsed = Url::parse(&email).expect("an address");
        let parts: Vec<_> = parsed.query_pairs().map(|(_, value)| value.into_owned()).collect();
        assert_eq!(parts, ["Fish".to_owned(), format!("Look: {SHORT}")]);
    }

    #[test]
    fn a_phone_has_addresses_of_its_own_and_a_desktop_none_that_it_cannot_open() {
        for channel in ["messenger", "viber"] {
            assert!(address(channel, Device::Phone, "", "").is_some(), "{channel}");
            assert_eq!(address(channel, Device::Desktop, "", ""), None, "{channel}");
        }
        for channel in ["whatsapp", "email", "sms", "telegram"] {
            let [phone, desktop] = [Device::Phone, Device::Desktop].map(|on| address(channel, on, "", ""));
            assert!(phone.is_some() && phone == desktop, "{channel}");
        }
        let both = "[x]\nlabel = \"X\"\nshare = \"https://x.example/{url}\"\nshare_phone = \"x:{url}\"\n";
        let channels = Channels::with(both).expect("a file");
        let message = Message { url: "a", title: "", words: "" };
        let on = |device| channels.share_url(&name("x"), device, &message).expect("an address");
        assert_eq!(
            (on(Device::Phone), on(Device::Desktop)),
            ("x:a".to_owned(), "https://x.example/a".to_owned())
        );
    }

    #[test]
    fn viber_never_cuts_the_address_off() {
        let viber = address("viber", Device::Phone, &"a".repeat(200), "").expect("an address");
        assert!(viber.starts_with("viber://forward?text=https%3A%2F%2Fgo.example%2Fabc%20aaa"), "{viber}");
    }

    #[test]
    fn an_operator_adds_a_channel_and_hears_of_a_mistake() {
        let channels = Channels::with("[threema]\nlabel = \"Threema\"\n").expect("a file");
        assert!(channels.get("threema").is_some() && channels.get("whatsapp").is_some());
        let wrong = Channels::with("[x]\nlabel = \"X\"\nshare = \"https://x.example/{link}\"\n");
        assert!(wrong.is_err_and(|e| e.to_string().contains("{link}")));
        for share in ["x.example/{url}", "https://x.example/{url} {title}", "https://x.example/ü?{url}"] {
            let file = format!("[x]\nlabel = \"X\"\nshare_phone = \"{share}\"\n");
            let wrong = Channels::with(&file);
            assert!(wrong.is_err_and(|e| e.to_string().contains("absolute address")), "{share}");
        }
        for scheme in
            ["javascript", "JavaScript", "data", "vbscript", "VBScript", "blob", "file", "view-source"]
        {
            let file = format!("[x]\nlabel = \"X\"\nshare = \"{scheme}:alert('{{url}}')\"\n");
            let wrong = Channels::with(&file).expect_err("refused").to_string();
            assert!(wrong.contains("[x]") && wrong.contains(&scheme.to_lowercase()), "{wrong}");
        }
        assert!(Channels::with("[Über]\nlabel = \"x\"\n").is_err());
        assert!(Channels::with("[x]\nlabl = \"x\"\n").is_err_and(|e| e.to_string().contains("labl")));
    }
}
