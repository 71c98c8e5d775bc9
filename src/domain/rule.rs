//! Why a value is refused. Each rule has a stable code, by which programs tell it from others and every language has its message.

use std::fmt;

use serde::Serialize;

/// An error that says which rule a value breaks.
pub trait CodedError: fmt::Display {
    /// Returns the rule's stable code, such as `too_long`.
    fn code(&self) -> &'static str;

    /// Returns what the rule's message has to be filled in with.
    fn details(&self) -> Vec<(&'static str, Detail)> {
        Vec::new()
    }

    /// Returns the reason for which the value is refused.
    fn reason(&self) -> Reason {
        Reason { code: self.code(), text: self.to_string(), details: self.details() }
    }
}

/// Something that a rule's message is filled in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A number, a name or another text that is the same in every language.
    Text(String),
    /// The reason that a part of the value is refused for.
    Reason(Reason),
}

impl Detail {
    /// Takes a text or a number.
    pub fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }
}

/// The reason for which a value is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The code of the rule.
    code: &'static str,
    /// The English sentence, without its subject.
    #[serde(rename = "reason")]
    text: String,
    #[serde(skip)]
    details: Vec<(&'static str, Detail)>,
}

impl Reason {
    /// Returns the code of the rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Returns what the rule's message has to be filled in with.
    #[must_use]
    pub fn details(&self) -> &[(&'static str, Detail)] {
        &self.details
    }
}

/// Writes the English sentence.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A parameter that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidParam {
    /// The name of the field, the parameter or the header; empty where the request as a whole is refused.
    pub name: String,
    /// Which rule it breaks.
    #[serde(flatten)]
    pub reason: Reason,
}

impl InvalidParam {
    /// Says which rule the parameter `name` breaks.
    #[expect(clippy::needless_pass_by_value, reason = "callers have just been given the error")]
    pub fn new(name: &str, rule: impl CodedError) -> Self {
        Self { name: name.to_owned(), reason: rule.reason() }
    }
}

/// A rule that fields and parameters of many calls have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A value is required.
    #[error("is required")]
    Missing,
    /// The value is empty.
    #[error("must not be empty")]
    Empty,
    /// The body is JSON but not an object.
    #[error("the body must be a JSON object")]
    NotObject,
    /// The value is not a JSON string.
    #[error("must be a string")]
    NotString,
    /// The value is not a JSON boolean.
    #[error("must be true or false")]
    NotBoolean,
    /// The value is not an array, or has more items than this.
    #[error("must be an array of at most {0} items")]
    NotArray(usize),
    /// The value is not a time.
    #[error("must be a time such as 2027-01-31T12:00:00Z (RFC 3339)")]
    NotTime,
    /// The value is not a whole number of this range.
    #[error("must be a whole number from {0} to {1}")]
    OutOfRange(usize, usize),
    /// The value is shorter or longer than this, in bytes.
    #[error("must be {0} to {1} bytes long")]
    WrongLength(usize, usize),
    /// The value has other characters than ASCII has.
    #[error("must be ASCII text")]
    NotAscii,
    /// The value is none of these.
    #[error("must be one of {0}")]
    NotOneOf(&'static str),
    /// No list has such a place.
    #[error("must be the next_cursor of an earlier response")]
    NotCursor,
    /// The call has no such field.
    #[error("is not a field of this call")]
    UnknownField,
    /// The call has no such parameter; these it has.
    #[error("is not a parameter of this call, which takes {0}")]
    UnknownParameter(String),
}

impl CodedError for FieldError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Empty => "empty",
            Self::NotObject => "not_object",
            Self::NotString => "not_string",
            Self::NotBoolean => "not_boolean",
            Self::NotArray(_) => "not_array",
            Self::NotTime => "not_time",
            Self::OutOfRange(..) => "out_of_range",
            Self::WrongLength(..) => "wrong_length",
            Self::NotAscii => "not_ascii",
            Self::NotOneOf(_) => "not_one_of",
            Self::NotCursor => "not_cursor",
            Self::UnknownField => "unknown_field",
            Self::UnknownParameter(_) => "unknown_parameter",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::NotArray(max) => vec![("max", Detail::text(max))],
            Self::OutOfRange(min, max) | Self::WrongLength(min, max) => {
                vec![("min", Detail::text(min)), ("max", Detail::text(max))]
            }
            Self::NotOneOf(known) => vec![("known", Detail::text(known))],
            Self::UnknownParameter(known) => vec![("known", Detail::text(known))],
            Self::Missing
            | Self::Empty
            | Self::NotObject
            | Self::NotString
            | Self::NotBoolean
            | Self::NotTime
            | Self::NotAscii
            | Self::NotCursor
            | Self::UnknownField => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_parameter_has_its_name_the_code_and_the_sentence() {
        let param = InvalidParam::new("limit", FieldError::OutOfRange(1, 100));
        let written = serde_json::to_string(&param).expect("JSON");
        assert_eq!(
            written,
            r#"{"name":"limit","code":"out_of_range","reason":"must be a whole number from 1 to 100"}"#
        );
    }
}
