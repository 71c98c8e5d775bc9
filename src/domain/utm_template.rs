//! Templates of UTM parameters: texts with `{channel}` and `{campaign}` in them, one by one and in sets.
//!
//! Promises that they are filled in one pass: braces in a campaign's name are text.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::rule::{CodedError, Detail};

/// The longest template in characters.
const MAX_TEMPLATE: usize = 100;

/// A short text of one line, in which each placeholder stands once at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Box<str>);

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It has more than 100 characters.
    #[error("must be at most 100 characters long")]
    TooLong,
    /// A line break or another control character stands in it.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Commas separate templates, so none stands in one.
    #[error("must not contain a comma")]
    Comma,
    /// It has another placeholder than the two.
    #[error("has an unknown placeholder {{{0}}}; known are {{channel}} and {{campaign}}")]
    Placeholder(String),
    /// It has one placeholder twice, which could make an address of any length.
    #[error("has the placeholder {{{0}}} twice")]
    Twice(&'static str),
    /// It has a brace that opens or closes no placeholder.
    #[error("has a brace that belongs to no placeholder; known are {{channel}} and {{campaign}}")]
    Brace,
}

impl CodedError for TemplateError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::Comma => "comma",
            Self::Placeholder(_) => "unknown_placeholder",
            Self::Twice(_) => "placeholder_twice",
            Self::Brace => "stray_brace",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::TooLong => vec![("max", Detail::text(MAX_TEMPLATE)), ("unit", Detail::text("characters"))],
            Self::Placeholder(name) => vec![("name", Detail::text(name))],
            Self::Twice(name) => vec![("name", Detail::text(name))],
            Self::ControlCharacter | Self::Comma | Self::Brace => Vec::new(),
        }
    }
}

impl Template {
    /// Takes a text; spaces around it are not part of it.
    ///
    /// # Errors
    /// With the first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = text.trim();
        if text.chars().count() > MAX_TEMPLATE {
            return Err(TemplateError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(TemplateError::ControlCharacter);
        }
        if text.contains(',') {
            return Err(TemplateError::Comma);
        }
        let pieces = pieces(text)?;
        for (piece, name) in [(Piece::Channel, "channel"), (Piece::Campaign, "campaign")] {
            if pieces.iter().filter(|other| **other == piece).count() > 1 {
                return Err(TemplateError::Twice(name));
            }
        }
        Ok(Self(text.into()))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of a template with its placeholders filled in; `None` where it names a campaign that
/// there is not.
pub(super) fn fill(template: &str, channel: &str, campaign: Option<&str>) -> Option<String> {
    let mut filled = String::new();
    for piece in pieces(template).expect("a template was taken apart when it was made") {
        filled.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Channel => channel,
            Piece::Campaign => campaign?,
        });
    }
    Some(filled)
}

#[derive(PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Channel,
    Campaign,
}

fn pieces(mut rest: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    while let Some(at) = rest.find(['{', '}']) {
        let (text, from) = rest.split_at(at);
        let (name, after) =
            from.strip_prefix('{').and_then(|from| from.split_once('}')).ok_or(TemplateError::Brace)?;
        pieces.push(Piece::Text(text));
        pieces.push(match name {
            "channel" => Piece::Channel,
            "campaign" => Piece::Campaign,
            _ => return Err(TemplateError::Placeholder(name.to_owned())),
        });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.0.into()
    }
}

/// One of the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    Source,
    Medium,
    Campaign,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Source, Self::Medium, Self::Campaign];

    /// The part's name in a rule.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
        }
    }

    /// The parameter's name in an address.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Source => "utm_source",
            Self::Medium => "utm_medium",
            Self::Campaign => "utm_campaign",
        }
    }

    /// The plain rule's template.
    pub(super) fn plain(self) -> &'static str {
        match self {
            Self::Source => "{channel}",
            Self::Medium => "share",
            Self::Campaign => "{campaign}",
        }
    }
}

/// Templates for some of the parameters: `source=news-{channel},campaign={campaign}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Templates(BTreeMap<Part, Template>);

/// Why a text is no set of templates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplatesError {
    /// A piece between two commas has none of the three names.
    #[error("'{0}' is none of source=…, medium=… and campaign=…, which commas separate")]
    Unknown(String),
    /// One name stands in it twice.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// A template is not taken.
    #[error("{0} {1}")]
    Template(&'static str, TemplateError),
}

impl CodedError for TemplatesError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_utm_part",
            Self::Twice(_) => "utm_part_twice",
            Self::Template(..) => "utm_part",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::Unknown(text) => vec![("text", Detail::text(text))],
            Self::Twice(part) => vec![("part", Detail::text(part))],
            Self::Template(part, error) => {
                vec![("part", Detail::text(part)), ("reason", Detail::Reason(error.reason()))]
            }
        }
    }
}

impl Templates {
    /// The same without what the plain rule says anyway.
    pub(super) fn beyond_plain(mut self) -> Self {
        self.0.retain(|part, template| template.as_str() != part.plain());
        self
    }

    /// The template of a part; none where it is left open.
    pub(super) fn get(&self, part: Part) -> Option<&str> {
        self.0.get(&part).map(Template::as_str)
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.0.values().map(|template| 64 + template.as_str().len()).sum::<usize>()
    }
}

impl FromStr for Templates {
    type Err = TemplatesError;

    fn from_str(text: &str) -> Result<Self, TemplatesError> {
        let mut templates = BTreeMap::new();
        for piece in text.split(',') {
            let unknown = || TemplatesError::Unknown(piece.to_owned());
            let (name, template) = piece.split_once('=').ok_or_else(unknown)?;
            let mut parts = Part::ALL.into_iter();
            let part = parts.find(|part| part.as_str() == name.trim()).ok_or_else(unknown)?;
            let named = |error| TemplatesError::Template(part.as_str(), error);
            if templates.insert(part, Template::parse(template).map_err(named)?).is_some() {
                return Err(TemplatesError::Twice(part.as_str()));
            }
        }
        Ok(Self(templates))
    }
}

impl fmt::Display for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (part, template)) in self.0.iter().enumerate() {
            write!(f, "{}{}={}", if number > 0 { "," } else { "" }, part.as_str(), template.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, campaign: Option<&str>) -> Option<String> {
        let template = Template::parse(text).expect(text);
        fill(template.as_str(), "sms", campaign)
    }

    #[test]
    fn placeholders_are_filled_in_and_the_rest_is_text() {
        assert_eq!(filled("a {channel}-{campaign}!", Some("b")).as_deref(), Some("a sms-b!"));
        assert_eq!(filled("  share ", None).as_deref(), Some("share"));
        assert_eq!(filled("{campaign}", None), None);
        assert_eq!(filled("", Some("b")).as_deref(), Some(""));
    }

    #[test]
    fn a_placeholder_in_a_campaign_is_text() {
        let campaign = "{channel} {campaign} }{";
        assert_eq!(filled("{campaign}{channel}", Some(campaign)), Some(format!("{campaign}sms")));
    }

    #[test]
    fn a_text_that_is_no_template_is_refused() {
        use TemplateError::{Brace, Comma, ControlCharacter, Placeholder, TooLong, Twice};
        for (text, why) in [
            ("a,b", Comma),
            ("a\nb", ControlCharacter),
            (&"é".repeat(101), TooLong),
            ("{visitor}", Placeholder("visitor".to_owned())),
            ("{Channel}", Placeholder("Channel".to_owned())),
            ("{{channel}}", Placeholder("{channel".to_owned())),
            ("{}", Placeholder(String::new())),
            ("{channel", Brace),
            ("channel}", Brace),
            ("}{channel}", Brace),
            ("{campaign}/{campaign}", Twice("campaign")),
            ("{channel}{channel}", Twice("channel")),
        ] {
            assert_eq!(Template::parse(text), Err(why), "{text}");
        }
        assert!(Template::parse(&"é".repeat(100)).is_ok());
    }

    #[test]
    fn a_wrong_set_of_templates_is_refused_with_the_name_of_the_part() {
        for (wrong, words) in [
            ("", "'' is none of source=…, medium=… and campaign=…"),
            ("source", "'source' is none of"),
            ("source=a,", "'' is none of"),
            ("term=x", "'term=x' is none of"),
            ("medium=a,b", "'b' is none of"),
            ("source=a,source=b", "source is given twice"),
            ("medium={chanel}", "medium has an unknown placeholder {chanel}"),
            ("campaign={campaign", "campaign has a brace that belongs to no placeholder"),
        ] {
            let error = wrong.parse::<Templates>().expect_err(wrong).to_string();
            assert!(error.starts_with(words), "{wrong}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_template_that_is_taken_is_taken_again_and_can_be_filled(text in "\\PC{0,40}|[{}a-z ]{0,12}|\\PC?\\{(channel|campaign)\\}\\PC?") {
            if let Ok(template) = Template::parse(&text) {
                prop_assert_eq!(Template::parse(template.as_str()), Ok(template.clone()));
                prop_assert!(fill(template.as_str(), "sms", Some("x")).is_some());
            }
        }

        #[test]
        fn templates_that_are_taken_are_taken_again(text in "\\PC{0,40}|((source|medium|campaign)=[a-z{}, ]{0,12},?){1,3}") {
            if let Ok(templates) = text.parse::<Templates>() {
                prop_assert_eq!(templates.to_string().parse(), Ok(templates));
            }
        }
    }
}
