//! Tokens: random texts that open something for whoever has them.

use crate::domain::code::ALPHABET;
use crate::domain::site::{KEY_ALPHABET, KeyHash};

/// 62^32 is over 2^190: nobody guesses a token.
const LENGTH: usize = 32;
/// 55^20 is over 2^115: nobody guesses a made password either, and a person can copy it from a screen.
const PASSWORD_LENGTH: usize = 20;
/// How many of its characters stand together.
const GROUP: usize = 5;

/// A fresh token in clear, to be given away once: it has no `Debug`, and only its hash is kept.
#[expect(missing_debug_implementations, reason = "a token must be shown once, on purpose")]
pub struct Token(String);

impl Token {
    /// 32 random letters and digits.
    #[must_use]
    pub fn random() -> Self {
        Self(nanoid::nanoid!(LENGTH, &KEY_ALPHABET))
    }

    /// The token in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its hash, for the store.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

/// A random password: four groups of letters and digits that nobody confuses.
#[must_use]
pub fn random_password() -> String {
    let letters = nanoid::nanoid!(PASSWORD_LENGTH, &ALPHABET);
    let groups: Vec<_> = (0..letters.len()).step_by(GROUP).map(|at| &letters[at..at + GROUP]).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_passwords_differ_and_have_their_form() {
        assert_ne!(Token::random().reveal(), Token::random().reveal());
        assert!(Token::random().reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let (one, other) = (random_password(), random_password());
        assert!(one != other && one.len() == 23 && one.split('-').all(|group| group.len() == 5), "{one}");
    }
}
