//! Making a link, once for each of its `once` names.
//!
//! Where one server has all keys, one script makes a link: one round trip, and many links in one pipeline. What it finds
//! in its way, and every link of a Cluster, is made in steps. There the link is in one hash slot, its site's index and
//! names in another, so it takes three steps:
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

use std::collections::HashSet;

use async_trait::async_trait;
use futures_util::stream;
use futures_util::stream::StreamExt;
use jiff::Timestamp;
use redis::cmd;

use crate::domain::code::Code;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::store::redis::codes::code_hash;
use crate::store::redis::index::hour_number;
use crate::store::redis::record::{Record, finished, is_pending, suffix};
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{Inserted, LinkCreationStore, LinkStore, OnceName, SiteStore, StoreError};

/// How long the steps of one attempt may take together, and a code stays taken after a crash.
const PENDING_MILLISECONDS: u64 = 10_000;
/// How often an attempt that others interfered with is begun anew. Each interference means that
/// another call got further, so a few suffice.
const ATTEMPTS: usize = 16;

/// How many names are looked at in one step when those that have ended are forgotten.
const NAMES_A_STEP: usize = 1_000;

/// How many links of one call are made in steps at once.
const AT_ONCE: usize = 16;

/// What the script that makes a link in one step answers.
enum AtOnce {
    Made,
    /// One of the names holds this.
    Held(String),
    /// The code's key holds this.
    Taken(String),
    /// A deleted link of another site had the code.
    Theirs,
}

/// What a name of a link that is to be made stands for already.
enum Held {
    /// A link that is there.
    By(Inserted),
    /// Nothing: these holders are gone.
    Free(Vec<String>),
}

#[async_trait]
impl LinkCreationStore for RedisStore {
    /// Makes a link, or finds the one that a `once` name stands for.
    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let outcome = self.insert_links(&[(link.clone(), once.to_vec())]).await.pop();
        outcome.unwrap_or_else(|| Err(failure::unavailable("a link was not made")))
    }

    /// Makes links, or finds those that `once` names stand for, as if one by one in this order.
    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>> {
        let outcomes = self.create_each(links).await;
        for ((link, _), outcome) in links.iter().zip(&outcomes) {
            if matches!(outcome, Ok(Inserted::Created)) {
                self.forget_missing_parent(link).await;
            }
        }
        outcomes
    }

    /// What a name of a site stands for, if it is anything.
    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError> {
        match self.holder_of(site, &[*name]).await? {
            Held::By(inserted) => Ok(Some(inserted)),
            Held::Free(_) => Ok(None),
        }
    }
}

impl RedisStore {
    /// Forgets the parent of a new link where that has been deleted while the link was made.
    async fn forget_missing_parent(&self, link: &Link) {
        let Some(parent) = &link.parent else { return };
        // Where the store cannot be asked, the link stays as it was asked for: it is answered as made.
        if let Ok(None) = self.value(parent).await {
            let _ = self.forget_parent(&link.code, parent).await;
        }
    }

    async fn create_each(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>> {
        if !self.connection.has_all_keys() {
            return self.create_all_in_steps(links).await;
        }
        let calls: Result<Vec<_>, _> =
            links.iter().map(|(link, once)| create(&Record::new(link, once), once)).collect();
        let Ok(calls) = calls else { return self.create_all_in_steps(links).await };
        let answers = self.connection.call_each::<Vec<String>>(&script::CREATE, calls).await;
        let mut outcomes = Vec::with_capacity(links.len());
        for ((link, once), answer) in links.iter().zip(answers) {
            let answer = answer.and_then(|answer| read(&answer));
            outcomes.push(match answer {
                Ok(AtOnce::Made) => Ok(Inserted::Created),
                Ok(in_the_way) => self.look_at(link, once, in_the_way).await,
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    /// What is to be answered where something was in a link's way; it is made in steps where that is nothing common.
    async fn look_at(&self, link: &Link, once: &[OnceName], at_once: AtOnce) -> Result<Inserted, StoreError> {
        match at_once {
            AtOnce::Made => return Ok(Inserted::Created),
            AtOnce::Theirs => return Err(StoreError::Conflict),
            AtOnce::Held(value) => {
                let holder = holder_key(&value)?;
                if let Some(first) =
                    self.link_in_any_case(&holder.code).await?.filter(|link| link.key() == holder)
                {
                    return Ok(found(first, &value, once));
                }
            }
            AtOnce::Taken(value) if !is_pending(&value) => {
                if !Record::read(&value)?.shares_name(&Record::new(link, once)) {
                    return Err(StoreError::Conflict);
                }
            }
            AtOnce::Taken(_) => {}
        }
        self.create_in_steps(link, once).await
    }

    /// Makes links many at once, and behind them, one by one, those that have a code or a name of one before them.
    async fn create_all_in_steps(
        &self,
        links: &[(Link, Vec<OnceName>)],
    ) -> Vec<Result<Inserted, StoreError>> {
        let (mut codes, mut names) = (HashSet::new(), HashSet::new());
        let (mut first, mut later) = (Vec::new(), Vec::new());
        for (place, (link, once)) in links.iter().enumerate() {
            let mut is_first = codes.insert(link.code.folded());
            for name in once {
                is_first &= names.insert((&link.site, name.name));
            }
            if is_first { first.push(place) } else { later.push(place) }
        }
        let create = |place: usize| async move {
            let (link, once) = &links[place];
            (place, self.create_in_steps(link, once).await)
        };
        let mut made: Vec<_> = stream::iter(first).map(create).buffer_unordered(AT_ONCE).collect().await;
        for place in later {
            made.push(create(place).await);
        }
        made.sort_unstable_by_key(|(place, _)| *place);
        made.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn create_in_steps(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let record = Record::new(link, once);
        for _ in 0..ATTEMPTS {
            let gone = match self.holder_of(&link.site, once).await? {
                Held::By(inserted) => return Ok(inserted),
                Held::Free(gone) => gone,
            };
            let pending = record.to_pending();
            if !self.take_code(&record, &pending).await? {
                continue;
            }
            // The code is taken, so no deletion of its link is under way any more.
            if self.is_code_of_another(link).await? {
                self.swap(link, &pending, "").await?;
                return Err(StoreError::Conflict);
            }
            if self.claim(&record, &gone, now(once)).await? != record.holder() {
                self.swap(link, &pending, "").await?;
                continue;
            }
            if self.swap(link, &pending, finished(&pending)).await? {
                return Ok(Inserted::Created);
            }
        }
        Err(failure::unavailable("a link could not be made because others were made at the same time"))
    }

    /// What the names stand for.
    async fn holder_of(&self, site: &SiteId, once: &[OnceName]) -> Result<Held, StoreError> {
        let mut gone = Vec::new();
        if once.is_empty() {
            return Ok(Held::Free(gone));
        }
        let mut names = cmd("HMGET");
        names.arg(keys::once(site));
        for name in once {
            names.arg(&name.name);
        }
        let values: Vec<Option<String>> = self.connection.query(&names).await?;
        for value in values.into_iter().flatten().filter(|value| !has_ended(value, now(once))) {
            let key = holder_key(&value)?;
            if let Some(stored) = self.value(&key.code).await? {
                let holder = Record::read(&stored)?;
                if holder.link.site == *site && holder.link.key() == key {
                    // It has its names, so its maker is at step 3.
                    if !is_pending(&stored) || self.swap(&holder.link, &stored, finished(&stored)).await? {
                        return Ok(Held::By(found(holder.link, &value, once)));
                    }
                    continue; // It has just become something else; the next attempt sees what.
                }
            }
            gone.push(key.to_string());
        }
        Ok(Held::Free(gone))
    }

    /// Forgets the names of all sites whose time is over.
    pub(super) async fn end_names(&self, now: Timestamp) -> Result<(), StoreError> {
        for site in self.sites().await? {
            let (key, mut cursor) = (keys::once(&site.id), 0_u64);
            loop {
                let scan = cmd("HSCAN").arg(&key).arg(cursor).arg("COUNT").arg(NAMES_A_STEP).take();
                let (next, found): (u64, Vec<(Vec<u8>, String)>) = self.connection.query(&scan).await?;
                let mut end = script::END_NAMES.on(std::slice::from_ref(&key));
                end.arg(now.as_second());
                let ended: Vec<_> =
                    found.into_iter().filter(|(_, value)| has_ended(value, now.as_second())).collect();
                for (name, _) in &ended {
                    end.arg(name);
                }
                if !ended.is_empty() {
                    self.connection.call::<()>(&script::END_NAMES, &end).await?;
                }
                if next == 0 {
                    break;
                }
                cursor = next;
            }
        }
        Ok(())
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
        if is_pending(&value) && self.claim(&other, &[], i64::MIN).await? == other.holder() {
            self.swap(&other.link, &value, finished(&value)).await?;
        }
        Ok(false)
    }

    /// Step 2. Returns who holds the names.
    async fn claim(&self, record: &Record, gone: &[String], now: i64) -> Result<String, StoreError> {
        let Link { site, code, created_at, .. } = &record.link;
        let all = [keys::once(site), keys::index(site), keys::marks(site), keys::children(site)];
        let mut claim = script::CLAIM.on(&all);
        claim.arg(record.holder()).arg(code.as_str()).arg(hour_number(*created_at));
        claim.arg(record.link.parent.as_ref().map_or("", Code::as_str));
        claim.arg(gone.len()).arg(now).arg(gone);
        for (name, suffix) in record.names()? {
            claim.arg(&name).arg(suffix);
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

/// The script's call that makes a link in one step.
fn create(record: &Record, once: &[OnceName]) -> Result<redis::Cmd, StoreError> {
    let Link { site, code, created_at, .. } = &record.link;
    let mut call = script::CREATE.on(&[
        keys::link(code),
        keys::once(site),
        keys::index(site),
        keys::marks(site),
        keys::deleted_codes(code),
        keys::children(site),
    ]);
    call.arg(record.to_value()).arg(record.holder()).arg(code.as_str()).arg(hour_number(*created_at));
    call.arg(keys::NEWS).arg(now(once)).arg(site.as_str()).arg(code_hash(code));
    call.arg(record.link.parent.as_ref().map_or("", Code::as_str));
    for (name, suffix) in record.names()? {
        call.arg(&name).arg(suffix);
    }
    Ok(call)
}

/// When the request came that names a link, in seconds: what has ended by then is free. Without a name that passes,
/// nothing has to be known of the time.
fn now(once: &[OnceName]) -> i64 {
    once.iter().find_map(|name| name.passing).map_or(i64::MIN, |passing| passing.now)
}

/// Whether what a name holds stands for nothing any more at this second.
fn has_ended(value: &str, now: i64) -> bool {
    let until = value.split(' ').nth(1).and_then(|until| until.parse::<i64>().ok());
    until.is_some_and(|until| until <= now)
}

/// What a link that has one of the names is: the one that was asked for, or that of another request.
fn found(link: Link, value: &str, once: &[OnceName]) -> Inserted {
    let of_holder = value.find(' ').and_then(|at| value.get(at..)).unwrap_or_default();
    let is_asked_for =
        once.iter().any(|name| suffix(name).rsplit(' ').next() == of_holder.rsplit(' ').next());
    if is_asked_for { Inserted::Existing(link) } else { Inserted::Reused }
}

fn read(answer: &[String]) -> Result<AtOnce, StoreError> {
    match answer {
        [word] if word == "made" => Ok(AtOnce::Made),
        [word, value] if word == "held" => Ok(AtOnce::Held(value.clone())),
        [word] if word == "theirs" => Ok(AtOnce::Theirs),
        [word, value] if word == "taken" => Ok(AtOnce::Taken(value.clone())),
        _ => Err(failure::corrupt("a link")),
    }
}

/// The link that a name stands for, by what it holds.
fn holder_key(value: &str) -> Result<LinkKey, StoreError> {
    value.split(' ').next().unwrap_or_default().parse().map_err(|_| failure::corrupt("a once-name"))
}
