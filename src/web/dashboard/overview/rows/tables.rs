//! Tables of pages, campaigns and links, with what they leave out.

use crate::i18n::without_scheme;
use crate::stats::report::{Group, Grouping, Numbers, Table};
use crate::web::dashboard::chart::axis::percent;
use crate::web::dashboard::overview::page::{GroupRow, TableRows};
use crate::web::dashboard::overview::rows::Rows;

impl Rows<'_> {
    /// The tables of pages, campaigns and links that have any row. Links have pages of their own below `links`.
    pub(in crate::web) fn tables(&self, links: Option<&str>) -> Vec<TableRows> {
        let tables = self.report.tables.iter().filter(|table| table.by != Grouping::Channel);
        // Campaigns of which none has a name are no table.
        let says_something = |table: &&Table| table.groups.iter().any(|group| group.key.is_some());
        tables.filter(says_something).map(|table| self.table(table, links)).collect()
    }

    fn table(&self, table: &Table, links: Option<&str>) -> TableRows {
        let whole = self.view.list.is_some();
        let (heading, column, all, elsewhere) = match (table.by, whole) {
            (Grouping::Page, true) => {
                ("stats-pages", "stats-page", "stats-all-pages", "stats-elsewhere-page")
            }
            (Grouping::Page, false) => {
                ("stats-top-pages", "stats-page", "stats-all-pages", "stats-elsewhere-page")
            }
            (Grouping::Campaign, _) => {
                ("stats-campaigns", "stats-campaign", "stats-all-campaigns", "stats-elsewhere-campaign")
            }
            (_, true) => ("stats-links", "stats-link", "stats-all-links", "stats-elsewhere-link"),
            (_, false) => ("stats-top-links", "stats-link", "stats-all-links", "stats-elsewhere-link"),
        };
        let most = table.groups.iter().filter_map(|group| group.numbers.clicks.value()).max();
        let mut rows: Vec<_> =
            table.groups.iter().map(|group| self.group(table.by, group, most.unwrap_or(0), links)).collect();
        let of_links = table.by == Grouping::Link;
        if let Some(rest) = &table.rest {
            let groups = u64::try_from(rest.groups).unwrap_or(u64::MAX);
            rows.push(
                self.sum(self.page.say("stats-others").number("groups", groups).to_string(), &rest.numbers),
            );
        }
        if let Some(numbers) = &table.elsewhere {
            rows.push(self.sum(self.page.say(elsewhere).to_string(), numbers));
        }
        if of_links {
            // Each is one share: that says nothing, and nor does clicks_per_share.
            for row in &mut rows {
                row.numbers.remove(0);
            }
        }
        let more = table.rest.is_some() && !whole;
        let all = more.then(|| (self.view.of_list(Some(table.by)).address(), all));
        let downloads = self.downloads(table.by);
        TableRows { heading, column, rows, all, downloads, of_links }
    }

    fn group(&self, by: Grouping, group: &Group, most: u64, links: Option<&str>) -> GroupRow {
        let key = group.key.as_deref();
        let kind = group.kind.as_ref().filter(|_| by == Grouping::Link);
        let clicks = group.numbers.clicks.value().unwrap_or(0);
        let view = match by {
            Grouping::Link => links.and_then(|links| self.view.of_group(by, key, links)),
            _ => self.view.of_group(by, key, ""),
        };
        GroupRow {
            name: match (by, key) {
                (Grouping::Campaign, name) => self.campaign(name),
                (Grouping::Link, Some(code)) => format!("/{code}"),
                (_, Some(page)) => without_scheme(page).to_owned(),
                (_, None) => String::new(),
            },
            below: kind.and_then(|kind| Some(without_scheme(kind.page.as_ref()?.as_str()).to_owned())),
            pill: kind.map(|kind| self.channel(kind.channel.as_str())),
            address: view.map(|view| view.address()),
            bar: percent(clicks, most),
            ..self.sum(String::new(), &group.numbers)
        }
    }

    /// Several groups together.
    fn sum(&self, name: String, numbers: &Numbers) -> GroupRow {
        GroupRow {
            name,
            below: None,
            pill: None,
            address: None,
            numbers: Self::four(numbers).into(),
            clicks_per_share: self.clicks_per_share(numbers.clicks_per_share),
            bar: String::new(),
        }
    }
}
