//! What the pages of a kit show: plain fields that a handler fills.

use askama::Template;

use crate::i18n::without_scheme;
use crate::web::response::page::{Page, on_page};
use crate::web::response::templates::ChannelChoice;

/// `/stats/new` : the form.
#[derive(Debug, Template)]
#[template(path = "kit_new.html", whitespace = "minimize")]
pub(crate) struct KitFormPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// Names this form, so that sending it twice makes nothing twice.
    pub(crate) form: String,
    /// The fields as they were typed.
    pub(crate) url: KitField,
    /// The page's title.
    pub(crate) title: KitField,
    /// The campaign.
    pub(crate) campaign: KitField,
    /// The last day.
    pub(crate) expires: KitField,
    /// The present day, which is the first that may be the last.
    pub(crate) today: String,
    /// The channels to choose from.
    pub(crate) channels: Vec<ChannelChoice>,
    /// What is wrong with the choice.
    pub(crate) channels_error: Option<String>,
    /// The code of the problem, where no field is to blame.
    pub(crate) problem: Option<&'static str>,
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
pub(crate) struct KitField {
    /// What was typed.
    pub(crate) value: String,
    /// What is wrong with it, as a sentence.
    pub(crate) error: Option<String>,
}

/// `/stats/kit/{codes}` : the links of a kit.
#[derive(Debug, Template)]
#[template(path = "kit.html", whitespace = "minimize")]
pub(crate) struct KitPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The address of this page.
    pub(crate) address: String,
    /// Where all links lead.
    pub(crate) destination: String,
    /// The campaign, if the links have one.
    pub(crate) campaign: Option<String>,
    /// Day on which they were made.
    pub(crate) created: String,
    /// The last day on which they forward.
    pub(crate) last_day: Option<String>,
    /// The links.
    pub(crate) links: Vec<KitLink>,
    /// How many links that the address names are gone.
    pub(crate) gone: u64,
    /// The form for another kit like this one.
    pub(crate) another: String,
}

impl KitPage {
    fn number(&self) -> u64 {
        self.links.len() as u64
    }
}

/// A link of a kit.
#[derive(Clone, Debug)]
pub(crate) struct KitLink {
    /// Its code.
    pub(crate) code: String,
    /// Its whole short address.
    pub(crate) short_url: String,
    /// The channel's label.
    pub(crate) channel: String,
    /// The address that opens the channel's app with the link in it, where the channel has one.
    pub(crate) share_url: Option<String>,
    /// Whether it forwards; one that does not has no QR code.
    pub(crate) forwards: bool,
}

impl KitLink {
    fn stats(&self) -> String {
        format!("/stats/{}", self.code)
    }
}
