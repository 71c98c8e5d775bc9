//! Making a link, once for each of its `once` names.
//!
//! The link is in one hash slot, its site's index and names in another, so it takes three steps:
//!
//! 1. The code: the link's key is set to a *pending* value that ends by itself. Readers take it for
//!    no link. A taken code ends here, before anything else has changed.
//! 2. The names and the index, in one script: all of them or none. Who finds a name taken gives the
//!    code back and answers with the link that has the name.
//! 3. The pending value becomes the link.
//!
//! After a crash behind step 1 the pending value ends and nothing is left. After a crash behind
//! step 2 whoever asks for the name while the pending value lives does step 3 in the other's place;
//! later, the name belongs to a link that is not there and is taken over, and the index entry
//! is one without a link, which readers pass over. In the reverse order of 1 and 2, a taken
//! code would leave a name that stands for nothing; of 2 and 3, two links could get one name.

use redis::cmd;

use super::links::stored_code;
use super::record::{Record, finished, is_pending};
use super::{RedisStore, failure, keys, script};
use crate::domain::link::Link;
use crate::store::{Inserted, OnceName, StoreError};

/// How long the steps of one attempt may take together, and a code stays taken after a crash.
const PENDING_MILLISECONDS: u64 = 10_000;
/// How often an attempt that others interfered with is begun anew. Each interference means that
/// another call got further, so a few suffice.
const ATTEMPTS: usize = 16;

impl RedisStore {
    /// Makes a link, or finds the one that a `once` name stands for.
    pub(super) async fn create(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let record = Record::new(link, once);
        for _ in 0..ATTEMPTS {
            let (existing, gone) = self.holder_of(link, once).await?;
            if let Some(existing) = existing {
                return Ok(Inserted::Existing(existing));
            }
            let pending = record.to_pending();
            if !self.take_code(&record, &pending).await? {
                continue;
            }
            if self.claim(&record, &gone).await? != record.holder() {
                self.swap(link, &pending, "").await?;
                continue;
            }
            if self.swap(link, &pending, finished(&pending)).await? {
                return Ok(Inserted::Created);
            }
        }
        Err(failure::unavailable("a link could not be made because others were made at the same time"))
    }

    /// The link that one of the names stands for, and else the holders that are gone.
    async fn holder_of(
        &self,
        link: &Link,
        once: &[OnceName],
    ) -> Result<(Option<Link>, Vec<String>), StoreError> {
        let mut gone = Vec::new();
        if once.is_empty() {
            return Ok((None, gone));
        }
        let mut names = cmd("HMGET");
        names.arg(keys::once(&link.site));
        for name in once {
            names.arg(&name.0);
        }
        let holders: Vec<Option<String>> = self.connection.query(&names).await?;
        for holder in holders.into_iter().flatten() {
            let code = stored_code(holder.split(' ').next().unwrap_or_default())?;
            if let Some(value) = self.value(&code).await? {
                let found = Record::read(&value)?;
                if found.link.site == link.site && found.holder() == holder {
                    // It has its names, so its maker is at step 3.
                    if !is_pending(&value) || self.swap(&found.link, &value, finished(&value)).await? {
                        return Ok((Some(found.link), gone));
                    }
                    continue; // It has just become something else; the next attempt sees what.
                }
            }
            gone.push(holder);
        }
        Ok((None, gone))
    }

    /// Step 1. False when a call with one of the same names is making a link of the same code: that
    /// one is helped on its way.
    async fn take_code(&self, record: &Record, pending: &str) -> Result<bool, StoreError> {
        let key = keys::link(&record.link.code);
        let mut set = cmd("SET");
        set.arg(&key).arg(pending).arg("NX").arg("PX").arg(PENDING_MILLISECONDS);
        if self.connection.query::<Option<()>>(&set).await?.is_some() {
            return Ok(true);
        }
        let Some(value) = self.value(&record.link.code).await? else { return Ok(false) };
        if value == pending {
            return Ok(true); // The driver had lost the answer and asked again.
        }
        let other = Record::read(&value)?;
        if !other.shares_name(record) {
            return Err(StoreError::Conflict);
        }
        if is_pending(&value) && self.claim(&other, &[]).await? == other.holder() {
            self.swap(&other.link, &value, finished(&value)).await?;
        }
        Ok(false)
    }

    /// Step 2. Returns who holds the names.
    async fn claim(&self, record: &Record, gone: &[String]) -> Result<String, StoreError> {
        let Link { site, code, created_at, .. } = &record.link;
        let mut claim = script::CLAIM.on(&[keys::once(site), keys::index(site), keys::marks(site)]);
        claim.arg(record.holder()).arg(code.as_str()).arg(created_at.as_millisecond());
        claim.arg(gone.len()).arg(gone);
        for name in record.once()? {
            claim.arg(&name.0);
        }
        self.connection.call(&script::CLAIM, &claim).await
    }

    /// Step 3, and the way back from step 1.
    async fn swap(&self, link: &Link, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut swap = script::SWAP.on(&[keys::link(&link.code)]);
        swap.arg(old).arg(new).arg(keys::NEWS).arg(link.code.as_str());
        self.connection.call(&script::SWAP, &swap).await
    }
}
