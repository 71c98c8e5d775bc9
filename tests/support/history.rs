//! A random history of a site, and what is published in its course.
//!
//! Each visit has its own number of clicks, a power of two. So a published number of clicks says by
//! itself which visits are in it, and whatever publishes is looked at from outside.

use entrenous::domain::cell::Amount;
use entrenous::domain::channel::ChannelName;
use entrenous::domain::day::Day;
use entrenous::domain::destination::{Destination, HostRule};
use entrenous::domain::link::Text;
use entrenous::domain::publication::{Audience, Number, Publication};
use entrenous::domain::report::{Filter, Period};
use proptest::prelude::*;

use crate::attacker::{Attacker, Set};
use crate::ledger::{Kind, Ledger};
use crate::reading::{Book, Seen, questions};

/// In how many turns all filters are asked for.
const TURNS: usize = 8;
/// So many visits fit into a number.
const VISITS: usize = 31;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Visitors of a link, so many days ago, of whom some may have been asked and others not.
    Visit { link: usize, days_ago: i32, visitors: u64, unasked: u64 },
    /// The next day.
    Midnight,
    /// Past days are closed.
    Closing,
    /// A link leads to the page of another one from now on, in that one's campaign.
    Change { link: usize, to: usize },
    /// A link is deleted.
    Deletion { link: usize },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let few = prop_oneof![3 => 1..4_u64, 2 => 4..12_u64];
    prop_oneof![
        // Most visits are of today, some are late.
        12 => (0..8_usize, prop_oneof![4 => Just(0), 1 => 1..4], few, 0..8_u64).prop_map(
            |(link, days_ago, visitors, unasked)| Step::Visit { link, days_ago, visitors, unasked }
        ),
        2 => Just(Step::Midnight),
        3 => Just(Step::Closing),
        1 => (0..8_usize, 0..8_usize).prop_map(|(link, to)| Step::Change { link, to }),
        1 => (0..8_usize).prop_map(|link| Step::Deletion { link }),
    ]
}

/// Links over few pages, channels and campaigns, so that they meet.
pub(crate) fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let kind = (0..2_usize, 0..2_usize, 0..3_usize).prop_map(|(channel, page, campaign)| {
        let own = "https://go.example".parse().unwrap();
        let page = format!("https://example.com/{page}");
        (
            ChannelName::parse(["sms", "email"][channel]).unwrap(),
            Destination::parse(&page, &[HostRule::parse("*").unwrap()], &own).unwrap(),
            [None, Text::parse("spring", 100).unwrap(), Text::parse("autumn", 100).unwrap()][campaign]
                .clone(),
        )
    });
    prop::collection::vec(kind, 8)
}

/// A history that goes on, with what was published after each of its steps.
pub(crate) struct History {
    pub(crate) ledger: Ledger,
    pub(crate) k: u64,
    pub(crate) today: Day,
    /// The visitors of each visit.
    pub(crate) visitors: Vec<u64>,
    pub(crate) counted: Amount,
    pub(crate) deleted: Amount,
    pub(crate) attacker: Attacker,
    turn: usize,
}

pub(crate) fn first_day() -> Day {
    "2026-11-01".parse().unwrap()
}

impl History {
    pub(crate) fn new(kinds: &[Kind], k: u64) -> Self {
        let links = kinds.iter().cloned().enumerate().collect();
        Self {
            ledger: Ledger { links, ..Ledger::default() },
            k,
            today: first_day().plus(5),
            visitors: Vec::new(),
            counted: Amount::default(),
            deleted: Amount::default(),
            attacker: Attacker::default(),
            turn: 0,
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Visit { link, days_ago, visitors, unasked } if self.visitors.len() < VISITS => {
                if self.ledger.links.contains_key(&link) {
                    let clicks = 1 << self.visitors.len();
                    let amount = Amount { clicks, visitors, aggregate_clicks: unasked };
                    self.visitors.push(visitors);
                    self.counted += amount;
                    self.ledger.settle(self.today.plus(-days_ago), link, amount);
                }
            }
            Step::Visit { .. } => {}
            Step::Midnight => self.today = self.today.plus(1),
            Step::Closing => self.ledger.close_before(self.today, self.k),
            Step::Change { link, to } => {
                let target =
                    self.ledger.links.get(&to).map(|(_, page, campaign)| (page.clone(), campaign.clone()));
                if let (Some(kind), Some(target)) = (self.ledger.links.get_mut(&link), target) {
                    (kind.1, kind.2) = target;
                }
            }
            Step::Deletion { link } => {
                let before = self.ledger.all();
                self.ledger.delete(link);
                let after = self.ledger.all();
                self.deleted += Amount {
                    clicks: before.clicks - after.clicks,
                    visitors: before.visitors - after.visitors,
                    aggregate_clicks: before.aggregate_clicks - after.aggregate_clicks,
                };
            }
        }
    }

    /// Whether the next closing adds to what was closed before.
    pub(crate) fn has_late(&self) -> bool {
        self.ledger.open.keys().any(|(day, _)| *day < self.today && self.ledger.has_cells(*day))
    }

    pub(crate) fn visitors_of(&self, set: Set) -> u64 {
        (0..self.visitors.len()).filter(|place| set >> place & 1 == 1).map(|place| self.visitors[place]).sum()
    }

    /// How numbers are published now.
    pub(crate) fn rule(&self, audience: Audience) -> Publication {
        Publication { min_count: self.k, today: self.today, audience }
    }

    /// Lets the attacker see what is published: for every period the totals and the tables, and for each
    /// day the same with filters, all of them in a few turns. Periods are sums of their days, as
    /// another test holds. Open days are held to their steps.
    pub(crate) fn publish(&mut self) -> Result<(), TestCaseError> {
        self.turn += 1;
        let turn = self.turn;
        self.publish_with(|place| place % TURNS == turn % TURNS)
    }

    /// The same with every filter.
    pub(crate) fn publish_all(&mut self) -> Result<(), TestCaseError> {
        self.publish_with(|_| true)
    }

    fn publish_with(&mut self, asks: impl Fn(usize) -> bool) -> Result<(), TestCaseError> {
        let days: Vec<Day> = first_day().to(self.today).collect();
        let closed = |day: Day| day < self.today && self.ledger.closed.has(day, self.k);
        let book = Book::new(&self.ledger, &days, self.rule(Audience::SignedIn));
        let mut asked: Vec<(Period, Filter)> = Vec::new();
        for (place, first) in days.iter().enumerate() {
            let periods = days[place..].iter().map(|last| Period { first: *first, last: *last });
            asked.extend(periods.map(|period| (period, Filter::default())));
        }
        for (_, filter) in questions(&self.ledger).into_iter().enumerate().filter(|(place, _)| asks(*place)) {
            asked.extend(days.iter().map(|day| (Period { first: *day, last: *day }, filter.clone())));
        }
        let mut seen = Vec::new();
        for (period, filter) in asked {
            let all_closed = period.days().all(closed);
            for number in book.numbers(period, &filter) {
                self.check_number(number, all_closed, period.length() == 1)?;
                if let (true, Number::Exact(clicks)) = (all_closed, number.clicks) {
                    seen.push(clicks);
                }
            }
        }
        for set in seen {
            self.attacker.sees(set);
        }
        Ok(())
    }

    fn check_number(&self, seen: Seen, all_closed: bool, of_a_day: bool) -> Result<(), TestCaseError> {
        let least = if self.k == 1 { 0 } else { self.k };
        let Seen { clicks, visitors, unasked } = seen;
        for number in [visitors, unasked].iter().filter_map(|number| number.value()) {
            prop_assert!(number >= least);
        }
        prop_assert_eq!(clicks == Number::Fewer, visitors == Number::Fewer);
        let (Some(clicks), Some(visitors)) = (clicks.value(), visitors.value()) else { return Ok(()) };
        if all_closed {
            prop_assert_eq!(self.visitors_of(clicks), visitors);
            prop_assert!(matches!(seen.clicks, Number::Exact(_)));
        } else if of_a_day {
            prop_assert_eq!(visitors % self.k, 0, "an open day's number is a step");
        }
        Ok(())
    }

    /// Whoever has all these numbers can tell of no fewer than k visitors, and of nothing but
    /// cells.
    pub(crate) fn check_attacker(&self) -> Result<(), TestCaseError> {
        let atoms = self.attacker.atoms();
        prop_assert!(self.attacker.knows_only_sums_of(&atoms));
        for atom in atoms {
            let visitors = self.visitors_of(atom);
            prop_assert!(visitors >= self.k, "{:b} stands for {}", atom, visitors);
        }
        Ok(())
    }

    /// What has to hold whenever everything is closed.
    pub(crate) fn check_cells(&self) -> Result<(), TestCaseError> {
        for cell in self.ledger.cells() {
            prop_assert!(cell.visitors >= self.k || (cell.visitors, cell.clicks) == (0, 0), "{:?}", cell);
            prop_assert!(cell.aggregate_clicks >= self.k || cell.aggregate_clicks == 0, "{:?}", cell);
        }
        prop_assert!(self.ledger.open.keys().all(|(day, _)| *day >= self.today), "something small is left");
        let few = |waiting: &Amount| waiting.visitors < self.k && waiting.aggregate_clicks < self.k;
        prop_assert!(self.ledger.waiting.values().all(few));
        Ok(())
    }

    pub(crate) fn check_total(&self) -> Result<(), TestCaseError> {
        let mut all = self.ledger.all();
        all += self.deleted;
        prop_assert_eq!(all, self.counted);
        Ok(())
    }
}
