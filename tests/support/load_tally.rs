//! What came of a load: how many clicks were sent and answered, and how long the answers took.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

/// What came of a load.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// By link, in the order of the plan.
    pub(crate) links: Vec<Clicks>,
    /// Answers with another status than 302, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Connections that broke, or went silent, before the answer was there.
    pub(crate) broken: u64,
    /// Attempts to connect that failed.
    pub(crate) unreachable: u64,
    answers: Vec<Answered>,
}

/// The clicks on one link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clicks {
    /// The link.
    pub(crate) code: String,
    /// Requests that were begun. No more than these may be counted.
    pub(crate) sent: u64,
    /// 302s that arrived in full. Each of these must be counted.
    pub(crate) answered: u64,
    /// Who was answered with a 302.
    pub(crate) visitors: BTreeSet<u32>,
    /// Who sent a request.
    pub(crate) sent_visitors: BTreeSet<u32>,
}

impl Clicks {
    /// Of what was answered, how much is not among so many counted clicks.
    pub(crate) fn lost(&self, counted: u64) -> u64 {
        self.answered.saturating_sub(counted)
    }

    /// Of so many counted clicks, how many cannot have been sent once only.
    pub(crate) fn doubled(&self, counted: u64) -> u64 {
        counted.saturating_sub(self.sent)
    }
}

/// One 302.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// When the request was due: before it was sent, and before a connection was made for it.
    pub(crate) at: Instant,
    /// How long the whole answer took.
    pub(crate) after: Duration,
}

/// How long 302s took, to the last byte of the answer, with the time to connect where that was needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latencies {
    /// How many there are.
    pub(crate) count: usize,
    /// Half of them took no longer.
    pub(crate) p50: Duration,
    /// 99 % of them took no longer.
    pub(crate) p99: Duration,
    /// The slowest.
    pub(crate) max: Duration,
}

impl Tally {
    pub(super) fn new(codes: &[String]) -> Self {
        let links = codes.iter().map(|code| Clicks { code: code.clone(), ..Clicks::default() }).collect();
        Self { links, refused: BTreeMap::new(), broken: 0, unreachable: 0, answers: Vec::new() }
    }

    pub(super) fn sent(&mut self, link: usize, visitor: u32) {
        self.links[link].sent += 1;
        self.links[link].sent_visitors.insert(visitor);
    }

    pub(super) fn answer(&mut self, link: usize, visitor: u32, status: u16, answer: Answered) {
        if status == 302 {
            self.links[link].answered += 1;
            self.links[link].visitors.insert(visitor);
            self.answers.push(answer);
        } else {
            *self.refused.entry(status).or_default() += 1;
        }
    }

    /// What came of one link's clicks.
    pub(crate) fn of(&self, code: &str) -> &Clicks {
        self.links.iter().find(|link| link.code == code).expect("a link of the plan")
    }

    /// Requests that were begun.
    pub(crate) fn sent_in_all(&self) -> u64 {
        self.links.iter().map(|link| link.sent).sum()
    }

    /// 302s that arrived in full.
    pub(crate) fn answered(&self) -> u64 {
        self.links.iter().map(|link| link.answered).sum()
    }

    /// Requests that have no answer: those under way, and those that broke, which may be counted
    /// or not.
    pub(crate) fn unanswered(&self) -> u64 {
        self.sent_in_all() - self.answered() - self.refused.values().sum::<u64>()
    }

    /// Asserts that every request had its 302, and that every connection could be made and held.
    pub(crate) fn assert_nothing_failed(&self) {
        assert_eq!((self.broken, self.unreachable, self.refused.len()), (0, 0, 0), "{self}");
    }

    /// How long all 302s took.
    pub(crate) fn latencies(&self) -> Latencies {
        Latencies::of(self.answers.iter().map(|answer| answer.after).collect())
    }

    /// How long the 302s to requests of a stretch of time took.
    pub(crate) fn latencies_between(&self, from: Instant, to: Instant) -> Latencies {
        let within = self.answers.iter().filter(|answer| (from..to).contains(&answer.at));
        Latencies::of(within.map(|answer| answer.after).collect())
    }
}

impl Latencies {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |percent: usize| {
            let place = (all.len() * percent).div_ceil(100);
            all.get(place.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { count: all.len(), p50: at(50), p99: at(99), max: at(100) }
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.1?}, p99 {:.1?}, slowest {:.1?}", self.p50, self.p99, self.max)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} clicks sent, {} answered, ", self.sent_in_all(), self.answered())?;
        write!(f, "{} without an answer, {:?} refused, ", self.unanswered(), self.refused)?;
        write!(f, "{} connections broke, {} could not be made; ", self.broken, self.unreachable)?;
        self.latencies().fmt(f)
    }
}
