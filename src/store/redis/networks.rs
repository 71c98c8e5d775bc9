//! From how many networks links were opened, and what is shown of a site's day that is not over: in memory only, where the day
//! keys are. Where that server is away, counting goes on without it, which only hides.
//!
//! A network's bucket stands there beside a link's incarnation, which is random: nobody finds a code or a link's name by it
//! who has nothing but that server.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use redis::{Cmd, cmd};

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::entry::Numbered;
use crate::domain::link_key::{Incarnation, LinkKey};
use crate::domain::networks::{Bucket, Networks};
use crate::domain::site::SiteId;
use crate::store::redis::connection::Connection;
use crate::store::redis::slow_log::PADDING;
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{StoreError, TodayStore};

/// For how many days after their day networks wait for its closing.
const WAITING: i32 = 4;
/// How many members one step reads, and how many one call adds.
const SCAN: usize = 2_000;
/// A member: an incarnation's bytes and a bucket's.
type Member = [u8; 9];

fn member(link: &LinkKey, network: Bucket) -> Member {
    let mut member = [0; 9];
    let (incarnation, bucket) = member.split_at_mut(8);
    incarnation.copy_from_slice(&link.incarnation.bits().to_le_bytes());
    bucket.fill(network.byte());
    member
}

fn read(member: &[u8]) -> Result<(Incarnation, Bucket), StoreError> {
    let read = member.split_last().and_then(|(bucket, incarnation)| {
        let bits = u64::from_le_bytes(incarnation.try_into().ok()?);
        Some((Incarnation::from_bits(bits), Bucket::new(*bucket)))
    });
    read.ok_or_else(|| failure::corrupt("a network"))
}

#[async_trait]
impl TodayStore for RedisStore {
    /// Takes the networks that nobody has asked for, by channel.
    async fn take_recent_networks(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<BTreeMap<ChannelName, Networks>, StoreError> {
        let mut recent: HashMap<Incarnation, Networks> = HashMap::new();
        loop {
            let pop = cmd("SPOP").arg(keys::recent_networks(site, day)).arg(SCAN).take();
            let members: Vec<Vec<u8>> = self.memory().query(&pop).await?;
            if members.is_empty() {
                break;
            }
            for member in members {
                let (link, bucket) = read(&member)?;
                recent.entry(link).or_default().insert(bucket);
            }
        }
        let mut channels: BTreeMap<ChannelName, Networks> = BTreeMap::new();
        if recent.is_empty() {
            return Ok(channels);
        }
        // The day's parts know which links these are.
        for (link, _) in self.open_links(site, day).await? {
            if let Some(networks) = recent.get(&link.incarnation) {
                *channels.entry(link.channel).or_default() |= *networks;
            }
        }
        Ok(channels)
    }

    /// What instances remember of a site's numbers of today.
    async fn today_note(&self, site: &SiteId, day: Day) -> Result<Option<String>, StoreError> {
        self.memory().query(cmd("GET").arg(keys::today_note(site, day))).await
    }

    /// Puts another note in its place, and returns whether it was still that.
    async fn swap_today_note(
        &self,
        site: &SiteId,
        day: Day,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, StoreError> {
        let mut swap = script::SWAP_NOTE.on(&[keys::today_note(site, day)]);
        swap.arg(old.unwrap_or_default()).arg(new).arg(day.plus(1).start().as_second());
        self.memory().call(&script::SWAP_NOTE, &swap).await
    }
}

impl RedisStore {
    /// Where the day keys are.
    pub(super) fn memory(&self) -> &Connection {
        self.ephemeral.as_ref().unwrap_or(&self.connection)
    }

    /// Adds the networks of entries, of days that are not being closed, to sets with these keys.
    pub(super) async fn add_networks<'a>(
        &self,
        key: impl Fn(&SiteId, Day) -> String,
        entries: impl Iterator<Item = &'a Numbered>,
        is_begun: impl Fn(&SiteId, Day) -> bool,
    ) {
        let mut members: BTreeMap<(&'a SiteId, Day), Vec<Member>> = BTreeMap::new();
        for Numbered { network, entry, .. } in entries {
            if let Some(network) = network {
                members.entry((&entry.site, entry.day)).or_default().push(member(&entry.link, *network));
            }
        }
        let mut calls: Vec<Cmd> = Vec::new();
        for ((site, day), mut members) in members {
            if is_begun(site, day) {
                continue;
            }
            members.sort_unstable();
            members.dedup();
            for some in members.chunks(SCAN) {
                let mut call = script::NETWORKS.on(&[key(site, day)]);
                call.arg(day.plus(WAITING).start().as_second());
                call.arg([PADDING.as_slice(), some.as_flattened()].concat());
                calls.push(call);
            }
        }
        if !calls.is_empty() {
            // Whatever is missing there only hides.
            let _ = self.memory().call_each::<i64>(&script::NETWORKS, calls).await;
        }
    }

    /// The networks of each link of a site's day.
    pub(super) async fn networks_of_links(
        &self,
        site: &SiteId,
        day: Day,
    ) -> Result<HashMap<Incarnation, Networks>, StoreError> {
        let mut networks: HashMap<Incarnation, Networks> = HashMap::new();
        let (key, mut cursor) = (keys::networks(site, day), 0_u64);
        loop {
            let scan = cmd("SSCAN").arg(&key).arg(cursor).arg("COUNT").arg(SCAN).take();
            let (next, members): (u64, Vec<Vec<u8>>) = self.memory().query(&scan).await?;
            for member in members {
                let (link, bucket) = read(&member)?;
                networks.entry(link).or_default().insert(bucket);
            }
            if next == 0 {
                return Ok(networks);
            }
            cursor = next;
        }
    }

    /// Forgets the networks of a site's day.
    pub(super) async fn end_networks(&self, site: &SiteId, day: Day) -> Result<(), StoreError> {
        for key in [keys::networks(site, day), keys::recent_networks(site, day), keys::today_note(site, day)]
        {
            self.memory().query::<()>(cmd("UNLINK").arg(key)).await?;
        }
        Ok(())
    }
}
