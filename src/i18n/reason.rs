//! Why something was refused, for people: each rule's code has a message in every language.

use std::borrow::Borrow;

use crate::domain::rule::{Detail, Reason};
use crate::i18n::{Language, Message};

/// The beginning of the names of all these messages.
const PREFIX: &str = "reason-";

impl Language {
    /// Returns a reason in this language.
    pub(crate) fn reason(self, reason: impl Borrow<Reason>) -> String {
        let reason = reason.borrow();
        let fill_in = |message: Message, (name, detail): &(&'static str, Detail)| match detail {
            Detail::Text(text) => message.text(name, text),
            Detail::Reason(reason) => message.text(name, self.reason(reason)),
        };
        let message = self.say(format!("{PREFIX}{}", reason.code()));
        reason.details().iter().fold(message, fill_in).to_string()
    }
}
