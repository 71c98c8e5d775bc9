//! What meets a filter.

use crate::stats::report::Filter;
use crate::stats::report::block::Row;
use crate::stats::report::dictionary::{Dictionary, NONE};

/// The numbers of what a filter takes.
pub(super) struct Mask {
    /// Whether it takes everything, or nothing.
    sure: Option<bool>,
    channel: Option<u32>,
    page: Option<u32>,
    campaign: Option<u32>,
    link: Option<u32>,
}

impl Mask {
    pub(super) fn new(filter: &Filter, dictionary: &Dictionary) -> Self {
        let Filter { channel, page, campaign, link } = filter;
        let channel = channel.as_ref().map(|name| dictionary.channel_number(name));
        let page = page.as_ref().map(|page| dictionary.page_number(page));
        let campaign = campaign.as_ref().map(|campaign| match campaign {
            Some(name) => dictionary.campaign_number(name),
            None => Some(NONE),
        });
        let link = link.as_ref().map(|code| dictionary.link_number(code));
        let all = [channel, page, campaign, link];
        // What has no number is in no row.
        let sure = match all {
            _ if all.contains(&Some(None)) => Some(false),
            [None, None, None, None] => Some(true),
            _ => None,
        };
        let [channel, page, campaign, link] = all.map(Option::flatten);
        Self { sure, channel, page, campaign, link }
    }

    /// Those of these rows that it takes, in their order; where these are not all, they are put into `room`. Whether it
    /// takes one is no branch: rows of all kinds stand between each other, and no processor can foretell it.
    pub(super) fn of<'r>(&self, rows: &'r [Row], room: &'r mut Vec<Row>) -> &'r [Row] {
        match self.sure {
            Some(true) => rows,
            Some(false) => &[],
            None => {
                if room.len() < rows.len() {
                    room.resize(rows.len(), Row::default());
                }
                let mut taken = 0;
                for row in rows {
                    room[taken] = *row;
                    taken += usize::from(self.meets(row));
                }
                &room[..taken]
            }
        }
    }

    pub(super) fn takes(&self, row: &Row) -> bool {
        self.sure.unwrap_or_else(|| self.meets(row))
    }

    fn meets(&self, row: &Row) -> bool {
        let is = |wanted: Option<u32>, number: u32| wanted.is_none_or(|wanted| wanted == number);
        // What has no page has lost its campaign, which is not the same as having none.
        let has_campaign = self.campaign.is_none() || row.kind.page != NONE;
        is(self.channel, row.kind.channel)
            & is(self.page, row.kind.page)
            & is(self.campaign, row.kind.campaign)
            & is(self.link, row.link)
            & has_campaign
    }
}
