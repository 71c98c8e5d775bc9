//! The code: the part of a short address that names a link.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::domain::rule::CodedError;

/// Letters and digits that nobody confuses when reading a code aloud or from paper.
pub(super) const ALPHABET: [char; 55] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k',
    'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z', 'u',
];

/// 55^8 is about 8 × 10¹³ codes, so one million links leave a guess one chance in 80 million.
pub(super) const GENERATED_LENGTH: usize = 8;

/// The longest code in bytes; a slug may be this long.
const MAX_LENGTH: usize = 64;

/// First path segments that the service itself answers, now or by its contract; of a file, what stands before its dot.
const RESERVED: [&str; 17] = [
    "api",
    "favicon",
    "health",
    "healthz",
    "measure",
    "metrics",
    "privacy",
    "readyz",
    "robots",
    "share",
    "sign-in",
    "sign-out",
    "static",
    "stats",
    "try",
    "well-known",
    "www",
];

/// What stands beside a link's code further down, below `/stats` and `/api/v1/links`, now or soon: as a slug, it would
/// hide its link's page.
const BESIDE_CODES: [&str; 20] = [
    "bulk",
    "campaign",
    "campaigns",
    "channel",
    "channels",
    "export",
    "kit",
    "links",
    "live",
    "new",
    "overview",
    "page",
    "pages",
    "password",
    "people",
    "public",
    "sessions",
    "settings",
    "shared",
    "views",
];

/// 1 to 64 letters, digits, `-` or `_`, and none of the service's own addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(CompactString);

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It is empty, too long, or has another character.
    #[error("must be 1 to 64 letters, digits, '-' or '_'")]
    Malformed,
    /// The service answers this address itself.
    #[error("is one of the service's own addresses")]
    Reserved,
    /// It begins as an option of a command does.
    #[error("must not begin with '-'")]
    LeadingHyphen,
}

impl CodedError for CodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed_code",
            Self::Reserved => "own_address",
            Self::LeadingHyphen => "leading_hyphen",
        }
    }
}

impl Code {
    /// A fresh random code of 8 letters and digits.
    #[must_use]
    pub fn random() -> Self {
        loop {
            let text = nanoid::nanoid!(GENERATED_LENGTH, &ALPHABET);
            if let Ok(code) = Self::parse(&text) {
                return code;
            }
        }
    }

    /// Takes a code as it stands in an address or in a `slug` field.
    ///
    /// # Errors
    /// When it is not 1 to 64 letters, digits, `-` or `_`, or is reserved.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(is_of_a_code) {
            return Err(CodeError::Malformed);
        }
        if RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Err(CodeError::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// Takes the longest code that a text begins with, and returns what follows it. A chat or a person adds to an address
    /// what belongs to the sentence around it, and none of that is ever part of a code.
    #[must_use]
    pub fn split_from(text: &str) -> Option<(Self, &str)> {
        let length = text.bytes().position(|byte| !is_of_a_code(byte)).unwrap_or(text.len());
        let (code, rest) = text.split_at(length);
        Some((Self::parse(code).ok()?, rest))
    }

    /// Takes a code that a client chose for a new link.
    ///
    /// # Errors
    /// As [`Code::parse`], when it would hide the link's page, and when it looks like a command's option.
    pub fn parse_slug(text: &str) -> Result<Self, CodeError> {
        let code = Self::parse(text)?;
        if text.starts_with('-') {
            return Err(CodeError::LeadingHyphen);
        }
        if BESIDE_CODES.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Err(CodeError::Reserved);
        }
        Ok(code)
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + if self.0.is_heap_allocated() { self.0.len() } else { 0 }
    }

    /// Returns what this code has in common with those that differ from it in case only.
    #[must_use]
    pub fn folded(&self) -> FoldedCode {
        let mut text = self.0.clone();
        text.make_ascii_lowercase();
        FoldedCode(Self(text))
    }

    /// The code as it stands in an address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_of_a_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// A code without regard to case: of all codes with one of these, at most one has a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedCode(Code);

impl FoldedCode {
    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// The code in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for FoldedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::parse(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_codes_are_valid_and_differ() {
        let codes: std::collections::HashSet<_> = (0..1_000).map(|_| Code::random()).collect();
        assert_eq!(codes.len(), 1_000);
        assert!(codes.iter().all(|code| code.as_str().len() == GENERATED_LENGTH));
    }

    #[test]
    fn the_alphabet_has_no_look_alikes_and_no_letter_twice() {
        let distinct: std::collections::HashSet<_> = ALPHABET.iter().collect();
        assert_eq!(distinct.len(), ALPHABET.len());
        assert!(!['0', 'O', '1', 'l', 'I', 'i', 'o'].iter().any(|c| ALPHABET.contains(c)));
    }

    #[test]
    fn addresses_of_the_service_are_no_codes_in_any_case() {
        assert_eq!(Code::parse("Stats"), Err(CodeError::Reserved));
        assert_eq!(Code::parse_slug("People"), Err(CodeError::Reserved));
        assert_eq!(Code::parse_slug("bulk"), Err(CodeError::Reserved));
        assert_eq!(Code::parse_slug("Export"), Err(CodeError::Reserved));
        assert_eq!(Code::parse_slug("-promo"), Err(CodeError::LeadingHyphen));
        assert!(Code::parse_slug("my-people").is_ok());
        assert_eq!(Code::parse("share.js"), Err(CodeError::Malformed));
        assert_eq!(Code::parse("a+"), Err(CodeError::Malformed));
        assert_eq!(Code::parse(&"a".repeat(65)), Err(CodeError::Malformed));
        assert!(Code::parse(&"a".repeat(64)).is_ok());
    }

    #[test]
    fn a_code_ends_before_the_first_character_that_no_code_has() {
        for (text, expected) in [
            ("abc", Some(("abc", ""))),
            ("a-b_C.", Some(("a-b_C", "."))),
            ("abc%E2%80%A6", Some(("abc", "%E2%80%A6"))),
            ("abc/+", Some(("abc", "/+"))),
            ("stats.", None),
            (".abc", None),
            ("", None),
        ] {
            let found = Code::split_from(text);
            assert_eq!(found.as_ref().map(|(code, rest)| (code.as_str(), *rest)), expected, "{text}");
        }
        assert_eq!(Code::split_from(&"a".repeat(65)), None);
    }
}
