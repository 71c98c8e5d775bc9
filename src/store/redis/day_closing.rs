//! Closing a day across hash slots.
//!
//! A link's counts are in the link's partition, its site's cells in the site's slot, and no step changes both. A failover may
//! take back, in each slot for itself, what was written within the last `keep` seconds. So a closing goes through stages, and
//! each stage lasts for that long before the next one relies on it:
//!
//! 1. *freezing*: each partition is told to count nothing more for the day. Whatever comes later counts on the next day.
//! 2. *frozen*: nothing that is counted for the day changes any more. Where a partition has lost that after all, it may have
//!    lost counts, too; they are settled again, and then it is told once more.
//! 3. The parts are read, and everything is decided on by the closing's secret, which a failover can lose no more. So
//!    whoever does it again, however often, comes to the same cells. They hold all at once: *written*.
//! 4. When that cannot be lost any more, the parts go: *dropped*. Where a failover brings one back, it goes again; when
//!    none came back, the closing is forgotten with its secret.
//!
//! What cannot be read is set aside before anything is written, and freezing begins anew, so that this cannot be lost either.
//!
//! Nothing is ever added to what is there, only put in its place. So there is nothing to be done twice, and nothing gets
//! lost: not by two instances at once, nor by one that stood still, because each step in the site's slot is refused where
//! the closing is not what was looked at.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use redis::cmd;
use tokio::time::sleep;

use crate::domain::day::Day;
use crate::domain::link_key::{Incarnation, LinkKey};
use crate::domain::min_count::MinCount;
use crate::domain::networks::Networks;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, Counts};
use crate::stats::disclosure::{Level, Secret, Undecided};
use crate::store::redis::cells::{Cell, Kind, Numbers, OF_LINK, OF_POOL, Share, to_json};
use crate::store::redis::identity::foreign_partition;
use crate::store::redis::links::CHUNK;
use crate::store::redis::marks::{Closing, Stage};
use crate::store::redis::{RedisStore, counts, failure, keys, links, script};
use crate::store::{DayClosingStore, IdentityStore, StoreError};

/// How many steps one call takes at most. The rest is left for the next one.
const STEPS: usize = 40;
/// For so long a call waits for a stage to be over; what takes longer is left for the next one.
pub(super) const SHORT: Duration = Duration::from_secs(3);

/// What closes one day.
struct Desk<'a> {
    store: &'a RedisStore,
    site: &'a SiteId,
    day: Day,
}

/// What becomes of a step.
enum Step {
    /// There is another one to be taken, or somebody else was faster.
    Next,
    /// For now there is none.
    Done,
}

#[async_trait]
impl DayClosingStore for RedisStore {
    /// The days before `before` of all sites that something is open on, or that the next stage of a closing is due for.
    async fn days_to_close(&self, before: Day) -> Result<Vec<(Day, SiteId)>, StoreError> {
        let mut due = Vec::new();
        for site in self.counted_sites().await? {
            let marks = self.marks(&site).await?;
            let (now, _) = self.look(&site, &[]).await?;
            let is_due = |closing: &Closing| closing.left(now, self.keep).is_zero();
            let days = marks.announced.keys().filter(|day| {
                **day < before && (marks.is_open(**day) || marks.closings.get(day).is_none_or(is_due))
            });
            due.extend(days.map(|day| (*day, site.clone())));
        }
        due.sort_unstable_by(|(day, site), (other, of_other)| {
            (day, site.as_str()).cmp(&(other, of_other.as_str()))
        });
        Ok(due)
    }

    /// Closes a day as far as that can be done now.
    async fn close_day(&self, site: &SiteId, day: Day, k: MinCount) -> Result<(), StoreError> {
        let desk = Desk { store: self, site, day };
        for _ in 0..STEPS {
            if let Step::Done = desk.step(k).await? {
                break;
            }
        }
        Ok(())
    }

    /// Notes that the days before `day` of all sites are closed, or those before the first one that is not yet.
    async fn note_closed_before(&self, mut day: Day) -> Result<Day, StoreError> {
        for site in self.counted_sites().await? {
            day = self.marks(&site).await?.open().min().map_or(day, |open| open.min(day));
        }
        let mut note = script::NOTE.on(&[keys::CLOSED_BEFORE.to_owned()]);
        note.arg(day.number());
        self.connection.call::<()>(&script::NOTE, &note).await.map(|()| day)
    }
}

impl Desk<'_> {
    fn field(&self, sort: &str) -> String {
        format!("{sort}{}", self.day.number())
    }

    async fn step(&self, k: MinCount) -> Result<Step, StoreError> {
        let fields = [self.field("c"), self.field("a"), self.field("k")];
        let (now, [closing, announced, secret]) = self.store.look(self.site, &fields).await?;
        let Some(closing) = closing.as_deref().map(Closing::read).transpose()? else {
            let Some(announced) = announced else { return Ok(Step::Done) };
            if !self.has_parts().await? {
                self.store.end_networks(self.site, self.day).await?;
                let mut forget = script::UNANNOUNCE.on(&[keys::marks(self.site)]);
                forget.arg(self.day.number()).arg(announced);
                let is_forgotten = self.store.connection.call(&script::UNANNOUNCE, &forget).await?;
                return Ok(if is_forgotten { Step::Done } else { Step::Next });
            }
            let new = Closing::new(Stage::Freezing, 0, k);
            self.store.begin_closing(self.site, &self.field("c"), &self.field("k"), &new).await?;
            return Ok(Step::Next);
        };
        let left = closing.left(now, self.store.keep);
        if left > SHORT {
            return Ok(Step::Done);
        }
        sleep(left).await;
        match closing.stage {
            Stage::Freezing => {
                self.freeze().await?;
                self.go_on(&closing, Stage::Frozen).await
            }
            Stage::Frozen if self.is_frozen().await? => {
                let secret = secret.as_deref().and_then(Secret::from_text);
                let secret = secret.ok_or_else(|| failure::corrupt("a closing's secret"))?;
                let week = self.store.week_of_pools(self.site, Week::of(self.day)).await?;
                if self.write(&closing, &secret, week).await? {
                    return Ok(Step::Next);
                }
                // What was set aside may come back with a failover, as counts may.
                self.go_on(&closing, Stage::Freezing).await
            }
            Stage::Frozen => self.go_on(&closing, Stage::Freezing).await,
            Stage::Written => {
                self.store.end_sets(self.site, self.day).await?;
                self.store.drop_parts(self.site, self.day).await?;
                self.go_on(&closing, Stage::Dropped).await
            }
            Stage::Dropped => {
                self.store.end_sets(self.site, self.day).await?;
                if self.store.drop_parts(self.site, self.day).await? > 0 {
                    return self.go_on(&closing, Stage::Dropped).await;
                }
                self.end(&closing).await?;
                Ok(Step::Done)
            }
        }
    }

    /// Whether anything is counted for the day.
    async fn has_parts(&self) -> Result<bool, StoreError> {
        let ask = |number| cmd("EXISTS").arg(keys::part(number, self.site, self.day)).take();
        let there: Vec<bool> =
            self.store.connection.query_all((0..keys::PARTITIONS).map(ask).collect()).await?;
        Ok(there.contains(&true))
    }

    /// Begins the next stage, from now on, unless somebody else got further.
    async fn go_on(&self, closing: &Closing, stage: Stage) -> Result<Step, StoreError> {
        let field = [self.field("c")];
        let (now, _) = self.store.look(self.site, &field).await?;
        let mut swap = script::SWAP_FIELD.on(&[keys::marks(self.site)]);
        swap.arg(&field).arg(closing.text()).arg(closing.at(stage, now).text());
        self.store.connection.call::<i64>(&script::SWAP_FIELD, &swap).await?;
        Ok(Step::Next)
    }

    /// Tells all partitions to count nothing more for the day.
    async fn freeze(&self) -> Result<(), StoreError> {
        let identity = self.store.identity();
        let freeze = |number| {
            let mut call = script::FREEZE.on(&[keys::partition(number), keys::frozen(number, self.site)]);
            call.arg(identity.as_str()).arg(self.day.number());
            call
        };
        let calls = (0..keys::PARTITIONS).map(freeze).collect();
        let answers: Vec<i64> = self.store.connection.call_all(&script::FREEZE, calls).await?;
        answers.iter().position(|answer| *answer == 0).map_or(Ok(()), |number| Err(foreign_partition(number)))
    }

    async fn is_frozen(&self) -> Result<bool, StoreError> {
        let ask =
            |number| cmd("SISMEMBER").arg(keys::frozen(number, self.site)).arg(self.day.number()).take();
        let answers: Vec<bool> =
            self.store.connection.query_all((0..keys::PARTITIONS).map(ask).collect()).await?;
        Ok(answers.into_iter().all(|is_frozen| is_frozen))
    }

    /// Decides on everything, and lets the cells hold. Where something cannot be read, sets it aside instead, and returns
    /// false.
    async fn write(&self, closing: &Closing, secret: &Secret, week: Week) -> Result<bool, StoreError> {
        let networks = if closing.k.is_exact() {
            HashMap::new()
        } else {
            self.store.networks_of_links(self.site, self.day).await?
        };
        let decision = Decision { secret, k: closing.k, networks, pools: BTreeMap::new() };
        let mut writing = Writing { desk: self, closing: closing.text(), week, decision };
        let mut is_whole = true;
        for number in 0..keys::PARTITIONS {
            let (part, mut unreadable) = match self.store.part(number, self.site, self.day).await {
                Ok(part) => (part.into_iter().collect(), None),
                Err(StoreError::Corrupt(_)) => (Vec::new(), Some(Vec::new())),
                Err(error) => return Err(error),
            };
            for some in part.chunks(CHUNK) {
                match writing.put_links(some).await? {
                    Put::All => {}
                    Put::AllBut(links) => unreadable.get_or_insert_default().extend(links),
                    Put::Nothing => return Ok(true),
                }
            }
            if let Some(links) = unreadable {
                self.store.set_aside(number, self.site, self.day, &links).await?;
                is_whole = false;
            }
        }
        if !is_whole || !writing.put_pools().await? {
            return Ok(is_whole);
        }
        let (now, _) = self.store.look(self.site, &[self.field("c")]).await?;
        let mut written = script::WRITTEN.on(&[keys::marks(self.site), keys::sheet(self.site, self.day)]);
        written.arg(self.day.number()).arg(&writing.closing);
        written.arg(closing.at(Stage::Written, now).text()).arg(closing.k.get());
        self.store.connection.call::<()>(&script::WRITTEN, &written).await?;
        Ok(true)
    }

    /// Forgets the closing, and the networks.
    async fn end(&self, closing: &Closing) -> Result<(), StoreError> {
        self.store.end_networks(self.site, self.day).await?;
        let mut end = script::END_CLOSING.on(&[keys::marks(self.site)]);
        end.arg(self.field("c")).arg(closing.text());
        end.arg(["a", "v", "k", "g"].map(|sort| self.field(sort)).to_vec());
        self.store.connection.call::<()>(&script::END_CLOSING, &end).await
    }
}

/// Which of some links' cells were put.
enum Put {
    All,
    /// All but those of these links, which cannot be read.
    AllBut(Vec<String>),
    /// None: the closing is not what it was any more.
    Nothing,
}

/// What is decided on the links of a day, and what that leaves.
struct Decision<'a> {
    secret: &'a Secret,
    k: MinCount,
    networks: HashMap<Incarnation, Networks>,
    /// That of a whole channel has the networks of all that was pooled of it, and no numbers.
    pools: BTreeMap<Kind, (Amount, Networks)>,
}

impl Decision<'_> {
    /// Returns a link's cell; what is left joins its pool.
    fn cell(&mut self, key: &str, link: &LinkKey, kind: &Kind, counts: &Counts) -> Counts {
        let networks = self.networks.get(&link.incarnation).copied().unwrap_or_default();
        let undecided = Undecided { amount: Amount::of(counts), networks: networks.count() };
        let (amount, rest) = self.secret.decide(Level::Link, key, undecided, self.k);
        if !rest.is_nothing() {
            let (pool, of_pool) = self.pools.entry(kind.clone()).or_default();
            *pool += rest.amount;
            if rest.amount.clicks > 0 {
                *of_pool |= networks;
                self.pools.entry(Kind::of_channel(kind.channel.clone())).or_default().1 |= networks;
            }
        }
        let mut cell = self.secret.unfurls(key, &counts.unfurls_by_app(), self.k);
        cell.add(&amount.into());
        cell
    }
}

/// A day's cells and its shares of the week's pools, as they are put into the site's slot.
struct Writing<'a> {
    desk: &'a Desk<'a>,
    closing: String,
    week: Week,
    decision: Decision<'a>,
}

impl Writing<'_> {
    /// Puts cells of some links; those that are gone have none.
    async fn put_links(&mut self, some: &[(String, Vec<u8>)]) -> Result<Put, StoreError> {
        let Desk { store, site, day } = *self.desk;
        let mut unreadable = Vec::new();
        let mut records: Vec<(&str, LinkKey, Counts)> = Vec::with_capacity(some.len());
        for (key, record) in some {
            match (key.parse(), counts::read(record)) {
                (Ok(link), Ok(counts)) => records.push((key, link, counts)),
                _ => unreadable.push(key.clone()),
            }
        }
        let links: Vec<_> = records.iter().map(|(_, link, _)| keys::link(&link.code)).collect();
        let values = store.connection.texts(&links).await?;
        let mut cells = Vec::new();
        for ((key, link, counts), value) in records.into_iter().zip(values) {
            let found = match value {
                // That is also what is answered for a key of another type.
                None => store.value(&link.code).await,
                value => Ok(value),
            };
            let found = match found.and_then(links::read) {
                Ok(found) => found.filter(|found| found.key() == link && found.site == *site),
                Err(StoreError::Corrupt(_)) => {
                    unreadable.push(key.to_owned());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(found) = found else { continue };
            let kind = Kind::from(found.kind_on(day));
            let cell = self.decision.cell(key, &link, &kind, &counts);
            if cell != Counts::default() {
                cells.push(format!("{OF_LINK}{key}"));
                cells.push(to_json(&Cell { kind, counts: Numbers::from(&cell) }));
            }
        }
        Ok(match self.put(&cells, &[]).await? {
            false => Put::Nothing,
            true if unreadable.is_empty() => Put::All,
            true => Put::AllBut(unreadable),
        })
    }

    async fn put_pools(&mut self) -> Result<bool, StoreError> {
        let day = self.desk.day.number();
        let pools: Vec<_> = std::mem::take(&mut self.decision.pools).into_iter().collect();
        for some in pools.chunks(CHUNK) {
            let mut shares = Vec::new();
            for (kind, (amount, networks)) in some {
                shares.push(format!("{OF_POOL}{day} {}", to_json(kind)));
                let undecided = Undecided { amount: *amount, networks: networks.count() };
                shares.push(to_json(&Share::from(undecided)));
            }
            if !self.put(&[], &shares).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn put(&self, cells: &[String], shares: &[String]) -> Result<bool, StoreError> {
        if cells.is_empty() && shares.is_empty() {
            return Ok(true);
        }
        let Desk { store, site, day } = *self.desk;
        let mut write =
            script::WRITE.on(&[keys::marks(site), keys::sheet(site, day), keys::week(site, self.week)]);
        write.arg(day.number()).arg(&self.closing).arg(self.week.number());
        write.arg(cells.len()).arg(cells).arg(shares);
        Ok(store.connection.call::<i64>(&script::WRITE, &write).await? == 1)
    }
}
