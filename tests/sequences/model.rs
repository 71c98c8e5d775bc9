//! The oracle: what must have been counted, and what may have been.
//!
//! A link has *lives*: made anew with the same slug, it begins another one, whose counts are its own. A click whose
//! 302 came back whole must count once, in the life that the link had then. A click that got no response may count.
//! Where the test itself took counts away from the store, what was answered until the service told of it may be
//! missing after an operator said that this store is the right one, and nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::clicks::Outcome;

/// Until then, an instance may believe what another one has changed since.
const NEWS: Duration = Duration::from_secs(2);

/// A life of a link, by its place among all of a sequence.
pub(crate) type LifeId = usize;

#[derive(Debug, Clone, Default)]
struct Life {
    link: usize,
    /// When the clicks were answered that must count.
    answered: Vec<Instant>,
    /// How many clicks may count besides.
    perhaps: u64,
    /// When it was made, where the link had a life before.
    made: Option<Instant>,
    /// Whether it was deleted once: an older store may have it again, with whatever it had then.
    deleted: bool,
}

/// What a store holds: the secret key of its site, and which life each link has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) secret: Option<String>,
    pub(crate) links: BTreeMap<usize, LifeId>,
}

/// What a sequence has done until now.
#[derive(Debug, Default)]
pub(crate) struct Model {
    lives: Vec<Life>,
    /// What is in the store.
    pub(crate) stored: View,
    /// What a running service may believe to be there.
    served: View,
    /// Clicks on lives that the store does not have at the moment.
    pending: Vec<(LifeId, Instant)>,
}

/// Where counts are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    link: usize,
    life: LifeId,
    counted: u64,
    least: u64,
    most: u64,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { link, life, counted, least, most } = self;
        let what = if counted < least { "lost" } else { "counted too often" };
        let difference = least.saturating_sub(*counted).max(counted.saturating_sub(*most));
        write!(f, "{difference} clicks {what} of link {link} (life {life}): {counted} counted, ")?;
        if least == most { write!(f, "{least} answered") } else { write!(f, "{least} to {most} expected") }
    }
}

impl Model {
    /// A link was made.
    pub(crate) fn made(&mut self, link: usize) {
        let anew = self.lives.iter().any(|life| life.link == link);
        let life = Life { link, made: anew.then(Instant::now), ..Life::default() };
        self.lives.push(life);
        for view in [&mut self.stored, &mut self.served] {
            view.links.insert(link, self.lives.len() - 1);
        }
    }

    /// A link is being deleted.
    pub(crate) fn deleted(&mut self, link: usize) {
        if let Some(life) = self.stored.links.remove(&link) {
            self.lives[life].deleted = true;
        }
        self.served.links.remove(&link);
    }

    /// A service starts: it believes what is there.
    pub(crate) fn started(&mut self) {
        self.served.clone_from(&self.stored);
    }

    /// Whether a link is there, as far as the service may know.
    pub(crate) fn has(&self, link: usize) -> bool {
        self.stored.links.contains_key(&link)
    }

    /// People opened a link at an instance which made its present life, or did not.
    pub(crate) fn clicked(&mut self, link: usize, outcomes: &[Outcome], made_here: bool) {
        for outcome in outcomes {
            let (served, stored) = (self.served.links.get(&link), self.stored.links.get(&link));
            match (outcome, served, stored) {
                (Outcome::Nothing, ..) | (_, None, None) => {}
                (Outcome::Answered(when), Some(served), Some(stored)) if served == stored => {
                    let life = &mut self.lives[*served];
                    if made_here || life.made.is_none_or(|made| when.duration_since(made) > NEWS) {
                        life.answered.push(*when);
                    } else {
                        life.perhaps += 1;
                    }
                }
                (Outcome::Answered(when), Some(served), None) => self.pending.push((*served, *when)),
                (_, served, stored) => {
                    let mut lives: Vec<LifeId> = served.into_iter().chain(stored).copied().collect();
                    lives.dedup();
                    for life in lives {
                        self.lives[life].perhaps += 1;
                    }
                }
            }
        }
    }

    /// Returns which life a link has in the store.
    pub(crate) fn life(&self, link: usize) -> Option<LifeId> {
        self.stored.links.get(&link).copied()
    }

    /// Clicks were in flight when a link was made anew: of each, nobody knows whether it was for the life `before` or
    /// the present one. An older store may have the one before again.
    pub(crate) fn clicked_meanwhile(&mut self, link: usize, before: Option<LifeId>, outcomes: &[Outcome]) {
        let unknown = outcomes.iter().filter(|outcome| **outcome != Outcome::Nothing).count();
        for life in before.into_iter().chain(self.life(link)) {
            self.lives[life].perhaps += unknown as u64;
        }
    }

    /// The store's content was exchanged.
    pub(crate) fn exchanged(&mut self, stored: View) {
        self.stored = stored;
    }

    /// The store was put back to an earlier state that does not have some lives. Nobody can tell their last clicks, which
    /// had not reached it when it was put back or its service was killed, from those of links that somebody has deleted.
    pub(crate) fn excuse_unsettled_of_lost_links(&mut self, last: Duration) {
        let latest = self.lives.iter().flat_map(|life| &life.answered).max().copied();
        let Some(since) = latest.and_then(|latest| latest.checked_sub(last)) else { return };
        for id in 0..self.lives.len() {
            if !self.stored.links.values().any(|life| *life == id) {
                let life = &mut self.lives[id];
                let before = life.answered.len();
                life.answered.retain(|when| *when < since);
                life.perhaps += (before - life.answered.len()) as u64;
            }
        }
    }

    /// The store that had everything is back: what was answered meanwhile must count.
    pub(crate) fn put_back(&mut self, stored: View, unsafe_span: Option<(Instant, Instant)>) {
        self.stored = stored;
        for (life, when) in std::mem::take(&mut self.pending) {
            self.lives[life].answered.push(when);
        }
        if let Some((from, to)) = unsafe_span {
            self.excuse(|when| (from..=to).contains(&when));
        }
    }

    /// An operator said that the present store is the right one: what was answered until this moment may be
    /// missing.
    pub(crate) fn adopted(&mut self, until: Instant) {
        self.excuse(|when| when <= until);
        for (life, _) in std::mem::take(&mut self.pending) {
            self.lives[life].perhaps += 1;
        }
    }

    fn excuse(&mut self, excused: impl Fn(Instant) -> bool) {
        for life in &mut self.lives {
            let before = life.answered.len();
            life.answered.retain(|when| !excused(*when));
            life.perhaps += (before - life.answered.len()) as u64;
        }
    }

    /// How many clicks were answered and must count.
    pub(crate) fn answered(&self) -> u64 {
        self.lives.iter().map(|life| life.answered.len() as u64).sum()
    }

    /// Whether something must count of a link that the store does not even have.
    pub(crate) fn lacks_links(&self) -> bool {
        let has = |life: LifeId| self.stored.links.values().any(|other| *other == life);
        let counts = |life: LifeId| !self.lives[life].answered.is_empty() && !self.lives[life].deleted;
        (0..self.lives.len()).any(|life| counts(life) && !has(life))
    }

    /// Compares what was counted of each link that is there.
    pub(crate) fn check(&self, counted: &BTreeMap<usize, u64>) -> Result<(), Vec<Wrong>> {
        let mut wrong = Vec::new();
        for (link, id) in &self.stored.links {
            let life = &self.lives[*id];
            let sum = life.answered.len() as u64;
            let (least, most) = (if life.deleted { 0 } else { sum }, sum + life.perhaps);
            let counted = counted.get(link).copied().unwrap_or(0);
            if !(least..=most).contains(&counted) {
                wrong.push(Wrong { link: life.link, life: *id, counted, least, most });
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

impl Wrong {
    /// Whether more was counted than there can have been.
    pub(crate) fn is_too_much(&self) -> bool {
        self.counted > self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oracle_allows_what_was_answered_once_and_what_was_not_answered_or_not() {
        let mut model = Model::default();
        model.made(0);
        model.clicked(0, &[Outcome::Answered(Instant::now()); 3], true);
        model.clicked(0, &[Outcome::Unanswered, Outcome::Nothing], true);
        let counted = |clicks| BTreeMap::from([(0, clicks)]);
        assert!(model.check(&counted(2)).is_err_and(|wrong| !wrong[0].is_too_much()));
        assert_eq!(model.check(&counted(3)), Ok(()));
        assert_eq!(model.check(&counted(4)), Ok(()));
        assert!(model.check(&counted(5)).is_err_and(|wrong| wrong[0].is_too_much()));
    }

    #[test]
    fn clicks_of_a_deleted_link_are_not_those_of_the_one_made_anew() {
        let mut model = Model::default();
        model.made(0);
        model.clicked(0, &[Outcome::Answered(Instant::now())], true);
        model.deleted(0);
        model.made(0);
        assert_eq!(model.check(&BTreeMap::from([(0, 0)])), Ok(()));
        assert!(model.check(&BTreeMap::from([(0, 1)])).is_err());
    }

    #[test]
    fn only_what_was_answered_before_the_loss_was_told_is_excused() {
        let mut model = Model::default();
        model.made(0);
        model.clicked(0, &[Outcome::Answered(Instant::now())], true);
        let told = Instant::now();
        model.clicked(0, &[Outcome::Answered(told + Duration::from_secs(1))], true);
        assert!(model.check(&BTreeMap::from([(0, 1)])).is_err());
        model.adopted(told);
        assert_eq!(model.check(&BTreeMap::from([(0, 1)])), Ok(()));
        assert!(model.check(&BTreeMap::from([(0, 0)])).is_err());
        assert!(model.check(&BTreeMap::from([(0, 3)])).is_err());
    }
}
