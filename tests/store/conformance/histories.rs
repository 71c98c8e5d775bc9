//! Random histories: what a store holds after each closing is what the rule makes of it.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link::{Link, LinkChange};
use entrenous::domain::min_count::MinCount;
use entrenous::domain::site::Site;
use entrenous::domain::week::Week;
use entrenous::stats::counts::{Counts, DayCounts};
use entrenous::store::Store;

use super::cells::{close, interrupted, k};
use super::model::{Model, OfDay, OfWeek};
use crate::dice::Dice;
use crate::fixtures::{EVERY_HOUR, Journal, channel, day, insert, link, stored_site, text, url};

const LINKS: usize = 9;
const STEPS: usize = 80;
const LAST: i32 = 80;

/// A history of one site.
struct History<'a> {
    store: &'a dyn Store,
    site: Site,
    links: Vec<Link>,
    model: Model,
    k: MinCount,
    seed: u64,
}

/// Plays one history on the store, in a site of its own, and compares after each closing.
pub(super) async fn holds(store: &dyn Store, seed: u64) {
    let mut dice = Dice(seed);
    let site = stored_site(store, &format!("site {seed}")).await;
    let k = if seed.is_multiple_of(4) { MinCount::EXACT } else { k(5 + dice.below(3)) };
    let mut history = History { store, site, links: Vec::new(), model: Model::default(), k, seed };
    history.make_links(&mut dice).await;
    let mut journal = Journal::new(&format!("history{seed}"));
    let (mut today, mut visitor) = (12, 0);
    for _ in 0..STEPS {
        match dice.below(14) {
            0..8 => history.visits(&mut dice, &mut journal, today, &mut visitor).await,
            8..10 => today += 1 + i32::try_from(dice.below(3)).unwrap(),
            10 => {
                let link = dice.place(LINKS);
                store.delete_link(&history.links[link].code).await.unwrap();
                history.model.delete(link);
            }
            11 => history.change(dice.place(LINKS), dice.place(LINKS), today).await,
            _ => {
                if dice.below(2) == 0 {
                    history.interrupt(&mut dice, today).await;
                }
                close(store, today, k).await;
                history.compare(today).await;
            }
        }
    }
    // A week later everything is decided.
    close(store, today + 8, k).await;
    history.compare(today + 8).await;
    assert!(history.model.open.is_empty());
}

impl History<'_> {
    async fn make_links(&mut self, dice: &mut Dice) {
        for number in 0..LINKS {
            let mut link = link(&self.site, &format!("h{}-{number}", self.seed));
            link.url = url(&format!("https://example.com/{}", dice.of(&["a", "b"])));
            link.channel = channel(dice.of(&["sms", "email"]));
            link.campaign = dice.of(&[None, None, Some("spring")]).and_then(text);
            insert(self.store, &link).await;
            self.model.links.insert(number, link.clone());
            self.links.push(link);
        }
    }

    /// People of whom each comes twice, and opens, some of them days late.
    async fn visits(&mut self, dice: &mut Dice, journal: &mut Journal, today: i32, visitor: &mut u32) {
        let link = dice.place(LINKS);
        let late = if dice.below(4) == 0 { i32::try_from(dice.below(9)).unwrap() } else { 0 };
        let (people, opens) = (dice.below(9), dice.below(12));
        let visits: Vec<_> = (0..people)
            .map(|_| {
                *visitor += 1;
                (*visitor, u8::try_from(dice.below(20)).unwrap())
            })
            .collect();
        let twice: Vec<_> = visits.iter().chain(&visits).copied().collect();
        let on = day(today - late);
        // The store passes over what is clicked on a deleted link, and so does the model.
        journal.come(self.store, &self.links[link], on, twice.clone()).await;
        let unasked = repeat_n(EntryKind::Open, usize::try_from(opens).unwrap());
        journal.settle(self.store, &self.links[link], on, unasked).await;
        self.model.count(on, link, &twice, opens);
    }

    /// A link leads to the page of another one from now on, in that one's campaign.
    async fn change(&mut self, number: usize, to: usize, today: i32) {
        let Some(target) = self.model.links.get(&to) else { return };
        let change = LinkChange {
            url: Some(target.url.clone().into()),
            campaign: Some(target.campaign.clone()),
            ..LinkChange::default()
        };
        self.store.change_link(&self.links[number].code, change.clone(), day(today)).await.unwrap();
        self.model.change(number, change, day(today));
    }

    /// Begins to close what is due, and ends somewhere.
    async fn interrupt(&mut self, dice: &mut Dice, today: i32) {
        for _ in 0..dice.below(6) {
            let due = self.store.days_to_close(day(today)).await.unwrap();
            let Some((on, site)) = due.first() else { return };
            let closing = || self.store.close_day(site, *on, self.k);
            drop(tokio::join!(
                interrupted(closing(), 1 + dice.below(9)),
                interrupted(closing(), dice.below(9))
            ));
        }
    }

    async fn compare(&mut self, today: i32) {
        let (found, weeks) = (self.cells(today).await, self.weeks().await);
        self.model.close(day(today), self.k, &found, &weeks);
        let (first, last) = (day(1), day(LAST));
        let marks = self.store.day_marks(&self.site.id, first, last).await.unwrap();
        for (on, ..) in self.model.cells.keys() {
            assert!(marks.closed.days.contains_key(on), "history {}: {on}", self.seed);
        }
        for (week, _) in self.model.weeks.keys() {
            assert!(marks.closed.weeks.contains_key(week), "history {}: {week}", self.seed);
        }
        for (number, link) in self.links.iter().enumerate() {
            let mut expected: BTreeMap<_, DayCounts> = BTreeMap::new();
            for ((on, _, _), cell) in self.model.cells.iter().filter(|((_, of, _), _)| *of == number) {
                expected.entry(*on).or_default().cells.add(cell);
            }
            for ((on, _), open) in self.model.open.iter().filter(|((_, of), _)| *of == number) {
                expected.entry(*on).or_default().open.add(&open.counts());
            }
            expected.retain(|_, counts| *counts != DayCounts::default());
            let mut found = self.store.link_counts(&link.code, first, last).await.unwrap().days;
            found.retain(|_, counts| *counts != DayCounts::default());
            assert_eq!(found, expected, "history {}, link {number}", self.seed);
        }
    }

    async fn cells(&self, today: i32) -> BTreeMap<OfDay, Counts> {
        let mut cells = BTreeMap::new();
        for on in day(1).to(day(LAST)) {
            let rows = self.store.day_rows(&self.site.id, on, EVERY_HOUR).await.unwrap();
            for row in rows.rows {
                let code = row.link.expect("a day has rows of links only");
                let number =
                    self.links.iter().position(|link| link.code == code).expect("a link of the site");
                let open = Counts { shares: 0, ..row.counts.open };
                assert!(on >= day(today) || open == Counts::default(), "{on} is open");
                if row.counts.cells != Counts::default() {
                    let place = (on, number, rows.kinds[row.kind].clone());
                    assert_eq!(cells.insert(place, row.counts.cells), None, "a row for each link and kind");
                }
            }
        }
        cells
    }

    async fn weeks(&self) -> BTreeMap<OfWeek, Counts> {
        let mut cells = BTreeMap::new();
        let weeks = std::iter::successors(Some(Week::of(day(1))), |week| Some(week.next()));
        for week in weeks.take_while(|week| *week <= Week::of(day(LAST))) {
            let rows = self.store.week_rows(&self.site.id, week).await.unwrap();
            for row in rows.rows {
                assert_eq!((row.link, &row.counts.open), (None, &Counts::default()), "cells of no link");
                let place = (week, rows.kinds[row.kind].clone());
                assert_eq!(cells.insert(place, row.counts.cells), None, "a row for each kind");
            }
        }
        cells
    }
}
