//! What may be published of the counts. Every page, export and API answer comes through here.
//!
//! The rule: no published number of clicks or visitors stands for fewer than `min_count` visitors.
//! A day's number with fewer is suppressed; the open day is shown in steps of `min_count`, rounded
//! down. Nothing and too few look the same.

use std::collections::BTreeMap;

use serde::Serialize;

use super::channel::ChannelName;
use super::day::Day;
use super::destination::Destination;
use super::family::Family;
use super::link::Text;

/// What the store holds of one link, or of many together, on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Links made.
    pub shares: u64,
    /// Previews fetched by chat apps' bots.
    pub unfurls: u64,
    /// How many of these were fetched for each family of apps that is known. The rest are
    /// [`Family::Other`]'s, which the stores do not count by itself.
    pub known_unfurls: BTreeMap<Family, u64>,
    /// Clicks counted with consent.
    pub clicks: u64,
    /// Distinct visitors of each link, added up.
    pub visitors: u64,
    /// Clicks of people who were not asked, a series of its own.
    pub aggregate_clicks: u64,
}

impl Counts {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        self.shares += other.shares;
        self.unfurls += other.unfurls;
        add_by_app(&mut self.known_unfurls, &other.known_unfurls);
        self.clicks += other.clicks;
        self.visitors += other.visitors;
        self.aggregate_clicks += other.aggregate_clicks;
    }

    /// Every unfurl under the family that fetched it.
    #[must_use]
    pub fn unfurls_by_app(&self) -> BTreeMap<Family, u64> {
        let mut by_app = self.known_unfurls.clone();
        let others = self.unfurls.saturating_sub(by_app.values().sum());
        if others > 0 {
            by_app.insert(Family::Other, others);
        }
        by_app
    }
}

fn add_by_app(sum: &mut BTreeMap<Family, u64>, more: &BTreeMap<Family, u64>) {
    for (family, unfurls) in more {
        *sum.entry(*family).or_default() += unfurls;
    }
}

/// The counts of the links of a site that share a page, a channel and a campaign, on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCounts {
    /// How they were shared.
    pub channel: ChannelName,
    /// Where they lead.
    pub page: Destination,
    /// Their campaign.
    pub campaign: Option<Text>,
    /// The day.
    pub day: Day,
    /// What was counted.
    pub counts: Counts,
}

/// How numbers are published: the threshold, and which day is still open.
#[derive(Debug, Clone, Copy)]
pub struct Publication {
    /// `stats.min_count`.
    pub min_count: u64,
    /// The present UTC day.
    pub today: Day,
}

impl Publication {
    /// A day's number as it may be published, or `None` where it is suppressed. `visitors` says
    /// how many people it stands for.
    fn publish(self, day: Day, visitors: u64, number: u64) -> Option<u64> {
        let open = day >= self.today;
        match self.min_count {
            0 | 1 => Some(number),
            k if visitors < k => None,
            k if open => Some(number - number % k),
            _ => Some(number),
        }
    }

    fn published(self, day: Day, counts: &Counts) -> Published {
        Published {
            clicks: self.publish(day, counts.visitors, counts.clicks),
            visitors: self.publish(day, counts.visitors, counts.visitors),
            aggregate_clicks: self.publish(day, counts.aggregate_clicks, counts.aggregate_clicks),
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
    /// Whether the day is not over: its numbers are rounded down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Publishes a link's days, `first` to `last`; days that `counted` does not name count nothing.
#[must_use]
pub fn link_stats(counted: &BTreeMap<Day, Counts>, first: Day, last: Day, rule: Publication) -> LinkStats {
    let (nothing, no_counts) = (rule.nothing(), Counts::default());
    let mut totals = Totals {
        unfurls: 0,
        unfurls_by_app: BTreeMap::new(),
        clicks: nothing,
        visitors: nothing,
        aggregate_clicks: nothing,
    };
    let mut series = Vec::new();
    for day in first.to(last) {
        let counts = counted.get(&day).unwrap_or(&no_counts);
        let Published { clicks, visitors, aggregate_clicks } = rule.published(day, counts);
        let unfurls_by_app = counts.unfurls_by_app();
        totals.unfurls += counts.unfurls;
        add_by_app(&mut totals.unfurls_by_app, &unfurls_by_app);
        add(&mut totals.clicks, clicks);
        add(&mut totals.visitors, visitors);
        add(&mut totals.aggregate_clicks, aggregate_clicks);
        let (suppressed, open) = (clicks.is_none(), day >= rule.today);
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
    fn key(self, row: &SiteCounts) -> Option<String> {
        match self {
            Self::Channel => Some(row.channel.to_string()),
            Self::Page => Some(row.page.to_string()),
            Self::Campaign => row.campaign.as_ref().map(|campaign| campaign.as_str().to_owned()),
            Self::Day => Some(row.day.to_string()),
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
    /// Clicks / shares × 100 in percent, to one decimal; `None` without shares or with suppressed clicks.
    pub virality: Option<f64>,
}

/// Publishes a site's counts in groups: days in their order, others with the most clicks first.
#[must_use]
pub fn site_stats(rows: &[SiteCounts], by: Grouping, rule: Publication) -> Vec<Group> {
    let mut days: BTreeMap<(Option<String>, Day), Counts> = BTreeMap::new();
    for row in rows {
        days.entry((by.key(row), row.day)).or_default().add(&row.counts);
    }
    let mut groups: Vec<Group> = Vec::new();
    for ((key, day), counts) in days {
        let last = groups.pop_if(|group| group.key == key);
        let mut group = last.unwrap_or_else(|| Group::empty(key, rule));
        group.add(&counts, rule.published(day, &counts));
        groups.push(group);
    }
    for group in &mut groups {
        group.virality = virality(group.clicks, group.shares);
    }
    if by != Grouping::Day {
        groups.sort_by(|a, b| (b.clicks, b.shares, &a.key).cmp(&(a.clicks, a.shares, &b.key)));
    }
    groups
}

/// A site's counts all together, published day by day.
#[must_use]
pub fn site_totals(rows: &[SiteCounts], rule: Publication) -> Group {
    let mut totals = Group::empty(None, rule);
    for day in site_stats(rows, Grouping::Day, rule) {
        totals.shares += day.shares;
        totals.unfurls += day.unfurls;
        add_by_app(&mut totals.unfurls_by_app, &day.unfurls_by_app);
        add(&mut totals.clicks, day.clicks);
        add(&mut totals.visitors, day.visitors);
        add(&mut totals.aggregate_clicks, day.aggregate_clicks);
    }
    totals.virality = virality(totals.clicks, totals.shares);
    totals
}

impl Group {
    fn empty(key: Option<String>, rule: Publication) -> Self {
        let nothing = rule.nothing();
        Self {
            key,
            shares: 0,
            unfurls: 0,
            unfurls_by_app: BTreeMap::new(),
            clicks: nothing,
            visitors: nothing,
            aggregate_clicks: nothing,
            virality: None,
        }
    }

    fn add(&mut self, counts: &Counts, published: Published) {
        self.shares += counts.shares;
        self.unfurls += counts.unfurls;
        add_by_app(&mut self.unfurls_by_app, &counts.unfurls_by_app());
        add(&mut self.clicks, published.clicks);
        add(&mut self.visitors, published.visitors);
        add(&mut self.aggregate_clicks, published.aggregate_clicks);
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

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn rule(min_count: u64) -> Publication {
        Publication { min_count, today: day("2026-11-21") }
    }

    fn counts(clicks: u64, visitors: u64) -> Counts {
        Counts { clicks, visitors, unfurls: 1, ..Counts::default() }
    }

    #[test]
    fn too_few_visitors_are_suppressed_and_today_is_shown_in_steps() {
        let counted = BTreeMap::from([
            (day("2026-11-19"), counts(9, 4)),
            (day("2026-11-20"), counts(9, 7)),
            (day("2026-11-21"), counts(19, 7)),
        ]);
        let stats = link_stats(&counted, day("2026-11-18"), day("2026-11-21"), rule(5));
        let shown: Vec<_> =
            stats.series.iter().map(|d| (d.clicks, d.visitors, d.suppressed, d.open)).collect();
        assert_eq!(
            shown,
            [
                (None, None, true, false),
                (None, None, true, false),
                (Some(9), Some(7), false, false),
                (Some(15), Some(5), false, true),
            ]
        );
        let unfurls_by_app = BTreeMap::from([(Family::Other, 3)]);
        assert_eq!(
            stats.totals,
            Totals {
                unfurls: 3,
                unfurls_by_app,
                clicks: Some(24),
                visitors: Some(12),
                aggregate_clicks: None
            }
        );
    }

    #[test]
    fn with_a_threshold_of_one_every_number_is_exact() {
        let counted = BTreeMap::from([(day("2026-11-21"), counts(3, 1))]);
        let stats = link_stats(&counted, day("2026-11-20"), day("2026-11-21"), rule(1));
        let unfurls_by_app = BTreeMap::from([(Family::Other, 1)]);
        assert_eq!(
            stats.totals,
            Totals {
                unfurls: 1,
                unfurls_by_app,
                clicks: Some(3),
                visitors: Some(1),
                aggregate_clicks: Some(0)
            }
        );
        assert!(stats.series.iter().all(|day| !day.suppressed));
    }

    fn row(
        channel: &str,
        campaign: Option<&str>,
        on: &str,
        shares: u64,
        clicks: u64,
        visitors: u64,
    ) -> SiteCounts {
        SiteCounts {
            channel: ChannelName::parse(channel).expect("a channel"),
            page: serde_json::from_str("\"https://example.com/\"").expect("a page"),
            campaign: campaign.and_then(|c| Text::parse(c, 100).expect("a campaign")),
            day: day(on),
            counts: Counts { shares, clicks, visitors, ..Counts::default() },
        }
    }

    #[test]
    fn groups_add_up_their_links_before_the_threshold_is_asked() {
        let rows = [
            row("sms", Some("a"), "2026-11-20", 1, 4, 3),
            row("sms", None, "2026-11-20", 2, 4, 3),
            row("email", None, "2026-11-20", 1, 4, 4),
        ];
        let groups = site_stats(&rows, Grouping::Channel, rule(5));
        assert_eq!(groups[0].key.as_deref(), Some("sms"));
        assert_eq!((groups[0].shares, groups[0].clicks, groups[0].virality), (3, Some(8), Some(266.7)));
        assert_eq!(
            (groups[1].key.as_deref(), groups[1].clicks, groups[1].virality),
            (Some("email"), None, None)
        );
        let campaigns = site_stats(&rows, Grouping::Campaign, rule(1));
        assert_eq!(campaigns.iter().map(|g| g.key.as_deref()).collect::<Vec<_>>(), [None, Some("a")]);
        assert_eq!(site_totals(&rows, rule(5)).clicks, Some(12));
    }
    #[test]
    fn unfurls_by_app_add_up_to_the_unfurls() {
        let known = BTreeMap::from([(Family::Slack, 2), (Family::X, 1)]);
        let some = Counts { unfurls: 5, known_unfurls: known.clone(), ..Counts::default() };
        let mut sum = Counts { unfurls: 1, ..Counts::default() };
        assert_eq!(sum.unfurls_by_app(), BTreeMap::from([(Family::Other, 1)]));
        sum.add(&some);
        let expected = BTreeMap::from([(Family::Slack, 2), (Family::X, 1), (Family::Other, 3)]);
        assert_eq!((sum.unfurls, sum.unfurls_by_app()), (6, expected));
        assert_eq!(Counts { unfurls: 3, known_unfurls: known.clone(), ..some }.unfurls_by_app(), known);
        assert_eq!(Counts::default().unfurls_by_app(), BTreeMap::new());
    }
}
