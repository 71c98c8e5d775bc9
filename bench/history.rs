//! Fills a store with a site of some size: links of thirteen months and their clicks, day by day as they would have
//! come, each day and week closed when it is over.
//!
//! `cargo bench --bench history -- --store sqlite:data/entrenous.db --site news --links 1000000`: ten clicks a link,
//! and an unfurl for each eleven. The site may be there already; its policy and its keys stay. Prints one line
//! of JSON: the entries that were settled, and the seconds that it took.
//!
//! Links lie on pages by Zipf's law, a hundred a page on average; half of all clicks come within two days of a
//! share. A link's clicks follow a long tail: most have few, some have hundreds.

#![allow(clippy::unwrap_used, reason = "whatever goes wrong ends it")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of a drawing"
)]

use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use entrenous::clock::Clock;
use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::destination::{Destination, HostRule};
use entrenous::domain::entry::Numbered;
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::family::Family;
use entrenous::domain::identity::JournalId;
use entrenous::domain::link::{Link, Text};
use entrenous::domain::link_key::Incarnation;
use entrenous::domain::min_count::{MinCount, MinCounts};
use entrenous::domain::networks::Bucket;
use entrenous::domain::site::{Site, SiteId};
use entrenous::domain::utm::Utm;
use entrenous::domain::visitor::Tag;
use entrenous::domain::week::Week;
use entrenous::service::accounts::sites::Sites;
use entrenous::store;
use entrenous::store::{LinkFilter, Store, StoreUrl};
use futures_util::future::try_join_all;
use jiff::SignedDuration;

const DAYS: i32 = 396;
const CLICKS_A_LINK: u64 = 10;
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
    /// What the site is called, or will be.
    #[arg(long, default_value = "history")]
    site: String,
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
    let asked = Asked::parse();
    let links = if asked.bench { asked.links } else { asked.links.min(200) };
    let folder = tempfile::tempdir().unwrap();
    let own = || format!("sqlite:{}", folder.path().join("history.db").display());
    let store = StoreUrl::parse(&asked.store.unwrap_or_else(own)).unwrap();
    let store = store::open(&store, None).await.unwrap();
    let began = Instant::now();
    let entries = fill(&store, &asked.site, links, Day::of(Clock::system().now())).await;
    println!("{}", serde_json::json!({ "entries": entries, "fill_s": began.elapsed().as_secs() }));
}

/// Makes the links and their clicks, day by day, and closes each day when it is over. Returns the number of entries.
async fn fill(store: &Arc<dyn Store>, name: &str, links: usize, today: Day) -> u64 {
    let first = today.plus(1 - DAYS);
    let sites = store.sites().await.unwrap();
    let site = match sites.into_iter().find(|site| site.name == name) {
        Some(site) => site,
        None => site(store, name, first).await,
    };
    let mut dice = Dice(7);
    let pages = (links / 100).max(1);
    let a_day = links.div_ceil(DAYS as usize);
    // The links of the clicks that are to come, by day.
    let mut coming: Vec<Vec<Link>> = vec![Vec::new(); DAYS as usize];
    let (mut made, mut number) = (0, 0);
    let journal = JournalId::new("0historyhistory0");
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
            // One entry of twelve is an unfurl.
            for _ in 0..(clicks * CLICKS_A_LINK * 12).div_ceil(110) {
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
                    EntryKind::Click(Tag::from_bytes(tag), None)
                };
                let entry = Entry { site: link.site.clone(), link: link.key(), day, kind };
                let network = u8::try_from(dice.below(256)).unwrap();
                Numbered { number, previous: 0, network: Some(Bucket::new(network)), entry }
            })
            .collect();
        for some in entries.chunks(STRETCH) {
            store.settle(&journal, some).await.unwrap();
        }
        if day < today {
            store.forget_visitors_before(day.plus(1)).await.unwrap();
            store.close_day(&site.id, day, MinCount::DEFAULT).await.unwrap();
            for (week, site) in store.weeks_to_close(Week::of(day.plus(1))).await.unwrap() {
                store.close_week(&site, week, MinCount::DEFAULT).await.unwrap();
            }
            store.note_closed_before(day.plus(1)).await.unwrap();
        }
        if place % 30 == 0 {
            eprintln!("{day}: {made} links, {number} clicks");
        }
    }
    assert!(!store.links(&site.id, &LinkFilter::default(), None, 1).await.unwrap().is_empty());
    number
}

async fn site(store: &Arc<dyn Store>, name: &str, first: Day) -> Site {
    let site = Site {
        id: SiteId::random(),
        name: name.to_owned(),
        destinations: vec![HostRule::any()],
        origins: Vec::new(),
        consent: None,
        utm: Utm::default(),
        stripping: entrenous::domain::stripping::Stripping::default(),
        forward_query: false,
        lineage: false,
        min_count: MinCounts::always(MinCount::DEFAULT),
        created_at: first.start(),
        keys: Vec::new(),
        public: false,
        badges: false,
        revision: 0,
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
        incarnation: Incarnation::random(),
        site: site.clone(),
        url,
        page: None,
        channel: ChannelName::parse(channel.unwrap_or(&CHANNELS[0]).0).unwrap(),
        campaign: campaign.and_then(|name| Text::parse(&name, 100).unwrap()),
        moved: None,
        title: None,
        parent: None,
        generation: 0,
        created_at: day.start() + SignedDuration::from_hours(dice.below(24).try_into().unwrap()),
        expires_at: None,
        is_share: false,
        disabled: false,
        taken_down: false,
        is_slug: false,
    }
}
