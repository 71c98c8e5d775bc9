//! Sequences from seeds.

use crate::event::{Away, ClockKind, Emptied, Event, LINKS, Plan, StoreKind, Who};

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
const MONTH: i64 = 30 * DAY;

/// A source of numbers that a seed decides.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn choose<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("an index")]
    }
}

/// What a sequence is about, beside what all of them have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Theme {
    Plain,
    Copies,
    Stores,
}

/// Makes a seed's sequence: half of the seeds are on each store, and one in twenty uses faketime.
pub(crate) fn plan(seed: u64) -> Plan {
    let store = if seed.is_multiple_of(2) { StoreKind::Sqlite } else { StoreKind::Redis };
    let clock = if (seed / 2) % 20 == 7 { ClockKind::Faketime } else { ClockKind::Injected };
    let mut random = Random::new(seed);
    let theme = random.choose(&[Theme::Plain, Theme::Plain, Theme::Copies, Theme::Stores, Theme::Stores]);
    let length = 5 + random.below(6);
    let mut draft = Draft { random, theme, events: Vec::new(), running: true, copied: false, shots: 0 };
    for _ in 0..length {
        draft.add();
    }
    Plan { store, clock, events: draft.events }
}

struct Draft {
    random: Random,
    theme: Theme,
    events: Vec<Event>,
    /// Whether the first instance is up by now.
    running: bool,
    copied: bool,
    /// How many events of the theme there were.
    shots: u32,
}

impl Draft {
    fn add(&mut self) {
        if self.shots < 3 && self.random.chance(30) && self.of_theme() {
            self.shots += 1;
        } else if self.running {
            self.while_running();
        } else {
            self.while_stopped();
        }
    }

    fn while_running(&mut self) {
        let link = self.link();
        let who = self.who();
        match self.random.below(100) {
            0..34 => self.click(),
            34..42 => self.end(Event::Kill(who), who),
            42..50 => {
                let answers = self.few(40);
                self.end(Event::KillUnderLoad { who, link, answers }, who);
            }
            50..58 => self.end(Event::Stop(who), who),
            58..63 => {
                let answers = self.few(40);
                self.end(Event::StopUnderLoad { who, link, answers }, who);
            }
            63..73 => self.clock(),
            73..79 => {
                let idle = self.random.below(600);
                self.events.push(Event::Idle(idle));
            }
            79..85 => self.outage(),
            85..94 => {
                self.click();
                let in_flight = self.random.choose(&[0, 0, 4, 8]);
                self.events.push(Event::Remake { link, in_flight });
                self.click();
            }
            94..95 => self.events.push(Event::Doctor),
            95..97 => {
                let lock_removed = self.random.chance(50);
                self.events.push(Event::SecondProcess { lock_removed });
            }
            _ => self.events.push(Event::Quiet),
        }
    }

    fn while_stopped(&mut self) {
        match self.random.below(100) {
            0..20 => self.clock(),
            20..30 => {
                let after = self.random.below(150);
                self.events.push(Event::KillWhileStarting { who: Who::First, after });
            }
            30..35 => self.outage(),
            35..40 => self.events.push(Event::AdoptForNothing),
            _ => {
                self.events.push(Event::Start(Who::First));
                self.running = true;
            }
        }
    }

    /// Adds an event of the theme; false where there is none.
    fn of_theme(&mut self) -> bool {
        match self.theme {
            Theme::Plain => return false,
            Theme::Copies => {
                if !self.copied {
                    self.events.push(Event::CopyJournal);
                    self.copied = true;
                }
                self.events.push(Event::Start(Who::Copy));
                self.click();
            }
            Theme::Stores => match self.shots {
                0 => self.events.push(Event::Snapshot),
                1 => {
                    self.click();
                    if self.random.chance(50) {
                        self.events.push(Event::Quiet);
                    }
                    let event = match self.random.below(10) {
                        0..3 => Event::Empty(self.random.choose(&[
                            Emptied::Deleted,
                            Emptied::Moved,
                            Emptied::Replaced,
                        ])),
                        3..7 => Event::Restore,
                        _ => Event::WrongStore,
                    };
                    if self.random.chance(20) {
                        self.events.push(Event::AdoptForNothing);
                    }
                    // Found by a start, or by a service that runs.
                    let while_stopped = self.running && event != Event::WrongStore && self.random.chance(40);
                    if while_stopped {
                        self.events
                            .push(self.random.choose(&[Event::Stop(Who::First), Event::Kill(Who::First)]));
                    }
                    self.events.push(event);
                    if while_stopped {
                        self.events.push(Event::Start(Who::First));
                    }
                    self.running |= event == Event::WrongStore;
                }
                _ => {
                    let event = self.random.choose(&[
                        Event::PutBack,
                        Event::PutBack,
                        Event::Adopt,
                        Event::AdoptUnderKill,
                        Event::RightStore,
                    ]);
                    self.events.push(event);
                }
            },
        }
        true
    }

    fn end(&mut self, event: Event, who: Who) {
        self.events.push(event);
        if who == Who::First {
            self.running = false;
        }
    }

    fn click(&mut self) {
        let (who, link) = (self.who(), self.link());
        let clicks = 1 + self.few(30);
        let at_once = self.random.choose(&[1, 1, 3, 8]);
        let consent = self.random.chance(70);
        self.events.push(Event::Click { who, link, clicks, at_once, consent });
    }

    fn few(&mut self, end: u64) -> u32 {
        u32::try_from(self.random.below(end)).expect("few")
    }

    fn who(&mut self) -> Who {
        if self.copied && self.random.chance(40) { Who::Copy } else { Who::First }
    }

    fn link(&mut self) -> usize {
        usize::try_from(self.random.below(LINKS as u64)).expect("few")
    }

    /// Puts the clock somewhere else: never more than 12 months back or 14 ahead.
    fn clock(&mut self) {
        let span = self.random.choose(&[5, 10 * MINUTE, 3 * 3_600, DAY, 9 * DAY, 2 * MONTH, 12 * MONTH]);
        let ahead = i64::try_from(self.random.below(span.unsigned_abs() + 1)).expect("months");
        let seconds = match self.random.below(10) {
            0..4 => ahead,
            4..8 => -ahead,
            8 => 0,
            _ => 14 * MONTH + 5 * DAY,
        };
        self.events.push(Event::Clock(seconds));
        if self.running && seconds > DAY && self.random.chance(50) {
            // Long enough for what happens at the turn of a day.
            self.events.push(Event::Idle(500));
        }
    }

    fn outage(&mut self) {
        let away = self.random.choose(&[Away::Down, Away::Hanging]);
        self.events.push(Event::Outage(away));
        self.click();
        if self.random.chance(60) {
            let idle = self.random.below(400);
            self.events.push(Event::Idle(idle));
        }
        if self.random.chance(70) {
            self.events.push(Event::OutageEnd);
        }
    }
}
