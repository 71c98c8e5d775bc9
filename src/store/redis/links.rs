//! Reading, listing, changing and deleting links.

use async_trait::async_trait;
use futures_util::stream;
use futures_util::stream::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use redis::cmd;

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::link::{Link, LinkChange};
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::store::redis::index::{Place, Walk, hour_number, score_behind};
use crate::store::redis::record::{Record, is_pending};
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{Cursor, Deletion, LinkFilter, LinkStore, Listed, StoreError};

/// For how many seconds it is known that a link was deleted: for longer than a running instance keeps what it has settled.
const DELETED: i64 = 86_400;
/// How many links are read at once while listing.
pub(super) const CHUNK: usize = 256;
/// How many times so many are asked for at once: the server answers some while others are taken apart.
pub(super) const CHUNKS: usize = 4;
/// How often a change or a deletion is begun anew after somebody else changed the link between its
/// reading and its writing. Each time somebody else's change was made.
const ATTEMPTS: usize = 200;

/// Beyond every time that there is, and still exact as a score.
const MAX_SCORE: i64 = 1 << 53;

#[async_trait]
impl LinkStore for RedisStore {
    /// The link whose code is this one or differs from it in case only.
    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        read(self.value(code).await?)
    }

    /// Links of a site behind `after`, newest first. Redis keeps no index but this order, so a filter
    /// reads on until it has found enough or the site has no more.
    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let newest = after.map_or(MAX_SCORE, score_behind);
        let mut walk = Walk::new(site, newest, -MAX_SCORE);
        let mut found = Vec::new();
        while found.len() < limit {
            // One more, as the first may be the cursor's own link.
            let wanted = if *filter == LinkFilter::default() { limit - found.len() + 1 } else { CHUNK };
            let mut places = walk.next(self, wanted.min(CHUNK)).await?;
            if places.is_empty() {
                break;
            }
            places.retain(|place| place.score < newest);
            let links = self.links_at(site, &places).await?;
            found.extend(links.into_iter().filter(|listed| matches(filter, &listed.link)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Changes a link: read, change, and write where it is still the one that was read.
    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(code).await?.filter(|value| !is_pending(value)) else {
                return Ok(None);
            };
            let mut record = Record::read(&value)?;
            if record.link.code != *code {
                return Ok(None);
            }
            let earlier = record.link.clone();
            record.link.apply(change.clone(), today);
            let mut swap = script::SWAP.on(&[keys::link(code)]);
            swap.arg(value).arg(record.to_value()).arg(keys::NEWS).arg(code.as_str());
            if self.connection.call(&script::SWAP, &swap).await? {
                let link = &record.link;
                if (&earlier.url, &earlier.page) != (&link.url, &link.page)
                    || earlier.campaign != link.campaign
                {
                    self.link_changed(link).await?;
                }
                if let Some(campaign) =
                    earlier.campaign.filter(|earlier| Some(earlier) != link.campaign.as_ref())
                {
                    self.let_campaign_go(&link.site, &campaign).await?;
                }
                return Ok(Some(record.link));
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }

    /// Deletes a link with its counts and visitors in one step; then, in its site's slot, its cells, its place
    /// in the index and its names. After a crash between the two, what is left
    /// stands for no link: readers pass over it and a name is taken over. In the reverse order,
    /// a link would go on forwarding that its site can no longer find.
    ///
    /// Its cells would stay after such a crash, so they go first: who was not answered asks again. Those that were made
    /// in between go with it, and from then on whoever is just closing a day puts none for it. Days on which it was counted
    /// for the first time in between are looked for behind its deletion, when nothing can be counted for it any more.
    ///
    /// Its children forget it after that, and whoever makes one meanwhile looks behind it whether the parent is still there.
    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(code).await?.filter(|value| !is_pending(value)) else {
                return Ok(Deletion::NotThere);
            };
            let record = Record::read(&value)?;
            if record.link.code != *code {
                return Ok(Deletion::NotThere);
            }
            let (site, key) = (&record.link.site, record.link.key());
            // Read while the link is there: a later link of its code has another.
            let score: Option<String> =
                self.connection.query(cmd("ZSCORE").arg(keys::index(site)).arg(code.as_str())).await?;
            let marks = self.marks(site).await?;
            let days: Vec<Day> = marks.counted().collect();
            let partition = keys::partition_of(code);
            let mut all = vec![keys::link(code), keys::deleted(partition), keys::set_aside(partition)];
            all.extend(days.iter().flat_map(|day| of_day(partition, site, *day)));
            let mut delete = script::DELETE.on(&all);
            delete.arg(value).arg(keys::NEWS).arg(code.as_str()).arg(key.to_string()).arg(DELETED);
            delete.arg(days.iter().map(|day| day.number()).collect::<Vec<_>>());
            // Before the link goes: from then on its code can be taken.
            self.keep_code(code, site).await?;
            self.discard(site, &key, &marks.with_cells()).await?;
            if self.connection.call(&script::DELETE, &delete).await? {
                let marks = self.marks(site).await?;
                let more: Vec<Day> = marks.counted().filter(|day| !days.contains(day)).collect();
                if !more.is_empty() {
                    let mut all = vec![keys::set_aside(partition)];
                    all.extend(more.iter().flat_map(|day| of_day(partition, site, *day)));
                    let mut forget = script::FORGET_LINK.on(&all);
                    forget.arg(key.to_string()).arg(more.iter().map(|day| day.number()).collect::<Vec<_>>());
                    self.connection.call::<()>(&script::FORGET_LINK, &forget).await?;
                }
                self.discard(site, &key, &marks.with_cells()).await?;
                self.link_changed(&record.link).await?;
                let children = self.children_of(site, code).await?;
                for child in &children {
                    self.forget_parent(child, code).await?;
                }
                let mut release =
                    script::RELEASE.on(&[keys::once(site), keys::index(site), keys::children(site)]);
                release.arg(record.holder()).arg(code.as_str()).arg(score.unwrap_or_default());
                release.arg(record.link.parent.as_ref().map_or("", Code::as_str));
                release.arg(children.len());
                for child in &children {
                    release.arg(child.as_str());
                }
                for (name, _) in record.names()? {
                    release.arg(&name);
                }
                self.connection.call::<()>(&script::RELEASE, &release).await?;
                if let Some(campaign) = &record.link.campaign {
                    self.let_campaign_go(site, campaign).await?;
                }
                return Ok(Deletion::LetGo);
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }
}

impl RedisStore {
    /// What the link's key holds, finished or pending: its link may have another code that differs in case only.
    pub(super) async fn value(&self, code: &Code) -> Result<Option<String>, StoreError> {
        self.connection.query(cmd("GET").arg(keys::link(code))).await
    }

    /// The links with these codes, in their order. One that cannot be read is left out, and spoils no other; whoever
    /// asks for it by itself is told.
    pub(super) async fn many_links<'a>(
        &self,
        codes: impl Iterator<Item = &'a Code>,
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let codes: Vec<_> = codes.collect();
        let keys: Vec<_> = codes.iter().map(|code| keys::link(code)).collect();
        let values = self.connection.texts(&keys).await?;
        let links = values.into_iter().map(|value| read(value).unwrap_or_default());
        Ok(links.zip(codes).map(|(link, code)| link.filter(|link| link.code == *code)).collect())
    }

    /// The links at these places of the site's index; a place without its link is one of a crash
    /// between two steps and none.
    pub(super) async fn links_at(&self, site: &SiteId, places: &[Place]) -> Result<Vec<Listed>, StoreError> {
        let links = self.many_links(places.iter().map(|place| &place.code)).await?;
        let here =
            |link: &Link, place: &Place| link.site == *site && hour_number(link.created_at) == place.hour();
        let links = links.into_iter().zip(places);
        let listed = |(link, place): (Option<Link>, &Place)| {
            let link = link.filter(|link| here(link, place))?;
            Some(Listed { link, place: place.cursor() })
        };
        Ok(links.filter_map(listed).collect())
    }

    /// The site's links that were made on a day, before the hour of `before`.
    pub(super) async fn links_made(
        &self,
        site: &SiteId,
        day: Day,
        before: Timestamp,
    ) -> Result<Vec<Link>, StoreError> {
        let mut walk = Walk::over_days(site, day, day, before);
        let mut links = Vec::new();
        loop {
            let places = walk.next(self, CHUNK * CHUNKS).await?;
            if places.is_empty() {
                return Ok(links);
            }
            let chunks: Vec<_> = places.chunks(CHUNK).map(|some| self.links_at(site, some)).collect();
            let listed = stream::iter(chunks).buffered(CHUNKS).try_concat().await?;
            links.extend(listed.into_iter().map(|listed| listed.link));
        }
    }
}

/// The keys of what a partition has of a site's day.
fn of_day(partition: usize, site: &SiteId, day: Day) -> [String; 2] {
    [keys::part(partition, site, day), keys::visitors(partition, site, day)]
}

impl RedisStore {
    /// The links that have this one as their parent.
    async fn children_of(&self, site: &SiteId, code: &Code) -> Result<Vec<Code>, StoreError> {
        // A space comes before, and an exclamation mark behind, whatever stands behind the code.
        let mut range = cmd("ZRANGEBYLEX");
        range.arg(keys::children(site)).arg(format!("[{code} ")).arg(format!("({code}!"));
        let members: Vec<String> = self.connection.query(&range).await?;
        let child = |member: &String| member.split_once(' ').map(|(_, child)| stored_code(child));
        members.iter().filter_map(child).collect()
    }

    /// Lets a link forget its parent, where that is this one.
    pub(super) async fn forget_parent(&self, child: &Code, parent: &Code) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(child).await? else { return Ok(()) };
            let mut record = Record::read(&value)?;
            // Whoever is just making it looks behind that whether the parent is still there.
            if is_pending(&value) || record.link.parent.as_ref() != Some(parent) {
                return Ok(());
            }
            record.link.parent = None;
            let mut swap = script::SWAP.on(&[keys::link(child)]);
            swap.arg(value).arg(record.to_value()).arg(keys::NEWS).arg(child.as_str());
            if self.connection.call(&script::SWAP, &swap).await? {
                return Ok(());
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }

    /// Strips the links of a site's shares that were made before a day. Their places in the index move last: so whoever is
    /// ended in the middle of it finds them again.
    pub(super) async fn strip_shares(&self, site: &SiteId, day: Day) -> Result<(), StoreError> {
        let mut walk = Walk::before_day(site, day);
        loop {
            let places = walk.next(self, CHUNK).await?;
            if places.is_empty() {
                return Ok(());
            }
            for place in places {
                self.strip_share(site, &place.code).await?;
            }
        }
    }

    async fn strip_share(&self, site: &SiteId, code: &Code) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(code).await?.filter(|value| !is_pending(value)) else {
                return Ok(());
            };
            // What is damaged stays as it is, and holds up no other.
            let Ok(record) = Record::read(&value) else { return Ok(()) };
            if !record.link.is_share || record.link.site != *site {
                return Ok(());
            }
            let all = [keys::once(site), keys::index(site), keys::children(site)];
            let mut strip = script::STRIP.on(&all);
            strip.arg(record.holder()).arg(code.as_str());
            strip.arg(record.link.parent.as_ref().map_or("", Code::as_str)).arg(0);
            for (name, _) in record.names()? {
                strip.arg(&name);
            }
            self.connection.call::<()>(&script::STRIP, &strip).await?;
            let mut stripped = Record::new(&record.link, &[]);
            stripped.link.strip();
            let mut swap = script::SWAP.on(&[keys::link(code)]);
            swap.arg(value).arg(stripped.to_value()).arg(keys::NEWS).arg(code.as_str());
            if self.connection.call(&script::SWAP, &swap).await? {
                let mut strip = script::STRIP.on(&all);
                strip.arg(record.holder()).arg(code.as_str()).arg("").arg(1);
                self.connection.call::<()>(&script::STRIP, &strip).await?;
                if let Some(campaign) = &record.link.campaign {
                    self.let_campaign_go(site, campaign).await?;
                }
                return Ok(());
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }

    /// Takes a link out of its site's days that have cells, or are given some.
    async fn discard(&self, site: &SiteId, link: &LinkKey, days: &[Day]) -> Result<(), StoreError> {
        for days in days.chunks(CHUNK) {
            let mut all = vec![keys::marks(site)];
            all.extend(days.iter().map(|day| keys::sheet(site, *day)));
            let mut discard = script::DISCARD.on(&all);
            discard.arg(link.to_string()).arg(days.iter().map(|day| day.number()).collect::<Vec<_>>());
            self.connection.call::<()>(&script::DISCARD, &discard).await?;
        }
        Ok(())
    }
}

/// A code that Redis kept.
pub(super) fn stored_code(text: &str) -> Result<Code, StoreError> {
    Code::parse(text).map_err(|_| failure::corrupt("a code"))
}

/// A link that Redis kept, also while it is being made.
pub(super) fn read_value(value: &str) -> Result<Link, StoreError> {
    Record::link_of(value)
}

/// The same of a key that may hold nothing; one that is being made is not there.
pub(super) fn read(value: Option<String>) -> Result<Option<Link>, StoreError> {
    let value = value.filter(|value| !is_pending(value));
    value.map(|value| read_value(&value)).transpose()
}

fn matches(filter: &LinkFilter, link: &Link) -> bool {
    filter.channel.as_ref().is_none_or(|channel| link.channel == *channel)
        && filter.campaign.as_ref().is_none_or(|campaign| link.campaign.as_ref() == Some(campaign))
        && filter.page.as_ref().is_none_or(|page| link.page() == page)
}
