//! Links: what a share mints, and what may be changed of it.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::dimensions::Dimensions;
use crate::domain::link_key::{Incarnation, LinkKey};
use crate::domain::rule::{CodedError, Detail};
use crate::domain::site::SiteId;
use crate::domain::stripping::Stripping;

/// The longest campaign in characters.
pub const MAX_CAMPAIGN: usize = 100;
/// The longest title in characters.
pub const MAX_TITLE: usize = 200;
/// What a client writes who wants a link to last for ever. It lies beyond the [`last_end`], which stands for it.
pub const FOR_EVER: &str = "9999-12-31T23:59:59Z";

/// Returns the last time at which a link can end, in whole seconds.
#[must_use]
pub fn last_end() -> Timestamp {
    Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or(Timestamp::MAX)
}

/// A code, where it leads, and how it was shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and all go together")]
pub struct Link {
    /// The part of the short address that names the link.
    pub code: Code,
    /// Whether its publisher chose the code, which is then found in upper and lower case alike.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_slug: bool,
    /// Tells it from every other link that has had its code.
    pub incarnation: Incarnation,
    /// Whose it is.
    pub site: SiteId,
    /// Where it leads.
    pub url: Destination,
    /// The page that statistics count it under, where that is written otherwise than the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Destination>,
    /// How it was shared; that never changes.
    pub channel: ChannelName,
    /// The campaign that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Text>,
    /// Where it was counted before its page or campaign was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Box<Moved>>,
    /// The page's title, for the text of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The link through which the sharer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Code>,
    /// How many links led to it, from parent to parent, when it was made; 0 without a parent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u32,
    /// The hour in which it was made. A finer time could be joined with a server's log, and so tell who shared. It is 1970
    /// where that has been forgotten: [`Link::is_stripped`].
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub created_at: Timestamp,
    /// Whether somebody's share has made it, and not its publisher.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_share: bool,
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

/// Where a link was counted until it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The first day on which it is counted where it is now.
    pub since: Day,
    /// Its page before.
    pub page: Destination,
    /// Its campaign before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Text>,
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
    /// Returns what the link is called inside.
    #[must_use]
    pub fn key(&self) -> LinkKey {
        LinkKey { code: self.code.clone(), incarnation: self.incarnation }
    }

    /// Returns the page that statistics count it under.
    #[must_use]
    pub fn page(&self) -> &Destination {
        self.page.as_ref().unwrap_or(&self.url)
    }

    /// Returns what the link is counted under on a day: what it was when the day began, or when it was made on that day. Of days
    /// before an earlier change, that is known only as of the last one.
    #[must_use]
    pub fn kind_on(&self, day: Day) -> Dimensions {
        let (page, campaign) = match &self.moved {
            Some(moved) if day < moved.since => (&moved.page, &moved.campaign),
            _ => (self.page(), &self.campaign),
        };
        Dimensions { channel: self.channel.clone(), page: Some(page.clone()), campaign: campaign.clone() }
    }

    /// Forgets what the link does not need to go on forwarding: everything but its code, destination and channel, and what
    /// switches it off.
    pub fn strip(&mut self) {
        self.campaign = None;
        self.moved = None;
        self.title = None;
        self.parent = None;
        self.generation = 0;
        self.created_at = Timestamp::UNIX_EPOCH;
    }

    /// Returns whether the link keeps nothing but its code, destination and channel.
    #[must_use]
    pub fn is_stripped(&self) -> bool {
        self.created_at == Timestamp::UNIX_EPOCH
    }

    /// Whether somebody who asks for this code means this link.
    #[must_use]
    pub fn answers_to(&self, code: &Code) -> bool {
        self.code == *code || self.is_slug && self.code.folded() == code.folded()
    }

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

    /// Applies a change that is made `today`. What the link is counted under changes with the next day, however often it is
    /// changed on this one.
    pub fn apply(&mut self, change: LinkChange, today: Day) {
        let LinkChange { url, campaign, expires_at, disabled, taken_down } = change;
        let since = today.plus(1);
        let before = Moved { since, page: self.page().clone(), campaign: self.campaign.clone() };
        if let Some(Place { url, page }) = url {
            (self.url, self.page) = (url, page);
        }
        self.campaign = campaign.unwrap_or_else(|| self.campaign.clone());
        self.expires_at = expires_at.unwrap_or(self.expires_at);
        self.disabled = disabled.unwrap_or(self.disabled);
        self.taken_down = taken_down.unwrap_or(self.taken_down);
        let has_moved = before.page != *self.page() || before.campaign != self.campaign;
        if has_moved {
            match &mut self.moved {
                // Already changed on this day, or on one that a clock was ahead by.
                Some(moved) if moved.since >= since => moved.since = since,
                moved => *moved = Some(Box::new(before)),
            }
        }
    }
}

/// A destination with the page that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The destination.
    pub url: Destination,
    /// Its page, where that is written otherwise.
    pub page: Option<Destination>,
}

impl Place {
    /// Finds the page of a destination by a site's rules.
    #[must_use]
    pub fn new(url: Destination, stripping: &Stripping) -> Self {
        let page = Some(url.page(stripping)).filter(|page| *page != url);
        Self { url, page }
    }
}

/// A destination that is written as its page is.
impl From<Destination> for Place {
    fn from(url: Destination) -> Self {
        Self { url, page: None }
    }
}

/// What may be changed of a link; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkChange {
    /// Another destination.
    pub url: Option<Place>,
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

impl CodedError for TextError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::TooLong(max) => vec![("max", Detail::text(max)), ("unit", Detail::text("characters"))],
            Self::ControlCharacter => Vec::new(),
        }
    }
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

    /// Returns the form in which two spellings are compared: composed (Unicode NFC) and without regard to case.
    #[must_use]
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

/// Returns a text in the form in which two spellings of a campaign are compared.
#[must_use]
pub fn folded(text: &str) -> String {
    let nfc = ComposingNormalizer::new_nfc();
    let composed = nfc.normalize(text);
    nfc.normalize(&CaseMapper::new().fold_string(&composed)).into_owned()
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
        let today = Day::of(now);
        let json = r#"{"code":"abc","incarnation":"0000000000000001","site":"s1","url":"https://example.com/","channel":"sms","created_at":0,"expires_at":1}"#;
        let mut link: Link = serde_json::from_str(json).expect("a link");
        assert_eq!(link.state(now), LinkState::Expired);
        link.apply(LinkChange { disabled: Some(true), ..LinkChange::default() }, today);
        assert_eq!(link.state(now), LinkState::Disabled);
        link.apply(LinkChange { taken_down: Some(true), ..LinkChange::default() }, today);
        assert_eq!(link.state(now), LinkState::TakenDown);
        let back = LinkChange {
            taken_down: Some(false),
            disabled: Some(false),
            expires_at: Some(None),
            ..LinkChange::default()
        };
        link.apply(back, today);
        assert_eq!(link.moved, None, "nothing of it is counted elsewhere");
        assert_eq!(link.state(now), LinkState::Live);
    }

    #[test]
    fn a_change_counts_from_the_next_day_however_often_it_is_made() {
        let json = r#"{"code":"abc","incarnation":"0000000000000001","site":"s1","url":"https://example.com/","channel":"sms","created_at":0}"#;
        let mut link: Link = serde_json::from_str(json).expect("a link");
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let campaign = |link: &Link, on: &str| {
            link.kind_on(day(on)).campaign.map_or_else(String::new, |name| name.as_str().to_owned())
        };
        let name = |link: &mut Link, name: &str, on: &str| {
            let campaign = Some(Text::parse(name, MAX_CAMPAIGN).expect("a campaign"));
            link.apply(LinkChange { campaign, ..LinkChange::default() }, day(on));
        };
        name(&mut link, "spring", "2026-11-21");
        name(&mut link, "summer", "2026-11-21");
        assert_eq!(
            ["2026-11-20", "2026-11-21", "2026-11-22"].map(|on| campaign(&link, on)),
            ["", "", "summer"]
        );
        name(&mut link, "", "2026-11-25");
        assert_eq!(["2026-11-25", "2026-11-26"].map(|on| campaign(&link, on)), ["summer", ""]);
        let json = serde_json::to_string(&link).expect("json");
        assert_eq!(serde_json::from_str::<Link>(&json).expect("what was written"), link);
        link.strip();
        assert_eq!(link.moved, None);
    }

    #[test]
    fn spellings_of_one_campaign_are_alike() {
        assert_eq!(folded("Spring"), folded("SPRING"));
        assert_eq!(folded("Caf\u{e9}"), folded("CAFE\u{301}"));
        assert_eq!(folded("Straße"), folded("STRASSE"));
        assert_ne!(folded("Café"), folded("Cafe"));
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
