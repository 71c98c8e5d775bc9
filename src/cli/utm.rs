//! The options that say what a site's destinations are told in UTM parameters.

use std::str::FromStr;

use anyhow::Context;
use clap::Args;

use crate::domain::channel::Channels;
use crate::domain::utm::{OfChannel, Utm};
use crate::domain::utm_template::Templates;

/// A rule of a site, part by part.
#[derive(Debug, Args)]
pub(super) struct UtmOptions {
    /// Tell the destination the channel and the campaign in UTM parameters
    #[arg(long)]
    utm: bool,
    /// The same in other words, such as 'source=news-{channel},medium=share,campaign={campaign}'; a part
    /// that is not named stays as it is here, and one without words is left out
    #[arg(long, value_name = "PART=TEMPLATE,…", value_parser = Templates::from_str)]
    utm_template: Option<Templates>,
    /// Other words for one channel, such as 'email:medium=newsletter'; may be given several times
    #[arg(long = "utm-channel", value_name = "CHANNEL:PART=TEMPLATE,…", value_parser = OfChannel::from_str)]
    utm_channels: Vec<OfChannel>,
}

impl UtmOptions {
    /// The rule that they make; `None` where none of them was given.
    pub(super) fn rule(self, known: &Channels) -> anyhow::Result<Option<Utm>> {
        let Self { utm, utm_template, utm_channels } = self;
        if !utm && utm_template.is_none() && utm_channels.is_empty() {
            return Ok(None);
        }
        let rule = Utm::of_channels(utm_template.unwrap_or_default(), utm_channels, known);
        rule.map(Some).context("--utm-channel")
    }
}
