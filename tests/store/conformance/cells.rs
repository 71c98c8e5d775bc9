//! Links of several kinds, their closing, and the cells that are there afterwards.

use std::collections::BTreeMap;

use entrenous::domain::counts::Counts;
use entrenous::domain::day::Day;
use entrenous::domain::link::Link;
use entrenous::domain::site::Site;
use entrenous::store::{Store, StoreError};

use crate::fixtures::{channel, day, insert, link, text, url};
use crate::site_counts::{SiteCountsOf, SiteRow};

/// The visitors that a cell stands for at least.
pub(super) const K: u64 = 5;
/// The present day; the 20th and the 21st are past.
pub(super) const TODAY: i32 = 22;

/// Closes everything before the present day, and notes that.
pub(super) async fn close(store: &dyn Store, k: u64) {
    try_close(store, k).await.expect("closed");
    assert_eq!(store.days_to_close(day(TODAY), k).await.unwrap(), [], "nothing is left to do");
}

pub(super) async fn try_close(store: &dyn Store, k: u64) -> Result<(), StoreError> {
    for (day, site) in store.days_to_close(day(TODAY), k).await? {
        store.close_day(&site, day, k).await?;
    }
    store.note_closed_before(day(TODAY)).await
}

/// A link to a page of `https://example.com`, by a channel, in a campaign.
pub(super) async fn made(
    store: &dyn Store,
    site: &Site,
    named: &str,
    kind: (&str, &str, Option<&str>),
) -> Link {
    let mut link = link(site, named);
    link.url = url(&format!("https://example.com/{}", kind.0));
    link.channel = channel(kind.1);
    link.campaign = kind.2.and_then(text);
    insert(store, &link).await;
    link
}

/// A channel, a page and a campaign, and a day.
pub(super) type Kind = (String, Option<String>, Option<String>, Day);

pub(super) fn kind(channel: &str, page: Option<&str>, campaign: Option<&str>, on: i32) -> Kind {
    let page = page.map(|page| format!("https://example.com/{page}"));
    (channel.to_owned(), page, campaign.map(str::to_owned), day(on))
}

/// The site's cells by kind and day; whatever is open of closed days fails the test.
pub(super) async fn cells(store: &dyn Store, site: &Site) -> BTreeMap<Kind, Counts> {
    let counts = store.site_counts(&site.id, day(1), day(30)).await.expect("counts");
    let mut cells = BTreeMap::new();
    for SiteRow { channel, page, campaign, day: on, counts: both } in counts.rows {
        let campaign = campaign.map(|campaign| campaign.as_str().to_owned());
        let key = (channel.to_string(), page.map(|page| page.to_string()), campaign, on);
        if on < day(TODAY) {
            let open = Counts { shares: 0, ..both.open };
            assert_eq!(open, Counts::default(), "{key:?} is open");
        }
        if both.cells != Counts::default() {
            assert_eq!(cells.insert(key.clone(), both.cells), None, "{key:?} comes twice");
        }
    }
    cells
}

/// A link's cell of a day.
pub(super) async fn cell(store: &dyn Store, link: &Link, on: i32) -> Counts {
    let mut counts = store.link_counts(&link.code, day(on), day(on)).await.expect("counts");
    counts.days.remove(&day(on)).unwrap_or_default().cells
}
