//! The languages of the pages: which one a reader wants, and what is said in it.
//!
//! The texts are in `locales/`, one Fluent file for each language, compiled in. A page is in the language that its address
//! names (`?lang=fr`), else in the one that the browser asks for, else in English. Nothing of that is stored.

use std::fmt;
use std::sync::LazyLock;

use actix_web::dev::RequestHead;
use actix_web::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use url::form_urlencoded;

use super::request::header;

mod format;
mod reason;
#[cfg(test)]
mod tests;

/// The parameter of an address that names the language.
pub(super) const PARAMETER: &str = "lang";

/// A language that every page is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    French,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::French));

impl Language {
    /// Every language; the first is for readers who want none of them.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its name for machines: `en`.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// Its name in itself.
    pub(super) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    /// The language that a page's address names, if it does.
    pub(super) fn chosen(query: &str) -> Option<Self> {
        let mut query = form_urlencoded::parse(query.as_bytes());
        let (_, tag) = query.find(|(name, _)| name == PARAMETER)?;
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language for a reader.
    pub(super) fn of(head: &RequestHead) -> Self {
        let chosen = head.uri.query().and_then(Self::chosen);
        chosen.or_else(|| Self::accepted(header(head, &ACCEPT_LANGUAGE)?)).unwrap_or(Self::ALL[0])
    }

    /// The one of an `Accept-Language` that is wanted most (RFC 9110, 12.5.4); of equals the first.
    fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
            let language = Self::ALL.into_iter().find(|language| {
                primary.eq_ignore_ascii_case(language.tag()) || (primary == "*" && *language == Self::ALL[0])
            });
            let (Some(weight), Some(language)) = (weight, language) else { continue };
            if weight > best.map_or(0.0, |(best, _)| best) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// The message of this name, to be filled in.
    pub(super) fn say(self, id: impl AsRef<str>) -> Message {
        Message { language: self, id: id.as_ref().to_owned(), args: FluentArgs::new(), is_markup: false }
    }

    /// The same, where the message has markup of its own; what is filled in is escaped.
    pub(super) fn markup(self, id: impl AsRef<str>) -> Message {
        Message { is_markup: true, ..self.say(id) }
    }

    /// Whether there is a message of this name.
    pub(super) fn has(self, id: &str) -> bool {
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

/// How Fluent writes a number that is filled in.
fn number(value: &FluentValue<'_>, language: Language) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(language.decimal(number.value)),
        _ => None,
    }
}

/// One message, said when it is displayed.
#[derive(Debug)]
pub(super) struct Message {
    language: Language,
    id: String,
    args: FluentArgs<'static>,
    is_markup: bool,
}

impl Message {
    /// Fills in a text.
    pub(super) fn text(mut self, name: &'static str, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let text = if self.is_markup { escaped(&text) } else { text };
        self.args.set(name, text);
        self
    }

    /// Fills in a number; the message may depend on whether it is one or many.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn number(mut self, name: &'static str, number: impl std::borrow::Borrow<u64>) -> Self {
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
pub(super) fn escaped(text: &str) -> String {
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
