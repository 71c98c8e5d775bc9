//! How far the numbers that are published of a site are from what was counted: of two model publishers, by link, page,
//! campaign and channel, for a month of 30 days that begins on a Monday.
//!
//! Prints two figures for each, in percent of what was counted, as the mean of several months. *Bias*: what is published in
//! all, less what was counted. *Error*: how far one number is from what was counted, added up without its sign. Run with
//! `cargo bench --bench accuracy`; docs/explanation/accuracy.md has the figures.
//!
//! The model: pages are shared by their popularity, each share is a link of its own on a day and a channel, clicks come
//! soon after it and for a few links in great number, nine in ten are somebody's first on that link and day, and everybody
//! comes from a network of their own, of which two may be in one of the 256 buckets.

use std::collections::BTreeMap;

use entrenous::domain::min_count::MinCount;
use entrenous::domain::networks::{Bucket, Networks};
use entrenous::stats::counts::Amount;
use entrenous::stats::disclosure::{Level, Secret, Undecided};

const DAYS: usize = 30;
const MONTHS: u64 = 20;
/// How many of a hundred links were shared so.
const CHANNELS: [u64; 5] = [45, 20, 15, 12, 8];
const CAMPAIGNS: u64 = 6;

/// A model publisher.
struct Publisher {
    name: &'static str,
    links: usize,
    pages: usize,
    clicks: usize,
}

const PUBLISHERS: [Publisher; 2] = [
    Publisher { name: "small", links: 350, pages: 86, clicks: 3_600 },
    Publisher { name: "large", links: 12_000, pages: 2_400, clicks: 150_000 },
];

/// Numbers that look random, the same in each run (G. Steele and others, "Fast splittable pseudorandom number generators",
/// 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to 1, without 0.
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn part(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// A place among weights that are added up.
    fn place(&mut self, sums: &[f64]) -> usize {
        let at = self.part() * sums.last().copied().unwrap_or(0.0);
        sums.partition_point(|sum| *sum < at).min(sums.len() - 1)
    }
}

fn sums(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |sum, weight| {
            Some({
                *sum += weight;
                *sum
            })
        })
        .collect()
}

/// What a link is counted under.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    channel: u64,
    page: usize,
    campaign: u64,
}

struct Link {
    kind: Kind,
    made: usize,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    clicks: u64,
    visitors: u64,
    networks: Networks,
}

/// Clicks by link, page, campaign and channel.
#[derive(Default)]
struct Clicks([BTreeMap<u64, u64>; 4]);

impl Clicks {
    fn add(&mut self, link: Option<usize>, kind: Kind, is_whole_channel: bool, clicks: u64) {
        let page = (!is_whole_channel).then_some(kind.page as u64);
        let campaign = page.map(|_| kind.campaign);
        let keys = [link.map(|link| link as u64), page, campaign, Some(kind.channel)];
        for (of, key) in self.0.iter_mut().zip(keys) {
            if let Some(key) = key {
                *of.entry(key).or_default() += clicks;
            }
        }
    }
}

/// The clicks of a month by link and day.
fn month(publisher: &Publisher, dice: &mut Dice) -> (Vec<Link>, BTreeMap<(usize, usize), Counted>) {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let popularity = sums((1..=publisher.pages).map(|rank| 1.0 / rank as f64));
    let links: Vec<Link> = (0..publisher.links)
        .map(|_| {
            let page = dice.place(&popularity);
            let mut channel = 0;
            let mut at = dice.below(100);
            while at >= CHANNELS[channel] {
                at -= CHANNELS[channel];
                channel += 1;
            }
            // A page has one campaign; every third has none.
            let campaign = if page.is_multiple_of(3) { 0 } else { 1 + page as u64 % CAMPAIGNS };
            let made = usize::try_from(dice.below(DAYS as u64)).unwrap_or(0);
            Link { kind: Kind { channel: channel as u64, page, campaign }, made }
        })
        .collect();
    // Few links travel far: a Pareto distribution.
    let reach = sums(links.iter().map(|_| dice.part().powf(-1.0 / 1.2).min(400.0)));
    let mut counted: BTreeMap<(usize, usize), Counted> = BTreeMap::new();
    for _ in 0..publisher.clicks {
        let link = dice.place(&reach);
        // Half of what is left comes on each day.
        let mut day = links[link].made;
        while day < DAYS - 1 && dice.below(2) == 0 {
            day += 1;
        }
        let of_day = counted.entry((day, link)).or_default();
        of_day.clicks += 1;
        if of_day.visitors == 0 || dice.below(10) > 0 {
            of_day.visitors += 1;
            of_day.networks.insert(Bucket::new(u8::try_from(dice.below(256)).unwrap_or(0)));
        }
    }
    (links, counted)
}

/// What is published of them.
fn published(links: &[Link], counted: &BTreeMap<(usize, usize), Counted>, k: MinCount) -> Clicks {
    let mut shown = Clicks::default();
    let amount = |clicks, visitors| Amount { clicks, visitors, opens: 0 };
    for week in 0..DAYS.div_ceil(7) {
        let mut pools: BTreeMap<Kind, Undecided> = BTreeMap::new();
        let mut channels: BTreeMap<u64, Undecided> = BTreeMap::new();
        for day in (week * 7..DAYS).take(7) {
            let secret = Secret::random();
            let mut left: BTreeMap<Kind, (Amount, Networks)> = BTreeMap::new();
            for ((_, link), of_day) in counted.range((day, 0)..(day + 1, 0)) {
                let kind = links[*link].kind;
                let undecided = Undecided {
                    amount: amount(of_day.clicks, of_day.visitors),
                    networks: of_day.networks.count(),
                };
                let (cell, rest) = secret.decide(Level::Link, &link.to_string(), undecided, k);
                shown.add(Some(*link), kind, false, cell.clicks);
                if rest.amount.clicks > 0 {
                    let pool = left.entry(kind).or_default();
                    pool.0 += rest.amount;
                    pool.1 |= of_day.networks;
                }
            }
            for (kind, (amount, networks)) in left {
                *pools.entry(kind).or_default() += Undecided { amount, networks: networks.count() };
            }
        }
        if week * 7 + 7 > DAYS {
            // It does not lie wholly in the month.
            continue;
        }
        let secret = Secret::random();
        for (kind, pool) in pools {
            let subject = format!("{} {} {}", kind.channel, kind.page, kind.campaign);
            let (cell, rest) = secret.decide(Level::Page, &subject, pool, k);
            shown.add(None, kind, false, cell.clicks);
            *channels.entry(kind.channel).or_default() += rest;
        }
        for (channel, rest) in channels {
            // Of hundreds of visitors, the networks are hardly fewer than the thresholds.
            let (cell, _) = secret.decide(Level::Channel, &channel.to_string(), rest, k);
            shown.add(None, Kind { channel, page: 0, campaign: 0 }, true, cell.clicks);
        }
    }
    shown
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn main() {
    // As a test, it only has to run.
    let is_test = !std::env::args().any(|argument| argument == "--bench");
    let (publishers, months) = if is_test { (&PUBLISHERS[..1], 1) } else { (&PUBLISHERS[..], MONTHS) };
    println!("{:<10} {:>3}  {:<10} {:>8} {:>8}", "publisher", "k", "by", "bias", "error");
    for publisher in publishers {
        for k in [5, 10, 20] {
            let k = MinCount::try_from(k).unwrap_or_default();
            let mut figures = [(0.0, 0.0); 4];
            for number in 0..months {
                let (links, counted) = month(publisher, &mut Dice(number));
                let mut true_clicks = Clicks::default();
                for ((_, link), of_day) in &counted {
                    true_clicks.add(Some(*link), links[*link].kind, false, of_day.clicks);
                }
                let shown = published(&links, &counted, k);
                for ((figure, of), shown) in figures.iter_mut().zip(&true_clicks.0).zip(&shown.0) {
                    let whole: u64 = of.values().sum();
                    let off = of.iter().map(|(key, clicks)| {
                        shown.get(key).copied().unwrap_or(0).cast_signed() - clicks.cast_signed()
                    });
                    let (bias, error) =
                        off.fold((0, 0), |(bias, error), off: i64| (bias + off, error + off.abs()));
                    figure.0 += bias as f64 * 100.0 / whole as f64 / months as f64;
                    figure.1 += error as f64 * 100.0 / whole as f64 / months as f64;
                }
            }
            for (by, (bias, error)) in ["link", "page", "campaign", "channel"].into_iter().zip(figures) {
                println!("{:<10} {:>3}  {by:<10} {bias:>+7.0}% {error:>7.0}%", publisher.name, k.get());
            }
        }
    }
}
