//! Known browsers: from which somebody has signed in with a name before.
//!
//! Such a browser holds a random text and a seal over it and the name. The service keeps nothing of it, and takes it for
//! one thing alone: whoever brings it does not wait behind strangers who try passwords for that name.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::token::Token;

/// Separates this use of the secret from all others.
const LABEL: &[u8] = b"known browsers v1";
/// Separates the random text from the seal.
const JOINT: char = '.';

/// Knows them by a secret that all instances share.
#[derive(Clone)]
pub struct KnownBrowsers(Hmac<Sha256>);

impl KnownBrowsers {
    /// Takes the secret that all instances agreed on.
    #[must_use]
    pub fn new(secret: &[u8; 64]) -> Self {
        let mut seal =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length (RFC 2104)");
        seal.update(LABEL);
        Self(seal)
    }

    /// Returns what a browser is to hold that has signed in with a name, in lower case.
    #[must_use]
    pub fn remember(&self, folded_name: &str) -> String {
        let random = Token::random().reveal().to_owned();
        let seal = self.seal(&random, folded_name).finalize().into_bytes();
        format!("{random}{JOINT}{}", base16ct::lower::encode_string(&seal))
    }

    /// Returns the random text of a browser that has signed in with this name; `None` for any other.
    #[must_use]
    pub fn known<'a>(&self, held: &'a str, folded_name: &str) -> Option<&'a str> {
        let (random, seal) = held.split_once(JOINT)?;
        let mut bytes = [0; 32];
        let seal = base16ct::lower::decode(seal, &mut bytes).ok()?;
        self.seal(random, folded_name).verify_slice(seal).ok()?;
        Some(random)
    }

    fn seal(&self, random: &str, folded_name: &str) -> Hmac<Sha256> {
        let mut seal = self.0.clone();
        for part in [random, folded_name] {
            seal.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            seal.update(part.as_bytes());
        }
        seal
    }
}

impl fmt::Debug for KnownBrowsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownBrowsers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_the_name_that_signed_in_there_and_by_nothing_made_up() {
        let (browsers, other) = (KnownBrowsers::new(&[1; 64]), KnownBrowsers::new(&[2; 64]));
        let held = browsers.remember("ada");
        assert!(browsers.known(&held, "ada").is_some_and(|random| held.starts_with(random)));
        assert_ne!(held, browsers.remember("ada"));
        for (held, name) in [(&*held, "bob"), (&held[1..], "ada"), ("", "ada"), ("a.b", "ada"), (".", "ada")]
        {
            assert_eq!(browsers.known(held, name), None, "{held} {name}");
        }
        assert_eq!(other.known(&held, "ada"), None);
    }
}
