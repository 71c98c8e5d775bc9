//! Closing days and weeks: what becomes a cell, where the rest goes, and that each amount moves once.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::sync::Arc;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::family::Family::{Slack, Telegram};
use entrenous::domain::min_count::MinCount;
use entrenous::domain::week::Week;
use entrenous::stats::counts::Counts;
use entrenous::store::Store;
use futures_util::future::join_all;

use super::cells::{
    MONDAY, TODAY, all_of_days, assert_rounded, cell, cells, close, close_day, interrupted, k, kind,
    kinds_of, made, shown, try_close, week_cells,
};
use crate::dice::Dice;
use crate::fixtures::{
    Journal, UNFURL, click, clicks, counted, crowd, crowd_of, day, insert, link, stored_link, stored_site,
    url,
};
use crate::site_counts::SiteCountsOf;

/// The values of k that the rule is held to.
const KS: [u32; 3] = [5, 10, 20];

fn opens(number: u32) -> impl Iterator<Item = EntryKind> + Clone {
    repeat_n(EntryKind::Open, usize::try_from(number).expect("a number"))
}

pub(crate) async fn with_k_of_one_everything_is_closed_exactly(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let (one, other) = (
        made(&*store, &site, "one", ("a", "sms", None)).await,
        made(&*store, &site, "other", ("b", "email", Some("spring"))).await,
    );
    let mut journal = Journal::new("j");
    journal.settle(&*store, &one, day(20), [click(1), click(1), EntryKind::Unfurl(Slack)]).await;
    journal.settle(&*store, &other, day(20), (0..3).map(click).chain(opens(2)).chain([UNFURL])).await;
    journal.settle(&*store, &other, day(21), opens(1)).await;
    close(&*store, MONDAY, MinCount::EXACT).await;
    let known_unfurls = BTreeMap::from([(Slack, 1)]);
    let of_b = kind("email", Some("b"), Some("spring"));
    let expected = BTreeMap::from([
        (
            (day(20), "one".to_owned(), kind("sms", Some("a"), None)),
            Counts { unfurls: 1, known_unfurls, ..clicks(2, 1) },
        ),
        ((day(20), "other".to_owned(), of_b.clone()), Counts { unfurls: 1, opens: 2, ..clicks(3, 3) }),
        ((day(21), "other".to_owned(), of_b), Counts { opens: 1, ..Counts::default() }),
    ]);
    assert_eq!(cells(&*store, &site, MONDAY).await, expected);
    assert_eq!(week_cells(&*store, &site).await, BTreeMap::new(), "nothing is left for the week");
}

pub(crate) async fn a_link_is_no_cell_with_k_visitors_or_k_networks_and_one_with_2k_of_both(
    store: Arc<dyn Store>,
) {
    for n in KS {
        let k = k(n.into());
        let site = stored_site(&*store, &format!("press {n}")).await;
        let mut journal = Journal::new(&format!("j{n}"));
        let visits = [
            ("few", crowd_of(0..n, n)),
            ("narrow", crowd_of(0..6 * n, n)),
            ("enough", crowd_of(0..2 * n, 2 * n)),
            ("many", crowd_of(0..7 * n + 3, 3 * n)),
        ];
        for (named, visits) in visits {
            let link = made(&*store, &site, &format!("{named}{n}"), (named, "sms", None)).await;
            // Each of them comes three times.
            let thrice = visits.clone().chain(visits.clone()).chain(visits);
            journal.come(&*store, &link, day(20), thrice).await;
        }
        close(&*store, MONDAY, k).await;
        let found = cells(&*store, &site, MONDAY).await;
        let place = |named: &str| (day(20), format!("{named}{n}"), kind("sms", Some(named), None));
        assert_eq!(found.keys().cloned().collect::<Vec<_>>(), [place("enough"), place("many")]);
        for (named, people) in [("enough", 2 * n), ("many", 7 * n + 3)] {
            assert_rounded(&found[&place(named)], (3 * u64::from(people), people.into()), 0, k);
        }
        // Both others have k networks on that day, and so has their channel, whatever it adds up to.
        assert_eq!(week_cells(&*store, &site).await, BTreeMap::new());
        for named in ["few", "narrow"] {
            let code = crate::fixtures::code(&format!("{named}{n}"));
            assert!(store.link_counts(&code, day(1), day(40)).await.unwrap().days.is_empty());
        }
    }
}

pub(crate) async fn a_visitor_whose_network_nobody_knows_is_of_none(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), (0..300).map(click)).await;
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(shown(&*store, &site, MONDAY).await, Counts::default());
}

pub(crate) async fn a_pools_networks_are_united_over_its_links_on_one_day(store: Arc<dyn Store>) {
    let (k, n) = (k(10), 10);
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    // Ten networks with thirty visitors, over three links of one page; and twenty with forty, over two of another.
    for (place, named) in (0..).zip(["a1", "a2", "a3"]) {
        let link = made(&*store, &site, named, ("a", "sms", None)).await;
        journal.come(&*store, &link, day(20), crowd_of(place * n..(place + 1) * n, n)).await;
    }
    for (place, named) in (0..).zip(["b1", "b2"]) {
        let link = made(&*store, &site, named, ("b", "sms", None)).await;
        let people = (0..2 * n).map(|person| (person, u8::try_from(place * n + person % n).unwrap()));
        journal.come(&*store, &link, day(20), people).await;
    }
    close(&*store, MONDAY, k).await;
    assert_eq!(cells(&*store, &site, MONDAY).await, BTreeMap::new());
    let found = week_cells(&*store, &site).await;
    let place = (Week::of(day(20)), kind("sms", Some("b"), None));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&place], "what is left of the channel is the first page's");
    assert_rounded(&found[&place], (40, 40), 0, k);
}

pub(crate) async fn a_pools_networks_are_added_over_days(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let link = made(&*store, &site, "abc", ("a", "sms", Some("spring"))).await;
    for on in [16, 19] {
        journal.come(&*store, &link, day(on), crowd(0..5).chain(crowd(0..5))).await;
    }
    close(&*store, TODAY, k(5)).await;
    assert_eq!(shown(&*store, &site, TODAY).await, Counts::default(), "the week is not over");
    close(&*store, MONDAY, k(5)).await;
    let found = week_cells(&*store, &site).await;
    let place = (Week::of(day(16)), kind("sms", Some("a"), Some("spring")));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&place]);
    assert_rounded(&found[&place], (20, 10), 0, k(5));
}

pub(crate) async fn what_is_not_enough_for_a_page_joins_its_channel_and_is_deleted_where_that_is_not_enough(
    store: Arc<dyn Store>,
) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    for (named, kind, on) in [
        ("a", ("a", "sms", None), 16),
        ("b", ("b", "sms", None), 18),
        ("spring", ("a", "sms", Some("spring")), 21),
        ("mail", ("a", "email", None), 18),
    ] {
        let link = made(&*store, &site, named, kind).await;
        journal.come(&*store, &link, day(on), crowd(0..5)).await;
    }
    close(&*store, MONDAY, k(5)).await;
    let found = week_cells(&*store, &site).await;
    let place = (Week::of(day(16)), kind("sms", None, None));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&place]);
    assert_rounded(&found[&place], (15, 15), 0, k(5));
    // The five of the other channel wait for nobody.
    let mail = store.link(&crate::fixtures::code("mail")).await.unwrap().expect("a link");
    journal.come(&*store, &mail, day(24), crowd(10..15)).await;
    close(&*store, 30, k(5)).await;
    assert_eq!(week_cells(&*store, &site).await, found);
}

pub(crate) async fn one_days_networks_are_not_added_over_the_pages_of_a_channel(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    // Somebody with four networks opens a link of each of many pages, often, and one more person comes.
    for page in 0..12_u32 {
        let link = made(&*store, &site, &format!("l{page}"), (&format!("p{page}"), "sms", None)).await;
        journal.come(&*store, &link, day(20), crowd_of(40 * page..40 * (page + 1), 4)).await;
        if page == 0 {
            journal.come(&*store, &link, day(20), [(9_999, 200)]).await;
        }
    }
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(shown(&*store, &site, MONDAY).await, Counts::default());
}

pub(crate) async fn opens_are_a_cell_from_2k_plus_1_to_4k_whatever_the_clicks_are(store: Arc<dyn Store>) {
    for n in KS {
        let k = k(n.into());
        let site = stored_site(&*store, &format!("press {n}")).await;
        let mut journal = Journal::new(&format!("j{n}"));
        let all =
            [("few", 2 * n, 0), ("enough", 4 * n, n), ("both", 5 * n + 1, 2 * n), ("clicked", n, 2 * n)];
        for (named, opened, people) in all {
            let link = made(&*store, &site, &format!("{named}{n}"), (named, "sms", None)).await;
            journal.settle(&*store, &link, day(20), opens(opened)).await;
            journal.come(&*store, &link, day(20), crowd(0..people)).await;
        }
        close(&*store, MONDAY, k).await;
        let found = cells(&*store, &site, MONDAY).await;
        let of = |named: &str| {
            let place = (day(20), format!("{named}{n}"), kind("sms", Some(named), None));
            found.get(&place).cloned().unwrap_or_default()
        };
        assert_eq!(of("few"), Counts::default());
        assert_rounded(&of("enough"), (0, 0), (4 * n).into(), k);
        assert_eq!(of("enough").clicks, 0, "the clicks are too few");
        assert_rounded(&of("both"), (2 * u64::from(n), 2 * u64::from(n)), (5 * n + 1).into(), k);
        assert_rounded(&of("clicked"), (2 * u64::from(n), 2 * u64::from(n)), 0, k);
        assert_eq!(of("clicked").opens, 0, "the opens are too few");
        // 2k of one page and k of another: of their channel, they are 3k, which may or may not be enough.
        for (place, cell) in week_cells(&*store, &site).await {
            assert_eq!(place, (Week::of(day(20)), kind("sms", None, None)));
            assert_rounded(&cell, (0, 0), (3 * n).into(), k);
        }
    }
}

pub(crate) async fn opens_of_a_page_come_together_in_the_week(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    for (named, site, page, on) in [
        ("a1", &press, "a", 17),
        ("a2", &press, "a", 17),
        ("b", &press, "b", 18),
        ("c", &press, "c", 20),
        ("r", &radio, "a", 20),
    ] {
        let link = made(&*store, site, named, (page, "sms", None)).await;
        journal.settle(&*store, &link, day(on), opens(10)).await;
    }
    close(&*store, MONDAY, k(5)).await;
    let found = week_cells(&*store, &press).await;
    let place = |page| (Week::of(day(17)), kind("sms", page, None));
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), [place(None), place(Some("a"))]);
    for cell in found.values() {
        assert_rounded(cell, (0, 0), 20, k(5));
    }
    assert_eq!(week_cells(&*store, &radio).await, BTreeMap::new(), "ten are not enough");
}

pub(crate) async fn unfurls_are_rounded_when_their_day_closes_each_family_for_itself(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let (big, small) = (
        made(&*store, &site, "big", ("a", "sms", None)).await,
        made(&*store, &site, "small", ("a", "sms", None)).await,
    );
    let of = |family, number| repeat_n(EntryKind::Unfurl(family), number);
    let all = of(Slack, 10).chain(of(Telegram, 7)).chain(repeat_n(UNFURL, 15));
    journal.settle(&*store, &big, day(20), all).await;
    journal.settle(&*store, &small, day(20), of(Slack, 2)).await;
    close(&*store, TODAY, k(5)).await;
    let found = cell(&*store, &big, 20).await;
    let by_app = found.unfurls_by_app();
    assert_eq!((by_app[&Slack], by_app[&entrenous::domain::family::Family::Other]), (10, 15));
    assert!([5, 10].contains(&by_app[&Telegram]));
    assert_eq!(found.unfurls, by_app.values().sum::<u64>());
    assert_eq!(Counts { unfurls: 0, known_unfurls: BTreeMap::new(), ..found }, Counts::default());
    let found = cell(&*store, &small, 20).await;
    assert!([0, 5].contains(&found.unfurls), "{found:?}");
}

pub(crate) async fn closing_again_changes_nothing(store: Arc<dyn Store>) {
    let (press, radio) = (stored_site(&*store, "press").await, stored_site(&*store, "radio").await);
    let mut journal = Journal::new("j");
    for (site, named) in [(&press, "p"), (&radio, "r")] {
        let link = stored_link(&*store, site, named).await;
        for (on, visitors) in [(19, 12), (20, 8), (21, 5), (TODAY, 9), (MONDAY, 9)] {
            journal.come(&*store, &link, day(on), crowd(0..visitors)).await;
            journal.settle(&*store, &link, day(on), opens(visitors * 2).chain([UNFURL])).await;
        }
    }
    let days = store.days_to_close(day(TODAY)).await.unwrap();
    let mut found: Vec<_> = days.iter().map(|(day, _)| *day).collect();
    found.dedup();
    assert_eq!(found, [day(19), day(20), day(21)], "the oldest first, and not today");
    assert_eq!(days.len(), 6);
    assert_eq!(store.weeks_to_close(Week::of(day(TODAY))).await.unwrap(), []);
    close(&*store, MONDAY, k(5)).await;
    let state = async || {
        let of = async |site| {
            let days = store.site_counts(site, day(1), day(40)).await.unwrap();
            (days, store.week_rows(site, Week::of(day(20))).await.unwrap())
        };
        (of(&press.id).await, of(&radio.id).await)
    };
    let before = state().await;
    for _ in 0..2 {
        close(&*store, MONDAY, k(5)).await;
        for (on, site) in &days {
            store.close_day(site, *on, k(5)).await.unwrap();
            store.close_week(site, Week::of(*on), k(5)).await.unwrap();
        }
        assert_eq!(state().await, before);
    }
    // Reading draws nothing either, and what is rounded is the same whoever reads.
    for _ in 0..5 {
        assert_eq!(state().await, before);
    }
}

pub(crate) async fn a_week_is_due_when_it_has_pools_and_no_day_of_it_is_open(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    for on in [17, 19] {
        journal.come(&*store, &link, day(on), crowd(0..3)).await;
    }
    let due = async || store.weeks_to_close(Week::of(day(MONDAY))).await.unwrap();
    assert_eq!(due().await, []);
    close_day(&*store, &site.id, 17, k(5)).await;
    assert_eq!(due().await, [], "two days later something is open");
    close_day(&*store, &site.id, 19, k(5)).await;
    assert_eq!(due().await, [(Week::of(day(17)), site.id.clone())]);
    assert_eq!(store.weeks_to_close(Week::of(day(TODAY))).await.unwrap(), [], "it is this week");
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(due().await, []);
}

pub(crate) async fn days_without_counts_are_closed_by_a_note_and_others_by_themselves(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let link = stored_link(&*store, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*store, &link, day(20), [click(1)]).await;
    let closed = async || {
        let of_link = store.link_counts(&link.code, day(1), day(30)).await.unwrap().closed;
        assert_eq!(store.site_counts(&site.id, day(1), day(30)).await.unwrap().closed, of_link);
        [19, 20, 21, TODAY].map(|on| of_link.has(day(on), 5))
    };
    assert_eq!(closed().await, [false; 4]);
    close_day(&*store, &site.id, 20, k(5)).await;
    assert_eq!(closed().await, [false, true, false, false]);
    store.note_closed_before(day(TODAY)).await.unwrap();
    assert_eq!(closed().await, [true, true, true, false]);
    // A clock that goes back, or an instance that is late, opens nothing.
    store.note_closed_before(day(20)).await.unwrap();
    assert_eq!(closed().await, [true, true, true, false]);
}

pub(crate) async fn many_links_are_closed_without_a_loss_while_others_settle_and_read(store: Arc<dyn Store>) {
    const LINKS: u32 = 1_300;
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    for number in 0..LINKS {
        let mut link = link(&site, &format!("l{number}"));
        link.url = url(&format!("https://example.com/{}", number % 700));
        links.push(link);
    }
    for some in links.chunks(100) {
        join_all(some.iter().map(|link| insert(&*store, link))).await;
    }
    let entries: Vec<_> = links
        .iter()
        .zip(0_u32..)
        .flat_map(|(link, number)| (0..=number % 3).map(move |visitor| (link, visitor)))
        .map(|(link, visitor)| journal.entry(link, day(20), click(visitor)))
        .collect();
    let whole = entries.len() as u64;
    assert_eq!(store.settle(&journal.id, &entries).await.unwrap().counted, whole);

    // With k = 1 nothing moves elsewhere, so that whoever reads in the middle of it sees every click once.
    let reading = async {
        loop {
            let counts = store.site_counts(&site.id, day(20), day(21)).await.unwrap();
            let clicks: u64 = counts.rows.iter().map(|row| row.counts.all().clicks).sum();
            assert!((whole..=whole + 40).contains(&clicks), "{clicks} of {whole}");
            if counts.closed.has(day(20), 1) {
                break;
            }
        }
    };
    let late: Vec<_> = links[..40].iter().map(|link| journal.entry(link, day(20), click(9))).collect();
    let settling = async {
        for some in late.chunks(4) {
            store.settle(&journal.id, some).await.unwrap();
        }
    };
    let (closing, (), ()) =
        tokio::join!(store.close_day(&site.id, day(20), MinCount::EXACT), reading, settling);
    closing.unwrap();
    // Those that came before its first step are the day's, and the others the next one's.
    assert_eq!(all_of_days(&*store, &site).await.clicks, whole + 40);
    close(&*store, TODAY, MinCount::EXACT).await;
    assert_eq!(shown(&*store, &site, TODAY).await.clicks, whole + 40);
    assert_eq!(week_cells(&*store, &site).await, BTreeMap::new());
}

pub(crate) async fn random_histories_become_what_the_rule_makes_of_them(store: Arc<dyn Store>) {
    for seed in 0..8 {
        super::histories::holds(&*store, seed).await;
    }
}

pub(crate) async fn closings_that_are_interrupted_end_with_the_same_sums(store: Arc<dyn Store>) {
    let mut dice = Dice(11);
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    let mut links = Vec::new();
    // Whatever closes a page's pool, its sum is of 2k and more; each link by itself has at most k.
    for number in 0..40_usize {
        let page = ["a", "b"][number % 2];
        links.push(made(&*store, &site, &format!("l{number}"), (page, "sms", None)).await);
    }
    for (number, link) in (0_u32..).zip(&links) {
        let people = (0..5).map(|person| (person, u8::try_from(number * 5 + person).unwrap()));
        journal.come(&*store, link, day(20), people.clone().chain(people)).await;
        journal.settle(&*store, link, day(20), opens(5)).await;
    }
    let of_day = || store.close_day(&site.id, day(20), k(5));
    for _ in 0..100 {
        let polls = 1 + dice.below(12);
        drop(tokio::join!(interrupted(of_day(), polls), interrupted(of_day(), dice.below(13))));
    }
    close_day(&*store, &site.id, 20, k(5)).await;
    let of_week = || store.close_week(&site.id, Week::of(day(20)), k(5));
    for _ in 0..100 {
        let polls = 1 + dice.below(12);
        drop(tokio::join!(interrupted(of_week(), polls), interrupted(of_week(), dice.below(13)), of_day()));
    }
    close(&*store, MONDAY, k(5)).await;
    assert_eq!(cells(&*store, &site, MONDAY).await, BTreeMap::new());
    let found = week_cells(&*store, &site).await;
    let place = |page| (Week::of(day(20)), kind("sms", Some(page), None));
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), [place("a"), place("b")]);
    for cell in found.values() {
        // All of these are multiples of k, which rounding leaves as they are.
        assert_eq!(*cell, Counts { opens: 100, ..clicks(200, 100) });
    }
}

pub(crate) async fn two_handles_may_close_the_same_days_at_once(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let site = stored_site(&*one, "press").await;
    let mut journal = Journal::new("j");
    let mut whole = 0;
    for number in 0..60 {
        let link = made(&*one, &site, &format!("l{number}"), (["a", "b"][number % 2], "sms", None)).await;
        for on in [19, 20, 21] {
            let visitors = 1 + u32::try_from(number).unwrap() % 9;
            journal.settle(&*one, &link, day(on), (0..visitors).map(click)).await;
            whole += u64::from(visitors);
        }
    }
    one.forget_visitors_before(day(TODAY)).await.unwrap();
    let exact = MinCount::EXACT;
    let calls = (0..3).flat_map(|_| [try_close(&*one, TODAY, exact), try_close(&*other, TODAY, exact)]);
    for closed in join_all(calls).await {
        closed.expect("closed");
    }
    close(&*other, TODAY, exact).await;
    let found = shown(&*one, &site, TODAY).await;
    assert_eq!((found.clicks, found.visitors), (whole, whole));
}

pub(crate) async fn two_instances_may_close_the_same_days_and_weeks_at_once(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let mut journal = Journal::new("j");
    let (mut of_links, mut of_week) = (0, 0);
    for number in 0..60_u32 {
        let page = ["a", "b"][usize::try_from(number % 2).unwrap()];
        let link = made(&*one, &site, &format!("l{number}"), (page, "sms", None)).await;
        for on in [17, 18, 19] {
            // 5 or 15 of them: one is never enough, the other always.
            let people = if number % 3 == 0 { 15 } else { 5 };
            let networks =
                (0..people).map(|person| (person, u8::try_from((number * 4 + person) % 256).unwrap()));
            journal.come(&*one, &link, day(on), networks).await;
            *if people == 15 { &mut of_links } else { &mut of_week } += u64::from(people);
        }
    }
    let sum = async || {
        let links: u64 = cells(&*one, &site, TODAY).await.values().map(|cell| cell.clicks).sum();
        let week: u64 = week_cells(&*one, &site).await.values().map(|cell| cell.clicks).sum();
        (links, week)
    };
    one.forget_visitors_before(day(TODAY)).await.unwrap();
    let calls = (0..3).flat_map(|_| [try_close(&*one, TODAY, k(5)), try_close(&*other, TODAY, k(5))]);
    for closed in join_all(calls).await {
        closed.expect("closed");
    }
    close(&*other, TODAY, k(5)).await;
    assert_eq!(sum().await, (of_links, 0));
    let calls = (0..3).flat_map(|_| [try_close(&*one, MONDAY, k(5)), try_close(&*other, MONDAY, k(5))]);
    for closed in join_all(calls).await {
        closed.expect("closed");
    }
    close(&*one, MONDAY, k(5)).await;
    assert_eq!(sum().await, (of_links, of_week));
    assert_eq!(
        kinds_of(&*other, &site, 17).await,
        [kind("sms", Some("a"), None), kind("sms", Some("b"), None)]
    );
    for on in [17, 18, 19] {
        assert_eq!(counted(&*one, &link(&site, "l1"), day(on)).await, Counts::default());
    }
}
