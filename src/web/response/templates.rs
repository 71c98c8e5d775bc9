//! What each page for people shows, apart from the statistics: one struct for each template, with plain fields that a handler
//! fills.
//!
//! Nothing here asks a store, a clock or a request. A day is always written as ISO text (`2025-03-12`); the page turns it
//! into words. Text that came from outside is escaped by the templates; no field takes markup. What is said is in
//! `locales/`; a template names the message.

use std::borrow::Borrow;

use askama::Template;

use crate::domain::consent::{Policy, State};
use crate::service::links::InvalidParam;
use crate::store::KeyPlace;
use crate::web::response::page::{Page, on_page};

on_page!(TryPage, ConsentPage, ReceiptPage, SharePage, PrivacyPage, ErrorPage, WaitingPage, ReadingPage);

/// `/` : the page to try everything on, or, without a trial, a minimal landing page.
#[derive(Debug, Template)]
#[template(path = "try.html", whitespace = "minimize")]
pub(crate) struct TryPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// Present only on a first start on a loopback address.
    pub(crate) trial: Option<Trial>,
    /// What a publisher puts on a page.
    pub(crate) buttons: Buttons,
}

/// Where the share buttons are.
#[derive(Clone, Debug)]
pub(crate) struct Buttons {
    /// The script's address that always has the present one.
    pub(crate) script: String,
    /// Its address that never changes.
    pub(crate) fixed_script: String,
    /// What `integrity` says beside the second.
    pub(crate) integrity: String,
    /// What `data-channels` says in single quotes beside it, where this installation has channels of its own.
    pub(crate) own_channels: Option<String>,
}

/// The four steps: share, open, consent, stats.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// The address in the form: a default at first, then what was typed.
    pub(crate) url: String,
    /// The channels to choose from, in order, one of them `chosen`.
    pub(crate) channels: Vec<ChannelChoice>,
    /// Why the last form was refused, in one sentence that says what to fix.
    pub(crate) error: Option<String>,
    /// The link that the form has just made.
    pub(crate) made: Option<MadeLink>,
    /// Whether the site's numbers are exact, so that the first click is seen.
    pub(crate) is_exact: bool,
}

/// One channel in the form.
#[derive(Clone, Debug)]
pub(crate) struct ChannelChoice {
    /// The value that the form sends: `whatsapp`.
    pub(crate) id: String,
    /// How it is called on the page: `WhatsApp`.
    pub(crate) label: String,
    /// Is it the one chosen?
    pub(crate) chosen: bool,
}

/// A link fresh from the form.
#[derive(Clone, Debug)]
pub(crate) struct MadeLink {
    /// Its code.
    pub(crate) code: String,
    /// Its whole short address.
    pub(crate) short_url: String,
    /// The address that opens the channel's app with the link in it, where the channel has one.
    pub(crate) share_url: Option<String>,
    /// The channel's label.
    pub(crate) channel: String,
}

impl MadeLink {
    fn receipt(&self) -> String {
        format!("/{}+", self.code)
    }

    fn stats(&self) -> String {
        format!("/stats/{}", self.code)
    }
}

/// The one honest question, asked where a site's policy is [`Policy::Ask`].
#[derive(Debug, Template)]
#[template(path = "consent.html", whitespace = "minimize")]
pub(crate) struct ConsentPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The link's code; the answer is posted to `/{code}/consent`.
    pub(crate) code: String,
    /// The publisher's name.
    pub(crate) publisher: String,
    /// The destination's host.
    pub(crate) host: String,
    /// The publisher's page on privacy, where an answer can be taken back.
    pub(crate) privacy: String,
    /// Whether the destination learns through which link somebody came who allows it.
    pub(crate) lineage: bool,
    /// The query to keep across the answer (no `?`), only for a site that forwards it.
    pub(crate) query: Option<String>,
}

/// `/{code}+` : where a link leads, and what a click on it would store.
#[derive(Debug, Template)]
#[template(path = "receipt.html", whitespace = "minimize")]
pub(crate) struct ReceiptPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The link's code.
    pub(crate) code: String,
    /// The link's whole short address.
    pub(crate) short_url: String,
    /// The whole destination.
    pub(crate) destination: String,
    /// The destination's host.
    pub(crate) host: String,
    /// The channel's label.
    pub(crate) channel: String,
    /// The campaign, if the link has one.
    pub(crate) campaign: Option<String>,
    /// Day on which it was made.
    pub(crate) created: String,
    /// Day on which it stops, or stopped, to forward.
    pub(crate) expires: Option<String>,
    /// Does it forward?
    pub(crate) state: LinkState,
    /// The site's policy for a visitor who has not answered.
    pub(crate) policy: Policy,
    /// What this visitor has answered.
    pub(crate) answer: State,
    /// The publisher's name.
    pub(crate) publisher: String,
    /// The publisher's page on privacy.
    pub(crate) privacy: String,
    /// Whether the destination learns through which link somebody came who allows it.
    pub(crate) lineage: bool,
}

impl ReceiptPage {
    /// The address of its QR code in this format.
    fn qr(&self, file: &str) -> String {
        format!("/{}/{file}", self.code)
    }
}

/// `/share/{channel}/{code}` : a link that was just made, to copy and send.
#[derive(Debug, Template)]
#[template(path = "share.html", whitespace = "minimize")]
pub(crate) struct SharePage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The link's code.
    pub(crate) code: String,
    /// The whole short address.
    pub(crate) short_url: String,
    /// The whole destination.
    pub(crate) destination: String,
    /// The destination's host.
    pub(crate) host: String,
}

/// Does a link forward?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// It forwards.
    Active,
    /// Its expiry is over.
    Expired,
    /// Its publisher switched it off.
    Disabled,
}

/// A publisher, on the page on privacy.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    /// The publisher's name.
    pub(crate) name: String,
    /// Where an answer is sent to.
    pub(crate) form: String,
    /// What this visitor has answered.
    pub(crate) answer: State,
    /// Whether destinations learn through which link somebody came who allows it.
    pub(crate) lineage: bool,
}

/// `/privacy` : what is stored, what is not, and this browser's answer to the publisher whose page it is.
#[derive(Debug, Template)]
#[template(path = "privacy.html", whitespace = "minimize")]
pub(crate) struct PrivacyPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// Whose page it is; without one, it is the operator's.
    pub(crate) publisher: Option<Publisher>,
    /// Whether this browser has answered any publisher.
    pub(crate) has_answers: bool,
    /// The publisher's k of today.
    pub(crate) min_count: Option<u64>,
    /// Where the day key is.
    pub(crate) key_place: KeyPlace,
    /// Months for which counts are kept.
    pub(crate) retention_months: u64,
}

impl PrivacyPage {
    /// From how many more networks visitors have come at least when a number of today is shown again.
    fn more_networks(k: impl Borrow<u64>) -> u64 {
        4 * k.borrow()
    }

    /// The probability in percent that one click more or less changes nothing that is shown, at least: `(1 − 1/k)³`.
    fn same_either_way(k: impl Borrow<u64>) -> u64 {
        let k = *k.borrow();
        100 * (k - 1).pow(3) / k.pow(3)
    }
}

/// Something went wrong, said plainly. The texts are messages but for what is wrong with a
/// parameter, so nothing from a failure gets in.
#[derive(Debug, Template)]
#[template(path = "error.html", whitespace = "minimize")]
pub(crate) struct ErrorPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The problem's stable code, by which its messages are named.
    pub(crate) code: &'static str,
    /// Which parameters are wrong, and what they must be: in English, as the API says it.
    pub(crate) invalid_params: Vec<InvalidParam>,
    /// The message with what the reader can do now.
    pub(crate) advice: &'static str,
}

impl ErrorPage {
    fn title(&self) -> String {
        format!("error-{}-title", self.code)
    }

    fn explanation(&self) -> String {
        format!("error-{}", self.code)
    }
}

/// A link was shared a moment ago and is not here yet; the page looks again by itself.
#[derive(Debug, Template)]
#[template(path = "waiting.html", whitespace = "minimize")]
pub(crate) struct WaitingPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The link's code.
    pub(crate) code: String,
    /// Which look the next one is, from 1.
    pub(crate) look: u8,
}

impl WaitingPage {
    /// Where it looks next.
    pub(crate) fn address(&self) -> String {
        format!("/{}?wait={}", self.code, self.look)
    }
}

/// The days that a view needs are being read; the page looks again by itself.
#[derive(Debug, Template)]
#[template(path = "reading.html", whitespace = "minimize")]
pub(crate) struct ReadingPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The view's address.
    pub(crate) again: String,
    /// So many days are read.
    pub(crate) read: u64,
    /// Of so many.
    pub(crate) of: u64,
}

#[cfg(test)]
mod tests;
