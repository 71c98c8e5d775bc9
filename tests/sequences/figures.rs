//! What a run of sequences did.

use std::fmt;
use std::time::Duration;

use crate::clicks::Outcome;

/// Sums over sequences.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) sequences: u32,
    pub(crate) events: u32,
    starts: u32,
    starting: Duration,
    pub(crate) kills: u32,
    pub(crate) stops: u32,
    pub(crate) refused: u32,
    pub(crate) told: u32,
    answered: u64,
    unanswered: u64,
}

impl Figures {
    pub(crate) fn started(&mut self, took: Duration) {
        self.starts += 1;
        self.starting += took;
    }

    pub(crate) fn clicked(&mut self, outcomes: &[Outcome]) {
        self.answered +=
            outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Answered(_))).count() as u64;
        self.unanswered += outcomes.iter().filter(|outcome| **outcome == Outcome::Unanswered).count() as u64;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.sequences += other.sequences;
        self.events += other.events;
        self.starts += other.starts;
        self.starting += other.starting;
        self.kills += other.kills;
        self.stops += other.stops;
        self.refused += other.refused;
        self.told += other.told;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequences, events, starts, starting, kills, stops, refused, told, answered, unanswered } =
            self;
        let start = starting.checked_div(*starts).unwrap_or_default();
        write!(
            f,
            "{sequences} sequences of {events} events: {answered} clicks answered, {unanswered} cut off, \
             {starts} starts ({start:.0?} each), {kills} kills, {stops} stops, {refused} second processes refused, \
             {told} losses told"
        )
    }
}
