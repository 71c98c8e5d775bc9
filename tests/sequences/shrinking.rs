//! Makes a sequence that fails shorter: events are left out for as long as it still fails.

use std::time::Instant;

use crate::event::Plan;

/// Returns the shortest sequence found until then, and how it fails; no failure where none was shorter.
pub(crate) fn shrink<F>(
    plan: Plan,
    until: Instant,
    mut fails: impl FnMut(&Plan) -> Option<F>,
) -> (Plan, Option<F>) {
    let (mut shortest, mut failure) = (plan, None);
    let mut part = shortest.events.len().div_ceil(2);
    while part > 0 {
        let mut first = 0;
        while first < shortest.events.len() && Instant::now() < until {
            let mut events = shortest.events.clone();
            events.drain(first..(first + part).min(events.len()));
            let shorter = Plan { events, ..shortest.clone() };
            match fails(&shorter) {
                Some(found) => (shortest, failure) = (shorter, Some(found)),
                None => first += part,
            }
        }
        part /= 2;
    }
    (shortest, failure)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{ClockKind, Event, StoreKind};

    #[test]
    fn only_what_it_takes_to_fail_is_left() {
        let idle = |numbers: &[u64]| numbers.iter().map(|number| Event::Idle(*number)).collect();
        let plan = Plan {
            store: StoreKind::Sqlite,
            clock: ClockKind::Injected,
            events: idle(&[1, 2, 3, 4, 5, 6, 7]),
        };
        let fails = |plan: &Plan| {
            let has = |number| plan.events.contains(&Event::Idle(number));
            (has(2) && has(6)).then_some(plan.events.len())
        };
        let (shortest, failure) = shrink(plan, Instant::now() + Duration::from_secs(20), fails);
        assert_eq!((shortest.events, failure), (idle(&[2, 6]), Some(2)));
    }
}
