//! What a driver's error means to the store, and what of it may be said.

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

/// The driver's error without the parts that may repeat keys, values or arguments.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

/// A server that cannot be reached, cannot write, is loading or fails over is worth trying again;
/// an answer of an unexpected kind is not.
pub(super) fn of(error: &RedisError) -> StoreError {
    match (error.kind(), error.code()) {
        (ErrorKind::UnexpectedReturnType, _) | (_, Some("WRONGTYPE")) => {
            StoreError::Corrupt("Redis answered with another type than expected".to_owned())
        }
        // What the operating system says: a refused connection, a wrong certificate.
        (ErrorKind::Io, _) => unavailable(error.to_string()),
        (ErrorKind::Parse, _) => unavailable("Redis broke off in the middle of an answer"),
        (_, Some(code)) => unavailable(format!("Redis: {} ({code})", error.category())),
        (_, None) => unavailable(format!("Redis: {}", error.category())),
    }
}

/// What a failure means to whoever opens the store: a user or a password that is refused will be refused again.
pub(super) fn at_open(error: &RedisError) -> StoreError {
    let refused = error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
        // A Cluster's driver says of its first nodes only this text.
        || ["NOAUTH", "WRONGPASS", "authentication failed"].iter().any(|sign| error.to_string().contains(sign));
    if refused {
        StoreError::Unsuitable("Redis refuses the user or the password".to_owned())
    } else {
        of(error)
    }
}

/// [`StoreError::Unavailable`] for a reason that holds no values.
pub(super) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable(Box::new(Failure(reason.into())))
}

/// [`StoreError::Corrupt`] for a value of which only the kind is told.
pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} in Redis cannot be read"))
}
