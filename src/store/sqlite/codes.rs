//! Codes of deleted links: they are kept as hashes, so that a short address that is out in the world never leads to
//! another site.

use rusqlite::{Connection, Error, OptionalExtension, ffi};

use crate::domain::code::Code;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::links::deleted_code;

/// Keeps the code of a link that is being deleted, for the site that had it.
pub(super) fn keep(db: &Connection, code: &Code, site: &SiteId) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO deleted_codes (hash, site) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute((deleted_code(code), site.as_str())).map(drop)
}

/// Fails as a code that is taken does, where a deleted link of another site had the code.
pub(super) fn refuse_another_sites(db: &Connection, link: &Link) -> rusqlite::Result<()> {
    let sql = "SELECT site FROM deleted_codes WHERE hash = ?1";
    let holder: Option<String> =
        db.prepare_cached(sql)?.query_row([deleted_code(&link.code)], |row| row.get(0)).optional()?;
    match holder {
        Some(holder) if holder != link.site.as_str() => {
            let taken = ffi::Error::new(ffi::SQLITE_CONSTRAINT_UNIQUE);
            Err(Error::SqliteFailure(taken, Some("a deleted link of another site had the code".to_owned())))
        }
        _ => Ok(()),
    }
}
