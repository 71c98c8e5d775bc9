//! What was set aside, because it or its link cannot be read: counts, until they can be added again, and what an operator
//! has to look at.

use async_trait::async_trait;
use redis::{Cmd, cmd};

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::link_key::LinkKey;
use crate::domain::site::SiteId;
use crate::store::redis::identity::foreign_partition;
use crate::store::redis::links::read_value;
use crate::store::redis::settlement::{Days, add_to, first_failure};
use crate::store::redis::{RedisStore, counts, keys, script};
use crate::store::{IdentityStore, SetAside, SetAsideStore, StoreError};

/// Counts of a link and a day.
struct Aside {
    field: String,
    link: LinkKey,
    day: Day,
    entries: u64,
}

impl Aside {
    /// Reads a field of a partition's hash.
    fn read(field: &str, value: &[u8]) -> Option<Self> {
        let (link, day) = field.split_once(' ')?;
        let (link, day) = (link.parse().ok()?, counts::day_of(day)?);
        let numbers = str::from_utf8(value).ok()?.split(' ').take(3);
        let entries = numbers.map(|number| number.parse::<u64>().ok()).sum::<Option<u64>>()?;
        Some(Self { field: field.to_owned(), link, day, entries })
    }
}

#[async_trait]
impl SetAsideStore for RedisStore {
    /// Tries to add what is set aside to the counts. Like entries it is announced before, and what comes
    /// late counts on the next day.
    async fn retry_set_aside(&self) -> Result<Vec<SetAside>, StoreError> {
        let mut left = Vec::new();
        let ask = |number| cmd("HGETALL").arg(keys::set_aside(number)).take();
        let all = (0..keys::PARTITIONS).map(ask).collect();
        let answers = self.connection.query_each::<Vec<(String, Vec<u8>)>>(all).await;
        let mut unreachable = Vec::new();
        for (number, answer) in answers.into_iter().enumerate() {
            let restored = match answer {
                Ok(fields) if fields.is_empty() => Ok(()),
                Ok(fields) => self.restore(number, fields, &mut left).await,
                Err(error) => Err(error),
            };
            match restored {
                Ok(()) => {}
                // It is told as held when something is settled there.
                Err(error @ StoreError::Unavailable(_)) => unreachable.push(error),
                Err(error @ StoreError::Foreign(_)) => return Err(error),
                Err(_) => add_to(&mut left, &keys::set_aside(number), 0),
            }
        }
        if unreachable.len() == keys::PARTITIONS {
            return unreachable.pop().map_or(Ok(left), Err);
        }
        Ok(left)
    }
}

impl RedisStore {
    /// The same of one partition.
    async fn restore(
        &self,
        number: usize,
        fields: Vec<(String, Vec<u8>)>,
        left: &mut Vec<SetAside>,
    ) -> Result<(), StoreError> {
        let mut asides = Vec::new();
        for (field, value) in fields {
            match Aside::read(&field, &value) {
                Some(aside) => asides.push(aside),
                None => add_to(left, &format!("{} {field}", keys::set_aside(number)), 0),
            }
        }
        let ask = |aside: &Aside| cmd("GET").arg(keys::link(&aside.link.code)).take();
        let values = self.connection.query_each::<Option<String>>(asides.iter().map(ask).collect()).await;
        let mut readable: Vec<(Aside, Option<Link>)> = Vec::new();
        for (aside, value) in asides.into_iter().zip(values) {
            match value.and_then(|value| value.as_deref().map(read_value).transpose()) {
                Ok(link) => {
                    let link = link.filter(|link| link.key() == aside.link);
                    readable.push((aside, link));
                }
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(_) => add_to(left, &keys::link(&aside.link.code), aside.entries),
            }
        }
        let days = readable.iter().filter_map(|(aside, link)| Some((&link.as_ref()?.site, aside.day)));
        let days = Days::of_each(days);
        self.announce(&days).await?;
        for (aside, link) in &readable {
            let answer = self.restore_one(number, aside, link.as_ref()).await?;
            let name = answer.get(1).map(String::as_str).unwrap_or_default();
            match answer.first().map(String::as_str) {
                Some("done") => {}
                Some("foreign") => return Err(foreign_partition(number)),
                // This is what cannot be read.
                _ => add_to(left, name, aside.entries),
            }
        }
        self.announce_missing(&days).await
    }

    /// Tries to add some counts, on the day on which their site counts what is of theirs.
    async fn restore_one(
        &self,
        number: usize,
        Aside { field, link, day, .. }: &Aside,
        found: Option<&Link>,
    ) -> Result<Vec<String>, StoreError> {
        let identity = self.identity();
        // Where the link is gone, it does not matter whose it was.
        let nobody = SiteId::from_stored("");
        let site = found.map_or(&nobody, |found| &found.site);
        let mut day = *day;
        loop {
            let mut call = script::RESTORE.on(&[
                keys::partition(number),
                keys::set_aside(number),
                keys::link(&link.code),
                keys::part(number, site, day),
                keys::frozen(number, site),
            ]);
            call.arg(identity.as_str()).arg(field).arg(link.to_string()).arg(site.as_str()).arg(day.number());
            let answer: Vec<String> = self.connection.call(&script::RESTORE, &call).await?;
            let on = answer.get(1).and_then(|on| counts::day_of(on));
            match (answer.first().map(String::as_str), on) {
                (Some("late"), Some(on)) if on > day => {
                    day = on;
                    self.announce(&Days::of_one(site, day)).await?;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Sets fields of a part aside, or the whole part where it is no hash. Its day counts nothing any more.
    pub(super) async fn set_aside(
        &self,
        number: usize,
        site: &SiteId,
        day: Day,
        fields: &[String],
    ) -> Result<(), StoreError> {
        let part = keys::part(number, site, day);
        let mut call = script::SET_ASIDE.on(&[
            keys::partition(number),
            keys::set_aside(number),
            part.clone(),
            keys::damaged(&part),
            keys::frozen(number, site),
        ]);
        call.arg(self.identity().as_str()).arg(day.number()).arg(fields);
        let is_done: bool = self.connection.call(&script::SET_ASIDE, &call).await?;
        if is_done { Ok(()) } else { Err(foreign_partition(number)) }
    }

    /// Drops what was set aside of days before `day`.
    pub(super) async fn end_set_aside(&self, day: Day) -> Result<(), StoreError> {
        let ask = |number| cmd("HKEYS").arg(keys::set_aside(number)).take();
        let answers =
            self.connection.query_each::<Vec<String>>((0..keys::PARTITIONS).map(ask).collect()).await;
        let is_past = |field: &String| {
            field.rsplit_once(' ').and_then(|(_, past)| counts::day_of(past)).is_none_or(|past| past < day)
        };
        let mut drops: Vec<Cmd> = Vec::new();
        let mut outcome = Ok(());
        for (number, fields) in answers.into_iter().enumerate() {
            match fields {
                Ok(fields) => {
                    let past: Vec<String> = fields.into_iter().filter(is_past).collect();
                    let kept = past.iter().filter_map(|field| field.split_once(' ')).map(|(key, _)| key);
                    for key in kept.filter(|key| keys::is_damaged(key)) {
                        drops.push(cmd("UNLINK").arg(key).take());
                    }
                    if !past.is_empty() {
                        drops.push(cmd("HDEL").arg(keys::set_aside(number)).arg(past).take());
                    }
                }
                Err(error) => outcome = Err(error),
            }
        }
        first_failure(self.connection.query_each::<i64>(drops).await).and(outcome)
    }
}
