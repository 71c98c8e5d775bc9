//! Adding up days, and publishing what they come to.

use std::collections::BTreeMap;
use std::ops::{AddAssign, SubAssign};

use super::apps::Apps;
use super::{Funnel, Numbers, SeriesDay};
use crate::domain::cell::Amount;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::publication::{Number, Publication, Sum};

/// Counts before they are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Raw {
    pub(super) shares: u64,
    pub(super) unfurls: u64,
    pub(super) amount: Amount,
}

impl AddAssign for Raw {
    fn add_assign(&mut self, more: Self) {
        self.shares += more.shares;
        self.unfurls += more.unfurls;
        self.amount += more.amount;
    }
}

impl SubAssign for Raw {
    /// Takes away a part.
    fn sub_assign(&mut self, part: Self) {
        self.shares -= part.shares;
        self.unfurls -= part.unfurls;
        self.amount.clicks -= part.amount.clicks;
        self.amount.visitors -= part.amount.visitors;
        self.amount.aggregate_clicks -= part.amount.aggregate_clicks;
    }
}

/// Days of one group, as they are added up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    /// What closed days have in cells: their sum is published.
    closed: Amount,
    shares: Sum,
    unfurls: Sum,
    /// Open days, of which each was published by itself.
    clicks: Sum,
    visitors: Sum,
    aggregate_clicks: Sum,
    funnel_shares: Sum,
    funnel_unfurls: Sum,
    rule: Publication,
    /// Whether some of the days are open.
    open: bool,
}

impl Sums {
    /// Nothing, of days of which some are `open`.
    pub(super) fn new(rule: Publication, open: bool) -> Self {
        let (nothing, none) = (rule.nothing(), rule.happenings(0));
        Self {
            closed: Amount::default(),
            shares: none,
            unfurls: none,
            clicks: nothing,
            visitors: nothing,
            aggregate_clicks: nothing,
            funnel_shares: none,
            funnel_unfurls: none,
            rule,
            open: open && !rule.is_exact(),
        }
    }

    /// Adds a day; or several closed ones together, where these [add up](Publication::adds_up).
    pub(super) fn add(&mut self, raw: Raw, open: bool) {
        let rule = self.rule;
        let (shares, unfurls) = (rule.happenings(raw.shares), rule.happenings(raw.unfurls));
        self.shares += shares;
        self.unfurls += unfurls;
        if open && !rule.is_exact() {
            let Amount { clicks, visitors, aggregate_clicks } = raw.amount;
            self.clicks += rule.open(clicks, visitors);
            self.visitors += rule.open(visitors, visitors);
            self.aggregate_clicks += rule.open(aggregate_clicks, aggregate_clicks);
        } else {
            self.closed += raw.amount;
            self.funnel_shares += shares;
            self.funnel_unfurls += unfurls;
        }
    }

    /// Whether any number of it is shown.
    pub(super) fn says_something(&self) -> bool {
        self.rank().is_some()
    }

    /// By what groups are put in order: clicks, then shares. `None` where no number of it is shown.
    pub(super) fn rank(&self) -> Option<(u64, u64)> {
        let [clicks, _, aggregate_clicks] = self.of_visits();
        let [shares, unfurls] = [self.shares, self.unfurls].map(|sum| self.happened(sum));
        let says_something =
            [shares, unfurls, clicks, aggregate_clicks].into_iter().any(Number::says_something);
        says_something.then(|| (clicks.value().unwrap_or(0), shares.value().unwrap_or(0)))
    }

    /// Clicks, visitors, and clicks of people who were not asked.
    fn of_visits(&self) -> [Number; 3] {
        let mut sums = [self.clicks, self.visitors, self.aggregate_clicks];
        for (sum, closed) in sums.iter_mut().zip(self.of_cells()) {
            *sum += closed;
        }
        sums.map(|sum| sum.number(self.open))
    }

    /// The same of closed days alone.
    fn of_cells(&self) -> [Sum; 3] {
        let Amount { clicks, visitors, aggregate_clicks } = self.closed;
        [(clicks, visitors), (visitors, visitors), (aggregate_clicks, aggregate_clicks)]
            .map(|(number, visitors)| self.rule.closed(number, visitors))
    }

    /// Shares or unfurls.
    fn happened(&self, sum: Sum) -> Number {
        sum.number(!self.rule.adds_up())
    }

    /// What is published; of the unfurls, so many are known to be of which family.
    pub(super) fn numbers(&self, known: Apps) -> Numbers {
        let rule = self.rule;
        let unfurls = self.happened(self.unfurls);
        let [clicks, visitors, aggregate_clicks] = self.of_visits();
        let closed = self.of_cells().map(|sum| sum.number(false));
        let shares = self.happened(self.funnel_shares);
        Numbers {
            shares: self.happened(self.shares),
            unfurls,
            unfurls_by_app: by_app(known, unfurls, rule),
            clicks,
            visitors,
            aggregate_clicks,
            funnel: Funnel {
                shares,
                unfurls: self.happened(self.funnel_unfurls),
                clicks: closed[0],
                visitors: closed[1],
                // Of shares that are rounded down it would be too high.
                virality: if rule.adds_up() { virality(closed[0], shares) } else { None },
            },
        }
    }
}

impl AddAssign for Sums {
    /// Adds other days of the same group.
    fn add_assign(&mut self, more: Self) {
        self.closed += more.closed;
        self.shares += more.shares;
        self.unfurls += more.unfurls;
        self.clicks += more.clicks;
        self.visitors += more.visitors;
        self.aggregate_clicks += more.aggregate_clicks;
        self.funnel_shares += more.funnel_shares;
        self.funnel_unfurls += more.funnel_unfurls;
    }
}

/// A day of a series.
pub(super) fn series_day(day: Day, raw: Raw, known: Apps, open: bool, rule: Publication) -> SeriesDay {
    let mut sums = Sums::new(rule, open);
    sums.add(raw, open);
    let Numbers { shares, unfurls, unfurls_by_app, clicks, visitors, aggregate_clicks, funnel } =
        sums.numbers(known);
    let virality = funnel.virality;
    SeriesDay { day, shares, unfurls, unfurls_by_app, clicks, visitors, aggregate_clicks, virality, open }
}

/// Known unfurls with those of others, so that they add up to all; nothing where these are rounded.
fn by_app(mut known: Apps, unfurls: Number, rule: Publication) -> BTreeMap<Family, u64> {
    let Some(all) = unfurls.value().filter(|_| rule.adds_up()) else { return BTreeMap::new() };
    let others = all.saturating_sub(known.all());
    known.add(Family::Other, others);
    known.by_family()
}

/// Clicks / shares × 100, in percent to one decimal.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn virality(clicks: Number, shares: Number) -> Option<f64> {
    let (clicks, shares) = (clicks.value()?, shares.value().filter(|shares| *shares > 0)?);
    Some((clicks as f64 * 1_000.0 / shares as f64).round() / 10.0)
}
