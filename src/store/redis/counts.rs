//! Reading what was counted.

use std::collections::BTreeMap;

use redis::{ToRedisArgs, cmd};

use super::cells::{Cell, MARK, Numbers, OF_LINK, Sheet, TAKEN, beyond, from_json, link_field};
use super::links::stored_code;
use super::marks::Mark;
use super::open::OpenLink;
use super::{RedisStore, failure, keys};
use crate::domain::code::Code;
use crate::domain::counts::{Counts, DayCounts, LinkCounts, families_from_text};
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

impl RedisStore {
    /// What was counted for a link, by day: what it has itself, and then what its site's days have of it. So whatever is
    /// taken over in between is left out of the first and in the second.
    pub(super) async fn counts_of_link(
        &self,
        code: &Code,
        first: Day,
        last: Day,
    ) -> Result<LinkCounts, StoreError> {
        let mut counts = LinkCounts { closed: self.closed_days().await?, ..LinkCounts::default() };
        let Some(link) = self.one_link(code).await?.filter(|link| link.code == *code) else {
            return Ok(counts);
        };
        let fields: BTreeMap<String, String> =
            self.connection.query(cmd("HGETALL").arg(keys::counts(code))).await?;
        let field = |name: String| fields.get(&name).map(String::as_str);
        for (day, value) in fields.iter().filter_map(|(field, value)| Some((day_of(field)?, value))) {
            if (first..=last).contains(&day) {
                let open = read(value, field(keys::known_unfurls(day)).unwrap_or_default())?;
                counts.days.entry(day).or_default().open = open;
            }
        }
        let days: Vec<Day> = self.marks_within(&link.site, first, last).await?.days.into_keys().collect();
        let names = [MARK.to_owned(), link_field(OF_LINK, &link.key()), link_field(TAKEN, &link.key())];
        let of_link = |day: &Day| cmd("HMGET").arg(keys::sheet(&link.site, *day)).arg(&names).take();
        let values: Vec<[Option<String>; 3]> =
            self.connection.query_all(days.iter().map(of_link).collect()).await?;
        for (day, [mark, own, taken]) in days.into_iter().zip(values) {
            let Some(mark) = mark.as_deref().map(Mark::read).transpose()? else { continue };
            counts.closed.days.insert(day, mark.closed());
            if let Some(own) = own {
                let sum = &mut counts.days.entry(day).or_default().cells;
                for cell in from_json::<Vec<Cell>>(&own)? {
                    sum.add(&cell.counts.counts()?);
                }
            }
            if let (Some(taken), Some(counts)) = (taken, counts.days.get_mut(&day)) {
                let taken = from_json(&taken)?;
                counts.open = still_open(&counts.open, field(keys::turn(day)), mark, Some(&taken))?;
            }
        }
        counts.days.retain(|_, counts| *counts != DayCounts::default());
        Ok(counts)
    }

    /// A day of a site: what its links have, and then what the site has of them and of the day. So whatever is taken over in
    /// between is left out of the first and in the second.
    pub(super) async fn day_of_site(&self, site: &SiteId, day: Day) -> Result<DayOfSite, StoreError> {
        let codes = self.active_codes(site, day).await?;
        let open = self.open_links(site, &codes, day).await?;
        let sheet: Vec<(String, String)> =
            self.connection.query(cmd("HGETALL").arg(keys::sheet(site, day))).await?;
        let sheet = Sheet::read(&sheet)?;
        let mark = sheet.mark.unwrap_or(Mark::NEW);
        let mut left = Vec::new();
        for OpenLink { link, counts, mark: turn } in open.links {
            let counts = still_open(&counts, turn.as_deref(), mark, sheet.taken.get(&link.key()))?;
            left.push((link, counts));
        }
        Ok(DayOfSite { sheet, open: left })
    }

    /// The days on which something was counted for a site.
    pub(super) async fn counted_days(&self, site: &SiteId) -> Result<Vec<Day>, StoreError> {
        self.counted_days_within(site, "-inf", "+inf").await
    }

    /// The same between two days, which are numbers or infinite.
    pub(super) async fn counted_days_within(
        &self,
        site: &SiteId,
        first: impl ToRedisArgs,
        last: impl ToRedisArgs,
    ) -> Result<Vec<Day>, StoreError> {
        let range = cmd("ZRANGE").arg(keys::counted_days(site)).arg(first).arg(last).arg("BYSCORE").take();
        let days: Vec<String> = self.connection.query(&range).await?;
        days.iter().map(|day| day_of(day).ok_or_else(|| failure::corrupt("a day"))).collect()
    }

    /// The links of a site that had something counted on a day, and some that are gone.
    pub(super) async fn active_codes(&self, site: &SiteId, day: Day) -> Result<Vec<Code>, StoreError> {
        // A cursor (SSCAN) may return a code twice, which would count it twice.
        let codes: Vec<String> = self.connection.query(cmd("SMEMBERS").arg(keys::active(site, day))).await?;
        codes.iter().map(|code| stored_code(code)).collect()
    }
}

/// One day of a site.
pub(super) struct DayOfSite {
    pub(super) sheet: Sheet,
    /// What its links have that nobody has taken over.
    pub(super) open: Vec<(Link, Counts)>,
}

/// What of a link's counts nobody has taken over.
fn still_open(
    counts: &Counts,
    turn: Option<&str>,
    mark: Mark,
    taken: Option<&Numbers>,
) -> Result<Counts, StoreError> {
    match taken.filter(|_| mark.is_within(turn)) {
        Some(taken) => Ok(beyond(counts, &taken.counts()?)),
        None => Ok(counts.clone()),
    }
}

/// The day that a field stands for, where it is one.
pub(super) fn day_of(field: &str) -> Option<Day> {
    Day::from_number(field.parse().ok()?)
}

/// Reads a day as `settle.lua` writes it: its numbers, and how many of its unfurls are `known` to be whose,
/// which an earlier version did not write. What is below nothing is nothing yet.
pub(super) fn read(numbers: &str, known: &str) -> Result<Counts, StoreError> {
    let numbers: Vec<f64> = numbers.split(' ').map_while(|number| number.parse().ok()).collect();
    let [clicks, unfurls, aggregate_clicks, base, gone, set, ..] = numbers[..] else {
        return Err(failure::corrupt("a day of counts"));
    };
    let known: Vec<&str> = known.split(' ').filter(|family| !family.contains("=-")).collect();
    let known_unfurls =
        families_from_text(&known.join(" ")).ok_or_else(|| failure::corrupt("a family's unfurls"))?;
    Ok(Counts {
        shares: 0,
        unfurls: whole(unfurls),
        known_unfurls,
        clicks: whole(clicks),
        visitors: whole(base + gone.max(set.round())),
        aggregate_clicks: whole(aggregate_clicks),
    })
}

/// Counts are whole numbers below 2^53, and a sketch's estimate is rounded as it is in the domain.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count is below 2^53")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
