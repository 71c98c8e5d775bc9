//! What may be published of the counts. Every page, export and API answer comes through here.
//!
//! The rule: no published number of clicks or visitors stands for fewer than `min_count` visitors,
//! and none can be had by adding and subtracting published numbers. So a closed day's numbers are
//! sums of its [cells](super::cell), and nothing else of it is shown; an open day's are shown in
//! steps of `min_count`, rounded down. Nothing and too few look the same.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cell::Amount;
use super::counts::{ClosedDays, DayCounts, LinkCounts, SiteCounts, SiteRow};
use super::day::Day;
use super::family::Family;

/// How numbers are published: the threshold, and which day is present.
#[derive(Debug, Clone, Copy)]
pub struct Publication {
    /// `stats.min_count`.
    pub min_count: u64,
    /// The present UTC day.
    pub today: Day,
}

impl Publication {
    /// Whether a day is shown as one that is not over: also a past one, until it is closed.
    fn is_open(self, day: Day, closed: &ClosedDays) -> bool {
        // Where every number is exact at once, closing changes none.
        day >= self.today || (self.min_count > 1 && !closed.has(day, self.min_count))
    }

    /// A day's numbers as they may be published; a suppressed one is `None`.
    fn publish(self, is_open: bool, counts: &DayCounts) -> Published {
        let (k, cells) = (self.min_count, Amount::of(&counts.cells));
        let mut all = cells;
        all += Amount::of(&counts.open);
        let (amount, step) = match (k, is_open) {
            (0 | 1, _) => (all, 1),
            (k, true) => (all, k),
            (_, false) => (cells, 1),
        };
        let number = |visitors: u64, number: u64| (k <= 1 || visitors >= k).then_some(number - number % step);
        Published {
            clicks: number(amount.visitors, amount.clicks),
            visitors: number(amount.visitors, amount.visitors),
            aggregate_clicks: number(amount.aggregate_clicks, amount.aggregate_clicks),
        }
    }

    /// The sum of nothing: 0 where every number is exact, suppressed elsewhere.
    fn nothing(self) -> Option<u64> {
        (self.min_count <= 1).then_some(0)
    }
}

/// One day's numbers as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Published {
    clicks: Option<u64>,
    visitors: Option<u64>,
    aggregate_clicks: Option<u64>,
}

/// Adds a published number to a sum; what is suppressed adds nothing.
fn add(sum: &mut Option<u64>, number: Option<u64>) {
    if let Some(number) = number {
        *sum = Some(sum.unwrap_or(0) + number);
    }
}

/// A link's statistics over some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkStats {
    /// Everything together.
    pub totals: Totals,
    /// Every day of the range, oldest first.
    pub series: Vec<SeriesDay>,
    /// The threshold that holds.
    pub min_count: u64,
}

/// Published sums. A suppressed number is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Previews fetched by chat apps' bots.
    pub unfurls: u64,
    /// The same by family of app; families that fetched none are left out.
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Clicks counted with consent.
    pub clicks: Option<u64>,
    /// Visitors of each day, added up.
    pub visitors: Option<u64>,
    /// Clicks of people who were not asked.
    pub aggregate_clicks: Option<u64>,
}

/// One day of a link's series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesDay {
    /// The UTC day.
    pub day: Day,
    /// Its clicks, or `None` where suppressed.
    pub clicks: Option<u64>,
    /// Its visitors, or `None` where suppressed.
    pub visitors: Option<u64>,
    /// Clicks of people who were not asked; for the page, the API's series has no such field.
    #[serde(skip)]
    pub aggregate_clicks: Option<u64>,
    /// Unfurls by family of app, for the export.
    #[serde(skip)]
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Whether the numbers stand for too few visitors to be shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// Whether the day is not closed yet: its numbers are rounded down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Publishes a link's days, `first` to `last`; days that `counted` does not name count nothing.
#[must_use]
pub fn link_stats(counted: &LinkCounts, first: Day, last: Day, rule: Publication) -> LinkStats {
    let (nothing, no_counts) = (rule.nothing(), DayCounts::default());
    let mut totals = Totals {
        unfurls: 0,
        unfurls_by_app: BTreeMap::new(),
        clicks: nothing,
        visitors: nothing,
        aggregate_clicks: nothing,
    };
    let mut series = Vec::new();
    for day in first.to(last) {
        let counts = counted.days.get(&day).unwrap_or(&no_counts);
        let open = rule.is_open(day, &counted.closed);
        let Published { clicks, visitors, aggregate_clicks } = rule.publish(open, counts);
        let all = counts.all();
        let unfurls_by_app = all.unfurls_by_app();
        totals.unfurls += all.unfurls;
        add_by_app(&mut totals.unfurls_by_app, &unfurls_by_app);
        add(&mut totals.clicks, clicks);
        add(&mut totals.visitors, visitors);
        add(&mut totals.aggregate_clicks, aggregate_clicks);
        let suppressed = clicks.is_none();
        series.push(SeriesDay { day, clicks, visitors, aggregate_clicks, unfurls_by_app, suppressed, open });
    }
    LinkStats { totals, series, min_count: rule.min_count }
}

/// By what a site's counts are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// How links were shared.
    Channel,
    /// Where they lead.
    Page,
    /// Their campaign; links without one form the group without a key.
    Campaign,
    /// The UTC day.
    Day,
}

/// The text names no grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be channel, page, campaign or day")]
pub struct GroupingError;

impl std::str::FromStr for Grouping {
    type Err = GroupingError;

    fn from_str(text: &str) -> Result<Self, GroupingError> {
        match text {
            "channel" => Ok(Self::Channel),
            "page" => Ok(Self::Page),
            "campaign" => Ok(Self::Campaign),
            "day" => Ok(Self::Day),
            _ => Err(GroupingError),
        }
    }
}

impl Grouping {
    /// The group of a row; `None` where that row is of no group: what became a cell of its channel
    /// has lost its page and its campaign.
    fn key(self, row: &SiteRow) -> Option<Option<String>> {
        match self {
            Self::Channel => Some(Some(row.channel.to_string())),
            Self::Page => row.page.as_ref().map(|page| Some(page.to_string())),
            Self::Campaign if row.page.is_none() => None,
            Self::Campaign => Some(row.campaign.as_ref().map(|campaign| campaign.as_str().to_owned())),
            Self::Day => Some(Some(row.day.to_string())),
        }
    }
}

/// One group of a site's statistics: the funnel from shares to visitors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The channel, page, campaign or day; `None` for links without a campaign.
    pub key: Option<String>,
    /// Links made.
    pub shares: u64,
    /// Previews fetched by chat apps' bots.
    pub unfurls: u64,
    /// The same by family of app; families that fetched none are left out.
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Clicks counted with consent, or `None` where suppressed.
    pub clicks: Option<u64>,
    /// Visitors, or `None` where suppressed.
    pub visitors: Option<u64>,
    /// Clicks of people who were not asked, or `None` where suppressed.
    pub aggregate_clicks: Option<u64>,
    /// Clicks / shares × 100 in percent, to one decimal, both of closed days; `None` without shares
    /// or with suppressed clicks.
    pub virality: Option<f64>,
}

/// Publishes a site's counts in groups: days in their order, others with the most clicks first.
#[must_use]
pub fn site_stats(counted: &SiteCounts, by: Grouping, rule: Publication) -> Vec<Group> {
    let mut groups = grouped(counted, |row| by.key(row), rule);
    if by != Grouping::Day {
        groups.sort_by(|a, b| (b.clicks, b.shares, &a.key).cmp(&(a.clicks, a.shares, &b.key)));
    }
    groups
}

/// A site's counts all together, published day by day.
#[must_use]
pub fn site_totals(counted: &SiteCounts, rule: Publication) -> Group {
    let all = grouped(counted, |_| Some(None), rule).pop();
    all.unwrap_or_else(|| Sums::new(None, rule).into_group())
}

/// Adds up the rows of each key, by day, and then what may be published of each day.
fn grouped(
    counted: &SiteCounts,
    key: impl Fn(&SiteRow) -> Option<Option<String>>,
    rule: Publication,
) -> Vec<Group> {
    let mut days: BTreeMap<(Option<String>, Day), DayCounts> = BTreeMap::new();
    for row in &counted.rows {
        if let Some(key) = key(row) {
            days.entry((key, row.day)).or_default().add(&row.counts);
        }
    }
    let mut groups: Vec<Sums> = Vec::new();
    for ((key, day), counts) in days {
        let last = groups.pop_if(|sums| sums.group.key == key);
        let mut sums = last.unwrap_or_else(|| Sums::new(key, rule));
        sums.add(rule.is_open(day, &counted.closed), &counts, rule);
        groups.push(sums);
    }
    groups.into_iter().map(Sums::into_group).filter(Group::says_something).collect()
}

impl Group {
    /// Whether any number of it is published. One that is there with nothing but suppressed numbers
    /// would tell that they are not nothing.
    fn says_something(&self) -> bool {
        self.shares > 0 || self.unfurls > 0 || self.clicks.is_some() || self.aggregate_clicks.is_some()
    }
}

/// A group that is being added up.
struct Sums {
    group: Group,
    /// Shares and clicks of the days that are closed, or exact without that: virality is theirs.
    shares: u64,
    clicks: Option<u64>,
}

impl Sums {
    fn new(key: Option<String>, rule: Publication) -> Self {
        let nothing = rule.nothing();
        let group = Group {
            key,
            shares: 0,
            unfurls: 0,
            unfurls_by_app: BTreeMap::new(),
            clicks: nothing,
            visitors: nothing,
            aggregate_clicks: nothing,
            virality: None,
        };
        Self { group, shares: 0, clicks: nothing }
    }

    fn add(&mut self, is_open: bool, counts: &DayCounts, rule: Publication) {
        let (published, all) = (rule.publish(is_open, counts), counts.all());
        let group = &mut self.group;
        group.shares += all.shares;
        group.unfurls += all.unfurls;
        add_by_app(&mut group.unfurls_by_app, &all.unfurls_by_app());
        add(&mut group.clicks, published.clicks);
        add(&mut group.visitors, published.visitors);
        add(&mut group.aggregate_clicks, published.aggregate_clicks);
        if !is_open || rule.min_count <= 1 {
            self.shares += all.shares;
            add(&mut self.clicks, published.clicks);
        }
    }

    fn into_group(self) -> Group {
        Group { virality: virality(self.clicks, self.shares), ..self.group }
    }
}

fn add_by_app(sum: &mut BTreeMap<Family, u64>, more: &BTreeMap<Family, u64>) {
    for (family, unfurls) in more {
        *sum.entry(*family).or_default() += unfurls;
    }
}

/// Clicks / shares × 100, in percent to one decimal.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn virality(clicks: Option<u64>, shares: u64) -> Option<f64> {
    let clicks = clicks.filter(|_| shares > 0)?;
    Some((clicks as f64 * 1_000.0 / shares as f64).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::ChannelName;
    use crate::domain::counts::{Closed, Counts};
    use crate::domain::link::Text;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn rule(min_count: u64) -> Publication {
        Publication { min_count, today: day("2026-11-21") }
    }

    fn counts(clicks: u64, visitors: u64) -> Counts {
        Counts { clicks, visitors, unfurls: 1, ..Counts::default() }
    }

    fn cells(counts: Counts) -> DayCounts {
        DayCounts { cells: counts, open: Counts::default() }
    }

    fn open(counts: Counts) -> DayCounts {
        DayCounts { cells: Counts::default(), open: counts }
    }

    /// Every day before this one is closed.
    fn closed_before(text: &str) -> ClosedDays {
        ClosedDays { before: Some(day(text)), days: BTreeMap::new() }
    }

    fn totals(unfurls: u64, numbers: [Option<u64>; 3]) -> Totals {
        let [clicks, visitors, aggregate_clicks] = numbers;
        let unfurls_by_app = BTreeMap::from([(Family::Other, unfurls)]);
        Totals { unfurls, unfurls_by_app, clicks, visitors, aggregate_clicks }
    }

    #[test]
    fn closed_days_are_sums_of_cells_and_open_ones_are_shown_in_steps() {
        let days = BTreeMap::from([
            // Closed: what is not in a cell came late, or waits, and is not shown.
            (day("2026-11-17"), open(counts(90, 90))),
            (day("2026-11-18"), DayCounts { cells: counts(9, 7), open: counts(1, 1) }),
            // Past, and not closed yet.
            (day("2026-11-19"), DayCounts { cells: counts(9, 7), open: counts(5, 4) }),
            (day("2026-11-20"), open(counts(9, 4))),
            (day("2026-11-21"), open(counts(19, 7))),
        ]);
        let closed = closed_before("2026-11-19");
        let stats = link_stats(&LinkCounts { days, closed }, day("2026-11-16"), day("2026-11-21"), rule(5));
        let shown: Vec<_> =
            stats.series.iter().map(|d| (d.clicks, d.visitors, d.suppressed, d.open)).collect();
        assert_eq!(
            shown,
            [
                (None, None, true, false),
                (None, None, true, false),
                (Some(9), Some(7), false, false),
                (Some(10), Some(10), false, true),
                (None, None, true, true),
                (Some(15), Some(5), false, true),
            ]
        );
        assert_eq!(stats.totals, totals(7, [Some(34), Some(22), None]));
    }

    #[test]
    fn a_day_that_was_closed_with_a_smaller_threshold_is_open_again() {
        let the_day = day("2026-11-20");
        let days = BTreeMap::from([(the_day, cells(counts(19, 7)))]);
        let mark = BTreeMap::from([(the_day, Closed { min_count: 5, version: 1 })]);
        let counted = LinkCounts { days, closed: ClosedDays { before: Some(the_day.plus(1)), days: mark } };
        let shown = |k| {
            let stats = link_stats(&counted, the_day, the_day, rule(k));
            (stats.series[0].clicks, stats.series[0].visitors, stats.series[0].open)
        };
        assert_eq!(shown(5), (Some(19), Some(7), false));
        assert_eq!(shown(3), (Some(19), Some(7), false));
        assert_eq!(shown(6), (Some(18), Some(6), true));
        assert_eq!(shown(8), (None, None, true));
    }

    #[test]
    fn with_a_threshold_of_one_every_number_is_exact() {
        let days = BTreeMap::from([
            (day("2026-11-20"), DayCounts { cells: counts(3, 1), open: counts(1, 1) }),
            (day("2026-11-21"), open(counts(3, 1))),
        ]);
        let counted = LinkCounts { days, closed: ClosedDays::default() };
        let stats = link_stats(&counted, day("2026-11-19"), day("2026-11-21"), rule(1));
        assert_eq!(stats.totals, totals(3, [Some(7), Some(3), Some(0)]));
        assert!(stats.series.iter().all(|day| !day.suppressed));
        let open: Vec<_> = stats.series.iter().map(|day| day.open).collect();
        assert_eq!(open, [false, false, true], "closing changes none of these numbers");
    }

    fn row(
        channel: &str,
        page: Option<&str>,
        campaign: Option<&str>,
        on: &str,
        counts: DayCounts,
    ) -> SiteRow {
        let page = page
            .map(|page| serde_json::from_str(&format!("\"https://example.com/{page}\"")).expect("a page"));
        SiteRow {
            channel: ChannelName::parse(channel).expect("a channel"),
            page,
            campaign: campaign.and_then(|c| Text::parse(c, 100).expect("a campaign")),
            day: day(on),
            counts,
        }
    }

    fn shared(shares: u64, clicks: u64, visitors: u64) -> Counts {
        Counts { shares, clicks, visitors, ..Counts::default() }
    }

    #[test]
    fn an_open_days_groups_add_up_their_links_before_the_threshold_is_asked() {
        let today = |channel, campaign, counts| row(channel, Some("a"), campaign, "2026-11-21", open(counts));
        let rows = vec![
            today("sms", Some("a"), shared(1, 4, 3)),
            today("sms", None, shared(2, 4, 3)),
            today("email", None, shared(1, 4, 4)),
            // Of a link that was made earlier: that it is there would tell that somebody came.
            today("copy", None, shared(0, 4, 4)),
        ];
        let counted = SiteCounts { rows, closed: closed_before("2026-11-21") };
        let groups = site_stats(&counted, Grouping::Channel, rule(5));
        let found: Vec<_> = groups.iter().map(|g| (g.key.as_deref(), g.shares, g.clicks)).collect();
        assert_eq!(found, [(Some("sms"), 3, Some(5)), (Some("email"), 1, None)]);
        let campaigns = site_stats(&counted, Grouping::Campaign, rule(1));
        assert_eq!(campaigns.iter().map(|g| g.key.as_deref()).collect::<Vec<_>>(), [None, Some("a")]);
        assert_eq!(site_totals(&counted, rule(5)).clicks, Some(15));
    }

    #[test]
    fn what_became_a_cell_of_its_channel_is_of_no_page_and_no_campaign() {
        let rows = vec![
            row("sms", Some("a"), None, "2026-11-20", cells(shared(3, 8, 8))),
            row("sms", Some("b"), Some("c"), "2026-11-20", open(shared(1, 0, 0))),
            row("sms", None, None, "2026-11-20", cells(shared(0, 6, 5))),
        ];
        let counted = SiteCounts { rows, closed: closed_before("2026-11-21") };
        for (by, expected) in [
            (
                Grouping::Page,
                &[(Some("https://example.com/a"), Some(8)), (Some("https://example.com/b"), None)][..],
            ),
            (Grouping::Campaign, &[(None, Some(8)), (Some("c"), None)]),
            (Grouping::Channel, &[(Some("sms"), Some(14))]),
            (Grouping::Day, &[(Some("2026-11-20"), Some(14))]),
        ] {
            let groups = site_stats(&counted, by, rule(5));
            let found: Vec<_> = groups.iter().map(|g| (g.key.as_deref(), g.clicks)).collect();
            assert_eq!(found, expected);
        }
        let totals = site_totals(&counted, rule(5));
        assert_eq!((totals.shares, totals.clicks, totals.visitors), (4, Some(14), Some(13)));
    }

    #[test]
    fn virality_is_that_of_closed_days() {
        let rows = vec![
            row("sms", Some("a"), None, "2026-11-20", cells(shared(3, 8, 8))),
            row("sms", Some("a"), None, "2026-11-21", open(shared(1, 12, 12))),
        ];
        let counted = SiteCounts { rows, closed: closed_before("2026-11-21") };
        let totals = site_totals(&counted, rule(5));
        assert_eq!((totals.shares, totals.clicks, totals.virality), (4, Some(18), Some(266.7)));
        assert_eq!(site_totals(&counted, rule(1)).virality, Some(500.0));
        let days = site_stats(&counted, Grouping::Day, rule(5));
        assert_eq!(days.iter().map(|day| day.virality).collect::<Vec<_>>(), [Some(266.7), None]);
    }
}
