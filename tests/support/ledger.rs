//! What a store should hold of one site, kept in maps, with the rule of the domain and nothing
//! else: to compare stores with, and to publish from without one.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use entrenous::domain::cell::{Amount, Gathered, Level, close};
use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::counts::{
    Closed, ClosedDays, Counts, DayCounts, DayRow, DayRows, Kind as NamedKind, LinkCounts,
};
use entrenous::domain::day::Day;
use entrenous::domain::destination::Destination;
use entrenous::domain::link::Text;

/// A channel, a page and a campaign.
pub(crate) type Kind = (ChannelName, Destination, Option<Text>);

/// What is counted together: a channel, a page unless it is all of the channel, a campaign and a day.
type Place = (ChannelName, Option<Destination>, Option<Text>, Day);

/// A site's links, days and cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) links: BTreeMap<usize, Kind>,
    pub(crate) open: BTreeMap<(Day, usize), Amount>,
    pub(crate) of_links: BTreeMap<(Day, usize, Kind), Amount>,
    pub(crate) of_pages: BTreeMap<(Day, Kind), Amount>,
    pub(crate) of_channels: BTreeMap<(Day, ChannelName), Amount>,
    /// By the day that each is of.
    pub(crate) waiting: BTreeMap<(ChannelName, Day), Amount>,
    pub(crate) closed: ClosedDays,
}

impl Ledger {
    /// Counts something for a link that is there.
    pub(crate) fn settle(&mut self, day: Day, link: usize, amount: Amount) {
        if self.links.contains_key(&link) {
            *self.open.entry((day, link)).or_default() += amount;
        }
    }

    /// Closes all days before `today`.
    pub(crate) fn close_before(&mut self, today: Day, k: u64) {
        let open = self.open.keys().map(|(day, _)| *day);
        let small = self.closed.days.iter().filter(|(_, mark)| mark.min_count < k).map(|(day, _)| *day);
        let days: BTreeSet<Day> = open.chain(small).filter(|day| *day < today).collect();
        for day in days {
            self.raise_small(day, k);
            self.close(day, k);
        }
        self.closed.before = self.closed.before.max(Some(today));
    }

    fn close(&mut self, day: Day, k: u64) {
        let open: Vec<_> = self.open.extract_if(.., |(of, _), _| *of == day).collect();
        let links = open.into_iter().map(|((_, link), more)| {
            let place = (day, link, self.links[&link].clone());
            let there = self.of_links.get(&place).copied().unwrap_or_default();
            (place, Gathered { there, more })
        });
        let Level { cells, risen } = close(links, |(.., kind)| kind.clone(), k);
        add(&mut self.of_links, cells);
        let pages = risen.into_iter().map(|(kind, more)| {
            let there = self.of_pages.get(&(day, kind.clone())).copied().unwrap_or_default();
            ((day, kind), Gathered { there, more })
        });
        let Level { cells, risen } = close(pages, |(_, kind)| kind.0.clone(), k);
        add(&mut self.of_pages, cells);
        add(&mut self.waiting, risen.into_iter().map(|(channel, amount)| ((channel, day), amount)));
        self.close_channels(day, k);
        self.closed.days.insert(day, Closed { min_count: k, version: 0 });
    }

    /// What waits since this day or an earlier one becomes this day's cell where it is enough.
    fn close_channels(&mut self, day: Day, k: u64) {
        let mut gathered: BTreeMap<ChannelName, Gathered> = BTreeMap::new();
        for ((channel, _), amount) in self.waiting.iter().filter(|((_, since), _)| *since <= day) {
            gathered.entry(channel.clone()).or_default().more += *amount;
        }
        for (channel, gathered) in &mut gathered {
            gathered.there = self.of_channels.get(&(day, channel.clone())).copied().unwrap_or_default();
        }
        let Level { cells, .. } = close(gathered, Clone::clone, k);
        for (channel, stays) in cells {
            for ((of, since), amount) in &mut self.waiting {
                if *of == channel && *since <= day {
                    if stays.clicks > 0 {
                        (amount.clicks, amount.visitors) = (0, 0);
                    }
                    if stays.aggregate_clicks > 0 {
                        amount.aggregate_clicks = 0;
                    }
                }
            }
            *self.of_channels.entry((day, channel)).or_default() += stays;
        }
        self.waiting.retain(|_, amount| !amount.is_nothing());
    }

    /// Moves up what earlier closings made with a smaller k and is too small now.
    fn raise_small(&mut self, day: Day, k: u64) {
        let small = risen(&mut self.of_links, |(of, ..)| *of == day, k);
        add(&mut self.of_pages, small.into_iter().map(|((.., kind), rises)| ((day, kind), rises)));
        let small = risen(&mut self.of_pages, |(of, _)| *of == day, k);
        add(&mut self.of_channels, small.into_iter().map(|((_, kind), rises)| ((day, kind.0), rises)));
        let small = risen(&mut self.of_channels, |(of, _)| *of == day, k);
        add(&mut self.waiting, small.into_iter().map(|((_, channel), rises)| ((channel, day), rises)));
    }

    /// Forgets a link.
    pub(crate) fn delete(&mut self, link: usize) {
        self.links.remove(&link);
        self.open.retain(|(_, of), _| *of != link);
        self.of_links.retain(|(_, of, _), _| *of != link);
    }

    /// What a store holds of a link.
    pub(crate) fn link_counts(&self, link: usize) -> LinkCounts {
        let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
        for ((day, of, _), amount) in &self.of_links {
            if *of == link {
                days.entry(*day).or_default().cells.add(&Counts::from(*amount));
            }
        }
        for ((day, of), amount) in &self.open {
            if *of == link {
                days.entry(*day).or_default().open.add(&Counts::from(*amount));
            }
        }
        LinkCounts { days, closed: self.closed.clone() }
    }

    /// All of a day, as a store has it; the links are no shares here.
    pub(crate) fn day_rows(&self, day: Day, code: impl Fn(usize) -> Code) -> DayRows {
        let mut rows: BTreeMap<(NamedKind, Option<usize>), DayCounts> = BTreeMap::new();
        let named = |(channel, page, campaign): &Kind| NamedKind {
            channel: channel.clone(),
            page: Some(page.clone()),
            campaign: campaign.clone(),
        };
        for ((_, link, kind), amount) in self.of_links.iter().filter(|((of, ..), _)| *of == day) {
            rows.entry((named(kind), Some(*link))).or_default().cells.add(&Counts::from(*amount));
        }
        for ((_, kind), amount) in self.of_pages.iter().filter(|((of, _), _)| *of == day) {
            rows.entry((named(kind), None)).or_default().cells.add(&Counts::from(*amount));
        }
        for ((_, channel), amount) in self.of_channels.iter().filter(|((of, _), _)| *of == day) {
            let kind = NamedKind { channel: channel.clone(), page: None, campaign: None };
            rows.entry((kind, None)).or_default().cells.add(&Counts::from(*amount));
        }
        for ((_, link), amount) in self.open.iter().filter(|((of, _), _)| *of == day) {
            let kind = named(&self.links[link]);
            rows.entry((kind, Some(*link))).or_default().open.add(&Counts::from(*amount));
        }
        let mut of_day = DayRows::default();
        for ((kind, link), counts) in rows {
            if of_day.kinds.last() != Some(&kind) {
                of_day.kinds.push(kind);
            }
            of_day.rows.push(DayRow { kind: of_day.kinds.len() - 1, link: link.map(&code), counts });
        }
        of_day
    }

    /// Whether something of a day is closed.
    pub(crate) fn has_cells(&self, day: Day) -> bool {
        self.of_links.keys().any(|(of, ..)| *of == day)
            || self.of_pages.keys().any(|(of, _)| *of == day)
            || self.of_channels.keys().any(|(of, _)| *of == day)
    }

    /// Every cell.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Amount> {
        let (links, pages) = (self.of_links.values(), self.of_pages.values());
        links.chain(pages).chain(self.of_channels.values()).copied()
    }

    /// All that there is: in cells, open or waiting.
    pub(crate) fn all(&self) -> Amount {
        let mut all = Amount::default();
        self.cells()
            .chain(self.open.values().copied())
            .chain(self.waiting.values().copied())
            .for_each(|a| all += a);
        all
    }
}

fn add<Key: Ord>(to: &mut BTreeMap<Key, Amount>, more: impl IntoIterator<Item = (Key, Amount)>) {
    for (key, amount) in more {
        *to.entry(key).or_default() += amount;
    }
}

/// Takes from cells what is too small for them.
fn risen<Key: Clone + Ord>(
    cells: &mut BTreeMap<Key, Amount>,
    which: impl Fn(&Key) -> bool,
    k: u64,
) -> Vec<(Key, Amount)> {
    let mut all = Vec::new();
    for (key, amount) in cells.iter_mut().filter(|(key, _)| which(key)) {
        let (stays, rises) = amount.part(Amount::default(), k);
        *amount = stays;
        if !rises.is_nothing() {
            all.push((key.clone(), rises));
        }
    }
    cells.retain(|_, amount| !amount.is_nothing());
    all
}
