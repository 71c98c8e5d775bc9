//! Sites, links, clicks and days for the promises.

use std::collections::BTreeMap;

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
use entrenous::domain::site::{Key, KeyHash, KeyKind, OriginRule, Site, SiteId, SiteKey};
use entrenous::domain::visitor::Tag;
use entrenous::stats::counts::Counts;
use entrenous::store::{Inserted, LinkFilter, OnceName, Store};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// A site that no store has yet, with one key of each kind.
pub(crate) fn site(name: &str) -> Site {
    let key = |kind| SiteKey { kind, hash: new_key(kind) };
    Site {
        id: SiteId::random(),
        name: name.to_owned(),
        destinations: vec![HostRule::parse("example.com").unwrap(), HostRule::parse("*").unwrap()],
        origins: vec![OriginRule::parse("https://www.example.com").unwrap()],
        consent: None,
        utm: true.into(),
        stripping: entrenous::domain::stripping::Stripping::default(),
        forward_query: false,
        lineage: true,
        public: true,
        badges: false,
        revision: 0,
        min_count: MinCounts::default(),
        created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
        keys: vec![key(KeyKind::Publishable), key(KeyKind::Secret)],
    }
}

/// The hash of a fresh key.
pub(crate) fn new_key(kind: KeyKind) -> KeyHash {
    Key::random(kind).hash()
}

/// A site that the store has.
pub(crate) async fn stored_site(store: &dyn Store, name: &str) -> Site {
    let site = site(name);
    store.insert_site(&site).await.expect("a new site");
    site
}

pub(crate) fn k(number: u64) -> MinCount {
    number.try_into().expect("a k")
}

/// A day of November 2026.
pub(crate) fn day(number: i32) -> Day {
    "2026-11-01".parse::<Day>().unwrap().plus(number - 1)
}

/// Noon of that day.
pub(crate) fn noon(number: i32) -> Timestamp {
    day(number).start() + SignedDuration::from_hours(12)
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn channel(text: &str) -> ChannelName {
    ChannelName::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Option<Text> {
    Text::parse(text, 200).unwrap()
}

pub(crate) fn url(text: &str) -> Destination {
    let own = "https://go.example".parse().unwrap();
    Destination::parse(text, &[HostRule::parse("*").unwrap()], &own).unwrap()
}

/// A link of the site to one page, shared by SMS at noon on the 20th, that no store has yet.
pub(crate) fn link(site: &Site, named: &str) -> Link {
    Link {
        code: code(named),
        incarnation: Incarnation::random(),
        site: site.id.clone(),
        url: url("https://example.com/page"),
        page: None,
        channel: channel("sms"),
        campaign: None,
        moved: None,
        title: None,
        parent: None,
        generation: 0,
        created_at: noon(20),
        expires_at: None,
        is_share: false,
        disabled: false,
        taken_down: false,
        is_slug: false,
    }
}

/// Adds a link that has to be new.
pub(crate) async fn insert(store: &dyn Store, link: &Link) {
    assert_eq!(store.insert_link(link, &[]).await.expect("a new link"), Inserted::Created, "{}", link.code);
}

/// A link that the store has.
pub(crate) async fn stored_link(store: &dyn Store, site: &Site, named: &str) -> Link {
    let link = link(site, named);
    insert(store, &link).await;
    link
}

/// The first links of a site's list.
pub(crate) async fn listed(store: &dyn Store, site: &SiteId, filter: &LinkFilter, limit: usize) -> Vec<Link> {
    let listed = store.links(site, filter, None, limit).await.expect("a list");
    listed.into_iter().map(|listed| listed.link).collect()
}

/// After every hour: all links that were made are shares.
pub(crate) const EVERY_HOUR: Timestamp = Timestamp::MAX;

pub(crate) fn once(number: u8) -> OnceName {
    OnceName::lasting([number; 16])
}

/// The tag of the visitor with this number: as good as random, and the same each time.
pub(crate) fn tag(visitor: u32) -> Tag {
    let hash = Sha256::digest(visitor.to_le_bytes());
    Tag::from_bytes(*hash.first_chunk().expect("32 bytes"))
}

pub(crate) fn click(visitor: u32) -> EntryKind {
    EntryKind::Click(tag(visitor), None)
}

/// The visits of people, each of whom comes once from a network of their own.
pub(crate) fn crowd(people: std::ops::Range<u32>) -> impl Iterator<Item = (u32, u8)> + Clone {
    people.map(|person| (person, u8::try_from(person % 256).expect("a byte")))
}

/// The visits of people who come once each from so many networks.
pub(crate) fn crowd_of(
    people: std::ops::Range<u32>,
    networks: u32,
) -> impl Iterator<Item = (u32, u8)> + Clone {
    people.map(move |person| (person, u8::try_from(person % networks).expect("few networks")))
}

/// An unfurl in an app that nobody knows.
pub(crate) const UNFURL: EntryKind = EntryKind::Unfurl(Family::Other);

/// A journal that numbers entries from 1.
pub(crate) struct Journal {
    pub(crate) id: JournalId,
    pub(crate) last: u64,
}

impl Journal {
    pub(crate) fn new(name: &str) -> Self {
        Self { id: JournalId::new(&format!("{name:0<16}")), last: 0 }
    }

    /// The next entry.
    pub(crate) fn entry(&mut self, link: &Link, day: Day, kind: EntryKind) -> Numbered {
        self.last += 1;
        let entry = Entry { site: link.site.clone(), link: link.key(), day, kind };
        Numbered { number: self.last, previous: 0, network: None, entry }
    }

    /// The next entries: all for one link on one day.
    pub(crate) fn entries(
        &mut self,
        link: &Link,
        day: Day,
        kinds: impl IntoIterator<Item = EntryKind>,
    ) -> Vec<Numbered> {
        kinds.into_iter().map(|kind| self.entry(link, day, kind)).collect()
    }

    /// The next entries: clicks of visitors who came from these networks.
    pub(crate) fn visits(
        &mut self,
        link: &Link,
        day: Day,
        visits: impl IntoIterator<Item = (u32, u8)>,
    ) -> Vec<Numbered> {
        let entries = visits.into_iter().map(|(visitor, network)| {
            let network = Some(Bucket::new(network));
            Numbered { network, ..self.entry(link, day, click(visitor)) }
        });
        entries.collect()
    }

    /// Settles the clicks of visitors who came from these networks.
    pub(crate) async fn come(
        &mut self,
        store: &dyn Store,
        link: &Link,
        day: Day,
        visits: impl IntoIterator<Item = (u32, u8)>,
    ) {
        let entries = self.visits(link, day, visits);
        let settled = store.settle(&self.id, &entries).await.expect("settled");
        assert!(settled.held.is_empty() && settled.set_aside.is_empty(), "{settled:?}");
    }

    /// Settles the next entries, without networks: all for one link on one day.
    pub(crate) async fn settle(
        &mut self,
        store: &dyn Store,
        link: &Link,
        day: Day,
        kinds: impl IntoIterator<Item = EntryKind>,
    ) {
        let entries = self.entries(link, day, kinds);
        let settled = store.settle(&self.id, &entries).await.expect("settled");
        assert!(settled.held.is_empty() && settled.set_aside.is_empty(), "{settled:?}");
    }
}

/// Notes with each entry which one of its partition came before it, as whoever reads a journal does.
pub(crate) fn link_up(store: &dyn Store, entries: &mut [Numbered]) {
    let mut last = BTreeMap::new();
    for numbered in entries {
        let partition = store.partition(&numbered.entry.link);
        numbered.previous = last.insert(partition, numbered.number).unwrap_or(0);
    }
}

/// What the store counted for a link by day, closed or not.
pub(crate) async fn by_day(store: &dyn Store, link: &Link, first: Day, last: Day) -> BTreeMap<Day, Counts> {
    let counts = store.link_counts(&link.code, first, last).await.expect("counts");
    counts.days.into_iter().map(|(day, counts)| (day, counts.all())).collect()
}

/// What the store counted for a link on one day, closed or not.
pub(crate) async fn counted(store: &dyn Store, link: &Link, day: Day) -> Counts {
    by_day(store, link, day, day).await.remove(&day).unwrap_or_default()
}

/// Counts of clicks and their visitors alone.
pub(crate) fn clicks(clicks: u64, visitors: u64) -> Counts {
    Counts { clicks, visitors, ..Counts::default() }
}
