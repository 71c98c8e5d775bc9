//! Families of apps: whose preview fetcher asked for a link.
//!
//! An unfurl is evidence that a link was pasted somewhere, and its family says where: a link that was
//! made for e-mail and unfurled in Slack has travelled. A family is what one fetcher serves, which can be
//! more than one app: Messenger and Instagram use Facebook's, Teams has Skype's.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::channel::ChannelName;

/// Apps whose previews are fetched in one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Family {
    /// An app without a family of its own, or one that nobody can tell.
    Other = 0,
    /// WhatsApp.
    WhatsApp = 1,
    /// Facebook, and with the same fetcher Messenger and Instagram.
    Facebook = 2,
    /// Apple's Messages, and what else on Apple's systems draws previews in the same way.
    IMessage = 3,
    /// Telegram.
    Telegram = 4,
    /// Slack.
    Slack = 5,
    /// Discord.
    Discord = 6,
    /// Microsoft Teams, with the fetcher that was Skype's.
    Teams = 7,
    /// `LinkedIn`.
    LinkedIn = 8,
    /// X, once Twitter.
    X = 9,
    /// Signal, which calls itself WhatsApp, but without a whole version.
    Signal = 10,
    /// Viber.
    Viber = 11,
    /// LINE.
    Line = 12,
    /// `KakaoTalk`.
    KakaoTalk = 13,
    /// Snapchat.
    Snapchat = 14,
    /// Pinterest.
    Pinterest = 15,
    /// Reddit.
    Reddit = 16,
    /// Mastodon and the fediverse's other servers.
    Mastodon = 17,
    /// Google Messages.
    GoogleMessages = 18,
    /// Bluesky.
    Bluesky = 19,
}

use Family::{
    Bluesky, Discord, Facebook, GoogleMessages, IMessage, KakaoTalk, Line, LinkedIn, Mastodon, Other,
    Pinterest, Reddit, Signal, Slack, Snapchat, Teams, Telegram, Viber, WhatsApp, X,
};

/// Every family in the order of its number, with its name in the API and in the stores, and with what people
/// call it. Journals and stores keep the numbers and the names: neither may ever mean something else.
const ALL: [(Family, &str, &str); 20] = [
    (Other, "other", "other apps"),
    (WhatsApp, "whatsapp", "WhatsApp"),
    (Facebook, "facebook", "Facebook or Messenger"),
    (IMessage, "imessage", "iMessage"),
    (Telegram, "telegram", "Telegram"),
    (Slack, "slack", "Slack"),
    (Discord, "discord", "Discord"),
    (Teams, "teams", "Teams"),
    (LinkedIn, "linkedin", "LinkedIn"),
    (X, "x", "X"),
    (Signal, "signal", "Signal"),
    (Viber, "viber", "Viber"),
    (Line, "line", "LINE"),
    (KakaoTalk, "kakaotalk", "KakaoTalk"),
    (Snapchat, "snapchat", "Snapchat"),
    (Pinterest, "pinterest", "Pinterest"),
    (Reddit, "reddit", "Reddit"),
    (Mastodon, "mastodon", "Mastodon"),
    (GoogleMessages, "google_messages", "Google Messages"),
    (Bluesky, "bluesky", "Bluesky"),
];

impl Family {
    /// How many there are.
    pub const NUMBER: usize = ALL.len();

    /// Every family.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(family, ..)| family)
    }

    /// Its number in the journal.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The family with this number; [`Family::Other`] where this version knows none.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        ALL.get(usize::from(number)).map_or(Other, |(family, ..)| *family)
    }

    /// Its name, such as `slack`.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL[usize::from(self.number())].1
    }

    /// The family of this name; [`Family::Other`] where this version knows none.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        ALL.iter().find(|(_, known, _)| *known == name).map_or(Other, |(family, ..)| *family)
    }

    /// What people call it, such as `Slack`.
    #[must_use]
    pub fn label(self) -> &'static str {
        ALL[usize::from(self.number())].2
    }

    /// The family of a fetcher that names both. Many name Facebook's or X's fetcher, to get what those get;
    /// Apple's names the two of them, and no app of its own.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let worth = |family| match family {
            Other => 0,
            Facebook | X => 1,
            _ => 2,
        };
        match (self, other) {
            (Facebook, X) | (X, Facebook) => IMessage,
            _ if worth(other) > worth(self) => other,
            _ => self,
        }
    }

    /// Whether a link that was shared by this channel has gone on to somewhere else when it is unfurled
    /// here. Nobody knows it of a channel that tells no app, such as a copied link.
    #[must_use]
    pub fn is_beyond(self, channel: &ChannelName) -> bool {
        let own: &[Self] = match channel.as_str() {
            "whatsapp" => &[WhatsApp],
            // Apple's mail program draws previews as its Messages do.
            "email" => &[IMessage],
            "sms" => &[IMessage, GoogleMessages],
            "messenger" => &[Facebook],
            "telegram" => &[Telegram],
            "signal" => &[Signal],
            "viber" => &[Viber],
            "wechat" => &[],
            _ => return false,
        };
        self != Other && !own.contains(&self)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_comes_back_from_its_number_and_its_name() {
        for (place, family) in Family::all().enumerate() {
            assert_eq!(usize::from(family.number()), place, "{family}");
            assert_eq!(Family::from_number(family.number()), family);
            assert_eq!(Family::from_name(family.name()), family);
        }
        assert_eq!((Family::from_number(255), Family::from_name("carrier pigeon")), (Other, Other));
    }

    #[test]
    fn of_two_names_the_one_that_nobody_borrows_is_the_sender() {
        for (names, sender) in [
            ([Facebook, X], IMessage),
            ([Facebook, Line], Line),
            ([X, Telegram], Telegram),
            ([Slack, Other], Slack),
            ([Facebook, Other], Facebook),
            ([Facebook, Facebook], Facebook),
            ([X, X], X),
            ([IMessage, X], IMessage),
            ([Other, Other], Other),
        ] {
            let [one, other] = names;
            assert_eq!((one.and(other), other.and(one)), (sender, sender), "{one} and {other}");
        }
    }

    #[test]
    fn a_link_has_travelled_where_its_channel_does_not_lead() {
        let beyond = |channel: &str| -> Vec<Family> {
            let channel = ChannelName::parse(channel).expect("a channel");
            Family::all().filter(|family| family.is_beyond(&channel)).collect()
        };
        assert!(beyond("email").contains(&Slack) && !beyond("email").contains(&IMessage));
        assert!(!beyond("whatsapp").contains(&WhatsApp) && beyond("whatsapp").contains(&Signal));
        assert!(!beyond("messenger").contains(&Facebook) && beyond("wechat").contains(&Facebook));
        for channel in ["whatsapp", "email", "sms", "messenger", "telegram", "signal", "viber", "wechat"] {
            assert!(!beyond(channel).contains(&Other) && beyond(channel).len() > 10, "{channel}");
        }
        for channel in ["copy", "native", "qr", "other", "threema"] {
            assert_eq!(beyond(channel), [], "{channel}");
        }
    }
}
