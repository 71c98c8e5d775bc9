//! Channels beside each other: the part that each has of all shares and of all clicks, and its funnel.

use crate::stats::publication::Number;
use crate::stats::report::{Group, Grouping, Numbers};
use crate::web::dashboard::chart::axis::percent;
use crate::web::dashboard::overview::page::{ChannelRow, Channels, Part, Step, Whole};
use crate::web::dashboard::overview::rows::Rows;

/// How many channels have a colour of their own.
const COLOURS: [&str; 6] = ["c1", "c2", "c3", "c4", "c5", "c6"];

impl Rows<'_> {
    /// The channels beside each other, where there are any. Parts of shares are known where clicks per share are.
    pub(in crate::web) fn channels(&self, has_clicks_per_share: bool) -> Option<Channels> {
        let table = self.report.table(Grouping::Channel)?;
        let sum = |of: fn(&Numbers) -> Number| -> u64 {
            table.groups.iter().filter_map(|group| of(&group.numbers).value()).sum()
        };
        let (shares, clicks) = (sum(|numbers| numbers.shares), sum(|numbers| numbers.clicks));
        if table.groups.is_empty() {
            return None;
        }
        let four = |group: &Group| Self::four(&group.numbers).map(|(_, count)| count.value().unwrap_or(0));
        let mut most = [0; 4];
        for group in &table.groups {
            for (most, number) in most.iter_mut().zip(four(group)) {
                *most = number.max(*most);
            }
        }
        let rows = table.groups.iter().enumerate().map(|(place, group)| {
            let part = |number: Number, whole, name| {
                number.value().map(|number| (self.page.language.percent(number, whole), name))
            };
            let numbers = &group.numbers;
            let of_shares = part(numbers.shares, shares, "stats-of-shares").filter(|_| has_clicks_per_share);
            let of_clicks = part(numbers.clicks, clicks, "stats-of-clicks");
            let name = group.key.as_deref().unwrap_or_default();
            let view = self.view.of_group(Grouping::Channel, Some(name), "");
            ChannelRow {
                class: COLOURS.get(place).copied().unwrap_or("c6"),
                name: self.channel(name),
                address: view.map(|view| view.address()),
                parts: of_shares.into_iter().chain(of_clicks).collect(),
                funnel: Self::funnel(numbers, most),
                clicks_per_share: self.clicks_per_share(numbers.clicks_per_share),
            }
        });
        let whole = vec![
            self.whole("stats-shares", &table.groups, |numbers| numbers.shares, shares),
            self.whole("stats-clicks", &table.groups, |numbers| numbers.clicks, clicks),
        ];
        Some(Channels { rows: rows.collect(), whole, downloads: self.downloads(Grouping::Channel) })
    }

    /// A number of all channels as one bar; those without a colour of their own are one part.
    fn whole(&self, name: &'static str, groups: &[Group], of: fn(&Numbers) -> Number, all: u64) -> Whole {
        let number = |group: &Group| of(&group.numbers).value().unwrap_or(0);
        let own = if groups.len() > COLOURS.len() { COLOURS.len() - 1 } else { COLOURS.len() };
        let (first, rest) = groups.split_at(own.min(groups.len()));
        let mut parts: Vec<(String, u64)> = first
            .iter()
            .map(|group| (self.channel(group.key.as_deref().unwrap_or_default()), number(group)))
            .collect();
        if !rest.is_empty() {
            parts.push((self.page.say("stats-rest").to_string(), rest.iter().map(number).sum()));
        }
        let mut left = 0;
        let part = |(place, (name, number)): (usize, (String, u64))| {
            let x = percent(left, all);
            left += number;
            let share = self.page.language.percent(number, all);
            let words = self.page.say("stats-share-of").text("name", name).text("percent", share).to_string();
            Part { class: COLOURS[place], x, width: percent(number, all), words }
        };
        // What is not shown has no part.
        let shown = parts.into_iter().enumerate().filter(|(_, (_, number))| *number > 0);
        Whole { name, parts: shown.map(part).collect() }
    }

    /// The steps of a channel, beside the most that any channel has of each.
    fn funnel(numbers: &Numbers, most: [u64; 4]) -> Vec<Step> {
        let step = |((name, count), most): ((&'static str, Number), u64)| Step {
            name,
            count,
            bar: percent(count.value().unwrap_or(0), most),
        };
        Self::four(numbers).into_iter().zip(most).map(step).collect()
    }
}
