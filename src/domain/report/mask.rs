//! What meets a filter: decided once for each kind, not for each row.

use super::Filter;
use super::block::Row;
use super::names::{NONE, Names, long};

/// The kinds and the link that a filter takes.
pub(super) struct Mask {
    /// Whether it takes everything.
    all: bool,
    kinds: Vec<bool>,
    link: Option<u32>,
}

impl Mask {
    pub(super) fn new(filter: &Filter, names: &Names) -> Self {
        // What has no number is in no row.
        let known = |wanted: Option<Option<u32>>| match wanted {
            Some(None) => Err(()),
            Some(Some(number)) => Ok(Some(number)),
            None => Ok(None),
        };
        let wanted = || {
            let channel = known(filter.channel.as_ref().map(|name| names.channel_number(name)))?;
            let page = known(filter.page.as_ref().map(|page| names.page_number(page)))?;
            let campaign = known(filter.campaign.as_ref().map(|campaign| match campaign {
                Some(name) => names.campaign_number(name),
                None => Some(NONE),
            }))?;
            Ok::<_, ()>((
                channel,
                page,
                campaign,
                known(filter.link.as_ref().map(|code| names.link_number(code)))?,
            ))
        };
        let Ok((channel, page, campaign, link)) = wanted() else {
            return Self { all: false, kinds: vec![false; names.kinds().len()], link: None };
        };
        let is = |wanted: Option<u32>, number: u32| wanted.is_none_or(|wanted| wanted == number);
        let takes = names.kinds().map(|kind| {
            // What has no page has lost its campaign, which is not the same as having none.
            let has_campaign = campaign.is_none() || kind.page != NONE;
            is(channel, kind.channel) && is(page, kind.page) && is(campaign, kind.campaign) && has_campaign
        });
        let all = *filter == Filter::default();
        Self { all, kinds: if all { Vec::new() } else { takes.collect() }, link }
    }

    /// The places of the rows that it takes, in their order. Whether it takes one is no branch: rows of all kinds stand
    /// between each other, and no processor can foretell it.
    pub(super) fn places(&self, rows: &[Row]) -> Vec<u32> {
        let mut places = vec![0; rows.len()];
        let mut taken = 0;
        for (row, place) in rows.iter().zip(0..) {
            places[taken] = place;
            taken += usize::from(self.takes(row));
        }
        places.truncate(taken);
        places
    }

    pub(super) fn takes(&self, row: &Row) -> bool {
        self.all || (self.kinds[long(row.kind)] && self.link.is_none_or(|link| link == row.link))
    }
}
