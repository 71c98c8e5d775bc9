//! What was taken over of links' counts leaves them, and then what remembers it goes: so that nothing small
//! stays, and nothing is lost or counted twice by a failover in the middle.
//!
//! A failover may lose what was written in the last `keep` seconds, of a site and of each link by itself. So each stage of a
//! day lasts for that long, before the next one begins to rely on it:
//!
//! 1. *taken*: links have their counts, and the site remembers what it took over. Late clicks are taken over, too.
//! 2. *fixed*: what is remembered changes no more. Late clicks stay open until the last stage is over.
//! 3. *leaving*: each link's count loses exactly what is remembered, once for this turn, whose number stands beside it
//!    then. At the end that is done once more: where a failover lost it, the stage begins again.
//! 4. *left*: links have only what is new. At the end the turn's numbers beside it go, and what was remembered of
//!    amounts.
//! 5. *ending*: at the end the turn's numbers go once more, where a failover brought them back; then whose they were is
//!    forgotten, too.
//!
//! Whatever of this is done twice, by whomever, changes nothing; a step that comes too late, of an instance that
//! stood still meanwhile, is refused by the link's server.

use redis::Cmd;

use super::cells::{Numbers, TAKEN, field_link, from_json, link_field, to_json};
use super::change::{Change, Taken};
use super::closing::{Desk, STEP};
use super::marks::{Mark, Stage, State};
use super::open::subtraction;
use super::{keys, script};
use crate::domain::link_key::LinkKey;
use crate::store::StoreError;

/// What [`subtract.lua`](script::SUBTRACT) answers where it had not been done before.
const NOW: i64 = 0;

impl Desk<'_> {
    /// Begins the next stage where that of now has lasted for its time.
    pub(super) async fn let_leave(&self) -> Result<(), StoreError> {
        let mut state = self.state().await?;
        let State { mark, now, .. } = state;
        if !mark.is_over(now, self.store.keep) {
            return Ok(());
        }
        let next = match mark.stage {
            Stage::Clear => return Ok(()),
            Stage::Taken => Mark { turn: mark.turn + 1, ..mark }.at(Stage::Fixed, now),
            Stage::Fixed => match self.subtract(mark).await? {
                Some(_) => mark.at(Stage::Leaving, now),
                None => return Ok(()),
            },
            Stage::Leaving => match self.subtract(mark).await? {
                Some(0) => mark.at(Stage::Left, now),
                Some(_) => mark.at(Stage::Leaving, now),
                None => return Ok(()),
            },
            Stage::Left => match self.unmark(mark).await? {
                Some(_) => mark.at(Stage::Ending, now),
                None => return Ok(()),
            },
            Stage::Ending => match self.unmark(mark).await? {
                Some(0) => return self.forget().await,
                Some(_) => mark.at(Stage::Ending, now),
                None => return Ok(()),
            },
        };
        let looked = state.now;
        state = self.state().await?;
        if state.mark == mark {
            // Counted from the end of what was done for it, not from its beginning.
            let next = Mark { since: next.since + (state.now - looked), ..next };
            self.take(&mut state, next, Change::default()).await?;
        }
        Ok(())
    }

    /// Takes from each link what was taken over, and returns from how many it had not been taken before; `None`
    /// where somebody else got further.
    async fn subtract(&self, mark: Mark) -> Result<Option<usize>, StoreError> {
        let turn = mark.turn.to_string();
        let remembered = self.remembered().await?;
        let mut missing = 0;
        for some in remembered.chunks(STEP) {
            let state = self.state().await?;
            if state.mark != mark {
                return Ok(None);
            }
            let deadline = self.store.deadline(state.now);
            let mut calls: Vec<Cmd> = Vec::new();
            for (link, numbers) in some {
                let counts = numbers.counts()?;
                calls.push(subtraction(self.site, link, self.day, &turn, &counts, deadline));
            }
            let answers: Vec<i64> = self.store.connection.call_all(&script::SUBTRACT, calls).await?;
            missing += answers.iter().filter(|answer| **answer == NOW).count();
        }
        Ok(Some(missing))
    }

    /// Takes the turn's numbers from the links, and then forgets how much was taken over. Returns at how many links one
    /// was; `None` where somebody else got further.
    async fn unmark(&self, mark: Mark) -> Result<Option<i64>, StoreError> {
        let mut state = self.state().await?;
        let mut there = 0;
        let remembered = self.remembered().await?;
        for some in remembered.chunks(STEP) {
            if state.mark != mark {
                return Ok(None);
            }
            let unmark = |(link, _): &(LinkKey, Numbers)| {
                let mut call = script::UNMARK.on(&[keys::counts(&link.code)]);
                call.arg(keys::turn(self.day)).arg(mark.turn);
                call
            };
            let calls = some.iter().map(unmark).collect();
            let answers: Vec<i64> = self.store.connection.call_all(&script::UNMARK, calls).await?;
            there += answers.iter().sum::<i64>();
            let mut change = Change::default();
            for (link, _) in some {
                change.put(link_field(TAKEN, link), to_json(&Numbers::default()));
            }
            if self.take(&mut state, mark, change).await? == Taken::Missed {
                return Ok(None);
            }
        }
        Ok(Some(there))
    }

    /// Forgets of whom something was taken over.
    async fn forget(&self) -> Result<(), StoreError> {
        let mut state = self.state().await?;
        let mark = state.mark;
        if mark.stage != Stage::Ending {
            return Ok(());
        }
        // Until nothing is found: another server reads its hash in another order, and a scan may go over two.
        loop {
            let remembered = self.remembered().await?;
            if remembered.is_empty() {
                let clear = mark.at(Stage::Clear, state.now);
                return self.take(&mut state, clear, Change::default()).await.map(drop);
            }
            for some in remembered.chunks(STEP) {
                let mut change = Change::default();
                for (link, _) in some {
                    change.put(link_field(TAKEN, link), String::new());
                }
                if self.take(&mut state, mark, change).await? == Taken::Missed {
                    return Ok(());
                }
            }
        }
    }

    async fn remembered(&self) -> Result<Vec<(LinkKey, Numbers)>, StoreError> {
        let fields = self.scan(TAKEN).await?;
        fields.iter().map(|(link, value)| Ok((field_link(link)?, from_json(value)?))).collect()
    }
}
