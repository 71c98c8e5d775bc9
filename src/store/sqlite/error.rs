//! What a failure of SQLite means to a caller. No text here ever repeats a value from a row.

use std::sync::Arc;

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

/// The meaning of a failure.
pub(super) fn store_error(error: Error) -> StoreError {
    shared_error(&Arc::new(error))
}

/// The meaning of a failure that several callers hear of.
pub(super) fn shared_error(error: &Arc<Error>) -> StoreError {
    let corrupt = |what: &str| StoreError::Corrupt(what.to_owned());
    match &**error {
        Error::SqliteFailure(cause, _) => match (cause.code, cause.extended_code) {
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => StoreError::Conflict,
            (ErrorCode::ConstraintViolation, _) => corrupt("a row that its table's rules forbid"),
            (ErrorCode::DatabaseCorrupt, _) => corrupt("a damaged SQLite file"),
            (ErrorCode::NotADatabase, _) => corrupt("a file that is no SQLite database"),
            _ => StoreError::Unavailable(Box::new(Arc::clone(error))),
        },
        Error::QueryReturnedNoRows => corrupt("no site of the identifier that was asked for"),
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => corrupt("a row of another form"),
        _ => StoreError::Unavailable(Box::new(Arc::clone(error))),
    }
}

/// The part of the store that had to answer has ended.
#[derive(Debug, thiserror::Error)]
#[error("the store's {0} has ended")]
pub(super) struct Ended(pub(super) &'static str);

impl From<Ended> for StoreError {
    fn from(ended: Ended) -> Self {
        Self::Unavailable(Box::new(ended))
    }
}

/// The part of the store that had to answer did not do so in time.
#[derive(Debug, thiserror::Error)]
#[error("the store's {0} has other work, or waits for whoever has locked the file")]
pub(super) struct Busy(pub(super) &'static str);

impl From<Busy> for StoreError {
    fn from(busy: Busy) -> Self {
        Self::Unavailable(Box::new(busy))
    }
}
