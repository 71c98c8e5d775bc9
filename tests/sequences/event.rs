//! What can happen to an installation. A sequence of these is a test; `Debug` prints one as it is written in Rust, so
//! that a shrunk sequence can be pasted among the scripted ones.

/// Whose turn it is: the first instance, or the one on a copy of its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    First,
    Copy,
}

/// How a store is away for a while without losing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// Redis is killed and has everything again when it is started; another connection locks the SQLite file.
    Down,
    /// Redis is stopped and keeps its connections; the SQLite file is locked as above.
    Hanging,
}

/// How a store is emptied. Redis knows one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emptied {
    /// Its files are deleted.
    Deleted,
    /// Its files are moved to another place.
    Moved,
    /// An empty file stands in its place.
    Replaced,
}

/// One event. Where it does not apply it does nothing, so that any event can be left out of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The service is started, and it listens.
    Start(Who),
    /// People open a link, so many of them at once. Without consent they are counted by the policy `aggregate`.
    Click { who: Who, link: usize, clicks: u32, at_once: u32, consent: bool },
    /// `kill -9`.
    Kill(Who),
    /// `kill -9` under steady load, when so many clicks of it were answered.
    KillUnderLoad { who: Who, link: usize, answers: u32 },
    /// `kill -9` so many milliseconds after the start.
    KillWhileStarting { who: Who, after: u64 },
    /// SIGTERM, and the wait for the end.
    Stop(Who),
    /// SIGTERM under steady load, when so many clicks of it were answered.
    StopUnderLoad { who: Who, link: usize, answers: u32 },
    /// The clock is so many seconds ahead of the true time from now on, or behind it.
    Clock(i64),
    /// Nothing happens for so many milliseconds.
    Idle(u64),
    /// Nothing happens until everything that was answered is in the store.
    Quiet,
    /// The first instance's journal folder is copied; `Who::Copy` uses the copy.
    CopyJournal,
    /// A second process is started with the first instance's settings. It must be refused.
    SecondProcess { lock_removed: bool },
    /// The store is away.
    Outage(Away),
    /// The store is back.
    OutageEnd,
    /// The store loses everything.
    Empty(Emptied),
    /// What the store lost is put back.
    PutBack,
    /// A copy of the store is kept.
    Snapshot,
    /// The copy takes the store's place.
    Restore,
    /// The first instance is ended, and started with another `store.url`.
    WrongStore,
    /// It is ended again, and started with the right one.
    RightStore,
    /// An operator says that the present store is the right one.
    Adopt,
    /// The same, and the service is killed at that moment and started again: the decision holds all the same.
    AdoptUnderKill,
    /// An operator says so of a store with which nothing is wrong, whether or not the service runs. It must not stand for
    /// what happens later.
    AdoptForNothing,
    /// `entrenous doctor` looks, and changes nothing.
    Doctor,
    /// A link is deleted and made anew with the same slug, while so many clicks are in flight.
    Remake { link: usize, in_flight: u32 },
}

/// How many links there are.
pub(crate) const LINKS: usize = 3;

/// Which store a sequence is played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    Redis,
}

/// What moves the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockKind {
    /// This test program is the service, with a clock of its own.
    Injected,
    /// The real program, under Debian's faketime.
    Faketime,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) store: StoreKind,
    pub(crate) clock: ClockKind,
    pub(crate) events: Vec<Event>,
}
