//! What outsiders once broke, in the language of the random sequences.

use crate::event::{Away, ClockKind, Emptied, Event, Plan, StoreKind, Who};
use crate::playing::play;

const FIRST: Who = Who::First;
const MONTHS_14: i64 = 426 * 86_400;

fn click(link: usize) -> Event {
    Event::Click { who: FIRST, link, clicks: 25, at_once: 1, consent: true }
}

fn click_by(who: Who, link: usize) -> Event {
    Event::Click { who, link, clicks: 25, at_once: 4, consent: true }
}

/// Makes one test on each store of a list of events.
macro_rules! on_each_store {
    ($($name:ident: $events:expr),+ $(,)?) => {$(
        mod $name {
            use super::*;

            #[test]
            fn on_sqlite() {
                passes(StoreKind::Sqlite, ClockKind::Injected, &$events);
            }

            #[test]
            fn on_redis() {
                passes(StoreKind::Redis, ClockKind::Injected, &$events);
            }
        }
    )+};
}

fn passes(store: StoreKind, clock: ClockKind, events: &[Event]) {
    let (figures, outcome) = play(&Plan { store, clock, events: events.to_vec() });
    println!("{figures}");
    if let Err(failure) = outcome {
        panic!("on {store:?}: {failure}");
    }
}

on_each_store! {
    a_kill_then_a_stop_and_clicks_between_lose_nothing: [
        click(0), Event::Kill(FIRST), Event::Start(FIRST), click(0), Event::Stop(FIRST), Event::Start(FIRST), click(0),
    ],
    five_kills_soon_after_a_start_and_orderly_restarts_under_load_lose_nothing: five_kills(),
    nothing_waits_for_a_clock_that_was_set_back_between_two_starts: clock_set_back(),
    nothing_waits_for_a_clock_that_was_set_back_while_running: [
        click(0), Event::Clock(-86_400), click(0), Event::Kill(FIRST), Event::Start(FIRST), click(0), Event::Quiet,
    ],
    a_copied_journal_loses_and_doubles_nothing_beside_the_first: [
        click(0), Event::Quiet, click(1), Event::CopyJournal, Event::Start(Who::Copy), click_by(Who::Copy, 0), click(0),
        Event::Kill(FIRST), Event::Start(FIRST), click(1), click_by(Who::Copy, 1), Event::Quiet,
        Event::Stop(FIRST), click_by(Who::Copy, 2), Event::Start(FIRST), click(2),
    ],
    a_journal_copied_while_it_is_stopped_counts_once: [
        click(0), Event::Outage(Away::Down), click(0), Event::Kill(FIRST), Event::CopyJournal, Event::OutageEnd,
        Event::Start(Who::Copy), click_by(Who::Copy, 0), Event::Stop(Who::Copy), Event::Start(FIRST), click(0),
    ],
    a_second_process_is_refused_also_where_the_lock_was_removed: [
        click(0), Event::SecondProcess { lock_removed: false }, Event::SecondProcess { lock_removed: true }, click(0),
        Event::Kill(FIRST), Event::Start(FIRST), click(0),
    ],
    a_store_that_is_deleted_under_the_service_is_told: emptied(Emptied::Deleted),
    a_store_that_is_replaced_under_the_service_is_told: emptied(Emptied::Replaced),
    a_store_that_is_moved_away_under_the_service_is_told_and_nothing_is_lost_when_it_is_back: [
        click(0), Event::Quiet, Event::Empty(Emptied::Moved), click(0), Event::PutBack, click(0),
    ],
    a_store_that_was_away_when_the_service_started_is_used_when_it_is_back: [
        click(0), Event::Quiet, Event::Kill(FIRST), Event::Empty(Emptied::Moved), Event::Start(FIRST), Event::PutBack,
        click(0), Event::Quiet,
    ],
    a_store_that_is_emptied_while_the_service_is_stopped_is_told: [
        click(0), Event::Quiet, Event::Stop(FIRST), Event::Empty(Emptied::Deleted), Event::Start(FIRST), Event::Adopt,
        click(0),
    ],
    an_older_store_that_is_restored_under_the_service_is_told: [
        click(0), Event::Quiet, Event::Snapshot, click(0), Event::Quiet, Event::Idle(2_500), Event::Restore, click(0),
        Event::Adopt, click(0),
    ],
    an_older_store_that_is_restored_while_the_service_is_stopped_is_told: [
        click(0), Event::Quiet, Event::Snapshot, click(0), Event::Quiet, Event::Idle(2_500), Event::Stop(FIRST),
        Event::Restore, Event::Start(FIRST), click(0), Event::Kill(FIRST), Event::Start(FIRST), Event::Adopt, click(0),
    ],
    one_wrong_store_does_not_get_the_journal: [
        click(0), Event::Quiet, Event::Outage(Away::Down), click(0), Event::Kill(FIRST), Event::OutageEnd, Event::WrongStore, Event::RightStore,
        click(0),
    ],
    an_outage_delays_and_loses_nothing: [
        click(0), Event::Outage(Away::Down), click(0), Event::Kill(FIRST), Event::Start(FIRST), click(0),
        Event::Outage(Away::Hanging), click(0), Event::Stop(FIRST), Event::OutageEnd, Event::Start(FIRST), click(0),
    ],
    a_clock_months_ahead_for_a_while_erases_nothing: months_ahead(),
    clicks_of_a_deleted_link_are_not_those_of_the_one_made_anew: [
        click(0), Event::Remake { link: 0, in_flight: 0 }, click(0), Event::Remake { link: 0, in_flight: 8 },
        Event::Kill(FIRST), Event::Start(FIRST), click(0),
    ],
}

/// The same under the real program, whose clock faketime moves.
mod with_faketime {
    use super::*;

    #[test]
    fn nothing_waits_for_a_clock_that_was_set_back_between_two_starts_on_sqlite() {
        passes(StoreKind::Sqlite, ClockKind::Faketime, &clock_set_back());
    }

    #[test]
    fn nothing_waits_for_a_clock_that_was_set_back_between_two_starts_on_redis() {
        passes(StoreKind::Redis, ClockKind::Faketime, &clock_set_back());
    }

    #[test]
    fn a_clock_months_ahead_for_a_while_erases_nothing_on_sqlite() {
        passes(StoreKind::Sqlite, ClockKind::Faketime, &months_ahead());
    }

    #[test]
    fn a_clock_months_ahead_for_a_while_erases_nothing_on_redis() {
        passes(StoreKind::Redis, ClockKind::Faketime, &months_ahead());
    }
}

fn five_kills() -> Vec<Event> {
    let mut events = vec![Event::Kill(FIRST)];
    for after in [5, 15, 30, 50, 80] {
        events.push(Event::KillWhileStarting { who: FIRST, after });
    }
    for _ in 0..5 {
        events.extend([Event::Start(FIRST), Event::KillUnderLoad { who: FIRST, link: 0, answers: 10 }]);
    }
    for link in [0, 1, 2] {
        events.extend([Event::Start(FIRST), Event::StopUnderLoad { who: FIRST, link, answers: 100 }]);
    }
    events.extend([
        Event::Start(FIRST),
        Event::StopUnderLoad { who: FIRST, link: 0, answers: 100 },
        Event::Start(FIRST),
    ]);
    events
}

fn clock_set_back() -> Vec<Event> {
    vec![
        click(0),
        Event::Quiet,
        Event::Stop(FIRST),
        Event::Clock(-600),
        Event::Start(FIRST),
        click(0),
        Event::Stop(FIRST),
        Event::Clock(-30 * 86_400),
        Event::Start(FIRST),
        click(0),
    ]
}

fn months_ahead() -> Vec<Event> {
    vec![
        Event::Clock(-86_400),
        click(0),
        Event::Clock(0),
        click(1),
        Event::Quiet,
        Event::Clock(MONTHS_14),
        click(2),
        // Deletion by age was due at the turn of the day, which is looked at four times a second.
        Event::Idle(1_500),
        Event::Stop(FIRST),
        Event::Start(FIRST),
        Event::Idle(1_500),
        Event::Clock(0),
        click(1),
    ]
}

fn emptied(how: Emptied) -> Vec<Event> {
    vec![click(0), Event::Quiet, Event::Empty(how), click(0), Event::Adopt, click(0), Event::Quiet]
}
