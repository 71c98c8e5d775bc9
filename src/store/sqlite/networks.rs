//! From which networks the clicks of open days came: in this process's memory, never in the file.
//!
//! A bucket can be read while the key of its day is there, so all sets here are of this run, and of entries of an earlier
//! run nothing is known. The file has the size of each link's set, where that is larger than what it had of an earlier run.
//! The sets of a day's links stay until the day is closed, because pools unite them.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::networks::Networks;
use crate::store::sqlite::counts::LinkSite;
use crate::store::sqlite::visitors::LinkRow;

/// A channel, by its place among those that are known.
pub(super) type Channel = usize;

/// The networks of each site's open days.
#[derive(Default)]
pub(super) struct OpenNetworks {
    days: BTreeMap<(LinkSite, Day), OfDay>,
    channels: Vec<ChannelName>,
}

#[derive(Default)]
struct OfDay {
    links: HashMap<LinkRow, Networks>,
    /// Those that came since somebody asked for them last.
    recent: BTreeMap<Channel, Networks>,
}

impl OpenNetworks {
    /// Returns the place of a channel.
    pub(super) fn channel(&mut self, name: ChannelName) -> Channel {
        self.channels.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.channels.push(name);
            self.channels.len() - 1
        })
    }

    /// Adds networks to those of a link's day, and returns how many these are then. Where the transaction fails and the same
    /// ones are added again, the same number comes out.
    pub(super) fn add(
        &mut self,
        (site, day): (LinkSite, Day),
        link: LinkRow,
        channel: Channel,
        networks: Networks,
    ) -> u64 {
        if networks == Networks::default() {
            return 0;
        }
        let of_day = self.days.entry((site, day)).or_default();
        *of_day.recent.entry(channel).or_default() |= networks;
        let of_link = of_day.links.entry(link).or_default();
        *of_link |= networks;
        of_link.count()
    }

    /// Returns those of a link's day.
    pub(super) fn of(&self, site: LinkSite, day: Day, link: LinkRow) -> Networks {
        let of_link = self.days.get(&(site, day)).and_then(|of_day| of_day.links.get(&link));
        of_link.copied().unwrap_or_default()
    }

    /// Returns those that came on a site's day since this was called last, by channel.
    pub(super) fn take_recent(&mut self, site: LinkSite, day: Day) -> BTreeMap<ChannelName, Networks> {
        let of_day = self.days.get_mut(&(site, day));
        let recent = of_day.map(|of_day| std::mem::take(&mut of_day.recent)).unwrap_or_default();
        recent.into_iter().map(|(channel, networks)| (self.channels[channel].clone(), networks)).collect()
    }

    /// Forgets which networks of days before `day` came when.
    pub(super) fn forget_recent_before(&mut self, day: Day) {
        for (_, of_day) in self.days.iter_mut().filter(|((_, of), _)| *of < day) {
            of_day.recent = BTreeMap::new();
        }
    }

    /// Forgets links on a day.
    pub(super) fn forget_links_of_day(&mut self, site: LinkSite, day: Day, links: &[LinkRow]) {
        if let Some(of_day) = self.days.get_mut(&(site, day)) {
            for link in links {
                of_day.links.remove(link);
            }
        }
    }

    /// Forgets a link on every day.
    pub(super) fn forget_link(&mut self, link: LinkRow) {
        for of_day in self.days.values_mut() {
            of_day.links.remove(&link);
        }
    }

    /// Forgets the days that are not to be kept.
    pub(super) fn keep_days(&mut self, is_kept: impl Fn(LinkSite, Day) -> bool) {
        self.days.retain(|(site, day), _| is_kept(*site, *day));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::networks::Bucket;

    fn today() -> Day {
        "2026-11-21".parse().expect("a day")
    }

    fn buckets(numbers: std::ops::Range<u8>) -> Networks {
        numbers.map(Bucket::new).collect()
    }

    #[test]
    fn networks_of_a_link_are_counted_once_and_recent_ones_are_taken_once() {
        let mut open = OpenNetworks::default();
        let names = ["sms", "email"].map(|name| ChannelName::parse(name).expect("a channel"));
        let [sms, email] = names.clone().map(|name| open.channel(name));
        assert_eq!(open.channel(names[0].clone()), sms);
        assert_eq!(open.add((1, today()), 7, sms, buckets(0..3)), 3);
        assert_eq!(open.add((1, today()), 7, sms, buckets(2..5)), 5);
        assert_eq!(open.add((1, today()), 8, email, buckets(0..1)), 1);
        assert_eq!(open.add((1, today()), 9, email, Networks::default()), 0);
        assert_eq!(open.of(1, today(), 7).count(), 5);
        assert_eq!(open.of(2, today(), 7).count(), 0);
        let counts = |recent: BTreeMap<ChannelName, Networks>| -> Vec<_> {
            recent.into_iter().map(|(name, networks)| (name.to_string(), networks.count())).collect()
        };
        let taken = counts(open.take_recent(1, today()));
        assert_eq!(taken, [("email".to_owned(), 1), ("sms".to_owned(), 5)]);
        assert!(open.take_recent(1, today()).is_empty());
        open.add((1, today()), 7, sms, buckets(0..1));
        assert_eq!(counts(open.take_recent(1, today())), [("sms".to_owned(), 1)]);
        open.add((1, today()), 7, sms, buckets(0..1));
        open.forget_recent_before(today().plus(1));
        assert!(open.take_recent(1, today()).is_empty());
        assert_eq!(open.of(1, today(), 7).count(), 5, "pools need it");
    }
}
