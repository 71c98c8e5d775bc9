//! What each page shows: one struct for each template, with plain fields that a handler fills.
//!
//! Nothing here asks a store, a clock or a request. A day is always written as ISO text (`2025-03-12`); the page turns it
//! into words. Text that came from outside is escaped by the templates; no field takes markup.

use std::fmt;

use askama::Template;

use super::chart;
use crate::domain::consent::{Policy, State};
use crate::domain::lineage::Generation;
use crate::service::links::InvalidParam;

/// What every page needs, whatever it shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// Address of the style sheet, with the hash of its text: `/static/style.css?v=…`.
    pub(super) style_url: &'static str,
}

/// A number of clicks or visitors as it may be published (at least `k` visitors, or not at all).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// A settled number.
    Exact(u64),
    /// Today's number, still growing, rounded down to a step of `k`.
    AtLeast(u64),
    /// Not shown, because it would stand for fewer than this many visitors (`k`).
    FewerThan(u64),
}

impl Count {
    /// The count for a published `number` (`None`: suppressed) of a day or period that is still `open` or closed.
    ///
    /// With `k` = 1 every number is exact at once, so nothing is suppressed or rounded.
    #[must_use]
    pub(super) fn published(number: Option<u64>, open: bool, k: u64) -> Self {
        match number {
            None | Some(0) if k <= 1 => Self::Exact(0),
            None => Self::FewerThan(k),
            Some(0) if open => Self::FewerThan(k),
            Some(number) if open && k > 1 => Self::AtLeast(number),
            Some(number) => Self::Exact(number),
        }
    }

    /// The published number, or `None` where it is suppressed.
    #[must_use]
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Exact(number) | Self::AtLeast(number) => Some(number),
            Self::FewerThan(_) => None,
        }
    }

    /// Is it today's, so that "at least" belongs before it?
    #[must_use]
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::AtLeast(_))
    }

    /// The count without its "at least": `1,204`, or `fewer than 5`.
    #[must_use]
    pub(super) fn figure(self) -> String {
        match self {
            Self::Exact(number) | Self::AtLeast(number) => grouped(number),
            Self::FewerThan(k) => format!("fewer than {}", grouped(k)),
        }
    }

    /// The style-sheet class that goes with it.
    #[must_use]
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::AtLeast(_) => "open",
            Self::FewerThan(_) => "few",
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_open() { "at least " } else { "" })?;
        f.write_str(&self.figure())
    }
}

/// Clicks for each 100 shares, from cells only; `None` without shares or without a published number of clicks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Virality(pub(super) Option<f64>);

impl fmt::Display for Virality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(percent) => {
                let text = format!("{percent:.1}");
                let (whole, tenth) = text.split_once('.').unwrap_or((&text, "0"));
                write!(f, "{}.{tenth}", whole.parse().map_or_else(|_| whole.to_owned(), grouped))
            }
            None => f.write_str("–"),
        }
    }
}

/// A number with its thousands separated: `1,234,567`.
#[must_use]
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A web address as people read it, without `https://`. Other text comes back as it is.
#[must_use]
pub(super) fn without_scheme(address: &str) -> &str {
    let rest =
        address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    rest.strip_suffix('/').filter(|host| !host.contains('/')).unwrap_or(rest)
}

/// An ISO day in words, `2025-03-12` as `12 March 2025`. Any other text comes back as it is.
#[must_use]
pub(super) fn long_day(iso: &str) -> String {
    match parts(iso) {
        Some((year, month, day)) => format!("{day} {month} {year}"),
        None => iso.to_owned(),
    }
}

/// An ISO day for a narrow place, `2025-03-12` as `12 Mar`. Any other text comes back as it is.
#[must_use]
pub(super) fn short_day(iso: &str) -> String {
    match parts(iso) {
        Some((_, month, day)) => format!("{day} {}", month.get(..3).unwrap_or(month)),
        None => iso.to_owned(),
    }
}

/// Year, name of the month and day of an ISO day (or of an RFC 3339 time, which begins with one).
fn parts(iso: &str) -> Option<(&str, &'static str, u8)> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut parts = iso.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some((year, month, day.parse().ok()?))
}

/// `part` of `whole` as a percentage with two decimals, for SVG lengths: `62.50%`. Never more than `100.00%`.
#[must_use]
pub(super) fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part.min(whole)) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// `/` : the page to try everything on, or, without a trial, a minimal landing page.
#[derive(Debug, Template)]
#[template(path = "try.html", whitespace = "minimize")]
pub(super) struct TryPage {
    /// What every page needs.
    pub(super) page: Page,
    /// Present only on a first start on a loopback address.
    pub(super) trial: Option<Trial>,
    /// What a publisher puts on a page.
    pub(super) buttons: Buttons,
}

/// Where the share buttons are.
#[derive(Clone, Debug)]
pub(super) struct Buttons {
    /// The script's address that always has the present one.
    pub(super) script: String,
    /// Its address that never changes.
    pub(super) fixed_script: String,
    /// What `integrity` says beside the second.
    pub(super) integrity: String,
}

/// The four steps: share, open, consent, stats.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The address in the form: a default at first, then what was typed.
    pub(super) url: String,
    /// The channels to choose from, in order, one of them `chosen`.
    pub(super) channels: Vec<ChannelChoice>,
    /// Why the last form was refused, in one sentence that says what to fix.
    pub(super) error: Option<String>,
    /// The link that the form has just made.
    pub(super) made: Option<MadeLink>,
    /// `k`, as the settings have it.
    pub(super) min_count: u64,
}

/// One channel in the form.
#[derive(Clone, Debug)]
pub(super) struct ChannelChoice {
    /// The value that the form sends: `whatsapp`.
    pub(super) id: String,
    /// How it is called on the page: `WhatsApp`.
    pub(super) label: String,
    /// Is it the one chosen?
    pub(super) chosen: bool,
}

/// A link fresh from the form.
#[derive(Clone, Debug)]
pub(super) struct MadeLink {
    /// Its code.
    pub(super) code: String,
    /// Its whole short address.
    pub(super) short_url: String,
    /// The address that opens the channel's app with the link in it, where the channel has one.
    pub(super) share_url: Option<String>,
    /// The channel's label.
    pub(super) channel: String,
}

/// The one honest question, asked where a site's policy is [`Policy::Ask`].
#[derive(Debug, Template)]
#[template(path = "consent.html", whitespace = "minimize")]
pub(super) struct ConsentPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The link's code; the answer is posted to `/{code}/consent`.
    pub(super) code: String,
    /// The destination's host.
    pub(super) host: String,
    /// The query to keep across the answer (no `?`), only for a site that forwards it.
    pub(super) query: Option<String>,
}

/// `/{code}+` : where a link leads, and what a click on it would store.
#[derive(Debug, Template)]
#[template(path = "receipt.html", whitespace = "minimize")]
pub(super) struct ReceiptPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The link's code.
    pub(super) code: String,
    /// The link's whole short address.
    pub(super) short_url: String,
    /// The whole destination.
    pub(super) destination: String,
    /// The destination's host.
    pub(super) host: String,
    /// The channel's label.
    pub(super) channel: String,
    /// The campaign, if the link has one.
    pub(super) campaign: Option<String>,
    /// Day on which it was made.
    pub(super) created: String,
    /// Day on which it stops, or stopped, to forward.
    pub(super) expires: Option<String>,
    /// Does it forward?
    pub(super) state: LinkState,
    /// The site's policy for a visitor who has not answered.
    pub(super) policy: Policy,
    /// What this visitor has answered.
    pub(super) answer: State,
}

/// `/share/{channel}/{code}` : a link that was just made, to copy and send.
#[derive(Debug, Template)]
#[template(path = "share.html", whitespace = "minimize")]
pub(super) struct SharePage {
    /// What every page needs.
    pub(super) page: Page,
    /// The link's code.
    pub(super) code: String,
    /// The whole short address.
    pub(super) short_url: String,
    /// The whole destination.
    pub(super) destination: String,
    /// The destination's host.
    pub(super) host: String,
}

/// Does a link forward?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// It forwards.
    Active,
    /// Its expiry is over.
    Expired,
    /// Its publisher switched it off.
    Disabled,
}

/// `/privacy` : what is stored, what is not, and this browser's answer.
#[derive(Debug, Template)]
#[template(path = "privacy.html", whitespace = "minimize")]
pub(super) struct PrivacyPage {
    /// What every page needs.
    pub(super) page: Page,
    /// What this visitor has answered.
    pub(super) answer: State,
    /// `k`, as the settings have it.
    pub(super) min_count: u64,
    /// Whether the day key lies in the store that keeps the counts.
    pub(super) key_in_store: bool,
    /// Months for which counts are kept.
    pub(super) retention_months: u64,
}

/// `/stats/sign-in` : one field for the secret key.
#[derive(Debug, Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
pub(super) struct SignInPage {
    /// What every page needs.
    pub(super) page: Page,
    /// Where to go afterwards: a path of this service, checked by the handler.
    pub(super) next: Option<String>,
    /// Why the last try was refused. The key itself is never shown again.
    pub(super) error: Option<String>,
}

/// `/stats` : the signed-in site at a glance.
#[derive(Debug, Template)]
#[template(path = "stats_home.html", whitespace = "minimize")]
pub(super) struct StatsHomePage {
    /// What every page needs.
    pub(super) page: Page,
    /// The site's name.
    pub(super) site: String,
    /// Where this service is reached, without a slash at the end; used in the examples for an empty site.
    pub(super) public_url: String,
    /// First day of the period.
    pub(super) from: String,
    /// Last day of the period, inclusive.
    pub(super) to: String,
    /// How many days that is.
    pub(super) days: u64,
    /// `k`, as the settings have it.
    pub(super) min_count: u64,
    /// The sums over the whole site.
    pub(super) totals: Totals,
    /// One row for each channel with shares, most clicks first.
    pub(super) channels: Vec<GroupRow>,
    /// One row for each page, most clicks first; left out of the page while empty.
    pub(super) pages: Vec<GroupRow>,
    /// One row for each campaign, most clicks first; left out of the page while empty.
    pub(super) campaigns: Vec<GroupRow>,
    /// Where shares came from; only of a site that wants to know.
    pub(super) lineage: Option<LineageRows>,
    /// The newest links, newest first.
    pub(super) links: Vec<LinkRow>,
}

impl StatsHomePage {
    /// The tables of the page, each with its heading, its first column and its rows; empty ones left out.
    #[must_use]
    pub(super) fn tables(&self) -> Vec<(&'static str, &'static str, &[GroupRow])> {
        let all = [
            ("Channels", "Channel", self.channels.as_slice()),
            ("Pages", "Page", self.pages.as_slice()),
            ("Campaigns", "Campaign", self.campaigns.as_slice()),
        ];
        all.into_iter().filter(|(_, _, rows)| !rows.is_empty()).collect()
    }
}

/// The funnel of a site: shares, unfurls, clicks, visitors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    /// Acts of sharing.
    pub(super) shares: u64,
    /// Previews fetched by chat apps.
    pub(super) unfurls: u64,
    /// Consented clicks.
    pub(super) clicks: Count,
    /// Distinct visitors, each for one link on one day.
    pub(super) visitors: Count,
    /// Bare counts of a site whose policy is, or was, [`Policy::Aggregate`]; never part of `clicks`.
    pub(super) aggregate_clicks: Option<Count>,
    /// Clicks for each 100 shares.
    pub(super) virality: Virality,
}

/// One row of a table by channel, page or campaign.
#[derive(Clone, Debug)]
pub(super) struct GroupRow {
    /// The channel's label, the page's address or the campaign's name.
    pub(super) key: String,
    /// Acts of sharing.
    pub(super) shares: u64,
    /// Previews fetched by chat apps.
    pub(super) unfurls: u64,
    /// Consented clicks.
    pub(super) clicks: Count,
    /// Distinct visitors, each for one link on one day.
    pub(super) visitors: Count,
    /// Clicks for each 100 shares.
    pub(super) virality: Virality,
}

impl GroupRow {
    /// Length of the row's bar: its clicks as a percentage of the largest row's.
    #[must_use]
    pub(super) fn bar(&self, rows: &[Self]) -> String {
        let most = rows.iter().filter_map(|row| row.clicks.number()).max();
        percent(self.clicks.number().unwrap_or(0), most.unwrap_or(0))
    }
}

/// The shares of a period by where they came from.
#[derive(Clone, Debug)]
pub(super) struct LineageRows {
    /// By generation, the first one first.
    pub(super) generations: Vec<Generation>,
    /// By channel, the one that led to the most shares first.
    pub(super) channels: Vec<ReshareRow>,
}

/// What came of a channel's shares.
#[derive(Clone, Debug)]
pub(super) struct ReshareRow {
    /// The channel's label.
    pub(super) channel: String,
    /// Acts of sharing.
    pub(super) shares: u64,
    /// Acts of sharing by people who came through this channel.
    pub(super) reshares: u64,
    /// Clicks for each 100 shares.
    pub(super) virality: Virality,
}

/// One link in the list of the newest.
#[derive(Clone, Debug)]
pub(super) struct LinkRow {
    /// The link's code.
    pub(super) code: String,
    /// The channel's label.
    pub(super) channel: String,
    /// The page it leads to.
    pub(super) destination: String,
    /// The campaign, if the link has one.
    pub(super) campaign: Option<String>,
    /// Day on which it was made.
    pub(super) created: String,
}

/// `/stats/{code}` : one link.
#[derive(Debug, Template)]
#[template(path = "stats_link.html", whitespace = "minimize")]
pub(super) struct StatsLinkPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The link's code.
    pub(super) code: String,
    /// The link's whole short address.
    pub(super) short_url: String,
    /// The whole destination.
    pub(super) destination: String,
    /// The channel's label.
    pub(super) channel: String,
    /// The campaign, if the link has one.
    pub(super) campaign: Option<String>,
    /// Day on which it was made.
    pub(super) created: String,
    /// Day on which it stops, or stopped, to forward.
    pub(super) expires: Option<String>,
    /// Does it forward?
    pub(super) state: LinkState,
    /// First day of the period.
    pub(super) from: String,
    /// Last day of the period, inclusive.
    pub(super) to: String,
    /// Why the period asked for was refused, in one sentence; the page then shows the default period.
    pub(super) period_error: Option<String>,
    /// Ready-made periods; may be empty.
    pub(super) presets: Vec<Preset>,
    /// `k`, as the settings have it.
    pub(super) min_count: u64,
    /// Previews fetched by chat apps.
    pub(super) unfurls: u64,
    /// The same by app, most first and unknown ones last; none where there were none.
    pub(super) apps: Vec<AppRow>,
    /// The labels of those apps that the link's channel does not lead to.
    pub(super) beyond: Vec<&'static str>,
    /// Consented clicks.
    pub(super) clicks: Count,
    /// Distinct visitors, each on one day.
    pub(super) visitors: Count,
    /// Bare counts of a site whose policy is, or was, [`Policy::Aggregate`]; never part of `clicks`.
    pub(super) aggregate_clicks: Option<Count>,
    /// One row for each day of the period, oldest first.
    pub(super) days: Vec<DayRow>,
    /// Address of the same numbers as CSV.
    pub(super) csv_url: String,
    /// Address of the same numbers as JSON.
    pub(super) json_url: String,
}

impl StatsLinkPage {
    /// The drawing of clicks and visitors by day.
    #[must_use]
    pub(super) fn chart(&self) -> String {
        chart::clicks(&self.days, self.min_count)
    }

    /// The drawing of the bare counts by day, where there are any by day.
    #[must_use]
    pub(super) fn aggregate_chart(&self) -> Option<String> {
        let some = self.days.iter().any(|day| day.aggregate_clicks.is_some());
        some.then(|| chart::aggregate(&self.days, self.min_count))
    }

    /// The apps that the channel does not lead to, as a sentence names them: `Slack, Discord and X`.
    #[must_use]
    pub(super) fn beyond(&self) -> String {
        match self.beyond.as_slice() {
            [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
            few => few.concat(),
        }
    }

    /// Does the legend need its entry for suppressed days?
    #[must_use]
    pub(super) fn has_few(&self) -> bool {
        self.days.iter().any(|day| day.clicks.number().is_none())
    }

    /// Does the period contain today?
    #[must_use]
    pub(super) fn has_open(&self) -> bool {
        self.days.iter().any(|day| day.open)
    }
}

/// An app in which a link was unfurled.
#[derive(Clone, Copy, Debug)]
pub(super) struct AppRow {
    /// The label of the app, or of the apps that nobody can tell apart.
    pub(super) app: &'static str,
    /// Previews that its bot fetched.
    pub(super) unfurls: u64,
}

/// A ready-made period.
#[derive(Clone, Debug)]
pub(super) struct Preset {
    /// `7 days`.
    pub(super) label: String,
    /// `/stats/{code}?from=…&to=…`.
    pub(super) url: String,
    /// Is it the period shown?
    pub(super) current: bool,
}

/// One day of one link.
#[derive(Clone, Debug)]
pub(super) struct DayRow {
    /// The day, ISO.
    pub(super) day: String,
    /// Consented clicks.
    pub(super) clicks: Count,
    /// Distinct visitors.
    pub(super) visitors: Count,
    /// Bare counts, where there can be any.
    pub(super) aggregate_clicks: Option<Count>,
    /// Is it today?
    pub(super) open: bool,
}

/// Something went wrong, said plainly. The texts are constants but for what is wrong with a parameter, so nothing
/// from a failure gets in.
#[derive(Debug, Template)]
#[template(path = "error.html", whitespace = "minimize")]
pub(super) struct ErrorPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The HTTP status.
    pub(super) status: u16,
    /// What happened, in a few words.
    pub(super) title: &'static str,
    /// Why, in a sentence.
    pub(super) explanation: &'static str,
    /// Which parameters are wrong, and what they must be.
    pub(super) invalid_params: Vec<InvalidParam>,
    /// What the reader can do now.
    pub(super) advice: &'static str,
}

/// A link was shared a moment ago and is not here yet; the page looks again by itself.
#[derive(Debug, Template)]
#[template(path = "waiting.html", whitespace = "minimize")]
pub(super) struct WaitingPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The link's code.
    pub(super) code: String,
    /// Which look the next one is, from 1.
    pub(super) look: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn virality_is_written_with_one_decimal_and_none_as_a_dash() {
        for (percent, text) in [(Some(1_796.1), "1,796.1"), (Some(50.0), "50.0"), (None, "–")] {
            assert_eq!(Virality(percent).to_string(), text);
        }
    }

    #[test]
    fn a_count_never_shows_what_is_not_published() {
        assert_eq!(Count::published(Some(1_204), false, 5).to_string(), "1,204");
        assert_eq!(Count::published(Some(10), true, 5).to_string(), "at least 10");
        assert_eq!(Count::published(Some(0), true, 5).to_string(), "fewer than 5");
        assert_eq!(Count::published(None, false, 5).to_string(), "fewer than 5");
    }

    #[test]
    fn with_k_of_one_every_number_is_exact_at_once() {
        assert_eq!(Count::published(Some(3), true, 1), Count::Exact(3));
        assert_eq!(Count::published(Some(0), true, 1), Count::Exact(0));
        assert_eq!(Count::published(None, false, 1), Count::Exact(0));
    }

    #[test]
    fn days_are_written_in_words_and_other_text_is_left_alone() {
        assert_eq!(long_day("2025-03-02"), "2 March 2025");
        assert_eq!(long_day("2025-03-02T10:00:00Z"), "2 March 2025");
        assert_eq!(short_day("2025-12-31"), "31 Dec");
        for odd in ["", "soon", "2025-13-01", "2025-00-01", "ééééé-é"] {
            assert_eq!(long_day(odd), odd);
        }
    }

    #[test]
    fn an_address_is_read_without_its_scheme() {
        assert_eq!(without_scheme("https://example.com/a/"), "example.com/a/");
        assert_eq!(without_scheme("http://example.com/"), "example.com");
        assert_eq!(without_scheme("spring/summer"), "spring/summer");
    }

    #[test]
    fn percentages_stay_between_none_and_all() {
        assert_eq!(percent(0, 0), "0.00%");
        assert_eq!(percent(5, 8), "62.50%");
        assert_eq!(percent(9, 8), "100.00%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00%");
    }

    #[test]
    fn the_consent_page_is_small_and_has_three_equal_buttons_and_no_script() {
        let page = ConsentPage {
            page: Page { style_url: "/static/style.css?v=0123456789abcdef" },
            code: "aB3dE6g".into(),
            host: "news.example.com".into(),
            query: Some("a=1&b=\"2\"".into()),
        };
        let html = page.render().expect("the template is fixed and every field is text");
        assert!(html.len() < 4_096, "{} bytes", html.len());
        assert_eq!(html.matches("<button class=\"button\" name=\"choice\"").count(), 3);
        assert_eq!(html.matches("<button").count(), 3);
        assert!(!html.contains("<script") && !html.contains(" style="));
        assert!(html.contains("news.example.com"));
        assert!(html.contains("/aB3dE6g/consent?a=1") && !html.contains("b=\"2\""));
    }

    #[test]
    fn text_from_outside_is_escaped() {
        let page = ReceiptPage {
            page: Page { style_url: "/static/style.css" },
            code: "aB3dE6g".into(),
            short_url: "https://s.example/aB3dE6g".into(),
            destination: "https://example.com/?q=<script>\"'".into(),
            host: "example.com".into(),
            channel: "copy".into(),
            campaign: Some("<b>spring</b>".into()),
            created: "2025-03-12".into(),
            expires: None,
            state: LinkState::Active,
            policy: Policy::Ask,
            answer: State::Unknown,
        };
        let html = page.render().expect("the template is fixed and every field is text");
        assert!(!html.contains("<script") && !html.contains("<b>spring"));
    }
}
