//! Links: what a share mints, and what may be changed of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::channel::ChannelName;
use super::code::Code;
use super::destination::Destination;
use super::site::SiteId;

/// The longest campaign in characters.
pub const MAX_CAMPAIGN: usize = 100;
/// The longest title in characters.
pub const MAX_TITLE: usize = 200;

/// A code, where it leads, and how it was shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The part of the short address that names the link.
    pub code: Code,
    /// Whose it is.
    pub site: SiteId,
    /// Where it leads; the "page" of the statistics.
    pub url: Destination,
    /// How it was shared.
    pub channel: ChannelName,
    /// The campaign that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Text>,
    /// The page's title, for the text of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The link through which the sharer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Code>,
    /// How many links led to it, from parent to parent, when it was made; 0 without a parent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u32,
    /// When it was made, in whole milliseconds.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    /// From when on it answers 410.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub expires_at: Option<Timestamp>,
    /// Whether its site switched it off: 410.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whether the operator took it down for abuse: 451.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_down: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Whether a link forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It does.
    Live,
    /// Its time is over.
    Expired,
    /// Its site switched it off.
    Disabled,
    /// The operator took it down for abuse.
    TakenDown,
}

impl Link {
    /// The link's state at `now`; a take-down outweighs the rest.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkState {
        if self.taken_down {
            LinkState::TakenDown
        } else if self.disabled {
            LinkState::Disabled
        } else if self.expires_at.is_some_and(|end| end <= now) {
            LinkState::Expired
        } else {
            LinkState::Live
        }
    }

    /// Applies a change.
    pub fn apply(&mut self, change: LinkChange) {
        let LinkChange { url, campaign, expires_at, disabled, taken_down } = change;
        self.url = url.unwrap_or_else(|| self.url.clone());
        self.campaign = campaign.unwrap_or_else(|| self.campaign.clone());
        self.expires_at = expires_at.unwrap_or(self.expires_at);
        self.disabled = disabled.unwrap_or(self.disabled);
        self.taken_down = taken_down.unwrap_or(self.taken_down);
    }
}

/// What may be changed of a link; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkChange {
    /// Another destination.
    pub url: Option<Destination>,
    /// Another campaign, or none.
    pub campaign: Option<Option<Text>>,
    /// Another expiry, or none.
    pub expires_at: Option<Option<Timestamp>>,
    /// On or off.
    pub disabled: Option<bool>,
    /// Taken down for abuse, or given back: the operator's alone.
    pub taken_down: Option<bool>,
}

/// A short text of one line that a client gave: not empty, trimmed, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Box<str>);

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It has more characters than this.
    #[error("must be at most {0} characters long")]
    TooLong(usize),
    /// A line break or another control character stands in it.
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl Text {
    /// Takes a text of at most `longest` characters; an empty one is none.
    ///
    /// # Errors
    /// When it is longer or holds a control character.
    pub fn parse(text: &str, longest: usize) -> Result<Option<Self>, TextError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(TextError::ControlCharacter);
        }
        if text.chars().count() > longest {
            return Err(TextError::TooLong(longest));
        }
        Ok((!text.is_empty()).then(|| Self(text.into())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_down_outweighs_a_switch_and_a_switch_an_expiry() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let json = r#"{"code":"abc","site":"s1","url":"https://example.com/","channel":"sms","created_at":0,"expires_at":1}"#;
        let mut link: Link = serde_json::from_str(json).expect("a link");
        assert_eq!(link.state(now), LinkState::Expired);
        link.apply(LinkChange { disabled: Some(true), ..LinkChange::default() });
        assert_eq!(link.state(now), LinkState::Disabled);
        link.apply(LinkChange { taken_down: Some(true), ..LinkChange::default() });
        assert_eq!(link.state(now), LinkState::TakenDown);
        let back = LinkChange {
            taken_down: Some(false),
            disabled: Some(false),
            expires_at: Some(None),
            ..LinkChange::default()
        };
        link.apply(back);
        assert_eq!(link.state(now), LinkState::Live);
    }

    #[test]
    fn a_text_is_one_line_of_bounded_length() {
        assert_eq!(Text::parse("  ", 5), Ok(None));
        assert_eq!(Text::parse("a\nb", 5), Err(TextError::ControlCharacter));
        assert_eq!(
            Text::parse("ééééé", 5).map(|text| text.expect("a text").as_str().to_owned()),
            Ok("ééééé".to_owned())
        );
        assert_eq!(Text::parse("abcdef", 5), Err(TextError::TooLong(5)));
    }
}
