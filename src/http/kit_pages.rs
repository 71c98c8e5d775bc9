//! What the pages of a kit show: plain fields that a handler fills.

use askama::Template;

use super::page::{Page, on_page};
use super::views::ChannelChoice;
use crate::language::without_scheme;

/// `/stats/new` : the form.
#[derive(Debug, Template)]
#[template(path = "kit_new.html", whitespace = "minimize")]
pub(super) struct KitFormPage {
    /// What every page needs.
    pub(super) page: Page,
    /// Names this form, so that sending it twice makes nothing twice.
    pub(super) form: String,
    /// The fields as they were typed.
    pub(super) url: KitField,
    /// The page's title.
    pub(super) title: KitField,
    /// The campaign.
    pub(super) campaign: KitField,
    /// The last day.
    pub(super) expires: KitField,
    /// The present day, which is the first that may be the last.
    pub(super) today: String,
    /// The channels to choose from.
    pub(super) channels: Vec<ChannelChoice>,
    /// What is wrong with the choice.
    pub(super) channels_error: Option<String>,
    /// The code of the problem, where no field is to blame.
    pub(super) problem: Option<&'static str>,
}

impl KitFormPage {
    /// How many parts of the form are wrong.
    fn wrong(&self) -> u64 {
        let fields = [&self.url, &self.title, &self.campaign, &self.expires];
        let errors = fields.map(|field| field.error.is_some());
        errors.into_iter().chain([self.channels_error.is_some()]).map(u64::from).sum()
    }
}

on_page!(KitFormPage, KitPage);

/// A field of the form.
#[derive(Clone, Debug, Default)]
pub(super) struct KitField {
    /// What was typed.
    pub(super) value: String,
    /// What is wrong with it, as a sentence.
    pub(super) error: Option<String>,
}

/// `/stats/kit/{codes}` : the links of a kit.
#[derive(Debug, Template)]
#[template(path = "kit.html", whitespace = "minimize")]
pub(super) struct KitPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The address of this page.
    pub(super) address: String,
    /// Where all links lead.
    pub(super) destination: String,
    /// The campaign, if the links have one.
    pub(super) campaign: Option<String>,
    /// Day on which they were made.
    pub(super) created: String,
    /// The last day on which they forward.
    pub(super) last_day: Option<String>,
    /// The links.
    pub(super) links: Vec<KitLink>,
    /// How many links that the address names are gone.
    pub(super) gone: u64,
    /// The form for another kit like this one.
    pub(super) another: String,
}

impl KitPage {
    fn number(&self) -> u64 {
        self.links.len() as u64
    }
}

/// A link of a kit.
#[derive(Clone, Debug)]
pub(super) struct KitLink {
    /// Its code.
    pub(super) code: String,
    /// Its whole short address.
    pub(super) short_url: String,
    /// The channel's label.
    pub(super) channel: String,
    /// The address that opens the channel's app with the link in it, where the channel has one.
    pub(super) share_url: Option<String>,
    /// Whether it forwards; one that does not has no QR code.
    pub(super) forwards: bool,
}

impl KitLink {
    fn stats(&self) -> String {
        format!("/stats/{}", self.code)
    }
}
