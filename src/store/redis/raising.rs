//! What an earlier closing made with a smaller k, and is too small now, moves up into the cells above it: before the
//! closing of the same day goes on.

use std::collections::BTreeMap;

use super::cells::{Cell, Kind, Numbers, OF_KIND, OF_LINK, from_json, to_json};
use super::change::{Change, Taken};
use super::closing::{Attempts, Desk, STEP};
use super::marks::State;
use crate::domain::cell::Amount;
use crate::domain::channel::ChannelName;
use crate::store::StoreError;

impl Desk<'_> {
    /// Moves up what is too small: of links, then of pages, then of channels.
    pub(super) async fn raise_small(&self) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        while !(self.raise_links().await? && self.raise_pages().await? && self.raise_channels().await?) {
            attempts.again().await?;
        }
        Ok(())
    }

    async fn raise_links(&self) -> Result<bool, StoreError> {
        let mut state = self.state().await?;
        let mut small = Vec::new();
        for (code, cells) in self.scan(OF_LINK).await? {
            let cells: Vec<Cell> = from_json(&cells)?;
            if cells.iter().any(|cell| !self.risen(&cell.counts).is_nothing()) {
                small.push((code, cells));
            }
        }
        for some in small.chunks_mut(STEP) {
            let (mut change, mut above) = (Change::default(), BTreeMap::new());
            for (code, cells) in some {
                for Cell { kind, counts } in cells.iter_mut() {
                    let rises = self.risen(counts);
                    *counts = without(counts, rises);
                    *above.entry(kind.clone()).or_default() += rises;
                }
                cells.retain(|cell| !cell.counts.is_nothing());
                let value = if cells.is_empty() { String::new() } else { to_json(cells) };
                change.put(format!("{OF_LINK}{code}"), value);
            }
            if !self.raise(&mut state, change, above).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn raise_pages(&self) -> Result<bool, StoreError> {
        let mut state = self.state().await?;
        for some in self.small_kinds(|kind| kind.page.is_some()).await?.chunks(STEP) {
            let (mut change, mut above) = (Change::default(), BTreeMap::new());
            for (kind, numbers) in some {
                let rises = self.risen(numbers);
                change.put_numbers(kind.field(OF_KIND), &without(numbers, rises));
                *above.entry(Kind::of_channel(&kind.channel)).or_default() += rises;
            }
            if !self.raise(&mut state, change, above).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn raise_channels(&self) -> Result<bool, StoreError> {
        let mut state = self.state().await?;
        let small = self.small_kinds(|kind| kind.page.is_none()).await?;
        if small.is_empty() {
            return Ok(true);
        }
        let mut change = Change::default();
        let mut above: BTreeMap<ChannelName, Amount> = BTreeMap::new();
        for (kind, numbers) in small {
            let rises = self.risen(&numbers);
            change.put_numbers(kind.field(OF_KIND), &without(&numbers, rises));
            *above.entry(kind.channel).or_default() += rises;
        }
        self.let_wait(&mut change, above).await?;
        self.finish(&mut state, change).await
    }

    /// Adds what moved up to the cells above.
    async fn raise(
        &self,
        state: &mut State,
        mut change: Change,
        risen: BTreeMap<Kind, Amount>,
    ) -> Result<bool, StoreError> {
        let risen: Vec<_> = risen.into_iter().filter(|(_, amount)| !amount.is_nothing()).collect();
        let above = self.numbers(OF_KIND, risen.iter().map(|(kind, _)| kind)).await?;
        for ((kind, amount), above) in risen.into_iter().zip(above) {
            let mut sum = above.amount();
            sum += amount;
            change.put_numbers(kind.field(OF_KIND), &above.with(sum));
        }
        self.finish(state, change).await
    }

    async fn finish(&self, state: &mut State, change: Change) -> Result<bool, StoreError> {
        let mut mark = state.mark.changed(true, state.now);
        mark.moved = true;
        Ok(self.take(state, mark, change).await? != Taken::Missed)
    }

    /// Cells of kinds that stand for too few.
    async fn small_kinds(&self, which: impl Fn(&Kind) -> bool) -> Result<Vec<(Kind, Numbers)>, StoreError> {
        let mut small = Vec::new();
        for (kind, numbers) in self.scan(OF_KIND).await? {
            let (kind, numbers): (Kind, Numbers) = (from_json(&kind)?, from_json(&numbers)?);
            if which(&kind) && !self.risen(&numbers).is_nothing() {
                small.push((kind, numbers));
            }
        }
        Ok(small)
    }

    /// What of a cell is too small.
    fn risen(&self, numbers: &Numbers) -> Amount {
        numbers.amount().part(Amount::default(), self.min_count).1
    }
}

/// A cell without what has moved up.
fn without(numbers: &Numbers, rises: Amount) -> Numbers {
    let Amount { clicks, visitors, aggregate_clicks } = numbers.amount();
    numbers.clone().with(Amount {
        clicks: clicks - rises.clicks,
        visitors: visitors - rises.visitors,
        aggregate_clicks: aggregate_clicks - rises.aggregate_clicks,
    })
}
