//! Reading what was counted.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;

use super::cells::{Cell, Kind, MARK, OF_LINK, Sheet, TAKEN, Taken, beyond, from_json, link_field};
use super::index::Walk;
use super::links::{CHUNK, stored_code};
use super::marks::Mark;
use super::open::OpenLink;
use super::{RedisStore, failure, keys};
use crate::domain::code::Code;
use crate::domain::counts::{Counts, DayCounts, LinkCounts, SiteCounts, SiteRow, families_from_text};
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// How many days are read at once.
const DAYS: usize = 16;

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
        let Some(link) = self.one_link(code).await? else { return Ok(counts) };
        let fields: BTreeMap<String, String> =
            self.connection.query(cmd("HGETALL").arg(keys::counts(code))).await?;
        let field = |name: String| fields.get(&name).map(String::as_str);
        for (day, value) in fields.iter().filter_map(|(field, value)| Some((day_of(field)?, value))) {
            if (first..=last).contains(&day) {
                let open = read(value, field(keys::known_unfurls(day)).unwrap_or_default())?;
                counts.days.entry(day).or_default().open = open;
            }
        }
        let days: Vec<Day> =
            self.marks(&link.site).await?.days.range(first..=last).map(|(day, _)| *day).collect();
        let names = [MARK.to_owned(), link_field(OF_LINK, code), link_field(TAKEN, code)];
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
                counts.open = still_open(&link, &counts.open, field(keys::turn(day)), mark, Some(&taken))?;
            }
        }
        counts.days.retain(|_, counts| *counts != DayCounts::default());
        Ok(counts)
    }

    /// What was counted for a site's links, by page, channel, campaign and day.
    pub(super) async fn counts_of_site(
        &self,
        site: &SiteId,
        first: Day,
        last: Day,
    ) -> Result<SiteCounts, StoreError> {
        let mut closed = self.closed_days().await?;
        let mut table = Table::default();
        self.add_shares(&mut table, site, first, last).await?;
        let counted = self.counted_days(site, Some((first, last))).await?;
        let marked = self.marks(site).await?.days;
        let marked = marked.range(first..=last).map(|(day, _)| *day);
        let days: BTreeSet<Day> = counted.into_iter().chain(marked).collect();
        for some in days.into_iter().collect::<Vec<_>>().chunks(DAYS) {
            for DayOfSite { day, sheet, open } in self.days_of_site(site, some).await? {
                if let Some(mark) = sheet.mark {
                    closed.days.insert(day, mark.closed());
                }
                for (link, counts) in &open {
                    table.of(Kind::of(link), day).open.add(counts);
                }
                for (kind, numbers) in sheet.rests {
                    table.of(kind, day).open.add(&numbers.counts()?);
                }
                let own = sheet.links.into_iter().flat_map(|(_, cells)| cells);
                let own = own.map(|Cell { kind, counts }| (kind, counts));
                for (kind, numbers) in own.chain(sheet.kinds) {
                    table.of(kind, day).cells.add(&numbers.counts()?);
                }
            }
        }
        Ok(SiteCounts { rows: table.into_rows(), closed })
    }

    /// Whole days of a site: what its links have, and then what the site has of them and of each day, each day at one
    /// moment. So whatever is taken over in between is left out of the first and in the second.
    pub(super) async fn days_of_site(
        &self,
        site: &SiteId,
        days: &[Day],
    ) -> Result<Vec<DayOfSite>, StoreError> {
        let active = |day: &Day| cmd("SMEMBERS").arg(keys::active(site, *day)).take();
        let active: Vec<Vec<String>> = self.connection.query_all(days.iter().map(active).collect()).await?;
        let mut open = Vec::new();
        for (day, codes) in days.iter().zip(active) {
            let codes: Vec<Code> = codes.iter().map(|code| stored_code(code)).collect::<Result<_, _>>()?;
            open.push(self.open_links(site, &codes, *day).await?);
        }
        let sheet = |day: &Day| cmd("HGETALL").arg(keys::sheet(site, *day)).take();
        let sheets: Vec<Vec<(String, String)>> =
            self.connection.query_all(days.iter().map(sheet).collect()).await?;
        let mut all = Vec::new();
        for ((day, open), sheet) in days.iter().zip(open).zip(sheets) {
            let sheet = Sheet::read(&sheet)?;
            let mark = sheet.mark.unwrap_or(Mark::NEW);
            let mut left = Vec::new();
            for OpenLink { link, counts, mark: turn } in open {
                let taken = sheet.taken.get(&link.code);
                let counts = still_open(&link, &counts, turn.as_deref(), mark, taken)?;
                left.push((link, counts));
            }
            all.push(DayOfSite { day: *day, sheet, open: left });
        }
        Ok(all)
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
                table.of(Kind::of(&link), day).open.add(&Counts { shares: 1, ..Counts::default() });
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

/// One day of a site.
pub(super) struct DayOfSite {
    pub(super) day: Day,
    pub(super) sheet: Sheet,
    /// What its links have that nobody has taken over.
    pub(super) open: Vec<(Link, Counts)>,
}

/// What of a link's counts nobody has taken over.
fn still_open(
    link: &Link,
    counts: &Counts,
    turn: Option<&str>,
    mark: Mark,
    taken: Option<&Taken>,
) -> Result<Counts, StoreError> {
    match taken.filter(|taken| taken.is_of(link) && mark.is_within(turn)) {
        Some(taken) => Ok(beyond(counts, &taken.counts.counts()?)),
        None => Ok(counts.clone()),
    }
}

/// The day that a field of a link's counts stands for; `None` for a journal's mark.
pub(super) fn day_of(field: &str) -> Option<Day> {
    Day::from_number(field.parse().ok()?)
}

/// Reads a day as `settle.lua` writes it: its numbers, and how many of its unfurls are `known` to be whose,
/// which an earlier version did not write. What is below nothing is nothing yet.
pub(super) fn read(numbers: &str, known: &str) -> Result<Counts, StoreError> {
    let numbers: Vec<f64> = numbers.split(' ').map_while(|number| number.parse().ok()).collect();
    let [clicks, unfurls, aggregate_clicks, base, set, ..] = numbers[..] else {
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
        visitors: whole(base + set.round()),
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
struct Table(BTreeMap<(Kind, Day), DayCounts>);

impl Table {
    fn of(&mut self, kind: Kind, day: Day) -> &mut DayCounts {
        self.0.entry((kind, day)).or_default()
    }

    fn into_rows(self) -> Vec<SiteRow> {
        let row = |((kind, day), counts)| {
            let Kind { channel, page, campaign } = kind;
            SiteRow { channel, page, campaign, day, counts }
        };
        self.0.into_iter().map(row).collect()
    }
}
