//! Adding links, and the `once` names that stand for them.

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::link::{Link, Text};
use crate::domain::site::SiteId;
use crate::store::sqlite::links::{link, select_link};
use crate::store::sqlite::{SqliteStore, codes, days, sites};
use crate::store::{Inserted, LinkCreationStore, OnceName, StoreError};

#[async_trait]
impl LinkCreationStore for SqliteStore {
    async fn insert_link(&self, link: &Link, once: &[OnceName]) -> Result<Inserted, StoreError> {
        let (link, once) = (link.clone(), once.to_vec());
        self.file().writer.write_in_time(move |db, _| insert(db, &link, &once)).await
    }

    async fn insert_links(&self, links: &[(Link, Vec<OnceName>)]) -> Vec<Result<Inserted, StoreError>> {
        // They queue in their order, and are committed together.
        join_all(links.iter().map(|(link, once)| self.insert_link(link, once))).await
    }

    async fn named(&self, site: &SiteId, name: &OnceName) -> Result<Option<Inserted>, StoreError> {
        let (site, name) = (site.clone(), *name);
        self.file().lookups.read(move |db| named_of_site(db, &site, &name)).await
    }
}

/// Adds a link, or finds the one that a `once` name stands for. A code that is taken breaks a
/// constraint.
pub(super) fn insert(db: &Connection, link: &Link, once: &[OnceName]) -> rusqlite::Result<Inserted> {
    let site = sites::row_number(db, &link.site)?;
    for name in once {
        if let Some(earlier) = named(db, site, name)? {
            return Ok(earlier);
        }
    }
    codes::refuse_another_sites(db, link)?;
    let moved = link.moved.as_deref();
    let sql = "INSERT INTO links (code, site, url, page, channel, campaign, title, parent, created_at, \
               expires_at, disabled, taken_down, generation, incarnation, is_share, is_slug, moved_since, \
               moved_page, moved_campaign) \
               VALUES (:code, :site, :url, :page, :channel, :campaign, :title, \
               (SELECT code FROM links WHERE code = :parent AND site = :site), :created_at, :expires_at, \
               :disabled, :taken_down, :generation, :incarnation, :is_share, :is_slug, \
               :moved_since, :moved_page, :moved_campaign)";
    db.prepare_cached(sql)?.execute(named_params! {
        ":code": link.code.as_str(),
        ":site": site,
        ":url": link.url.as_str(),
        ":page": link.page.as_ref().map(Destination::as_str),
        ":channel": link.channel.as_str(),
        ":campaign": link.campaign.as_ref().map(Text::as_str),
        ":title": link.title.as_ref().map(Text::as_str),
        ":parent": link.parent.as_ref().map(Code::as_str),
        ":created_at": link.created_at.as_millisecond(),
        ":expires_at": link.expires_at.map(Timestamp::as_millisecond),
        ":disabled": link.disabled,
        ":taken_down": link.taken_down,
        ":generation": link.generation,
        ":incarnation": link.incarnation.bits().cast_signed(),
        ":is_share": link.is_share,
        ":is_slug": link.is_slug,
        ":moved_since": moved.map(|moved| moved.since.number()),
        ":moved_page": moved.map(|moved| moved.page.as_str()),
        ":moved_campaign": moved.and_then(|moved| moved.campaign.as_ref()).map(Text::as_str),
    })?;
    let row = db.last_insert_rowid();
    days::link_made(db, site, Day::of(link.created_at))?;
    // The two names of one call may be the same, and one may be there whose time is over.
    let sql = "INSERT OR REPLACE INTO once_names (site, name, link, fingerprint, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    for OnceName { name, passing } in once {
        let (fingerprint, until) =
            (passing.map(|passing| passing.fingerprint), passing.map(|passing| passing.until));
        db.prepare_cached(sql)?.execute((site, name, row, fingerprint, until))?;
    }
    Ok(Inserted::Created)
}

/// The same for a site by its identifier.
pub(super) fn named_of_site(
    db: &Connection,
    site: &SiteId,
    name: &OnceName,
) -> rusqlite::Result<Option<Inserted>> {
    named(db, sites::row_number(db, site)?, name)
}

/// What a name stands for now.
fn named(db: &Connection, site: i64, name: &OnceName) -> rusqlite::Result<Option<Inserted>> {
    let sql = "SELECT link, fingerprint FROM once_names
               WHERE site = ?1 AND name = ?2 AND (until IS NULL OR until > ?3)";
    let now = name.passing.map_or(i64::MIN, |passing| passing.now);
    let found = db
        .prepare_cached(sql)?
        .query_row((site, name.name, now), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<[u8; 16]>>(1)?))
        })
        .optional()?;
    let Some((row, fingerprint)) = found else { return Ok(None) };
    if fingerprint != name.passing.map(|passing| passing.fingerprint) {
        return Ok(Some(Inserted::Reused));
    }
    let sql = select_link!("WHERE links.id = ?1");
    Ok(db.prepare_cached(sql)?.query_row([row], link).optional()?.map(Inserted::Existing))
}

/// Forgets names whose time is over.
pub(super) fn forget_ended_names(db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM once_names WHERE until <= ?1")?.execute([now.as_second()]).map(drop)
}
