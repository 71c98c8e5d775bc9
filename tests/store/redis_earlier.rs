//! What a version before families and generations wrote to Redis: it is read, and counted on.

use std::collections::BTreeMap;

use entrenous::domain::counts::Counts;
use entrenous::domain::day::Day;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::{Other, Slack};
use entrenous::domain::lineage::Shares;
use entrenous::store::{JournalId, StoreUrl, open};

use crate::fixtures::{Journal, UNFURL, channel, click, clicks, code, counted};
use crate::redis_servers::RedisServer;
use crate::site_counts::SiteCountsOf;

/// The day of all of it.
const DAY: i32 = 20_779;

/// Every key and what it held, as the program of that time wrote it; without the day's visitors and key,
/// which have ended by themselves.
const WRITTEN: [&[&str]; 12] = [
    &[
        "HSET",
        "ens:{sites}:json",
        "NREFrphE",
        r#"{"id":"NREFrphE","name":"The Courier","destinations":["example.com"],"origins":[],"consent":null,"utm":false,"forward_query":false,"created_at":"2026-11-22T08:02:58.689461241Z","keys":[]}"#,
    ],
    &["HSET", "ens:{sites}:names", "The Courier", "NREFrphE"],
    &[
        "SET",
        "ens:l:{first}",
        r#"{"code":"first","site":"NREFrphE","url":"https://example.com/a?b=1","channel":"email","campaign":"spring","created_at":1795334578990,"once":["ee656ec33058b916b6b96657100a8265"]}"#,
    ],
    &[
        "SET",
        "ens:l:{second}",
        r#"{"code":"second","site":"NREFrphE","url":"https://example.com/a?b=1","channel":"sms","parent":"first","created_at":1795334579002}"#,
    ],
    &["ZADD", "ens:i:{NREFrphE}", "1795334578990", "first", "1795334579002", "second"],
    &["HSET", "ens:o:{NREFrphE}", "an old name", "first 1795334578990"],
    &["SADD", "ens:counted", "NREFrphE"],
    &["ZADD", "ens:d:{NREFrphE}", "20779", "20779"],
    &["SADD", "ens:a:{NREFrphE}:20779", "first"],
    &["HSET", "ens:w:{NREFrphE}", "20779", "1"],
    &["HSET", "ens:c:{first}", "m7bm3yzoo7737ar5q", "1795334578697642", "20779", "3 2 0 0 3"],
    &["SET", "ens:session", "0123456789012345678901234567890123456789012345678901234567890123"],
];

#[tokio::test]
async fn what_an_earlier_version_wrote_is_read_and_counted_on() {
    let server = RedisServer::start();
    let client = redis::Client::open(server.url()).expect("an address");
    let mut raw = client.get_connection().expect("a connection");
    for command in WRITTEN {
        redis::cmd(command[0]).arg(&command[1..]).exec(&mut raw).expect("written");
    }
    let store = open(&StoreUrl::parse(&server.url()).expect("an address"), None).await.expect("a store");
    let day = Day::from_number(DAY).expect("a day");
    let site = store.sites().await.unwrap().pop().expect("a site");
    assert!(!site.lineage);
    let first = store.link(&code("first")).await.unwrap().expect("a link");
    let second = store.link(&code("second")).await.unwrap().expect("a link");
    assert_eq!((first.generation, second.generation), (0, 1));
    let shares = |by: &str, generation, parent: Option<&str>| Shares {
        channel: channel(by),
        generation,
        parent_channel: parent.map(channel),
        shares: 1,
    };
    let found = store.site_shares(&site.id, day, day).await.unwrap();
    assert_eq!(found, [shares("email", 0, None), shares("sms", 1, Some("email"))]);
    let before = counted(&*store, &first, day).await;
    assert_eq!(before, Counts { unfurls: 2, ..clicks(3, 3) });
    assert_eq!(before.unfurls_by_app(), BTreeMap::from([(Other, 2)]));

    // The first of these was settled then.
    let slack = EntryKind::Unfurl(Slack);
    let mut journal = Journal { id: JournalId::new("7bm3yzoo7737ar5q"), last: 1_795_334_578_697_641 };
    journal.settle(&*store, &first, day, [slack, slack, UNFURL, click(1)]).await;
    let after = Counts { unfurls: 4, known_unfurls: BTreeMap::from([(Slack, 1)]), ..clicks(4, 4) };
    assert_eq!(counted(&*store, &first, day).await, after);
    let rows = store.site_counts(&site.id, day, day).await.unwrap().rows;
    let unfurled: Vec<_> = rows.iter().map(|row| row.counts.open.unfurls_by_app()).collect();
    assert_eq!(unfurled, [BTreeMap::from([(Other, 3), (Slack, 1)]), BTreeMap::new()]);
    // What is counted by day goes with its day, the marks stay.
    store.forget_counts_before(day.plus(1)).await.unwrap();
    let fields: Vec<String> = redis::cmd("HKEYS").arg("ens:c:{first}").query(&mut raw).expect("fields");
    assert_eq!(fields, ["m7bm3yzoo7737ar5q"]);
}
