//! Random histories: what a store holds after each closing is what the rule of the domain makes of
//! it in memory.

use std::collections::BTreeMap;

use entrenous::domain::cell::Amount;
use entrenous::domain::counts::DayCounts;
use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::{Link, LinkChange};
use entrenous::domain::site::Site;
use entrenous::store::Store;

use super::days::by_place;
use crate::dice::Dice;
use crate::fixtures::{EVERY_HOUR, Journal, channel, click, day, insert, link, stored_site, text, url};
use crate::ledger::Ledger;

const LINKS: usize = 9;
const STEPS: usize = 60;

/// Plays one history on the store, in a site of its own, and compares after each closing.
pub(super) async fn holds(store: &dyn Store, seed: u64) {
    let mut dice = Dice(seed);
    let site = stored_site(store, &format!("site {seed}")).await;
    let (mut ledger, mut journal) = (Ledger::default(), Journal::new(&format!("history{seed}")));
    let links = links(store, &site, seed, &mut dice, &mut ledger).await;
    let (mut k, mut today, mut visitor) = (dice.of(&[2, 3, 5]), 12, 0);
    for _ in 0..STEPS {
        match dice.below(13) {
            0..7 => {
                let link = dice.place(LINKS);
                let late = if dice.below(4) == 0 { i32::try_from(dice.below(4)).unwrap() } else { 0 };
                let amount =
                    Amount { clicks: 0, visitors: 1 + dice.below(7), aggregate_clicks: dice.below(6) };
                let amount = Amount { clicks: 2 * amount.visitors, ..amount };
                let first = visitor;
                visitor += u32::try_from(amount.visitors).unwrap();
                let unasked = usize::try_from(amount.aggregate_clicks).unwrap();
                let kinds = (first..visitor).chain(first..visitor).map(click);
                let kinds = kinds.chain(std::iter::repeat_n(EntryKind::AggregateClick, unasked));
                // The store passes over what is clicked on a deleted link, and so does the ledger.
                journal.settle(store, &links[link], day(today - late), kinds).await;
                ledger.settle(day(today - late), link, amount);
            }
            7 | 8 => today += 1,
            9 => {
                let link = dice.place(LINKS);
                store.delete_link(&links[link].code).await.unwrap();
                ledger.delete(link);
            }
            10 => {
                let (number, to) = (dice.place(LINKS), dice.place(LINKS));
                change(store, &links, number, to, &mut ledger).await;
            }
            _ => {
                k = dice.of(&[k, k, k, k + 2]);
                if dice.below(2) == 0 {
                    store.forget_visitors_before(day(today)).await.unwrap();
                }
                for (day, site) in store.days_to_close(day(today), k).await.unwrap() {
                    store.close_day(&site, day, k).await.unwrap();
                }
                ledger.close_before(day(today), k);
                compare(store, &site, &links, &ledger, (today, k), seed).await;
            }
        }
    }
}

async fn links(store: &dyn Store, site: &Site, seed: u64, dice: &mut Dice, ledger: &mut Ledger) -> Vec<Link> {
    let mut links = Vec::new();
    for number in 0..LINKS {
        let mut link = link(site, &format!("h{seed}-{number}"));
        link.url = url(&format!("https://example.com/{}", dice.of(&["a", "b"])));
        link.channel = channel(dice.of(&["sms", "email"]));
        link.campaign = dice.of(&[None, None, Some("spring")]).and_then(text);
        insert(store, &link).await;
        ledger.links.insert(number, (link.channel.clone(), link.url.clone(), link.campaign.clone()));
        links.push(link);
    }
    links
}

/// A link leads to the page of another one from now on, in that one's campaign.
async fn change(store: &dyn Store, links: &[Link], number: usize, to: usize, ledger: &mut Ledger) {
    let target = ledger.links.get(&to).map(|(_, page, campaign)| (page.clone(), campaign.clone()));
    if let (Some(kind), Some((page, campaign))) = (ledger.links.get_mut(&number), target) {
        (kind.1, kind.2) = (page.clone(), campaign.clone());
        let change = LinkChange { url: Some(page.into()), campaign: Some(campaign), ..LinkChange::default() };
        store.change_link(&links[number].code, change).await.unwrap();
    }
}

async fn compare(
    store: &dyn Store,
    site: &Site,
    links: &[Link],
    ledger: &Ledger,
    (today, k): (i32, u64),
    seed: u64,
) {
    let (first, last) = (day(1), day(60));
    let found = store.day_marks(&site.id, first, last).await.unwrap();
    for past in first.to(day(today).plus(-1)).filter(|past| ledger.closed.days.contains_key(past)) {
        assert!(found.closed.has(past, k), "history {seed}: {past}");
    }
    for past in first.to(last) {
        let found = store.day_rows(&site.id, past, EVERY_HOUR).await.unwrap();
        let expected = by_place(ledger.day_rows(past, |number| links[number].code.clone()));
        assert_eq!(without_shares(by_place(found)), expected, "history {seed}: {past}");
    }
    for (number, link) in links.iter().enumerate() {
        let found = store.link_counts(&link.code, first, last).await.unwrap().days;
        assert_eq!(found, ledger.link_counts(number).days, "history {seed}, link {number}");
    }
}

fn without_shares<K: Ord>(mut rows: BTreeMap<K, DayCounts>) -> BTreeMap<K, DayCounts> {
    for counts in rows.values_mut() {
        counts.open.shares = 0;
    }
    rows.retain(|_, counts| *counts != DayCounts::default());
    rows
}
