//! Days that were missed while the service was off: links, and clicks on each of them, as an earlier run left them.

use entrenous::domain::channel::ChannelName;
use entrenous::domain::code::Code;
use entrenous::domain::day::Day;
use entrenous::domain::destination::{Destination, HostRule};
use entrenous::domain::entry::Numbered;
use entrenous::domain::entry::{Entry, EntryKind};
use entrenous::domain::family::Family;
use entrenous::domain::identity::JournalId;
use entrenous::domain::link::Link;
use entrenous::domain::link_key::Incarnation;
use entrenous::domain::site::SiteId;
use entrenous::domain::visitor::Tag;
use entrenous::store::{Store, StoreUrl, open};
use futures_util::future::join_all;

const CHANNELS: [&str; 3] = ["sms", "email", "whatsapp"];

/// How many there are of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PastDays {
    pub(crate) links: u16,
    pub(crate) pages: u16,
    /// The last ones before today.
    pub(crate) days: u16,
}

impl PastDays {
    /// Fills the only site of the store at this address, and returns it.
    pub(crate) async fn fill(self, store: &str, today: Day) -> SiteId {
        let store = open(&StoreUrl::parse(store).expect("an address"), None).await.expect("a store");
        let site = store.sites().await.expect("sites").pop().expect("a site").id;
        let links = self.make_links(&*store, &site, today).await;
        let journal = JournalId::new("anearlierjournal");
        let mut last = 0;
        for ago in 1..=self.days {
            let mut entries = Vec::new();
            for (number, link) in (0..self.links).zip(&links) {
                for kind in (0..people(number)).map(click).chain(unfurl(number)) {
                    last += 1;
                    entries.push(entry(&site, link, today.plus(-i32::from(ago)), kind, last));
                }
            }
            for some in entries.chunks(20_000) {
                store.settle(&journal, some).await.expect("settled");
            }
        }
        site
    }

    /// All clicks, each of which is another person's, and all unfurls.
    pub(crate) fn clicks_and_unfurls(self) -> (u64, u64) {
        let clicks: u64 = (0..self.links).map(|link| u64::from(people(link))).sum();
        let unfurls = (0..self.links).filter(|link| unfurl(*link).is_some()).count() as u64;
        (clicks * u64::from(self.days), unfurls * u64::from(self.days))
    }

    async fn make_links(self, store: &dyn Store, site: &SiteId, today: Day) -> Vec<Link> {
        let own = "https://go.example".parse().expect("an address");
        let everywhere = [HostRule::parse("*").expect("a rule")];
        let link = |number: u16| {
            let page = format!("https://example.com/{}", number % self.pages);
            Link {
                code: Code::parse(&format!("l{number}")).expect("a code"),
                incarnation: Incarnation::random(),
                site: site.clone(),
                url: Destination::parse(&page, &everywhere, &own).expect("a destination"),
                page: None,
                channel: ChannelName::parse(CHANNELS[usize::from(number) % 3]).expect("a channel"),
                campaign: None,
                moved: None,
                title: None,
                parent: None,
                generation: 0,
                created_at: today.plus(-10).start(),
                expires_at: None,
                is_share: false,
                disabled: false,
                taken_down: false,
                is_slug: false,
            }
        };
        let links: Vec<Link> = (0..self.links).map(link).collect();
        for some in links.chunks(500) {
            for made in join_all(some.iter().map(|link| store.insert_link(link, &[]))).await {
                made.expect("a link");
            }
        }
        links
    }
}

/// How many people open the link with this number each day.
pub(crate) fn people(link: u16) -> u16 {
    1 + link % 7
}

fn unfurl(link: u16) -> Option<EntryKind> {
    link.is_multiple_of(5).then_some(EntryKind::Unfurl(Family::Slack))
}

fn click(person: u16) -> EntryKind {
    let number = u8::try_from(person).expect("few people");
    EntryKind::Click(Tag::from_bytes([number.wrapping_mul(37).wrapping_add(1); 16]), None)
}

fn entry(site: &SiteId, link: &Link, day: Day, kind: EntryKind, number: u64) -> Numbered {
    let entry = Entry { site: site.clone(), link: link.key(), day, kind };
    Numbered { number, previous: 0, network: None, entry }
}
