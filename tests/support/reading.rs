//! Reports of a ledger: everything that pages, exports and the API can be asked for.

use std::sync::Arc;

use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::link::Link;
use entrenous::domain::publication::{Number, Publication};
use entrenous::domain::report::{
    Block, Filter, Grouping, Names, Numbers, Period, Question, Report, ReportDay, SeriesDay, of_link, report,
};
use proptest::prelude::*;

use crate::ledger::Ledger;

const TABLES: [Grouping; 4] = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link];

/// A published number of visits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) clicks: Number,
    pub(crate) visitors: Number,
    pub(crate) unasked: Number,
}

impl From<&Numbers> for Seen {
    fn from(numbers: &Numbers) -> Self {
        Self { clicks: numbers.clicks, visitors: numbers.visitors, unasked: numbers.aggregate_clicks }
    }
}

/// A ledger as it is kept in memory to make reports of.
pub(crate) struct Book {
    names: Names,
    days: Vec<ReportDay>,
    rule: Publication,
}

pub(crate) fn code(link: usize) -> Code {
    Code::parse(&format!("l{link}")).unwrap()
}

/// Every filter that can be put together.
pub(crate) fn questions(ledger: &Ledger) -> Vec<Filter> {
    let mut all = Vec::new();
    let kinds = || ledger.links.values();
    let mut channels: Vec<_> = kinds().map(|kind| Some(kind.0.clone())).chain([None]).collect();
    let mut pages: Vec<_> = kinds().map(|kind| Some(kind.1.as_str().into())).chain([None]).collect();
    let named = |kind: &crate::ledger::Kind| Some(kind.2.as_ref().map(|name| name.as_str().into()));
    let mut campaigns: Vec<_> = kinds().map(named).chain([None]).collect();
    channels.sort();
    channels.dedup();
    pages.sort();
    pages.dedup();
    campaigns.sort();
    campaigns.dedup();
    for channel in &channels {
        for page in &pages {
            for campaign in &campaigns {
                let (channel, page, campaign) = (channel.clone(), page.clone(), campaign.clone());
                all.push(Filter { channel, page, campaign, link: None });
            }
        }
    }
    let links = ledger.links.keys().map(|link| Some(code(*link)));
    all.extend(links.map(|link| Filter { link, ..Filter::default() }));
    all
}

impl Book {
    pub(crate) fn new(ledger: &Ledger, days: &[Day], rule: Publication) -> Self {
        let mut names = Names::default();
        let day = |day: &Day| {
            let open = rule.is_open(*day, &ledger.closed);
            let block = Block::new(&ledger.day_rows(*day, code), open, rule, &mut names);
            ReportDay { day: *day, open, block: Some(Arc::new(block)) }
        };
        let days = days.iter().map(day).collect();
        Self { names, days, rule }
    }

    fn days(&self, period: Period) -> &[ReportDay] {
        let place = |day| self.days.partition_point(|of| of.day < day);
        &self.days[place(period.first)..place(period.last.plus(1))]
    }

    pub(crate) fn report(&self, period: Period, filter: &Filter, most: usize) -> Report {
        let tables = TABLES.map(|by| (by, most)).to_vec();
        let question = Question { period, filter: filter.clone(), tables, compared: false };
        report(&self.names, &question, self.days(period), None, self.rule)
    }

    pub(crate) fn of_link(&self, ledger: &Ledger, link: usize, period: Period) -> Report {
        let (channel, url, campaign) = ledger.links[&link].clone();
        let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
        let json = serde_json::json!({ "code": code(link), "incarnation": "0000000000000001", "site": "s", "url": url, "channel": channel,
            "campaign": campaign, "created_at": 0 });
        let link_itself = Link { created_at: long_ago, ..serde_json::from_value(json).unwrap() };
        of_link(&link_itself, &ledger.link_counts(link), period, false, self.rule)
    }

    /// Every number of visits that is published for a period and a filter.
    pub(crate) fn numbers(&self, period: Period, filter: &Filter) -> Vec<Seen> {
        let mut all: Vec<Seen> = Vec::new();
        let unfiltered = *filter == Filter::default();
        for most in if unfiltered { &[1, usize::MAX][..] } else { &[usize::MAX] } {
            let Report { totals, tables, series, .. } = self.report(period, filter, *most);
            let closed = Seen {
                clicks: totals.funnel.clicks,
                visitors: totals.funnel.visitors,
                unasked: Number::Fewer,
            };
            all.extend([Seen::from(&totals), closed]);
            if period.length() == 1 {
                all.extend(series.iter().map(|day| Seen {
                    clicks: day.clicks,
                    visitors: day.visitors,
                    unasked: day.aggregate_clicks,
                }));
            }
            for table in &tables {
                all.extend(table.groups.iter().map(|group| Seen::from(&group.numbers)));
                all.extend(table.rest.iter().map(|rest| Seen::from(&rest.numbers)));
                all.extend(table.elsewhere.iter().map(Seen::from));
            }
        }
        all
    }

    /// A period is the sum of its days; closed days' tables add up to the whole, however many groups
    /// are shown.
    pub(crate) fn check_sums(&self, period: Period, filter: &Filter) -> Result<(), TestCaseError> {
        let whole = self.report(period, filter, usize::MAX);
        let sum =
            |numbers: &mut dyn Iterator<Item = Number>| -> u64 { numbers.filter_map(Number::value).sum() };
        for (total, of_day) in [
            (whole.totals.clicks, &(|day: &SeriesDay| day.clicks) as &dyn Fn(&SeriesDay) -> Number),
            (whole.totals.visitors, &|day: &SeriesDay| day.visitors),
            (whole.totals.aggregate_clicks, &|day: &SeriesDay| day.aggregate_clicks),
            (whole.totals.shares, &|day: &SeriesDay| day.shares),
        ] {
            prop_assert_eq!(total.value().unwrap_or(0), sum(&mut whole.series.iter().map(of_day)));
        }
        let one = self.report(period, filter, 1);
        let all_closed = whole.series.iter().all(|day| !day.open);
        for (all, first) in whole.tables.iter().zip(&one.tables) {
            prop_assert_eq!(all.groups.first(), first.groups.first());
            prop_assert_eq!(
                all.groups.len(),
                first.groups.len() + first.rest.as_ref().map_or(0, |rest| rest.groups)
            );
            prop_assert!(all.rest.is_none());
            let clicks = |numbers: &Numbers| numbers.clicks.value().unwrap_or(0);
            for table in [all, first].iter().filter(|_| all_closed) {
                let groups: u64 = table.groups.iter().map(|group| clicks(&group.numbers)).sum();
                let rest = table.rest.as_ref().map_or(0, |rest| clicks(&rest.numbers));
                let elsewhere = table.elsewhere.as_ref().map_or(0, clicks);
                prop_assert_eq!(groups + rest + elsewhere, clicks(&whole.totals), "{:?}", table.by);
            }
            // A group is what its own page shows.
            for group in &all.groups {
                let mut own = filter.clone();
                let key = group.key.as_deref();
                match all.by {
                    Grouping::Channel => own.channel = key.and_then(|key| ChannelName::parse(key).ok()),
                    Grouping::Page => own.page = key.map(Into::into),
                    Grouping::Campaign => own.campaign = Some(key.map(Into::into)),
                    _ => own.link = key.and_then(|key| Code::parse(key).ok()),
                }
                prop_assert_eq!(
                    &self.report(period, &own, 0).totals,
                    &group.numbers,
                    "{:?} {:?}",
                    all.by,
                    key
                );
            }
        }
        Ok(())
    }

    /// A link's own report is that of its site with the link as a filter.
    pub(crate) fn check_link(
        &self,
        ledger: &Ledger,
        link: usize,
        period: Period,
    ) -> Result<(), TestCaseError> {
        let own = self.of_link(ledger, link, period);
        let filter = Filter { link: Some(code(link)), ..Filter::default() };
        let filtered = self.report(period, &filter, 0);
        prop_assert_eq!(own.totals, filtered.totals);
        prop_assert_eq!(own.series, filtered.series);
        Ok(())
    }
}
