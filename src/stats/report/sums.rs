//! Adding up what is shown of days and weeks, and publishing what that comes to.

use std::collections::BTreeMap;
use std::ops::{AddAssign, SubAssign};

use crate::domain::family::Family;
use crate::stats::counts::Amount;
use crate::stats::publication::{Audience, Number};
use crate::stats::report::apps::Apps;
use crate::stats::report::{ClicksPerShare, Numbers};

/// What is shown of some counts.
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
        self.amount.opens -= part.amount.opens;
    }
}

impl Raw {
    /// Returns whether nothing of it is more than 0.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Returns by what groups are put in order: clicks, then shares. `None` where nothing is shown.
    pub(super) fn rank(&self) -> Option<(u64, u64)> {
        (!self.is_nothing()).then_some((self.amount.clicks, self.shares))
    }
}

/// How sums of some days are published. It follows from the days and who reads, and never from what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Whether every one of the days shows everything: then 0 is none.
    pub(super) exact: bool,
    /// Whether the visits of any of the days are shown.
    pub(super) visits: bool,
    pub(super) audience: Audience,
}

impl Form {
    /// Publishes a sum; of its unfurls, so many are known to be of which family.
    pub(super) fn numbers(self, raw: Raw, known: Apps) -> Numbers {
        let Amount { clicks, visitors, opens } = raw.amount;
        let knows_shares = self.exact || self.audience == Audience::SignedIn;
        let when = |shown: bool, number| if shown { Number::Shown(number) } else { Number::Suppressed };
        let of_visits = |number| when(self.exact || !raw.amount.is_nothing(), number);
        Numbers {
            shares: when(knows_shares || raw.shares > 0, raw.shares),
            unfurls: when(self.visits, raw.unfurls),
            unfurls_by_app: if self.visits { by_app(known, raw.unfurls) } else { BTreeMap::new() },
            clicks: of_visits(clicks),
            visitors: of_visits(visitors),
            opens: of_visits(opens),
            // Of shares that are rounded down it would be too high.
            clicks_per_share: knows_shares.then(|| self.clicks_per_share(clicks, raw.shares)).flatten(),
        }
    }

    fn clicks_per_share(self, clicks: u64, shares: u64) -> Option<ClicksPerShare> {
        let known = shares > 0 && (self.exact || clicks > 0);
        known.then(|| {
            if self.exact {
                ClicksPerShare::exact(clicks, shares)
            } else {
                ClicksPerShare::about(clicks, shares)
            }
        })
    }
}

/// Known unfurls with those of others, so that they add up to all.
fn by_app(mut known: Apps, unfurls: u64) -> BTreeMap<Family, u64> {
    known.add(Family::Other, unfurls.saturating_sub(known.all()));
    known.by_family()
}

impl ClicksPerShare {
    /// Divides exact clicks by shares, to three decimals.
    pub(crate) fn exact(clicks: u64, shares: u64) -> Self {
        Self { thousandths: divided(clicks.saturating_mul(1_000), shares) }
    }

    /// Divides rounded clicks by shares, to one decimal: rounded clicks have no further digits.
    fn about(clicks: u64, shares: u64) -> Self {
        Self { thousandths: divided(clicks.saturating_mul(10), shares).saturating_mul(100) }
    }
}

/// Divides to the nearest whole number.
fn divided(number: u64, by: u64) -> u64 {
    number.saturating_add(by / 2) / by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_per_share_have_no_more_digits_than_the_clicks() {
        for (clicks, shares, exact, about) in [
            (160, 100, "1.6", "1.6"),
            (37, 3, "12.333", "12.3"),
            (1, 3, "0.333", "0.3"),
            (5, 100, "0.05", "0.1"),
            (0, 4, "0", "0"),
        ] {
            let of = [ClicksPerShare::exact(clicks, shares), ClicksPerShare::about(clicks, shares)];
            assert_eq!(of.map(|of| of.value().to_string()), [exact, about]);
        }
    }

    #[test]
    fn nothing_and_too_few_look_the_same_unless_every_number_is_exact() {
        let form = |exact, visits, audience| Form { exact, visits, audience };
        let numbers = |form: Form| {
            let Numbers { shares, unfurls, clicks, visitors, opens, .. } =
                form.numbers(Raw::default(), Apps::default());
            [shares, unfurls, clicks, visitors, opens].map(Number::value)
        };
        assert_eq!(numbers(form(true, true, Audience::Public)), [Some(0); 5]);
        assert_eq!(numbers(form(false, true, Audience::SignedIn)), [Some(0), Some(0), None, None, None]);
        assert_eq!(numbers(form(false, false, Audience::SignedIn)), [Some(0), None, None, None, None]);
        assert_eq!(numbers(form(false, true, Audience::Public)), [None, Some(0), None, None, None]);
    }
}
