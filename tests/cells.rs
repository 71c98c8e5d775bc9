//! Closing days into cells, over random histories: nothing is lost, nothing small is left, and an
//! attacker who has every number that is published can tell of no fewer than k visitors.

#![allow(clippy::unwrap_used, reason = "a test that finds what it should not find ends there")]

#[path = "support/attacker.rs"]
mod attacker;
#[path = "support/history.rs"]
mod history;
#[path = "support/ledger.rs"]
mod ledger;
#[path = "support/reading.rs"]
mod reading;

use entrenous::domain::cell::Amount;
use entrenous::domain::publication::{Audience, Number};
use entrenous::domain::report::{Filter, Period};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::attacker::Attacker;
use crate::history::{History, Step, first_day, kinds, step};
use crate::reading::{Book, questions};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_click_is_lost_and_nothing_small_is_left_but_what_waits(
        kinds in kinds(), k in 1..11_u64, steps in prop::collection::vec(step(), 1..80)
    ) {
        let mut history = History::new(&kinds, k);
        for step in &steps {
            history.take(step);
            history.check_total()?;
            if matches!(step, Step::Closing) {
                history.check_cells()?;
                // A second time there is nothing to do.
                let before = format!("{:?}", history.ledger);
                history.take(step);
                prop_assert_eq!(format!("{:?}", history.ledger), before);
            }
        }
    }

    #[test]
    fn nobody_can_tell_of_fewer_than_k_visitors_of_closed_days_from_all_that_is_published(
        kinds in kinds(), k in 1..11_u64, steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut history = History::new(&kinds, k);
        for step in &steps {
            // Before and after whatever changes a published number. Only what comes late is seen
            // when it comes: whoever looks before and after that begins anew here.
            let changes = matches!(step, Step::Closing | Step::Change { .. } | Step::Deletion { .. });
            if changes {
                history.publish()?;
            }
            if matches!(step, Step::Closing) && history.has_late() {
                history.check_attacker()?;
                history.attacker = Attacker::default();
            }
            history.take(step);
            if changes {
                history.publish()?;
            }
        }
        history.publish_all()?;
        history.check_attacker()?;
    }

    #[test]
    fn with_k_of_one_every_number_is_exact_at_once_and_stays_with_its_link(
        kinds in kinds(), steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut history = History::new(&kinds, 1);
        for step in &steps {
            history.take(step);
            let period = Period { first: first_day(), last: history.today };
            let days: Vec<_> = period.days().collect();
            let book = Book::new(&history.ledger, &days, history.rule(Audience::SignedIn));
            let mut sum = 0;
            for link in history.ledger.links.keys() {
                sum += book.of_link(&history.ledger, *link, period).totals.clicks.value().unwrap();
            }
            prop_assert_eq!(sum + history.deleted.clicks, history.counted.clicks);
            let site = book.report(period, &Filter::default(), usize::MAX);
            prop_assert_eq!(site.totals.clicks.value(), Some(sum));
        }
    }

    #[test]
    fn a_number_is_the_same_wherever_it_stands(
        kinds in kinds(), k in 1..8_u64, steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut history = History::new(&kinds, k);
        for step in &steps {
            history.take(step);
        }
        let days: Vec<_> = first_day().to(history.today).collect();
        for audience in [Audience::SignedIn, Audience::Public] {
            let book = Book::new(&history.ledger, &days, history.rule(audience));
            for (place, first) in days.iter().enumerate() {
                let period = Period { first: *first, last: days[(place + 3).min(days.len() - 1)] };
                let some = questions(&history.ledger).into_iter().skip(place).step_by(days.len());
                for filter in some.chain([Filter::default()]) {
                    book.check_sums(period, &filter)?;
                }
                for link in history.ledger.links.keys() {
                    book.check_link(&history.ledger, *link, period)?;
                }
            }
        }
    }

    #[test]
    fn a_greater_k_closes_what_is_closed_again(
        kinds in kinds(), k in 2..6_u64, more in 1..6_u64, steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut history = History::new(&kinds, k);
        for step in &steps {
            history.take(step);
        }
        history.take(&Step::Closing);
        history.k += more;
        // Before that, what is closed with less is shown in steps again.
        history.publish()?;
        history.take(&Step::Closing);
        history.check_cells()?;
        history.check_total()?;
        history.attacker = Attacker::default();
        history.publish_all()?;
        history.check_attacker()?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_first_few_visitors_of_a_day_change_nothing_in_any_report(
        kinds in kinds(), k in 2..8_u64, steps in prop::collection::vec(step(), 1..40),
        link in 0..8_usize, to in 0..8_usize
    ) {
        let mut history = History::new(&kinds, k);
        for step in &steps {
            history.take(step);
        }
        // Since yesterday, the link leads to another page.
        for step in [Step::Closing, Step::Change { link, to }, Step::Midnight] {
            history.take(&step);
        }
        let reports = |history: &History| {
            let days: Vec<_> = first_day().to(history.today).collect();
            let mut all = Vec::new();
            for audience in [Audience::SignedIn, Audience::Public] {
                let book = Book::new(&history.ledger, &days, history.rule(audience));
                for filter in questions(&history.ledger) {
                    for first in &days {
                        let period = Period { first: *first, last: history.today };
                        all.push((period, filter.clone(), book.report(period, &filter, 2)));
                    }
                }
            }
            all
        };
        let before = reports(&history);
        history.take(&Step::Visit { link, days_ago: 0, visitors: k - 1, unasked: k - 1 });
        for (before, after) in before.into_iter().zip(reports(&history)) {
            prop_assert_eq!(before, after);
        }
    }
}

#[test]
fn the_attacker_subtracts_a_link_from_its_page() {
    // A page with two links, one of which is suppressed by itself.
    let attacker = Attacker::who_sees(&[0b01, 0b11]);
    assert!(attacker.isolates(0b10));
    assert_eq!(attacker.atoms(), [0b10, 0b01]);
    // Three sums of two each give all three; four around a square give no one.
    let attacker = Attacker::who_sees(&[0b011, 0b110, 0b101]);
    assert!(attacker.isolates(0b001) && attacker.isolates(0b010));
    let attacker = Attacker::who_sees(&[0b0011, 0b0110, 0b1100, 0b1001]);
    assert!(!attacker.isolates(0b0001) && attacker.isolates(0b1111));
    assert!(attacker.knows_only_sums_of(&[0b0001, 0b0010, 0b0100, 0b1000]));
    assert!(!attacker.knows_only_sums_of(&[0b0001, 0b0010]));
}

/// What joining a cell late costs; `docs/adr/0011-days-become-cells.md` says why.
#[test]
fn the_attacker_who_looks_before_and_after_sees_a_late_visitor_join_a_cell() {
    let kind = kinds().new_tree(&mut TestRunner::deterministic()).unwrap().current().remove(0);
    let mut history = History::new(&[kind], 5);
    let visit = |visitors| Step::Visit { link: 0, days_ago: 1, visitors, unasked: 0 };
    for step in [visit(7), Step::Closing] {
        history.take(&step);
    }
    history.publish().unwrap();
    history.check_attacker().unwrap();
    history.take(&visit(1));
    assert!(history.has_late());
    history.publish().unwrap();
    history.check_attacker().unwrap();
    history.take(&Step::Closing);
    history.publish().unwrap();
    assert!(history.attacker.isolates(0b10), "eight now, seven an hour ago");
    assert!(history.check_attacker().is_err());
}

/// What whoever read an open day can conclude when it is closed; ADR 11 says so.
#[test]
fn a_page_can_show_less_when_its_day_closes_than_it_showed_before() {
    let [open, closed] = a_page_of_two_links([6, 4]);
    assert_eq!((open, closed), (Number::AtLeast(10), Number::Exact(6)));
}

/// What "fewer than k" says of two links whose page shows as many as two such links can have; ADR 11 says so.
#[test]
fn two_links_too_few_for_themselves_are_a_cell_of_their_page() {
    let [open, closed] = a_page_of_two_links([4, 4]);
    assert_eq!((open, closed), (Number::AtLeast(5), Number::Exact(8)));
}

/// The visitors of a page of two links with so many each, while the day is open and when it is closed.
fn a_page_of_two_links(visitors: [u64; 2]) -> [Number; 2] {
    let kind = kinds().new_tree(&mut TestRunner::deterministic()).unwrap().current().remove(0);
    let mut history = History::new(&[kind.clone(), kind], 5);
    for (link, visitors) in visitors.into_iter().enumerate() {
        history.take(&Step::Visit { link, days_ago: 0, visitors, unasked: 0 });
    }
    let (day, page) = (history.today, history.ledger.links[&0].1.clone());
    let of_page = |history: &History| {
        let book = Book::new(&history.ledger, &[day], history.rule(Audience::SignedIn));
        let filter = Filter { page: Some(page.as_str().into()), ..Filter::default() };
        book.report(Period { first: day, last: day }, &filter, usize::MAX).totals.visitors
    };
    let open = of_page(&history);
    history.take(&Step::Midnight);
    history.take(&Step::Closing);
    [open, of_page(&history)]
}

#[test]
fn the_attacker_finds_a_cell_that_is_too_small() {
    let kind = kinds().new_tree(&mut TestRunner::deterministic()).unwrap().current().remove(0);
    let mut history = History::new(&[kind.clone(), kind.clone()], 5);
    for (link, visitors) in [(0, 6), (1, 6)] {
        history.take(&Step::Visit { link, days_ago: 1, visitors, unasked: 0 });
    }
    history.take(&Step::Closing);
    // What closing never makes: one link's cell of six visitors, and one of its page of one.
    let day = history.today.plus(-1);
    history.ledger.of_links.remove(&(day, 1, kind.clone()));
    let few = Amount { clicks: 0b10, visitors: 1, aggregate_clicks: 0 };
    history.ledger.of_pages.insert((day, kind), few);
    history.visitors = vec![6, 1];
    // It is not shown. If it were:
    history.publish_all().unwrap();
    history.check_attacker().unwrap();
    history.k = 1;
    history.publish_all().unwrap();
    history.k = 5;
    assert!(history.attacker.isolates(0b10), "seven of the page, six of its link");
    assert!(history.check_attacker().is_err());
}
