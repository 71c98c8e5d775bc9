//! What waits for a cell of its channel, by the day that it is of: shown to nobody.

use rusqlite::Connection;

use super::counts::{LinkSite, sql_number};
use crate::domain::cell::Amount;
use crate::domain::day::Day;

/// Lets an amount of a day wait.
pub(super) fn add(
    db: &Connection,
    site: LinkSite,
    day: Day,
    channel: &str,
    amount: Amount,
) -> rusqlite::Result<()> {
    let Amount { clicks, visitors, aggregate_clicks } = amount;
    let sql = "INSERT INTO waiting (site, channel, day, clicks, visitors, aggregate_clicks)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
               clicks = clicks + excluded.clicks, visitors = visitors + excluded.visitors,
               aggregate_clicks = aggregate_clicks + excluded.aggregate_clicks";
    let (clicks, visitors) = (sql_number(clicks), sql_number(visitors));
    let waiting = (site, channel, day.number(), clicks, visitors, sql_number(aggregate_clicks));
    db.prepare_cached(sql)?.execute(waiting).map(drop)
}

/// Takes what waits no more of a day and those before it: all of each series that `taken` has.
pub(super) fn take(
    db: &Connection,
    site: LinkSite,
    day: Day,
    channel: &str,
    taken: Amount,
) -> rusqlite::Result<()> {
    let which = (site, channel, day.number());
    if taken.clicks > 0 || taken.visitors > 0 {
        let sql =
            "UPDATE waiting SET clicks = 0, visitors = 0 WHERE site = ?1 AND channel = ?2 AND day <= ?3";
        db.prepare_cached(sql)?.execute(which)?;
    }
    if taken.aggregate_clicks > 0 {
        let sql = "UPDATE waiting SET aggregate_clicks = 0 WHERE site = ?1 AND channel = ?2 AND day <= ?3";
        db.prepare_cached(sql)?.execute(which)?;
    }
    let sql = "DELETE FROM waiting WHERE site = ?1 AND channel = ?2 AND day <= ?3
               AND clicks = 0 AND visitors = 0 AND aggregate_clicks = 0";
    db.prepare_cached(sql)?.execute(which).map(drop)
}
