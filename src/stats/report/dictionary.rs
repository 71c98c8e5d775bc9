//! A dictionary gives each channel, page, campaign and code a small number, so that a row of counts needs no text.

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::destination::Destination;
use crate::domain::dimensions::Dimensions;
use crate::domain::link::{Text, folded};

/// The number that stands for no page, no campaign or no link.
pub(super) const NONE: u32 = u32::MAX;

type Numbered<T> = IndexSet<T, RandomState>;

/// The dictionary of one site. Names are only ever added to it.
#[derive(Debug, Default)]
pub struct Dictionary {
    channels: Numbered<ChannelName>,
    pages: Numbered<Destination>,
    campaigns: Numbered<Text>,
    links: Numbered<Code>,
    bytes: usize,
}

/// The dimensions of a row, by the numbers of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KindNumbers {
    pub(super) channel: u32,
    pub(super) page: u32,
    pub(super) campaign: u32,
}

impl Dictionary {
    /// About how much memory they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The numbers of a kind.
    pub(super) fn kind(&mut self, kind: &Dimensions) -> KindNumbers {
        let bytes = &mut self.bytes;
        KindNumbers {
            channel: number(&mut self.channels, &kind.channel, kind.channel.as_str().len(), bytes),
            page: kind
                .page
                .as_ref()
                .map_or(NONE, |page| number(&mut self.pages, page, page.as_str().len(), bytes)),
            campaign: kind.campaign.as_ref().map_or(NONE, |campaign| {
                number(&mut self.campaigns, campaign, campaign.as_str().len(), bytes)
            }),
        }
    }

    /// The number of a link.
    pub(super) fn link(&mut self, code: &Code) -> u32 {
        // Few codes are so long that they need memory of their own.
        number(&mut self.links, code, 0, &mut self.bytes)
    }

    pub(super) fn channel_number(&self, name: &ChannelName) -> Option<u32> {
        self.channels.get_index_of(name).map(short)
    }

    /// The number of a page, in whatever way its address is written.
    pub(super) fn page_number(&self, page: &str) -> Option<u32> {
        let as_counted = || self.pages.get_index_of(Destination::page_of(page)?.as_str());
        self.pages.get_index_of(page).or_else(as_counted).map(short)
    }

    /// The number of a campaign, in whatever spelling.
    pub(super) fn campaign_number(&self, campaign: &str) -> Option<u32> {
        let as_counted = || {
            let sought = folded(campaign);
            self.campaigns.iter().position(|name| name.folded() == sought)
        };
        self.campaigns.get_index_of(campaign).or_else(as_counted).map(short)
    }

    pub(super) fn link_number(&self, code: &Code) -> Option<u32> {
        self.links.get_index_of(code).map(short)
    }

    pub(super) fn channel(&self, number: u32) -> &str {
        self.channels[long(number)].as_str()
    }

    pub(super) fn page(&self, number: u32) -> &str {
        self.pages[long(number)].as_str()
    }

    pub(super) fn campaign(&self, number: u32) -> &str {
        self.campaigns[long(number)].as_str()
    }

    pub(super) fn code(&self, number: u32) -> &str {
        self.links[long(number)].as_str()
    }

    /// A kind by its numbers.
    pub(super) fn kind_of(&self, numbers: KindNumbers) -> Dimensions {
        let KindNumbers { channel, page, campaign } = numbers;
        Dimensions {
            channel: self.channels[long(channel)].clone(),
            page: self.pages.get_index(long(page)).cloned(),
            campaign: self.campaigns.get_index(long(campaign)).cloned(),
        }
    }

    /// How many names of each sort there are.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            channels: self.channels.len(),
            pages: self.pages.len(),
            campaigns: self.campaigns.len(),
            links: self.links.len(),
        }
    }
}

/// How many names there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) channels: usize,
    pub(super) pages: usize,
    pub(super) campaigns: usize,
    pub(super) links: usize,
}

/// The number of a name, which is added where it is new; a table has at most some places more than it uses.
fn number<T: Clone + Eq + std::hash::Hash>(
    names: &mut Numbered<T>,
    name: &T,
    text: usize,
    bytes: &mut usize,
) -> u32 {
    if let Some(place) = names.get_index_of(name) {
        return short(place);
    }
    *bytes += 2 * (size_of::<T>() + 2 * size_of::<usize>()) + text;
    short(names.insert_full(name.clone()).0)
}

fn short(place: usize) -> u32 {
    u32::try_from(place).expect("a site has fewer than 2^32 links")
}

/// A number as the place in a table.
pub(super) fn long(number: u32) -> usize {
    number as usize
}
