//! Consent: what may be counted of one person's visit, and on whose word.

use serde::{Deserialize, Serialize};

use crate::domain::rule::CodedError;

/// What a person answered, remembered in the consent cookie and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Clicks may be counted.
    Granted,
    /// Nothing may be counted.
    Denied,
}

impl Choice {
    /// The value in the consent cookie: `g1` or `d1`. The digit is the version of the question.
    #[must_use]
    pub fn cookie_value(self) -> &'static str {
        match self {
            Self::Granted => "g1",
            Self::Denied => "d1",
        }
    }

    /// Reads a cookie's value; an answer to another version of the question is no answer.
    #[must_use]
    pub fn from_cookie(value: &[u8]) -> Option<Self> {
        match value {
            b"g1" => Some(Self::Granted),
            b"d1" => Some(Self::Denied),
            _ => None,
        }
    }

    /// Reads the values of all cookies of the name. A browser keeps one of them, so of several somebody else has set all
    /// but one: a refusal among them holds, and nothing else does.
    #[must_use]
    pub fn from_cookies<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut values = values.into_iter();
        let first = Self::from_cookie(values.next()?);
        let (mut refused, mut alone) = (first == Some(Self::Denied), true);
        for value in values {
            refused |= Self::from_cookie(value) == Some(Self::Denied);
            alone = false;
        }
        if refused { Some(Self::Denied) } else { first.filter(|_| alone) }
    }
}

/// What a site wants done with visits of people who have not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Ask, with a small page.
    #[default]
    Ask,
    /// Forward and store nothing.
    Skip,
    /// Forward and add one to a bare day count.
    Aggregate,
}

/// The text names no consent policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be ask, skip or aggregate")]
pub struct PolicyError;

impl CodedError for PolicyError {
    fn code(&self) -> &'static str {
        "not_a_policy"
    }
}

impl std::str::FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        match text {
            "ask" => Ok(Self::Ask),
            "skip" => Ok(Self::Skip),
            "aggregate" => Ok(Self::Aggregate),
            _ => Err(PolicyError),
        }
    }
}

impl Policy {
    /// The policy's name in settings and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Skip => "skip",
            Self::Aggregate => "aggregate",
        }
    }
}

/// Where a person stands with the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They allowed counting.
    Granted,
    /// They refused.
    Denied,
    /// Their browser refuses for them, by Global Privacy Control or Do Not Track.
    DeniedBySignal,
    /// They have not answered.
    Unknown,
}

impl State {
    /// The state of a person whose browser `objects` (Global Privacy Control or Do Not Track) or
    /// not, and who gave this answer before. The objection beats an earlier grant.
    #[must_use]
    pub fn of(objects: bool, choice: Option<Choice>) -> Self {
        match (objects, choice) {
            (true, _) => Self::DeniedBySignal,
            (false, Some(Choice::Granted)) => Self::Granted,
            (false, Some(Choice::Denied)) => Self::Denied,
            (false, None) => Self::Unknown,
        }
    }
}

/// What becomes of one visit of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Count the click with its tag, then forward.
    CountClick,
    /// Add one to the bare day count, then forward.
    CountBare,
    /// Forward; nothing is stored.
    Forward,
    /// Show the question; nothing is stored.
    Ask,
}

/// Applies a site's policy to a person's state.
#[must_use]
pub fn decide(state: State, policy: Policy) -> Decision {
    match (state, policy) {
        (State::Granted, _) => Decision::CountClick,
        (State::Denied | State::DeniedBySignal, _) | (State::Unknown, Policy::Skip) => Decision::Forward,
        (State::Unknown, Policy::Ask) => Decision::Ask,
        (State::Unknown, Policy::Aggregate) => Decision::CountBare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_beats_a_grant_and_nobody_is_asked_twice() {
        for policy in [Policy::Ask, Policy::Skip, Policy::Aggregate] {
            assert_eq!(decide(State::of(true, Some(Choice::Granted)), policy), Decision::Forward);
            assert_eq!(decide(State::of(true, None), policy), Decision::Forward);
            assert_eq!(decide(State::of(false, Some(Choice::Denied)), policy), Decision::Forward);
            assert_eq!(decide(State::of(false, Some(Choice::Granted)), policy), Decision::CountClick);
        }
        assert_eq!(decide(State::of(false, Choice::from_cookie(b"g2")), Policy::Ask), Decision::Ask);
    }

    #[test]
    fn of_several_cookies_only_a_refusal_counts() {
        use Choice::{Denied, Granted};
        for (values, choice) in [
            (&[][..], None),
            (&["g1"], Some(Granted)),
            (&["d1"], Some(Denied)),
            (&["g2"], None),
            (&["g1", "g1"], None),
            (&["g1", "x"], None),
            (&["x", "g1"], None),
            (&["g1", "d1"], Some(Denied)),
            (&["x", "", "d1"], Some(Denied)),
        ] {
            assert_eq!(
                Choice::from_cookies(values.iter().map(|value| value.as_bytes())),
                choice,
                "{values:?}"
            );
        }
    }
}
