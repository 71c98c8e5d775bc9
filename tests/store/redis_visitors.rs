//! Visitors in Redis: `settle.lua` and `domain::visitor_set` count alike, and what tells visitors
//! apart stands where it ends by itself and nowhere else.

use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::entry::Numbered;
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::identity::JournalId;
use entrenous::domain::link::Link;
use entrenous::domain::link_key::Incarnation;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::networks::Bucket;
use entrenous::domain::site::SiteId;
use entrenous::domain::visitor::{DayKey, Tag};
use entrenous::domain::visitor_set::{Fingerprint, VisitorSet};
use entrenous::store::{Store, StoreUrl, open};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::fixtures::counted;
use crate::redis_keys::visitors as visitors_key;
use crate::redis_servers::RedisServer;

/// Clicks that are settled together: not a divisor of anything that matters.
const GROUP: usize = 777;

/// An entry of the slow log: number, time, duration, arguments, the client's address and name.
type Slow = (i64, i64, i64, Vec<Vec<u8>>, String, String);

fn tag(number: u64) -> Tag {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(number.to_le_bytes())[..16]);
    Tag::from_bytes(bytes)
}

fn link(code: &str, site: &SiteId) -> Link {
    Link {
        code: Code::parse(code).expect("a code"),
        incarnation: Incarnation::random(),
        site: site.clone(),
        url: serde_json::from_str("\"https://example.com/\"").expect("a destination"),
        page: None,
        channel: ChannelName::parse("whatsapp").expect("a channel"),
        campaign: None,
        moved: None,
        title: None,
        parent: None,
        generation: 0,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        is_share: false,
        disabled: false,
        taken_down: false,
        is_slug: false,
    }
}

#[tokio::test]
async fn redis_counts_the_visitors_that_the_domain_counts() {
    let server = RedisServer::start();
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let site = SiteId::random();
    let day: Day = "2099-11-21".parse().expect("a day");
    for visitors in [100, 511, 512, 600, 3_000, 20_000] {
        let link = link(&format!("v{visitors}"), &site);
        store.insert_link(&link, &[]).await.expect("a link");
        let mut expected = VisitorSet::default();
        let mut entries = Vec::new();
        for number in 0..visitors {
            // Every third visitor clicks twice.
            for tag in [Some(tag(number)), (number % 3 == 0).then(|| tag(number / 2))].into_iter().flatten() {
                expected.insert(Fingerprint::of(&tag));
                let number = entries.len() as u64 + 1;
                let kind = EntryKind::Click(tag, None);
                let entry = Entry { site: site.clone(), link: link.key(), day, kind };
                entries.push(Numbered { number, previous: 0, network: None, entry });
            }
        }
        let counted = settled(&*store, &link, &entries, day).await;
        assert!(
            counted.abs_diff(expected.count()) <= 1,
            "of {visitors} visitors Redis counted {counted} and the domain {}",
            expected.count()
        );
    }
}

/// Settles the entries in groups and once more all together, which must change nothing.
async fn settled(store: &dyn Store, link: &Link, entries: &[Numbered], day: Day) -> u64 {
    let journal = JournalId::new(&format!("journal-{}", link.code));
    for group in entries.chunks(GROUP) {
        store.settle(&journal, group).await.expect("settled");
    }
    store.settle(&journal, entries).await.expect("settled again");
    let counts = counted(store, link, day).await;
    assert_eq!(counts.clicks, entries.len() as u64);
    counts.visitors
}

#[tokio::test]
async fn every_visitor_set_ends_by_itself_an_hour_after_its_day_or_after_it_began() {
    let server = RedisServer::start();
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let link = link("abc", &SiteId::random());
    store.insert_link(&link, &[]).await.expect("a link");
    let mut redis = raw(&server);
    let now: (i64, i64) = ::redis::cmd("TIME").query(&mut redis).expect("the server's time");
    let today = Day::of(Timestamp::from_second(now.0).expect("a time"));
    let journal = JournalId::new("journal");
    let mut number = 0;
    // 10 visitors make an exact set and 600 a sketch.
    for (day, visitors, least, most) in [
        (today.plus(-3), 10, 0, 3_600),
        (today.plus(-2), 600, 0, 3_600),
        (today, 600, 3_600, 86_400 + 3_600),
        (today.plus(1), 10, 86_400 + 3_600, 2 * 86_400 + 3_600),
    ] {
        let entry = |visitor| Entry {
            site: link.site.clone(),
            link: link.key(),
            day,
            kind: EntryKind::Click(tag(visitor), None),
        };
        let entries: Vec<_> = (0..visitors)
            .zip(number + 1..)
            .map(|(v, number)| Numbered { number, previous: 0, network: None, entry: entry(v) })
            .collect();
        number += visitors;
        store.settle(&journal, &entries).await.expect("settled");
        let key = visitors_key("abc", link.site.as_str(), day.number());
        let left: i64 = ::redis::cmd("TTL").arg(key).query(&mut redis).expect("an expiry");
        assert!((least - 60..=most).contains(&left) && left > 0, "{day}: {left} seconds are left");
    }
}

#[tokio::test]
async fn of_what_the_store_sends_the_slow_log_shows_no_visitor_no_network_no_secret_and_no_day_key() {
    let server = RedisServer::start();
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let mut redis = raw(&server);
    let everything = ["SET", "slowlog-log-slower-than", "0"];
    ::redis::cmd("CONFIG").arg(&everything).exec(&mut redis).expect("a slow log of every command");
    ::redis::cmd("CONFIG").arg(&["SET", "slowlog-max-len", "10000"]).exec(&mut redis).expect("a long one");
    let link = link("abc", &SiteId::random());
    store.insert_link(&link, &[]).await.expect("a link");
    let day: Day = "2099-11-21".parse().expect("a day");
    let kind = EntryKind::Click(tag(1), None);
    let entry = Entry { site: link.site.clone(), link: link.key(), day, kind };
    let entry = Numbered { number: 1, previous: 0, network: Some(Bucket::new(77)), entry };
    store.settle(&JournalId::new("journal"), &[entry]).await.expect("settled");
    let key = DayKey::new(b"a key of 32 bytes for one day...");
    store.agree_day_key(day, key, day.start()).await.expect("a day key");
    store.close_day(&link.site, day, MinCount::DEFAULT).await.expect("begun");
    let marks = format!("ens:z:{{{}}}", link.site);
    let secret: Vec<u8> = ::redis::cmd("HGET")
        .arg(marks)
        .arg(format!("k{}", day.number()))
        .query(&mut redis)
        .expect("a secret");
    assert_eq!(secret.len(), 64);

    let log: Vec<Slow> = ::redis::cmd("SLOWLOG").arg("GET").arg(-1).query(&mut redis).expect("the slow log");
    // What clients sent; a script's own steps, of a few microseconds each, have no address.
    let sent = log.into_iter().filter(|entry| entry.4 != "?:0");
    let log = sent.flat_map(|entry| entry.3).collect::<Vec<_>>();
    let shows = |what: &[u8]| log.iter().any(|arg| arg.windows(what.len()).any(|window| window == what));
    let visitors = visitors_key("abc", link.site.as_str(), day.number());
    for key in ["EVAL", &visitors, "ens:k:", "ens:b:", "ens:r:"] {
        assert!(shows(key.as_bytes()), "{key}");
    }
    #[expect(clippy::cast_precision_loss, reason = "it is below 2^52")]
    let fingerprint = Fingerprint::of(&tag(1)).number() as f64;
    let member = [&link.incarnation.bits().to_le_bytes()[..], &[77]].concat();
    for secret in [&fingerprint.to_le_bytes(), &member[..], b"a key of 32 bytes", &secret] {
        assert!(!shows(secret), "{secret:?}");
    }
}

#[tokio::test]
async fn of_a_day_whose_key_was_lost_the_largest_set_counts() {
    let server = RedisServer::start();
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let site = SiteId::random();
    let link = link("abc", &site);
    store.insert_link(&link, &[]).await.expect("a link");
    let day: Day = "2099-11-21".parse().expect("a day");
    let agree = async |byte: u8| {
        let key = store.agree_day_key(day, DayKey::new(&[byte; 32]), day.start()).await;
        *key.expect("a key").expose()
    };
    let mut number = 0;
    let mut settle = async |tags: std::ops::Range<u64>| {
        let mut entries = Vec::new();
        for visitor in tags {
            let kind = EntryKind::Click(tag(visitor), None);
            let entry = Entry { site: site.clone(), link: link.key(), day, kind };
            number += 1;
            entries.push(Numbered { number, previous: number - 1, network: None, entry });
        }
        store.settle(&JournalId::new("journal"), &entries).await.expect("settled");
        counted(&*store, &link, day).await.visitors
    };
    assert!(agree(1).await == [1; 32]);
    assert_eq!(settle(0..3).await, 3);
    let mut redis = raw(&server);
    let lost = |redis: &mut ::redis::Connection| {
        ::redis::cmd("DEL").arg(format!("ens:k:{}", day.number())).exec(redis).expect("deleted");
    };
    // Somebody has it still.
    lost(&mut redis);
    assert!(agree(1).await == [1; 32]);
    assert!(agree(2).await == [1; 32]);
    assert_eq!(settle(2..4).await, 4);
    // Nobody has it any more: these may be the same people.
    lost(&mut redis);
    assert!(agree(3).await == [3; 32]);
    assert!(agree(3).await == [3; 32]);
    assert_eq!(settle(10..12).await, 4);
    assert_eq!(settle(12..17).await, 7);
}

fn raw(server: &RedisServer) -> ::redis::Connection {
    let client = ::redis::Client::open(server.url()).expect("an address");
    client.get_connection().expect("a connection")
}
