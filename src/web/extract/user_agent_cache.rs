//! Verdicts on user agents that this thread has seen lately: most requests come with one of a few.
//!
//! What is kept, in memory only, is a keyed hash and a verdict. Nobody can tell a user agent from
//! it, and nobody who does not know the key can make one user agent pass for another.

use std::array;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use crate::domain::agent::Agent;

/// How many verdicts a thread keeps; a newer one takes the place of an older.
const PLACES: usize = 1_024;

thread_local! {
    static VERDICTS: Verdicts = Verdicts::default();
}

/// Judges a user agent.
pub(crate) fn judge(user_agent: &[u8]) -> Agent {
    VERDICTS.with(|verdicts| verdicts.judge(user_agent))
}

struct Verdicts {
    key: RandomState,
    places: Box<[Place; PLACES]>,
}

type Place = Cell<Option<(u64, Agent)>>;

impl Default for Verdicts {
    fn default() -> Self {
        Self { key: RandomState::new(), places: Box::new(array::from_fn(|_| Cell::default())) }
    }
}

impl Verdicts {
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash are as good")]
    fn judge(&self, user_agent: &[u8]) -> Agent {
        let hash = self.key.hash_one(user_agent);
        let place = &self.places[hash as usize % PLACES];
        match place.get() {
            Some((known, agent)) if known == hash => agent,
            _ => {
                let agent = Agent::classify(user_agent);
                place.set(Some((hash, agent)));
                agent
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_the_same_the_first_time_and_later_and_when_its_place_was_taken() {
        let verdicts = Verdicts::default();
        let person = |number| format!("Mozilla/5.0 (X11; rv:{number}) Gecko/20100101 Firefox/{number}");
        let robot = |number| format!("curl/{number}");
        for _ in 0..2 {
            for number in 0..PLACES {
                assert_eq!(verdicts.judge(person(number).as_bytes()), Agent::Person);
                assert_eq!(verdicts.judge(person(number).as_bytes()), Agent::Person);
                assert_eq!(verdicts.judge(robot(number).as_bytes()), Agent::Robot);
            }
        }
    }
}
