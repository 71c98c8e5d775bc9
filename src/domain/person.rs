//! People: who may read a site's numbers or also manage it, by a name and a password.
//!
//! Of a person, nothing is kept but the name that somebody chose for them, what they may do, and the hash of
//! their password.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::domain::rule::CodedError;
use crate::domain::site::{KEY_ALPHABET, SiteId};

/// The longest name in characters.
const MAX_NAME: usize = 60;
/// The shortest password in characters. NIST SP 800-63B-4 asks for 15 where nothing else is asked for, and OWASP for 8
/// where something is; the limits on attempts stand between.
pub const MIN_PASSWORD: usize = 12;
/// The longest password in bytes, as hashing one takes time.
pub const MAX_PASSWORD: usize = 256;
/// 62^16 is over 2^95: no two passwords ever have one mark.
const MARK_LENGTH: usize = 16;

/// Somebody who may sign in to one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What they sign in with; no two people of one site have one name, in whatever case.
    pub name: PersonName,
    /// The site.
    pub site: SiteId,
    /// What they may do there.
    pub role: Role,
    /// What they sign in with besides.
    pub password: Password,
}

impl Person {
    /// Applies a change.
    pub fn apply(&mut self, change: PersonChange) {
        let PersonChange { role, password } = change;
        self.role = role.unwrap_or(self.role);
        self.password = password.unwrap_or_else(|| self.password.clone());
    }
}

/// What may be changed of a person; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// Another role.
    pub role: Option<Role>,
    /// Another password, which ends every session that began with the old one.
    pub password: Option<Password>,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, exports, and changes links, people, shared views and what is public. A secret key is one, too.
    Owner,
    /// Reads and exports.
    Reader,
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be owner or reader")]
pub struct RoleError;

impl CodedError for RoleError {
    fn code(&self) -> &'static str {
        "not_a_role"
    }
}

impl Role {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Reader => "reader",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text {
            "owner" => Ok(Self::Owner),
            "reader" => Ok(Self::Reader),
            _ => Err(RoleError),
        }
    }
}

/// A person's name: one line of 1 to 60 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(Box<str>);

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 60 characters on one line")]
pub struct PersonNameError;

impl CodedError for PersonNameError {
    fn code(&self) -> &'static str {
        "malformed_name"
    }
}

impl PersonName {
    /// Takes a name; spaces around it are nobody's.
    ///
    /// # Errors
    /// When it is empty, longer, or has control characters.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        let text = text.trim();
        let fits = (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(PersonNameError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is found by: the name in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    /// Its hash.
    pub hash: PasswordHash,
    /// Another one for each password; sessions name it, and end when it is no more.
    pub mark: Mark,
}

impl Password {
    /// A new password with this hash.
    #[must_use]
    pub fn new(hash: PasswordHash) -> Self {
        Self { hash, mark: Mark(nanoid::nanoid!(MARK_LENGTH, &KEY_ALPHABET).into()) }
    }
}

/// What tells one password of a person from the next; tells nothing of either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(CompactString);

/// A slow, salted hash of a password, as a text that says how it was made: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes such a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The text is too short or too long for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least 12 characters and at most 256 bytes")]
pub struct PasswordError;

impl CodedError for PasswordError {
    fn code(&self) -> &'static str {
        "password_length"
    }
}

/// Checks a new password; any characters are as good.
///
/// # Errors
/// When it is too short or too long.
pub fn check_password(text: &str) -> Result<(), PasswordError> {
    let fits = text.chars().count() >= MIN_PASSWORD && text.len() <= MAX_PASSWORD;
    if fits { Ok(()) } else { Err(PasswordError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_found_in_whatever_case() {
        let name = PersonName::parse("  Zoë O'Neill ").expect("a name");
        assert_eq!((name.as_str(), name.folded().as_str()), ("Zoë O'Neill", "zoë o'neill"));
        for wrong in ["", "  ", "a\nb", "a\u{0}", &"a".repeat(61)] {
            assert_eq!(PersonName::parse(wrong), Err(PersonNameError), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_has_twelve_characters_whatever_they_are() {
        assert!(check_password("éééééééééééé").is_ok());
        assert!(check_password(&"a".repeat(256)).is_ok());
        for wrong in ["", "eleven char", &"a".repeat(257)] {
            assert_eq!(check_password(wrong), Err(PasswordError), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_that_is_printed_has_a_hash() {
        let password = Password::new(PasswordHash::new("$argon2id$hash".to_owned()));
        assert!(!format!("{password:?}").contains("argon2"));
        assert_ne!(password.mark, Password::new(password.hash.clone()).mark);
    }
}
