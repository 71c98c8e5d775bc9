//! Reading what the lineage of links is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::session::hour;
use crate::domain::site::SiteId;
use crate::stats::lineage::Shares;
use crate::store::sqlite::links::{required, text};

/// The links that were made, by channel, generation and channel of the parent.
pub(super) fn of_site(
    db: &Connection,
    site: &SiteId,
    first: Day,
    last: Day,
    shares_before: Timestamp,
) -> rusqlite::Result<Vec<Shares>> {
    // Added up here, as `counts::of_site` does.
    let sql = "
        SELECT links.channel, links.generation, elder.channel
        FROM links LEFT JOIN links AS elder ON elder.code = links.parent AND elder.site = links.site
            AND elder.created_at <= links.created_at
        WHERE links.site = (SELECT id FROM sites WHERE ident = ?1)
          AND links.created_at >= ?2 AND links.created_at < ?3";
    let mut statement = db.prepare_cached(sql)?;
    let start = |day: Day| day.start().as_millisecond();
    let end = start(last.plus(1)).min(hour(shares_before).as_millisecond());
    let mut rows = statement.query((site.as_str(), start(first), end))?;
    let mut sums: BTreeMap<(ChannelName, u32, Option<ChannelName>), u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        *sums.entry((required(row, 0)?, row.get(1)?, text(row, 2)?)).or_default() += 1;
    }
    let row = |((channel, generation, parent_channel), shares)| Shares {
        channel,
        generation,
        parent_channel,
        shares,
    };
    Ok(sums.into_iter().map(row).collect())
}
