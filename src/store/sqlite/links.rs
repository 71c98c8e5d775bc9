//! Links and the `once` names that stand for them.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, named_params};
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::link::{Link, LinkChange, Moved, Text};
use crate::domain::link_key::Incarnation;
use crate::domain::site::SiteId;
use crate::store::sqlite::counts::number;
use crate::store::sqlite::visitors::Visitors;
use crate::store::sqlite::writer::Log;
use crate::store::sqlite::{SqliteStore, campaigns, codes, counts, days, sites};
use crate::store::{Cursor, Deletion, LinkFilter, LinkStore, Listed, StoreError};

#[async_trait]
impl LinkStore for SqliteStore {
    async fn link_in_any_case(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.file().lookups.read(move |db| in_any_case(db, &code)).await
    }

    async fn links(
        &self,
        site: &SiteId,
        filter: &LinkFilter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let (site, filter, after) = (site.clone(), filter.clone(), after.copied());
        self.file().reports.read(move |db| list(db, &site, &filter, after.as_ref(), limit)).await
    }

    async fn change_link(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError> {
        let code = code.clone();
        self.file().writer.write_in_time(move |db, _| self::change(db, &code, change, today)).await
    }

    async fn delete_link(&self, code: &Code) -> Result<Deletion, StoreError> {
        let code = code.clone();
        let file = self.file();
        let deleting = file.writer.erase_and_wait(move |db, visitors| delete(db, visitors, &code));
        Ok(match deleting.await? {
            (false, _) => Deletion::NotThere,
            (true, Log::Emptied) => Deletion::LetGo,
            (true, Log::Held) => Deletion::HeldByReader,
        })
    }
}

/// Milliseconds.
const HOUR: i64 = 3_600_000;

/// A link with its site's identifier, in the order in which [`link`] reads it.
macro_rules! select_link {
    ($rest:literal) => {
        concat!(
            "SELECT code, ident, url, channel, campaign, title, parent, created_at, expires_at, \
             disabled, taken_down, generation, incarnation, page, is_share, links.id, is_slug, moved_since, moved_page, \
             moved_campaign FROM links CROSS JOIN sites ON sites.id = links.site ",
            $rest
        )
    };
}

/// What a link is counted under on a day, as [`Link::kind_on`] says: channel, page and campaign.
macro_rules! kind_on {
    ($day:literal) => {
        concat!(
            "channel, CASE WHEN moved_since > ",
            $day,
            " THEN moved_page ELSE ifnull(page, url) END, CASE WHEN moved_since > ",
            $day,
            " THEN moved_campaign ELSE campaign END"
        )
    };
}
pub(super) use kind_on;
pub(super) use select_link;

/// The link with this code.
pub(super) fn by_code(db: &Connection, code: &Code) -> rusqlite::Result<Option<Link>> {
    Ok(in_any_case(db, code)?.filter(|link| link.code == *code))
}

/// The link whose code is this one or differs from it in case only.
pub(super) fn in_any_case(db: &Connection, code: &Code) -> rusqlite::Result<Option<Link>> {
    let sql = select_link!("WHERE code = ?1 COLLATE NOCASE");
    db.prepare_cached(sql)?.query_row([code.as_str()], link).optional()
}

/// A site's links behind `after`, newest first. Walks the index by age; a filter passes over rows.
pub(super) fn list(
    db: &Connection,
    site: &SiteId,
    filter: &LinkFilter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Vec<Listed>> {
    let sql = select_link!(
        "WHERE links.site = (SELECT id FROM sites WHERE ident = :site)
           AND (created_at, links.id) < (:before, :sequence)
           AND (:channel IS NULL OR channel = :channel)
           AND (:campaign IS NULL OR campaign = :campaign)
           AND (:page IS NULL OR ifnull(page, url) = :page)
         ORDER BY created_at DESC, links.id DESC LIMIT :limit"
    );
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(
        named_params! {
            ":site": site.as_str(),
            ":before": after.map_or(i64::MAX, |cursor| cursor.hour.saturating_mul(HOUR)),
            ":sequence": after.map_or(0, |cursor| i64::try_from(cursor.sequence).unwrap_or(i64::MAX)),
            ":channel": filter.channel.as_ref().map(ChannelName::as_str),
            ":campaign": filter.campaign.as_ref().map(Text::as_str),
            ":page": filter.page.as_ref().map(Destination::as_str),
            ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        },
        |row| {
            let sequence = number(row, 15)?;
            let link = link(row)?;
            let hour = link.created_at.as_millisecond().div_euclid(HOUR);
            Ok(Listed { link, place: Cursor { hour, sequence } })
        },
    )?;
    rows.collect()
}

/// Changes a link and returns what it became.
pub(super) fn change(
    db: &Connection,
    code: &Code,
    change: LinkChange,
    today: Day,
) -> rusqlite::Result<Option<Link>> {
    let Some(mut link) = by_code(db, code)? else { return Ok(None) };
    let (url, page, campaign) = (link.url.clone(), link.page.clone(), link.campaign.clone());
    link.apply(change, today);
    if (&url, &page, &campaign) != (&link.url, &link.page, &link.campaign) {
        days::link_changed(db, sites::row_number(db, &link.site)?, Day::of(link.created_at))?;
    }
    let moved = link.moved.as_deref();
    let sql = "UPDATE links SET url = :url, page = :page, campaign = :campaign, expires_at = :expires_at, \
               disabled = :disabled, taken_down = :taken_down, moved_since = :moved_since, \
               moved_page = :moved_page, moved_campaign = :moved_campaign WHERE code = :code";
    db.prepare_cached(sql)?.execute(named_params! {
        ":code": code.as_str(),
        ":url": link.url.as_str(),
        ":page": link.page.as_ref().map(Destination::as_str),
        ":campaign": link.campaign.as_ref().map(Text::as_str),
        ":expires_at": link.expires_at.map(Timestamp::as_millisecond),
        ":disabled": link.disabled,
        ":taken_down": link.taken_down,
        ":moved_since": moved.map(|moved| moved.since.number()),
        ":moved_page": moved.map(|moved| moved.page.as_str()),
        ":moved_campaign": moved.and_then(|moved| moved.campaign.as_ref()).map(Text::as_str),
    })?;
    if let Some(earlier) = campaign.filter(|earlier| Some(earlier) != link.campaign.as_ref()) {
        campaigns::let_campaign_go(db, sites::row_number(db, &link.site)?, &earlier)?;
    }
    Ok(Some(link))
}

/// Forgets a link, what was counted for it and the names that stand for it.
pub(super) fn delete(db: &Connection, visitors: &mut Visitors, code: &Code) -> rusqlite::Result<bool> {
    let Some(link) = by_code(db, code)? else { return Ok(false) };
    let key = link.key();
    let Some((row, site)) = counts::link_row(db, &key)? else { return Ok(false) };
    counts::delete_of_link(db, site, row)?;
    let sql = "UPDATE links SET parent = NULL WHERE parent = ?1 AND site = ?2";
    db.prepare_cached(sql)?.execute((code.as_str(), site))?;
    let sql = "DELETE FROM links WHERE id = ?1 RETURNING created_at";
    let made = time(0, db.prepare_cached(sql)?.query_row([row], |row| row.get(0))?)?;
    days::link_changed(db, site, Day::of(made))?;
    codes::keep(db, code, &link.site)?;
    if let Some(campaign) = &link.campaign {
        campaigns::let_campaign_go(db, site, campaign)?;
    }
    visitors.let_link_go(&key, row);
    Ok(true)
}

/// Strips at most `most` links of shares that were made before `day`; returns whether there may be more.
pub(super) fn strip_shares_before(db: &Connection, day: Day, most: usize) -> rusqlite::Result<bool> {
    let sql = "
        UPDATE links SET campaign = NULL, title = NULL, parent = NULL, generation = 0, created_at = 0,
            moved_since = NULL, moved_page = NULL, moved_campaign = NULL
        WHERE id IN (
            SELECT links.id FROM sites CROSS JOIN links
            ON links.site = sites.id AND created_at > 0 AND created_at < ?1 WHERE is_share LIMIT ?2
        ) RETURNING id";
    let mut statement = db.prepare_cached(sql)?;
    let most_rows = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map((day.start().as_millisecond(), most_rows), |row| row.get(0))?;
    let stripped: Vec<i64> = rows.collect::<Result<_, _>>()?;
    for row in &stripped {
        db.prepare_cached("DELETE FROM once_names WHERE link = ?1")?.execute([row])?;
    }
    let may_be_more = stripped.len() == most;
    if !may_be_more {
        // Once, at the end: this reads links until it finds one of each campaign. Stripped ones, of the time 0, have none.
        let sql = "DELETE FROM campaigns WHERE NOT EXISTS (SELECT 1 FROM links
                   WHERE links.site = campaigns.site AND created_at > 0 AND campaign = campaigns.name)";
        db.prepare_cached(sql)?.execute([])?;
    }
    Ok(may_be_more)
}

pub(super) fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        code: required(row, 0)?,
        is_slug: row.get(16)?,
        incarnation: Incarnation::from_bits(row.get::<_, i64>(12)?.cast_unsigned()),
        site: required(row, 1)?,
        url: required(row, 2)?,
        page: text(row, 13)?,
        channel: required(row, 3)?,
        campaign: text(row, 4)?,
        moved: moved(row, 17)?.map(Box::new),
        title: text(row, 5)?,
        parent: text(row, 6)?,
        generation: row.get(11)?,
        created_at: time(7, row.get(7)?)?,
        expires_at: row.get::<_, Option<i64>>(8)?.map(|millisecond| time(8, millisecond)).transpose()?,
        disabled: row.get(9)?,
        taken_down: row.get(10)?,
        is_share: row.get(14)?,
    })
}

fn moved(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Moved>> {
    if row.get::<_, Option<i32>>(first)?.is_none() {
        return Ok(None);
    }
    let since = counts::read_day(row, first)?;
    Ok(Some(Moved { since, page: required(row, first + 1)?, campaign: text(row, first + 2)? }))
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
