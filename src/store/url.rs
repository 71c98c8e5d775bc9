//! Addresses of stores.

use std::fmt;
use std::path::Path;

use crate::store::redis;

/// An address in `store.url` that names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// It begins with none of the known schemes.
    #[error("must begin with sqlite:, redis://, rediss://, redis+sentinel:// or redis+cluster://")]
    Scheme,
    /// The rest of it is wrong.
    #[error(transparent)]
    Redis(#[from] redis::AddressError),
    /// The path of the file is missing.
    #[error("names no file after sqlite:")]
    NoFile,
}

/// An address of a store, checked as far as it can be without asking it. Its `Debug` and `Display`
/// leave out user names and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// Takes `sqlite:PATH`, `redis://…`, `rediss://…`, `redis+sentinel://h1:p,h2:p/name` or
    /// `redis+cluster://h1:p,h2:p`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, StoreUrlError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self(text.to_owned())),
            Some(("sqlite", _)) => Err(StoreUrlError::NoFile),
            Some(("redis" | "rediss" | "redis+sentinel" | "redis+cluster", _)) => {
                redis::check_url(text)?;
                Ok(Self(text.to_owned()))
            }
            _ => Err(StoreUrlError::Scheme),
        }
    }

    /// The file of an embedded store.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.0.strip_prefix("sqlite:").map(Path::new)
    }

    /// Whether several instances can use this store at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.0.starts_with("sqlite:")
    }

    /// Returns the address as it was given, with its user name and password.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once("://") {
            Some((scheme, rest)) => {
                let open = rest.rsplit_once('@').map_or(rest, |(_, open)| open);
                write!(f, "{scheme}://{open}")
            }
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
