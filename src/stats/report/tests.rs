//! Reports of small sites, looked at number by number.

use std::sync::Arc;

use super::*;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::Text;
use crate::domain::min_count::MinCounts;
use crate::stats::counts::{Amount, ClosedDays, Counts, DayCounts, DayRow, DayRows};
use crate::stats::publication::{Publication, Shown};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn k(number: u64) -> MinCount {
    number.try_into().expect("a k")
}

fn rule(min_count: u64, audience: Audience) -> Publication {
    Publication { min_counts: MinCounts::always(k(min_count)), today: day("2026-11-21"), audience }
}

fn signed_in(min_count: u64) -> Publication {
    rule(min_count, Audience::SignedIn)
}

/// A site whose days before today are closed.
#[derive(Default)]
struct SmallSite {
    dictionary: Dictionary,
    days: BTreeMap<Day, DayRows>,
    weeks: BTreeMap<Week, DayRows>,
}

impl SmallSite {
    /// Adds a row: of a page or of none, of a campaign or of none. What is counted before today is in cells, and shares never are.
    fn add(&mut self, on: &str, link: &str, kind: (&str, Option<&str>, Option<&str>), counts: Counts) {
        let shares = Counts { shares: counts.shares, ..Counts::default() };
        let counts = if day(on) < day("2026-11-21") {
            DayCounts { cells: Counts { shares: 0, ..counts }, open: shares }
        } else {
            DayCounts { cells: Counts::default(), open: counts }
        };
        add_row(self.days.entry(day(on)).or_default(), Some(link), kind, counts);
    }

    /// Adds a cell of a week.
    fn add_week(&mut self, week: &str, kind: (&str, Option<&str>, Option<&str>), cell: Counts) {
        let rows = self.weeks.entry(week.parse().expect("a week")).or_default();
        add_row(rows, None, kind, DayCounts { cells: cell, open: Counts::default() });
    }

    fn ask(&mut self, first: &str, last: &str, filter: &Filter, most: usize, rule: &Publication) -> Report {
        let period = Period { first: day(first), last: day(last) };
        let tables = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link];
        let tables = tables.map(|by| (by, most)).to_vec();
        let question = Question { period, filter: filter.clone(), tables, compared: true };
        let (before, now) = (self.days_of(period.before(), rule), self.days_of(period, rule));
        report(&self.dictionary, &question, &now, Some(&before), rule.audience)
    }

    fn days_of(&mut self, period: Period, rule: &Publication) -> ReportDays {
        let closed = ClosedDays { before: Some(rule.today), ..ClosedDays::default() };
        let day = |day: Day| {
            let (open, min_count) = (rule.is_open(day, &closed), rule.min_counts.on(day));
            let block = self.days.get(&day);
            let block =
                block.map(|rows| Arc::new(Block::new(rows, rule.shown(day, &closed), &mut self.dictionary)));
            ReportDay { day, min_count, open, block }
        };
        let days = period.days().map(day).collect();
        let week = |week: Week| {
            let block = self.weeks.get(&week);
            let block = block.map(|rows| Arc::new(Block::new(rows, Shown::Cells, &mut self.dictionary)));
            ReportWeek { week, block }
        };
        let weeks = period.weeks().filter(|week| !rule.min_counts.of_week(*week).is_exact());
        ReportDays { days, weeks: weeks.map(week).collect() }
    }
}

fn add_row(
    rows: &mut DayRows,
    link: Option<&str>,
    (channel, page, campaign): (&str, Option<&str>, Option<&str>),
    counts: DayCounts,
) {
    let page = page.map(|page| format!("\"https://example.com/{page}\""));
    rows.kinds.push(Dimensions {
        channel: ChannelName::parse(channel).expect("a channel"),
        page: page.map(|page| serde_json::from_str(&page).expect("a page")),
        campaign: campaign.and_then(|name| Text::parse(name, 100).expect("a campaign")),
    });
    let link = link.map(|code| Code::parse(code).expect("a code"));
    rows.rows.push(DayRow { kind: rows.kinds.len() - 1, link, counts });
}

fn visits(shares: u64, clicks: u64, visitors: u64) -> Counts {
    let counts = Counts::from(Amount { clicks, visitors, opens: 0 });
    Counts { shares, ..counts }
}

/// Keys, shares and clicks of a table.
fn shown(report: &Report, by: Grouping) -> Vec<(Option<&str>, u64, Option<u64>)> {
    let groups = &report.table(by).expect("a table").groups;
    let numbers = |group: &Group| (group.numbers.shares.value().unwrap_or(0), group.numbers.clicks.value());
    groups.iter().map(|group| (group.key.as_deref(), numbers(group).0, numbers(group).1)).collect()
}

/// Its 20 November is a Friday; the week before begins with 9 November.
fn magazine() -> SmallSite {
    let mut site = SmallSite::default();
    let (a, b, spring) = (Some("a"), Some("b"), Some("spring"));
    site.add("2026-11-18", "one", ("sms", a, None), visits(1, 10, 5));
    site.add("2026-11-20", "one", ("sms", a, None), visits(0, 15, 10));
    site.add("2026-11-20", "two", ("sms", a, spring), visits(1, 0, 0));
    site.add("2026-11-20", "three", ("email", b, None), visits(1, 0, 0));
    site.add("2026-11-21", "one", ("sms", a, None), visits(0, 4, 3));
    site.add("2026-11-21", "two", ("sms", a, spring), visits(0, 40, 40));
    site.add("2026-11-21", "four", ("copy", a, None), visits(1, 4, 4));
    site.add_week("2026-W46", ("sms", a, spring), visits(0, 10, 5));
    site.add_week("2026-W46", ("email", None, None), visits(0, 5, 5));
    site
}

/// The days from the beginning of the last whole week on.
const BEGIN: &str = "2026-11-09";

#[test]
fn what_days_come_to_does_not_depend_on_the_threads_that_add_them_up() {
    let mut site = magazine();
    let period = Period { first: day("2026-11-17"), last: day("2026-11-21") };
    let by_kind = [Grouping::Channel, Grouping::Page, Grouping::Campaign];
    for rule in [signed_in(5), signed_in(1), rule(5, Audience::Public)] {
        let days = site.days_of(period, &rule).days;
        for filter in [Filter::default(), Filter { campaign: Some(None), ..Filter::default() }] {
            let mask = Mask::new(&filter, &site.dictionary);
            let lens = Lens::new(&site.dictionary, &mask, rule.audience, &days);
            let form = lens.form(&days);
            let come_to = |parts: usize| {
                let mut aggregation = Aggregation::new(lens, &by_kind, true);
                aggregation.add_in_parts(&days, lens, parts);
                let mut tables: Vec<_> =
                    aggregation.tables.iter().map(|sums| sums.table(2, form, None)).collect();
                tables.push(aggregation.links.as_ref().expect("links").table(2, &days, None, lens, form));
                (aggregation.totals(form), aggregation.series, tables)
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
fn an_open_day_shows_its_shares_and_nothing_of_its_visits() {
    let mut site = magazine();
    let ask = |site: &mut SmallSite, rule: &Publication| {
        site.ask("2026-11-21", "2026-11-21", &Filter::default(), 9, rule)
    };
    let today = ask(&mut site, &signed_in(5));
    let Numbers { shares, unfurls, clicks, .. } = today.totals;
    assert_eq!([shares, unfurls, clicks].map(Number::value), [Some(1), None, None]);
    assert_eq!(shown(&today, Grouping::Channel), [(Some("copy"), 1, None)]);
    assert_eq!(
        shown(&today, Grouping::Link),
        [(Some("four"), 1, None)],
        "the others would tell that somebody came"
    );
    let public = ask(&mut site, &rule(5, Audience::Public));
    assert_eq!(public.totals.shares, Number::Suppressed);
    let exact = ask(&mut site, &signed_in(1));
    assert_eq!((exact.totals.clicks, exact.bound), (Number::Shown(48), Bound::Exact));
    let expected = [(Some("two"), 0, Some(40)), (Some("four"), 1, Some(4)), (Some("one"), 0, Some(4))];
    assert_eq!(shown(&exact, Grouping::Link), expected);
}

#[test]
fn a_weeks_cells_count_in_totals_channels_pages_and_campaigns_and_in_no_link_and_no_day() {
    let mut site = magazine();
    let report = site.ask(BEGIN, "2026-11-20", &Filter::default(), 9, &signed_in(5));
    assert_eq!((report.totals.shares, report.totals.clicks), (Number::Shown(3), Number::Shown(40)));
    assert_eq!(report.totals.visitors, Number::Shown(25));
    assert_eq!(shown(&report, Grouping::Channel), [(Some("sms"), 2, Some(35)), (Some("email"), 1, Some(5))]);
    let (a, b) = (Some("https://example.com/a"), Some("https://example.com/b"));
    assert_eq!(shown(&report, Grouping::Page), [(a, 2, Some(35)), (b, 1, None)]);
    assert_eq!(shown(&report, Grouping::Campaign), [(None, 2, Some(25)), (Some("spring"), 1, Some(10))]);
    let expected = [(Some("one"), 1, Some(25)), (Some("three"), 1, None), (Some("two"), 1, None)];
    assert_eq!(shown(&report, Grouping::Link), expected);
    let elsewhere = |by| {
        let elsewhere = &report.table(by).expect("a table").elsewhere;
        elsewhere.as_ref().and_then(|numbers| numbers.clicks.value())
    };
    let all = [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link].map(elsewhere);
    assert_eq!(all, [None, Some(5), Some(5), Some(15)]);
    let of_days = report.series.iter().filter_map(|day| day.numbers.clicks.value()).sum::<u64>();
    assert_eq!(of_days, 25);
    let weeks: Vec<_> =
        report.weeks.iter().map(|week| (week.week.to_string(), week.clicks.value())).collect();
    assert_eq!(weeks, [("2026-W46".to_owned(), Some(15))]);
}

#[test]
fn a_period_has_the_weeks_that_lie_wholly_in_it() {
    let mut site = magazine();
    let report = site.ask("2026-11-10", "2026-11-20", &Filter::default(), 9, &signed_in(5));
    assert_eq!((report.totals.clicks, report.weeks.len()), (Number::Shown(25), 0));
    assert_eq!(report.bound, Bound::AtLeastAbout, "what became a cell of a week is missing");
    let report = site.ask("2026-11-16", "2026-11-22", &Filter::default(), 9, &signed_in(5));
    let weeks: Vec<_> = report.weeks.iter().map(|week| week.clicks).collect();
    assert_eq!((report.totals.clicks, weeks), (Number::Shown(25), vec![Number::Suppressed]));
    let before = report.before.expect("the period before");
    assert_eq!((before.totals.clicks, before.weeks[0].clicks), (Number::Shown(15), Number::Shown(15)));
}

#[test]
fn filters_take_what_meets_all_of_them() {
    let mut site = magazine();
    let mut ask = |filter: &Filter| {
        let report = site.ask(BEGIN, "2026-11-20", filter, 9, &signed_in(5));
        let of_week = report.weeks.first().and_then(|week| week.clicks.value());
        (report.totals.shares.value(), report.totals.clicks.value(), of_week, report.bound)
    };
    let sms = ChannelName::parse("sms").ok();
    let (page, spring) = (Some("https://example.com/a".into()), Some(Some("spring".into())));
    let at_least = Bound::AtLeastAbout;
    let of_channel = Filter { channel: sms.clone(), ..Filter::default() };
    assert_eq!(ask(&of_channel), (Some(2), Some(35), Some(10), Bound::About));
    let of_page = Filter { page: page.clone(), ..Filter::default() };
    assert_eq!(ask(&of_page), (Some(2), Some(35), Some(10), at_least));
    let all = Filter { channel: sms, page, campaign: spring, link: None };
    assert_eq!(ask(&all), (Some(1), Some(10), Some(10), at_least));
    let two = Filter { link: Code::parse("two").ok(), ..all };
    assert_eq!(ask(&two), (Some(1), None, None, at_least));
    let without = Filter { campaign: Some(None), ..Filter::default() };
    assert_eq!(ask(&without), (Some(2), Some(25), None, at_least));
    let nowhere = Filter { page: Some("https://example.com/c".into()), ..Filter::default() };
    assert_eq!(ask(&nowhere), (Some(0), None, None, at_least));
}

#[test]
fn the_groups_that_are_left_out_are_one() {
    let mut site = magazine();
    let report = site.ask(BEGIN, "2026-11-21", &Filter::default(), 1, &signed_in(5));
    let rest = |by| {
        let table = report.table(by).expect("a table");
        let of = |rest: &Rest| (rest.groups, rest.numbers.shares.value(), rest.numbers.clicks.value());
        (table.groups.len(), table.rest.as_ref().map(of))
    };
    assert_eq!(rest(Grouping::Channel), (1, Some((2, Some(2), Some(5)))));
    assert_eq!(rest(Grouping::Page), (1, Some((1, Some(1), None))));
    assert_eq!(rest(Grouping::Link), (1, Some((3, Some(3), None))));
}

#[test]
fn clicks_per_share_are_those_of_what_is_shown() {
    let mut site = magazine();
    let report = site.ask("2026-11-18", "2026-11-20", &Filter::default(), 9, &signed_in(5));
    let of = |numbers: &Numbers| numbers.clicks_per_share.map(ClicksPerShare::value);
    assert_eq!(of(&report.totals), Some(8.3), "and not 8.333, as the clicks are rounded");
    let of_days: Vec<_> = report.series.iter().map(|day| of(&day.numbers)).collect();
    assert_eq!(of_days, [Some(10.0), None, Some(7.5)]);
    let exact = site.ask("2026-11-18", "2026-11-20", &Filter::default(), 9, &signed_in(1));
    assert_eq!(of(&exact.totals), Some(8.333));
}

#[test]
fn the_period_before_is_as_long_and_its_groups_stand_beside_the_others() {
    let mut site = magazine();
    let report = site.ask("2026-11-19", "2026-11-20", &Filter::default(), 9, &signed_in(5));
    let before = report.before.as_ref().expect("the period before");
    assert_eq!((before.period.first, before.period.last), (day("2026-11-17"), day("2026-11-18")));
    assert_eq!((before.totals.clicks, before.series.len()), (Number::Shown(10), 2));
    let clicks_before = |by| -> Vec<_> {
        report
            .groups(by)
            .iter()
            .map(|group| group.before.as_ref().and_then(|numbers| numbers.clicks.value()))
            .collect()
    };
    assert_eq!(clicks_before(Grouping::Channel), [Some(10), None]);
    assert_eq!(clicks_before(Grouping::Link)[0], Some(10));
}

#[test]
fn the_public_sees_shares_rounded_down_and_clicks_as_everybody() {
    let mut site = magazine();
    for _ in 0..4 {
        site.add("2026-11-20", "two", ("sms", Some("a"), Some("spring")), visits(3, 0, 0));
    }
    let public = site.ask("2026-11-18", "2026-11-20", &Filter::default(), 9, &rule(5, Audience::Public));
    assert_eq!((public.totals.shares, public.totals.clicks), (Number::Shown(10), Number::Shown(25)));
    assert_eq!(shown(&public, Grouping::Channel), [(Some("sms"), 10, Some(25))]);
    assert_eq!(public.series[0].numbers.shares, Number::Suppressed);
    assert_eq!(public.totals.clicks_per_share, None, "the shares that are not shown would be missing");
}

#[test]
fn a_site_that_was_exact_before_shows_each_day_with_the_k_that_it_had() {
    let mut site = magazine();
    let mut rule = signed_in(1);
    rule.min_counts.choose(k(10), day("2026-11-19"));
    let report = site.ask("2026-11-18", "2026-11-21", &Filter::default(), 9, &rule);
    let clicks: Vec<_> = report.series.iter().map(|day| day.numbers.clicks.value()).collect();
    assert_eq!(clicks, [Some(10), Some(0), Some(15), None]);
    assert_eq!((report.min_count, report.bound), (k(10), Bound::AtLeastAbout));
}
