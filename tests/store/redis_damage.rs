//! A damaged key in Redis: it holds up only itself, is told by its name, and what was counted for it meanwhile comes back
//! when it can be read again.

use std::sync::Arc;
use std::time::Duration;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::Slack;
use entrenous::domain::link::Link;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::site::Site;
use entrenous::stats::counts::Counts;
use entrenous::store::{SetAside, Settled, Store, StoreUrl, open_to_serve};
use redis::{Connection, cmd};

use crate::fixtures::{Journal, click, clicks, code, counted, day, link_up, stored_link, stored_site};
use crate::redis_keys::{of_partition, part, partition, record, visitors};
use crate::redis_servers::RedisServer;
use crate::site_counts::SiteCountsOf;

/// A server with two links, of which one is to be damaged.
struct Ground {
    _server: RedisServer,
    store: Arc<dyn Store>,
    raw: Connection,
    site: Site,
    damaged: Link,
    sound: Link,
    journal: Journal,
}

impl Ground {
    /// Both links have two clicks of two visitors already.
    async fn start() -> Self {
        let server = RedisServer::start();
        let url = StoreUrl::parse(&server.url()).expect("an address");
        let store = open_to_serve(&url, None, Duration::ZERO).await.expect("a store");
        let client = redis::Client::open(server.url()).expect("an address");
        let raw = client.get_connection().expect("a connection");
        let site = stored_site(&*store, "press").await;
        let (damaged, sound) =
            (stored_link(&*store, &site, "damaged").await, stored_link(&*store, &site, "sound").await);
        let mut journal = Journal::new("j");
        for link in [&damaged, &sound] {
            journal.settle(&*store, link, day(20), (0..2).map(click)).await;
        }
        Self { _server: server, store, raw, site, damaged, sound, journal }
    }

    /// Puts a list in the place of a key, until [`Self::repair`].
    fn damage(&mut self, key: &str) {
        cmd("RENAME").arg(key).arg("kept").exec(&mut self.raw).expect("the key is there");
        cmd("RPUSH").arg(key).arg("what is this").exec(&mut self.raw).expect("damaged");
    }

    fn repair(&mut self, key: &str) {
        cmd("RENAME").arg("kept").arg(key).exec(&mut self.raw).expect("repaired");
    }

    /// Settles three clicks of two visitors, an unfurl and an open for each of the links.
    async fn settle(&mut self) -> Settled {
        let mut entries = Vec::new();
        for link in [&self.damaged, &self.sound] {
            entries.extend(self.journal.entries(link, day(20), [click(2)]));
        }
        for link in [&self.damaged, &self.sound] {
            let others = [click(2), click(3), EntryKind::Unfurl(Slack), EntryKind::Open];
            entries.extend(self.journal.entries(link, day(20), others));
        }
        let settled = self.store.settle(&self.journal.id, &entries).await.expect("settled");
        let again = self.store.settle(&self.journal.id, &entries).await.expect("settled");
        assert_eq!(again.counted, 0, "{again:?}");
        assert_eq!(again.set_aside, []);
        settled
    }

    /// The key of the damaged link's part of that day.
    fn part(&self) -> String {
        part("damaged", self.site.id.as_str(), day(20).number())
    }

    /// Closes the day, all of whose stages are short here.
    async fn close(&self) {
        for _ in 0..10 {
            self.store.close_day(&self.site.id, day(20), MinCount::EXACT).await.expect("nothing holds it up");
        }
        assert_eq!(self.store.days_to_close(day(21)).await.expect("days"), []);
    }

    async fn counted(&self, link: &Link) -> Counts {
        counted(&*self.store, link, day(20)).await
    }

    /// A key of the damaged link is no longer what it was: the other link gets on, and when it is repaired the counts
    /// are there.
    async fn test_that_it_holds_up_only_itself(mut self, key: &str, visitors_when_repaired: u64) {
        self.damage(key);
        let settled = self.settle().await;
        let aside = SetAside { name: key.to_owned(), entries: 5 };
        assert_eq!(
            settled,
            Settled { counted: 5, set_aside: vec![aside.clone()], ..Settled::default() },
            "{key}"
        );
        let whole = Counts { unfurls: 1, known_unfurls: [(Slack, 1)].into(), opens: 1, ..clicks(5, 4) };
        assert_eq!(self.counted(&self.sound).await, whole);
        assert_eq!(self.store.retry_set_aside().await.expect("an answer"), [aside]);
        // Of the days of the site, what can be read is read.
        let rows = self.store.site_counts(&self.site.id, day(20), day(20)).await.expect("a day").rows;
        let sum: u64 = rows.iter().map(|row| row.counts.all().clicks).sum();
        assert!(sum >= 5, "{sum}");

        self.repair(key);
        assert_eq!(self.store.retry_set_aside().await.expect("an answer"), []);
        let back = Counts { visitors: visitors_when_repaired, ..whole };
        assert_eq!(self.counted(&self.damaged).await, back, "{key}");
        assert_eq!(self.store.retry_set_aside().await.expect("an answer"), []);
        assert_eq!(self.counted(&self.damaged).await, back, "once only");
        let left: i64 = cmd("EXISTS")
            .arg(of_partition("s", partition("damaged")))
            .query(&mut self.raw)
            .expect("an answer");
        assert_eq!(left, 0);
        self.journal.settle(&*self.store, &self.damaged, day(20), [click(9)]).await;
        assert_eq!(self.counted(&self.damaged).await.clicks, 6);
    }
}

#[tokio::test]
async fn a_link_of_a_wrong_type_holds_up_only_itself() {
    Ground::start().await.test_that_it_holds_up_only_itself(&record("damaged"), 2).await;
}

#[tokio::test]
async fn counts_of_a_wrong_type_hold_up_only_their_part() {
    let ground = Ground::start().await;
    let key = ground.part();
    ground.test_that_it_holds_up_only_itself(&key, 2).await;
}

#[tokio::test]
async fn visitors_of_a_wrong_type_hold_up_nobody_and_what_comes_meanwhile_has_none() {
    let mut ground = Ground::start().await;
    let key = visitors("damaged", ground.site.id.as_str(), day(20).number());
    ground.damage(&key);
    let settled = ground.settle().await;
    let aside = SetAside { name: key.clone(), entries: 5 };
    assert_eq!(settled, Settled { counted: 5, set_aside: vec![aside], ..Settled::default() });
    // Nobody is told apart by what was set aside, so that it can be counted before they can be told apart again.
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    let whole = Counts { unfurls: 1, known_unfurls: [(Slack, 1)].into(), opens: 1, ..clicks(5, 4) };
    assert_eq!(ground.counted(&ground.sound).await, whole);
    assert_eq!(ground.counted(&ground.damaged).await, Counts { visitors: 2, ..whole });
    ground.repair(&key);
    ground.journal.settle(&*ground.store, &ground.damaged, day(20), [click(1), click(9)]).await;
    assert_eq!(ground.counted(&ground.damaged).await.visitors, 3);
}

#[tokio::test]
async fn a_link_that_cannot_be_read_holds_up_only_itself() {
    let mut ground = Ground::start().await;
    let key = record("damaged");
    let value: String = cmd("GET").arg(&key).query(&mut ground.raw).expect("a link");
    cmd("SET").arg(&key).arg(&value[..20]).exec(&mut ground.raw).expect("cut off");
    let settled = ground.settle().await;
    assert_eq!((settled.counted, settled.set_aside), (5, vec![SetAside { name: key.clone(), entries: 5 }]));
    ground.store.link(&ground.damaged.code).await.expect_err("nobody can read it");
    cmd("SET").arg(&key).arg(value).exec(&mut ground.raw).expect("repaired");
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    assert_eq!(ground.counted(&ground.damaged).await.clicks, 5);
}

#[tokio::test]
async fn a_record_of_counts_that_cannot_be_read_holds_up_no_other_day_and_no_other_link() {
    let mut ground = Ground::start().await;
    let (key, field) = (ground.part(), ground.damaged.key().to_string());
    let value: Vec<u8> = cmd("HGET").arg(&key).arg(&field).query(&mut ground.raw).expect("counts");
    let wrong: [&[u8]; 4] = [b"", &value[..20], &[2; 40], &[&value[..], b"slack"].concat()];
    for wrong in wrong {
        cmd("HSET").arg(&key).arg(&field).arg(wrong).exec(&mut ground.raw).expect("damaged");
        let mut entries = ground.journal.entries(&ground.damaged, day(20), [click(5)]);
        entries.extend(ground.journal.entries(&ground.damaged, day(21), [click(5)]));
        let settled = ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
        let aside = SetAside { name: format!("{key} {field}"), entries: 1 };
        assert_eq!((settled.counted, settled.set_aside), (1, vec![aside]), "{wrong:?}");
    }
    cmd("HSET").arg(&key).arg(&field).arg(value).exec(&mut ground.raw).expect("repaired");
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    assert_eq!(ground.counted(&ground.damaged).await, clicks(6, 2));
    assert_eq!(counted(&*ground.store, &ground.damaged, day(21)).await, clicks(4, 1));
}

#[tokio::test]
async fn a_damaged_partition_holds_up_no_other_and_loses_nothing() {
    let mut ground = Ground::start().await;
    assert_ne!(partition("damaged"), partition("sound"), "for this test they must differ");
    let number = partition("damaged");
    for kind in ["p", "s"] {
        let key = of_partition(kind, number);
        if kind == "s" {
            cmd("HSET").arg(&key).arg("a").arg("0 0 0").exec(&mut ground.raw).expect("set aside");
            // Only where something has to be set aside, it matters.
            cmd("RENAME").arg(ground.part()).arg("counts").exec(&mut ground.raw).expect("away");
            cmd("SET").arg(ground.part()).arg("x").exec(&mut ground.raw).expect("damaged");
        }
        ground.damage(&key);
        let mut entries = ground.journal.entries(&ground.damaged, day(20), [click(7)]);
        entries.extend(ground.journal.entries(&ground.sound, day(20), [click(7)]));
        let settled = ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
        assert_eq!(settled.counted, 1, "{settled:?}");
        let [(held, reason)] = &settled.held[..] else { panic!("{settled:?}") };
        assert_eq!(u32::try_from(*held), Ok(number));
        assert!(reason.contains(&key), "{reason}");
        ground.repair(&key);
        if kind == "s" {
            cmd("RENAME").arg("counts").arg(ground.part()).exec(&mut ground.raw).expect("back");
        }
        let settled = ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
        assert_eq!(settled, Settled { counted: 1, passed_over: 1, ..Settled::default() });
    }
    assert_eq!(ground.counted(&ground.damaged).await.clicks, 4);
    assert_eq!(ground.counted(&ground.sound).await.clicks, 4);
}

#[tokio::test]
async fn what_is_set_aside_goes_with_its_link_and_with_its_time() {
    let mut ground = Ground::start().await;
    let key = record("damaged");
    let mut entries = ground.journal.entries(&ground.damaged, day(20), [click(7)]);
    entries.extend(ground.journal.entries(&ground.damaged, day(19), [click(7)]));
    ground.damage(&key);
    let settled = ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
    assert_eq!(settled.set_aside, [SetAside { name: key.clone(), entries: 2 }]);
    ground.store.forget_counts_before(day(20)).await.expect("forgotten, whatever is damaged");
    let left = ground.store.retry_set_aside().await.expect("an answer");
    assert_eq!(left, [SetAside { name: key.clone(), entries: 1 }]);
    ground.repair(&key);
    let deleted = ground.store.delete_link(&code("damaged")).await.expect("an answer");
    assert!(deleted.was_there());
    let left: i64 =
        cmd("EXISTS").arg(of_partition("s", partition("damaged"))).query(&mut ground.raw).expect("an answer");
    assert_eq!(left, 0);
    let anew = stored_link(&*ground.store, &ground.site, "damaged").await;
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    assert_eq!(ground.counted(&anew).await, clicks(0, 0));
}

#[tokio::test]
async fn a_link_goes_also_where_its_counts_are_damaged() {
    let mut ground = Ground::start().await;
    let key = ground.part();
    ground.damage(&key);
    assert!(ground.store.delete_link(&code("damaged")).await.expect("an answer").was_there());
}

#[tokio::test]
async fn a_link_that_cannot_be_read_holds_up_no_closing_and_counts_on_the_next_day_when_it_is_repaired() {
    let mut ground = Ground::start().await;
    ground.damage(&record("damaged"));
    ground.close().await;
    assert_eq!(ground.counted(&ground.sound).await, clicks(2, 2));
    let aside = SetAside { name: record("damaged"), entries: 2 };
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), [aside]);
    // What comes meanwhile counts on the next day, too.
    let entries = ground.journal.entries(&ground.damaged, day(20), [click(5)]);
    ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
    ground.repair(&record("damaged"));
    assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    let counts = ground.store.link_counts(&code("damaged"), day(20), day(21)).await.expect("counts");
    assert_eq!(counts.days.get(&day(20)).map(|counts| counts.cells.clicks), None);
    assert_eq!(
        counts.days[&day(21)].open,
        clicks(3, 2),
        "clicks of both days, and visitors of the one with more"
    );
    let due = ground.store.days_to_close(day(22)).await.expect("days");
    assert_eq!(due, [(day(21), ground.site.id.clone())], "there is something to close again");
}

#[tokio::test]
async fn counts_that_cannot_be_read_hold_up_no_closing_and_are_told_and_kept() {
    for is_whole_part in [false, true] {
        let mut ground = Ground::start().await;
        let (part, field) = (ground.part(), ground.damaged.key().to_string());
        let kept = if is_whole_part {
            ground.damage(&part);
            format!("{part}:damaged")
        } else {
            cmd("HSET").arg(&part).arg(&field).arg(b"\xff?").exec(&mut ground.raw).expect("damaged");
            field
        };
        ground.close().await;
        assert_eq!(ground.counted(&ground.sound).await, clicks(2, 2));
        assert_eq!(ground.counted(&ground.damaged).await, clicks(0, 0));
        let set_aside = of_partition("s", partition("damaged"));
        let aside = SetAside { name: format!("{set_aside} {kept} {}", day(20).number()), entries: 0 };
        assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), [aside]);
        let is_there = |ground: &mut Ground| -> bool {
            if is_whole_part {
                cmd("EXISTS").arg(&kept).query(&mut ground.raw).expect("an answer")
            } else {
                let field = format!("{kept} {}", day(20).number());
                let value: Option<Vec<u8>> =
                    cmd("HGET").arg(&set_aside).arg(field).query(&mut ground.raw).expect("an answer");
                value.as_deref() == Some(b"\xff?")
            }
        };
        assert!(is_there(&mut ground));
        ground.store.forget_counts_before(day(20)).await.expect("an answer");
        assert!(is_there(&mut ground));
        ground.store.forget_counts_before(day(21)).await.expect("an answer");
        assert!(!is_there(&mut ground), "it is kept as long as counts are");
        assert_eq!(ground.store.retry_set_aside().await.expect("an answer"), []);
    }
}

#[tokio::test]
async fn of_many_links_in_one_call_the_damaged_ones_are_named() {
    let mut ground = Ground::start().await;
    let mut links = Vec::new();
    for number in 0..600 {
        links.push(stored_link(&*ground.store, &ground.site, &format!("link{number}")).await);
    }
    let mut names = Vec::new();
    for link in links.iter().step_by(50) {
        let key = part(link.code.as_str(), ground.site.id.as_str(), day(20).number());
        cmd("HSET").arg(&key).arg(link.key().to_string()).arg("x").exec(&mut ground.raw).expect("damaged");
        names.push(format!("{key} {}", link.key()));
    }
    let mut entries: Vec<_> = links
        .iter()
        .flat_map(|link| (0..3).map(move |visitor| (link, visitor)))
        .map(|(link, visitor)| ground.journal.entry(link, day(20), click(visitor)))
        .collect();
    link_up(&*ground.store, &mut entries);
    // What was settled before is no gap.
    let settled = ground.store.settle(&ground.journal.id, &entries).await.expect("settled");
    assert_eq!(settled.counted, 3 * 588);
    let mut aside: Vec<_> = settled.set_aside.into_iter().map(|aside| (aside.name, aside.entries)).collect();
    aside.sort();
    names.sort();
    assert_eq!(aside, names.into_iter().map(|name| (name, 3)).collect::<Vec<_>>());
}
