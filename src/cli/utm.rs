//! The options that say what a site's destinations are told in UTM parameters.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::bail;
use clap::Args;

use crate::domain::channel::{ChannelName, Channels};
use crate::domain::utm::Utm;
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
    #[arg(long = "utm-channel", value_name = "CHANNEL:PART=TEMPLATE,…", value_parser = of_channel)]
    utm_channels: Vec<(ChannelName, Templates)>,
}

impl UtmOptions {
    /// The rule that they make; `None` where none of them was given.
    pub(super) fn rule(self, known: &Channels) -> anyhow::Result<Option<Utm>> {
        let Self { utm, utm_template, utm_channels } = self;
        if !utm && utm_template.is_none() && utm_channels.is_empty() {
            return Ok(None);
        }
        let mut channels = BTreeMap::new();
        for (channel, templates) in utm_channels {
            if known.get(channel.as_str()).is_none() {
                let names: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
                bail!("--utm-channel: there is no channel '{channel}'; known are {}", names.join(", "));
            }
            if channels.contains_key(&channel) {
                bail!("--utm-channel: the channel '{channel}' is given twice");
            }
            channels.insert(channel, templates);
        }
        Ok(Some(Utm::of(utm_template.unwrap_or_default(), channels)))
    }
}

fn of_channel(text: &str) -> Result<(ChannelName, Templates), String> {
    let (channel, templates) =
        text.split_once(':').ok_or("takes CHANNEL:PART=TEMPLATE,… such as email:medium=newsletter")?;
    let channel = ChannelName::parse(channel).map_err(|error| format!("the channel {error}"))?;
    let templates = templates.parse().map_err(|error| format!("{channel}: {error}"))?;
    Ok((channel, templates))
}
