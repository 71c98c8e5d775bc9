//! What is counted, as the publisher reads it.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use entrenous::clock::Clock;
use entrenous::domain::day::Day;
use serde_json::Value;

use crate::instance::PAUSE;
use crate::model::Wrong;
use crate::world::{Failure, World, slug};

/// What was answered is in the store within this, when nothing stands in the way.
const SETTLED: Duration = Duration::from_secs(8);
/// The days before today and after it that a report is about, in two parts.
const DAYS: [(i32, i32); 2] = [(-400, 0), (1, 460)];

impl World {
    /// What is counted of each link that is there, over all days.
    pub(crate) fn counted(&self) -> Result<BTreeMap<usize, u64>, Failure> {
        let mut counted = BTreeMap::new();
        for link in self.model.stored.links.keys() {
            let mut sum = 0;
            for (first, last) in DAYS {
                sum += self.counted_between(*link, first, last)?;
            }
            if *link == 0 {
                sum = sum.saturating_add_signed(self.falsify);
            }
            counted.insert(*link, sum);
        }
        Ok(counted)
    }

    /// Waits until the running instances say that nothing of their journals is still to be settled, and sees that nothing
    /// is told of counts that they lost.
    pub(crate) fn nothing_waits(&self) -> Result<(), Failure> {
        let began = Instant::now();
        for process in self.instances.iter().filter_map(|instance| instance.running.as_ref()) {
            loop {
                match process.unsettled() {
                    Some(0) => break,
                    waiting if began.elapsed() > SETTLED => {
                        return Err(format!("{waiting:?} entries wait for ever, as the service says"));
                    }
                    _ => sleep(PAUSE),
                }
            }
            if let Some(text) = process.faults().filter(|text| text.contains("passed_over")) {
                return Err(format!("nothing was passed over, and the service says: {text}"));
            }
        }
        Ok(())
    }

    fn counted_between(&self, link: usize, first: i32, last: i32) -> Result<u64, Failure> {
        let today = Day::of(Clock::system().now());
        let days = format!("from={}&to={}", today.plus(first), today.plus(last));
        let read = self.publisher("GET", &format!("/api/v1/links/{}/stats?{days}", slug(link)), None);
        match read {
            Some((200, body)) => {
                let body: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
                let total = |name: &str| body["totals"][name].as_u64();
                let bare = total("opens").or_else(|| total("opens"));
                match (total("clicks"), bare) {
                    (Some(clicks), Some(bare)) => Ok(clicks + bare),
                    _ => Err(format!("no exact totals: {}", body["totals"])),
                }
            }
            other => Err(format!(
                "the counts of link {link} cannot be read: {:?}",
                other.map(|(status, _)| status)
            )),
        }
    }

    /// Waits until everything is counted that was answered, and nothing more.
    pub(crate) fn wait_until_counted(&self) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let found = self.counted().map(|counted| self.model.check(&counted));
            let lasts = match &found {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(wrong)) => !wrong.iter().any(Wrong::is_too_much),
                Err(_) => true,
            };
            if lasts && began.elapsed() < SETTLED {
                sleep(PAUSE);
                continue;
            }
            let list = |wrong: Vec<Wrong>| {
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                format!("{}; {} clicks were answered in all", wrong.join("; "), self.model.answered())
            };
            return found.and_then(|checked| checked.map_err(list));
        }
    }
}
