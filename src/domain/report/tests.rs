//! Reports of small sites, looked at number by number.

use std::sync::Arc;

use super::*;
use crate::domain::cell::Amount;
use crate::domain::counts::{ClosedDays, Counts, DayCounts, DayRow, DayRows};
use crate::domain::link::Text;
use crate::domain::publication::Audience;

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn rule(min_count: u64, audience: Audience) -> Publication {
    Publication { min_count, today: day("2026-11-21"), audience }
}

/// A site whose days before today are closed.
#[derive(Default)]
struct SmallSite {
    names: Names,
    days: BTreeMap<Day, DayRows>,
}

impl SmallSite {
    /// Adds a row: of a link or of none, of a page or of none, of a campaign or of none. What is counted before today is in
    /// cells.
    fn add(
        &mut self,
        on: &str,
        link: Option<&str>,
        kind: (&str, Option<&str>, Option<&str>),
        counts: Counts,
    ) {
        let (channel, page, campaign) = kind;
        let page = page.map(|page| format!("\"https://example.com/{page}\""));
        let rows = self.days.entry(day(on)).or_default();
        rows.kinds.push(Kind {
            channel: ChannelName::parse(channel).expect("a channel"),
            page: page.map(|page| serde_json::from_str(&page).expect("a page")),
            campaign: campaign.and_then(|name| Text::parse(name, 100).expect("a campaign")),
        });
        let counts = if day(on) < day("2026-11-21") {
            DayCounts { cells: counts, open: Counts::default() }
        } else {
            DayCounts { cells: Counts::default(), open: counts }
        };
        let link = link.map(|code| Code::parse(code).expect("a code"));
        rows.rows.push(DayRow { kind: rows.kinds.len() - 1, link, counts });
    }

    fn ask(&mut self, first: &str, last: &str, filter: &Filter, most: usize, rule: Publication) -> Report {
        let period = Period { first: day(first), last: day(last) };
        let tables = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link];
        let tables = tables.map(|by| (by, most)).to_vec();
        let question = Question { period, filter: filter.clone(), tables, compared: true };
        let (before, days) = (self.days_of(period.before(), rule), self.days_of(period, rule));
        report(&self.names, &question, &days, Some(&before), rule)
    }

    fn days_of(&mut self, period: Period, rule: Publication) -> Vec<ReportDay> {
        let closed = ClosedDays { before: Some(rule.today), ..ClosedDays::default() };
        let day = |day: Day| {
            let open = rule.is_open(day, &closed);
            let block = self.days.get(&day);
            let block = block.map(|rows| Arc::new(Block::new(rows, open, rule, &mut self.names)));
            ReportDay { day, open, block }
        };
        period.days().map(day).collect()
    }
}

fn visits(shares: u64, clicks: u64, visitors: u64) -> Counts {
    let counts = Counts::from(Amount { clicks, visitors, aggregate_clicks: 0 });
    Counts { shares, ..counts }
}

/// Keys, shares and clicks of a table.
fn shown(report: &Report, by: Grouping) -> Vec<(Option<&str>, u64, Option<u64>)> {
    let groups = &report.table(by).expect("a table").groups;
    let numbers = |group: &Group| (group.numbers.shares.value().unwrap_or(0), group.numbers.clicks.value());
    groups.iter().map(|group| (group.key.as_deref(), numbers(group).0, numbers(group).1)).collect()
}

fn magazine() -> SmallSite {
    let mut site = SmallSite::default();
    let (a, b) = (Some("a"), Some("b"));
    site.add("2026-11-18", Some("one"), ("sms", a, None), visits(1, 9, 7));
    site.add("2026-11-20", Some("one"), ("sms", a, None), visits(0, 14, 7));
    site.add("2026-11-20", Some("two"), ("sms", a, Some("spring")), visits(1, 0, 0));
    site.add("2026-11-20", None, ("sms", a, Some("spring")), visits(0, 6, 5));
    site.add("2026-11-20", Some("three"), ("email", b, None), visits(1, 0, 0));
    site.add("2026-11-20", None, ("email", None, None), visits(0, 8, 8));
    site.add("2026-11-21", Some("one"), ("sms", a, None), visits(0, 4, 3));
    site.add("2026-11-21", Some("two"), ("sms", a, Some("spring")), visits(0, 4, 4));
    site.add("2026-11-21", Some("four"), ("copy", a, None), visits(0, 4, 4));
    site
}

#[test]
fn what_days_come_to_does_not_depend_on_the_threads_that_add_them_up() {
    let mut site = magazine();
    let period = Period { first: day("2026-11-17"), last: day("2026-11-21") };
    let by_kind = [Grouping::Channel, Grouping::Page, Grouping::Campaign];
    for rule in [rule(5, Audience::SignedIn), rule(1, Audience::SignedIn), rule(5, Audience::Public)] {
        let days = site.days_of(period, rule);
        for filter in [Filter::default(), Filter { campaign: Some(None), ..Filter::default() }] {
            let mask = Mask::new(&filter, &site.names);
            let lens = Lens::new(&site.names, &mask, rule, &days);
            let come_to = |parts: usize| {
                let mut tally = Tally::new(lens, &by_kind, true);
                tally.add_in_parts(&days, lens, parts);
                let mut tables: Vec<_> =
                    tally.tables.iter().map(|sums| sums.table(2, &days, None, lens)).collect();
                tables.push(tally.links.as_ref().expect("links").table(2, &days, None, lens));
                (tally.totals(), tally.series, tables)
            };
            let whole = come_to(1);
            assert!(!whole.2[3].groups.is_empty());
            for parts in 2..=6 {
                assert_eq!(come_to(parts), whole, "{parts} parts, {filter:?}, {rule:?}");
            }
        }
    }
}

#[test]
fn groups_of_an_open_day_are_added_up_before_the_threshold_is_asked() {
    let mut site = magazine();
    let today = site.ask("2026-11-21", "2026-11-21", &Filter::default(), 9, rule(5, Audience::SignedIn));
    assert_eq!(today.totals.clicks, Number::AtLeast(10));
    assert_eq!(shown(&today, Grouping::Channel), [(Some("sms"), 0, Some(5))]);
    assert_eq!(shown(&today, Grouping::Link), [], "that it is listed would tell that somebody came");
    let exact = site.ask("2026-11-21", "2026-11-21", &Filter::default(), 9, rule(1, Audience::SignedIn));
    assert_eq!(exact.totals.clicks, Number::Exact(12));
    let expected = [(Some("four"), 0, Some(4)), (Some("one"), 0, Some(4)), (Some("two"), 0, Some(4))];
    assert_eq!(shown(&exact, Grouping::Link), expected);
}

#[test]
fn what_moved_up_is_of_no_link_no_page_and_no_campaign_but_of_its_channel() {
    let mut site = magazine();
    let five = rule(5, Audience::SignedIn);
    let report = site.ask("2026-11-20", "2026-11-20", &Filter::default(), 9, five);
    assert_eq!((report.totals.shares, report.totals.clicks), (Number::Exact(2), Number::Exact(28)));
    let expected = [(Some("sms"), 1, Some(20)), (Some("email"), 1, Some(8))];
    assert_eq!(shown(&report, Grouping::Channel), expected);
    let (a, b) = (Some("https://example.com/a"), Some("https://example.com/b"));
    assert_eq!(shown(&report, Grouping::Page), [(a, 1, Some(20)), (b, 1, None)]);
    assert_eq!(shown(&report, Grouping::Campaign), [(None, 1, Some(14)), (Some("spring"), 1, Some(6))]);
    let expected = [(Some("one"), 0, Some(14)), (Some("three"), 1, None), (Some("two"), 1, None)];
    assert_eq!(shown(&report, Grouping::Link), expected);
    let elsewhere = |by| {
        let elsewhere = &report.table(by).expect("a table").elsewhere;
        elsewhere.as_ref().map(|numbers| numbers.clicks)
    };
    let all = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link].map(elsewhere);
    assert_eq!(all, [None, Some(Number::Exact(8)), Some(Number::Exact(8)), Some(Number::Exact(14))]);
}

#[test]
fn filters_take_what_meets_all_of_them() {
    let mut site = magazine();
    let mut clicks = |filter: &Filter| {
        let report = site.ask("2026-11-20", "2026-11-20", filter, 9, rule(5, Audience::SignedIn));
        (report.totals.shares.value(), report.totals.clicks.value())
    };
    let sms = ChannelName::parse("sms").ok();
    let (page, spring) = (Some("https://example.com/a".into()), Some(Some("spring".into())));
    assert_eq!(clicks(&Filter { channel: sms.clone(), ..Filter::default() }), (Some(1), Some(20)));
    assert_eq!(clicks(&Filter { page: page.clone(), ..Filter::default() }), (Some(1), Some(20)));
    let all = Filter { channel: sms, page, campaign: spring, link: None };
    assert_eq!(clicks(&all), (Some(1), Some(6)));
    let two = Filter { link: Code::parse("two").ok(), ..all };
    assert_eq!(clicks(&two), (Some(1), None));
    assert_eq!(clicks(&Filter { campaign: Some(None), ..Filter::default() }), (Some(1), Some(14)));
    let nowhere = Filter { page: Some("https://example.com/c".into()), ..Filter::default() };
    assert_eq!(clicks(&nowhere), (Some(0), None));
}

#[test]
fn the_groups_that_are_left_out_are_one() {
    let mut site = magazine();
    let five = rule(5, Audience::SignedIn);
    let report = site.ask("2026-11-18", "2026-11-21", &Filter::default(), 1, five);
    let rest = |by| {
        let table = report.table(by).expect("a table");
        let rest = table.rest.as_ref().map(|rest| (rest.groups, rest.numbers.clicks));
        (table.groups.len(), rest)
    };
    // Today's four by copy are of a group that is not listed, and too few here, too.
    assert_eq!(rest(Grouping::Channel), (1, Some((1, Number::AtLeast(8)))));
    assert_eq!(rest(Grouping::Page), (1, Some((1, Number::Fewer))));
    // The other links have four visitors each today, and eight together.
    assert_eq!(rest(Grouping::Link), (1, Some((2, Number::AtLeast(5)))));
}

#[test]
fn the_funnel_and_virality_are_those_of_closed_days() {
    let mut site = magazine();
    let report = site.ask("2026-11-18", "2026-11-21", &Filter::default(), 9, rule(5, Audience::SignedIn));
    let Funnel { shares, clicks, visitors, virality, .. } = report.totals.funnel;
    assert_eq!((shares, clicks, visitors), (Number::Exact(3), Number::Exact(37), Number::Exact(27)));
    assert_eq!(virality, Some(1_233.3));
    assert_eq!(report.totals.clicks, Number::AtLeast(47));
    let of_days: Vec<_> = report.series.iter().map(|day| (day.clicks, day.open, day.virality)).collect();
    assert_eq!(of_days[0], (Number::Exact(9), false, Some(900.0)));
    assert_eq!(of_days[1], (Number::Fewer, false, None));
    assert_eq!(of_days[3], (Number::AtLeast(10), true, None));
    let exact = site.ask("2026-11-18", "2026-11-21", &Filter::default(), 9, rule(1, Audience::SignedIn));
    assert_eq!(exact.totals.funnel.clicks, Number::Exact(49));
}

#[test]
fn the_period_before_is_as_long_and_its_groups_stand_beside_the_others() {
    let mut site = magazine();
    let report = site.ask("2026-11-19", "2026-11-20", &Filter::default(), 9, rule(5, Audience::SignedIn));
    let before = report.before.as_ref().expect("the period before");
    assert_eq!((before.period.first, before.period.last), (day("2026-11-17"), day("2026-11-18")));
    assert_eq!((before.totals.clicks, before.series.len()), (Number::Exact(9), 2));
    let channels = &report.table(Grouping::Channel).expect("a table").groups;
    let clicks: Vec<_> =
        channels.iter().map(|group| group.before.as_ref().map(|numbers| numbers.clicks)).collect();
    assert_eq!(clicks, [Some(Number::Exact(9)), Some(Number::Fewer)]);
    let links = &report.table(Grouping::Link).expect("a table").groups;
    assert_eq!(links[0].before.as_ref().map(|numbers| numbers.clicks), Some(Number::Exact(9)));
}

#[test]
fn the_public_sees_shares_in_steps_and_clicks_as_everybody() {
    let mut site = magazine();
    for _ in 0..4 {
        site.add("2026-11-20", Some("two"), ("sms", Some("a"), Some("spring")), visits(3, 0, 0));
    }
    let public = site.ask("2026-11-18", "2026-11-20", &Filter::default(), 9, rule(5, Audience::Public));
    assert_eq!((public.totals.shares, public.totals.clicks), (Number::AtLeast(10), Number::Exact(37)));
    assert_eq!(shown(&public, Grouping::Channel), [(Some("sms"), 10, Some(29)), (Some("email"), 0, Some(8))]);
    assert_eq!(public.series[0].shares, Number::Fewer);
    assert_eq!(public.totals.unfurls, Number::Fewer, "too few on each of several days");
    assert_eq!(public.totals.funnel.virality, None, "the shares that are not shown would be missing");
}
