//! The disclosure rule: what of an ended day or week becomes a *cell*, a number that may be published, and how it is rounded.
//!
//! A closing has a secret of 32 random bytes, from which everything that it draws follows, for each subject by itself. So a
//! closing may be killed at any point and done again, and comes to the same cells; and when its secret is deleted, nobody can
//! tell what was drawn.
//!
//! - **Threshold.** Clicks become a cell where at least T visitors *and* T networks stand behind them, T from k + 1 to 2k.
//!   Opens have neither; there T is from 2k + 1 to 4k opens. What is fewer joins others at the next level.
//! - **Rounding.** `k × floor((n + r) / k)`, r from 0 to k − 1: right on average. Clicks are the rounded visitors and the
//!   rounded rest, so that they are never fewer.
//!
//! With k = 1 every number is a cell, and exact. `docs/adr/0027-the-disclosure-rule.md` says why it has to be so.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::family::Family;
use crate::domain::min_count::MinCount;
use crate::stats::counts::{Amount, Counts};

/// What one subject has before it is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undecided {
    /// What was counted.
    pub amount: Amount,
    /// From how many networks the clicks came at least.
    pub networks: u64,
}

impl Undecided {
    /// Returns whether nothing was counted.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.amount.is_nothing()
    }
}

impl std::ops::AddAssign for Undecided {
    /// Adds another day's: a network counts anew on each day.
    fn add_assign(&mut self, more: Self) {
        self.amount += more.amount;
        self.networks += more.networks;
    }
}

/// What is decided on: the level that a subject is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A link on a day.
    Link,
    /// A page with its channel and campaign in a week.
    Page,
    /// A channel in a week.
    Channel,
}

/// The secret of one closing.
#[expect(missing_debug_implementations, reason = "what it draws must not be known")]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Draws one from the system's random source.
    ///
    /// # Panics
    /// When the system has no random source, without which the service does not start.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = Self(Zeroizing::default());
        getrandom::fill(secret.0.as_mut_slice()).expect("the operating system has a random source");
        secret
    }

    /// Writes it for the closing's bookkeeping: 64 hexadecimal digits.
    #[must_use]
    pub fn to_text(&self) -> String {
        base16ct::lower::encode_string(self.0.as_slice())
    }

    /// Reads what [`Secret::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut secret = Self(Zeroizing::default());
        let whole = base16ct::lower::decode(text, secret.0.as_mut_slice()).ok()?.len() == 32;
        whole.then_some(secret)
    }

    /// Decides on a subject, each series for itself: returns its cell, and what joins others at the next level.
    #[must_use]
    pub fn decide(
        &self,
        level: Level,
        subject: &str,
        undecided: Undecided,
        k: MinCount,
    ) -> (Amount, Undecided) {
        let Undecided { amount, networks } = undecided;
        let (mut cell, mut rest) = (Amount::default(), undecided);
        if k.is_exact() {
            return (amount, Undecided::default());
        }
        let draw = |what: &str, below: u64| self.below(level, subject, what, below);
        let round = |what: &str, number: u64| round(number, draw(what, k.get()), k);
        let threshold = k.get() + 1 + draw("threshold of clicks", k.get());
        if amount.visitors >= threshold && networks >= threshold {
            cell.visitors = round("visitors", amount.visitors);
            cell.clicks = cell.visitors + round("clicks", amount.clicks.saturating_sub(amount.visitors));
            (rest.amount.clicks, rest.amount.visitors, rest.networks) = (0, 0, 0);
        }
        let threshold = 2 * k.get() + 1 + draw("threshold of opens", 2 * k.get());
        if amount.opens >= threshold {
            cell.opens = round("opens", amount.opens);
            rest.amount.opens = 0;
        }
        (cell, rest)
    }

    /// Rounds a link's unfurls of a day, those of each family for itself; their sum is the whole.
    #[must_use]
    pub fn unfurls(&self, link: &str, unfurls: &BTreeMap<Family, u64>, k: MinCount) -> Counts {
        let mut rounded = Counts::default();
        for (family, number) in unfurls {
            let r = if k.is_exact() { 0 } else { self.below(Level::Link, link, family.name(), k.get()) };
            let number = round(*number, r, k);
            rounded.unfurls += number;
            if *family != Family::Other && number > 0 {
                rounded.known_unfurls.insert(*family, number);
            }
        }
        rounded
    }

    /// Draws a number below a bound: the same one for the same subject and purpose, and any other independently.
    fn below(&self, level: Level, subject: &str, what: &str, bound: u64) -> u64 {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("HMAC takes a key of any length");
        let level = match level {
            Level::Link => "link",
            Level::Page => "page",
            Level::Channel => "channel",
        };
        for part in [level, what, subject] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        let hash = mac.finalize().into_bytes();
        let (first, _) = hash.split_first_chunk::<8>().expect("a SHA-256 has 32 bytes");
        // Of 2^64 numbers, those beyond the last multiple of at most 40 make a difference that nobody can measure.
        u64::from_le_bytes(*first) % bound
    }
}

/// Rounds a number to a multiple of k with the drawn r.
pub(super) fn round(number: u64, r: u64, k: MinCount) -> u64 {
    (number + r) / k.get() * k.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(number: u64) -> MinCount {
        number.try_into().expect("a k")
    }

    fn undecided(clicks: u64, visitors: u64, networks: u64, opens: u64) -> Undecided {
        Undecided { amount: Amount { clicks, visitors, opens }, networks }
    }

    #[test]
    fn a_secret_decides_the_same_again_after_it_was_written_and_another_one_otherwise() {
        let secret = Secret::random();
        let again = Secret::from_text(&secret.to_text()).expect("what was written");
        let all = |secret: &Secret| {
            let subjects = (0..200).map(|number| number.to_string());
            subjects
                .map(|subject| secret.decide(Level::Link, &subject, undecided(17, 8, 8, 15), k(5)))
                .collect::<Vec<_>>()
        };
        assert!(all(&secret) == all(&again));
        assert!(all(&secret) != all(&Secret::random()));
        assert!(Secret::from_text("12").is_none());
    }

    #[test]
    fn with_k_1_everything_is_a_cell_and_exact() {
        let all = undecided(3, 1, 0, 2);
        assert_eq!(Secret::random().decide(Level::Link, "a", all, k(1)), (all.amount, Undecided::default()));
        let unfurls = BTreeMap::from([(Family::Slack, 3), (Family::Other, 4)]);
        let counts = Secret::random().unfurls("a", &unfurls, k(1));
        assert_eq!((counts.unfurls, counts.unfurls_by_app()), (7, unfurls));
    }

    #[test]
    fn thresholds_are_from_k_plus_1_to_2k_and_both_visitors_and_networks_have_to_reach_them() {
        for k in [5, 10, 20].map(k) {
            let n = k.get();
            let secret = Secret::random();
            // How many of these subjects show something, of a thousand.
            let shown = |visitors, networks, opens| {
                let all = (0..1_000).map(|subject| {
                    let of_subject = undecided(visitors, visitors, networks, opens);
                    secret.decide(Level::Page, &subject.to_string(), of_subject, k)
                });
                all.fold((0, 0), |(clicks, opens), (_, rest)| {
                    (clicks + i32::from(rest.amount.visitors == 0), opens + i32::from(rest.amount.opens == 0))
                })
            };
            assert_eq!(shown(n, n, 2 * n), (0, 0));
            assert_eq!(shown(2 * n, n, 0).0, 0);
            assert_eq!(shown(n, 2 * n, 0).0, 0);
            assert_eq!(shown(2 * n, 2 * n, 4 * n), (1_000, 1_000));
            let (clicks, opens) = shown(n + n / 2, 2 * n, 3 * n);
            assert!((350..650).contains(&clicks) && (350..650).contains(&opens), "{clicks} {opens}");
        }
    }

    #[test]
    fn rounding_is_right_on_average_and_to_multiples_of_k() {
        let (secret, k) = (Secret::random(), k(5));
        for visitors in 10..20 {
            let cells = (0..5_000).map(|subject| {
                secret
                    .decide(Level::Link, &subject.to_string(), undecided(visitors + 3, visitors, 200, 0), k)
                    .0
            });
            let (mut clicks, mut shown) = (0, 0);
            for cell in cells {
                assert!(cell.visitors % 5 == 0 && cell.clicks % 5 == 0 && cell.clicks >= cell.visitors);
                (clicks, shown) = (clicks + cell.clicks, shown + cell.visitors);
            }
            let near = |sum: u64, number: u64| sum.abs_diff(number * 5_000) < 5_000 / 4;
            assert!(near(shown, visitors) && near(clicks, visitors + 3), "{visitors}: {shown} {clicks}");
        }
    }

    #[test]
    fn what_is_a_cell_is_no_rest_and_the_other_way_round() {
        let secret = Secret::random();
        for visitors in 0..30 {
            let before = undecided(visitors * 2, visitors, visitors, visitors);
            let (cell, rest) = secret.decide(Level::Channel, "sms", before, k(10));
            assert_eq!(
                cell.visitors == 0,
                rest.amount == Amount { opens: rest.amount.opens, ..before.amount }
                    && rest.amount.visitors == before.amount.visitors
            );
            assert!(cell.opens == 0 || rest.amount.opens == 0);
            assert!(rest.networks == if rest.amount.visitors > 0 || visitors == 0 { visitors } else { 0 });
        }
    }
}
