//! Closing days on Redis, where a failover loses what was confirmed and a closing is killed in the middle: random
//! histories of both, after which every click is there once and nothing exact is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::entry::Numbered;
use entrenous::domain::family::Family::Slack;
use entrenous::domain::link::Link;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::networks::Bucket;
use entrenous::domain::site::{Site, SiteId};
use entrenous::domain::week::Week;
use entrenous::stats::counts::Counts;
use entrenous::store::{Store, StoreUrl, open};
use redis::{Connection, cmd};

use crate::dice::Dice;
use crate::fixtures::{Journal, channel, click, crowd, day, insert, k, link, stored_link, stored_site, url};
use crate::redis_keys::{partition, tag};
use crate::redis_search::{Found, Sum, keys, search};
use crate::redis_servers::RedisServer;

/// The present day, and in histories the first one.
const TODAY: i32 = 22;
const LINKS: usize = 6;
const STEPS: usize = 150;
/// How often time has to pass, and days to be closed again, until nothing of a closing is left: also of days that late
/// clicks make.
const STAGES: usize = 30;

async fn start() -> (RedisServer, Arc<dyn Store>, Connection) {
    let server = RedisServer::start();
    let store = handle(&server).await;
    let client = redis::Client::open(server.url()).expect("an address");
    let raw = client.get_connection().expect("a connection");
    (server, store, raw)
}

/// One that takes what was written within a minute for what a failover may lose.
async fn handle(server: &RedisServer) -> Arc<dyn Store> {
    open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store")
}

async fn close(store: &dyn Store, k: MinCount) {
    close_before(store, TODAY, k).await;
}

async fn close_before(store: &dyn Store, today: i32, k: MinCount) {
    for (day, site) in store.days_to_close(day(today)).await.expect("days") {
        store.close_day(&site, day, k).await.expect("closed");
    }
}

/// Lets the stages of all closings seem to have begun long ago.
fn time_passes(raw: &mut Connection, site: &SiteId) {
    let marks = format!("ens:z:{{{site}}}");
    let fields: BTreeMap<String, String> = cmd("HGETALL").arg(&marks).query(raw).expect("marks");
    for (field, closing) in fields.iter().filter(|(field, _)| field.starts_with(['c', 's'])) {
        let mut words: Vec<&str> = closing.split(' ').collect();
        words[1] = "1";
        cmd("HSET").arg(&marks).arg(field).arg(words.join(" ")).exec(raw).expect("earlier");
    }
}

fn look(raw: &mut Connection, k: MinCount) -> Found {
    look_before(raw, TODAY, k)
}

fn look_before(raw: &mut Connection, today: i32, k: MinCount) -> Found {
    search(std::slice::from_mut(raw), day(today).number(), k.get())
}

/// How far the closing of a day is.
fn stage(raw: &mut Connection, site: &SiteId, on: i32) -> Option<String> {
    let field = format!("c{}", day(on).number());
    let closing: Option<String> =
        cmd("HGET").arg(format!("ens:z:{{{site}}}")).arg(field).query(raw).expect("a mark");
    closing.map(|closing| closing.split(' ').next().expect("a stage").to_owned())
}

/// What is shown of a link's day, in cells and open.
async fn shown(store: &dyn Store, code: &Code, on: i32) -> (Counts, Counts) {
    let mut counts = store.link_counts(code, day(on), day(on)).await.expect("counts");
    let counts = counts.days.remove(&day(on)).unwrap_or_default();
    (counts.cells, counts.open)
}

#[tokio::test]
async fn nothing_exact_is_left_a_while_after_a_day_was_closed() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let (big, small) = (stored_link(&*store, &site, "big").await, stored_link(&*store, &site, "small").await);
    let mut journal = Journal::new("j");
    journal.come(&*store, &big, day(20), crowd(0..13)).await;
    journal.come(&*store, &small, day(20), crowd(0..2)).await;
    journal.settle(&*store, &small, day(20), (0..7).map(|_| EntryKind::Unfurl(Slack))).await;
    let due = async || store.days_to_close(day(TODAY)).await.expect("days");
    close(&*store, k(5)).await;
    assert_eq!(stage(&mut raw, &site.id, 20).as_deref(), Some("frozen"));
    assert_eq!(due().await, [(day(20), site.id.clone())], "it is open");
    close(&*store, k(5)).await;
    assert_eq!(shown(&*store, &big.code, 20).await.1.visitors, 13, "a failover could lose the secret");
    time_passes(&mut raw, &site.id);
    close(&*store, k(5)).await;
    let cells = shown(&*store, &big.code, 20).await;
    assert!([10, 15].contains(&cells.0.visitors) && cells.1 == Counts::default(), "{cells:?}");
    let of_small = shown(&*store, &small.code, 20).await;
    for next in [Some("written"), Some("dropped"), None] {
        assert_eq!(stage(&mut raw, &site.id, 20).as_deref(), next);
        assert_eq!(due().await, [], "nothing is due behind {next:?}");
        assert_eq!(shown(&*store, &big.code, 20).await, cells, "{next:?}");
        assert_eq!(shown(&*store, &small.code, 20).await, of_small, "{next:?}");
        assert_eq!(look(&mut raw, k(5)).small.is_empty(), next.is_none(), "{next:?}");
        time_passes(&mut raw, &site.id);
        close(&*store, k(5)).await;
    }
    assert_eq!(look(&mut raw, k(5)).pools, [2, 2, 0, 0]);
    // The week is not over before TODAY; its secret has to outlive a failover, too.
    let week = Week::of(day(20));
    store.close_week(&site.id, week, k(5)).await.expect("begun");
    assert_eq!(look(&mut raw, k(5)).pools, [2, 2, 0, 0]);
    assert_eq!(store.weeks_to_close(week.next()).await.expect("weeks"), [(week, site.id.clone())]);
    time_passes(&mut raw, &site.id);
    store.close_week(&site.id, week, k(5)).await.expect("closed");
    let found = look(&mut raw, k(5));
    assert_eq!((found.pools, found.weeks, found.small), ([0; 4], [0; 4], Vec::new()));
    assert_eq!(store.weeks_to_close(week.next()).await.expect("weeks"), []);
}

#[tokio::test]
async fn clicks_that_come_while_their_day_is_closed_count_on_the_next_one() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..7).map(click)).await;
    close(&*store, MinCount::EXACT).await;
    for late in 1..=4 {
        journal.settle(&*store, &link, day(20), [click(100 + late)]).await;
        assert_eq!(shown(&*store, &link.code, 21).await.1.visitors, u64::from(late));
        time_passes(&mut raw, &site.id);
        // Whoever closes only the day itself leaves the next one as it is.
        store.close_day(&site.id, day(20), MinCount::EXACT).await.expect("closed");
        let (cells, open) = shown(&*store, &link.code, 20).await;
        assert_eq!((cells.visitors, open.visitors), (7, 0));
    }
    assert_eq!(stage(&mut raw, &site.id, 20), None);
    assert_eq!(store.days_to_close(day(TODAY)).await.expect("days"), [(day(21), site.id.clone())]);
}

#[tokio::test]
async fn what_a_failover_loses_while_a_day_is_closed_is_settled_again_for_that_day() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let of_link = tag(partition("abc"));
    let mut journal = Journal::new("j");
    let entries = journal.entries(&link, day(20), (0..7).map(click));
    store.settle(&journal.id, &entries[..4]).await.expect("settled");
    let before = slot(&mut raw, &of_link);
    store.settle(&journal.id, &entries[4..]).await.expect("settled");
    close(&*store, MinCount::EXACT).await;
    roll_back(&mut raw, &of_link, &before);
    time_passes(&mut raw, &site.id);
    close(&*store, MinCount::EXACT).await;
    assert_eq!(stage(&mut raw, &site.id, 20).as_deref(), Some("freezing"), "what was lost is waited for");
    store.settle(&journal.id, &entries).await.expect("settled again");
    assert_eq!(shown(&*store, &link.code, 20).await.1.visitors, 7);
    for _ in 0..STAGES {
        time_passes(&mut raw, &site.id);
        close(&*store, MinCount::EXACT).await;
    }
    assert_eq!(shown(&*store, &link.code, 20).await.0.visitors, 7);
    assert_eq!(shown(&*store, &link.code, 21).await, (Counts::default(), Counts::default()));
    assert_eq!(look(&mut raw, MinCount::EXACT).small, Vec::<String>::new());
}

#[tokio::test]
async fn counts_of_a_closed_day_that_a_failover_brings_back_go_again_and_are_not_late() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let of_link = tag(partition("abc"));
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..7).map(click)).await;
    close(&*store, MinCount::EXACT).await;
    time_passes(&mut raw, &site.id);
    close(&*store, MinCount::EXACT).await;
    time_passes(&mut raw, &site.id);
    let before = slot(&mut raw, &of_link);
    close(&*store, MinCount::EXACT).await;
    assert_eq!(stage(&mut raw, &site.id, 20).as_deref(), Some("dropped"));
    roll_back(&mut raw, &of_link, &before);
    for next in [Some("dropped"), None] {
        assert_eq!(shown(&*store, &link.code, 20).await.0.visitors, 7);
        time_passes(&mut raw, &site.id);
        close(&*store, MinCount::EXACT).await;
        assert_eq!(stage(&mut raw, &site.id, 20).as_deref(), next);
    }
    assert_eq!(look(&mut raw, MinCount::EXACT).small, Vec::<String>::new());
    assert_eq!(look(&mut raw, MinCount::EXACT).cells, [7, 7, 0, 0]);
    assert_eq!(shown(&*store, &link.code, 21).await, (Counts::default(), Counts::default()));
}

/// All text of all keys.
fn everything(raw: &mut Connection) -> String {
    let mut all = String::new();
    for key in keys(raw, "*") {
        let of_type: String = cmd("TYPE").arg(&key).query(raw).expect("a type");
        let ask = match &*of_type {
            "hash" => cmd("HGETALL").arg(&key).take(),
            "set" => cmd("SMEMBERS").arg(&key).take(),
            "zset" => cmd("ZRANGE").arg(&key).arg(0).arg(-1).take(),
            _ => cmd("MGET").arg(&key).take(),
        };
        let values: Vec<Vec<u8>> = ask.query(raw).expect("values");
        all.push_str(&key);
        for value in values {
            all.push(' ');
            all.push_str(&String::from_utf8_lossy(&value));
        }
        all.push('\n');
    }
    all
}

#[tokio::test]
async fn a_link_that_is_deleted_while_its_day_is_closed_leaves_nothing_behind() {
    let (_server, store, mut raw) = start().await;
    let site = stored_site(&*store, "press").await;
    let other = stored_link(&*store, &site, "other").await;
    let mut journal = Journal::new("j");
    let mut deleted = Vec::new();
    for number in 0..6 {
        let link = stored_link(&*store, &site, &format!("go-{number}-ne")).await;
        journal.come(&*store, &link, day(20), crowd(0..600)).await;
        journal.settle(&*store, &link, day(TODAY), [click(1)]).await;
        deleted.push(link.code);
    }
    journal.come(&*store, &other, day(20), crowd(0..40)).await;
    for code in deleted {
        assert!(store.delete_link(&code).await.expect("an answer").was_there());
        let all = everything(&mut raw);
        assert!(!all.contains(code.as_str()), "{all}");
        time_passes(&mut raw, &site.id);
        close(&*store, k(5)).await;
        let all = everything(&mut raw);
        assert!(!all.contains(code.as_str()), "{all}");
    }
    assert_eq!(stage(&mut raw, &site.id, 20), None);
    assert_eq!(shown(&*store, &other.code, 20).await.0.visitors, 40);
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
    let mut cells = 0;
    for seed in 0..6 {
        let (store, other) = (handle(&server).await, handle(&server).await);
        cells += History::begin(&*store, seed).await.play([&*store, &*other], &mut raw).await;
        cmd("FLUSHALL").exec(&mut raw).expect("the next one begins with nothing");
    }
    assert!(cells > 60, "{cells}");
}

/// A site whose journal is kept, and what its hash slots looked like since time last passed.
struct History {
    seed: u64,
    dice: Dice,
    /// With 1, sums can be compared at any time.
    k: MinCount,
    today: i32,
    site: Site,
    links: Vec<Link>,
    journal: Journal,
    entries: Vec<Numbered>,
    whole: Sum,
    slots: Vec<BTreeMap<String, Slot>>,
    /// Whether something was lost that is not settled again.
    is_behind: bool,
    /// The cells that were ever shown.
    cells: BTreeMap<(Day, Code), Counts>,
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
        let k = if seed.is_multiple_of(2) { MinCount::EXACT } else { k(5) };
        let (dice, journal) = (Dice(seed), Journal::new("j"));
        let (entries, slots, cells) = (Vec::new(), Vec::new(), BTreeMap::new());
        let whole = [0; 4];
        Self {
            seed,
            dice,
            k,
            today: TODAY,
            site,
            links,
            journal,
            entries,
            whole,
            slots,
            is_behind: false,
            cells,
        }
    }

    /// Returns how many cells are shown in the end.
    async fn play(mut self, stores: [&dyn Store; 2], raw: &mut Connection) -> usize {
        for step in 0..STEPS {
            let store = self.dice.of(&stores);
            match self.dice.below(12) {
                0..4 => {
                    self.click();
                    self.settle(store).await;
                }
                4 | 5 => close_before(store, self.today, self.k).await,
                6 | 7 => self.kill_a_closing(store).await,
                8 => self.remember(raw),
                9 => self.lose(raw),
                _ => {
                    self.settle(store).await;
                    self.slots.clear();
                    time_passes(raw, &self.site.id);
                    self.today += i32::from(self.dice.below(3) == 0);
                }
            }
            if self.is_behind && self.dice.below(2) == 0 {
                self.settle(store).await;
            }
            if !self.is_behind {
                let all = self.look_at_cells(store).await;
                if self.k.is_exact() {
                    assert_eq!(all, self.whole, "history {}, step {step}", self.seed);
                }
            }
        }
        self.settle(stores[0]).await;
        for _ in 0..STAGES {
            close_before(stores[0], self.today, self.k).await;
            time_passes(raw, &self.site.id);
        }
        let found = look_before(raw, self.today, self.k);
        assert_eq!(found.small, Vec::<String>::new(), "history {}", self.seed);
        assert_eq!(stores[0].days_to_close(day(self.today)).await.expect("days"), []);
        self.look_at_cells(stores[0]).await;
        self.cells.len()
    }

    /// Some people open a link today or on a day that is over; everybody comes once.
    fn click(&mut self) {
        let link = self.dice.of(&self.links.iter().collect::<Vec<_>>()).clone();
        let on = day(self.today - i32::try_from(self.dice.below(4)).expect("a day"));
        let (people, unasked, unfurls) = (1 + self.dice.below(20), self.dice.below(9), self.dice.below(4));
        let first = u32::try_from(self.whole[1]).expect("few people");
        let people = u32::try_from(people).expect("few");
        let mut clicks = self.journal.entries(&link, on, (first..first + people).map(click));
        for (entry, person) in clicks.iter_mut().zip(first..) {
            entry.network = Some(Bucket::new(u8::try_from(person % 256).expect("a byte")));
        }
        self.entries.extend(clicks);
        let unasked_clicks = (0..unasked).map(|_| EntryKind::Open);
        let fetched = (0..unfurls).map(|_| EntryKind::Unfurl(Slack));
        self.entries.extend(self.journal.entries(&link, on, unasked_clicks.chain(fetched)));
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
        let most = Duration::from_micros(self.dice.below(20_000));
        // Whatever is under way is given up; what was sent already is done.
        let _ = tokio::time::timeout(most, close_before(store, self.today, self.k)).await;
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

    /// All that readers see, in cells and open. A cell that was shown once is never shown otherwise.
    async fn look_at_cells(&mut self, store: &dyn Store) -> Sum {
        let mut sum = [0; 4];
        for on in day(TODAY - 4).to(day(self.today + 2)) {
            let rows = store.day_rows(&self.site.id, on, jiff::Timestamp::MAX).await.expect("a day");
            for row in rows.rows {
                let all = row.counts.all();
                let more = [all.clicks, all.visitors, all.opens, all.unfurls];
                sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                let cell = row.counts.cells;
                if cell != Counts::default() {
                    let code = row.link.expect("a day has rows of links only");
                    let first = self.cells.entry((on, code)).or_insert_with(|| cell.clone());
                    assert_eq!(*first, cell, "history {}: {on}", self.seed);
                }
            }
        }
        sum
    }
}
