//! Days and weeks that are closed, and what comes after: clicks that come late, changes of links, the end of the
//! retention time, another k.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::LinkChange;
use entrenous::domain::min_count::MinCount;
use entrenous::domain::week::Week;
use entrenous::stats::counts::Counts;
use entrenous::store::Store;

use super::cells::{
    MONDAY, TODAY, assert_rounded, cell, cells, close, close_day, k, kind, kinds_of, made, shown, week_cells,
};
use crate::fixtures::{
    Journal, UNFURL, click, clicks, counted, crowd, day, stored_link, stored_site, text, url,
};
use crate::site_counts::SiteCountsOf;

pub(crate) async fn late_clicks_count_on_the_first_day_after_theirs_that_is_not_closed(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..3).map(click)).await;
    close_day(&*store, &site.id, 20, MinCount::EXACT).await;
    let late = [click(10), click(10), UNFURL, EntryKind::Open];
    journal.settle(&*store, &link, day(20), late).await;
    assert_eq!(cell(&*store, &link, 20).await, clicks(3, 3), "what is closed never changes");
    let expected = Counts { unfurls: 1, opens: 1, ..clicks(2, 1) };
    assert_eq!(counted(&*store, &link, day(21)).await, expected);
    // They are counted together with what is of that day, and closed with it.
    journal.settle(&*store, &link, day(21), [click(12)]).await;
    close_day(&*store, &site.id, 21, MinCount::EXACT).await;
    let expected = Counts { unfurls: 1, opens: 1, ..clicks(3, 2) };
    assert_eq!(cell(&*store, &link, 21).await, expected);
    // On an earlier day nothing was counted that had to be closed.
    journal.settle(&*store, &link, day(19), late).await;
    let expected = Counts { unfurls: 1, opens: 1, ..clicks(2, 1) };
    assert_eq!(counted(&*store, &link, day(19)).await, expected);
    close_day(&*store, &site.id, 19, MinCount::EXACT).await;
    journal.settle(&*store, &link, day(19), late).await;
    assert_eq!(counted(&*store, &link, day(TODAY)).await, expected, "behind two closed days");
}

pub(crate) async fn a_clock_that_was_months_ahead_makes_nothing_late(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("a", "sms", None)).await;
    let (ahead, mut journal) = (320, Journal::new("j"));
    journal.come(&*store, &link, day(ahead), crowd(0..5)).await;
    close(&*store, ahead + 14, k(5)).await;
    // The clock is right again.
    for on in [20, 21] {
        journal.come(&*store, &link, day(on), crowd(0..5)).await;
        assert_eq!(counted(&*store, &link, day(on)).await, clicks(5, 5));
    }
    close(&*store, MONDAY, k(5)).await;
    let mut found = week_cells(&*store, &site).await;
    let place = (Week::of(day(20)), kind("sms", Some("a"), None));
    assert_rounded(&found.remove(&place).expect("a cell of the right week"), (10, 10), 0, k(5));
}

pub(crate) async fn late_clicks_come_from_no_network(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (late, timely) = (
        made(&*store, &site, "late", ("a", "sms", None)).await,
        made(&*store, &site, "timely", ("b", "email", None)).await,
    );
    let mut journal = Journal::new("j");
    journal.come(&*store, &timely, day(20), crowd(0..12)).await;
    close_day(&*store, &site.id, 20, k(5)).await;
    journal.come(&*store, &late, day(20), crowd(0..60)).await;
    // With five that come in time, it is of five networks.
    journal.come(&*store, &late, day(21), crowd(100..105)).await;
    close(&*store, MONDAY, k(5)).await;
    let found = cells(&*store, &site, MONDAY).await;
    let place = (day(20), "timely".to_owned(), kind("email", Some("b"), None));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&place]);
    assert_eq!(week_cells(&*store, &site).await, BTreeMap::new());
    // Ten networks that come in time are enough, and then those that came late are counted with them.
    journal.come(&*store, &late, day(20), crowd(0..60)).await;
    journal.come(&*store, &late, day(TODAY), crowd(200..210)).await;
    close(&*store, MONDAY, k(5)).await;
    let mut found = cells(&*store, &site, MONDAY).await;
    assert!(found.remove(&place).is_some());
    let place = (day(TODAY), "late".to_owned(), kind("sms", Some("a"), None));
    assert_rounded(&found.remove(&place).expect("a cell"), (70, 70), 0, k(5));
    assert_eq!(found, BTreeMap::new());
}

pub(crate) async fn a_day_that_is_closed_after_its_week_joins_the_first_week_that_is_not(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("a", "sms", None)).await;
    let other = made(&*store, &site, "other", ("b", "sms", None)).await;
    let mut journal = Journal::new("j");
    for on in [16, 17] {
        journal.come(&*store, &other, day(on), crowd(0..5)).await;
    }
    close(&*store, MONDAY, k(5)).await;
    let before = week_cells(&*store, &site).await;
    assert_eq!(before.len(), 1);
    // An instance that was cut off settles what it has of days on which the others had nothing.
    for on in [19, 20] {
        journal.come(&*store, &link, day(on), crowd(0..5)).await;
    }
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(week_cells(&*store, &site).await, before, "the week's cells never change");
    close(&*store, 30, k(5)).await;
    let mut after = week_cells(&*store, &site).await;
    let place = (Week::of(day(MONDAY)), kind("sms", Some("a"), None));
    assert_rounded(&after.remove(&place).expect("a cell"), (10, 10), 0, k(5));
    assert_eq!(after, before);
}

pub(crate) async fn what_was_closed_is_not_written_back_by_later_clicks(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    // Though nothing has been forgotten, and the store knows these visitors.
    journal.settle(&*store, &link, day(20), (0..7).map(click)).await;
    close_day(&*store, &site.id, 20, MinCount::EXACT).await;
    journal.settle(&*store, &link, day(20), (0..8).chain(0..8).map(click)).await;
    assert_eq!(cell(&*store, &link, 20).await, clicks(7, 7));
    assert_eq!(counted(&*store, &link, day(21)).await, clicks(16, 8), "they are visitors of the next day");
    close_day(&*store, &site.id, 21, MinCount::EXACT).await;
    assert_eq!(cell(&*store, &link, 21).await, clicks(16, 8));
    // A sketch, too.
    journal.settle(&*store, &link, day(TODAY), (0..600).map(click)).await;
    let many = counted(&*store, &link, day(TODAY)).await;
    close_day(&*store, &site.id, TODAY, MinCount::EXACT).await;
    assert_eq!(cell(&*store, &link, TODAY).await, many);
    journal.settle(&*store, &link, day(TODAY), (0..5).map(click)).await;
    close_day(&*store, &site.id, MONDAY, MinCount::EXACT).await;
    assert_eq!((cell(&*store, &link, TODAY).await, cell(&*store, &link, MONDAY).await), (many, clicks(5, 5)));
}

pub(crate) async fn a_links_day_has_the_page_and_the_campaign_that_the_link_had_when_the_day_began(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("old", "sms", None)).await;
    let few = made(&*store, &site, "few", ("old", "email", None)).await;
    let mut journal = Journal::new("j");
    let change = |page: &str, campaign: Option<&str>| LinkChange {
        url: Some(url(&format!("https://example.com/{page}")).into()),
        campaign: Some(campaign.and_then(text)),
        ..LinkChange::default()
    };
    // Both are changed in the afternoon of the 19th, and once more in the evening.
    for part in 0..3 {
        let people = 10 * part..10 * (part + 1);
        journal.come(&*store, &link, day(19), crowd(people)).await;
        journal.come(&*store, &few, day(19), crowd(part..part + 1)).await;
        for link in [&link, &few] {
            let to = [("new", None), ("new", Some("spring")), ("new", Some("spring"))][part as usize];
            store.change_link(&link.code, change(to.0, to.1), day(19)).await.unwrap();
        }
    }
    journal.come(&*store, &link, day(20), crowd(0..10)).await;
    journal.come(&*store, &few, day(20), crowd(0..5)).await;
    journal.come(&*store, &few, day(21), crowd(0..5)).await;
    close(&*store, TODAY, k(5)).await;
    let found = cells(&*store, &site, TODAY).await;
    let (old, new) = (kind("sms", Some("old"), None), kind("sms", Some("new"), Some("spring")));
    let places = [(day(19), "abc".to_owned(), old), (day(20), "abc".to_owned(), new)];
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), places);
    // Later changes change nothing of it, and pools are of where the link was counted on their day.
    store.change_link(&link.code, change("other", None), day(21)).await.unwrap();
    store.change_link(&few.code, change("other", None), day(22)).await.unwrap();
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(cells(&*store, &site, MONDAY).await, found);
    let kinds = kinds_of(&*store, &site, 20).await;
    assert!(kinds.contains(&kind("email", Some("new"), Some("spring"))), "{kinds:?}");
    assert!(!kinds.contains(&kind("email", Some("other"), None)), "{kinds:?}");
}

pub(crate) async fn a_deleted_link_takes_its_cells_and_its_open_day_and_pools_keep_what_they_have(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let (gone, kept) = (
        made(&*store, &site, "gone", ("a", "sms", None)).await,
        made(&*store, &site, "kept", ("a", "sms", None)).await,
    );
    let mut journal = Journal::new("j");
    for (link, first) in [(&gone, 0), (&kept, 100)] {
        journal.come(&*store, link, day(19), crowd(first..first + 15)).await;
        journal.settle(&*store, link, day(19), [UNFURL; 5]).await;
        journal.come(&*store, link, day(20), crowd(first..first + 5)).await;
        journal.come(&*store, link, day(21), crowd(first..first + 15)).await;
    }
    close_day(&*store, &site.id, 19, k(5)).await;
    close_day(&*store, &site.id, 20, k(5)).await;
    let before = store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed;
    assert!(store.delete_link(&gone.code).await.unwrap().was_there());
    let after = store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed;
    assert!(after.days[&day(19)].version > before.days[&day(19)].version);
    close(&*store, MONDAY, k(5)).await;
    let of_kept = |on| (day(on), "kept".to_owned(), kind("sms", Some("a"), None));
    let found = cells(&*store, &site, MONDAY).await;
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), [of_kept(19), of_kept(21)]);
    assert_eq!(found[&of_kept(19)], Counts { unfurls: 5, ..clicks(15, 15) });
    // Five of each in the pool: the page's cell is of both.
    let week = (Week::of(day(20)), kind("sms", Some("a"), None));
    assert_eq!(week_cells(&*store, &site).await, BTreeMap::from([(week, clicks(10, 10))]));
    // A later link of its code begins at nothing.
    let again = made(&*store, &site, "gone", ("a", "sms", None)).await;
    assert!(store.link_counts(&again.code, day(1), day(30)).await.unwrap().days.is_empty());
}

pub(crate) async fn cells_and_pools_go_when_their_time_is_over(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (sms, mail) = (
        made(&*store, &site, "s", ("a", "sms", None)).await,
        made(&*store, &site, "m", ("a", "email", None)).await,
    );
    let mut journal = Journal::new("j");
    for on in [9, 17, 18, 20] {
        journal.come(&*store, &sms, day(on), crowd(0..10)).await;
        journal.come(&*store, &mail, day(on), crowd(0..5)).await;
        journal.come(&*store, &mail, day(on + 1), crowd(0..5)).await;
    }
    close(&*store, MONDAY, k(5)).await;
    let before = cells(&*store, &site, MONDAY).await;
    let weeks = week_cells(&*store, &site).await;
    assert_eq!((before.len(), weeks.len()), (4, 2));
    // The 16th is a Monday, and the 18th a Wednesday.
    store.forget_counts_before(day(16)).await.unwrap();
    let expected = |first: i32| before.clone().into_iter().filter(move |((on, ..), _)| *on >= day(first));
    assert_eq!(cells(&*store, &site, MONDAY).await, expected(16).collect());
    assert_eq!(
        kinds_of(&*store, &site, 9).await,
        Vec::new(),
        "a week goes when all of it is before that day"
    );
    let left: BTreeMap<_, _> =
        weeks.clone().into_iter().filter(|((week, _), _)| *week == Week::of(day(16))).collect();
    assert_eq!(week_cells(&*store, &site).await, left);
    store.forget_counts_before(day(18)).await.unwrap();
    assert_eq!(cells(&*store, &site, MONDAY).await, expected(18).collect());
    let days = store.link_counts(&sms.code, day(1), day(30)).await.unwrap().days;
    assert_eq!(days.into_keys().collect::<Vec<_>>(), [day(18), day(20)]);
    store.forget_counts_before(day(MONDAY)).await.unwrap();
    assert_eq!(shown(&*store, &site, MONDAY).await, Counts::default());
    // What is in pools of weeks before goes, too.
    journal.come(&*store, &mail, day(24), crowd(0..5)).await;
    journal.come(&*store, &mail, day(25), crowd(0..5)).await;
    close(&*store, 26, k(5)).await;
    store.forget_counts_before(day(30)).await.unwrap();
    close(&*store, 30, k(5)).await;
    assert_eq!(shown(&*store, &site, 30).await, Counts::default());
}

pub(crate) async fn each_day_keeps_the_k_that_it_was_closed_with(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = made(&*store, &site, "abc", ("a", "sms", None)).await;
    let mut journal = Journal::new("j");
    for on in 17..20 {
        journal.come(&*store, &link, day(on), crowd(0..13)).await;
    }
    close_day(&*store, &site.id, 17, MinCount::EXACT).await;
    assert_eq!(cell(&*store, &link, 17).await, clicks(13, 13));
    close_day(&*store, &site.id, 18, k(5)).await;
    let of_18 = cell(&*store, &link, 18).await;
    assert_rounded(&of_18, (13, 13), 0, k(5));
    close_day(&*store, &site.id, 19, k(20)).await;
    assert_eq!(cell(&*store, &link, 19).await, Counts::default());
    let closed = store.site_counts(&site.id, day(17), day(19)).await.unwrap().closed;
    let ks: Vec<_> = closed.days.values().map(|closed| closed.min_count).collect();
    assert_eq!(ks, [1, 5, 20]);
    // A greater k closes nothing again, and a smaller one opens nothing.
    for again in [k(20), MinCount::EXACT] {
        close(&*store, TODAY, again).await;
        assert_eq!(cell(&*store, &link, 17).await, clicks(13, 13));
        assert_eq!(cell(&*store, &link, 18).await, of_18);
        assert_eq!(cell(&*store, &link, 19).await, Counts::default());
    }
}
