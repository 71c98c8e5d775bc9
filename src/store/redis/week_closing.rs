//! Closing a week: what its days left to pools becomes cells of pages and channels. All of it is in the site's slot, so one
//! step does it. Before that its secret is kept for so long that no failover can take it back: who does it again draws nothing
//! anew.

use std::collections::BTreeMap;

use async_trait::async_trait;
use redis::cmd;
use tokio::time::sleep;

use crate::domain::channel::ChannelName;
use crate::domain::min_count::MinCount;
use crate::domain::site::SiteId;
use crate::domain::week::Week;
use crate::stats::counts::{Amount, Counts};
use crate::stats::disclosure::{Level, Secret, Undecided};
use crate::store::redis::cells::{Kind, Numbers, OF_KIND, OF_POOL, Share, from_json, to_json};
use crate::store::redis::day_closing::SHORT;
use crate::store::redis::marks::{Closing, Stage};
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{StoreError, WeekClosingStore};

/// What each day left to the pool of a kind.
type Pools = BTreeMap<Kind, BTreeMap<String, Undecided>>;

/// How often a call begins again because somebody else got further.
const ATTEMPTS: usize = 10;

#[async_trait]
impl WeekClosingStore for RedisStore {
    /// The weeks before `before` of all sites that have pools which nothing can join any more.
    async fn weeks_to_close(&self, before: Week) -> Result<Vec<(Week, SiteId)>, StoreError> {
        let mut due = Vec::new();
        for site in self.counted_sites().await? {
            let marks = self.marks(&site).await?;
            let weeks = marks.weeks.keys().filter(|week| **week < before && marks.is_due(**week));
            due.extend(weeks.map(|week| (*week, site.clone())));
        }
        due.sort_unstable_by(|(week, site), (other, of_other)| {
            (week, site.as_str()).cmp(&(other, of_other.as_str()))
        });
        Ok(due)
    }

    /// Closes a week as far as that can be done now.
    async fn close_week(&self, site: &SiteId, week: Week, k: MinCount) -> Result<(), StoreError> {
        let (field, secret_field) = (format!("s{}", week.number()), format!("kw{}", week.number()));
        for _ in 0..ATTEMPTS {
            let (now, [closing, secret]) = self.look(site, &[field.clone(), secret_field.clone()]).await?;
            if !self.marks(site).await?.is_due(week) {
                return Ok(());
            }
            let Some(text) = closing else {
                let new = Closing::new(Stage::Frozen, now, k);
                self.begin_closing(site, &field, &secret_field, &new).await?;
                continue;
            };
            let closing = Closing::read(&text)?;
            let left = closing.left(now, self.keep);
            if left > SHORT {
                return Ok(());
            }
            sleep(left).await;
            let secret = secret.as_deref().and_then(Secret::from_text);
            let secret = secret.ok_or_else(|| failure::corrupt("a closing's secret"))?;
            let cells = decide(&secret, closing.k, self.pools(site, week).await?);
            let mut close = script::CLOSE_WEEK.on(&[keys::marks(site), keys::week(site, week)]);
            close.arg(week.number()).arg(text);
            for (kind, counts) in &cells {
                close.arg(format!("{OF_KIND}{}", to_json(kind))).arg(to_json(&Numbers::from(counts)));
            }
            if self.connection.call::<bool>(&script::CLOSE_WEEK, &close).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl RedisStore {
    /// A week's pools: what each day left to them.
    async fn pools(&self, site: &SiteId, week: Week) -> Result<Pools, StoreError> {
        let mut pools = Pools::new();
        let fields: Vec<(String, String)> =
            self.connection.query(cmd("HGETALL").arg(keys::week(site, week))).await?;
        for (field, share) in fields {
            let kind = field.strip_prefix(OF_POOL).and_then(|rest| rest.split_once(' '));
            if let Some((day, kind)) = kind {
                let days = pools.entry(from_json(kind)?).or_default();
                days.insert(day.to_owned(), from_json::<Share>(&share)?.undecided());
            }
        }
        Ok(pools)
    }
}

/// What is left of a channel's pages.
#[derive(Default)]
struct Left {
    amount: Amount,
    /// From how many networks the clicks of each day came.
    networks: BTreeMap<String, OfChannel>,
}

/// Networks of a channel on a day. Those of different pages may be the same.
#[derive(Default)]
struct OfChannel {
    /// Of everything that was pooled.
    all: u64,
    /// Of pages that became cells.
    of_cells: u64,
    /// Of the page with the most of those that did not.
    of_one_page: u64,
}

impl OfChannel {
    /// From how many networks the clicks of pages that became no cell came at least.
    fn at_least(&self) -> u64 {
        self.all.saturating_sub(self.of_cells).max(self.of_one_page)
    }
}

/// The cells of pages, and those of channels of what is left of these. What is left then is forgotten.
fn decide(secret: &Secret, k: MinCount, pools: Pools) -> Vec<(Kind, Counts)> {
    let mut cells = Vec::new();
    let mut channels: BTreeMap<ChannelName, Left> = BTreeMap::new();
    for (kind, days) in pools {
        let mut pool = Undecided::default();
        for of_day in days.values() {
            pool += *of_day;
        }
        let (cell, rest) = secret.decide(Level::Page, &to_json(&kind), pool, k);
        let left = channels.entry(kind.channel.clone()).or_default();
        left.amount += rest.amount;
        for (day, of_day) in days {
            let of_channel = left.networks.entry(day).or_default();
            if kind.page.is_none() {
                of_channel.all += of_day.networks;
            } else if rest.amount.clicks == 0 {
                of_channel.of_cells += of_day.networks;
            } else {
                of_channel.of_one_page = of_day.networks.max(of_channel.of_one_page);
            }
        }
        cells.push((kind, cell));
    }
    for (channel, Left { amount, networks }) in channels {
        let rest = Undecided { amount, networks: networks.values().map(OfChannel::at_least).sum() };
        let (cell, _) = secret.decide(Level::Channel, channel.as_str(), rest, k);
        cells.push((Kind::of_channel(channel), cell));
    }
    cells.retain(|(_, cell)| !cell.is_nothing());
    cells.into_iter().map(|(kind, cell)| (kind, cell.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_few_for_its_page_comes_together_at_its_channel() {
        let kind = |page: &str| {
            from_json::<Kind>(&format!(r#"{{"channel":"sms","page":"https://{page}.example/"}}"#))
        };
        let pool = |days: &[(u64, u64)]| {
            let of_day = |(visitors, networks): &(u64, u64)| Undecided {
                amount: Amount { clicks: *visitors, visitors: *visitors, opens: 0 },
                networks: *networks,
            };
            let days = days.iter().map(of_day).enumerate();
            days.map(|(day, undecided)| (day.to_string(), undecided)).collect::<BTreeMap<_, _>>()
        };
        // Of one day the five networks may be the same; of another one they count anew.
        let pools = [
            ("big", vec![(50, 50)]),
            ("a", vec![(20, 5)]),
            ("few", vec![(20, 4)]),
            ("b", vec![(0, 0), (10, 5)]),
        ];
        let pools = pools.map(|(page, days)| (kind(page).expect("a kind"), pool(&days)));
        let cells = |pools: &[(Kind, BTreeMap<String, Undecided>)]| {
            let cells = decide(&Secret::random(), MinCount::DEFAULT, pools.iter().cloned().collect());
            cells.into_iter().map(|(kind, cell)| (kind.page.is_some(), cell.visitors)).collect::<Vec<_>>()
        };
        assert_eq!(cells(&pools[..3]), [(true, 50)]);
        assert_eq!(cells(&pools), [(true, 50), (false, 50)]);
    }
}
