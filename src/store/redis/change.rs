//! A step of closing a day: put together here, and taken by one script in the site's slot.

use redis::cmd;

use super::cells::{Kind, Numbers, from_json, to_json};
use super::closing::Desk;
use super::marks::{Mark, State, new_step};
use super::{keys, script};
use crate::domain::code::Code;
use crate::store::StoreError;

/// What a step changes.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Fields of the day's hash that are put, and those that go.
    put: Vec<(String, String)>,
    gone: Vec<String>,
    /// The same of what waits.
    waits: Vec<(String, String)>,
    waits_no_more: Vec<String>,
    /// Links that have nothing open any more.
    done: Vec<Code>,
    /// Whether the day is closed with this, where no link has anything open.
    closes: bool,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Somebody else has taken one since this one's maker looked; nothing was changed.
    Missed,
    /// It was taken.
    Yes,
    /// It was taken, and nothing of the day is open.
    Closed,
}

impl Change {
    /// One after which these links have nothing open.
    pub(super) fn of_links(done: &[Code]) -> Self {
        Self { done: done.to_vec(), ..Self::default() }
    }

    /// The last one of a day.
    pub(super) fn last() -> Self {
        Self { closes: true, ..Self::default() }
    }

    /// Puts a field of the day's hash; an empty text takes it out.
    pub(super) fn put(&mut self, field: String, value: String) {
        if value.is_empty() { self.gone.push(field) } else { self.put.push((field, value)) }
    }

    /// Puts counts into a field of the day's hash.
    pub(super) fn put_numbers(&mut self, field: String, numbers: &Numbers) {
        self.put(field, if numbers.is_nothing() { String::new() } else { to_json(numbers) });
    }

    /// Lets counts wait.
    pub(super) fn let_wait(&mut self, field: String, numbers: &Numbers) {
        if numbers.is_nothing() {
            self.waits_no_more.push(field);
        } else {
            self.waits.push((field, to_json(numbers)));
        }
    }
}

impl Desk<'_> {
    /// Takes a step, unless somebody has taken another one; the day has this mark then.
    pub(super) async fn take(
        &self,
        state: &mut State,
        mark: Mark,
        change: Change,
    ) -> Result<Taken, StoreError> {
        let (site, day, step) = (self.site, self.day, new_step());
        let all = [keys::marks(site), keys::sheet(site, day), keys::waiting(site), keys::active(site, day)];
        let mut call = script::CHANGE.on(&all);
        call.arg(&state.step).arg(&step).arg(day.number()).arg(mark.text()).arg(&state.announced);
        call.arg(u8::from(change.closes));
        call.arg(2 * change.put.len()).arg(change.gone.len());
        call.arg(2 * change.waits.len()).arg(change.waits_no_more.len());
        call.arg(&change.put).arg(&change.gone).arg(&change.waits).arg(&change.waits_no_more);
        for code in &change.done {
            call.arg(code.as_str());
        }
        let taken = match self.store.connection.call(&script::CHANGE, &call).await? {
            0 => return Ok(Taken::Missed),
            2 => Taken::Closed,
            _ => Taken::Yes,
        };
        (state.step, state.mark) = (step, mark);
        Ok(taken)
    }

    /// The counts in these kinds' fields, in the same order; nothing where there are none.
    pub(super) async fn numbers<'k>(
        &self,
        beginning: &str,
        kinds: impl Iterator<Item = &'k Kind>,
    ) -> Result<Vec<Numbers>, StoreError> {
        let fields: Vec<String> = kinds.map(|kind| kind.field(beginning)).collect();
        let values = self.values(&fields).await?;
        values
            .iter()
            .map(|value| value.as_deref().map_or_else(|| Ok(Numbers::default()), from_json))
            .collect()
    }

    /// The values of these fields of the day's hash, in the same order.
    pub(super) async fn values(&self, fields: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let key = keys::sheet(self.site, self.day);
        self.store.connection.query(cmd("HMGET").arg(key).arg(fields)).await
    }
}
