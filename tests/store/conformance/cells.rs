//! Links of several kinds, their closing, and the cells that are there afterwards.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::Poll;

use entrenous::domain::day::Day;
use entrenous::domain::link::Link;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::site::{Site, SiteId};
use entrenous::domain::week::Week;
use entrenous::stats::counts::Counts;
use entrenous::store::{Store, StoreError};

pub(super) use crate::fixtures::k;
use crate::fixtures::{channel, day, insert, link, text, url};
use crate::site_counts::{SiteCountsOf, SiteRow};

/// The present day in most tests, a Sunday: the days before it in its week are past.
pub(super) const TODAY: i32 = 22;
/// The first day of the week after that.
pub(super) const MONDAY: i32 = 23;
/// In so many turns, every day and week that is due is closed.
const TURNS: usize = 50;

/// Closes the days before `today`, and the weeks before that of `today`, as the service does when a day has ended.
pub(super) async fn close(store: &dyn Store, today: i32, k: MinCount) {
    store.forget_visitors_before(day(today)).await.expect("forgotten");
    try_close(store, today, k).await.expect("closed");
    assert_eq!(store.days_to_close(day(today)).await.unwrap(), [], "no day is left to be closed");
    assert_eq!(store.weeks_to_close(Week::of(day(today))).await.unwrap(), [], "and no week");
}

pub(super) async fn try_close(store: &dyn Store, today: i32, k: MinCount) -> Result<(), StoreError> {
    for _ in 0..TURNS {
        let days = store.days_to_close(day(today)).await?;
        let weeks = store.weeks_to_close(Week::of(day(today))).await?;
        if days.is_empty() && weeks.is_empty() {
            return Ok(());
        }
        for (day, site) in days {
            store.close_day(&site, day, k).await?;
        }
        for (week, site) in store.weeks_to_close(Week::of(day(today))).await? {
            store.close_week(&site, week, k).await?;
        }
    }
    Ok(())
}

/// Closes a day of a site, in as many calls as it takes.
pub(super) async fn close_day(store: &dyn Store, site: &SiteId, on: i32, k: MinCount) {
    for _ in 0..TURNS {
        store.close_day(site, day(on), k).await.expect("closed");
        if !store.days_to_close(day(on + 1)).await.unwrap().contains(&(day(on), site.clone())) {
            return;
        }
    }
    panic!("{on} cannot be closed");
}

/// Polls something a number of times and then lets go of it, as whoever is killed in the middle does. Returns what it
/// came to, if it came to anything.
pub(super) async fn interrupted<T>(doing: impl Future<Output = T>, polls: u64) -> Option<T> {
    let mut doing = pin!(doing);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        doing.as_mut().poll(context).map(Some)
    })
    .await
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

/// A channel, a page and a campaign.
pub(super) type Dimensions = (String, Option<String>, Option<String>);

pub(super) fn kind(channel: &str, page: Option<&str>, campaign: Option<&str>) -> Dimensions {
    let page = page.map(|page| format!("https://example.com/{page}"));
    (channel.to_owned(), page, campaign.map(str::to_owned))
}

pub(super) fn named(kind: entrenous::domain::dimensions::Dimensions) -> Dimensions {
    let campaign = kind.campaign.map(|campaign| campaign.as_str().to_owned());
    (kind.channel.to_string(), kind.page.map(|page| page.to_string()), campaign)
}

/// The site's cells of days, each with the link's code; whatever is open of a day before `today` fails the test.
pub(super) async fn cells(
    store: &dyn Store,
    site: &Site,
    today: i32,
) -> BTreeMap<(Day, String, Dimensions), Counts> {
    let mut cells = BTreeMap::new();
    for on in day(1).to(day(40)) {
        let rows = store.day_rows(&site.id, on, jiff::Timestamp::MAX).await.expect("a day");
        for row in rows.rows {
            let code = row.link.expect("a day has rows of links only").to_string();
            let place = (on, code, named(rows.kinds[row.kind].clone()));
            if on < day(today) {
                let open = Counts { shares: 0, ..row.counts.open };
                assert_eq!(open, Counts::default(), "{place:?} is open");
            }
            if row.counts.cells != Counts::default() {
                assert_eq!(cells.insert(place.clone(), row.counts.cells), None, "{place:?} comes twice");
            }
        }
    }
    cells
}

/// The site's cells of weeks, of pages and, where there is no page, of channels.
pub(super) async fn week_cells(store: &dyn Store, site: &Site) -> BTreeMap<(Week, Dimensions), Counts> {
    let mut cells = BTreeMap::new();
    let mut week = Week::of(day(1));
    while week <= Week::of(day(40)) {
        let rows = store.week_rows(&site.id, week).await.expect("a week");
        for row in rows.rows {
            assert_eq!(row.link, None, "a week has no rows of links");
            assert_eq!(row.counts.open, Counts::default(), "a week has cells only");
            let place = (week, named(rows.kinds[row.kind].clone()));
            if row.counts.cells != Counts::default() {
                assert_eq!(cells.insert(place.clone(), row.counts.cells), None, "{place:?} comes twice");
            }
        }
        week = week.next();
    }
    cells
}

/// What kinds the cells of a week have.
pub(super) async fn kinds_of(store: &dyn Store, site: &Site, on: i32) -> Vec<Dimensions> {
    let all = week_cells(store, site).await;
    all.into_keys().filter(|(week, _)| *week == Week::of(day(on))).map(|(_, kind)| kind).collect()
}

/// All that is shown of a site: sums over its cells of days and weeks.
pub(super) async fn shown(store: &dyn Store, site: &Site, today: i32) -> Counts {
    let mut all = Counts::default();
    for cell in cells(store, site, today).await.into_values() {
        all.add(&cell);
    }
    for cell in week_cells(store, site).await.into_values() {
        all.add(&cell);
    }
    all
}

/// What is open and in cells of a site's days, without its shares.
pub(super) async fn all_of_days(store: &dyn Store, site: &Site) -> Counts {
    let mut all = Counts::default();
    for SiteRow { counts, .. } in store.site_counts(&site.id, day(1), day(40)).await.expect("counts").rows {
        all.add(&Counts { shares: 0, ..counts.all() });
    }
    all
}

/// A link's cell of a day.
pub(super) async fn cell(store: &dyn Store, link: &Link, on: i32) -> Counts {
    let mut counts = store.link_counts(&link.code, day(on), day(on)).await.expect("counts");
    let counts = counts.days.remove(&day(on)).unwrap_or_default();
    assert_eq!(counts.open, Counts::default(), "{} is open", link.code);
    counts.cells
}

/// Whether a number was rounded up or down to a multiple of k.
pub(super) fn is_rounded(shown: u64, number: u64, k: MinCount) -> bool {
    shown.is_multiple_of(k.get()) && shown.abs_diff(number) < k.get()
}

/// Holds a cell to what it was made of: visitors are rounded, and clicks are these and the rounded rest.
pub(super) fn assert_rounded(cell: &Counts, (clicks, visitors): (u64, u64), opens: u64, k: MinCount) {
    let what = format!("{cell:?} of {clicks}, {visitors} and {opens}");
    assert!(is_rounded(cell.visitors, visitors, k), "{what}");
    assert!(cell.clicks >= cell.visitors, "{what}");
    assert!(is_rounded(cell.clicks - cell.visitors, clicks - visitors, k), "{what}");
    assert!(is_rounded(cell.opens, opens, k), "{what}");
}
