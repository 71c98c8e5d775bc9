//! What a store should hold of one site, kept in maps. What a closing draws is secret, so the model follows what it sees:
//! a cell has to be one that could have been drawn, and what is no cell must have been able to be none. From there on,
//! everything is where it has to be, and stays.

use std::collections::{BTreeMap, BTreeSet};

use entrenous::domain::day::Day;
use entrenous::domain::dimensions::Dimensions;
use entrenous::domain::link::{Link, LinkChange};
use entrenous::domain::min_count::MinCount;
use entrenous::domain::networks::{Bucket, Networks};
use entrenous::domain::week::Week;
use entrenous::stats::counts::{Amount, Counts};

use super::cells::assert_rounded;

/// What is open of a link's day.
#[derive(Clone, Default)]
pub(super) struct Open {
    clicks: u64,
    visitors: BTreeSet<u32>,
    networks: Networks,
    opens: u64,
}

impl Open {
    pub(super) fn counts(&self) -> Counts {
        let visitors = self.visitors.len() as u64;
        Counts { clicks: self.clicks, visitors, opens: self.opens, ..Counts::default() }
    }
}

/// What is counted under one page, or of a whole channel, in a week.
#[derive(Clone, Default)]
struct Pool {
    amount: Amount,
    networks: BTreeMap<Day, Networks>,
}

/// A cell of a link's day.
pub(super) type OfDay = (Day, usize, Dimensions);
/// A cell of a week.
pub(super) type OfWeek = (Week, Dimensions);

#[derive(Default)]
pub(super) struct Model {
    /// As they are now.
    pub(super) links: BTreeMap<usize, Link>,
    pub(super) open: BTreeMap<(Day, usize), Open>,
    pub(super) cells: BTreeMap<OfDay, Counts>,
    pub(super) weeks: BTreeMap<OfWeek, Counts>,
    pools: BTreeMap<OfWeek, Pool>,
    closed_days: BTreeSet<Day>,
    closed_weeks: BTreeSet<Week>,
}

/// Which series are there, of what is seen and of what was counted.
fn series(seen: &Counts, amount: Amount, networks: u64, k: MinCount, what: &str) -> (bool, bool) {
    let n = k.get();
    let shows = (seen.visitors > 0, seen.opens > 0);
    if k.is_exact() {
        assert_eq!(*seen, Counts::from(amount), "{what}");
        return (true, true);
    }
    let (least, most) = (amount.visitors.min(networks), amount.opens);
    assert!(if shows.0 { least > n } else { least < 2 * n }, "{what}: clicks of {amount:?}, {networks}");
    assert!(if shows.1 { most > 2 * n } else { most < 4 * n }, "{what}: opens of {amount:?}");
    let if_seen = |shows: bool, number: u64| if shows { number } else { 0 };
    let (clicks, visitors) = (if_seen(shows.0, amount.clicks), if_seen(shows.0, amount.visitors));
    assert_rounded(seen, (clicks, visitors), if_seen(shows.1, amount.opens), k);
    shows
}

/// Takes from what was counted the series that show; the rest goes on.
fn rest(mut pool: Pool, (clicks, opens): (bool, bool)) -> Pool {
    if clicks {
        (pool.amount.clicks, pool.amount.visitors) = (0, 0);
        pool.networks.clear();
    }
    if opens {
        pool.amount.opens = 0;
    }
    pool
}

impl Model {
    /// Counts the visits of people, and opens, of a link that may be gone. Nobody's network is known of what comes late.
    pub(super) fn count(&mut self, day: Day, link: usize, visits: &[(u32, u8)], opens: u64) {
        if !self.links.contains_key(&link) {
            return;
        }
        let is_late = self.closed_days.contains(&day);
        let mut on = day;
        while self.closed_days.contains(&on) {
            on = on.plus(1);
        }
        let open = self.open.entry((on, link)).or_default();
        for (visitor, network) in visits {
            open.clicks += 1;
            open.visitors.insert(*visitor);
            if !is_late {
                open.networks.insert(Bucket::new(*network));
            }
        }
        open.opens += opens;
    }

    pub(super) fn change(&mut self, link: usize, change: LinkChange, today: Day) {
        if let Some(link) = self.links.get_mut(&link) {
            link.apply(change, today);
        }
    }

    /// A link goes with its cells and its open days.
    pub(super) fn delete(&mut self, link: usize) {
        self.links.remove(&link);
        self.open.retain(|(_, of), _| *of != link);
        self.cells.retain(|(_, of, _), _| *of != link);
    }

    /// The days and weeks before `today` have been closed, and these are the cells that are seen since.
    pub(super) fn close(
        &mut self,
        today: Day,
        k: MinCount,
        cells: &BTreeMap<OfDay, Counts>,
        weeks: &BTreeMap<OfWeek, Counts>,
    ) {
        let past: Vec<_> = self.open.extract_if(.., |(day, _), _| *day < today).collect();
        for ((day, link), open) in past {
            self.close_link(day, link, &open, k, cells);
            self.closed_days.insert(day);
        }
        let due: BTreeSet<Week> =
            self.pools.keys().map(|(week, _)| *week).filter(|week| *week < Week::of(today)).collect();
        for week in due {
            self.close_week(week, k, weeks);
        }
        assert_eq!(*cells, self.cells, "and no others, which never change");
        assert_eq!(*weeks, self.weeks, "and no others, which never change");
    }

    fn close_link(
        &mut self,
        day: Day,
        link: usize,
        open: &Open,
        k: MinCount,
        cells: &BTreeMap<OfDay, Counts>,
    ) {
        let place = (day, link, self.links[&link].kind_on(day));
        let seen = cells.get(&place).cloned().unwrap_or_default();
        let amount = Amount::of(&open.counts());
        let shows = series(&seen, amount, open.networks.count(), k, &format!("{place:?}"));
        if seen != Counts::default() {
            self.cells.insert(place.clone(), seen);
        }
        let left = rest(Pool { amount, networks: BTreeMap::from([(day, open.networks)]) }, shows);
        if !left.amount.is_nothing() {
            let mut week = Week::of(day);
            while self.closed_weeks.contains(&week) {
                week = week.next();
            }
            let pool = self.pools.entry((week, place.2)).or_default();
            pool.amount += left.amount;
            for (day, networks) in left.networks {
                *pool.networks.entry(day).or_default() |= networks;
            }
        }
    }

    fn close_week(&mut self, week: Week, k: MinCount, weeks: &BTreeMap<OfWeek, Counts>) {
        let mut channels: BTreeMap<OfWeek, (Amount, BTreeMap<Day, u64>)> = BTreeMap::new();
        let pools: Vec<_> = self.pools.extract_if(.., |(of, _), _| *of == week).collect();
        for (place, pool) in pools {
            let networks = pool.networks.values().map(Networks::count).sum();
            let shows = self.see(&place, pool.amount, networks, k, weeks);
            let left = rest(pool, shows);
            let channel = Dimensions { page: None, campaign: None, ..place.1 };
            let (amount, days) = channels.entry((week, channel)).or_default();
            *amount += left.amount;
            // Of one day, those of different pages may be the same: the largest number is certain.
            for (day, networks) in left.networks {
                let of_day = days.entry(day).or_default();
                *of_day = networks.count().max(*of_day);
            }
        }
        for (place, (amount, days)) in channels {
            self.see(&place, amount, days.values().sum(), k, weeks);
        }
        self.closed_weeks.insert(week);
    }

    fn see(
        &mut self,
        place: &OfWeek,
        amount: Amount,
        networks: u64,
        k: MinCount,
        weeks: &BTreeMap<OfWeek, Counts>,
    ) -> (bool, bool) {
        let seen = weeks.get(place).cloned().unwrap_or_default();
        let shows = series(&seen, amount, networks, k, &format!("{place:?}"));
        if seen != Counts::default() {
            self.weeks.insert(place.clone(), seen);
        }
        shows
    }
}
