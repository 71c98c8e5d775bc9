//! How long a marketer's pages wait for their numbers, on a site of some size: fills a store with links and
//! thirteen months of clicks, closes every day as the service does, and asks for reports.
//!
//! `cargo bench --bench reading -- --store sqlite:reading.db --links 1000000`; ten clicks a link. A store
//! that has such a site already is measured as it is. Prints one line of JSON: milliseconds of each question as
//! median and worst of so many, and how long the first reading took.
//!
//! Links lie on pages by Zipf's law, a hundred a page on average; half of all clicks come within two days of a
//! share. A link's clicks follow a long tail: most have few, some have thousands.

#![allow(clippy::unwrap_used, reason = "whatever goes wrong ends it")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of a drawing"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use entrenous::clock::Clock;
use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::destination::{Destination, HostRule};
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::family::Family;
use entrenous::domain::link::{Link, Text};
use entrenous::domain::publication::Audience;
use entrenous::domain::report::{Filter, Grouping, Period, Question, Report};
use entrenous::domain::site::{Site, SiteId};
use entrenous::domain::utm::Utm;
use entrenous::domain::visitor::Tag;
use entrenous::service::reports::Reports;
use entrenous::service::sites::Sites;
use entrenous::store::{self, JournalId, LinkFilter, Numbered, Store, StoreUrl};
use futures_util::future::try_join_all;
use jiff::SignedDuration;

const NAME: &str = "reading";
const DAYS: i32 = 396;
const CLICKS_A_LINK: u64 = 10;
const MIN_COUNT: u64 = 5;
const CHANNELS: [(&str, u64); 6] =
    [("whatsapp", 45), ("email", 20), ("copy", 15), ("sms", 10), ("telegram", 6), ("qr", 4)];
/// So many entries are settled at once, and so many links made.
const STRETCH: usize = 20_000;
const AT_ONCE: usize = 256;

#[derive(Parser)]
struct Asked {
    /// Where the site is, or is made; by default in a SQLite file that goes afterwards.
    #[arg(long)]
    store: Option<String>,
    /// How many links it gets.
    #[arg(long, default_value_t = 10_000)]
    links: usize,
    /// How often each question is asked.
    #[arg(long, default_value_t = 25)]
    times: usize,
    /// What `cargo bench` adds. Without it a few links are enough: it only shows that it works.
    #[arg(long)]
    bench: bool,
}

/// Numbers that look random, and are the same each time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of so many things, the first ones more often: the n-th about 1/n times as often as the first.
    fn zipf(&mut self, things: usize) -> usize {
        ((things as f64).powf(self.part()) - 1.0) as usize
    }
}

#[tokio::main]
async fn main() {
    let mut asked = Asked::parse();
    if !asked.bench {
        (asked.links, asked.times) = (asked.links.min(200), asked.times.min(2));
    }
    let folder = tempfile::tempdir().unwrap();
    let own = || format!("sqlite:{}", folder.path().join("reading.db").display());
    let store = StoreUrl::parse(&asked.store.unwrap_or_else(own)).unwrap();
    let store = store::open(&store, None).await.unwrap();
    let today = Day::of(Clock::system().now());
    let sites = store.sites().await.unwrap();
    let there = sites.into_iter().find(|site| site.name == NAME);
    let filled = Instant::now();
    let site = match there {
        Some(site) => site,
        None => fill(&store, asked.links, today).await,
    };
    let filled = filled.elapsed();
    let reports = Arc::new(Reports::new(Arc::clone(&store), MIN_COUNT, 13, 256 << 20));
    let rule = reports.rule(today, Audience::SignedIn);
    let question = |days: i32, filter: &Filter| Question {
        period: Period::last_days(days, today),
        filter: filter.clone(),
        tables: [Grouping::Channel, Grouping::Page, Grouping::Campaign, Grouping::Link]
            .map(|by| (by, 10))
            .to_vec(),
        compared: true,
    };
    let cold = Instant::now();
    let year = reports.report(&site.id, question(365, &Filter::default()), rule).await.unwrap();
    let cold = cold.elapsed();
    let key =
        |by, report: &Report| report.table(by).unwrap().groups.iter().find_map(|group| group.key.clone());
    let filters = [
        ("overview", Filter::default()),
        ("page", Filter { page: key(Grouping::Page, &year).map(Into::into), ..Filter::default() }),
        (
            "campaign",
            Filter { campaign: Some(key(Grouping::Campaign, &year).map(Into::into)), ..Filter::default() },
        ),
        (
            "channel",
            Filter {
                channel: key(Grouping::Channel, &year).and_then(|name| ChannelName::parse(&name).ok()),
                ..Filter::default()
            },
        ),
    ];
    let mut lines = Vec::new();
    for (name, filter) in &filters {
        for (period, days) in [("today", 1), ("30 days", 30), ("90 days", 90), ("12 months", 365)] {
            let mut times = Vec::new();
            for _ in 0..asked.times {
                let began = Instant::now();
                reports.report(&site.id, question(days, filter), rule).await.unwrap();
                times.push(began.elapsed());
            }
            lines.push((format!("{name}, {period}"), times));
        }
    }
    let code = key(Grouping::Link, &year).and_then(|code| Code::parse(&code).ok()).unwrap();
    let link = store.link(&code).await.unwrap().unwrap();
    for (period, days) in [("30 days", 30), ("12 months", 365)] {
        let mut times = Vec::new();
        for _ in 0..asked.times {
            let began = Instant::now();
            reports.of_link(&link, Period::last_days(days, today), true, rule).await.unwrap();
            times.push(began.elapsed());
        }
        lines.push((format!("link, {period}"), times));
    }
    let figures: serde_json::Map<String, serde_json::Value> = lines
        .into_iter()
        .map(|(name, mut times)| {
            times.sort_unstable();
            (name, serde_json::json!([ms(times[times.len() / 2]), ms(times[times.len() - 1])]))
        })
        .collect();
    println!(
        "{}",
        serde_json::json!({ "links": asked.links, "fill_s": filled.as_secs(), "cold_ms": ms(cold), "rss": rss(),
            "clicks_shown": year.totals.clicks, "figures": figures })
    );
}

/// The memory that this process has, in bytes.
fn rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Makes the site, its links and their clicks, day by day, and closes each day when it is over.
async fn fill(store: &Arc<dyn Store>, links: usize, today: Day) -> Site {
    let first = today.plus(1 - DAYS);
    let site = site(store, first).await;
    let mut dice = Dice(7);
    let pages = (links / 100).max(1);
    let a_day = links.div_ceil(DAYS as usize);
    // The links of the clicks that are to come, by day.
    let mut coming: Vec<Vec<Link>> = vec![Vec::new(); DAYS as usize];
    let (mut made, mut number) = (0, 0);
    let journal = JournalId::new("0readingreading0");
    for (place, day) in first.to(today).enumerate() {
        let new: Vec<Link> = (made..links.min(made + a_day))
            .map(|number| link(&site.id, number, day, pages, &mut dice))
            .collect();
        made += new.len();
        for some in new.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|link| store.insert_link(link, &[]))).await.unwrap();
        }
        for link in new {
            // Mean ten: most have few, and one of a hundred has hundreds.
            let clicks = match dice.below(100) {
                0 => 300 + dice.below(600),
                1..10 => 15 + dice.below(30),
                _ => dice.below(4),
            };
            for _ in 0..(clicks * CLICKS_A_LINK).div_ceil(10) {
                // Half of what is left comes each two days.
                let later = (-2.9 * (1.0 - dice.part()).ln()) as usize;
                if let Some(day) = coming.get_mut(place + later) {
                    day.push(link.clone());
                }
            }
        }
        let of_day = std::mem::take(&mut coming[place]);
        let entries: Vec<Numbered> = of_day
            .iter()
            .map(|link| {
                number += 1;
                let kind = if dice.below(12) == 0 {
                    EntryKind::Unfurl(Family::WhatsApp)
                } else {
                    let mut tag = [0; 16];
                    tag[..8].copy_from_slice(&dice.next().to_le_bytes());
                    tag[8..].copy_from_slice(&dice.next().to_le_bytes());
                    EntryKind::Click(Tag::from_bytes(tag))
                };
                let entry = Entry { site: link.site.clone(), code: link.code.clone(), day, kind };
                Numbered { number, previous: 0, entry }
            })
            .collect();
        for some in entries.chunks(STRETCH) {
            store.settle(&journal, some).await.unwrap();
        }
        if day < today {
            store.forget_visitors_before(day.plus(1)).await.unwrap();
            store.close_day(&site.id, day, MIN_COUNT).await.unwrap();
            store.note_closed_before(day.plus(1)).await.unwrap();
        }
        if place % 30 == 0 {
            eprintln!("{day}: {made} links, {number} clicks");
        }
    }
    assert!(!store.links(&site.id, &LinkFilter::default(), None, 1).await.unwrap().is_empty());
    site
}

async fn site(store: &Arc<dyn Store>, first: Day) -> Site {
    let site = Site {
        id: SiteId::random(),
        name: NAME.to_owned(),
        destinations: vec![HostRule::any()],
        origins: Vec::new(),
        consent: None,
        utm: Utm::default(),
        forward_query: false,
        lineage: false,
        created_at: first.start(),
        keys: Vec::new(),
    };
    Sites::new(Arc::clone(store)).create(site, first.start()).await.unwrap().0
}

fn link(site: &SiteId, number: usize, day: Day, pages: usize, dice: &mut Dice) -> Link {
    let mut choice = dice.below(100);
    let channel = CHANNELS.iter().find(|(_, share)| {
        let found = choice < *share;
        choice = choice.saturating_sub(*share);
        found
    });
    let url: Destination =
        serde_json::from_value(format!("https://magazine.example/articles/{}", dice.zipf(pages)).into())
            .unwrap();
    let campaign = (dice.below(4) == 0).then(|| format!("campaign {}", dice.below(12)));
    Link {
        code: Code::parse(&format!("r{number:07}")).unwrap(),
        site: site.clone(),
        url,
        channel: ChannelName::parse(channel.unwrap_or(&CHANNELS[0]).0).unwrap(),
        campaign: campaign.and_then(|name| Text::parse(&name, 100).unwrap()),
        title: None,
        parent: None,
        generation: 0,
        created_at: day.start() + SignedDuration::from_secs(dice.below(86_400).try_into().unwrap()),
        expires_at: None,
        disabled: false,
        taken_down: false,
    }
}
