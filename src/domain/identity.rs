//! Random identities: of a store, and of the journal of one run of the service.

use std::fmt;

/// The random identity of a store: 16 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreId(Box<str>);

impl StoreId {
    /// Takes an identity that was stored.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Draws a new one.
    #[must_use]
    pub fn random() -> Self {
        Self(random_name().into())
    }

    /// The identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Length of a store's or a journal's random name.
pub(crate) const NAME_LENGTH: usize = 16;

/// Draws 16 letters and digits, about 82 random bits.
fn random_name() -> String {
    let letters: Vec<char> = ('a'..='z').chain('0'..='9').collect();
    nanoid::nanoid!(NAME_LENGTH, &letters)
}

/// The random name of one run's journal: 16 letters and digits, new with each start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JournalId(Box<str>);

impl JournalId {
    /// Draws a new one.
    #[must_use]
    pub fn random() -> Self {
        Self(random_name().into())
    }

    /// Takes a journal's name.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
