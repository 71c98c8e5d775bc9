//! Closing days on Redis, where a failover loses what was confirmed and a closing is killed in the middle: random
//! histories of both, after which every click is there once and nothing small is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::Slack;
use entrenous::domain::link::Link;
use entrenous::domain::site::{Site, SiteId};
use entrenous::store::{Numbered, Store, StoreUrl, open};
use redis::{Connection, cmd};

use crate::dice::Dice;
use crate::fixtures::{Journal, UNFURL, channel, click, day, insert, k, link, stored_site, url};
use crate::redis_keys::{partition, tag};
use crate::redis_search::{Found, Sum, keys, search};
use crate::redis_servers::RedisServer;
use crate::site_counts::SiteCountsOf;

const K: u64 = 5;
/// The present day; days from `FIRST` on are past.
const TODAY: i32 = 22;
const FIRST: i32 = 19;
const LINKS: usize = 6;
const STEPS: usize = 150;
/// How often time has to pass, and days to be closed again, until nothing of a closing is left.
const STAGES: usize = 6;

async fn start() -> (RedisServer, Arc<dyn Store>, Connection) {
    let server = RedisServer::start();
    let store = handle(&server).await;
    let client = redis::Client::open(server.url()).expect("an address");
    let raw = client.get_connection().expect("a connection");
    (server, store, raw)
}

async fn handle(server: &RedisServer) -> Arc<dyn Store> {
    open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store")
}

async fn close(store: &dyn Store) {
    for (day, site) in store.days_to_close(day(TODAY)).await.expect("days") {
        store.close_day(&site, day, k(K)).await.expect("closed");
    }
}

/// Lets all stages of all days seem to have begun long ago.
fn time_passes(raw: &mut Connection, site: &SiteId) {
    let marks = format!("ens:z:{{{site}}}");
    let fields: BTreeMap<String, String> = cmd("HGETALL").arg(&marks).query(raw).expect("marks");
    for (number, mark) in fields.iter().filter(|(field, _)| field.parse::<i32>().is_ok()) {
        let (rest, _) = mark.rsplit_once(' ').expect("a mark ends with its time");
        let mark = format!("{rest} 0");
        cmd("HSET").arg(&marks).arg(number).arg(&mark).exec(raw).expect("earlier");
        let sheet = format!("ens:x:{{{site}}}:{number}");
        cmd("HSET").arg(sheet).arg("mark").arg(&mark).exec(raw).expect("earlier");
    }
}

fn look(raw: &mut Connection) -> Found {
    search(std::slice::from_mut(raw), day(TODAY).number(), K)
}

/// How far a day is.
fn stage(raw: &mut Connection, site: &SiteId) -> String {
    let mark = cmd("HGET").arg(format!("ens:z:{{{site}}}")).arg(day(20).number()).query::<String>(raw);
    mark.expect("a mark").split(' ').nth(3).expect("a stage").to_owned()
}

#[tokio::test]
async fn nothing_small_is_left_a_while_after_a_day_was_closed() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (big, small) = (link(&site, "big"), link(&site, "small"));
    insert(&*store, &big).await;
    insert(&*store, &small).await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &big, day(20), (0..7).map(click).chain([UNFURL])).await;
    journal.settle(&*store, &small, day(20), [click(1), EntryKind::Unfurl(Slack)]).await;
    close(&*store).await;
    let numbers = store.site_counts(&site.id, day(1), day(30)).await.expect("counts");
    let of_links = async || {
        let of_big = store.link_counts(&big.code, day(1), day(30)).await.expect("counts");
        (of_big, store.link_counts(&small.code, day(1), day(30)).await.expect("counts"))
    };
    let before = of_links().await;
    assert!(!look(&mut raw).small.is_empty(), "links have their counts still, which a failover could need");
    for next in ["fixed", "leaving", "left", "ending", "clear"] {
        assert_eq!(store.days_to_close(day(TODAY)).await.expect("days"), [], "nothing is due before {next}");
        time_passes(&mut raw, &site.id);
        close(&*store).await;
        assert_eq!(stage(&mut raw, &site.id), next);
        assert_eq!(store.site_counts(&site.id, day(1), day(30)).await.expect("counts"), numbers, "{next}");
        assert_eq!(of_links().await, before, "{next}");
    }
    let found = look(&mut raw);
    assert_eq!((found.cells, found.waiting), ([7, 7, 0, 2], [1, 1, 0, 0]));
    assert_eq!(found.small, Vec::<String>::new());
}

#[tokio::test]
async fn clicks_that_come_while_small_numbers_leave_stay_open_until_these_have_left() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let link = link(&site, "abc");
    insert(&*store, &link).await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..7).map(click)).await;
    close(&*store).await;
    for (late, next) in (1..).zip(["fixed", "leaving", "left", "ending", "clear"]) {
        time_passes(&mut raw, &site.id);
        close(&*store).await;
        assert_eq!(stage(&mut raw, &site.id), next);
        journal.settle(&*store, &link, day(20), [click(100 + late)]).await;
        close(&*store).await;
        let counts = store.link_counts(&link.code, day(20), day(20)).await.expect("counts");
        let counts = &counts.days[&day(20)];
        let (cells, open) = if next == "clear" { (7 + u64::from(late), 0) } else { (7, u64::from(late)) };
        assert_eq!((counts.cells.visitors, counts.open.visitors), (cells, open), "{next}");
    }
    assert_eq!(store.days_to_close(day(TODAY)).await.expect("days"), []);
}

/// All keys of one hash slot, as they were.
type Slot = Vec<(String, Vec<u8>)>;

fn slot(raw: &mut Connection, tag: &str) -> Slot {
    let keys = keys(raw, &format!("*{{{tag}}}*"));
    keys.into_iter()
        .map(|key| {
            let value = cmd("DUMP").arg(&key).query(raw).expect("a value");
            (key, value)
        })
        .collect()
}

fn roll_back(raw: &mut Connection, tag: &str, to: &Slot) {
    for key in keys(raw, &format!("*{{{tag}}}*")) {
        cmd("DEL").arg(key).exec(raw).expect("lost");
    }
    for (key, value) in to {
        cmd("RESTORE").arg(key).arg(0).arg(value).exec(raw).expect("as it was");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_failovers_lose_and_wherever_closings_are_killed_no_click_is_lost_or_counted_twice() {
    let (server, _, mut raw) = start().await;
    for seed in 0..5 {
        let (store, other) = (handle(&server).await, handle(&server).await);
        History::begin(&*store, seed).await.play([&*store, &*other], &mut raw).await;
        cmd("FLUSHALL").exec(&mut raw).expect("the next one begins with nothing");
    }
}

/// A site whose journal is kept, and what its hash slots looked like since time last passed.
struct History {
    seed: u64,
    dice: Dice,
    site: Site,
    links: Vec<Link>,
    journal: Journal,
    entries: Vec<Numbered>,
    whole: Sum,
    slots: Vec<BTreeMap<String, Slot>>,
    /// Whether something was lost that is not settled again.
    is_behind: bool,
}

impl History {
    async fn begin(store: &dyn Store, seed: u64) -> Self {
        let site = stored_site(store, "press").await;
        let mut links = Vec::new();
        for number in 0..LINKS {
            let mut link = link(&site, &format!("link{number}"));
            link.url = url(&format!("https://example.com/{}", number % 3));
            link.channel = channel(["sms", "email"][number % 2]);
            insert(store, &link).await;
            links.push(link);
        }
        let (dice, journal) = (Dice(seed), Journal::new("j"));
        let (entries, slots) = (Vec::new(), Vec::new());
        Self { seed, dice, site, links, journal, entries, whole: [0; 4], slots, is_behind: false }
    }

    async fn play(mut self, stores: [&dyn Store; 2], raw: &mut Connection) {
        for step in 0..STEPS {
            let store = self.dice.of(&stores);
            match self.dice.below(12) {
                0..4 => {
                    self.click();
                    self.settle(store).await;
                }
                4 | 5 => close(store).await,
                6 | 7 => self.kill_a_closing(store).await,
                8 => self.remember(raw),
                9 => self.lose(raw),
                _ => {
                    self.settle(store).await;
                    self.slots.clear();
                    time_passes(raw, &self.site.id);
                }
            }
            if self.is_behind && self.dice.below(2) == 0 {
                self.settle(store).await;
            }
            if !self.is_behind {
                let (found, shown) = (look(raw), self.shown(store).await);
                let all: Sum = std::array::from_fn(|place| shown[place] + found.waiting[place]);
                assert_eq!(all, self.whole, "history {}, step {step}", self.seed);
            }
        }
        self.settle(stores[0]).await;
        for _ in 0..2 * STAGES {
            close(stores[0]).await;
            time_passes(raw, &self.site.id);
        }
        let found = look(raw);
        assert_eq!((found.all(), &found.small), (self.whole, &Vec::new()), "history {}", self.seed);
        assert_eq!(stores[0].days_to_close(day(TODAY)).await.expect("days"), []);
    }

    /// Some people open a link on a day that is over; everybody comes once.
    fn click(&mut self) {
        let link = self.dice.of(&self.links.iter().collect::<Vec<_>>()).clone();
        let on = day(FIRST + i32::try_from(self.dice.below(3)).expect("a day"));
        let (people, unasked, unfurls) = (1 + self.dice.below(4), self.dice.below(3), self.dice.below(2));
        let first = u32::try_from(self.whole[1]).expect("few people");
        let people = u32::try_from(people).expect("few");
        let clicks = (first..first + people).map(click);
        let unasked_clicks = (0..unasked).map(|_| EntryKind::AggregateClick);
        let fetched = (0..unfurls).map(|_| EntryKind::Unfurl(Slack));
        self.entries.extend(self.journal.entries(&link, on, clicks.chain(unasked_clicks).chain(fetched)));
        for (sum, more) in self.whole.iter_mut().zip([people.into(), people.into(), unasked, unfurls]) {
            *sum += more;
        }
    }

    /// Settles the journal from its beginning, as is done after a loss.
    async fn settle(&mut self, store: &dyn Store) {
        store.settle(&self.journal.id, &self.entries).await.expect("settled");
        self.is_behind = false;
    }

    async fn kill_a_closing(&mut self, store: &dyn Store) {
        let most = Duration::from_micros(self.dice.below(6_000));
        // Whatever is under way is given up; what was sent already is done.
        let _ = tokio::time::timeout(most, close(store)).await;
        store.probe().await.expect("an answer");
    }

    fn tags(&self) -> Vec<String> {
        let partitions = self.links.iter().map(|link| tag(partition(link.code.as_str())));
        partitions.chain([self.site.id.as_str().to_owned()]).collect()
    }

    fn remember(&mut self, raw: &mut Connection) {
        let slots = self.tags().into_iter().map(|tag| (tag.clone(), slot(raw, &tag)));
        self.slots.push(slots.collect());
    }

    /// One or some hash slots are again what they were.
    fn lose(&mut self, raw: &mut Connection) {
        let Some(last) = self.slots.len().checked_sub(1) else { return };
        let to = self.dice.place(last + 1);
        for tag in self.tags() {
            if self.dice.below(3) == 0 {
                roll_back(raw, &tag, &self.slots[to][&tag]);
                self.is_behind = true;
            }
        }
        // What came later than that is no state that a replica could have had.
        self.slots.truncate(to + 1);
    }

    /// All that readers see of the past days.
    async fn shown(&self, store: &dyn Store) -> Sum {
        let counts = store.site_counts(&self.site.id, day(1), day(TODAY)).await.expect("counts");
        let mut sum = [0; 4];
        for row in counts.rows {
            let all = row.counts.all();
            for (sum, more) in
                sum.iter_mut().zip([all.clicks, all.visitors, all.aggregate_clicks, all.unfurls])
            {
                *sum += more;
            }
        }
        sum
    }
}
