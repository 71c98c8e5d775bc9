//! Closing a day: its counts become *cells*, each of at least k visitors, so that no number that is
//! published afterwards, and no sum or difference of such numbers, stands for fewer.
//!
//! Three levels, one rule. What a level brings together stays there where it and the cell that is
//! there already stand for k visitors; else it moves up, and nothing of it stays below:
//!
//! 1. a link's count of the day;
//! 2. what moved up from links of one page, channel and campaign;
//! 3. what moved up from there, and what has been waiting for the site's channel since that day or
//!    an earlier one. What is too few even there goes on waiting, shown to nobody.
//!
//! Clicks that come late, when their day is closed, take the same way. So they join the cell that
//! is there now, however few they are: what is published at any one moment are sums of cells.
//!
//! Clicks with their visitors are one series and clicks of people who were not asked another; each
//! goes its own way. Of the second, every click counts for a visitor, because nobody knows better.

use std::collections::BTreeMap;

pub use super::counts::Amount;

impl Amount {
    /// Parts what stays where a cell has `there` already, or nothing, from what moves up. Each
    /// series stays or moves as a whole.
    #[must_use]
    pub fn part(self, there: Self, min_count: u64) -> (Self, Self) {
        let (mut stays, mut rises) = (Self::default(), Self::default());
        let with_consent = if there.visitors + self.visitors >= min_count { &mut stays } else { &mut rises };
        (with_consent.clicks, with_consent.visitors) = (self.clicks, self.visitors);
        let unasked = there.aggregate_clicks + self.aggregate_clicks;
        let unasked = if unasked >= min_count { &mut stays } else { &mut rises };
        unasked.aggregate_clicks = self.aggregate_clicks;
        (stays, rises)
    }
}

/// What a level brings together in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gathered {
    /// What the cell has that is there already; nothing where none is.
    pub there: Amount,
    /// What is to be closed: all that the place has of it.
    pub more: Amount,
}

/// What closing does with the amounts of one level. Together they are what was to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level<Key, Upper> {
    /// What stays, to be added to what is there; none of it is nothing.
    pub cells: Vec<(Key, Amount)>,
    /// What moves up, and where to; none of it is nothing.
    pub risen: BTreeMap<Upper, Amount>,
}

/// Closes one level: each amount stays or moves up to its `upper`. The places of a level may be
/// closed a few at a time, and each of them at any time again.
pub fn close<Key, Upper: Ord>(
    gathered: impl IntoIterator<Item = (Key, Gathered)>,
    upper: impl Fn(&Key) -> Upper,
    min_count: u64,
) -> Level<Key, Upper> {
    let mut level = Level { cells: Vec::new(), risen: BTreeMap::<Upper, Amount>::new() };
    for (key, Gathered { there, more }) in gathered {
        let (stays, rises) = more.part(there, min_count);
        if !rises.is_nothing() {
            *level.risen.entry(upper(&key)).or_default() += rises;
        }
        if !stays.is_nothing() {
            level.cells.push((key, stays));
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(clicks: u64, visitors: u64, aggregate_clicks: u64) -> Amount {
        Amount { clicks, visitors, aggregate_clicks }
    }

    const NOTHING: Amount = Amount { clicks: 0, visitors: 0, aggregate_clicks: 0 };

    #[test]
    fn k_visitors_stay_and_fewer_move_up_each_series_for_itself() {
        for (whole, stays, rises) in [
            (amount(9, 5, 5), amount(9, 5, 5), NOTHING),
            (amount(9, 4, 5), amount(0, 0, 5), amount(9, 4, 0)),
            (amount(9, 5, 4), amount(9, 5, 0), amount(0, 0, 4)),
            (amount(99, 1, 0), NOTHING, amount(99, 1, 0)),
        ] {
            assert_eq!(whole.part(NOTHING, 5), (stays, rises));
        }
        assert_eq!(amount(3, 1, 1).part(NOTHING, 1), (amount(3, 1, 1), NOTHING), "with k = 1 nothing moves");
    }

    #[test]
    fn what_comes_late_joins_the_cell_that_is_there_each_series_for_itself() {
        let one = amount(2, 1, 1);
        assert_eq!(one.part(amount(7, 5, 5), 5), (one, NOTHING));
        assert_eq!(one.part(amount(7, 5, 0), 5), (amount(2, 1, 0), amount(0, 0, 1)));
        assert_eq!(one.part(amount(0, 0, 9), 5), (amount(0, 0, 1), amount(2, 1, 0)));
        // What an earlier closing left with a smaller k is made up to the present one.
        assert_eq!(one.part(amount(4, 4, 3), 5), (amount(2, 1, 0), amount(0, 0, 1)));
    }

    #[test]
    fn what_moves_up_comes_together_above() {
        let gathered = [
            ("a1", NOTHING, amount(6, 6, 0)),
            ("a2", NOTHING, amount(8, 4, 1)),
            ("a3", NOTHING, amount(3, 2, 7)),
            ("a4", amount(5, 5, 0), amount(2, 1, 0)),
            ("b1", NOTHING, amount(1, 1, 0)),
        ];
        let gathered = gathered.map(|(link, there, more)| (link, Gathered { there, more }));
        let level = close(gathered, |link| link.as_bytes()[0], 5);
        let cells = [("a1", amount(6, 6, 0)), ("a3", amount(0, 0, 7)), ("a4", amount(2, 1, 0))];
        assert_eq!(level.cells, cells);
        assert_eq!(level.risen, BTreeMap::from([(b'a', amount(11, 6, 1)), (b'b', amount(1, 1, 0))]));
    }
}
