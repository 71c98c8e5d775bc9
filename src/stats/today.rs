//! A day's numbers while the day is open: of a site and of each of its channels, at full hours, and only when many people
//! have come since the last number was shown.
//!
//! A new number of clicks takes as many visitors and different networks as were drawn, 4k to 8k − 1, and one of opens 8k
//! to 16k − 1 opens. Each number is rounded to multiples of k. So whoever wants to learn of one visitor from the moment at
//! which a number changes has to command nearly all of these networks, and does not know how many there have to be.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelName;
use crate::domain::min_count::MinCount;
use crate::domain::networks::Networks;
use crate::stats::counts::Amount;
use crate::stats::disclosure;

/// A number of clicks, rounded, as it was at a full hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClicksAt {
    /// The hour.
    pub at: Timestamp,
    /// About how many clicks there were.
    pub clicks: u64,
    /// About how many visitors.
    pub visitors: u64,
}

/// A number of opens, rounded, as it was at a full hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpensAt {
    /// The hour.
    pub at: Timestamp,
    /// About how many there were.
    pub opens: u64,
}

/// The numbers that were shown last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latest {
    /// `None` where no number of clicks has been shown today.
    pub clicks: Option<ClicksAt>,
    /// `None` where no number of opens has been shown today.
    pub opens: Option<OpensAt>,
}

/// What may be shown of an open day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Of the site.
    pub site: Latest,
    /// Of each channel of which there is something.
    pub channels: BTreeMap<ChannelName, Latest>,
}

/// What is remembered of a site's day to show its numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_debug_implementations, reason = "it holds exact numbers, and networks")]
pub struct Today {
    /// The full hour up to which everything is dealt with.
    hour: Timestamp,
    /// Whether somebody is still at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_claimed: bool,
    #[serde(default)]
    site: Subject,
    #[serde(default)]
    channels: BTreeMap<ChannelName, Subject>,
}

/// What is remembered of the site, or of a channel.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Subject {
    clicks: Option<ClicksAt>,
    /// The networks that have come since that number was shown.
    networks: Networks,
    /// How many visitors there were then.
    visitors: u64,
    /// How many networks and visitors it takes for the next one, once that is drawn.
    networks_needed: Option<u64>,
    opens: Option<OpensAt>,
    /// How many opens there were when their number was shown.
    opened: u64,
    /// How many opens it takes for the next one.
    opens_needed: Option<u64>,
}

/// Draws a number below a bound, all alike.
pub trait Draw {
    /// Draws a number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64;
}

/// Draws from the system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDraw;

impl Draw for SystemDraw {
    /// # Panics
    /// When the system has no random source, without which the service does not start.
    fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("the operating system has a random source");
        // The bound is a few hundred at most, so the remainder of 64 bits is as good as uniform.
        u64::from_le_bytes(bytes) % bound
    }
}

/// Rounds a number to a multiple of k, with r drawn anew.
fn round(number: u64, k: MinCount, draw: &mut impl Draw) -> u64 {
    disclosure::round(number, draw.below(k.get()), k)
}

impl Subject {
    fn advance(
        &mut self,
        hour: Timestamp,
        amount: Amount,
        networks: Networks,
        k: MinCount,
        draw: &mut impl Draw,
    ) {
        self.networks |= networks;
        let n = k.get();
        let needed = *self.networks_needed.get_or_insert_with(|| 4 * n + draw.below(4 * n));
        // A deleted link takes its visitors along. Networks alone would then let a number be shown that is of few people.
        self.visitors = self.visitors.min(amount.visitors);
        if self.networks.count() >= needed && amount.visitors - self.visitors >= needed {
            let visitors = round(amount.visitors, k, draw);
            let clicks = visitors + round(amount.clicks.saturating_sub(amount.visitors), k, draw);
            self.clicks = Some(ClicksAt { at: hour, clicks, visitors });
            (self.networks, self.visitors, self.networks_needed) =
                (Networks::default(), amount.visitors, None);
        }
        let needed = *self.opens_needed.get_or_insert_with(|| 8 * n + draw.below(8 * n));
        let opens = amount.opens;
        self.opened = self.opened.min(opens);
        if opens - self.opened >= needed {
            self.opens = Some(OpensAt { at: hour, opens: round(opens, k, draw) });
            (self.opened, self.opens_needed) = (opens, None);
        }
    }

    fn latest(&self) -> Latest {
        Latest { clicks: self.clicks, opens: self.opens }
    }
}

impl Today {
    /// Begins with a day, or anew in the middle of one. Of what came before `hour`, only what is known later counts.
    #[must_use]
    pub fn new(hour: Timestamp) -> Self {
        Self { hour, is_claimed: false, site: Subject::default(), channels: BTreeMap::new() }
    }

    /// Takes an hour upon oneself: whoever sees that leaves it alone.
    pub fn claim(&mut self, hour: Timestamp) {
        (self.hour, self.is_claimed) = (hour, true);
    }

    /// Returns whether somebody has taken the hour upon themselves and is not done.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.is_claimed
    }

    /// Returns the full hour up to which everything is dealt with.
    #[must_use]
    pub fn hour(&self) -> Timestamp {
        self.hour
    }

    /// Takes what there is at a full hour, and the networks that have come since the last one: shows new numbers where
    /// enough have come for them. With an hour that was dealt with before, nothing changes.
    pub fn advance(
        &mut self,
        hour: Timestamp,
        totals: &BTreeMap<ChannelName, Amount>,
        recent: &BTreeMap<ChannelName, Networks>,
        k: MinCount,
        draw: &mut impl Draw,
    ) {
        if hour < self.hour || hour == self.hour && !self.is_claimed {
            return;
        }
        (self.hour, self.is_claimed) = (hour, false);
        let (mut all, mut everywhere) = (Amount::default(), Networks::default());
        for (channel, networks) in recent {
            everywhere |= *networks;
            self.channels.entry(channel.clone()).or_default();
        }
        for (channel, amount) in totals {
            all += *amount;
            self.channels.entry(channel.clone()).or_default();
        }
        self.site.advance(hour, all, everywhere, k, draw);
        for (channel, of_channel) in &mut self.channels {
            let amount = totals.get(channel).copied().unwrap_or_default();
            let networks = recent.get(channel).copied().unwrap_or_default();
            of_channel.advance(hour, amount, networks, k, draw);
        }
    }

    /// Returns the numbers that were shown last.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let channels = self.channels.iter().map(|(channel, subject)| (channel.clone(), subject.latest()));
        let channels = channels.filter(|(_, latest)| *latest != Latest::default()).collect();
        Numbers { site: self.site.latest(), channels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::networks::Bucket;

    /// Draws the same part of each bound: 0 for the smallest number, and 99 for about the greatest.
    struct Part(u64);

    impl Draw for Part {
        fn below(&mut self, bound: u64) -> u64 {
            bound * self.0 / 100
        }
    }

    fn hour(number: i64) -> Timestamp {
        Timestamp::from_second(number * 3_600).expect("a time")
    }

    fn k(number: u64) -> MinCount {
        number.try_into().expect("a k")
    }

    fn sms() -> ChannelName {
        ChannelName::parse("sms").expect("a channel")
    }

    fn totals(clicks: u64, visitors: u64, opens: u64) -> BTreeMap<ChannelName, Amount> {
        BTreeMap::from([(sms(), Amount { clicks, visitors, opens })])
    }

    fn from(networks: std::ops::Range<u8>) -> BTreeMap<ChannelName, Networks> {
        BTreeMap::from([(sms(), networks.map(Bucket::new).collect())])
    }

    #[test]
    fn a_number_is_shown_when_as_many_networks_have_come_as_were_drawn() {
        for (part, needed) in [(0, 20), (50, 30), (99, 39)] {
            let (mut today, draw) = (Today::new(hour(0)), &mut Part(part));
            let below = needed - 1;
            let few = u8::try_from(below).expect("few networks");
            today.advance(hour(1), &totals(500, 500, 0), &from(0..few), k(5), draw);
            assert_eq!(today.numbers(), Numbers::default(), "{below} networks");
            // The same ones again are no more.
            today.advance(hour(2), &totals(600, 600, 0), &from(0..few), k(5), draw);
            assert_eq!(today.numbers(), Numbers::default());
            today.advance(hour(3), &totals(600, 600, 0), &from(few..few + 1), k(5), draw);
            let clicks = today.numbers().site.clicks.expect("a number");
            assert_eq!((clicks.at, clicks.clicks, clicks.visitors), (hour(3), 600, 600));
            assert_eq!(today.numbers().channels[&sms()].clicks, Some(clicks));
            // And for the next one it takes as many again.
            today.advance(hour(4), &totals(900, 900, 0), &from(0..few), k(5), draw);
            assert_eq!(today.numbers().site.clicks, Some(clicks));
            today.advance(hour(5), &totals(900, 900, 0), &from(40..90), k(5), draw);
            assert_eq!(today.numbers().site.clicks.expect("a number").visitors, 900);
        }
    }

    #[test]
    fn networks_without_as_many_visitors_show_nothing() {
        let (mut today, draw) = (Today::new(hour(0)), &mut Part(0));
        // Somebody has sent many people to a link and deleted it, and one visitor of another link is left.
        today.advance(hour(1), &totals(1, 1, 0), &from(0..200), k(5), draw);
        assert_eq!(today.numbers(), Numbers::default());
        today.advance(hour(2), &totals(20, 20, 0), &BTreeMap::new(), k(5), draw);
        assert_eq!(today.numbers().site.clicks.expect("a number").visitors, 20);
        // What is deleted later changes nothing of what was shown, and counts for no later number.
        today.advance(hour(3), &totals(2, 2, 0), &from(0..200), k(5), draw);
        today.advance(hour(4), &totals(21, 21, 0), &BTreeMap::new(), k(5), draw);
        assert_eq!(today.numbers().site.clicks.expect("a number").at, hour(2));
    }

    #[test]
    fn opens_are_shown_when_as_many_more_were_counted() {
        let (mut today, draw) = (Today::new(hour(0)), &mut Part(0));
        for (at, opens, shown) in [(1, 39, None), (2, 40, Some(40)), (3, 79, Some(40)), (4, 83, Some(80))] {
            today.advance(hour(at), &totals(0, 0, opens), &BTreeMap::new(), k(5), draw);
            let numbers = today.numbers();
            assert_eq!(numbers.site.opens.map(|opens| opens.opens), shown);
            assert_eq!((numbers.site.clicks, numbers.channels.len()), (None, usize::from(shown.is_some())));
        }
        assert_eq!(today.numbers().site.opens.expect("a number").at, hour(4));
    }

    #[test]
    fn a_sites_networks_are_those_of_its_channels_together() {
        let (mut today, draw) = (Today::new(hour(0)), &mut Part(0));
        let mail = ChannelName::parse("email").expect("a channel");
        let all = |visitors| {
            let amount = Amount { clicks: 2 * visitors, visitors, opens: 0 };
            BTreeMap::from([(sms(), amount), (mail.clone(), amount)])
        };
        let mut recent = from(0..12);
        recent.insert(mail.clone(), (0..12).map(Bucket::new).collect());
        today.advance(hour(1), &all(50), &recent, k(5), draw);
        assert_eq!(today.numbers(), Numbers::default(), "they are the same twelve");
        recent.insert(mail.clone(), (12..20).map(Bucket::new).collect());
        today.advance(hour(2), &all(60), &recent, k(5), draw);
        let site = today.numbers().site.clicks.expect("a number");
        assert_eq!((site.clicks, site.visitors), (240, 120));
        assert_eq!(today.numbers().channels.len(), 1, "the other one's are these eight and twelve");
    }

    #[test]
    fn an_hour_is_dealt_with_once_and_by_whoever_claims_it() {
        let (mut today, draw) = (Today::new(hour(0)), &mut Part(0));
        today.advance(hour(1), &totals(30, 30, 0), &from(0..10), k(5), draw);
        today.advance(hour(1), &totals(30, 30, 0), &from(10..30), k(5), draw);
        assert_eq!((today.numbers(), today.hour()), (Numbers::default(), hour(1)));
        today.claim(hour(2));
        assert!(today.is_claimed() && today.hour() == hour(2));
        today.advance(hour(2), &totals(31, 30, 0), &from(10..20), k(5), draw);
        assert!(!today.is_claimed());
        assert_eq!(today.numbers().site.clicks.expect("a number").at, hour(2));
    }

    #[test]
    fn what_is_drawn_is_remembered_and_uniform() {
        let mut needed = BTreeMap::<u64, u32>::new();
        let mut rounded = BTreeMap::<u64, u32>::new();
        for _ in 0..4_000 {
            let mut today = Today::new(hour(0));
            today.advance(hour(1), &totals(43, 43, 0), &BTreeMap::new(), k(5), &mut SystemDraw);
            let drawn = today.site.networks_needed.expect("it is drawn");
            *needed.entry(drawn).or_default() += 1;
            let json = serde_json::to_string(&today).expect("json");
            today = serde_json::from_str(&json).expect("what was written");
            today.advance(hour(2), &totals(43, 43, 0), &from(0..43), k(5), &mut SystemDraw);
            let clicks = today.numbers().site.clicks.expect("43 are always enough");
            *rounded.entry(clicks.visitors).or_default() += 1;
        }
        assert_eq!(needed.keys().copied().collect::<Vec<_>>(), (20..40).collect::<Vec<_>>());
        assert!(needed.values().all(|times| (120..290).contains(times)), "{needed:?}");
        assert_eq!(rounded.keys().copied().collect::<Vec<_>>(), [40, 45]);
        assert!((2_200..2_600).contains(&rounded[&45]), "{rounded:?}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut today = Today::new(hour(0));
        today.advance(hour(1), &totals(300, 200, 100), &from(0..60), k(5), &mut SystemDraw);
        today.advance(hour(2), &totals(301, 201, 101), &from(7..9), k(5), &mut SystemDraw);
        let json = serde_json::to_string(&today).expect("json");
        let again: Today = serde_json::from_str(&json).expect("what was written");
        assert!(again == today && again.numbers() == today.numbers());
        assert!(serde_json::from_str::<Today>("{}").is_err());
    }
}
