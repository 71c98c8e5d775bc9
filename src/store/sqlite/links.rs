//! Links and the `once` names that stand for them.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, named_params};
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use super::counts;
use super::days;
use super::sites;
use super::visitors::Visitors;
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::link::{Link, LinkChange, Text};
use crate::domain::site::SiteId;
use crate::store::{Cursor, Inserted, LinkFilter, OnceName};

/// A link with its site's identifier, in the order in which [`link`] reads it.
macro_rules! select_link {
    ($rest:literal) => {
        concat!(
            "SELECT code, ident, url, channel, campaign, title, parent, created_at, expires_at, \
             disabled, taken_down, generation FROM links CROSS JOIN sites ON sites.id = links.site ",
            $rest
        )
    };
}

/// Adds a link, or finds the one that a `once` name stands for. A code that is taken breaks a
/// constraint.
pub(super) fn insert(db: &Connection, link: &Link, once: &[OnceName]) -> rusqlite::Result<Inserted> {
    let site = sites::row_number(db, &link.site)?;
    for name in once {
        if let Some(earlier) = by_once_name(db, site, name)? {
            return Ok(Inserted::Existing(earlier));
        }
    }
    let sql = "INSERT INTO links (code, site, url, channel, campaign, title, parent, created_at, \
               expires_at, disabled, taken_down, generation) VALUES (:code, :site, :url, :channel, :campaign, \
               :title, :parent, :created_at, :expires_at, :disabled, :taken_down, :generation)";
    db.prepare_cached(sql)?.execute(named_params! {
        ":code": link.code.as_str(),
        ":site": site,
        ":url": link.url.as_str(),
        ":channel": link.channel.as_str(),
        ":campaign": link.campaign.as_ref().map(Text::as_str),
        ":title": link.title.as_ref().map(Text::as_str),
        ":parent": link.parent.as_ref().map(Code::as_str),
        ":created_at": link.created_at.as_millisecond(),
        ":expires_at": link.expires_at.map(Timestamp::as_millisecond),
        ":disabled": link.disabled,
        ":taken_down": link.taken_down,
        ":generation": link.generation,
    })?;
    let row = db.last_insert_rowid();
    days::link_made(db, site, Day::of(link.created_at))?;
    // The two names of one call may be the same.
    let sql = "INSERT OR IGNORE INTO once_names (site, name, link) VALUES (?1, ?2, ?3)";
    for name in once {
        db.prepare_cached(sql)?.execute((site, name.0, row))?;
    }
    Ok(Inserted::Created)
}

/// The link with this code.
pub(super) fn by_code(db: &Connection, code: &Code) -> rusqlite::Result<Option<Link>> {
    db.prepare_cached(select_link!("WHERE code = ?1"))?.query_row([code.as_str()], link).optional()
}

fn by_once_name(db: &Connection, site: i64, name: &OnceName) -> rusqlite::Result<Option<Link>> {
    let sql = select_link!(
        "WHERE links.id = (SELECT link FROM once_names WHERE once_names.site = ?1 AND name = ?2)"
    );
    db.prepare_cached(sql)?.query_row((site, name.0), link).optional()
}

/// A site's links behind `after`, newest first. Walks the index by age; a filter passes over rows.
pub(super) fn list(
    db: &Connection,
    site: &SiteId,
    filter: &LinkFilter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Vec<Link>> {
    let sql = select_link!(
        "WHERE links.site = (SELECT id FROM sites WHERE ident = :site)
           AND (created_at, code) < (:before, :code)
           AND (:channel IS NULL OR channel = :channel)
           AND (:campaign IS NULL OR campaign = :campaign)
           AND (:url IS NULL OR url = :url)
         ORDER BY created_at DESC, code DESC LIMIT :limit"
    );
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(
        named_params! {
            ":site": site.as_str(),
            ":before": after.map_or(i64::MAX, |cursor| cursor.created_at.as_millisecond()),
            ":code": after.map_or("", |cursor| cursor.code.as_str()),
            ":channel": filter.channel.as_ref().map(ChannelName::as_str),
            ":campaign": filter.campaign.as_ref().map(Text::as_str),
            ":url": filter.url.as_ref().map(Destination::as_str),
            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        },
        link,
    )?;
    rows.collect()
}

/// Changes a link and returns what it became.
pub(super) fn change(db: &Connection, code: &Code, change: LinkChange) -> rusqlite::Result<Option<Link>> {
    let Some(mut link) = by_code(db, code)? else { return Ok(None) };
    let (url, campaign) = (link.url.clone(), link.campaign.clone());
    link.apply(change);
    if (&url, &campaign) != (&link.url, &link.campaign) {
        days::link_changed(db, sites::row_number(db, &link.site)?, Day::of(link.created_at))?;
    }
    let sql = "UPDATE links SET url = :url, campaign = :campaign, expires_at = :expires_at, \
               disabled = :disabled, taken_down = :taken_down WHERE code = :code";
    db.prepare_cached(sql)?.execute(named_params! {
        ":code": code.as_str(),
        ":url": link.url.as_str(),
        ":campaign": link.campaign.as_ref().map(Text::as_str),
        ":expires_at": link.expires_at.map(Timestamp::as_millisecond),
        ":disabled": link.disabled,
        ":taken_down": link.taken_down,
    })?;
    Ok(Some(link))
}

/// Forgets a link, what was counted for it and the names that stand for it.
pub(super) fn delete(db: &Connection, visitors: &mut Visitors, code: &Code) -> rusqlite::Result<bool> {
    let Some((row, site)) = counts::link_row(db, code)? else { return Ok(false) };
    counts::delete_of_link(db, site, row)?;
    let sql = "DELETE FROM links WHERE id = ?1 RETURNING created_at";
    let made = time(0, db.prepare_cached(sql)?.query_row([row], |row| row.get(0))?)?;
    days::link_changed(db, site, Day::of(made))?;
    visitors.let_link_go(code, row);
    Ok(true)
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        code: required(row, 0)?,
        site: required(row, 1)?,
        url: required(row, 2)?,
        channel: required(row, 3)?,
        campaign: text(row, 4)?,
        title: text(row, 5)?,
        parent: text(row, 6)?,
        generation: row.get(11)?,
        created_at: time(7, row.get(7)?)?,
        expires_at: row.get::<_, Option<i64>>(8)?.map(|millisecond| time(8, millisecond)).transpose()?,
        disabled: row.get(9)?,
        taken_down: row.get(10)?,
    })
}

/// A domain value that is written as a text, checked as its type checks what it reads.
pub(super) fn text<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
    match T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))),
    }
}

/// Like [`text`], where there is always one.
pub(super) fn required<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    text(row, column)?.ok_or_else(|| Error::InvalidColumnType(column, String::new(), Type::Null))
}

fn time(column: usize, millisecond: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(millisecond).map_err(|_| Error::IntegralValueOutOfRange(column, millisecond))
}
