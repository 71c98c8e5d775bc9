//! Codes of deleted links: they are kept as hashes, so that a short address that is out in the world never leads to
//! another site.

use redis::cmd;

use crate::domain::code::Code;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;
use crate::store::links::deleted_code;
use crate::store::redis::{RedisStore, keys};

impl RedisStore {
    /// Keeps the code of a link that is being deleted for the site that had it.
    pub(super) async fn keep_code(&self, code: &Code, site: &SiteId) -> Result<(), StoreError> {
        let keep = cmd("HSET").arg(keys::deleted_codes(code)).arg(code_hash(code)).arg(site.as_str()).take();
        self.connection.query(&keep).await
    }

    /// Whether a deleted link of another site had the code of this one.
    pub(super) async fn is_code_of_another(&self, link: &Link) -> Result<bool, StoreError> {
        let find = cmd("HGET").arg(keys::deleted_codes(&link.code)).arg(code_hash(&link.code)).take();
        let holder: Option<String> = self.connection.query(&find).await?;
        Ok(holder.is_some_and(|holder| holder != link.site.as_str()))
    }
}

/// The hash of a code, in hexadecimal.
pub(super) fn code_hash(code: &Code) -> String {
    base16ct::lower::encode_string(&deleted_code(code))
}
