//! The languages that people are spoken to in: the messages, and numbers and days as each language writes them.
//!
//! The texts are in `locales/`, one Fluent file for each language, compiled in. Which language somebody wants, whoever speaks
//! to them finds out.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub(crate) use self::format::without_scheme;

mod format;
mod reason;
#[cfg(test)]
mod tests;

/// A language that every page and every letter is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `en`.
    English,
    /// `fr`.
    French,
}

/// The text is not the tag of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be en or fr")]
pub struct LanguageError;

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|language| language.tag() == tag).ok_or(LanguageError)
    }
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::French));

impl Language {
    /// Every language; the first is for readers who want none of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its name for machines: `en`.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// Its name in itself.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    /// The message of this name, to be filled in.
    pub(crate) fn say(self, id: impl AsRef<str>) -> Message {
        Message { language: self, id: id.as_ref().to_owned(), args: FluentArgs::new(), is_markup: false }
    }

    /// The same, where the message has markup of its own; what is filled in is escaped.
    pub(crate) fn markup(self, id: impl AsRef<str>) -> Message {
        Message { is_markup: true, ..self.say(id) }
    }

    /// What a channel is called. Its own label where the operator gave it another one than it comes with.
    pub(crate) fn channel(self, name: &str, label: &str) -> String {
        let id = format!("channel-{name}");
        let built_in = Self::ALL[0].has(&id) && Self::ALL[0].say(&id).to_string() == label;
        if built_in { self.say(id).to_string() } else { label.to_owned() }
    }

    /// Whether there is a message of this name.
    pub(crate) fn has(self, id: &str) -> bool {
        self.bundle().has_message(id)
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../locales/en.ftl"),
            Self::French => include_str!("../../locales/fr.ftl"),
        }
    }
}

fn bundle(language: Language) -> Bundle {
    let tag = language.tag().parse().expect("it is a language's tag");
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks around what is filled in would be read by search and copied along; both languages run from left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value: &FluentValue<'_>, _: &_| number(value, Language::English),
        Language::French => |value: &FluentValue<'_>, _: &_| number(value, Language::French),
    }));
    let texts = FluentResource::try_new(language.source().to_owned());
    let texts = texts.unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
    bundle.add_resource(texts).expect("no message stands twice");
    bundle
}

/// Writes a count that is filled in: [`Message::number`] takes no other number.
fn number(value: &FluentValue<'_>, language: Language) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            let whole = format!("{:.0}", number.value);
            Some(whole.parse().map_or(whole, |count| language.number(count)))
        }
        _ => None,
    }
}

/// One message, said when it is displayed.
#[derive(Debug)]
pub(crate) struct Message {
    language: Language,
    id: String,
    args: FluentArgs<'static>,
    is_markup: bool,
}

impl Message {
    /// Fills in a text.
    pub(crate) fn text(mut self, name: &'static str, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let text = if self.is_markup { escaped(&text) } else { text };
        self.args.set(name, text);
        self
    }

    /// Fills in a number; the message may depend on whether it is one or many.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(crate) fn number(mut self, name: &'static str, number: impl std::borrow::Borrow<u64>) -> Self {
        self.args.set(name, *number.borrow() as f64);
        self
    }
}

impl fmt::Display for Message {
    /// A message that is missing is shown by its name; the tests hold that none is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundle = self.language.bundle();
        match bundle.get_message(&self.id).and_then(|message| message.value()) {
            Some(pattern) => f.write_str(&bundle.format_pattern(pattern, Some(&self.args), &mut Vec::new())),
            None => f.write_str(&self.id),
        }
    }
}

/// A text as it stands in markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
