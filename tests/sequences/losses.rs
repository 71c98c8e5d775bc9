//! Losses that the test brought about: whether they are told, and the operator's word that ends that.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::event::Who;
use crate::instance::PAUSE;
use crate::model::View;
use crate::stores::Content;
use crate::world::{Failure, World};

/// A loss is told within this.
const TOLD: Duration = Duration::from_secs(8);
/// A process notices within this that its file is another one.
const NOTICED: Duration = Duration::from_secs(3);

/// What the test did to the store.
#[derive(Debug)]
pub(crate) struct Destroyed {
    pub(crate) when: Instant,
    /// When a service was found telling of it.
    pub(crate) told: Option<Instant>,
    /// What was moved away, and can be put back.
    pub(crate) aside: Option<(Content, View)>,
    /// Whether a service was running.
    pub(crate) while_running: bool,
}

impl Destroyed {
    pub(crate) fn at(when: Instant, while_running: bool) -> Self {
        Self { when, told: None, aside: None, while_running }
    }

    /// What was answered until then may be lost with the store.
    pub(crate) fn until(&self) -> Instant {
        let latest = self.when + if self.while_running { TOLD } else { Duration::ZERO };
        self.told.map_or(latest, |told| told.min(latest))
    }
}

impl World {
    /// Waits until a loss is told, and notes when it was. False where nobody tells of it in time.
    pub(crate) fn wait_until_told(&mut self) -> bool {
        self.waits_until_told(None)
    }

    /// The same, or until the store has everything again: a journal can make up for a little.
    pub(crate) fn wait_until_told_or_complete(&mut self) -> bool {
        // A process that has another file open reads what is in that one, until it notices.
        let other_file = self.ground.is_for_one()
            && self.destroyed.as_ref().is_some_and(|destroyed| destroyed.while_running);
        let notices = if other_file { NOTICED } else { Duration::ZERO };
        self.waits_until_told((!self.model.lacks_links()).then_some(notices))
    }

    /// Waits until a loss is told, or, from so long on, until everything is there.
    fn waits_until_told(&mut self, or_complete: Option<Duration>) -> bool {
        let began = Instant::now();
        while began.elapsed() < TOLD {
            if self.told().is_some() {
                if let Some(destroyed) = &mut self.destroyed {
                    destroyed.told.get_or_insert_with(Instant::now);
                }
                self.figures.told += 1;
                return true;
            }
            if or_complete.is_some_and(|from| began.elapsed() >= from)
                && self.counted().is_ok_and(|counted| self.model.check(&counted).is_ok())
            {
                return false;
            }
            sleep(PAUSE);
        }
        false
    }

    /// What a running instance tells of the store.
    pub(crate) fn told(&self) -> Option<String> {
        self.instances.iter().find_map(|instance| instance.running.as_ref()?.told())
    }

    /// Runs `doctor --adopt-store` for every instance; where that helps only with a restart, with one.
    pub(crate) fn adopt(&mut self) -> Result<(), Failure> {
        self.adopt_as(false)
    }

    /// The same; `killed` ends the first instance with the decision, and starts it again.
    pub(crate) fn adopt_as(&mut self, killed: bool) -> Result<(), Failure> {
        let Some(destroyed) = &self.destroyed else { return Ok(()) };
        let (until, while_running) = (destroyed.until(), destroyed.while_running);
        // A process cannot be given another file than the one that it has open.
        let again = self.ground.is_for_one() && while_running;
        let running: Vec<bool> = self.instances.iter().map(|instance| instance.running.is_some()).collect();
        if again {
            self.stop_all()?;
            self.start(Who::First)?;
        }
        let url = self.ground.url(true);
        for instance in &self.instances {
            self.launcher.adopt(&instance.journal, &url)?;
        }
        if killed && self.is_running(Who::First) {
            self.kill(Who::First);
        }
        self.model.adopted(until);
        self.destroyed = None;
        if killed {
            self.start(Who::First)?;
        }
        if !again && running.iter().all(|running| !running) {
            self.start(Who::First)?;
        }
        self.wait_until_not_told("after it was adopted")?;
        if self.model.stored.secret.is_none() {
            // Only a start makes the first site of an empty store.
            self.stop_all()?;
            self.start(Who::First)?;
        }
        self.make_links()
    }

    pub(crate) fn wait_until_not_told(&self, when: &str) -> Result<(), Failure> {
        let began = Instant::now();
        while let Some(fault) = self.told() {
            if began.elapsed() > TOLD {
                return Err(format!("{fault} is still told of the right store {when}"));
            }
            sleep(PAUSE);
        }
        Ok(())
    }
}
