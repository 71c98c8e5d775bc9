//! Reports: what every page, export and API answer shows of a site's counts.
//!
//! A report is pure: it is made of [blocks](block::Block), one for each day, and of a [`Question`]: a period,
//! filters, and which tables are wanted. What may be published of it decides
//! [`Publication`]. So the same question has the same answer everywhere, to the last digit.
//!
//! The period before has as many days and ends where the period begins. It is left out where a part of it is older than
//! what is kept.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use self::mask::Mask;
use self::tally::{Lens, Tally};
use super::channel::ChannelName;
use super::code::Code;
use super::counts::Kind;
use super::day::Day;
use super::family::Family;
use super::publication::{Number, Publication};

pub use self::block::Block;
pub use self::names::Names;
pub use self::of_link::of_link;
pub use self::tally::ReportDay;

mod apps;
mod block;
mod by_number;
mod groups;
mod links;
mod mask;
mod names;
mod of_link;
mod sums;
mod tally;
#[cfg(test)]
mod tests;

/// Days from first to last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

impl Period {
    /// So many days up to and with this one.
    #[must_use]
    pub fn last_days(days: i32, last: Day) -> Self {
        Self { first: last.plus(1 - days), last }
    }

    /// How many days it has.
    #[must_use]
    pub fn length(self) -> i32 {
        self.last.number() - self.first.number() + 1
    }

    /// Its days, the first one first.
    pub fn days(self) -> impl Iterator<Item = Day> {
        self.first.to(self.last)
    }

    /// As many days right before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self { first: self.first.plus(-self.length()), last: self.first.plus(-1) }
    }
}

/// What is counted in a report: rows that meet all of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Shared in this way.
    pub channel: Option<ChannelName>,
    /// Leading here.
    pub page: Option<Box<str>>,
    /// Of this campaign; `Some(None)` is what has a page and no campaign.
    pub campaign: Option<Option<Box<str>>>,
    /// Of this link.
    pub link: Option<Code>,
}

/// By what counts are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// How links were shared.
    Channel,
    /// Where they lead.
    Page,
    /// Their campaign; links without one form the group without a key.
    Campaign,
    /// The link itself, by its code.
    Link,
    /// The UTC day. Every report has it, as its series.
    Day,
}

/// The text names no grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be channel, page, campaign, link or day")]
pub struct GroupingError;

impl std::str::FromStr for Grouping {
    type Err = GroupingError;

    fn from_str(text: &str) -> Result<Self, GroupingError> {
        let all = [Self::Channel, Self::Page, Self::Campaign, Self::Link, Self::Day];
        all.into_iter().find(|grouping| grouping.name() == text).ok_or(GroupingError)
    }
}

impl Grouping {
    /// Its name in addresses and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Page => "page",
            Self::Campaign => "campaign",
            Self::Link => "link",
            Self::Day => "day",
        }
    }
}

/// What is asked of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The days.
    pub period: Period,
    /// What of them.
    pub filter: Filter,
    /// Which tables, and how many groups of each at most; the rest is summed.
    pub tables: Vec<(Grouping, usize)>,
    /// Whether the period before is wanted too.
    pub compared: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Report {
    /// The days.
    pub period: Period,
    /// Everything that meets the filter.
    pub totals: Numbers,
    /// Each day of the period, oldest first.
    pub series: Vec<SeriesDay>,
    /// The tables, in the order in which they were asked for.
    pub tables: Vec<Table>,
    /// The same of the period before, where it was wanted and is kept.
    pub before: Option<Before>,
    /// The threshold that holds.
    pub min_count: u64,
}

/// What a number of these days that is not shown is less than; `None` where it may be more. Of one open day it is less than
/// the threshold; of a closed one it can be what several channels were each too small for, and of several days their sum.
/// Days before what they are of was `made` have nothing.
#[must_use]
pub fn limit_of_few(days: &[SeriesDay], made: Day, min_count: u64) -> Option<u64> {
    let since = &days[days.partition_point(|day| day.day < made)..];
    matches!(since, [day] if day.open).then_some(min_count)
}

/// The period before.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Before {
    /// Its days.
    pub period: Period,
    /// Everything of it that meets the filter.
    pub totals: Numbers,
    /// Each day of it, oldest first; as many as the period has.
    pub series: Vec<SeriesDay>,
}

/// What is published of some days.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Numbers {
    /// Links made.
    pub shares: Number,
    /// Previews fetched by chat apps' bots.
    pub unfurls: Number,
    /// The same by family of app, for who is signed in; families that fetched none are left out.
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Clicks counted with consent.
    pub clicks: Number,
    /// Visitors of each link and day, added up.
    pub visitors: Number,
    /// Clicks of people who were not asked, a series of its own.
    pub aggregate_clicks: Number,
    /// From shares to visitors.
    pub funnel: Funnel,
}

/// The way from shares to visitors: of closed days only, so that its numbers can be compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Funnel {
    /// Links made.
    pub shares: Number,
    /// Previews fetched.
    pub unfurls: Number,
    /// Clicks counted with consent, from cells.
    pub clicks: Number,
    /// Visitors, from cells.
    pub visitors: Number,
    /// Clicks / shares × 100 in percent, to one decimal; `None` without shares or with too few clicks.
    pub virality: Option<f64>,
}

/// One day.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesDay {
    /// The UTC day.
    pub day: Day,
    /// Links made.
    pub shares: Number,
    /// Previews fetched by chat apps' bots.
    pub unfurls: Number,
    /// The same by family of app, for who is signed in.
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Clicks counted with consent.
    pub clicks: Number,
    /// Visitors.
    pub visitors: Number,
    /// Clicks of people who were not asked.
    pub aggregate_clicks: Number,
    /// Clicks / shares × 100 in percent, to one decimal, of a closed day.
    pub virality: Option<f64>,
    /// Whether the day is not closed yet: today, and a past day until it is.
    pub open: bool,
}

/// Groups of one kind.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Table {
    /// What they are.
    pub by: Grouping,
    /// The first of them: most clicks first, then most shares, then by key.
    pub groups: Vec<Group>,
    /// The other groups together, where there are more than were wanted.
    pub rest: Option<Rest>,
    /// What is of no group: cells of a whole channel have no page and no campaign, and what moved up has no link. `None`
    /// where there is nothing to be shown, and for channels, which everything has.
    pub elsewhere: Option<Numbers>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Group {
    /// The channel, page, campaign or code; `None` for links without a campaign.
    pub key: Option<String>,
    /// Of a link: its channel, page and campaign, as its last counts in the period have them.
    pub kind: Option<Kind>,
    /// Its numbers.
    pub numbers: Numbers,
    /// Its numbers in the period before, where that was wanted and is kept.
    pub before: Option<Numbers>,
}

/// The groups that a table leaves out, together.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Rest {
    /// How many they are.
    pub groups: usize,
    /// Their numbers.
    pub numbers: Numbers,
}

impl Numbers {
    /// Whether any of them is shown and more than 0. A group that is listed with nothing but suppressed numbers would
    /// tell that they are not nothing.
    #[must_use]
    pub fn say_something(&self) -> bool {
        let all = [self.shares, self.unfurls, self.clicks, self.aggregate_clicks];
        all.into_iter().any(Number::says_something)
    }
}

impl Hash for Funnel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Virality follows from the others.
        let Self { shares, unfurls, clicks, visitors, virality: _ } = self;
        (shares, unfurls, clicks, visitors).hash(state);
    }
}

impl Hash for SeriesDay {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            day,
            shares,
            unfurls,
            unfurls_by_app,
            clicks,
            visitors,
            aggregate_clicks,
            virality: _,
            open,
        } = self;
        (day, shares, unfurls, unfurls_by_app, clicks, visitors, aggregate_clicks, open).hash(state);
    }
}

impl SeriesDay {
    /// Whether any of its numbers is shown and more than 0.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let all = [self.shares, self.unfurls, self.clicks, self.aggregate_clicks];
        all.into_iter().any(Number::says_something)
    }
}

impl Report {
    /// A table that was asked for.
    #[must_use]
    pub fn table(&self, by: Grouping) -> Option<&Table> {
        self.tables.iter().find(|table| table.by == by)
    }

    /// The groups of a table; none where it was not asked for.
    #[must_use]
    pub fn groups(&self, by: Grouping) -> &[Group] {
        self.table(by).map_or(&[], |table| &table.groups)
    }
}

/// Answers a question: `days` are those of its period, each once, and `before` those of the period before, where that
/// is wanted and kept.
#[must_use]
pub fn report(
    names: &Names,
    question: &Question,
    days: &[ReportDay],
    before: Option<&[ReportDay]>,
    rule: Publication,
) -> Report {
    let mask = Mask::new(&question.filter, names);
    let lens = Lens::new(names, &mask, rule, days);
    let lens_before = lens.on(before.unwrap_or_default());
    let wanted = |by| question.tables.iter().any(|(wanted, _)| *wanted == by);
    let mut by_kind = vec![Grouping::Channel, Grouping::Page, Grouping::Campaign];
    by_kind.retain(|by| wanted(*by));
    let mut tally = Tally::new(lens, &by_kind, wanted(Grouping::Link));
    let tally_before = before.map(|days| {
        let mut tally = Tally::new(lens_before, &by_kind, false);
        tally.add(days, lens_before);
        tally
    });
    tally.add(days, lens);
    let table = |(by, most): &(Grouping, usize)| {
        if let Some(place) = tally.tables.iter().position(|sums| sums.by() == *by) {
            let before = tally_before.as_ref().map(|before| (&before.tables[place], lens_before));
            return Some(tally.tables[place].table(*most, days, before, lens));
        }
        let links = tally.links.as_ref().filter(|_| *by == Grouping::Link)?;
        Some(links.table(*most, days, before.map(|days| (days, lens_before)), lens))
    };
    Report {
        period: question.period,
        totals: tally.totals(),
        tables: question.tables.iter().filter_map(table).collect(),
        series: tally.series,
        before: tally_before.map(|tally| Before {
            period: question.period.before(),
            totals: tally.totals(),
            series: tally.series,
        }),
        min_count: rule.min_count,
    }
}
