//! Plays a sequence, and judges it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::clicks::{Click, Outcome};
use crate::event::{Event, Plan, Who};
use crate::figures::Figures;
use crate::losses::Destroyed;
use crate::model::View;
use crate::world::{Failure, World};

/// What Redis was given in the moment before it lost everything may be lost with it: one settling.
const UNSETTLED: Duration = Duration::from_secs(2);

/// Plays a sequence to its end and compares what was counted with what was answered.
pub(crate) fn play(plan: &Plan) -> (Figures, Result<(), Failure>) {
    play_falsified(plan, 0)
}

/// The same with a number added to what is read.
pub(crate) fn play_falsified(plan: &Plan, falsify: i64) -> (Figures, Result<(), Failure>) {
    let mut world = match World::new(plan) {
        Ok(world) => world,
        Err(failure) => return (Figures::default(), Err(failure)),
    };
    world.falsify = falsify;
    world.figures.sequences = 1;
    let mut done = Ok(());
    for (number, event) in plan.events.iter().enumerate() {
        world.figures.events += 1;
        done =
            world.happens(*event).map_err(|failure| format!("at event {}, {event:?}: {failure}", number + 1));
        if done.is_err() {
            break;
        }
    }
    let done = done.and_then(|()| world.ends().map_err(|failure| format!("at the end: {failure}")));
    let log = world.launcher.log_end();
    (world.figures, done.map_err(|failure| format!("{failure}\n{log}")))
}

impl World {
    fn happens(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Start(who) => return self.start(who),
            Event::Click { who, link, clicks, at_once, consent } => {
                if let Some((click, made_here)) = self.click(who, link, consent) {
                    let outcomes = click.send_many(clicks, at_once);
                    self.clicked(link, &outcomes, made_here);
                }
            }
            Event::Kill(who) => self.kill(who),
            Event::KillUnderLoad { who, link, answers } => {
                if let Some((click, made_here)) = self.click(who, link, true) {
                    let (outcomes, ()) = click.send_until(answers, || self.kill(who));
                    self.clicked(link, &outcomes, made_here);
                }
            }
            Event::KillWhileStarting { who, after } => self.kill_while_starting(who, after),
            Event::Stop(who) => return self.stop(who),
            Event::StopUnderLoad { who, link, answers } => {
                if let Some((click, made_here)) = self.click(who, link, true) {
                    let (outcomes, stopped) = click.send_until(answers, || self.stop(who));
                    self.clicked(link, &outcomes, made_here);
                    return stopped;
                }
            }
            Event::Clock(seconds) => self.set_clock(seconds),
            Event::Idle(milliseconds) => sleep(Duration::from_millis(milliseconds)),
            Event::Quiet => return self.is_quiet(),
            Event::CopyJournal => self.copy_journal(),
            Event::SecondProcess { lock_removed } => return self.second_process(lock_removed),
            Event::Outage(how) if self.is_usual() => self.ground.begin_outage(how),
            Event::OutageEnd => self.ground.end_outage(),
            Event::Empty(how) if self.is_usual() => {
                self.ground.end_outage();
                let before = self.model.stored.clone();
                let aside = self.ground.empty(how).map(|content| (content, before));
                self.model.exchanged(View::default());
                return self.destroyed(aside);
            }
            Event::PutBack => return self.put_back(),
            Event::Snapshot if self.is_usual() => {
                self.ground.end_outage();
                self.snapshot = Some((self.ground.copy(), self.model.stored.clone()));
            }
            Event::Restore if self.is_usual() => self.restore(),
            Event::WrongStore if self.is_usual() => return self.wrong_store(),
            Event::RightStore => return self.right_store(),
            Event::Adopt if self.right_store => {
                self.ground.end_outage();
                return self.adopt();
            }
            Event::AdoptUnderKill if self.right_store => {
                self.ground.end_outage();
                return self.adopt_as(true);
            }
            Event::AdoptForNothing if self.is_usual() && !self.ground.is_away() => {
                return self.launcher.adopt(&self.instances[0].journal, &self.ground.url(true));
            }
            Event::Doctor if !self.ground.is_away() => {
                self.launcher.doctor(&self.instances[0].journal, &self.ground.url(self.right_store));
            }
            Event::Remake { link, in_flight } if self.is_usual() => return self.remake(link, in_flight),
            Event::Outage(_)
            | Event::Empty(_)
            | Event::Snapshot
            | Event::Restore
            | Event::WrongStore
            | Event::Adopt
            | Event::AdoptUnderKill
            | Event::AdoptForNothing
            | Event::Doctor
            | Event::Remake { .. } => {}
        }
        Ok(())
    }

    /// Whether the store is the right one, with everything.
    fn is_usual(&self) -> bool {
        self.right_store && self.destroyed.is_none()
    }

    pub(crate) fn kill(&mut self, who: Who) {
        let process = self.place(who).and_then(|place| self.instances[place].running.take());
        if let Some(process) = process {
            process.kill();
            self.figures.kills += 1;
        }
    }

    fn stop(&mut self, who: Who) -> Result<(), Failure> {
        let process = self.place(who).and_then(|place| self.instances[place].running.take());
        let Some(process) = process else { return Ok(()) };
        self.figures.stops += 1;
        process.stop()
    }

    fn kill_while_starting(&mut self, who: Who, after: u64) {
        let alone =
            !self.ground.is_for_one() || !self.instances.iter().any(|instance| instance.running.is_some());
        // The key of a site that nobody has been told of is gone.
        let known = self.model.stored.secret.is_some() || !self.right_store;
        let Some(place) = self.place(who).filter(|_| alone && known && !self.is_running(who)) else { return };
        let process =
            self.launcher.launch(&self.instances[place].journal, &self.ground.url(self.right_store));
        sleep(Duration::from_millis(after));
        process.kill();
        self.figures.kills += 1;
    }

    fn is_quiet(&mut self) -> Result<(), Failure> {
        let all_run = self.instances.iter().all(|instance| instance.running.is_some());
        if all_run && self.is_usual() && !self.ground.is_away() { self.wait_until_counted() } else { Ok(()) }
    }

    fn second_process(&mut self, lock_removed: bool) -> Result<(), Failure> {
        if !self.is_running(Who::First) || !self.is_usual() {
            return Ok(());
        }
        if lock_removed {
            self.remove_lock();
        }
        let journal = self.instances[0].journal.clone();
        self.must_be_refused(&journal, "on one journal folder")
    }

    fn destroyed(&mut self, aside: Option<(crate::stores::Content, View)>) -> Result<(), Failure> {
        let while_running = self.instances.iter().any(|instance| instance.running.is_some());
        self.destroyed = Some(Destroyed { aside, ..Destroyed::at(Instant::now(), while_running) });
        if while_running && !self.wait_until_told() {
            return Err("the store was emptied, and nobody tells of it".to_owned());
        }
        Ok(())
    }

    fn restore(&mut self) {
        let Some((content, view)) = self.snapshot.clone() else { return };
        self.ground.end_outage();
        self.ground.restore(&content);
        self.model.exchanged(view);
        self.model.excuse_unsettled_of_lost_links(UNSETTLED);
        let while_running = self.instances.iter().any(|instance| instance.running.is_some());
        self.destroyed = Some(Destroyed::at(Instant::now(), while_running));
        self.restored = true;
        if while_running {
            // Whether it is complete or not decides the end.
            self.wait_until_told_or_complete();
        }
    }

    fn put_back(&mut self) -> Result<(), Failure> {
        let Some((content, view)) = self.destroyed.as_mut().and_then(|destroyed| destroyed.aside.take())
        else {
            return Ok(());
        };
        self.ground.end_outage();
        self.ground.put_back(&content);
        let destroyed = self.destroyed.take().expect("it has just been looked at");
        let unsafe_span = (!self.ground.is_for_one() && destroyed.while_running)
            .then(|| (destroyed.when.checked_sub(UNSETTLED).unwrap_or(destroyed.when), destroyed.until()));
        self.model.put_back(view, unsafe_span);
        self.wait_until_not_told("after it was put back")
    }

    fn wrong_store(&mut self) -> Result<(), Failure> {
        if self.instances.len() > 1 {
            return Ok(());
        }
        self.ground.end_outage();
        self.stop(Who::First)?;
        self.right_store = false;
        self.start(Who::First)?;
        if self.wait_until_told() {
            Ok(())
        } else {
            Err("store.url is a wrong one, and nobody tells of it".to_owned())
        }
    }

    fn right_store(&mut self) -> Result<(), Failure> {
        if self.right_store {
            return Ok(());
        }
        self.stop(Who::First)?;
        self.right_store = true;
        self.start(Who::First)?;
        self.wait_until_not_told("after it was set again")
    }

    fn remake(&mut self, link: usize, in_flight: u32) -> Result<(), Failure> {
        let Some((click, _)) = self.click(Who::First, link, true) else { return Ok(()) };
        if self.ground.is_away() || !self.model.has(link) {
            return Ok(());
        }
        let flying = (in_flight > 0).then(|| fly(click, in_flight));
        let path = format!("/api/v1/links/{}", click.code);
        let before = self.model.life(link);
        self.model.deleted(link);
        self.insists("DELETE", &path, None, [204, 404]).map_err(|why| format!("link {link} stays: {why}"))?;
        let made = self.make(link);
        if let Some(flying) = flying {
            let outcomes = flying.join().expect("no panic");
            self.figures.clicked(&outcomes);
            self.model.clicked_meanwhile(link, before, &outcomes);
        }
        made
    }

    /// The end of every sequence: the right store, the true time, and everything that any journal has. Then what is
    /// counted must be right.
    fn ends(&mut self) -> Result<(), Failure> {
        self.ground.end_outage();
        self.set_clock(0);
        self.right_store()?;
        self.loss_is_told_or_none()?;
        self.stop_all()?;
        self.start(Who::Copy)?;
        self.stop(Who::Copy)?;
        self.start(Who::First)?;
        self.wait_until_counted()?;
        self.nothing_is_told()?;
        // What another start settles once more must be passed over.
        self.stop(Who::First)?;
        self.start(Who::First)?;
        self.wait_until_counted()?;
        self.nothing_waits()
    }

    /// Sees that a loss is still told, and says that the store is the right one; or that none is, where none was.
    fn loss_is_told_or_none(&mut self) -> Result<(), Failure> {
        if self.destroyed.is_none() {
            return self.nothing_is_told();
        }
        if self.instances.iter().all(|instance| instance.running.is_none()) {
            self.start(Who::First)?;
        }
        if self.wait_until_told_or_complete() {
            return self.adopt();
        }
        if self.model.stored.secret.is_none() || self.model.lacks_links() {
            return Err("the store lost links with their counts, and nobody tells of it".to_owned());
        }
        // What it lost of their counts is seen now.
        self.destroyed = None;
        Ok(())
    }

    /// Sees that nothing is told of the right store. Where an earlier one was restored, what the model does not ask for
    /// may be missing; then an operator says that it is the right one, and nothing is excused by that.
    fn nothing_is_told(&mut self) -> Result<(), Failure> {
        match self.told() {
            None => Ok(()),
            Some(fault) if !self.restored => Err(format!("{fault} is told of the right store")),
            Some(_) => {
                self.destroyed = Some(Destroyed::at(self.began, false));
                self.adopt()
            }
        }
    }
}

/// Sends clicks beside what happens meanwhile.
fn fly(click: Click<'static>, clicks: u32) -> std::thread::JoinHandle<Vec<Outcome>> {
    std::thread::spawn(move || click.send_many(clicks, 4))
}
