//! What closings draw: the threshold and the rounding, each uniformly, and once.

use std::collections::BTreeMap;
use std::sync::Arc;

use entrenous::store::Store;

use super::cells::{TODAY, cell, close, k, made};
use crate::fixtures::{Journal, day, stored_site};

/// How many links each number of visitors is tried with.
const LINKS: u32 = 150;

/// Standard deviations that a share of so many tries may be off.
const SIGMAS: f64 = 5.0;

fn is_near(times: u64, share: f64) -> bool {
    let tries = f64::from(LINKS);
    let deviation = (tries * share * (1.0 - share)).sqrt().max(0.1);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let times = times as f64;
    (times - tries * share).abs() <= SIGMAS * deviation
}

pub(crate) async fn thresholds_and_rounding_are_uniform_and_drawn_once(store: Arc<dyn Store>) {
    let site = stored_site(&*store, "press").await;
    let mut journal = Journal::new("j");
    // Visitors and networks of each of many links.
    let cases = [(7_u32, 7_u8), (9, 9), (30, 8), (13, 13)];
    let mut links: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for (case, (visitors, networks)) in cases.into_iter().enumerate() {
        let mut entries = Vec::new();
        for number in 0..LINKS {
            let link = made(&*store, &site, &format!("l{case}-{number}"), ("a", "sms", None)).await;
            let visits = (0..visitors).map(|person| (person, u8::try_from(person).unwrap() % networks));
            entries.extend(journal.visits(&link, day(20), visits));
            links.entry(case).or_default().push(link);
        }
        store.settle(&journal.id, &entries).await.expect("settled");
    }
    close(&*store, TODAY, k(5)).await;
    let read = async || {
        let mut found: BTreeMap<usize, BTreeMap<u64, u64>> = BTreeMap::new();
        for (case, links) in &links {
            for link in links {
                let shown = cell(&*store, link, 20).await.visitors;
                *found.entry(*case).or_default().entry(shown).or_default() += 1;
            }
        }
        found
    };
    let found = read().await;
    let times = |case: usize, shown: u64| found[&case].get(&shown).copied().unwrap_or_default();
    // The threshold is one of 6 to 10: with seven it is reached in two of five cases, and with nine in four. What is a
    // cell is rounded to 5 or 10, seven in three of five cases to the smaller number.
    assert!(is_near(times(0, 0), 3.0 / 5.0) && is_near(times(1, 0), 1.0 / 5.0), "{found:?}");
    assert!(
        is_near(times(0, 5), 2.0 / 5.0 * 3.0 / 5.0) && is_near(times(0, 10), 2.0 / 5.0 * 2.0 / 5.0),
        "{found:?}"
    );
    // Of thirty visitors from eight networks, the networks decide.
    assert!(is_near(times(2, 0), 2.0 / 5.0) && is_near(times(2, 30), 3.0 / 5.0), "{found:?}");
    // Thirteen are always a cell, of 10 or 15, and of thirteen on average.
    assert!(is_near(times(3, 10), 2.0 / 5.0) && is_near(times(3, 15), 3.0 / 5.0), "{found:?}");
    assert_eq!(times(3, 10) + times(3, 15), u64::from(LINKS));
    assert_eq!(read().await, found, "reading draws nothing");
}
