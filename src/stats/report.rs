//! Reports: what every page, export and API answer shows of a site's counts.
//!
//! A report is pure: it is made of [blocks](block::Block), one for each day and each whole week, and of a [`Question`]: a
//! period, filters, and which tables are wanted. What of a day may be published stands in
//! [`publication`](crate::stats::publication). So the same question has the same answer everywhere, to the last digit.
//!
//! A week's cells are of pages and of channels. A period has those of the weeks that lie wholly in it, in its totals and in its
//! groups by channel, page and campaign; they are of no day and of no link.
//!
//! The period before has as many days and ends where the period begins. It is left out where a part of it is older than
//! what is kept.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use self::aggregation::{Aggregation, Lens};
use self::mask::Mask;
use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::dimensions::Dimensions;
use crate::domain::family::Family;
use crate::domain::min_count::MinCount;
use crate::domain::rule::CodedError;
use crate::domain::week::Week;
use crate::stats::publication::{Audience, Bound, Number};

pub use self::aggregation::{ReportDay, ReportWeek};
pub use self::block::Block;
pub use self::dictionary::Dictionary;
pub use self::of_link::of_link;

mod aggregation;
mod apps;
mod block;
mod dictionary;
mod groups;
mod links;
mod mask;
mod of_link;
mod sparse_vector;
mod sums;
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

    /// Returns the weeks that lie wholly in it, the first one first.
    #[must_use]
    pub fn weeks(self) -> impl DoubleEndedIterator<Item = Week> {
        Week::within(self.first, self.last)
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

impl CodedError for GroupingError {
    fn code(&self) -> &'static str {
        "not_a_grouping"
    }
}

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

/// What a report is made of: the days of a period and the weeks that lie wholly in it, each once and in their order.
#[derive(Debug, Clone, Default)]
pub struct ReportDays {
    /// The days.
    pub days: Vec<ReportDay>,
    /// The weeks in which anything may have become a cell of a page or a channel.
    pub weeks: Vec<ReportWeek>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Report {
    /// The days.
    pub period: Period,
    /// Everything that meets the filter.
    pub totals: Numbers,
    /// How the totals stand to what was counted.
    pub bound: Bound,
    /// Each day of the period, oldest first.
    pub series: Vec<SeriesDay>,
    /// The weeks that lie wholly in the period and have cells of their own, or may have some; oldest first.
    pub weeks: Vec<SeriesWeek>,
    /// The tables, in the order in which they were asked for.
    pub tables: Vec<Table>,
    /// The same of the period before, where it was wanted and is kept.
    pub before: Option<Before>,
    /// The greatest k of the days.
    pub min_count: MinCount,
}

/// The period before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Before {
    /// Its days.
    pub period: Period,
    /// Everything of it that meets the filter.
    pub totals: Numbers,
    /// Each day of it, oldest first; as many as the period has.
    pub series: Vec<SeriesDay>,
    /// The weeks that lie wholly in it.
    pub weeks: Vec<SeriesWeek>,
}

/// What is published of some days.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Numbers {
    /// Links made.
    pub shares: Number,
    /// Previews fetched by chat apps' bots.
    pub unfurls: Number,
    /// The same by family of app; families that fetched none are left out.
    pub unfurls_by_app: BTreeMap<Family, u64>,
    /// Clicks counted with consent. They are suppressed together with the visitors and the bare counts, or none of them is.
    pub clicks: Number,
    /// Visitors of each link and day, added up.
    pub visitors: Number,
    /// Clicks of people who were not asked, a series of its own.
    pub opens: Number,
    /// Clicks divided by shares; `None` without shares or with too few clicks.
    pub clicks_per_share: Option<ClicksPerShare>,
}

/// Clicks divided by shares, with as many digits as the clicks have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClicksPerShare {
    thousandths: u64,
}

impl ClicksPerShare {
    /// Returns the clicks for each share: 1.6 where 100 shares brought 160 clicks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn value(self) -> f64 {
        self.thousandths as f64 / 1_000.0
    }
}

impl Serialize for ClicksPerShare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeriesDay {
    /// The UTC day.
    pub day: Day,
    /// What is published of it.
    pub numbers: Numbers,
    /// Whether it is not over, or not closed yet.
    pub open: bool,
}

/// What stands with a whole week: what was too few for a link on a day, as cells of pages and channels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeriesWeek {
    /// The week.
    pub week: Week,
    /// Clicks counted with consent.
    pub clicks: Number,
    /// Visitors.
    pub visitors: Number,
    /// Clicks of people who were not asked.
    pub opens: Number,
}

/// Groups of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// What they are.
    pub by: Grouping,
    /// The first of them: most clicks first, then most shares, then by key.
    pub groups: Vec<Group>,
    /// The other groups together, where there are more than were wanted.
    pub rest: Option<Rest>,
    /// What is of no group: a channel's cell of a week has no page and no campaign, and no cell of a week has a link. `None`
    /// where there is nothing to be shown, and for channels, which everything has.
    pub elsewhere: Option<Numbers>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// The channel, page, campaign or code; `None` for links without a campaign.
    pub key: Option<String>,
    /// Of a link: its channel, page and campaign, as its last counts in the period have them.
    pub kind: Option<Dimensions>,
    /// Its numbers.
    pub numbers: Numbers,
    /// Its numbers in the period before, where that was wanted and is kept.
    pub before: Option<Numbers>,
}

/// The groups that a table leaves out, together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rest {
    /// How many they are.
    pub groups: usize,
    /// Their numbers.
    pub numbers: Numbers,
}

impl Numbers {
    /// Returns whether any of them is shown and more than 0. A group that is listed with nothing but suppressed numbers would
    /// tell that they are not nothing.
    #[must_use]
    pub fn say_something(&self) -> bool {
        let all = [self.shares, self.unfurls, self.clicks, self.opens];
        all.into_iter().any(Number::says_something)
    }

    /// Returns whether nothing of the visits is shown: they are too few, or none.
    #[must_use]
    pub fn are_suppressed(&self) -> bool {
        self.clicks == Number::Suppressed
    }
}

impl Report {
    /// Returns a table that was asked for.
    #[must_use]
    pub fn table(&self, by: Grouping) -> Option<&Table> {
        self.tables.iter().find(|table| table.by == by)
    }

    /// Returns the groups of a table; none where it was not asked for.
    #[must_use]
    pub fn groups(&self, by: Grouping) -> &[Group] {
        self.table(by).map_or(&[], |table| &table.groups)
    }

    /// Returns how the numbers of such groups stand to what was counted: of what is too few for a page, a campaign, a link or a day of
    /// its own, the rest stands elsewhere.
    #[must_use]
    pub fn bound_of(&self, by: Grouping) -> Bound {
        match (self.bound, by) {
            (Bound::About, Grouping::Page | Grouping::Campaign | Grouping::Link | Grouping::Day) => {
                Bound::AtLeastAbout
            }
            (bound, _) => bound,
        }
    }
}

/// Returns how the totals of a filter stand to what was counted.
fn bound(question: &Question, min_count: MinCount) -> Bound {
    let Filter { channel: _, page, campaign, link } = &question.filter;
    let is_whole = page.is_none() && campaign.is_none() && link.is_none();
    match is_whole && question.period.weeks().next().is_some() {
        _ if min_count.is_exact() => Bound::Exact,
        true => Bound::About,
        // What became cells of weeks is missing.
        false => Bound::AtLeastAbout,
    }
}

/// Answers a question: `now` is its period, and `before` the period before, where that is wanted and kept.
#[must_use]
pub fn report(
    dictionary: &Dictionary,
    question: &Question,
    now: &ReportDays,
    before: Option<&ReportDays>,
    audience: Audience,
) -> Report {
    let mask = Mask::new(&question.filter, dictionary);
    let wanted = |by| question.tables.iter().any(|(wanted, _)| *wanted == by);
    let mut by_kind = vec![Grouping::Channel, Grouping::Page, Grouping::Campaign];
    by_kind.retain(|by| wanted(*by));
    let lens = Lens::new(dictionary, &mask, audience, &now.days);
    let form = lens.form(&now.days);
    let add_up = |days: &ReportDays, links: bool| {
        let lens = lens.on(&days.days);
        let mut aggregation = Aggregation::new(lens, &by_kind, links);
        aggregation.add(&days.days, lens);
        // A week's cells are of no link.
        if question.filter.link.is_none() {
            aggregation.add_weeks(&days.weeks, lens);
        }
        aggregation
    };
    let aggregation = add_up(now, wanted(Grouping::Link));
    let before = before.map(|days| (days, add_up(days, false), lens.form(&days.days)));
    let table = |(by, most): &(Grouping, usize)| {
        if let Some(place) = aggregation.tables.iter().position(|sums| sums.by() == *by) {
            let before = before.as_ref().map(|(_, before, form)| (&before.tables[place], *form));
            return Some(aggregation.tables[place].table(*most, form, before));
        }
        let links = aggregation.links.as_ref().filter(|_| *by == Grouping::Link)?;
        let before = before.as_ref().map(|(days, _, form)| (days.days.as_slice(), *form));
        Some(links.table(*most, &now.days, before, lens, form))
    };
    let min_count = now.days.iter().map(|day| day.min_count).max().unwrap_or(MinCount::EXACT);
    Report {
        period: question.period,
        totals: aggregation.totals(form),
        bound: bound(question, min_count),
        tables: question.tables.iter().filter_map(table).collect(),
        series: aggregation.series,
        weeks: aggregation.weeks,
        before: before.map(|(_, aggregation, form)| Before {
            period: question.period.before(),
            totals: aggregation.totals(form),
            series: aggregation.series,
            weeks: aggregation.weeks,
        }),
        min_count,
    }
}
