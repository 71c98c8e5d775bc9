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
    /// Not shown: of one open day, and of fewer visitors than this (`k`).
    FewerThan(u64),
    /// Not shown: each part of it is too few, and together they may be more.
    TooFew,
}

impl Count {
    /// A published number; one that is not shown is below this limit, where there is one.
    #[must_use]
    pub(crate) fn of(number: Number, limit_of_few: Option<u64>) -> Self {
        match number {
            Number::Exact(number) => Self::Exact(number),
            Number::AtLeast(number) => Self::AtLeast(number),
            Number::Fewer => limit_of_few.map_or(Self::TooFew, Self::FewerThan),
        }
    }

    /// The number that is shown, or `None` where it is suppressed.
    #[must_use]
    pub(crate) fn number(self) -> Option<u64> {
        match self {
            Self::Exact(number) | Self::AtLeast(number) => Some(number),
            Self::FewerThan(_) | Self::TooFew => None,
        }
    }

    /// Both together: what is suppressed adds nothing to what is shown.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other, self.number(), other.number()) {
            (_, _, None, None) => Self::TooFew,
            (_, shown, None, _) | (shown, _, _, None) => shown,
            (Self::Exact(_), Self::Exact(_), Some(one), Some(other)) => Self::Exact(one + other),
            (_, _, Some(one), Some(other)) => Self::AtLeast(one + other),
        }
    }

    /// Does "at least" belong before it?
    #[must_use]
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::AtLeast(_))
    }

    /// The count without its "at least": `1,204`, `fewer than 5`, or `too few to show`.
    #[must_use]
    pub(crate) fn figure(self, language: impl Borrow<Language>) -> String {
        let language = *language.borrow();
        match self {
            Self::Exact(number) | Self::AtLeast(number) => language.number(number),
            Self::FewerThan(k) => language.say("fewer-than").number("k", k).to_string(),
            Self::TooFew => language.say("too-few").to_string(),
        }
    }

    /// The whole count: `at least 1,200`.
    #[must_use]
    pub(crate) fn words(self, language: impl Borrow<Language>) -> String {
        let language = *language.borrow();
        let figure = self.figure(language);
        if self.is_open() { format!("{} {figure}", language.say("at-least")) } else { figure }
    }

    /// Which kind it is, in one word for the style sheet.
    #[must_use]
    pub(crate) fn sort(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::AtLeast(_) => "open",
            Self::FewerThan(_) | Self::TooFew => "few",
        }
    }
}
