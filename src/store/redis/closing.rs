//! Closing a day across hash slots.
//!
//! A link's counts are in the link's slot, its site's days in the site's, and there is no step that changes both. So
//! amounts are not moved but *taken over*: the site's hash of the day remembers how much of each link's
//! count it has taken over already, in the same step that adds it to cells. A count only grows, so what is left to be
//! taken over is always what the link has, less that. Whoever reads or closes a day, however often, at once
//! with others or after a crash, comes to the same result: there is nothing to be done twice and nothing to get lost.
//!
//! Within the site's slot one step moves what it read, and only where nobody has taken another step since
//! (`change.lua`). Steps go level by level, as [`cell`] says: of links into `l` and `r`, from there into `k` and
//! what waits, and from there into `k`.
//!
//! Small numbers stay with the links and in what is remembered until they are taken from both, which waits until no
//! failover can lose the taking over: [`leaving`](super::leaving).

use std::collections::BTreeMap;
use std::time::Duration;

use redis::cmd;
use tokio::time::sleep;

use super::cells::{self, Cell, Kind, Numbers, OF_LINK, REST, TAKEN, from_json, link_field, to_json};
use super::change::{Change, Taken};
use super::links::stored_code;
use super::marks::{Mark, Stage, State};
use super::open::{OpenLink, OpenLinks};
use super::{RedisStore, failure, keys};
use crate::domain::cell::{self, Amount, Gathered, Level};
use crate::domain::code::Code;
use crate::domain::counts::Counts;
use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::site::SiteId;
use crate::store::StoreError;

/// How many amounts one step moves at most.
pub(super) const STEP: usize = 400;
/// How often a closing begins again at what was announced meanwhile. The rest is left for the next call.
const ROUNDS: usize = 4;
/// How often a step is begun again because somebody else took one. Each time somebody got further.
const ATTEMPTS: u64 = 500;

/// What closes one day.
pub(super) struct Desk<'a> {
    pub(super) store: &'a RedisStore,
    pub(super) site: &'a SiteId,
    pub(super) day: Day,
    pub(super) min_count: u64,
}

impl RedisStore {
    /// Closes a day as far as that can be done now.
    pub(super) async fn close(&self, site: &SiteId, day: Day, min_count: u64) -> Result<(), StoreError> {
        let desk = Desk { store: self, site, day, min_count };
        desk.begin().await?;
        for _ in 0..ROUNDS {
            if desk.state().await?.mark.min_count < min_count {
                desk.raise_small().await?;
            }
            desk.close_links().await?;
            desk.close_rests().await?;
            if desk.close_channels().await? || desk.state().await?.mark.is_leaving() {
                break;
            }
        }
        desk.let_leave().await
    }
}

/// Counts the attempts of a step, and waits between them.
#[derive(Debug, Default)]
pub(super) struct Attempts(u64);

impl Attempts {
    /// Lets whoever was faster get on.
    pub(super) async fn again(&mut self) -> Result<(), StoreError> {
        self.0 += 1;
        if self.0 == ATTEMPTS {
            return Err(failure::unavailable("a site's days were closed too often at the same time"));
        }
        sleep(Duration::from_millis(1 + self.0 % 20)).await;
        Ok(())
    }
}

impl Desk<'_> {
    pub(super) async fn state(&self) -> Result<State, StoreError> {
        self.store.state(self.site, self.day).await
    }

    /// Gives the day a mark. Whoever settles entries of it from now on announces them once more afterwards, so that
    /// links that are found to have nothing open can be passed over from then on.
    async fn begin(&self) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let mut state = self.state().await?;
            if state.mark != Mark::NEW
                || self.take(&mut state, Mark::NEW, Change::default()).await? != Taken::Missed
            {
                return Ok(());
            }
            attempts.again().await?;
        }
    }

    /// Takes over what links have open.
    async fn close_links(&self) -> Result<(), StoreError> {
        let mut cursor = 0_u64;
        loop {
            let mut scan = cmd("SSCAN");
            scan.arg(keys::active(self.site, self.day)).arg(cursor).arg("COUNT").arg(STEP);
            let (next, codes): (u64, Vec<String>) = self.store.connection.query(&scan).await?;
            let codes: Vec<Code> = codes.iter().map(|code| stored_code(code)).collect::<Result<_, _>>()?;
            for some in codes.chunks(STEP) {
                let mut attempts = Attempts::default();
                while self.close_some_links(some).await? == Taken::Missed {
                    attempts.again().await?;
                }
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn close_some_links(&self, codes: &[Code]) -> Result<Taken, StoreError> {
        let mut state = self.state().await?;
        if state.mark.is_leaving() {
            return Ok(Taken::Yes);
        }
        self.store.freeze_visitors(codes, self.day).await?;
        let OpenLinks { links: open, damaged } = self.store.open_links(self.site, codes, self.day).await?;
        // They stay listed until they can be read.
        let codes: Vec<Code> = codes.iter().filter(|code| !damaged.contains(code)).cloned().collect();
        let fields =
            |beginning| open.iter().map(move |open: &OpenLink| link_field(beginning, &open.link.key()));
        let own = self.values(&fields(OF_LINK).collect::<Vec<_>>()).await?;
        let taken = self.values(&fields(TAKEN).collect::<Vec<_>>()).await?;

        let mut change = Change::of_links(&codes);
        let (mut moving, mut left_over) = (Vec::new(), Vec::new());
        for (OpenLink { link, counts, .. }, (own, taken)) in open.iter().zip(own.into_iter().zip(taken)) {
            let before: Option<Numbers> = taken.as_deref().map(from_json).transpose()?;
            let before = before.filter(|_| state.mark.stage == Stage::Taken);
            if before.is_none() && *counts == Counts::default() {
                left_over.push(link);
                continue;
            }
            let mut all = before.map(|before| before.counts()).transpose()?.unwrap_or_default();
            // Fewer than were taken over are there where a failover lost some, until they are settled again.
            let more = cells::beyond(counts, &all);
            if more != Counts::default() {
                all.add(&more);
                change.put(link_field(TAKEN, &link.key()), to_json(&Numbers::from(&all)));
                let own = own.as_deref().map_or_else(|| Ok(Vec::new()), from_json)?;
                moving.push(Moving { link, kind: Kind::of(link), own, more });
            }
        }
        let moved = !moving.is_empty();
        let (changed, risen) = self.add_to_links(moving, &mut change)?;
        self.add_rests(&risen, &mut change).await?;
        let mut mark = state.mark.changed(changed, state.now);
        mark.moved |= moved;
        if moved && mark.stage == Stage::Clear {
            mark = mark.at(Stage::Taken, state.now);
        }
        let step = self.take(&mut state, mark, change).await?;
        if step != Taken::Missed {
            self.store.drop_empty(self.site, &left_over, self.day, &state).await?;
        }
        Ok(step)
    }

    /// Adds what stays with links to their cells, and unfurls in any case. Returns whether there was anything, and what
    /// moves up.
    fn add_to_links(
        &self,
        moving: Vec<Moving<'_>>,
        change: &mut Change,
    ) -> Result<(bool, BTreeMap<Kind, Amount>), StoreError> {
        let gathered = moving.iter().enumerate().map(|(place, link)| (place, link.gathered()));
        let Level { cells, risen } =
            cell::close(gathered, |place| moving[*place].kind.clone(), self.min_count);
        let unfurls = |Moving { more, .. }: &Moving<'_>| Counts {
            unfurls: more.unfurls,
            known_unfurls: more.known_unfurls.clone(),
            ..Counts::default()
        };
        let mut joining: Vec<Counts> = moving.iter().map(unfurls).collect();
        for (place, stays) in cells {
            joining[place].add(&stays.into());
        }
        let mut changed = false;
        for (Moving { link, kind, mut own, .. }, joining) in moving.into_iter().zip(joining) {
            if joining != Counts::default() {
                add_to_cell(&mut own, kind, &joining)?;
                change.put(link_field(OF_LINK, &link.key()), to_json(&own));
                changed = true;
            }
        }
        Ok((changed, risen))
    }

    async fn add_rests(&self, risen: &BTreeMap<Kind, Amount>, change: &mut Change) -> Result<(), StoreError> {
        let rests = self.numbers(REST, risen.keys()).await?;
        for ((kind, amount), rest) in risen.iter().zip(rests) {
            let mut sum = rest.amount();
            sum += *amount;
            change.put_numbers(kind.field(REST), &rest.with(sum));
        }
        Ok(())
    }
}

/// What is just being taken over of a link.
struct Moving<'a> {
    link: &'a Link,
    kind: Kind,
    /// Its cells.
    own: Vec<Cell>,
    more: Counts,
}

impl Moving<'_> {
    fn gathered(&self) -> Gathered {
        let there = self.own.iter().find(|cell| cell.kind == self.kind);
        let there = there.map(|cell| cell.counts.amount()).unwrap_or_default();
        Gathered { there, more: Amount::of(&self.more) }
    }
}

/// Adds counts to the cell of their kind, or makes it.
fn add_to_cell(own: &mut Vec<Cell>, kind: Kind, more: &Counts) -> Result<(), StoreError> {
    match own.iter_mut().find(|cell| cell.kind == kind) {
        Some(cell) => {
            let mut sum = cell.counts.counts()?;
            sum.add(more);
            cell.counts = Numbers::from(&sum);
        }
        None => own.push(Cell { kind, counts: Numbers::from(more) }),
    }
    Ok(())
}
