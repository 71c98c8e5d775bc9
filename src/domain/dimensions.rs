//! Dimensions: what tells links apart for statistics.

use crate::domain::channel::ChannelName;
use crate::domain::destination::Destination;
use crate::domain::link::Text;

/// What tells links apart for statistics, apart from their code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimensions {
    /// How they were shared.
    pub channel: ChannelName,
    /// Where they lead; `None` for what was too few for a cell of one page, and became one of its channel.
    pub page: Option<Destination>,
    /// Their campaign; `None` also where the page is.
    pub campaign: Option<Text>,
}
