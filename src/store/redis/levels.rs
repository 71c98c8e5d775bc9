//! The upper levels of closing a day: what moved up from links to their page, and what waits for its channel.

use std::collections::BTreeMap;

use redis::cmd;

use super::cells::{Kind, Numbers, OF_KIND, REST, from_json};
use super::change::{Change, Taken};
use super::closing::{Attempts, Desk, STEP};
use super::{failure, keys};
use crate::domain::cell::{self, Amount, Gathered, Level};
use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::store::StoreError;

/// What waits for a channel since a day.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) day: Day,
    pub(super) channel: ChannelName,
    pub(super) amount: Amount,
}

/// The field of what waits.
pub(super) fn waiting_field(day: Day, channel: &ChannelName) -> String {
    format!("{} {channel}", day.number())
}

impl Desk<'_> {
    /// Fields of the day's hash that begin so, each without that and with its value. It is read in many short steps, and
    /// is what was there at one moment only where nobody takes a step of the closing meanwhile.
    pub(super) async fn scan(&self, beginning: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let (mut fields, mut cursor) = (BTreeMap::new(), 0_u64);
        loop {
            let mut scan = cmd("HSCAN");
            scan.arg(keys::sheet(self.site, self.day)).arg(cursor);
            scan.arg("MATCH").arg(format!("{beginning}*")).arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<(String, String)>) = self.store.connection.query(&scan).await?;
            let found = found.into_iter().filter_map(|(field, value)| {
                let rest = field.strip_prefix(beginning)?.to_owned();
                Some((rest, value))
            });
            fields.extend(found);
            if next == 0 {
                return Ok(fields);
            }
            cursor = next;
        }
    }

    /// Closes what moved up from links: into their pages' cells, and what is too few waits.
    pub(super) async fn close_rests(&self) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        while !self.try_close_rests().await? {
            attempts.again().await?;
        }
        Ok(())
    }

    /// Returns whether there were none.
    async fn try_close_rests(&self) -> Result<bool, StoreError> {
        let mut state = self.state().await?;
        let rests = self.scan(REST).await?;
        let rests = rests
            .iter()
            .map(|(kind, numbers)| Ok((from_json::<Kind>(kind)?, from_json::<Numbers>(numbers)?)));
        let rests: Vec<(Kind, Numbers)> = rests.collect::<Result<_, StoreError>>()?;
        if rests.is_empty() {
            return Ok(true);
        }
        for some in rests.chunks(STEP) {
            let cells = self.numbers(OF_KIND, some.iter().map(|(kind, _)| kind)).await?;
            let gathered = some
                .iter()
                .zip(&cells)
                .map(|((kind, rest), cell)| (kind, Gathered { there: cell.amount(), more: rest.amount() }));
            let Level { cells: stay, risen } =
                cell::close(gathered, |kind| kind.channel.clone(), self.min_count);
            let mut change = Change::default();
            let there: BTreeMap<&Kind, &Numbers> = some.iter().map(|(kind, _)| kind).zip(&cells).collect();
            for (kind, amount) in &stay {
                let mut sum = there[kind].amount();
                sum += *amount;
                change.put_numbers(kind.field(OF_KIND), &there[kind].clone().with(sum));
            }
            for (kind, _) in some {
                change.put(kind.field(REST), String::new());
            }
            self.let_wait(&mut change, risen).await?;
            let mark = state.mark.changed(!stay.is_empty(), state.now);
            if self.take(&mut state, mark, change).await? == Taken::Missed {
                return Ok(false);
            }
        }
        // Until nothing is found: another server reads its hash in another order, and a scan may go over two.
        Ok(false)
    }

    /// Lets amounts of this day wait, besides those that do already.
    pub(super) async fn let_wait(
        &self,
        change: &mut Change,
        risen: BTreeMap<ChannelName, Amount>,
    ) -> Result<(), StoreError> {
        if risen.is_empty() {
            return Ok(());
        }
        let fields: Vec<String> = risen.keys().map(|channel| waiting_field(self.day, channel)).collect();
        let key = keys::waiting(self.site);
        let values: Vec<Option<String>> =
            self.store.connection.query(cmd("HMGET").arg(key).arg(&fields)).await?;
        for ((field, value), amount) in fields.into_iter().zip(values).zip(risen.into_values()) {
            let waits: Numbers = value.as_deref().map_or_else(|| Ok(Numbers::default()), from_json)?;
            let mut sum = waits.amount();
            sum += amount;
            change.let_wait(field, &sum.into());
        }
        Ok(())
    }

    /// Closes what waits for the channels since this day or an earlier one, and marks the day as closed. Returns
    /// whether nothing of it is open any more.
    pub(super) async fn close_channels(&self) -> Result<bool, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            match self.try_close_channels().await? {
                Taken::Missed => attempts.again().await?,
                Taken::Yes => return Ok(false),
                Taken::Closed => return Ok(true),
            }
        }
    }

    async fn try_close_channels(&self) -> Result<Taken, StoreError> {
        let mut state = self.state().await?;
        let mut change = Change::last();
        let mut mark = state.mark;
        let again = mark.version > 0 && mark.min_count < self.min_count;
        let changed = (mark.moved || again) && self.close_waiting(&mut change).await?;
        // Where nothing moved, the cells are still those of the last time; and where nothing ever did, there are none.
        let min_count = if mark.moved { self.min_count } else { mark.min_count.max(self.min_count) };
        let first = mark.moved && mark.min_count < self.min_count;
        mark = mark.changed(changed || again || first, state.now);
        (mark.min_count, mark.moved) = (min_count, false);
        self.take(&mut state, mark, change).await
    }

    /// Returns whether a cell changes.
    async fn close_waiting(&self, change: &mut Change) -> Result<bool, StoreError> {
        let mut waiting = self.store.waiting(self.site).await?;
        waiting.retain(|waits| waits.day <= self.day);
        let mut gathered: BTreeMap<Kind, Gathered> = BTreeMap::new();
        for waits in &waiting {
            gathered.entry(Kind::of_channel(&waits.channel)).or_default().more += waits.amount;
        }
        let cells = self.numbers(OF_KIND, gathered.keys()).await?;
        for (gathered, cell) in gathered.values_mut().zip(&cells) {
            gathered.there = cell.amount();
        }
        let there: BTreeMap<Kind, Numbers> = gathered.keys().cloned().zip(cells).collect();
        let Level { cells: stay, .. } = cell::close(gathered, Clone::clone, self.min_count);
        for (kind, amount) in &stay {
            let mut sum = there[kind].amount();
            sum += *amount;
            change.put_numbers(kind.field(OF_KIND), &there[kind].clone().with(sum));
            for waits in waiting.iter().filter(|waits| waits.channel == kind.channel) {
                let mut left = waits.amount;
                if amount.clicks > 0 || amount.visitors > 0 {
                    (left.clicks, left.visitors) = (0, 0);
                }
                if amount.aggregate_clicks > 0 {
                    left.aggregate_clicks = 0;
                }
                change.let_wait(waiting_field(waits.day, &waits.channel), &left.into());
            }
        }
        Ok(!stay.is_empty())
    }
}

impl super::RedisStore {
    /// All that waits for a site's channels.
    pub(super) async fn waiting(
        &self,
        site: &crate::domain::site::SiteId,
    ) -> Result<Vec<Waiting>, StoreError> {
        let fields: Vec<(String, String)> =
            self.connection.query(cmd("HGETALL").arg(keys::waiting(site))).await?;
        let read = |(field, value): &(String, String)| {
            let place = || {
                let (day, channel) = field.split_once(' ')?;
                Some((super::counts::day_of(day)?, ChannelName::parse(channel).ok()?))
            };
            let (day, channel) = place().ok_or_else(|| failure::corrupt("what waits"))?;
            Ok(Waiting { day, channel, amount: from_json::<Numbers>(value)?.amount() })
        };
        fields.iter().map(read).collect()
    }
}
