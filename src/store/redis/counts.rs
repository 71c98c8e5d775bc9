//! Reading what was counted.

use std::collections::BTreeMap;

use redis::cmd;

use super::index::Walk;
use super::links::{CHUNK, stored_code};
use super::{RedisStore, failure, keys};
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::counts::{Counts, DayCounts, LinkCounts, SiteCounts, SiteRow, families_from_text};
use crate::domain::day::Day;
use crate::domain::destination::Destination;
use crate::domain::link::{Link, Text};
use crate::domain::site::SiteId;
use crate::store::StoreError;

impl RedisStore {
    /// What was counted for a link, by day.
    pub(super) async fn counts_of_link(
        &self,
        code: &Code,
        first: Day,
        last: Day,
    ) -> Result<LinkCounts, StoreError> {
        let fields: BTreeMap<String, String> =
            self.connection.query(cmd("HGETALL").arg(keys::counts(code))).await?;
        let days = fields.iter().filter_map(|(field, value)| Some((day_of(field)?, value)));
        let days = days.filter(|(day, _)| (first..=last).contains(day));
        let known = |day| fields.get(&keys::known_unfurls(day)).map_or("", String::as_str);
        let open = |(day, value): (Day, &String)| Ok((day, all_open(read(value, known(day))?)));
        let days = days.map(open).collect::<Result<_, StoreError>>()?;
        Ok(LinkCounts { days, ..LinkCounts::default() })
    }

    /// What was counted for a site's links, by page, channel, campaign and day.
    pub(super) async fn counts_of_site(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<SiteCounts, StoreError> {
        let mut table = Table::default();
        self.add_shares(&mut table, site, first, last).await?;
        for day in self.counted_days(site, Some((first, last))).await? {
            for codes in self.active_codes(site, day).await?.chunks(CHUNK) {
                let links = self.many_links(codes.iter()).await?;
                let fields = (day.number(), keys::known_unfurls(day));
                let fields = |code| cmd("HMGET").arg(keys::counts(code)).arg(&fields).take();
                let values: Vec<(Option<String>, Option<String>)> =
                    self.connection.query_all(codes.iter().map(fields).collect()).await?;
                for (link, (counts, known)) in links.into_iter().zip(values) {
                    if let (Some(link), Some(counts)) = (link.filter(|link| link.site == *site), counts) {
                        table.add(link, day, &read(&counts, &known.unwrap_or_default())?);
                    }
                }
            }
        }
        Ok(SiteCounts { rows: table.into_rows(), ..SiteCounts::default() })
    }

    /// A link counts as a share on the day on which it was made.
    async fn add_shares(
        &self,
        table: &mut Table,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<(), StoreError> {
        let mut walk = Walk::over_days(site, first, last);
        loop {
            let places = walk.next(self, CHUNK).await?;
            if places.is_empty() {
                return Ok(());
            }
            for link in self.links_at(site, &places).await? {
                let day = Day::of(link.created_at);
                table.add(link, day, &Counts { shares: 1, ..Counts::default() });
            }
        }
    }

    /// The days on which something was counted for a site, within a range or all.
    pub(super) async fn counted_days(
        &self,
        site: &SiteId,
        range: Option<(Day, Day)>,
    ) -> Result<Vec<Day>, StoreError> {
        let mut days = cmd("ZRANGEBYSCORE");
        days.arg(keys::counted_days(site));
        match range {
            Some((first, last)) => days.arg(first.number()).arg(last.number()),
            None => days.arg("-inf").arg("+inf"),
        };
        let days: Vec<String> = self.connection.query(&days).await?;
        days.iter().map(|day| day_of(day).ok_or_else(|| failure::corrupt("a day"))).collect()
    }

    /// The links of a site that had something counted on a day, and some that are gone.
    pub(super) async fn active_codes(&self, site: &SiteId, day: Day) -> Result<Vec<Code>, StoreError> {
        // A cursor (SSCAN) may return a code twice, which would count it twice.
        let codes: Vec<String> = self.connection.query(cmd("SMEMBERS").arg(keys::active(site, day))).await?;
        codes.iter().map(|code| stored_code(code)).collect()
    }
}

/// Days are not closed into cells here yet.
fn all_open(counts: Counts) -> DayCounts {
    DayCounts { cells: Counts::default(), open: counts }
}

/// The day that a field of a link's counts stands for; `None` for a journal's mark.
pub(super) fn day_of(field: &str) -> Option<Day> {
    Day::from_number(field.parse().ok()?)
}

/// Reads a day as `settle.lua` writes it: its numbers, and how many of its unfurls are `known` to be whose,
/// which an earlier version did not write.
fn read(numbers: &str, known: &str) -> Result<Counts, StoreError> {
    let numbers: Vec<f64> = numbers.split(' ').map_while(|number| number.parse().ok()).collect();
    let [clicks, unfurls, aggregate_clicks, base, set, ..] = numbers[..] else {
        return Err(failure::corrupt("a day of counts"));
    };
    let known_unfurls = families_from_text(known).ok_or_else(|| failure::corrupt("a family's unfurls"))?;
    Ok(Counts {
        shares: 0,
        unfurls: whole(unfurls),
        known_unfurls,
        clicks: whole(clicks),
        visitors: whole(base) + whole(set),
        aggregate_clicks: whole(aggregate_clicks),
    })
}

/// Counts are whole numbers below 2^53, and a sketch's estimate is rounded as it is in the domain.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count is below 2^53")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// Counts of links that share a page, a channel and a campaign, by day.
#[derive(Debug, Default)]
struct Table(BTreeMap<Key, Counts>);

type Key = (ChannelName, Destination, Option<Text>, Day);

impl Table {
    fn add(&mut self, link: Link, day: Day, counts: &Counts) {
        self.0.entry((link.channel, link.url, link.campaign, day)).or_default().add(counts);
    }

    fn into_rows(self) -> Vec<SiteRow> {
        let row = |((channel, page, campaign, day), counts)| SiteRow {
            channel,
            page: Some(page),
            campaign,
            day,
            counts: all_open(counts),
        };
        self.0.into_iter().map(row).collect()
    }
}
