//! The report of one link, from its own counts: the same as a site's report with that link as its filter, as long as the
//! link has been under one kind.

use std::sync::Arc;

use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::Link;
use crate::stats::counts::{Counts, DayCounts, DayRow, DayRows, LinkCounts};
use crate::stats::publication::Publication;
use crate::stats::report::{
    Block, Dictionary, Filter, Period, Question, Report, ReportDay, ReportDays, report,
};

/// Reports a link; with the period before where `before` is given.
#[must_use]
pub fn of_link(
    link: &Link,
    counts: &LinkCounts,
    period: Period,
    compared: bool,
    rule: &Publication,
) -> Report {
    let mut dictionary = Dictionary::default();
    let mut of =
        |period| ReportDays { days: days(link, counts, period, rule, &mut dictionary), weeks: Vec::new() };
    let now = of(period);
    let before = compared.then(|| of(period.before()));
    let filter = Filter { link: Some(link.code.clone()), ..Filter::default() };
    let question = Question { period, filter, tables: Vec::new(), compared };
    report(&dictionary, &question, &now, before.as_ref(), rule.audience)
}

/// A link's days as those of a site that has no other.
fn days(
    link: &Link,
    counts: &LinkCounts,
    period: Period,
    rule: &Publication,
    dictionary: &mut Dictionary,
) -> Vec<ReportDay> {
    let Link { channel, campaign, .. } = link.clone();
    let mut rows = DayRows {
        kinds: vec![Dimensions { channel, page: Some(link.page().clone()), campaign }],
        rows: Vec::new(),
    };
    let made = Day::of(link.created_at);
    let mut of_day = |day: Day| {
        let mut counts_of_day = counts.days.get(&day).cloned().unwrap_or_default();
        if day == made {
            counts_of_day.open.add(&Counts { shares: 1, ..Counts::default() });
        }
        let (open, min_count) = (rule.is_open(day, &counts.closed), rule.min_counts.on(day));
        if counts_of_day == DayCounts::default() {
            return ReportDay { day, min_count, open, block: None };
        }
        rows.rows = vec![DayRow { kind: 0, link: Some(link.code.clone()), counts: counts_of_day }];
        let block = Block::new(&rows, rule.shown(day, &counts.closed), dictionary);
        ReportDay { day, min_count, open, block: Some(Arc::new(block)) }
    };
    period.days().map(&mut of_day).collect()
}
