//! Why something was refused, for people. The domain and the API say it in English; pages say it in their own language.
//!
//! As with gettext, the English text is the key: `must not be empty` is the message `reason-must-not-be-empty`. What stands
//! behind a colon is a detail of that one case, and only English has it.

use crate::i18n::Language;

/// The beginning of the names of all these messages.
pub(super) const PREFIX: &str = "reason-";

impl Language {
    /// A reason in this language; one that it has no words for comes back as it is.
    pub(crate) fn reason(self, english: impl AsRef<str>) -> String {
        let english = english.as_ref();
        let id = id(english);
        if self != Self::English && self.has(&id) { self.say(id).to_string() } else { english.to_owned() }
    }
}

/// The name of a reason's message.
pub(super) fn id(english: &str) -> String {
    let text = english.split(": ").next().unwrap_or_default().to_ascii_lowercase();
    let words: Vec<_> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("{PREFIX}{}", words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;
    use crate::domain::destination::DestinationError;
    use crate::domain::link::TextError;
    use crate::domain::person::{PersonName, check_password};

    #[test]
    fn whatever_a_form_can_be_refused_for_is_said_in_every_language() {
        use DestinationError::{
            ControlCharacter, Credentials, HostNotAllowed, LeadsBack, Scheme, TooLong, Unparsable,
        };
        let unparsable = Unparsable(url::ParseError::RelativeUrlWithoutBase);
        let mut all: Vec<String> =
            [ControlCharacter, Credentials, HostNotAllowed, LeadsBack, Scheme, TooLong, unparsable]
                .map(|error| error.to_string())
                .into();
        all.extend([TextError::TooLong(100), TextError::TooLong(200)].map(|error| error.to_string()));
        all.push(PersonName::parse("").expect_err("empty").to_string());
        all.push(check_password("short").expect_err("short").to_string());
        all.push("tomorrow".parse::<Day>().expect_err("no day").to_string());
        for reason in all {
            assert!(Language::French.has(&id(&reason)), "{}", id(&reason));
            assert_ne!(Language::French.reason(&reason), reason);
            assert_eq!(Language::English.reason(&reason), reason);
        }
        assert_eq!(Language::French.reason("must be odd"), "must be odd");
    }
}
