//! Whole days, and the marks that tell whether they have changed since they were read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use entrenous::domain::dimensions::Dimensions;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::Slack;
use entrenous::domain::link::LinkChange;
use entrenous::domain::site::Site;
use entrenous::domain::week::Week;
use entrenous::stats::counts::{Counts, DayCounts, DayMarks, DayRow, DayRows};
use entrenous::store::Store;

use super::cells::{MONDAY, TODAY, close, k, made};
use crate::fixtures::{EVERY_HOUR, Journal, click, crowd, day, insert, link, noon, stored_site, text, url};

/// Rows by kind and link, each once.
pub(super) fn by_place(rows: DayRows) -> BTreeMap<(Dimensions, Option<String>), DayCounts> {
    let DayRows { kinds, rows } = rows;
    let number = rows.len();
    let place = |row: DayRow| ((kinds[row.kind].clone(), row.link.map(|code| code.to_string())), row.counts);
    let places: BTreeMap<_, _> = rows.into_iter().map(place).collect();
    assert_eq!(places.len(), number, "a row for each link and kind");
    places
}

async fn marks(store: &dyn Store, site: &Site) -> DayMarks {
    store.day_marks(&site.id, day(1), day(30)).await.expect("marks")
}

/// A day without what is nothing.
async fn rows(store: &dyn Store, site: &Site, on: i32) -> Vec<(String, Option<String>, Counts, Counts)> {
    let found = by_place(store.day_rows(&site.id, day(on), EVERY_HOUR).await.expect("a day"));
    let row = |((kind, link), counts): ((Dimensions, Option<String>), DayCounts)| {
        let page = kind.page.map(|page| page.to_string().replace("https://example.com/", ""));
        let name = format!("{} {}", kind.channel, page.unwrap_or_default());
        (name, link, counts.cells, counts.open)
    };
    found.into_iter().map(row).collect()
}

pub(crate) async fn a_day_has_a_row_for_each_link_and_its_share(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let other = stored_site(&*store, "other").await;
    made(&*store, &other, "foreign", ("a", "sms", None)).await;
    let one = made(&*store, &site, "one", ("a", "sms", Some("spring"))).await;
    let mut later = link(&site, "later");
    later.created_at = noon(21);
    insert(&*store, &later).await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &one, day(20), (0..3).map(click).chain([EntryKind::Unfurl(Slack)])).await;
    journal.settle(&*store, &one, day(21), [click(1), EntryKind::Open]).await;
    let counts = |shares, clicks, unfurls: u64, opens| Counts {
        shares,
        unfurls,
        known_unfurls: (unfurls > 0).then_some((Slack, unfurls)).into_iter().collect(),
        clicks,
        visitors: clicks,
        opens,
    };
    let code = |code: &str| Some(code.to_owned());
    let expected = [("sms a".to_owned(), code("one"), Counts::default(), counts(1, 3, 1, 0))];
    assert_eq!(rows(&*store, &site, 20).await, expected);
    let expected = [
        ("sms a".to_owned(), code("one"), Counts::default(), counts(0, 1, 0, 1)),
        ("sms page".to_owned(), code("later"), Counts::default(), counts(1, 0, 0, 0)),
    ];
    assert_eq!(rows(&*store, &site, 21).await, expected);
    assert_eq!(rows(&*store, &site, 19).await, []);
    let open = marks(&*store, &site).await.open;
    assert!(open.contains(&day(20)) && open.contains(&day(21)) && !open.contains(&day(19)), "{open:?}");
}

pub(crate) async fn a_closed_day_has_its_links_cells_and_the_shares(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    for (named, visitors, page) in [("big", 20, "a"), ("small", 5, "a"), ("tiny", 5, "a"), ("few", 5, "b")] {
        let link = made(&*store, &site, named, (page, "sms", None)).await;
        journal.come(&*store, &link, day(20), crowd(0..visitors)).await;
    }
    close(&*store, TODAY, k(5)).await;
    store.note_closed_before(day(TODAY)).await.unwrap();
    let count = |visitors| Counts { clicks: visitors, visitors, ..Counts::default() };
    let share = Counts { shares: 1, ..Counts::default() };
    let row = |kind: &str, code: &str, cells| (kind.to_owned(), Some(code.to_owned()), cells, share.clone());
    let expected = [
        row("sms a", "big", count(20)),
        row("sms a", "small", count(0)),
        row("sms a", "tiny", count(0)),
        row("sms b", "few", count(0)),
    ];
    assert_eq!(rows(&*store, &site, 20).await, expected);
    let found = marks(&*store, &site).await;
    assert!(found.closed.has(day(20), 5) && found.closed.has(day(19), 5));
    assert_eq!(found.closed.days[&day(20)].min_count, 5);
    assert_eq!(found.open, BTreeSet::new());
}

/// What is told of a day that is kept: as long as this is the same, so is the day.
async fn version(store: &dyn Store, site: &Site, on: i32) -> (Option<u64>, Option<u64>) {
    let found = marks(store, site).await;
    assert!(found.closed.has(day(on), 5) && !found.open.contains(&day(on)));
    (found.closed.days.get(&day(on)).map(|closed| closed.version), found.links.get(&day(on)).copied())
}

pub(crate) async fn marks_tell_every_change_of_a_closed_day(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let one = made(&*store, &site, "one", ("a", "sms", None)).await;
    let mut quiet = link(&site, "quiet");
    quiet.created_at = noon(19);
    insert(&*store, &quiet).await;
    journal.come(&*store, &one, day(20), crowd(0..12)).await;
    close(&*store, TODAY, k(5)).await;
    store.note_closed_before(day(TODAY)).await.unwrap();
    let (mut of_20, mut of_19) = (version(&*store, &site, 20).await, version(&*store, &site, 19).await);
    assert_eq!(version(&*store, &site, 20).await, of_20, "nothing has changed");
    let mut changed = async |what: &str, expected: [bool; 2]| {
        let (now_20, now_19) = (version(&*store, &site, 20).await, version(&*store, &site, 19).await);
        assert_eq!([now_20 != of_20, now_19 != of_19], expected, "{what}");
        (of_20, of_19) = (now_20, now_19);
    };
    let to_b = LinkChange { url: Some(url("https://example.com/b").into()), ..LinkChange::default() };
    store.change_link(&one.code, to_b, day(TODAY)).await.unwrap();
    changed("another page", [true, false]).await;
    let spring = LinkChange { campaign: Some(text("spring")), ..LinkChange::default() };
    store.change_link(&quiet.code, spring, day(TODAY)).await.unwrap();
    changed("another campaign, on a day without counts", [false, true]).await;
    let mut late = link(&site, "late");
    late.created_at = noon(19);
    insert(&*store, &late).await;
    changed("a link of a day that is over", [false, true]).await;
    store.delete_link(&quiet.code).await.unwrap();
    changed("a link less, on a day without counts", [false, true]).await;
    store.delete_link(&one.code).await.unwrap();
    changed("a link less", [true, false]).await;
    assert_eq!(rows(&*store, &site, 20).await, []);
}

pub(crate) async fn marks_tell_that_a_day_is_open_until_its_last_click_is_closed(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "one", ("a", "sms", None)).await;
    let mut journal = Journal::new("j");
    journal.come(&*store, &link, day(20), crowd(0..12)).await;
    assert!(marks(&*store, &site).await.open.contains(&day(20)));
    close(&*store, TODAY, k(5)).await;
    assert_eq!(marks(&*store, &site).await.open, BTreeSet::new());
    // What comes late is the next day's.
    journal.come(&*store, &link, day(20), crowd(20..22)).await;
    assert_eq!(marks(&*store, &site).await.open, BTreeSet::from([day(21)]));
    close(&*store, TODAY, k(5)).await;
    let found = marks(&*store, &site).await;
    assert_eq!(found.open, BTreeSet::new());
    assert_eq!(found.closed.days.keys().copied().collect::<Vec<_>>(), [day(20), day(21)]);
}

pub(crate) async fn marks_tell_every_change_of_a_closed_week(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let other = stored_site(&*store, "other").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    for (named, page) in [("one", "a"), ("two", "b")] {
        let link = made(&*store, &site, named, (page, "sms", None)).await;
        for on in [16, 17, 24, 25] {
            journal.come(&*store, &link, day(on), crowd(0..5)).await;
        }
        links.push(link);
    }
    let weeks = async || store.day_marks(&site.id, day(1), day(40)).await.unwrap().closed.weeks;
    assert_eq!(weeks().await, BTreeMap::new());
    close(&*store, MONDAY, k(5)).await;
    let before = weeks().await;
    assert_eq!(before.keys().copied().collect::<Vec<_>>(), [Week::of(day(16))]);
    assert_eq!(weeks().await, before, "nothing has changed");
    // Nothing that is done to its links changes a week's cells.
    store.delete_link(&links[0].code).await.unwrap();
    assert_eq!(weeks().await, before);
    let cells = store.week_rows(&site.id, Week::of(day(16))).await.unwrap();
    close(&*store, 30, k(5)).await;
    let after = weeks().await;
    assert_eq!(after.keys().copied().collect::<Vec<_>>(), [16, 24].map(|on| Week::of(day(on))));
    assert_eq!(after[&Week::of(day(16))], before[&Week::of(day(16))]);
    assert_eq!(store.week_rows(&site.id, Week::of(day(16))).await.unwrap(), cells);
    // Those of the days that are asked for, and of the site.
    let of_one = store.day_marks(&site.id, day(23), day(29)).await.unwrap().closed.weeks;
    assert_eq!(of_one.into_keys().collect::<Vec<_>>(), [Week::of(day(24))]);
    assert_eq!(marks(&*store, &other).await.closed.weeks, BTreeMap::new());
}
