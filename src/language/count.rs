//! A published number in words.

use std::borrow::Borrow;

use super::Language;
use crate::domain::publication::Number;

/// A number as it may be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// A settled number.
    Exact(u64),
    /// A number of which some days are open: still growing, rounded down in steps of `k`.
    AtLeast(u64),
    /// Not shown, because it would stand for fewer than this many visitors (`k`).
    FewerThan(u64),
}

impl Count {
    /// A published number, where `k` is the threshold.
    #[must_use]
    pub(crate) fn of(number: Number, k: u64) -> Self {
        match number {
            Number::Exact(number) => Self::Exact(number),
            Number::AtLeast(number) => Self::AtLeast(number),
            Number::Fewer => Self::FewerThan(k),
        }
    }

    /// The number that is shown, or `None` where it is suppressed.
    #[must_use]
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Exact(number) | Self::AtLeast(number) => Some(number),
            Self::FewerThan(_) => None,
        }
    }

    /// Both together: what is suppressed adds nothing to what is shown.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::FewerThan(_), shown) | (shown, Self::FewerThan(_)) => shown,
            (Self::Exact(one), Self::Exact(other)) => Self::Exact(one + other),
            (one, other) => Self::AtLeast(one.number().unwrap_or(0) + other.number().unwrap_or(0)),
        }
    }

    /// Does "at least" belong before it?
    #[must_use]
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::AtLeast(_))
    }

    /// The count without its "at least": `1,204`, or `fewer than 5`.
    #[must_use]
    pub(crate) fn figure(self, language: impl Borrow<Language>) -> String {
        let language = *language.borrow();
        match self {
            Self::Exact(number) | Self::AtLeast(number) => language.number(number),
            Self::FewerThan(k) => language.say("fewer-than").number("k", k).to_string(),
        }
    }

    /// The whole count: `at least 1,200`.
    #[must_use]
    pub(crate) fn words(self, language: impl Borrow<Language>) -> String {
        let language = *language.borrow();
        let figure = self.figure(language);
        if self.is_open() { format!("{} {figure}", language.say("at-least")) } else { figure }
    }

    /// Which of the three it is, in one word.
    #[must_use]
    pub(crate) fn sort(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::AtLeast(_) => "open",
            Self::FewerThan(_) => "few",
        }
    }
}
