//! Reading, listing, changing and deleting links.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use redis::cmd;

use super::index::{Place, Walk};
use super::marks::new_step;
use super::record::{Record, is_pending};
use super::{RedisStore, counts, failure, keys, script};
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::link::{Link, LinkChange};
use crate::domain::site::SiteId;
use crate::store::{Cursor, LinkFilter, StoreError};

/// How many links are read at once while listing.
pub(super) const CHUNK: usize = 256;
/// How many times so many are asked for at once: the server answers some while others are taken apart.
pub(super) const CHUNKS: usize = 4;
/// How often a change or a deletion is begun anew after somebody else changed the link between its
/// reading and its writing. Each time somebody else's change was made.
const ATTEMPTS: usize = 200;

/// For how many seconds a deleted link's marks stay: longer than any journal keeps settled entries.
const MARKS_STAY: u32 = 3_600;

/// Beyond every time that there is, and still exact as a score.
const MAX_SCORE: i64 = 1 << 53;

impl RedisStore {
    /// What the link's key holds, finished or pending.
    pub(super) async fn value(&self, code: &Code) -> Result<Option<String>, StoreError> {
        self.connection.query(cmd("GET").arg(keys::link(code))).await
    }

    /// The link with this code.
    pub(super) async fn one_link(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        read(self.value(code).await?)
    }

    /// The links with these codes, in their order.
    pub(super) async fn many_links<'a>(
        &self,
        codes: impl Iterator<Item = &'a Code>,
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let keys: Vec<_> = codes.map(keys::link).collect();
        self.connection.texts(&keys).await?.into_iter().map(read).collect()
    }

    /// The links at these places of the site's index; a place without its link is one of a crash
    /// between two steps and none.
    pub(super) async fn links_at(&self, site: &SiteId, places: &[Place]) -> Result<Vec<Link>, StoreError> {
        let links = self.many_links(places.iter().map(|place| &place.code)).await?;
        let here = |link: &Link, place: &Place| {
            link.site == *site && link.created_at.as_millisecond() == place.created_at
        };
        let links = links.into_iter().zip(places);
        Ok(links.filter_map(|(link, place)| link.filter(|link| here(link, place))).collect())
    }

    /// The site's links that were made on a day.
    pub(super) async fn links_made(&self, site: &SiteId, day: Day) -> Result<Vec<Link>, StoreError> {
        let mut walk = Walk::over_days(site, day, day);
        let mut links = Vec::new();
        loop {
            let places = walk.next(self, CHUNK * CHUNKS).await?;
            if places.is_empty() {
                return Ok(links);
            }
            let chunks: Vec<_> = places.chunks(CHUNK).map(|some| self.links_at(site, some)).collect();
            links.extend(stream::iter(chunks).buffered(CHUNKS).try_concat().await?);
        }
    }

    /// Links of a site behind `after`, newest first. Redis keeps no index but this order, so a filter
    /// reads on until it has found enough or the site has no more.
    pub(super) async fn list(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let newest = after.map_or(MAX_SCORE, |after| after.created_at.as_millisecond());
        let mut walk = Walk::new(site, newest, -MAX_SCORE);
        let mut found = Vec::new();
        while found.len() < limit {
            // One more, as the first may be the cursor's own link.
            let wanted = if *filter == LinkFilter::default() { limit - found.len() + 1 } else { CHUNK };
            let mut places = walk.next(self, wanted.min(CHUNK)).await?;
            if places.is_empty() {
                break;
            }
            places.retain(|place| {
                place.created_at < newest || after.is_none_or(|after| place.code < after.code)
            });
            let links = self.links_at(site, &places).await?;
            found.extend(links.into_iter().filter(|link| matches(filter, link)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Changes a link: read, change, and write where it is still the one that was read.
    pub(super) async fn change(&self, code: &Code, change: LinkChange) -> Result<Option<Link>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(code).await?.filter(|value| !is_pending(value)) else {
                return Ok(None);
            };
            let mut record = Record::read(&value)?;
            let (url, campaign) = (record.link.url.clone(), record.link.campaign.clone());
            record.link.apply(change.clone());
            let mut swap = script::SWAP.on(&[keys::link(code)]);
            swap.arg(value).arg(record.to_value()).arg(keys::NEWS).arg(code.as_str());
            if self.connection.call(&script::SWAP, &swap).await? {
                if (&url, &campaign) != (&record.link.url, &record.link.campaign) {
                    self.link_changed(&record.link).await?;
                }
                return Ok(Some(record.link));
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }

    /// Deletes a link with its counts and visitors in one step; then, in its site's slot, its place
    /// in the index, its names and its active days. After a crash between the two, what is left
    /// stands for no link: readers pass over it and a name is taken over. In the reverse order,
    /// a link would go on forwarding that its site can no longer find.
    ///
    /// Its cells would be shown still after such a crash, so they go first: who was not answered asks again. What was taken
    /// over of its counts is remembered until these are gone, and would be taken over once more otherwise;
    /// and cells that were made in between go with it.
    pub(super) async fn forget_link(&self, code: &Code) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(value) = self.value(code).await?.filter(|value| !is_pending(value)) else {
                return Ok(false);
            };
            let record = Record::read(&value)?;
            let fields: Vec<String> = self.connection.query(cmd("HKEYS").arg(keys::counts(code))).await?;
            let days: Vec<_> = fields.iter().filter_map(|field| counts::day_of(field)).collect();
            let mut all = vec![keys::link(code), keys::counts(code)];
            all.extend(days.iter().map(|day| keys::visitors(code, *day)));
            let mut delete = script::DELETE.on(&all);
            delete.arg(value).arg(fields.len()).arg(keys::NEWS).arg(code.as_str()).arg(MARKS_STAY);
            let site = &record.link.site;
            self.discard(site, code, false).await?;
            if self.connection.call(&script::DELETE, &delete).await? {
                self.discard(site, code, true).await?;
                self.link_changed(&record.link).await?;
                let mut all = vec![keys::once(site), keys::index(site)];
                all.extend(days.iter().map(|day| keys::active(site, *day)));
                let mut release = script::RELEASE.on(&all);
                let created_at = record.link.created_at.as_millisecond();
                release.arg(record.holder()).arg(code.as_str()).arg(created_at);
                for name in record.once()? {
                    release.arg(&name.0);
                }
                self.connection.call::<()>(&script::RELEASE, &release).await?;
                return Ok(true);
            }
        }
        Err(failure::unavailable("a link was changed too often at the same time"))
    }
}

impl RedisStore {
    /// Takes a link out of its site's days.
    async fn discard(&self, site: &SiteId, code: &Code, is_gone: bool) -> Result<(), StoreError> {
        let days: Vec<Day> = self.marks(site).await?.days.into_keys().collect();
        let mut all = vec![keys::marks(site)];
        all.extend(days.iter().map(|day| keys::sheet(site, *day)));
        let mut discard = script::DISCARD.on(&all);
        discard.arg(code.as_str()).arg(new_step()).arg(u8::from(is_gone));
        for day in &days {
            discard.arg(day.number());
        }
        self.connection.call(&script::DISCARD, &discard).await
    }
}

/// A code that Redis kept.
pub(super) fn stored_code(text: &str) -> Result<Code, StoreError> {
    Code::parse(text).map_err(|_| failure::corrupt("a code"))
}

fn read(value: Option<String>) -> Result<Option<Link>, StoreError> {
    let value = value.filter(|value| !is_pending(value));
    value.map(|value| Record::link_of(&value)).transpose()
}

fn matches(filter: &LinkFilter, link: &Link) -> bool {
    filter.channel.as_ref().is_none_or(|channel| link.channel == *channel)
        && filter.campaign.as_ref().is_none_or(|campaign| link.campaign.as_ref() == Some(campaign))
        && filter.url.as_ref().is_none_or(|url| link.url == *url)
}
